"""Random scales of all seven kinds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from generate.formulas import CUTS, Formulas, Sort
from generate.vocabulary import INPUTS, Data, chance
from indicator_rules.expression import Number, parse

LEVELS = ("达成", "部分达成", "未达成")
SHARES = ("100%", "95%", "80%", "75%", "60%", "50%", "33.3%", "20%", "0%")


@dataclass(frozen=True)
class Scales:
    """A writer of scales; `weight` is that of the criterion as written, or 0 where only the record knows."""

    rng: Random
    write: Formulas
    weight: Decimal

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
        return self.range(low, high) if low != high and chance(self.rng, ranges) else self.fixed(high)

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

    # -------------------------------------------------------------------------------------------------------------- either

    def of_number(self, sort: Sort) -> Data:
        """A scale that reads a number."""
        return self.rng.choice((self.proportional, self.bands, self.deduct))(sort)

    def for_entries(self) -> Data:
        """A scale for a kind of entry."""
        make = self.rng.choice((self.proportional, self.proportional, self.bands, self.deduct, None))
        if make is not None:
            return make("ratio")
        return self.rng.choice((self.miss, self.checklist, self.levels, self.levels, self.first_match, self.discretionary))()

    def of_choice(self) -> Data:
        """Levels of the input `quality`."""
        return self.levels(tuple(INPUTS["quality"]["choices"]), 20)
