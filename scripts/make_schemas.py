"""Write tap_zoom/schemas/*.json from Zoom's OpenAPI files.

    python scripts/make_schemas.py Meetings.json Users.json

Zoom publishes the files under https://developers.zoom.us/api-hub/meetings/methods/endpoints.json (and /users/).
What the table of streams reads is looked up in them by path, so next year's fields are one command away.
"""

from __future__ import annotations

import json
import re
import sys
from functools import reduce
from pathlib import Path
from typing import Any

from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import Stream

SCHEMAS = Path(__file__).parent.parent / "tap_zoom" / "schemas"
Schema = dict[str, Any]

# Columns of ours that are no texts. Ids of meetings need 64 bits.
INTEGERS = frozenset({"meeting_id", "webinar_id", "sequence"})

# Where Zoom's file says less, or other, than Zoom sends: stream -> path of a field -> schema.
CORRECTIONS: dict[str, dict[str, Schema]] = {
    "archive_files": {"complete_time": {"type": "string", "format": "date-time"}},  # "object"; its example is a time
}

# What answers with a file has no schema: its form stands in the text of the operation.
FILES: dict[str, Schema] = {
    "phone_recording_transcripts": {
        "type": "object",
        "properties": {
            **{name: {"type": "string"} for name in ("type", "recording_id", "meeting_id", "account_id", "host_id")},
            "ver": {"type": "integer"},
            **{name: {"type": "string", "format": "date-time"} for name in ("recording_start", "recording_end")},
            "timeline": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        **{name: {"type": "string"} for name in ("text", "raw_text", "ts", "end_ts")},
                        **{name: {"type": "string"} for name in ("userId", "channelMark")},
                        **{name: {"type": "array"} for name in ("users", "userIds")},
                    },
                },
            },
        },
    }
}


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
    documented = FILES.get(stream.name) or operation["responses"]["200"]["content"]["application/json"]["schema"]
    properties = fields_of(stream, plain(documented))
    properties |= {name: nullable({"type": "integer" if name in INTEGERS else "string"}) for name in stream.adds}
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


def fields_of(stream: Stream, answer: Schema) -> dict[str, Schema]:
    """The fields of the rows in an answer, and those beside and around them."""
    if stream.lists:
        lists = [answer["properties"][name]["items"] for name in stream.lists]
        return dict(reduce(united, lists)["properties"])
    beside: dict[str, Schema] = {}
    for name in stream.rows.split(".") if stream.rows else ():
        beside |= {each: part for each, part in answer["properties"].items() if each in stream.beside}
        parts = [answer["properties"][each] for each in name.split("|")]
        answer = reduce(united, [part.get("items", part) for part in parts])
        instead = set(stream.fallback.values()) - parts[0].get("items", parts[0])["properties"].keys()
        answer = {**answer, "properties": {n: p for n, p in answer["properties"].items() if n not in instead}}
    return {**beside, **answer["properties"]}


def plain(schema: Schema) -> Schema:
    """A schema without allOf, descriptions and limits: names, nullable types, and which strings are date-times."""
    parts = [plain(part) for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, [])]
    if parts:
        rest = {word: value for word, value in schema.items() if word not in ("allOf", "oneOf", "anyOf")}
        return reduce(united, [plain(rest), *parts] if "properties" in rest or "items" in rest else parts)
    merged = schema
    if "properties" in merged:
        return nullable(
            {"type": "object", "properties": {name: plain(part) for name, part in merged["properties"].items()}}
        )
    if "items" in merged:
        return nullable({"type": "array", "items": plain(merged["items"])} if merged["items"] else {"type": "array"})
    kind = merged.get("type", "string")
    if kind == "string" and merged.get("format") == "date-time" and not _is_no_iso_date(merged.get("example")):
        return nullable({"type": "string", "format": "date-time"})
    return nullable({"type": kind})


def united(one: Schema, other: Schema) -> Schema:
    """What either of two schemas admits: every field of both."""
    if "properties" in one and "properties" in other:
        both = one["properties"].keys() & other["properties"].keys()
        same = {name: united(one["properties"][name], other["properties"][name]) for name in both}
        return {**one, "properties": {**one["properties"], **other["properties"], **same}}
    if "items" in one and "items" in other:
        return {**one, "items": united(one["items"], other["items"])}
    if one["type"] == other["type"]:
        return max(one, other, key=len) if "format" not in one or "format" not in other else one
    return {**one, **other, "type": list(dict.fromkeys((*one["type"], *other["type"])))}


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": ["null", schema["type"]]} if isinstance(schema["type"], str) else schema


def _is_no_iso_date(example: object) -> bool:
    return isinstance(example, str) and not re.match(r"\d{4}-\d\d-\d\d", example)


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}|(?<=/)me(?=/)", "{}", path)


if __name__ == "__main__":
    main(sys.argv[1:])
