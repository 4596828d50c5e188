"""An evaluation as text for a terminal: the tree of criteria in columns, reasons, total, grade, findings.

In: an evaluation, a language, how many columns there are. Out: text, the same for the same input. Numbers are exact where four decimals are
enough; `≈` marks those that are not. Columns are counted as a terminal shows them: a Chinese character takes two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from indicator_rules import messages
from indicator_rules.errors import Problem
from indicator_rules.evaluation import AdjustmentResult, CriterionResult, Evaluation
from indicator_rules.exact import exact, to_text
from indicator_rules.explaining.explain import Explainer, names, number_text
from indicator_rules.messages import Language
from indicator_rules.plan import Plan
from indicator_rules.record import EvaluationRecord
from indicator_rules.total import Adder

COLUMNS = 100
_BAR = 10
_NO_LINE_START = "、，。；：！？）》」』】〕”’％%,.;:!?)]}"
_NO_LINE_END = "（《「『【〔“‘([{"
_TOKEN = re.compile(rf"\s+|[{re.escape(_NO_LINE_END)}]*(?:[!-~]+|[^\s])[{re.escape(_NO_LINE_START)}]*")

# ------------------------------------------------------------------------------------------------------------------ columns


def width(text: str) -> int:
    """How many columns of a terminal `text` takes.

    >>> width("政府采购 7/9")
    12
    """
    if text.isascii():
        return len(text)
    return sum(
        2
        if unicodedata.east_asian_width(character) in "WF"
        else 0
        if unicodedata.category(character) in ("Mn", "Me", "Cf")
        else 1
        for character in text
    )


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled up with spaces to `columns`, on the left if it belongs to the `right`."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most `columns`: between Chinese characters, or at spaces; no line begins with a comma or the like."""
    lines: list[str] = []
    for paragraph in text.strip().split("\n"):
        line = ""
        for token in _TOKEN.findall(" ".join(paragraph.split())):
            if line and width(line + token.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line = line + token if line else token.lstrip()
            while width(line.rstrip()) > columns:
                head = _head(line, columns)
                lines.append(head)
                line = line[len(head) :]
        lines.append(line.rstrip())
    return lines


def _head(text: str, columns: int) -> str:
    """The longest beginning of `text` that fits, one character at least."""
    end = 1
    while end < len(text) and width(text[: end + 1]) <= columns:
        end += 1
    return text[:end]


def hanging(first: str, text: str, columns: int) -> list[str]:
    """`text` after `first`, its further lines set in as far as the first one begins."""
    lines = wrap(text, max(columns - width(first), 10))
    return [first + lines[0], *(" " * width(first) + line for line in lines[1:])]


# --------------------------------------------------------------------------------------------------------------- evaluation


def text(evaluation: Evaluation, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """`evaluation` for people to read."""
    return "\n".join(_Page(evaluation, lang or messages.language(), columns).lines()) + "\n"


def header(plan: Plan, record: EvaluationRecord, provenance: Mapping[str, str], lang: Language, columns: int) -> Iterator[str]:
    """Who, which year, by which rules."""
    subject = record.subject
    yield messages.text("render.subject", {"name": subject.name, "year": subject.year}, lang)
    where = [part for part in (subject.unit, subject.department, subject.region) if part]
    if where:
        yield " · ".join(where)
    name = f"{plan.family}@{plan.edition}"
    status = provenance.get("status", "")
    told = messages.text(f"status.{status}", {}, lang) if status else ""
    first = messages.text("render.ruleset", {}, lang)
    yield from hanging(first, plan.title.text(lang), columns)
    yield from hanging(" " * width(first), name + messages.text("explain.comma", {}, lang) + told, columns)


def derivations(evaluation: Evaluation, names: Iterable[str], lang: Language | None = None, columns: int = COLUMNS) -> str:
    """How the points of some criteria (`total`: total and grade) came about, step by step."""
    lines: list[str] = []
    for name in names:
        lines.append("")
        for line in evaluation.explain(None if name == "total" else name).text(lang).split("\n"):
            text = line.lstrip()
            lines += hanging(line[: len(line) - len(text)], text, columns)
    return "".join(f"{line}\n" for line in lines)


class _Page:
    def __init__(self, evaluation: Evaluation, lang: Language, columns: int) -> None:
        self.evaluation, self.plan, self.record, self.lang = evaluation, evaluation.plan, evaluation.record, lang
        self.columns = max(columns, 60)
        self.explainer = Explainer(evaluation, lang)
        self.groups = {group.id: group for group in evaluation.groups}
        self.rows = list(self.tree(None, 0))
        self.name_columns = max(24, min(self.columns - 40, max((width(name) for name, *_ in self.rows), default=0)))
        self.number_columns = max(8, *(width(number) for _, points, weight, _ in self.rows for number in (points, weight)))

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"render.{key}", values, self.lang)

    def lines(self) -> Iterator[str]:
        """The whole page."""
        yield from header(self.plan, self.record, self.evaluation.provenance, self.lang, self.columns)
        yield ""
        yield self.columns_of(self.say("criterion"), self.say("points"), self.say("weight"))
        for name, points, weight, result in self.rows:
            yield from self.row(name, points, weight, result)
        yield ""
        yield from self.adjustments()
        yield from self.total()
        yield from self.findings()
        yield from self.assumed()
        yield ""
        yield from self.provenance()

    # ------------------------------------------------------------------------------------------------------------------ tree

    def tree(self, group: str | None, depth: int) -> Iterator[tuple[str, str, str, CriterionResult | None]]:
        """Name, points, weight of each line, in the order of the ruleset; no result for a group."""
        for child in self.plan.groups:
            if child.parent == group:
                total = self.groups[child.id]
                label = "  " * depth + child.label.text(self.lang)
                yield label, number_text(total.exact_points), number_text(total.exact_weight), None
                yield from self.tree(child.id, depth + 1)
        for result in self.evaluation.criteria:
            criterion = result.criterion
            if criterion.group == group:
                role = "" if criterion.role == "score" else self.say(f"role-{criterion.role}")
                label = "  " * depth + criterion.label.text(self.lang) + role
                yield label, number_text(result.exact_points), number_text(result.exact_weight), result

    def row(self, name: str, points: str, weight: str, result: CriterionResult | None) -> Iterator[str]:
        """A line of the tree; below a criterion, the reasons."""
        if result is None:
            yield self.columns_of(name, points, weight)
            return
        lost = f" −{number_text(result.exact_lost)}" if result.exact_lost > 0 else ""
        yield self.columns_of(name, points, weight, bar(result) + lost)
        depth = len(name) - len(name.lstrip())
        for reason in self.explainer.reasons(result):
            yield from hanging(" " * (depth + 4) + "· ", reason, self.columns)

    def columns_of(self, name: str, points: str, weight: str, rest: str = "") -> str:
        numbers = pad(points, self.number_columns, right=True) + pad(weight, self.number_columns, right=True)
        if width(name) > self.name_columns:  # long names push nothing out of line: they get a line of their own
            return f"{name}\n{' ' * self.name_columns}{numbers}  {rest}".rstrip()
        return f"{pad(name, self.name_columns)}{numbers}  {rest}".rstrip()

    # ----------------------------------------------------------------------------------------------------------------- below

    def adjustments(self) -> Iterator[str]:
        """What was added to and taken off the sum."""
        added = Adder(self.plan).total(self.evaluation.criteria)
        if added.left_out and added.weight != added.left_out:
            whole, rest = number_text(added.weight), number_text(added.weight - added.left_out)
            yield self.say("rescaled", whole=whole, rest=rest)
        for applied in self.evaluation.adjustments:
            yield from hanging("· ", self.adjustment(applied), self.columns)
        deduction = self.record.deductions.total
        if deduction is not None:
            why = self.explainer.colon(deduction.reason) if deduction.reason else ""
            yield from hanging("· ", self.say("off-total", points=number_text(exact(deduction.points)), why=why), self.columns)

    def adjustment(self, applied: AdjustmentResult) -> str:
        adjustment = applied.adjustment
        points = "" if applied.exact_points is None else number_text(applied.exact_points)
        grade = ""
        if adjustment.effect == "grade_at_most":
            grade = self.plan.grade_labels[adjustment.places].text(self.lang)
        effect = self.say(f"effect-{adjustment.effect.replace('_', '-')}", points=points, grade=grade, places=adjustment.places)
        text = adjustment.label.text(self.lang) + self.explainer.colon(effect)
        source = adjustment.source
        if source is not None and source.clause:
            clause = messages.text("explain.clause", {"clause": source.clause, "source": source.ref}, self.lang)
            text += messages.text("explain.comma", {}, self.lang) + clause
        return text

    def total(self) -> Iterator[str]:
        """Total, grade, and how far it is to the next."""
        evaluation = self.evaluation
        if evaluation.exact_total is None or evaluation.grade_position is None:
            yield self.say("no-total")
            return
        total, before = to_text(evaluation.exact_total), evaluation.unrounded_total
        rounded = "" if before is None or before == evaluation.exact_total else self.say("before", total=number_text(before))
        grade = self.plan.grade_labels[evaluation.grade_position].text(self.lang)
        yield self.say("total", total=total, full=number_text(self.plan.full_score), rounded=rounded, grade=grade)
        margin = evaluation.margin
        if margin is not None:
            better = self.plan.grade_labels[evaluation.grade_position - 1].text(self.lang)
            yield self.say("margin" if margin else "held-down", points=number_text(exact(margin)), grade=better)

    def findings(self) -> Iterator[str]:
        """What a reviewer should be told."""
        found = self.evaluation.findings
        if found:
            yield ""
            yield self.say("findings", count=len(found))
            for finding in found:
                yield from hanging("  · ", finding.text(self.lang), self.columns)

    def assumed(self) -> Iterator[str]:
        """What the record says that nothing evidences."""
        paths = self.evaluation.assumed
        if paths:
            labels = names(self.plan, self.lang)
            known = [labels.get(path.removeprefix("answers."), path) for path in paths]
            yield ""
            yield self.say("assumed", count=len(paths))
            yield from hanging("    ", self.say("list-comma").join(known), self.columns)

    def provenance(self) -> Iterator[str]:
        """By what it was worked out."""
        facts = self.evaluation.provenance
        digests = {name: facts.get(name, "").removeprefix("sha256:")[:12] for name in ("ruleset", "record")}
        values = {"library": facts.get("library", ""), "engine": facts.get("engine", ""), **digests}
        yield from wrap(self.say("provenance", **values), self.columns)


def bar(result: CriterionResult) -> str:
    """Points as a part of the weight; only full marks fill it. None for what is not scored, or beyond the weights."""
    if not result.exact_weight or result.criterion.role == "penalty" or result.row in ("not_applicable", "out_of_force"):
        return ""
    full = int(max(0, result.exact_points) * _BAR // result.exact_weight)
    return "█" * full + "░" * (_BAR - full)


# ----------------------------------------------------------------------------------------------------------------- problems


def problems_text(problems: Iterable[Problem], lang: Language | None = None) -> str:
    """Each problem on its line, place first, as compilers print them."""
    return "".join(f"{_problem(problem, lang)}\n" for problem in problems)


def _problem(problem: Problem, lang: Language | None) -> str:
    begins = "" if problem.severity == "error" else messages.text(f"render.{problem.severity}", {}, lang)
    return begins + problem.describe(lang)


def table(
    rows: Sequence[Sequence[str]], columns: Sequence[int], gap: str = "  ", *, numbers: Sequence[int] = ()
) -> Iterator[str]:
    """Rows of cells, each wrapped to its column; `numbers` are the columns that stand on the right."""
    for row in rows:
        cells = [wrap(cell, size) for cell, size in zip(row, columns, strict=True)]
        for line in range(max(map(len, cells))):
            parts = (
                pad(cell[line] if line < len(cell) else "", size, right=place in numbers)
                for place, (cell, size) in enumerate(zip(cells, columns, strict=True))
            )
            yield gap.join(parts).rstrip()
