"""Problems in the words of a spreadsheet: what a key path is called there, which cell to look at, and what to do about it there.

In: a problem that names key paths, and the form that it is about. Out: the same problem with the labels of fields in place of paths, the cell that is at
fault, and a hint that fits whether the form is published, our own, or a table of many records. A problem that says nothing of paths is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from indicator_rules.errors import KeyPath, Problem
from indicator_rules.excel.form_fields import FIELDS, heading
from indicator_rules.excel.form_labels import choices, label_key
from indicator_rules.messages import Language, Phrase, Words
from indicator_rules.plan import Question
from indicator_rules.record_fields import category_label

Layout: TypeAlias = Literal["published", "template", "table"]
"""A published form, our own, or a table of many records read by a mapping."""
_RATING_KEYS = {
    "points": "form.column-assessed-points", "share": "form.share", "level": "field.indicators.*.level",
    "reason": "form.column-assessed-reason", "by": "form.column-assessed-by",
}  # fmt: skip
_EXAMPLES = {
    "yes-no": Phrase("form.example-yes"), "number": "0.6", "count": "5", "amount": Phrase("form.example-amount"), "date": "2023-06-30",
    "text": Phrase("form.example-text"),
    "series": Phrase("form.example-series"),
}  # fmt: skip
_MEND = frozenset(
    ["units-differ", "units-differ-between", "kinds-differ", "kinds-differ-between", "month-without-year", "no-such-day", "zero-target",
     "at-equality", "equality-missed", "levels-differ", "number-too-large", "not-surveyed"]
)  # fmt: skip
"""Reasons for which something stands in the form that has to be put right; nothing is missing."""
_HOW_TO_MEND = {
    "units-differ": "form.how-units-differ",
    "kinds-differ": "form.how-kinds-differ",
    "month-without-year": "form.how-year",
}


class Asked(Protocol):
    """What is needed of a form."""

    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def asked(self) -> Mapping[str, Question]: ...
    @property
    def layout(self) -> Layout: ...


def in_words(problem: Problem, form: Asked) -> Problem:
    """The problem as whoever fills in the form understands it."""
    if problem.code == "value-absent":
        return _absent(problem, form)
    if problem.code == "assessment-needs-one":
        return replace(problem, code="form-assessment-needs-one")
    if problem.code in ("entry-weights-incomplete", "entry-weights-missing") and _shares(problem.where.path, form):
        return replace(problem, code="form-weight-not-shared")
    if problem.code in _WITH_DIRECTION:
        return replace(problem, code=_WITH_DIRECTION[problem.code])
    if problem.code in ("unknown-choice", "unknown-category"):
        return _in_chinese(problem)
    if problem.code != "missing-key":
        return problem
    known = FIELDS.get(".".join("*" if isinstance(part, int) else part for part in problem.where.path))
    if known is None:
        return problem
    return replace(problem, code="form-field-missing", values={"text": Phrase(label_key(known.path))})


_WITH_DIRECTION = {
    "quantity-number-amid-words": "form-quantity-number-amid-words",
    "quantity-unreadable": "form-quantity-unreadable",
    "quantity-chinese-numeral": "form-quantity-chinese-numeral",
}
"""Their hints name a key of a record file."""


class _Choices(NamedTuple):
    """What may be chosen in a field, in the language of the sentence; or what one category is called."""

    path: str
    category: str = ""

    def text(self, lang: Language) -> str:
        return (
            category_label(self.category, lang)
            if self.category
            else ("、" if lang == "zh" else ", ").join(choices(self.path, lang))
        )


def _in_chinese(problem: Problem) -> Problem:
    """Choices as the form offers them; the words of record files are not for whoever fills in a form."""
    values = dict(problem.values)
    path = ".".join("*" if isinstance(part, int) else part for part in problem.where.path)
    if choices(path, "zh"):
        values["choices"] = _Choices(path)
    if suggested := values.get("suggestion"):
        values["suggestion"] = _Choices(path, str(suggested))
    return replace(problem, values=values)


def _shares(path: KeyPath, form: Asked) -> bool:
    """Whether the entry at `path` is one that a weight cell over several rows made a part of another."""
    rows = form.data.get("indicators", ())
    return len(path) > 1 and path[0] == "indicators" and isinstance(path[1], int) and bool(rows[path[1]].get("part_of"))


def _absent(problem: Problem, form: Asked) -> Problem:
    missing = str(problem.values["missing"]).split(", ")
    reason = problem.values["reason"]
    why = reason.key.removeprefix("absent.") if isinstance(reason, Phrase) else ""
    questions = [form.asked[path.removeprefix("answers.")] for path in missing if path.removeprefix("answers.") in form.asked]
    values = {
        **problem.values,
        "missing": Words(tuple(_parted(dict.fromkeys(label for path in missing for label in _labels(path, form))))),
    }
    if why == "not-assessed":
        levels = problem.values.get("levels")
        kind = "levels" if levels else "points"
        of_entry = missing[0].startswith(("indicators.", "assessments.indicators."))
        values["reason"] = Phrase("form.not-assessed")
        where = form.layout if of_entry or form.layout != "published" else "criterion"
        values["how"] = Phrase(f"form.how-{kind if of_entry else 'points'}-{where}", (("levels", levels or ""),))
    elif why == "no-entries":
        values |= {"reason": Phrase("form.no-entries"), "how": Phrase("form.how-no-entries")}
    elif why in _MEND:
        values["how"] = problem.values.get("how") or Phrase(
            f"form.how-{why.removesuffix('-between')}" if why.startswith(("units", "kinds")) else "form.how-mend"
        )
    elif questions and form.layout != "template":
        one = questions[0]
        example = one.choices[0] if one.choices else _EXAMPLES.get(one.type, "…")
        values["how"] = Phrase(f"form.how-answer-{form.layout}", (("label", one.label), ("example", example)))
    else:
        values["how"] = Phrase(f"form.how-fill-{form.layout}")
    return replace(problem, code="form-value-absent", values=values)


def _parted(labels: Iterable[object]) -> Iterator[object]:
    for place, label in enumerate(labels):
        if place:
            yield Phrase("form.comma")
        yield label


def _labels(path: str, form: Asked) -> list[object]:
    """What a form calls a field of a record; the path of one that no form heads."""
    parts = path.split(".")
    if parts == ["indicators"]:
        return [Phrase("form.sheet-indicators")]
    if parts[0] == "answers" and parts[1] in form.asked:
        return [form.asked[parts[1]].label]
    if parts[0] == "assessments":
        keys = parts[3:] or ["points", "share"]
        return [Phrase(_RATING_KEYS[key]) if key in _RATING_KEYS else path for key in keys]
    known = FIELDS.get(path) or FIELDS.get(".".join((parts[0], "*", *parts[2:])))
    return [path if known is None else Phrase(label_key(known.path))]


def answer_to(text: str, asked: Mapping[str, Question]) -> str | None:
    """The question that a label on a form means: by its id, by its label, or by its label put otherwise (项目是否完成 for 项目已完成)."""
    exact = {
        name: key for key, one in asked.items() for name in (key, heading(one.label.text("zh")), heading(one.label.text("en")))
    }
    if text in asked or heading(text) in exact:
        return text if text in asked else exact[heading(text)]
    loose = [key for key, one in asked.items() if one.type == "yes-no" and _bare(one.label.text("zh")) == _bare(text)]
    return loose[0] if len(loose) == 1 else None


def _bare(label: str) -> str:
    """A question without the words that make it one: 项目是否已完成 and 项目已完成 ask the same."""
    return re.sub("是否|有无|已经?|[了吗?？]", "", heading(label))
