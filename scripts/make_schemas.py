"""Write tap_zoom/schemas/*.json from Zoom's OpenAPI files.

    python scripts/make_schemas.py Meetings.json Users.json

Zoom publishes the files under https://developers.zoom.us/api-hub/meetings/methods/endpoints.json (and /users/).
What the table of streams reads is looked up in them by path, so next year's fields are one command away.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import Stream

SCHEMAS = Path(__file__).parent.parent / "tap_zoom" / "schemas"
Schema = dict[str, Any]

# Columns of ours. Ids of meetings need 64 bits.
OURS: dict[str, Schema] = {
    "meeting_id": {"type": "integer"},
    "webinar_id": {"type": "integer"},
    "meeting_uuid": {"type": "string"},
    "webinar_uuid": {"type": "string"},
    "respondent": {"type": "string"},
    "sequence": {"type": "integer"},
}

# Where Zoom's file says less, or other, than Zoom sends: stream -> path of a field -> schema.
CORRECTIONS: dict[str, dict[str, Schema]] = {}


def main(files: list[str]) -> None:
    if not files:
        sys.exit(__doc__)
    paths: dict[str, Any] = {}
    for file in files:
        paths |= json.loads(Path(file).read_text(encoding="utf-8"))["paths"]
    by_shape = {_nameless(path): operations["get"] for path, operations in paths.items() if "get" in operations}
    for stream in EMITTED:
        operation = by_shape.get(_nameless("/" + stream.path))
        if operation is None:
            sys.exit(f"No file given describes GET /{stream.path} ({stream.name}).")
        text = json.dumps(schema_of(stream, operation), indent=2, ensure_ascii=False)
        (SCHEMAS / f"{stream.name}.json").write_text(text + "\n", encoding="utf-8")


def schema_of(stream: Stream, operation: dict[str, Any]) -> Schema:
    """All fields of the answer's rows, then our columns; only the key's types are not nullable."""
    answer = plain(operation["responses"]["200"]["content"]["application/json"]["schema"])
    rows = answer
    if stream.rows:
        rows = answer["properties"][stream.rows]["items"]
    properties = dict(rows["properties"])
    properties |= {name: answer["properties"][name] for name in stream.beside}
    properties |= {name: nullable(OURS[name]) for name in stream.adds}
    for path, correction in CORRECTIONS.get(stream.name, {}).items():
        *above, name = path.split(".")
        place = properties
        for part in above:
            place = place[part].get("items", place[part])["properties"]
        place[name] = nullable(correction)
    for name in stream.key:
        properties[name] = {**properties[name], "type": next(t for t in properties[name]["type"] if t != "null")}
    first = {name: properties[name] for name in (*stream.key, *stream.adds)}
    return {"type": "object", "properties": first | dict(sorted(properties.items()))}


def plain(schema: Schema) -> Schema:
    """A schema without allOf, descriptions and limits: names, nullable types, and which strings are date-times."""
    merged = merge(schema)
    if "properties" in merged:
        return nullable(
            {"type": "object", "properties": {name: plain(part) for name, part in merged["properties"].items()}}
        )
    if "items" in merged:
        return nullable({"type": "array", "items": plain(merged["items"])})
    kind = merged.get("type", "string")
    if kind == "string" and merged.get("format") == "date-time" and not _is_no_iso_date(merged.get("example")):
        return nullable({"type": "string", "format": "date-time"})
    return nullable({"type": kind})


def merge(schema: Schema) -> Schema:
    """allOf, oneOf and anyOf all become one schema that has every field of their parts."""
    merged: Schema = {}
    parts = [merge(part) for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, [])]
    for part in (schema, *parts):
        for word, value in part.items():
            if word == "properties":
                merged["properties"] = {**merged.get("properties", {}), **value}
            elif word not in ("allOf", "oneOf", "anyOf"):
                merged.setdefault(word, value)
    return merged


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": ["null", schema["type"]]} if isinstance(schema["type"], str) else schema


def _is_no_iso_date(example: object) -> bool:
    return isinstance(example, str) and not re.match(r"\d{4}-\d\d-\d\d", example)


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


if __name__ == "__main__":
    main(sys.argv[1:])
