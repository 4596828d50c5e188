"""评分标准 in words, read where the words leave no choice.

In: what a table says of one criterion. Out: a `Reading`, or None: then a person has to write the rule. Three forms are read, and only if the whole text is of that form:
「每发现一处…扣N分，扣完为止」; and, where the text spells the ratio (`预算执行率＝实际支出÷全年预算数×100%`, of sums that a record has), 「按比例得分」 and bands of
which each boundary is said to belong to one side (「90%（含）以上得5分，80%（含）–90%得3分，80%以下不得分」).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

_SUMS = {
    "budget.spent": ("实际支出", "实际支出数", "实际支出资金", "实际支出金额", "全年执行数", "预算执行数", "实际执行数"),
    "budget.received": ("实际到位", "实际到位资金", "实际到位数", "资金到位数"),
    "budget.adjusted": ("全年预算数", "调整预算数", "调整后预算数", "全年预算"),
    "budget.initial": ("年初预算数", "年初预算"),
}
"""What the words mean as a key of the record; 预算数 alone may be either of two."""
_SUM_OF = {name: path for path, names in _SUMS.items() for name in names}
_RATIO = re.compile(r"([一-龥]{2,12}率)=[(（]?([一-龥]{2,10})[/÷]([一-龥]{2,10})[)）]?[×x*]100%")
_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,4})?"
_OCCURRENCE = re.compile(
    rf"每(?:发现|出现|发生|存在|有)(?:一|1)[次处项个起例笔件](?P<what>[^,;。扣\d]{{0,40}}),?扣(?P<points>{_NUMBER})分(?:[,;]?(?:扣完为止|直至扣完|直至扣完为止))?。?"
)
_IN_PROPORTION = re.compile(
    r"(?:得分=)?(?:(?:指标)?(?:按|根据)?(?P<rate>[一-龥]{2,12}率)(?:×|乘以)(?:该|本)?(?:项)?(?:指标)?(?:分值|满分|权重)(?:计分|得分)?|按(?P<other>[一-龥]{2,12}率)(?:按)?(?:比例)?(?:计分|得分)|按比例(?:计分|得分))。?"
)
_MARK = r"(?:\((?:不?含)\))?"
_BAND = re.compile(
    rf"(?:(?P<rate>[一-龥]{{2,12}}率))?(?:为|在)?(?:(?P<low>{_NUMBER})%(?P<low_mark>{_MARK})[-~—–至到](?P<high>{_NUMBER})%(?P<high_mark>{_MARK})(?:之间)?(?:的)?"
    rf"|(?P<sign>≥|>|≤|<|达到|大于等于|不低于|大于|超过|高于|低于|小于|不足|不满)?(?P<one>{_NUMBER})%(?P<one_mark>{_MARK})(?P<side>及?以上|及?以下)?(?P<side_mark>{_MARK})(?:的)?)"
    rf"[,:]?(?:(?:得|计|给)?(?P<points>{_NUMBER})分|(?P<full>得?满分)|(?P<none>不得分|不计分))"
)
_AT_LEAST = {"≥", "达到", "大于等于", "不低于"}
_ABOVE = {">", "大于", "超过", "高于"}
_BELOW = {"<", "低于", "小于", "不足", "不满"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule: its scale as plain data, and the value that it reads, which is a ratio (`measure`, a formula) or a count that is asked for (`counted`, its label)."""

    scale: Mapping[str, Any]
    label: str
    measure: str = ""
    counted: bool = False


def reading(standard: str, explained: str, weight: Decimal) -> Reading | None:
    """The rule that `standard` states; `explained` is what else the table says of the criterion."""
    said = _plain(standard)
    if match := _OCCURRENCE.fullmatch(said):
        points = Decimal(match["points"])
        if 0 < points <= weight:
            counted = {"kind": "deduct", "per": "occurrence", "points": points}
            return Reading(counted, match["what"] or "", counted=True)
        return None
    ratio = _ratio(_plain(explained) + "\n" + said)
    if ratio is None:
        return None
    rule = _RATIO.sub("", said).strip(",;。:")
    scale = _proportional(rule, ratio) or _bands(rule, ratio, weight)
    return None if scale is None else Reading(scale, ratio.label, ratio.formula)


class _Ratio(NamedTuple):
    label: str
    formula: str


