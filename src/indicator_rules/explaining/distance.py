"""How far it is to a row that would give more: exactly, in the measure that the rows of a table cut.

In: a leaf whose rows are matched on one number or date, the number, and what formulas read. Out: the nearest value at which another row gives more points, or None: in
the best row, in a table of several measures, or where nothing but a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from indicator_rules.exact import Exact, add, exact
from indicator_rules.expression import Aggregate, Arithmetic, Call, Date, Negative, Node, Number, Ref, replaced
from indicator_rules.plan import Award, Leaf, Points, Range, Slot
from indicator_rules.table import Bound, Row
from indicator_rules.value import Value

Read: TypeAlias = Callable[[Node], Value]


class Nearest(NamedTuple):
    """The nearest better row. It begins at `cut`; or just above (`side` 1) or below (−1) it, where `cut` itself does not belong to it."""

    row: str
    base: Node
    value: Exact
    cut: Exact
    side: int
    points: Exact

    @property
    def distance(self) -> Exact:
        """How far from `value` to `cut`."""
        return magnitude(add(self.cut, -self.value))

    @property
    def is_up(self) -> bool:
        """Whether the value has to rise."""
        return self.cut > self.value or (self.cut == self.value and self.side > 0)


def magnitude(value: Exact) -> Exact:
    """`value` without its sign."""
    return -value if value < 0 else value


def nearest(leaf: Leaf, read: Read, weight: Exact, *, penalty: bool = False) -> Nearest | None:
    """The nearest value of what `leaf` cuts at which it gives more (for a penalty: takes less) than it gives now, all else being the same."""
    slots = {slot.name: slot for slot in leaf.slots if not slot.is_flag}
    rows = [row for row in leaf.table.rows if all(bound.slot in slots for guard in row.guards for bound in guard)]
    bounds = list(dict.fromkeys(bound for row in rows for guard in row.guards for bound in guard))
    base = _base(slots, [bound for bound in bounds if _moves(slots[bound.slot])])
    given = None if base is None else read(base)
    here = None if given is None else number(given)
    if (
        base is None
        or here is None
        or any(_reads(slots[bound.slot].formula, base) for bound in bounds if not _moves(slots[bound.slot]))
    ):
        return None
    fixed = {
        bound: _holds((_code(slots[bound.slot], read), 0), bound, bound.cut) for bound in bounds if not _moves(slots[bound.slot])
    }
    cuts = _cuts(slots, [bound for bound in bounds if bound not in fixed], base, read)
    if cuts is None:
        return None

    def holds(place: tuple[Exact, int], bound: Bound) -> bool:
        return fixed[bound] if bound in fixed else _holds(place, bound, cuts[bound])

    def at(place: tuple[Exact, int]) -> tuple[str, Exact] | None:
        row = next((row for row in rows if any(all(holds(place, bound) for bound in guard) for guard in row.guards)), None)
        there = Date(date.fromordinal(int(place[0]))) if isinstance(given, date) else Number(place[0])
        worth = None if row is None else _worth(row, base, there, read, weight)
        return None if row is None or worth is None else (row.id, -worth if penalty else worth)

    now = at((here, 0))
    if now is None:
        return None
    places = [(cut, side) for cut in dict.fromkeys(cuts.values()) for side in (0, 1, -1)]
    for cut, side in sorted(places, key=lambda place: (abs(place[0] - here), abs(place[1]))):
        found = at((cut, side))
        if found is not None and found[0] != now[0] and found[1] > now[1]:
            return Nearest(found[0], base, here, cut, side, magnitude(found[1]))
    return None


def _moves(slot: Slot) -> bool:
    """Whether it is a number or a date."""
    return not slot.codes and not _is_truth(slot.formula)


def _reads(formula: Node, base: Node) -> bool:
    """Whether a condition that is to stay as it is reads what is moved."""
    read = {part for part in base.walk() if isinstance(part, Ref)}
    return any(part in read for part in formula.walk())


def _code(slot: Slot, read: Read) -> Exact:
    """A truth as 1 or 0, a text as its place; 0 for nothing."""
    value = read(slot.formula)
    if isinstance(value, str):
        return slot.codes.index(value) + 1 if value in slot.codes else 0
    return int(value is True)


def _base(slots: dict[str, Slot], bounds: list[Bound]) -> Node | None:
    """The one formula that all bounds cut; a cut worked out from the record is matched as `formula − cut`."""
    formulas = [slots[bound.slot].formula for bound in bounds]
    if not formulas:
        return None
    if all(formula == formulas[0] for formula in formulas) and any(bound.cut for bound in bounds):
        return formulas[0]
    bases = [
        f.left if isinstance(f, Arithmetic) and f.sign == "-" and b.cut == 0 else f for f, b in zip(formulas, bounds, strict=True)
    ]
    return bases[0] if all(base == bases[0] for base in bases) else None


def _is_truth(formula: Node) -> bool:
    """Whether it has no order: a truth, or a text."""
    if isinstance(formula, Ref):
        return formula.kind not in ("number", "date")
    return not isinstance(formula, Arithmetic | Negative | Aggregate | Call) or (
        isinstance(formula, Call) and formula.function == "present"
    )


def _cuts(slots: dict[str, Slot], bounds: list[Bound], base: Node, read: Read) -> dict[Bound, Exact] | None:
    """Where each bound cuts `base`; None if that is not known."""
    found: dict[Bound, Exact] = {}
    for bound in bounds:
        formula, cut = slots[bound.slot].formula, bound.cut
        if formula != base:
            moved = number(read(formula.right)) if isinstance(formula, Arithmetic) else None
            if moved is None:
                return None
            cut = add(cut, moved)
        found[bound] = cut
    return found


def number(value: Value) -> Exact | None:
    """A number, or a date as its day number; None for anything else."""
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, int | Fraction) and not isinstance(value, bool) else None


def _holds(place: tuple[Exact, int], bound: Bound, cut: Exact) -> bool:
    value, side = place
    way = (value > cut) - (value < cut) or side
    return {">=": way >= 0, ">": way > 0, "<=": way <= 0, "<": way < 0, "=": way == 0}[bound.operator]


def _worth(row: Row[Award], base: Node, value: Node, read: Read, weight: Exact) -> Exact | None:
    """What the row gives with `value` in place of `base`; a person's range, its upper end."""
    award = row.award
    formula = award.formula if isinstance(award, Points) else award.high if isinstance(award, Range) else None
    if formula is None:
        return None
    found = number(read(replaced(formula, lambda node: value if node == base else None)))
    return None if found is None else exact(min(max(found, 0), weight))
