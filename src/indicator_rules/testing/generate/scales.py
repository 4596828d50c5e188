"""Random scales of all eight kinds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from indicator_rules.expression import Number
from indicator_rules.syntax import parse
from indicator_rules.testing.generate.formulas import CUTS, Formulas, Sort
from indicator_rules.testing.generate.vocabulary import INPUTS, Data, chance

LEVELS = ("达成", "部分达成", "未达成")
ENTRY_MEASURES: tuple[tuple[str, Sort], ...] = (
    ("actual", "count"),
    ("实际完成值", "count"),
    ("actual / target", "ratio"),
    ("prior", "count"),
    ("指标权重 / total_weight", "ratio"),
    ("完成率", "ratio"),
)
SHARES = ("100%", "95%", "80%", "75%", "60%", "50%", "33.3%", "20%", "0%")


@dataclass(frozen=True)
class Scales:
    """A writer of scales; `weight` is that of the criterion as written, or 0 where only the record knows. `ranges`: whether a person may
    pick; `shared`: scales without ranges that a part may use by name, and the measure that each wants."""

    rng: Random
    write: Formulas
    weight: Decimal
    ranges: bool = True
    shared: tuple[tuple[str, str | None], ...] = ()

    def points(self, share: str) -> Decimal:
        """A share of the weight as points with two decimals."""
        return (self.weight * Decimal(share.rstrip("%")) / 100).quantize(Decimal("0.01"))

    def fixed(self, share: str) -> Any:
        """An award of about `share`."""
        forms: list[Any] = [share, share, {"share": f"{share} * weight / 分值"}, {"points": f"weight * {share}"}]
        if self.weight:
            forms += [self.points(share)] * 2
        if chance(self.rng, 6):
            return {"share": f"max(0, min(1, {self.write.ratio(1)}))"}
        return self.rng.choice(forms)

    def range(self, low: str, high: str) -> Data:
        """A range that a person picks from."""
        ends = [self.points(low), self.points(high)] if self.weight and chance(self.rng, 40) else [low, high]
        return {
            self.rng.choice(("at_least", "at_least", "above")): ends[0],
            self.rng.choice(("at_most", "at_most", "below")): ends[1],
        }

    def award(self, place: int, most: int, ranges: int = 15) -> Any:
        """The award of row `place` of `most` (from 0), mostly less further down."""
        high = SHARES[min(place * len(SHARES) // max(most, 1), len(SHARES) - 1)]
        low = SHARES[min(SHARES.index(high) + 2, len(SHARES) - 1)]
        return self.range(low, high) if low != high and self.ranges and chance(self.rng, ranges) else self.fixed(high)

    # ------------------------------------------------------------------------------------------------- scales of a number

    def cuts(self, sort: Sort, most: int) -> list[str]:
        """Cuts from the highest down, no two alike."""
        by_value: dict[Fraction, str] = {}
        for text in self.rng.sample(CUTS[sort], self.rng.randint(1, min(most, len(CUTS[sort])))):
            node = parse(text)
            assert isinstance(node, Number)
            by_value[Fraction(node.value)] = text
        return [by_value[value] for value in sorted(by_value, reverse=True)]

    def proportional(self, sort: Sort) -> Data:
        scale: Data = {"kind": "proportional"}
        low, middle, high = self.three(sort)
        how = self.rng.randrange(6)
        if how == 0 and sort == "ratio":
            return scale
        if how == 1:
            scale |= {"full_at": middle, "inverse": True}
            return scale | ({"pass_line": high} if chance(self.rng, 50) else {})
        falling = how == 2
        scale |= {"full_at": low, "zero_at": high} if falling else {"full_at": high}
        if not falling and chance(self.rng, 60):
            scale["zero_at"] = low
        if chance(self.rng, 40):
            scale["pass_line"] = middle
        if how == 3:
            scale[self.rng.choice(("full_at", "zero_at", "pass_line"))] = self.write.number(sort, 1)
        return scale

    def three(self, sort: Sort) -> list[str]:
        """Three different cuts above 0 but for the lowest, upward."""
        while True:
            cuts = self.cuts(sort, 8)
            if len(cuts) >= 3:
                low, middle, high = sorted(self.rng.sample(range(len(cuts)), 3), reverse=True)
                return [cuts[low], cuts[middle], cuts[high]]

    def bands(self, sort: Sort) -> Data:
        bands: list[Data] = []
        cuts = self.cuts(sort, 5) if chance(self.rng, 95) else []
        for place, cut in enumerate(cuts):
            form = self.rng.choice(("at_least", "above"))
            text: str = cut if chance(self.rng, 94) else self.write.number(sort, 1)
            if form == "at_least" and text == cut and chance(self.rng, 20):
                bands.append({"above": cut, "award": self.award(place, len(cuts) + 1)})
            bands.append({form: text, "award": self.award(place, len(cuts) + 1)})
        bands.append({"award": self.award(len(cuts), len(cuts) + 1)})
        for band in bands[1:-1]:
            if chance(self.rng, 35):
                low, high = self.rng.choice((("60%", "80%"), ("0%", "100%"), ("80%", "95%")))
                points = self.weight and chance(self.rng, 50)
                band["award"] = {"from": self.points(low), "to": self.points(high)} if points else {"from": low, "to": high}
        if chance(self.rng, 30):
            bands[0]["label"] = self.rng.choice(("第一档", {"zh": "第一档", "en": "first"}))
        return {"kind": "bands", "bands": bands}

    def deduct(self, sort: Sort) -> Data:
        per = self.rng.choice(
            ("over", "under", "missing", "occurrence", "period") if sort != "money" else ("over", "under", "missing")
        )
        points: Any = self.rng.choice(("10%", "25%", "0.5", Decimal("0.5"), 1, {"points": "weight / 10"}))
        scale: Data = {"kind": "deduct", "per": per, "points": points}
        steps = {"ratio": ("1%", "5%", "0.1"), "count": ("1", "2", "0.5"), "money": ("1万元", "5000元")}
        if per in ("over", "under", "missing") or chance(self.rng, 40):
            scale["at"] = self.rng.choice(CUTS[sort]) if chance(self.rng, 90) else self.write.number(sort, 1)
        if per in ("over", "under") or chance(self.rng, 30):
            scale["partial_step"] = self.rng.choice(("none", "whole", "pro-rata"))
        if sort != "count" or chance(self.rng, 40):
            scale["step"] = self.rng.choice(steps[sort])
        if chance(self.rng, 40):
            scale["at_most"] = self.rng.choice(("60%", "100%", Decimal("1.5"), {"points": "weight * 0.3"}))
        return scale

    # --------------------------------------------------------------------------------------------- scales of other things

    def miss(self) -> Data:
        points: Any = self.rng.choice(("100%", "30%", 1, {"points": "weight * 20%"}))
        return {"kind": "deduct", "per": "miss", "points": points, "when": self.write.truth()}

    def checklist(self) -> Data:
        count = self.rng.randint(1, 5)
        shares: list[Any] = [None] * count
        if chance(self.rng, 50):
            parts = {1: ["100%"], 2: ["60%", "40%"], 3: ["50%", "30%", "20%"], 4: ["25%"] * 4, 5: ["20%"] * 5}[count]
            shares = [self.points(part) for part in parts] if self.weight and chance(self.rng, 40) else parts
        items: list[Data] = []
        gates = 0
        for place, share in enumerate(shares, 1):
            gate = gates < 2 and chance(self.rng, 20)
            # Gates are simple: each joins the conditions of all items after it, which have to fit a table.
            when = self.write.leaf() if gate or gates else self.write.truth(1)
            item: Data = {"id": f"item_{place}", "label": f"要点{place}", "when": when}
            if share is not None:
                item["award"] = share
            if gate:
                item["gate"] = True
                gates += 1
            items.append(item)
        scale: Data = {"kind": "checklist", "items": items}
        if chance(self.rng, 50):
            scale["mode"] = self.rng.choice(("additive", "subtractive"))
        if chance(self.rng, 50):
            scale["unknown"] = self.rng.choice(("absent", "unmet"))
        return scale

    def levels(self, labels: tuple[str, ...] = LEVELS, ranges: int = 30) -> Data:
        chosen = [{"label": label, "award": self.award(place, len(labels), ranges)} for place, label in enumerate(labels)]
        return {"kind": "levels", "levels": chosen}

    def first_match(self) -> Data:
        count = self.rng.randint(1, 4)
        rows: list[Data] = [{"when": self.write.truth(), "award": self.award(place, count + 1)} for place in range(count)]
        if chance(self.rng, 80):
            rows.append({"award": self.award(count, count + 1)})
        if chance(self.rng, 30):
            rows[0]["label"] = "第一种情形"
        return {"kind": "first_match", "rows": rows}

    def discretionary(self) -> Data:
        return {"kind": "discretionary"} | ({"award": self.range("50%", "100%")} if chance(self.rng, 50) else {})

    # ---------------------------------------------------------------------------------------------------------- composites

    def parts(self, depth: int = 2) -> Data:
        """Parts with scales of their own, themselves composites up to `depth` deep."""
        rng = self.rng
        count = rng.randint(1, 4)
        weights = self.part_weights(count)
        parts = [self.part(place, weight, depth) for place, weight in enumerate(weights, 1)]
        scale: Data = {"kind": "parts", "parts": parts}
        if chance(rng, 75):
            scale["combine"] = rng.choice(("sum", "weighted", "mean", "max", "min"))
        return scale

    def part_weights(self, count: int) -> list[Any]:
        """None, shares, points or formulas that make the whole; now and then one that only the record knows."""
        rng = self.rng
        shares = {1: ["100%"], 2: ["60%", "40%"], 3: ["50%", "30%", "20%"], 4: ["40%", "25%", "25%", "10%"]}[count]
        how = rng.randrange(10)
        if how < 3:
            return [None] * count
        if how < 5 and self.weight:
            points = [self.points(share) for share in shares[1:]]
            return [self.weight - sum(points), *points]
        if how < 7:
            return [rng.choice(({"share": f"{share} * 分值 / weight"}, {"points": f"weight * {share}"})) for share in shares]
        if how < 8:
            return [{"share": f"max(0, min(1, {self.write.ratio(1)}))"}, *shares[1:]]
        return list(shares)

    def part(self, place: int, weight: Any, depth: int) -> Data:
        rng = self.rng
        known = weight if isinstance(weight, Decimal) else Decimal(0)
        inner = replace(self, weight=known, ranges=False)
        part: Data = {"id": f"part_{place}", "label": rng.choice((f"分项{place}", {"zh": f"分项{place}", "en": f"part {place}"}))}
        if weight is not None:
            part["weight"] = weight
        part |= inner.of_part(depth)
        if chance(rng, 85):
            part["absent"] = rng.choice(("zero", "zero", "full", "full", Decimal("1.5"), "error"))
        return part

    def of_part(self, depth: int) -> Data:
        """Measure and scale of a part."""
        rng = self.rng
        how = rng.randrange(100)
        if how < 15 and depth > 1:
            return {"scale": self.parts(depth - 1)}
        if how < 25 and self.shared:
            name, measure = rng.choice(self.shared)
            return {"scale": {"use": name}} | ({} if measure is None else {"measure": measure})
        if how < 33:
            return {"measure": rng.choice(("quality", "质量等次")), "scale": self.of_choice()}
        if how < 38 and self.write.entry:
            return {"measure": rng.choice(("level", "达成程度")), "scale": self.levels()}
        if how < 55:
            return {"scale": rng.choice((self.miss, self.checklist, self.first_match))()}
        if self.write.entry and chance(rng, 40):
            return {"scale": self.of_number("ratio")}
        if self.write.entry and chance(rng, 50):
            measure, of_measure = rng.choice(ENTRY_MEASURES)
            return {"measure": measure, "scale": self.of_number(of_measure)}
        sort: Sort = rng.choice(("ratio", "ratio", "count", "money"))
        return {"measure": self.write.number(sort), "scale": self.of_number(sort)}

    # -------------------------------------------------------------------------------------------------------------- either

    def of_number(self, sort: Sort) -> Data:
        """A scale that reads a number."""
        return self.rng.choice((self.proportional, self.bands, self.deduct))(sort)

    def for_entries(self) -> Data:
        """A scale for a kind of entry."""
        make = self.rng.choice((self.proportional, self.proportional, self.bands, self.deduct, None))
        if make is not None:
            return make("ratio")
        return self.rng.choice(
            (self.miss, self.checklist, self.levels, self.levels, self.first_match, self.discretionary, self.parts, self.parts)
        )()

    def of_choice(self) -> Data:
        """Levels of the input `quality`."""
        return self.levels(tuple(INPUTS["quality"]["choices"]), 20)
