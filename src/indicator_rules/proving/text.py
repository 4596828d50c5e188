"""Answers for people: a page of sentences, what is refuted first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from indicator_rules import messages
from indicator_rules.messages import Language
from indicator_rules.proving.proof import VERDICTS, Answer
from indicator_rules.render import COLUMNS, hanging
from indicator_rules.toml_text import to_toml

MARKS = {"proved": "√", "refuted": "×", "undecided": "?"}
ORDER = ("refuted", "undecided", "proved")


def text(name: str, answers: Sequence[Answer], lang: Language | None = None, columns: int = COLUMNS) -> str:
    """The page of `indicator-rules prove`."""
    found = Counter(answer.verdict for answer in answers)
    values: dict[str, object] = {verdict: found[verdict] for verdict in VERDICTS}
    lines = [messages.text("prove.summary", {"name": name, **values}, lang), ""]
    for answer in sorted(answers, key=lambda one: ORDER.index(one.verdict)):
        lines += hanging(f"  {MARKS[answer.verdict]} ", answer.text(lang), columns)
    lines += ["", *hanging("  ", messages.text("prove.bound", lang=lang), columns)]
    return "\n".join(lines) + "\n"


def pairs(answers: Sequence[Answer], lang: Language | None = None, columns: int = COLUMNS) -> str:
    """The pairs of grades, for a page of `indicator-rules compare`; a record that shows a change is `found`, not a fault."""
    lines = ["", messages.text("prove.pairs", lang=lang)]
    for mark, sentence in _pairs(answers, lang):
        lines += hanging(f"  {mark}  ", sentence, columns)
    return "\n".join(lines) + "\n"


def pairs_markdown(answers: Sequence[Answer], lang: Language | None = None) -> str:
    """The same in Markdown."""
    lines = [f"- {mark} {sentence}" for mark, sentence in _pairs(answers, lang)]
    return "\n".join(["", f"## {messages.text('prove.pairs', lang=lang)}", "", *lines]) + "\n"


def _pairs(answers: Sequence[Answer], lang: Language | None) -> Iterator[tuple[str, str]]:
    """Mark and sentence of each pair; those that are impossible for one reason together, where there is no other."""
    if all(answer.verdict == "refuted" for answer in answers):
        key = "prove.pairs-none" if answers else "prove.pairs-one-grade"
        yield (
            messages.text("prove.verdict-impossible", lang=lang),
            messages.text(key, answers[0].values if answers else None, lang),
        )
        return
    for answer in answers:
        mark = {"proved": "found", "refuted": "impossible"}.get(answer.verdict, "undecided")
        yield messages.text(f"prove.verdict-{mark}", lang=lang), answer.text(lang)


def records(answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    """File name and TOML text of every record in the answers."""
    for answer in answers:
        for number, record in enumerate(answer.records, 1):
            name = ".".join(
                part for part in (answer.question, answer.subject, str(number) if len(answer.records) > 1 else "") if part
            )
            comment = "".join(f"# {' '.join(answer.text(lang).split())}\n" for lang in messages.LANGUAGES)
            yield f"{name}.toml", comment + to_toml(json.loads(record.canonical(), parse_float=Decimal))


def write_records(answers: Sequence[Answer], folder: Path) -> int:
    """Write them; how many there are. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, toml in records(answers):
        (folder / name).write_text(toml, encoding="utf-8")
        written += 1
    return written
