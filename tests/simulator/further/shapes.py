"""Convert the schema of an answer to a table of fields, in the notation of `fields`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from ..dates import written
from ..scheduled_fields import Fields
from .model import Schema

_MILLISECONDS = 10**12


def fields_of(schema: Schema) -> Fields:
    """Return a table of the properties. Objects and lists without documented contents are left out."""
    found = {name: _kind(part) for name, part in schema.get("properties", {}).items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind(schema: Schema) -> Any:
    type_ = schema["type"]
    if type_ == "object":
        return fields_of(schema) or None
    if type_ == "array":
        item = _kind(schema["items"]) if "items" in schema else None
        return None if item is None else [item]
    if type_ == "boolean":
        return "flag"
    choices = [str(choice) for choice in schema.get("enum", ()) if choice != ""]
    if type_ == "number" and not choices:
        return "number"
    if type_ in ("integer", "number"):
        if choices:
            return f"{'int' if type_ == 'integer' else 'number'}:{'|'.join(choices)}"
        return "big" if schema.get("example", 0) > 2**31 else "int"
    return _text(schema, str(schema.get("example", "")), choices)


def _text(schema: Schema, example: str, choices: list[str]) -> str:
    if schema.get("format") == "date-time" and (not example or _is_day(example)):
        return "date"
    if choices:
        return f"one:{'|'.join(choices)}"
    if _is_day(example):
        return "moment" if ":" in example else "day"
    if "@" in example or schema.get("format") == "email":
        return "email"
    if example.startswith("http") or schema.get("format") == "uri":
        return "url"
    if example.endswith("=="):
        return "uuid"
    if example.isdigit() and len(example) > 4:
        return "zip"
    return "id" if len(example) > 15 and " " not in example else "text"


def _is_day(example: str) -> bool:
    return re.match(r"\d{4}-\d\d-\d\d", example) is not None


def at(schema: Schema, moment: datetime) -> Any:
    """Write a time, to the second, in the format of the field's example."""
    example = schema.get("example", "")
    if schema["type"] == "integer":
        return int(moment.timestamp() * 1000) if example > _MILLISECONDS else int(moment.timestamp())
    if example.endswith("+00:00"):
        return moment.isoformat(timespec="milliseconds")
    if re.search(r":\d\d:\d{3}$", example):
        # Such as 2024-03-21 07:09:03:216
        return (moment + timedelta(milliseconds=216)).strftime("%Y-%m-%d %H:%M:%S:216")
    if example and ":" not in example:
        return moment.date().isoformat()
    return written(moment)
