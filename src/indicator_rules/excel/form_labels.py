"""What a form calls its fields and what may be chosen in them, in the language of whoever fills it in.

In: the path of a field, a language. Out: its label, its choices. Guaranteed: a choice is a word that records take, in either language, so that a form
is read back without knowing its language; a label in Chinese is the first of the headings that published forms are known by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from indicator_rules import messages
from indicator_rules.messages import Language
from indicator_rules.record_fields import category_label

KINDS = {"project": "项目", "department": "部门整体", "transfer": "转移支付"}
YES_NO: Mapping[Language, tuple[str, str]] = {"zh": ("是", "否"), "en": ("yes", "no")}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "subject.kind": KINDS,
    "subject.project_type": {"new": "新增", "continuing": "延续", "one-off": "一次性", "recurring": "经常性"},
    "funds.*.source": {
        "central": "中央", "provincial": "省级", "municipal": "市级", "county": "县级", "carried-over": "上年结转", "other": "其他",
    },
    "indicators.*.direction": {"≥": "≥", "≤": "≤", "=": "=", ">": ">", "<": "<", "qualitative": "定性", "by-date": "时限"},
    "indicators.*.key": {"yes": "是"},
    "budget.unit": {unit: unit for unit in ("元", "千元", "万元", "亿元")},  # amounts are read by these words alone
}  # fmt: skip


def label(path: str, lang: Language) -> str:
    """What a field is called."""
    return messages.text(label_key(path), {}, lang)


def label_key(path: str) -> str:
    """The key of that in the catalogue; the amounts of a source of funds are called like those of the budget."""
    key = f"field.{path}"
    return key if key in messages.catalogue() else key.replace("funds.*.", "budget.")


def choices(path: str, lang: Language) -> tuple[str, ...]:
    """What may be chosen in a field; empty if anything may be typed."""
    return _in(_CHOICES.get(path, {}), lang)


def category_choices(paths: Iterable[str], lang: Language) -> tuple[str, ...]:
    """The categories of entries."""
    return _in({path: category_label(path, "zh") for path in paths}, lang)


def is_printed(text: str) -> bool:
    """Whether a form prints this itself, in either language: a label, a heading, the title of a part."""
    return text.rstrip("*") in _printed()


@cache
def _printed() -> frozenset[str]:
    keys = [key for key in messages.catalogue() if key.startswith(("field.", "form."))]
    return frozenset(
        messages.text(key, {}, lang)
        for key in keys
        if key != "form.made-for"
        for lang in messages.LANGUAGES
        if "{" not in messages.catalogue()[key][lang]
    )


def _in(words: Mapping[str, str], lang: Language) -> tuple[str, ...]:
    return tuple(words.values() if lang == "zh" else words)
