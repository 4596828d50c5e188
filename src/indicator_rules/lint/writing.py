"""Lint of what is written: things that nothing reads, bare numbers where a share was meant, signs and scales that run the wrong way.

In: a linked ruleset and its plan. Out: findings about texts as they stand in the file; no record is thought of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from indicator_rules.completion import Settings
from indicator_rules.errors import KeyPath, Problem
from indicator_rules.exact import Exact, to_text
from indicator_rules.expression import Call, Compare, Node, Number, Ref
from indicator_rules.lint.uses import Use, uses
from indicator_rules.lint.words import Formula, is_ratio, odd
from indicator_rules.plan import Plan
from indicator_rules.record_fields import CATEGORIES
from indicator_rules.ruleset import Ruleset
from indicator_rules.scale_checks import constant, falls
from indicator_rules.spec_fields import Award, End
from indicator_rules.spec_scales import Bands, Deduct, Proportional

SURELY_PERCENT = 10
"""A share of this much and more (1000%) is a percentage without its sign."""
LOWER_IS_BETTER = re.compile(r"逾期|延期|延误|违规|违纪|事故|投诉|差错|超支|结转结余率|缺失|扣减|失信")
HIGHER_IS_BETTER = re.compile(
    r"[无未零非免]|及时|整改|处理|处置|办结|化解|解决|下降|减少|降低|压减|节约|控制|回复|满意|完成|合格|预防|覆盖|达标"
)
"""Words in labels; a label with one of the second sort is left alone, whatever else it says (投诉办结率)."""


def writing(ruleset: Ruleset, plan: Plan) -> Iterator[Problem]:
    """Of the whole file."""
    yield from _unread(ruleset)
    yield from _bare_numbers(ruleset, plan)
    yield from _cost_signs(ruleset)
    for use in uses(ruleset, plan):
        yield from _rising(use, plan)
        if isinstance(use.own, Bands):
            yield from _out_of_order(use, use.own)


# -------------------------------------------------------------------------------------------------------------- not read


def _unread(ruleset: Ruleset) -> Iterator[Problem]:
    """Inputs, measures and look-ups that no formula reads; what only an unread measure reads counts as read."""
    read = set[str]()
    waiting = [formula.node for path, formula in ruleset.formulas.items() if path[0] not in ("measures", "lookups")]
    waiting += [part.node for parts in ruleset.messages.values() for part in parts if part.node is not None]
    everywhere = set[str]()
    for node in (*waiting, *(formula.node for formula in ruleset.formulas.values())):
        everywhere |= _names(node)
    while waiting:
        for path in _names(waiting.pop()) - read:
            read.add(path)
            section, _, rest = path.partition(".")
            table = rest.partition(".")[0]
            if section == "measures":
                waiting.append(ruleset.node("measures", rest, "value"))
            elif section == "lookups":
                waiting += [formula.node for place, formula in ruleset.formulas.items() if place[:2] == ("lookups", table)]
    tables = {path.partition(".")[2].partition(".")[0] for path in read if path.startswith("lookups.")}
    for name, asked in ruleset.spec.inputs.items():
        if f"inputs.{name}" not in everywhere:
            yield odd("lint-input-unread", ("inputs", name), label=asked.label)
    for name, measure in ruleset.spec.measures.items():
        if f"measures.{name}" not in read:
            yield odd("lint-measure-unread", ("measures", name), label=measure.label)
    for name, lookup in ruleset.spec.lookups.items():
        if name not in tables:
            yield odd("lint-lookup-unread", ("lookups", name), label=lookup.label)


def _names(node: Node) -> set[str]:
    return {part.path for part in node.walk() if isinstance(part, Ref)}


# ---------------------------------------------------------------------------------------------------------- bare numbers


def _bare_numbers(ruleset: Ruleset, plan: Plan) -> Iterator[Problem]:
    """`pass_line = 60` where the measure is a share, and `执行率 >= 90` in a condition."""
    for use in uses(ruleset, plan):
        if use.measure is None or not is_ratio(use.measure, plan):
            continue
        for inside in _cuts(use):
            for node in _given(ruleset.node(*use.path, *inside)):
                yield odd("lint-share-meant", (*use.at, *inside), text=str(node), measure=Formula(plan, use.measure))
        own = use.own
        if isinstance(own, Deduct) and own.per in ("over", "under") and own.partial_step != "pro-rata":
            step = constant(own.step)
            if step is not None and step >= 1 and "%" not in own.step:
                yield odd("lint-step-meant", (*use.at, "step"), text=own.step)
    for path, formula in ruleset.formulas.items():
        for part in formula.node.walk():
            if isinstance(part, Compare):
                for share, number in ((part.left, part.right), (part.right, part.left)):
                    if isinstance(number, Number) and _is_bare(number) and is_ratio(share, plan):
                        place = _written(ruleset, plan, path)
                        yield odd("lint-share-meant", place, text=str(number), measure=Formula(plan, share))


def _given(node: Node | None) -> Iterator[Number]:
    """The bare numbers that a formula may give as it is: itself, or one of those that a function picks from."""
    if isinstance(node, Number) and _is_bare(node):
        yield node
    elif isinstance(node, Call) and node.function in ("first_of", "min", "max"):
        for one in node.arguments:
            yield from _given(one)


def _cuts(use: Use) -> Iterator[KeyPath]:
    match use.own:
        case Proportional() as own:
            yield from ((key,) for key in ("full_at", "zero_at", "pass_line") if getattr(own, key) is not None)
        case Deduct() as own:
            yield from ((("at",),) if own.at is not None and own.per in ("over", "under", "missing") else ())
        case Bands() as own:
            for place, band in enumerate(own.bands):
                yield from (("bands", place, key) for key in ("at_least", "above") if getattr(band, key) is not None)


def _is_bare(number: Number) -> bool:
    return number.value >= SURELY_PERCENT and number.unit == "" and "%" not in number.typed and "％" not in number.typed


def _written(ruleset: Ruleset, plan: Plan, path: KeyPath) -> KeyPath:
    """Where the formula used at `path` is written: a shared scale stands under `scales`."""
    for use in uses(ruleset, plan):
        if path[: len(use.path)] == use.path and not any(part == "parts" for part in path[len(use.path) :]):
            path = (*use.at, *path[len(use.path) :])
            break
    return path[:-1] if path[-1] in ("share", "points") else path


# --------------------------------------------------------------------------------------------------- signs and directions


def _cost_signs(ruleset: Ruleset) -> Iterator[Problem]:
    """Costs for which more counts as better, where nobody types a sign."""
    spec = ruleset.spec
    told = set[KeyPath]()
    for name, criterion in spec.criteria.items():
        if criterion.indicators is None:
            continue
        wanted = (criterion.indicators,) if isinstance(criterion.indicators, str) else criterion.indicators
        own = criterion.completion
        directions = Settings.of(own or spec.completion).directions
        for category in CATEGORIES:
            taken = any(f"{category}.".startswith(f"{top}.") for top in wanted)
            if taken and "cost" in category.split(".") and directions.get(category, ">=") == ">=":
                table: KeyPath = ("criteria", name, "completion") if own else ("completion",)
                keys = [key for key in (own or spec.completion).directions if f"{category}.".startswith(f"{key}.")]
                path = (*table, "directions", *sorted(keys, key=len)[-1:])
                if path not in told:
                    told.add(path)
                    yield odd("lint-cost-sign", path, category=category)
                break


def _rising(use: Use, plan: Plan) -> Iterator[Problem]:
    """More points for more of what there should be less of."""
    if use.measure is None or use.criterion.role == "penalty" or not _rises(use):
        return
    label = _bad_thing(use.measure, plan)
    if label:
        yield odd("lint-scale-rises", use.at, measure=label)


def _rises(use: Use) -> bool:
    match use.own:
        case Proportional() as own:
            return not falls(own) and constant(own.full_at) is not None
        case Deduct() as own:
            return own.per in ("under", "missing")
        case Bands() as own:
            ends = [_most(own.bands[place].award) for place in (0, -1)]
            return ends[0] is not None and ends[1] is not None and ends[0] > ends[1]
    return False


def _bad_thing(measure: Node, plan: Plan) -> object | None:
    """What the measure is called, if there should be less of it."""
    names = {f"measures.{one.id}": one for one in plan.measures}
    asked = {f"inputs.{one.id}": one.label for one in plan.questions}
    if isinstance(measure, Call) and measure.function in ("months_late", "years_late"):
        return Formula(plan, measure)
    if not isinstance(measure, Ref):
        return None
    label = names[measure.path].label if measure.path in names else asked.get(measure.path)
    if label is not None and LOWER_IS_BETTER.search(label.zh) and not HIGHER_IS_BETTER.search(label.zh):
        return label
    return _bad_thing(names[measure.path].formula, plan) if measure.path in names else None


def _out_of_order(use: Use, own: Bands) -> Iterator[Problem]:
    """Awards that go down and then up again, or the other way round."""
    most = [_most(band.award) for band in own.bands]
    worth = _in_points(use, own) if len({_is_share(band.award) for band in own.bands} - {None}) > 1 else most
    turn: int | None = None
    way = 0
    for place, (upper, lower) in enumerate(pairwise(worth), start=1):
        if upper is None or lower is None:
            return
        now = (lower < upper) - (lower > upper)
        if way and now and now != way and turn is None:
            turn = place
        way = now or way
    if turn is not None:
        text = " → ".join(to_text(value) for value in most if value is not None)
        yield odd("lint-awards-turn", (*use.at, "bands", turn, "award"), number=turn + 1, awards=text)


def _is_share(award: Award) -> bool | None:
    """Whether an award is a share of the weight; None for nothing, which is both."""
    return None if _most(award) == 0 else _top(award).share is not None


def _in_points(use: Use, own: Bands) -> list[Exact | None]:
    """Shares and points side by side, all as points; none where the weight is not that of the criterion."""
    if use.kind is not None or "parts" in use.path:
        return []
    weight = use.criterion.weight.default
    values = [(_most(band.award), _is_share(band.award)) for band in own.bands]
    return [value * weight if value is not None and share else value for value, share in values]


def _top(award: Award) -> Award | End:
    """The upper end of an award."""
    return award.at_most or award.below or award.to or award


def _most(award: Award) -> Exact | None:
    """The most that an award gives, as a share or as points; None if that is no constant."""
    top = _top(award)
    value = constant(top.share)
    return value if value is not None else constant(top.points)
