"""Link: `Spec` → `Ruleset`. Every formula is parsed, its names looked up and its units checked; every reference is followed.

In: a `Spec` of right shape. Out: the `Ruleset` and all problems found; with an error among them the ruleset is not to be used.
Each problem has the key path where the text was written (for a shared scale, under `scales`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from indicator_rules import spec as written
from indicator_rules import spec_scales
from indicator_rules.errors import KeyPath, Problem, Where
from indicator_rules.expression import Name, Node
from indicator_rules.ruleset import Formula, MessagePart, Ruleset
from indicator_rules.scope import DATE, MONEY, NUMBER, RECORD_FIELDS, TEXT, TRUTH, UNSURE, Scope, Type
from indicator_rules.spec import Spec
from indicator_rules.spec_fields import Amount, Award, MoveTo
from indicator_rules.syntax import FormulaError, parse

Wanted: TypeAlias = Literal["any", "number", "truth", "pure", "award"]
"""What a formula has to give: anything, a number like the measure's, a truth, a pure number, or points or a share."""

DEEPEST_PARTS = 3
"""Composites inside composites."""

INPUT_TYPES = {"yes-no": TRUTH, "count": NUMBER, "number": NUMBER, "amount": MONEY, "date": DATE, "text": TEXT}


def link(spec: Spec, file: str = "") -> tuple[Ruleset, list[Problem]]:
    """The ruleset that `spec` means, and what is wrong with it."""
    linker = _Linker(spec, file)
    linker.measures()
    linker.criteria()
    linker.rest()
    ruleset = Ruleset(spec, linker.formulas, linker.scales, tuple(linker.order), linker.messages)
    return ruleset, linker.problems


def scale_formulas(scale: spec_scales.OwnScale) -> Iterator[tuple[KeyPath, str, Wanted]]:
    """Every formula in a scale: its path inside the scale, its text, what it has to give."""
    match scale:
        case spec_scales.Proportional():
            yield from _given((("full_at",), scale.full_at), (("zero_at",), scale.zero_at), (("pass_line",), scale.pass_line))
        case spec_scales.Bands():
            for place, band in enumerate(scale.bands):
                yield from _given((("bands", place, "at_least"), band.at_least), (("bands", place, "above"), band.above))
                yield from _award(("bands", place, "award"), band.award)
        case spec_scales.Deduct():
            yield from _given((("at",), scale.at), (("step",), scale.step))
            yield from _award(("points",), scale.points)
            if scale.at_most is not None:
                yield from _award(("at_most",), scale.at_most)
            if scale.when is not None:
                yield ("when",), scale.when, "truth"
        case spec_scales.Checklist():
            for place, item in enumerate(scale.items):
                yield ("items", place, "when"), item.when, "truth"
                if item.award is not None:
                    yield from _award(("items", place, "award"), item.award)
        case spec_scales.Levels():
            for place, level in enumerate(scale.levels):
                yield from _award(("levels", place, "award"), level.award)
        case spec_scales.FirstMatch():
            for place, case in enumerate(scale.rows):
                if case.when is not None:
                    yield ("rows", place, "when"), case.when, "truth"
                yield from _award(("rows", place, "award"), case.award)
        case spec_scales.Discretionary():
            yield from _award(("award",), scale.award)
        case spec_scales.Parts():
            for place, part in enumerate(scale.parts):
                if part.weight is not None:
                    yield from _award(("parts", place, "weight"), part.weight)


def _given(*pairs: tuple[KeyPath, str | None]) -> Iterator[tuple[KeyPath, str, Wanted]]:
    for path, text in pairs:
        if text is not None:
            yield path, text, "number"


def _award(path: KeyPath, award: Award) -> Iterator[tuple[KeyPath, str, Wanted]]:
    for form in ("share", "points"):
        text: str | None = getattr(award, form)
        if text is not None:
            yield (*path, form), text, "award"
    for end in ("at_least", "above", "at_most", "below", "from_", "to"):
        amount: Amount | None = getattr(award, end)
        if amount is not None:
            form = "share" if amount.share is not None else "points"
            yield (*path, end, form), str(getattr(amount, form)), "award"


