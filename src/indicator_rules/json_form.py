"""How values may be written that a validator reads into another form: for JSON Schema only, nothing is validated here.

In: what stands beside a type in `spec` and `record_fields` (`Annotated[…, AlsoWritten({"type": "string"})]`). Out: the schema that pydantic makes of
the type, with the other way of writing beside it. So what an editor offers and what is read stand in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class AlsoWritten:
    """Another way to write a value."""

    form: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [dict(self.form), handler(core_schema)]}

    def __hash__(self) -> int:
        return hash(str(self.form))


@dataclass(frozen=True, slots=True)
class OneRow:
    """A list of one may be written as its only row."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        rows = handler(core_schema)
        return {"anyOf": [rows["items"], rows]}
