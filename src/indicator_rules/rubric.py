"""A ruleset as the table that offices know: 一级/二级/三级指标, 分值, 指标解释, 评价要点, 评分标准.

In: a spec, a language. Out: `rows` as data, or the same as text in columns with grades, adjustments and sources. 评分标准 is what the criterion
says of itself (`text`); where it says nothing, words made from its scale, so that every row has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from indicator_rules import messages, spec_scales
from indicator_rules import spec as written
from indicator_rules.exact import exact, to_text
from indicator_rules.inputs import InputField
from indicator_rules.messages import Language
from indicator_rules.render import COLUMNS, hanging, table, width, wrap
from indicator_rules.scale_checks import constant, falls
from indicator_rules.spec import Criterion, Spec
from indicator_rules.spec_fields import Amount, Award, MoveTo

_NARROWEST = 14
"""Columns that a long text needs to be readable: seven Chinese characters."""


class RubricRow(NamedTuple):
    """One criterion in the standard columns."""

    first: str
    second: str
    third: str
    weight: str
    definition: str
    points_to_check: str
    standard: str


def rows(spec: Spec, lang: Language | None = None) -> tuple[RubricRow, ...]:
    """The rubric, one row a criterion, in the order of the ruleset."""
    words = Words(spec, lang or messages.language())
    return tuple(words.row(criterion) for criterion in spec.criteria.values())


def text(spec: Spec, lang: Language | None = None, columns: int = COLUMNS) -> str:
    """The rubric for people to read."""
    return "\n".join(Words(spec, lang or messages.language()).lines(max(columns, 80))) + "\n"


def inputs_text(fields: Iterable[InputField], lang: Language | None = None, columns: int = COLUMNS) -> str:
    """Each field that a ruleset reads: its key path in a record, what it is, and for which criteria."""

    def say(key: str, **values: object) -> str:
        return messages.text(f"rubric.{key}", values, lang)

    cells: list[tuple[str, ...]] = [(say("field"), say("label"), say("type"), say("read-by"))]
    for one in fields:
        kind = say(f"type-{one.type}", of=say(f"type-{one.of}") if one.of else "")
        choices = f"{kind}: {', '.join(one.choices)}" if one.choices else kind
        cells.append((one.path, one.label, choices, ", ".join(one.read_by) or "—"))
    return "\n".join(table(cells, fit(cells, columns, widest=24, whole=1))) + "\n"


class Words:
    """What a spec says, in one language."""

    def __init__(self, spec: Spec, lang: Language) -> None:
        self.spec, self.lang = spec, lang

    def say(self, key: str, **values: object) -> str:
        return messages.text(f"rubric.{key}", values, self.lang)

    def joined(self, parts: Iterable[str]) -> str:
        return self.say("semicolon").join(parts)

    # ----------------------------------------------------------------------------------------------------------------- table

    def row(self, criterion: Criterion) -> RubricRow:
        first, *below = self.groups(criterion) or [""]
        return RubricRow(
            first,
            " / ".join(below),
            criterion.label.text(self.lang),
            self.weight(criterion),
            criterion.definition or "",
            criterion.points_to_check or "",
            criterion.text or self.standard(criterion),
        )

    def groups(self, criterion: Criterion) -> list[str]:
        """Labels of the groups above, topmost first."""
        labels: list[str] = []
        name = criterion.group
        while name is not None:
            labels.insert(0, self.spec.groups[name].label.text(self.lang))
            name = self.spec.groups[name].parent
        return labels

    def weight(self, criterion: Criterion) -> str:
        """分值: the number; for weights of the record their bounds, for weight sets one for each set."""
        name = next(key for key, one in self.spec.criteria.items() if one is criterion)
        own = to_text(exact(criterion.weight.default))
        if criterion.weight.from_record:
            low, high = criterion.weight.min, criterion.weight.max
            if low is not None and high is not None:
                own = self.say("weight-range", weight=own, low=to_text(exact(low)), high=to_text(exact(high)))
            else:
                own = self.say("weight-from-record", weight=own)
        sets = [
            self.say("weight-of-set", label=one.label.text(self.lang), weight=to_text(exact(one.weights[name])))
            for one in self.spec.weight_sets.values()
            if name in one.weights
        ]
        if sets and len({to_text(exact(one.weights.get(name, criterion.weight.default))) for one in self.sets()}) > 1:
            own = self.joined(sets)
        elif sets:
            own = to_text(exact(next(one.weights[name] for one in self.sets() if name in one.weights)))
        return own if criterion.role == "score" else self.say(f"weight-{criterion.role}", weight=own)

    def sets(self) -> Iterable[written.WeightSet]:
        return self.spec.weight_sets.values()

    def lines(self, columns: int) -> Iterator[str]:
        """The whole page."""
        header = self.spec.ruleset
        yield from wrap(header.title.text(self.lang), columns)
        status = messages.text(f"status.{header.status}", {}, self.lang)
        name = f"{header.family}@{header.edition}"
        yield self.say("header", name=name, status=status, jurisdiction=header.applies.jurisdiction)
        yield ""
        yield from self.table(columns)
        yield ""
        parts_of = {
            "grades": self.grades(),
            "adjustments": self.adjustments(),
            "sources": self.sources(),
            "waivers": self.waivers(),
        }
        for key, parts in parts_of.items():
            for place, part in enumerate(parts):
                title = self.say(key)
                yield from hanging(title if place == 0 else " " * width(title), part, columns)
        if header.notes:
            yield ""
            yield from wrap(header.notes, columns)

    def table(self, columns: int) -> Iterator[str]:
        """The rows, without columns that are empty throughout; a group is named where it begins."""
        heads = tuple(self.say(f"column-{name}") for name in RubricRow._fields)
        found = rows(self.spec, self.lang)
        kept = [place for place in range(len(heads)) if any(row[place] for row in found)]
        cells = [tuple(heads[place] for place in kept)]
        above: tuple[str, ...] = ("", "")
        for row in found:
            same_first, same_second = row[:1] == above[:1], row[:2] == above[:2]
            shown = ("" if same_first else row.first, "" if same_second else row.second, *row[2:])
            cells.append(tuple(shown[place] for place in kept))
            above = row[:2]
        sizes = fit(cells, columns, widest=16)
        yield from table(cells[:1], sizes)
        for cell in cells[1:]:
            yield "─" * columns if cell[0] else ""
            yield from table([cell], sizes)

    def grades(self) -> Iterator[str]:
        parts = []
        for grade in self.spec.grades:
            cut = grade.at_least if grade.at_least is not None else grade.above
            sign = "≥" if grade.at_least is not None else ">"
            bound = "" if cut is None else f" {sign} {cut}"
            parts.append(f"{grade.label.text(self.lang)}{bound}")
        yield self.joined(parts)

    def waivers(self) -> Iterator[str]:
        """Laws of scoring that the rubric does not keep, and findings of lint that it means; and why."""
        for name, reason in self.spec.waivers.items():
            is_law = f"laws.{name}" in messages.catalogue()
            law = messages.text(f"laws.{name}", {}, self.lang) if is_law else self.say("waived-lint", code=name)
            yield self.say("waiver", law=law, reason=reason)

    def adjustments(self) -> Iterator[str]:
        for one in self.spec.adjustments.values():
            ((effect, value),) = one.then.model_dump(exclude_none=True).items()
            what = messages.text(
                f"render.effect-{effect.replace('_', '-')}", {"points": value, "grade": value, "places": value}, self.lang
            )
            yield self.say("adjustment", label=one.label.text(self.lang), when=one.when, effect=what)

    def sources(self) -> Iterator[str]:
        for source in self.spec.sources.values():
            yield " ".join(part for part in (source.title, source.document, source.issuer, source.url) if part)

    # ----------------------------------------------------------------------------------------------------------- 评分标准 in words

    def standard(self, criterion: Criterion) -> str:
        """The scale of a criterion in words."""
        parts: list[str] = []
        if criterion.scale is not None:
            measured = self.label_of(criterion.measure) if criterion.measure is not None else ""
            parts.append((self.say("measured", measure=measured) if measured else "") + self.scale(criterion.scale))
        if criterion.entries is not None:
            split = "equal" if criterion.entry_weights == "equal" else f"record-{criterion.without_weights}"
            if criterion.entry_weights == "shared":
                parts.append(self.say("entry-weights-shared"))
            if criterion.per == "goal":
                parts.append(self.say("per-goal"))
            parts += [self.say(f"entries-{criterion.combine}"), self.say(f"entry-weights-{split}")]
            for kind in ("quantitative", "qualitative", "dated"):
                scale = getattr(criterion.entries, kind)
                if scale is not None:
                    parts.append(self.say(f"kind-{kind}") + self.scale(scale))
        if criterion.applies_when is not None:
            parts.append(self.say("applies-when", when=criterion.applies_when))
        if criterion.absent != "error":
            parts.append(self.say("when-absent", treatment=self.treatment(criterion.absent)))
        if criterion.not_applicable != "rescale":
            parts.append(self.say("when-not-applicable", treatment=self.treatment(criterion.not_applicable)))
        return self.joined(parts)

    def label_of(self, formula: str) -> str:
        measure = self.spec.measures.get(formula)
        return formula if measure is None else measure.label.text(self.lang)

    def treatment(self, given: object) -> str:
        if isinstance(given, MoveTo):
            label = self.spec.criteria[given.move_to].label.text(self.lang)
            return messages.text("explain.treatment-move-to", {"criterion": label}, self.lang)
        key = given if isinstance(given, str) else "points"
        return messages.text(f"explain.treatment-{key}", {"points": given}, self.lang)

    def scale(self, scale: spec_scales.OwnScale | spec_scales.Shared) -> str:
        match scale:
            case spec_scales.Shared():
                return self.scale(self.spec.scales[scale.use])
            case spec_scales.Proportional():
                return self.proportional(scale)
            case spec_scales.Bands():
                return self.bands(scale)
            case spec_scales.Deduct():
                return self.deduct(scale)
            case spec_scales.Checklist():
                return self.checklist(scale)
            case spec_scales.Levels():
                return self.joined(
                    self.say("case", condition=one.label.text(self.lang), award=self.award(one.award)) for one in scale.levels
                )
            case spec_scales.FirstMatch():
                return self.first_match(scale)
            case spec_scales.Discretionary():
                return self.award(scale.award)
            case spec_scales.Parts():
                return self.parts(scale)

    def parts(self, scale: spec_scales.Parts) -> str:
        said = [self.say(f"parts-{scale.combine}")]
        for part in scale.parts:
            weight = "" if part.weight is None else self.say("item-award", award=self.given(part.weight))
            measured = "" if part.measure is None else self.say("measured", measure=self.label_of(part.measure))
            said.append(part.label.text(self.lang) + weight + "：" + measured + self.scale(part.scale))
        return self.joined(said)

    def proportional(self, scale: spec_scales.Proportional) -> str:
        full, zero = scale.full_at, scale.zero_at or "0"
        way = "falling" if falls(scale) else "rising"
        parts = [self.say(f"full-{way}", full="100%" if full == "1" else full)]
        if scale.pass_line is not None:
            parts.append(self.say(f"pass-{way}", line=scale.pass_line))
        if scale.zero_at is not None and not scale.inverse:
            parts.append(self.say(f"zero-{way}", zero=zero))
        return self.joined([*parts, self.say("inverse" if scale.inverse else "in-proportion")])

    def bands(self, scale: spec_scales.Bands) -> str:
        parts = []
        for band in scale.bands:
            cut = f"≥ {band.at_least}" if band.at_least is not None else f"> {band.above}" if band.above is not None else ""
            label = band.label.text(self.lang) if band.label is not None else ""
            named = f"{label} {cut}".strip() or self.say("otherwise")
            parts.append(self.say("case", condition=named, award=self.award(band.award)))
        return self.joined(parts)

    def deduct(self, scale: spec_scales.Deduct) -> str:
        off = self.given(scale.points)
        if scale.per == "miss":
            parts = [self.say("deduct-miss", when=scale.when or "", points=off)]
        else:
            parts = [self.say(f"deduct-{scale.per}", at=scale.at or "0", step=scale.step, points=off)]
        if scale.partial_step is not None:
            parts.append(self.say(f"step-{scale.partial_step}"))
        if scale.at_most is not None:
            parts.append(self.say("deduct-at-most", points=self.given(scale.at_most)))
        return self.joined(parts)

    def checklist(self, scale: spec_scales.Checklist) -> str:
        parts = [self.say(f"checklist-{scale.mode}")]
        for item in scale.items:
            award = "" if item.award is None else self.say("item-award", award=self.given(item.award))
            parts.append(item.label.text(self.lang) + award + (self.say("gate") if item.gate else ""))
        if all(item.award is None for item in scale.items):
            parts.append(self.say("items-equal"))
        return self.joined(parts)

    def first_match(self, scale: spec_scales.FirstMatch) -> str:
        parts = []
        for case in scale.rows:
            label = case.label.text(self.lang) if case.label is not None else case.when or self.say("otherwise")
            parts.append(self.say("case", condition=label, award=self.award(case.award)))
        return self.joined(parts)

    def award(self, award: Award) -> str:
        """What a row gives."""
        if award.from_ is not None and award.to is not None:
            return self.say("award-line", start=self.end(award.from_), end=self.end(award.to))
        low, high = award.at_least or award.above, award.at_most or award.below
        if low is not None and high is not None:
            below = self.say("open-low") if award.above is not None else ""
            above = self.say("open-high") if award.below is not None else ""
            return self.say("award-range", low=self.end(low) + below, high=self.end(high) + above)
        worth = constant(award.share) if award.share is not None else constant(award.points or "")
        if worth == 0:
            return self.say("award-none")
        if award.share is not None and worth == 1:
            return self.say("award-full")
        return self.say("award", award=self.given(award))

    def given(self, award: Award | Amount) -> str:
        """A share of the weight, or points."""
        if award.share is not None:
            return self.say("share", share=award.share)
        return self.say("points", points=award.points)

    def end(self, amount: Amount) -> str:
        share = amount.share
        if share is not None and "%" not in share and constant(share) in (0, 1):
            return "100%" if constant(share) == 1 else "0%"
        return share if share is not None else self.say("points", points=amount.points)


def fit(cells: list[tuple[str, ...]], columns: int, *, widest: int, whole: int = 0) -> list[int]:
    """Column widths: short columns as they need, what is left shared by the long ones in proportion to their text. The first
    `whole` columns are never broken.
    """
    needs = [max(width(line) for row in cells for line in row[place].split("\n")) for place in range(len(cells[0]))]
    left = columns - 2 * (len(needs) - 1)
    if sum(needs) <= left:
        return needs
    for limit in (widest, 12, 0):
        fixed = [need if need <= limit or place < whole else 0 for place, need in enumerate(needs)]
        rest, long = left - sum(fixed), fixed.count(0)
        if rest >= _NARROWEST * long > 0 or limit == 0:
            break
    text = [0 if size else sum(width(row[place]) for row in cells) for place, size in enumerate(fixed)]
    floor = max(4, min(_NARROWEST, rest // max(1, long)))
    spare = max(0, rest - floor * long)
    return [size or floor + spare * text[place] // max(1, sum(text)) for place, size in enumerate(fixed)]
