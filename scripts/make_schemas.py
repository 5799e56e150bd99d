"""Write tap_zoom/schemas/*.json from Zoom's OpenAPI files.

    python scripts/make_schemas.py Meetings.json Users.json

The operation of each stream is looked up by path, so one run with newer files adds new fields. Fields that the files
lack are added from scripts/announced.json, which says where each was seen or announced. If Zoom sends something else
than documented, scripts/corrections.json overrides the files.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

from openapi import Files, Schema, united, whole

from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import NEXT_PAGE, Stream

SCHEMAS = Path(__file__).parent.parent / "tap_zoom" / "schemas"
# Each entry has streams; fields: path of a field -> schema; since: a date; source: where it was seen or announced.
ANNOUNCED = Path(__file__).with_name("announced.json")
CORRECTIONS = Path(__file__).with_name("corrections.json")  # stream -> why; fields: path of a field -> schema

# Columns added by the tap that are integers. Meeting ids need 64 bits.
INTEGERS = frozenset({"meeting_id", "webinar_id", "sequence"})


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    files = Files(arguments)
    for stream in EMITTED:
        write(stream, files)
    for column in documented_by_now(files):
        print(f"{column} is in Zoom's files now: remove it from {ANNOUNCED.name}.", file=sys.stderr)


def write(stream: Stream, files: Files) -> None:
    """Write the schema file of a stream."""
    schema = schema_of(stream, answer_of(stream, files))
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    (SCHEMAS / f"{stream.name}.json").write_text(text + "\n", encoding="utf-8")


def answer_of(stream: Stream, files: Files) -> Schema | None:
    """Return the schema of the answer. None if the answer is a file, which has no schema."""
    return None if stream.text_column else files.operation(f"/{stream.path}").answer


def schema_of(stream: Stream, answer: Schema | None) -> Schema:
    """Return the schema of a stream: key, columns added by the tap, other fields. Only the key isn't nullable."""
    properties = properties_of(stream, answer)
    for path, schema in announced(stream).items():
        place, name = at(properties, path)
        place.setdefault(name, plain(schema))
    properties |= {
        name: nullable({"type": "integer" if name in INTEGERS else "string"}) for name in stream.context_columns
    }
    corrections = json.loads(CORRECTIONS.read_text(encoding="utf-8")).get(stream.name, {"fields": {}})
    for path, correction in corrections["fields"].items():
        place, name = at(properties, path)
        place[name] = plain(correction)
    for name in stream.key:
        properties[name] = {**properties[name], "type": next(t for t in properties[name]["type"] if t != "null")}
    first = {name: properties[name] for name in (*stream.key, *stream.context_columns)}
    return {"type": "object", "properties": first | dict(sorted(properties.items()))}


def properties_of(stream: Stream, answer: Schema | None) -> dict[str, Schema]:
    """Return the documented fields of the rows."""
    fields = fields_of(stream, whole(answer)) if answer else {}
    return {name: plain(part) for name, part in fields.items() if name != NEXT_PAGE}


def announced(stream: Stream) -> dict[str, Schema]:
    """Return the fields of a stream that were seen or announced, by path."""
    entries = json.loads(ANNOUNCED.read_text(encoding="utf-8"))
    mine = (entry["fields"] for entry in entries if stream.name in entry["streams"])
    return {path: schema for fields in mine for path, schema in fields.items()}


def documented_by_now(files: Files) -> Iterator[str]:
    """Yield the announced fields that Zoom's files now contain, as stream.path."""
    for stream in EMITTED:
        properties = properties_of(stream, answer_of(stream, files))
        for path in announced(stream):
            place, name = at(properties, path)
            if name in place:
                yield f"{stream.name}.{path}"


def at(properties: dict[str, Schema], path: str) -> tuple[dict[str, Schema], str]:
    """Return the properties that contain the field at a path ("settings.audio"), and the name of the field."""
    *above, name = path.split(".")
    for part in above:
        properties = properties[part].get("items", properties[part])["properties"]
    return properties, name


def fields_of(stream: Stream, answer: Schema) -> dict[str, Schema]:
    """Return the fields of the rows in an answer, and the fields around them that are copied to each row."""
    if stream.record_lists:
        lists = [answer["properties"][name]["items"] for name in stream.record_lists]
        return dict(reduce(united, lists)["properties"])
    beside: dict[str, Schema] = {}
    for name in stream.records.split(".") if stream.records else ():
        beside |= {each: part for each, part in answer["properties"].items() if each in stream.copied}
        parts = [answer["properties"][each] for each in name.split("|")]
        answer = reduce(united, [part.get("items", part) for part in parts])
        instead = set(stream.key_defaults.values()) - parts[0].get("items", parts[0])["properties"].keys()
        answer = {**answer, "properties": {n: p for n, p in answer["properties"].items() if n not in instead}}
    return {**beside, **answer["properties"]}


def plain(schema: Schema) -> Schema:
    """Return a schema with only names, nullable types and date-time formats. A field that is an object in one form of
    an answer and a list in another becomes a list of objects with the fields of both."""
    if "items" in schema:
        alone = {"type": "object", "properties": schema["properties"]} if "properties" in schema else {}
        items = united(schema["items"], alone)
        return {"type": ["null", "array"], **({"items": plain(items)} if items else {})}
    if "properties" in schema:
        fields = {name: plain(part) for name, part in schema["properties"].items()}
        return {"type": ["null", "object"], "properties": fields}
    kind = schema.get("type", "string")
    if kind == "string" and schema.get("format") == "date-time" and not _is_no_iso_date(schema.get("example")):
        return nullable({"type": "string", "format": "date-time"})
    return nullable({"type": kind})


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": ["null", schema["type"]]}


def _is_no_iso_date(example: object) -> bool:
    return isinstance(example, str) and not re.match(r"\d{4}-\d\d-\d\d", example)


if __name__ == "__main__":
    main(sys.argv[1:])
