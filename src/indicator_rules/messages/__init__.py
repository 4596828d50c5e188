"""Every text that a user reads, in Chinese and English, from one catalogue.

The catalogue is `messages/*.toml`: a key such as `problems.unknown-key` or `cli.total` has `zh` and `en`, and a problem may
have `hint = { zh, en }`. Texts hold `{name}` places that are filled from given values and from nothing else. The language
is what the caller names, else the one set by `use_language`, else Chinese where the locale is Chinese, else English.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_chosen: ContextVar[Language | None] = ContextVar("indicator_rules_language", default=None)


def use_language(lang: Language | None) -> None:
    """Set the language of texts in this context (thread or task); None goes back to the locale's."""
    _chosen.set(lang)


def language() -> Language:
    """The language in force."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = os.environ.get(variable)
        if locale:
            return "zh" if locale.lower().startswith("zh") else "en"
    return "en"


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """The whole catalogue: dotted key → its texts."""
    import tomli

    entries: dict[str, dict[str, Any]] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            for section, table in tomli.loads(file.read_text(encoding="utf-8")).items():
                for key, texts in table.items():
                    if f"{section}.{key}" in entries:
                        raise ValueError(f"message written twice: {section}.{key}")
                    entries[f"{section}.{key}"] = texts
    return entries


class Phrase(NamedTuple):
    """A value that is itself a text of the catalogue: put in place in the language of the sentence around it."""

    key: str
    values: tuple[tuple[str, object], ...] = ()

    def text(self, lang: Language) -> str:
        return text(self.key, dict(self.values), lang)


class Words(NamedTuple):
    """Several values as one, each in the language of the sentence around it."""

    parts: tuple[object, ...]

    def text(self, lang: Language) -> str:
        return "".join(_in(part, lang) for part in self.parts)


def choices(words: Iterable[str]) -> Words:
    """The words that may be written in one place; those that are English in every file, with their names."""
    known = catalogue()
    named = (Phrase(f"choice.{word}") if f"choice.{word}" in known else word for word in words)
    parts = [part for one in named for part in (", ", one)]
    return Words(tuple(parts[1:]))


def _in(value: object, lang: Language) -> str:
    """A value in `lang`: phrases and labels know their own text."""
    text = getattr(value, "text", None)
    return str(text(lang)) if callable(text) else str(value)


@cache
def _pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    """A text and the name of the place behind it, again and again; None behind the last."""
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(template))


def _filled(template: str, values: Mapping[str, object], lang: Language) -> str:
    """`{name}` and nothing more: no attribute, index or conversion, so that a value is only ever text."""
    return "".join(literal if name is None else literal + _in(values[name], lang) for literal, name in _pieces(template))


def text(key: str, values: Mapping[str, object] | None = None, lang: Language | None = None) -> str:
    """The text of `key` with `values` in place; KeyError if the catalogue lacks it (a bug)."""
    lang = lang or language()
    return _filled(catalogue()[key][lang], values or {}, lang)


def hint(key: str, values: Mapping[str, object] | None = None, lang: Language | None = None) -> str | None:
    """The hint of `key`, or None if it has none (or if the values that it needs are not given)."""
    texts = catalogue()[key].get("hint")
    if texts is None:
        return None
    lang = lang or language()
    try:
        return _filled(texts[lang], values or {}, lang)
    except KeyError:
        return None