def _plain(text: str) -> str:
    """Half width, without blanks: ％ is %, （含） is (含)."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _ratio(text: str) -> _Ratio | None:
    """The ratio that the text spells, if it spells one and only one."""
    found = {_Ratio(name, f"{_SUM_OF[top]} / {_SUM_OF[bottom]}") for name, top, bottom in _RATIO.findall(text)
             if top in _SUM_OF and bottom in _SUM_OF and _SUM_OF[top] != _SUM_OF[bottom]}  # fmt: skip
    return found.pop() if len(found) == 1 and len(_RATIO.findall(text)) == 1 else None


def _proportional(rule: str, ratio: _Ratio) -> dict[str, Any] | None:
    match = _IN_PROPORTION.fullmatch(rule)
    named = (match["rate"] or match["other"] or ratio.label) if match else ""
    return {"kind": "proportional"} if named and _same(named, ratio) else None


def _same(named: str, ratio: _Ratio) -> bool:
    """执行率 is said for 预算执行率."""
    return ratio.label.endswith(named)


class _Band(NamedTuple):
    """`low` and `high` are percentages; `low_in`, `high_in`: 2 said to belong to the band, 1 by custom (以上, 以下), 0 nothing said, -1 said not to."""

    low: Decimal | None
    low_in: int
    high: Decimal | None
    high_in: int
    points: Decimal


def _bands(rule: str, ratio: _Ratio, weight: Decimal) -> dict[str, Any] | None:
    parts = [
        part
        for part in re.split(
            r"[,;。](?=[一-龥]{0,14}?(?:[≥>≤<]|达到|大于|不低于|超过|高于|低于|小于|不足|不满)?[0-9.]+%)|[;。]", rule
        )
        if part
    ]
    found = [_BAND.fullmatch(part.strip(",;。")) for part in parts]
    if len(found) < 2 or not all(found):
        return None
    bands = [_band(match, weight) for match in found if match is not None]
    if any(match is not None and match["rate"] and not _same(match["rate"], ratio) for match in found):
        return None
    rows: list[dict[str, Any]] = []
    for above, below in pairwise(bands):
        key = _boundary(above, below)
        if key is None or not above.points > below.points:
            return None
        rows.append({key: f"{above.low}%", "award": above.points})
    if bands[0].high is not None and not (bands[0].high == 100 and bands[0].high_in >= 0):
        return None
    last = bands[-1]
    if last.low is not None or bands[0].points > weight:
        return None
    return {"kind": "bands", "bands": [*rows, {"award": last.points}]}


def _band(match: re.Match[str], weight: Decimal) -> _Band:
    points = Decimal(match["points"]) if match["points"] else weight if match["full"] else Decimal(0)
    if match["low"]:
        return _Band(Decimal(match["low"]), _mark(match["low_mark"]), Decimal(match["high"]), _mark(match["high_mark"]), points)
    one, said = Decimal(match["one"]), _mark(match["one_mark"]) or _mark(match["side_mark"])
    sign, side = match["sign"] or "", match["side"] or ""
    if sign in _AT_LEAST and not side:
        return _Band(one, said or 2, None, 0, points)
    if sign in _ABOVE and not side:
        return _Band(one, said or -1, None, 0, points)
    if sign in _BELOW and not side:
        return _Band(None, 0, one, said or -1, points)
    if sign == "≤" and not side:
        return _Band(None, 0, one, said or 2, points)
    if not sign and side.endswith("以上"):
        return _Band(one, said or (2 if side == "及以上" else 1), None, 0, points)
    if not sign and side.endswith("以下"):
        return _Band(None, 0, one, said or (2 if side == "及以下" else 1), points)
    return _Band(None, 0, None, 0, points)  # a single value is no band: no boundary will fit


def _mark(text: str | None) -> int:
    return 0 if not text else -1 if "不含" in text else 2


def _boundary(above: _Band, below: _Band) -> str | None:
    """`at_least` or `above`: to which band the value between the two belongs; None if the words leave it open."""
    if above.low is None or above.low != below.high:
        return None
    first, second = above.low_in, below.high_in
    if first > 0 >= second or (first == 2 and second == 1) or (first == 0 and second == -1):
        return "at_least"
    if (second == 2 and first <= 1) or (second == 0 and first == -1):
        return "above"  # 「80%以下」 alone may or may not be meant to hold the 80%
    return None
