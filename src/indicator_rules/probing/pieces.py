"""Plain data of records, changed piece by piece: read at a key path, put there, laid over one another.

In: plain data as a TOML file holds it, key paths whose entries are named by id and whose series are named by day. Out: new data; what comes in is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

Data: TypeAlias = dict[str, Any]
FieldPath: TypeAlias = tuple[str, ...]
"""Key path of a field in a record; entries are named by their ids."""
ABSENT: Final = None


def held(data: Any, path: FieldPath) -> Any:
    """What plain data hold at `path`; of a series, the latest number not after the day that ends the path."""
    for part in path:
        if isinstance(data, list) and data and "date" in data[0]:
            data = next((point["value"] for point in reversed(data) if point["date"].isoformat() <= part), ABSENT)
        elif isinstance(data, list):
            data = next((row for row in data if row.get("id") == part), ABSENT)
        else:
            data = data.get(part) if isinstance(data, Mapping) else ABSENT
    return data


def flat(data: Mapping[str, Any], at: FieldPath = ()) -> dict[FieldPath, Any]:
    """Key path → value of all that plain data hold; entries are named by their ids."""
    found: dict[FieldPath, Any] = {}
    for key, value in data.items():
        rows = value if isinstance(value, list) and all(isinstance(row, Mapping) and "id" in row for row in value) else None
        below = {row["id"]: row for row in rows} if rows is not None else value
        found |= flat(below, (*at, key)) if isinstance(below, Mapping) else {(*at, key): value}
    return found


def changed(data: Mapping[str, Any], path: FieldPath, value: Any) -> Data:
    """`data` with `value` at `path`; without it, for `ABSENT`."""
    first, *rest = path
    below = data.get(first)
    new: Any = value
    if rest and isinstance(below, list):
        new = _series_with(below, date.fromisoformat(rest[0]), value) or ABSENT
    elif rest:
        new = changed(below if isinstance(below, Mapping) else {}, tuple(rest), value)
    return {**{key: one for key, one in data.items() if key != first}, **({} if new is ABSENT else {first: new})}


def _series_with(points: list[Data], day: date, value: Any) -> list[Data]:
    """A series with `value` on a day, or nothing up to it; what it gives on later days stays."""
    if held(points, (day.isoformat(),)) == value:
        return points
    after = day + timedelta(days=1)
    later = held(points, (after.isoformat(),))
    before = [point for point in points if point["date"] < day] if value is not ABSENT else []
    now = [{"date": day, "value": value}] if value is not ABSENT else []
    then = [{"date": after, "value": later}] if later is not ABSENT else []
    return [*before, *now, *then, *(point for point in points if point["date"] > after)]


def merged(base: Mapping[str, Any], fragment: Mapping[str, Any], without: tuple[FieldPath, ...] = ()) -> Data:
    """`fragment` laid over `base`, table by table and entry by entry (by `id`), less what stands at the paths `without`."""
    both: Data = {**base}
    for key, value in fragment.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            both[key] = merged(below, value)
        elif isinstance(value, list) and isinstance(below, list) and all("id" in row for row in (*value, *below)):
            laid = {row["id"]: row for row in value}
            both[key] = [merged(row, laid.pop(row["id"], {})) for row in below]
            both[key] += laid.values()
        else:
            both[key] = value
    for path in without:
        both = _less(both, path)
    return both


def _less(data: Mapping[str, Any], path: FieldPath) -> Data:
    first, *rest = path
    below = data.get(first)
    if isinstance(below, list) and rest:
        name, *inside = rest
        rows = [_less(row, tuple(inside)) if inside and row["id"] == name else row for row in below]
        rows = rows if inside else [row for row in rows if row["id"] != name]
        return {**data, first: rows} if rows else {key: value for key, value in data.items() if key != first}
    if not rest:
        return {key: value for key, value in data.items() if key != first}
    return {**data, first: _less(below, tuple(rest))} if isinstance(below, Mapping) else dict(data)


def put(data: Data, path: FieldPath, value: Any) -> Data:
    """`data` with `value` at `path`; a pick replaces another form of pick."""
    if path[0] == "indicators":
        rows = [changed(row, path[2:], value) if row["id"] == path[1] else row for row in data["indicators"]]
        return {**data, "indicators": rows}
    if path[0] == "assessments":
        return changed(data, path[:-1], ABSENT if value is ABSENT else {path[-1]: value})
    return changed(data, path, value)
