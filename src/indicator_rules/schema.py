"""JSON Schema of rulesets and records, for editors: completion of keys, and faults of form underlined while they are typed.

In: nothing but the classes that read the files. Out: JSON Schema (2020-12). Guaranteed: every file that can be read fits it; what it refuses could not
be read either. What rules mean (names in formulas, sums of weights) is beyond it: that is `indicator-rules check`.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from indicator_rules.record import EvaluationRecord
from indicator_rules.spec import Spec

Kind: TypeAlias = Literal["ruleset", "record"]
KINDS: tuple[Kind, ...] = ("ruleset", "record")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ROOTS: dict[Kind, tuple[type[BaseModel], str]] = {
    "ruleset": (Spec, "评分规则集 ruleset (indicator-rules)"),
    "record": (EvaluationRecord, "填报记录 record (indicator-rules)"),
}
_WITHOUT_ID = ("Goal", "Indicator")
"""Rows that are numbered by their place where they have no id."""


def schema(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a kind of file."""
    model, title = _ROOTS[kind]
    made: dict[str, Any] = _plain(model.model_json_schema())
    for name in _WITHOUT_ID:
        row = made["$defs"].get(name)
        if row is not None:
            row["required"].remove("id")
    # Editors name the schema of a file in the file itself, as `"$schema"` in JSON and as a comment in TOML.
    return {"$schema": DIALECT, **made, "title": title}


def _plain(node: Any) -> Any:
    """Without what files cannot say (null) and what tells nobody anything (titles made of field names, null as a default)."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node:
        forms = [form for form in node["anyOf"] if form != {"type": "null"}]
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        node = {**rest, "anyOf": forms} if len(forms) > 1 else {**rest, **forms[0]}
    if "patternProperties" in node:  # the pattern of an id, and no key that does not fit it
        node = {**node, "additionalProperties": False}
    dropped = [key for key in ("title", "default") if key in node and (key == "title" or node[key] is None)]
    return {key: _children(key, value) for key, value in node.items() if key not in dropped or isinstance(value, dict)}


def _children(key: str, value: Any) -> Any:
    """`properties` and `$defs` hold schemas by name, and one of these names is `title`."""
    if key in ("properties", "$defs", "patternProperties"):
        return {name: _plain(child) for name, child in value.items()}
    return _plain(value)