@dataclass(slots=True)
class _Linker:
    spec: Spec
    file: str
    problems: list[Problem] = field(default_factory=list)
    formulas: dict[KeyPath, Formula] = field(default_factory=dict)
    scales: dict[KeyPath, spec_scales.OwnScale] = field(default_factory=dict)
    messages: dict[KeyPath, tuple[MessagePart, ...]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    scope: Scope = field(default_factory=lambda: Scope.of(RECORD_FIELDS))

    def problem(self, code: str, path: KeyPath, **values: object) -> None:
        self.problems.append(Problem(code, Where(self.file, tuple("from" if part == "from_" else part for part in path)), values))

    def formula(
        self, path: KeyPath, text: str, scope: Scope, wanted: Wanted, at: KeyPath | None = None, like: Type = UNSURE
    ) -> Formula | None:
        """Resolve one formula; `at` is where it was written if not at `path`, `like` the unit that a number has to have."""
        try:
            node, kind = scope.resolve(parse(text))
            _fits(node, kind, wanted, like)
        except FormulaError as error:
            self.problem(error.code, at or path, **{"formula": text, "position": error.at + 1, **error.values})
            return None
        self.formulas[path] = Formula(node, kind)
        return self.formulas[path]

    def known(self, path: KeyPath, text: str, among: Iterable[str], code: str) -> None:
        """`text` has to be one of `among`."""
        names = list(among)
        if text not in names:
            self.problem(code, path, text=text, known=", ".join(names), **self.scope.suggestions(text, names))

    # ---------------------------------------------------------------------------------------------------- inputs, measures

    def measures(self) -> None:
        for name, question in self.spec.inputs.items():
            if question.type == "choice":
                kind = Type("text", choices=question.choices)
            elif question.type == "series":
                kind = Type("series", "money" if question.of == "amount" else "")
            else:
                kind = INPUT_TYPES[question.type]
            self.scope.add(f"inputs.{name}", (name, f"inputs.{name}", question.label.zh), kind)
        self.lookups()
        trees: dict[str, Node] = {}
        for name, measure in self.spec.measures.items():
            # The type is put in when the measure is resolved; its names have to be known before.
            self.scope.add(f"measures.{name}", (name, f"measures.{name}", measure.label.zh), UNSURE)
            try:
                trees[name] = parse(measure.value)
            except FormulaError as error:
                self.problem(
                    error.code, ("measures", name, "value"), formula=measure.value, position=error.at + 1, **error.values
                )
        done: dict[str, bool] = {}
        for name in trees:
            self.measure(name, trees, done)

    def lookups(self) -> None:
        """Parameters by class; `by` and the values read the record and the inputs, nothing else."""
        base = Scope(dict(self.scope.names), dict(self.scope.types), suggestions=self.scope.suggestions)
        for name, lookup in self.spec.lookups.items():
            path: KeyPath = ("lookups", name)
            by = self.formula((*path, "by"), lookup.by, base, "any")
            if lookup.source is not None:
                self.known((*path, "source", "ref"), lookup.source.ref, self.spec.sources, "source-unknown")
            types: dict[str, Type] = {}
            for place, row in enumerate(lookup.rows):
                self.lookup_row((*path, "rows", place), row, by.type if by else UNSURE, base, types)
            for value, kind in types.items():
                self.scope.add(f"lookups.{name}.{value}", (f"{name}.{value}",), kind)

    def lookup_row(self, path: KeyPath, row: written.LookupRow, by: Type, scope: Scope, types: dict[str, Type]) -> None:
        if row.is_ and by.kind != "text" and by != UNSURE:
            self.problem("measure-not-a-label", (*path[:2], "by"), kind=str(by))
        for text in row.is_:
            if by.choices and text not in by.choices:
                self.problem("unknown-choice", (*path, "is"), text=text, choices=", ".join(by.choices))
        for cut in ("at_least", "above"):
            limit: str | None = getattr(row, cut)
            if limit is not None:
                self.formula((*path, cut), limit, Scope({}, {}), "number", like=by)
        for value, text in row.values.items():
            found = self.formula((*path, "values", value), text, scope, "number")
            if found and found.type != types.setdefault(value, found.type):
                self.problem(
                    "unit-mismatch", (*path, "values", value), formula=text, left=str(types[value]), right=str(found.type)
                )

    def measure(self, name: str, trees: dict[str, Node], done: dict[str, bool]) -> None:
        """Resolve one measure after those that it reads; `done` is False while it is under way."""
        if name in done:
            if not done[name]:
                self.problem("measure-reads-itself", ("measures", name, "value"), text=name)
            return
        done[name] = False
        for node in trees[name].walk():
            if isinstance(node, Name):
                for path in self.scope.names.get(node.text, ()):
                    other = path.removeprefix("measures.")
                    if path.startswith("measures.") and other in trees:
                        self.measure(other, trees, done)
        found = self.formula(("measures", name, "value"), self.spec.measures[name].value, self.scope, "any")
        self.scope.types[f"measures.{name}"] = found.type if found else UNSURE
        done[name] = True
        self.order.append(name)

    # -------------------------------------------------------------------------------------------------------------- criteria

    def criteria(self) -> None:
        for name, criterion in self.spec.criteria.items():
            path: KeyPath = ("criteria", name)
            if criterion.group is not None:
                self.known((*path, "group"), criterion.group, self.spec.groups, "group-unknown")
            if criterion.source is not None:
                self.known((*path, "source", "ref"), criterion.source.ref, self.spec.sources, "source-unknown")
            if isinstance(criterion.not_applicable, MoveTo):
                others = [other for other in self.spec.criteria if other != name]
                self.known((*path, "not_applicable", "move_to"), criterion.not_applicable.move_to, others, "criterion-unknown")
            if criterion.applies_when is not None:
                self.formula((*path, "applies_when"), criterion.applies_when, self.scope, "truth")
            if criterion.indicators is None:
                self.of_measure(path, criterion)
            else:
                self.of_entries(path, criterion)

    def of_measure(self, path: KeyPath, criterion: written.Criterion) -> None:
        measure = None
        if criterion.measure is not None:
            measure = self.formula((*path, "measure"), criterion.measure, self.scope, "any")
        if criterion.scale is None:
            self.problem("scale-missing", path)
        else:
            self.scale(
                (*path, "scale"), criterion.scale, self.scope, measure.type if measure else UNSURE if criterion.measure else None
            )

    def of_entries(self, path: KeyPath, criterion: written.Criterion) -> None:
        inner = self.scope.inside_entry()
        if criterion.measure is not None or criterion.scale is not None:
            self.problem("entries-or-scale", (*path, "measure" if criterion.measure is not None else "scale"))
        kinds = criterion.entries.model_fields_set if criterion.entries else set()
        if not kinds:
            self.problem("entries-missing", path)
        for kind in ("quantitative", "qualitative", "dated"):
            scale = getattr(criterion.entries, kind, None)
            if scale is not None:
                self.scale((*path, "entries", kind), scale, inner, NUMBER)
        self.completion((*path, "completion"), criterion.completion)

    def completion(self, path: KeyPath, completion: written.Completion | None) -> None:
        if completion is not None:
            self.formula((*path, "decay_zero_at"), completion.decay_zero_at, Scope({}, {}), "pure")

    def scale(
        self,
        path: KeyPath,
        scale: spec_scales.OwnScale | spec_scales.Shared,
        scope: Scope,
        measure: Type | None,
        at: KeyPath | None = None,
    ) -> None:
        """A scale used at `path` and written there, or at `at`."""
        at = at or path
        if not isinstance(scale, spec_scales.Shared):
            self.own_scale(path, at, scale, scope, measure)
            return
        shared = self.spec.scales.get(scale.use)
        if shared is None or isinstance(shared, spec_scales.Shared):
            own = [name for name, other in self.spec.scales.items() if not isinstance(other, spec_scales.Shared)]
            self.known((*at, "use"), scale.use, own, "scale-unknown")
        elif scale.kind not in (None, shared.kind):
            self.problem("scale-kind-differs", (*at, "kind"), text=scale.kind, kind=shared.kind)
        else:
            self.own_scale(path, ("scales", scale.use), shared, scope, measure)

    def own_scale(self, path: KeyPath, at: KeyPath, scale: spec_scales.OwnScale, scope: Scope, measure: Type | None) -> None:
        """A scale used at `path` and written at `at`."""
        self.scales[path] = scale
        self.fits_measure(path, scale, measure)
        for inside, text, wanted in scale_formulas(scale):
            names = scope.with_weight() if wanted == "award" else scope
            pure = isinstance(scale, spec_scales.Deduct) and scale.per in ("occurrence", "period")
            like = NUMBER if pure else measure or UNSURE
            self.formula((*path, *inside), text, names, wanted, (*at, *inside), like)
        if isinstance(scale, spec_scales.Parts):
            self.parts(path, at, scale, scope)

    def parts(self, path: KeyPath, at: KeyPath, scale: spec_scales.Parts, scope: Scope) -> None:
        """The parts of a composite; a shared one may hold itself, and is stopped at the depth allowed."""
        if path.count("parts") >= DEEPEST_PARTS:
            self.problem("parts-too-deep", at, limit=DEEPEST_PARTS)
            return
        for place, part in enumerate(scale.parts):
            inside: KeyPath = ("parts", place)
            measure: Type | None = NUMBER if scope.entry else None
            if part.measure is not None:
                found = self.formula((*path, *inside, "measure"), part.measure, scope, "any", (*at, *inside, "measure"))
                measure = found.type if found else UNSURE
            self.scale((*path, *inside, "scale"), part.scale, scope, measure, (*at, *inside, "scale"))

    def fits_measure(self, path: KeyPath, scale: spec_scales.OwnScale, measure: Type | None) -> None:
        """A scale that reads a number needs a measure that gives one; levels need a choice; the rest read no measure."""
        over_entries = path[2] == "entries" and (*path[:-1], "measure") not in self.formulas
        owner = path[:-1] if path[-1] == "scale" else path[:2]
        needs_number = isinstance(scale, spec_scales.Proportional | spec_scales.Bands) or (
            isinstance(scale, spec_scales.Deduct) and scale.per != "miss"
        )
        if measure is None:
            if needs_number:
                self.problem("measure-missing", owner, kind=scale.kind)
        elif needs_number and measure.kind != "number":
            self.problem("measure-not-a-number", (*owner, "measure"), kind=str(measure))
        elif isinstance(scale, spec_scales.Levels) and measure != UNSURE and not over_entries:
            self.labels_are_possible(path, scale, measure)
        elif not over_entries and not needs_number and not isinstance(scale, spec_scales.Levels):
            self.problem("measure-not-read", (*owner, "measure"), kind=scale.kind)

    def labels_are_possible(self, path: KeyPath, scale: spec_scales.Levels, measure: Type) -> None:
        """The levels of a choice are among its choices."""
        if measure.kind != "text":
            self.problem("measure-not-a-label", (*path[:2], "measure"), kind=str(measure))
            return
        for place, level in enumerate(scale.levels):
            if measure.choices and level.label.zh not in measure.choices:
                choices = ", ".join(measure.choices)
                self.problem("level-not-a-choice", (*path, "levels", place, "label"), text=level.label.zh, choices=choices)

    # ------------------------------------------------------------------------------------------------------------------ rest

    def grades(self) -> None:
        by, kind = self.spec.ruleset.grade_by, NUMBER
        if by is not None:
            found = self.formula(("ruleset", "grade_by"), by, self.scope, "number")
            kind = found.type if found else UNSURE
        for place, grade in enumerate(self.spec.grades):
            for cut in ("at_least", "above"):
                text: str | None = getattr(grade, cut)
                if text is not None:
                    self.formula(("grades", place, cut), text, Scope({}, {}), "number", like=kind)

    def rest(self) -> None:
        self.grades()
        self.completion(("completion",), self.spec.completion)
        for name, group in self.spec.groups.items():
            if group.parent is not None:
                self.known(("groups", name, "parent"), group.parent, self.spec.groups, "group-unknown")
        for name, weights in self.spec.weight_sets.items():
            if weights.when is not None:
                self.formula(("weight_sets", name, "when"), weights.when, self.scope, "truth")
            for criterion in weights.weights:
                self.known(("weight_sets", name, "weights", criterion), criterion, self.spec.criteria, "criterion-unknown")
        for name, adjustment in self.spec.adjustments.items():
            self.adjustment(("adjustments", name), adjustment)
        for name, finding in self.spec.findings.items():
            self.finding(("findings", name), finding)

    def adjustment(self, path: KeyPath, adjustment: written.Adjustment) -> None:
        self.formula((*path, "when"), adjustment.when, self.scope, "truth")
        if adjustment.source is not None:
            self.known((*path, "source", "ref"), adjustment.source.ref, self.spec.sources, "source-unknown")
        for effect in ("deduct", "bonus", "total_at_most", "total_at_least"):
            text: str | None = getattr(adjustment.then, effect)
            if text is not None:
                self.formula((*path, "then", effect), text, self.scope, "pure")
        if adjustment.then.grade_at_most is not None:
            grades = [grade.label.zh for grade in self.spec.grades]
            self.known((*path, "then", "grade_at_most"), adjustment.then.grade_at_most, grades, "grade-unknown")

    def finding(self, path: KeyPath, finding: written.FindingRule) -> None:
        scope = self.scope.inside_entry() if finding.for_ == "indicators" else self.scope
        self.formula((*path, "when"), finding.when, scope, "truth")
        for lang in ("zh", "en"):
            template: str | None = getattr(finding.message, lang)
            if template is not None:
                self.messages[*path, "message", lang] = tuple(self.message(path, template, scope))

    def message(self, path: KeyPath, template: str, scope: Scope) -> Iterator[MessagePart]:
        """`{formula}` places are formulas, `{formula:%}` printed as a ratio; the rest is text."""
        for piece in re.split(r"(\{[^{}]*\})", template):
            if not (piece.startswith("{") and piece.endswith("}")):
                yield MessagePart(piece)
                continue
            text, percent = piece[1:-1].removesuffix(":%"), piece.endswith(":%}")
            try:
                node, kind = scope.resolve(parse(text))
                _fits(node, kind, "pure" if percent else "any", UNSURE)
            except FormulaError as error:
                self.problem(error.code, (*path, "message"), **{"formula": text, "position": error.at + 1, **error.values})
            else:
                yield MessagePart(piece, node, percent)


def _fits(node: Node, kind: Type, wanted: Wanted, like: Type) -> None:
    if wanted == "truth" and kind.kind != "truth":
        raise FormulaError("not-a-condition", node.at, text=str(node), kind=str(kind))
    if wanted in ("number", "pure", "award") and kind.kind != "number":
        raise FormulaError("not-a-number-here", node.at, text=str(node), kind=str(kind))
    if wanted in ("pure", "award") and kind.unit == "money":
        raise FormulaError("unit-mismatch", node.at, left=f"{node} ({kind})", right=str(NUMBER))
    if wanted == "any" and kind.kind == "thing":
        raise FormulaError("only-present", node.at, text=str(node))
    if wanted == "number" and like.kind == "number" and {kind.unit, like.unit} == {"", "money"} and str(node) != "0":
        raise FormulaError("unit-mismatch", node.at, left=f"{node} ({kind})", right=str(like))
