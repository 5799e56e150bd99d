"""Write tap_zoom/schemas/*.json from Zoom's OpenAPI files.

    python scripts/make_schemas.py Meetings.json Users.json

What the table of streams reads is looked up in them by path, so next year's fields are one command away. Where Zoom's
file says less, or other, than Zoom sends, scripts/corrections.json has the last word.
"""

from __future__ import annotations

import json
import re
import sys
from functools import reduce
from pathlib import Path

from openapi import Files, Schema, united, whole

from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import Stream

SCHEMAS = Path(__file__).parent.parent / "tap_zoom" / "schemas"
CORRECTIONS = Path(__file__).with_name("corrections.json")  # stream -> why, fields: path of a field -> schema

# Columns added by the tap that are no texts. Ids of meetings need 64 bits.
INTEGERS = frozenset({"meeting_id", "webinar_id", "sequence"})


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    files = Files(arguments)
    for stream in EMITTED:
        write(stream, files)


def write(stream: Stream, files: Files) -> None:
    """The schema of one stream, into its file."""
    schema = schema_of(stream, files.operation(f"/{stream.path}").answer)
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    (SCHEMAS / f"{stream.name}.json").write_text(text + "\n", encoding="utf-8")


def schema_of(stream: Stream, answer: Schema | None) -> Schema:
    """All fields of the answer's rows, then the columns added by the tap; only the key's types are not nullable."""
    fields = fields_of(stream, whole(answer)) if answer else {}
    properties = {name: plain(part) for name, part in fields.items()}
    added = {name: "integer" if name in INTEGERS else "string" for name in stream.context_columns}
    properties |= {name: nullable({"type": kind}) for name, kind in added.items()}
    corrections = json.loads(CORRECTIONS.read_text(encoding="utf-8")).get(stream.name, {"fields": {}})
    for path, correction in corrections["fields"].items():
        *above, name = path.split(".")
        place = properties
        for part in above:
            place = place[part].get("items", place[part])["properties"]
        place[name] = plain(correction)
    for name in stream.key:
        properties[name] = {**properties[name], "type": next(t for t in properties[name]["type"] if t != "null")}
    first = {name: properties[name] for name in (*stream.key, *stream.context_columns)}
    return {"type": "object", "properties": first | dict(sorted(properties.items()))}


def fields_of(stream: Stream, answer: Schema) -> dict[str, Schema]:
    """The fields of the rows in an answer, and those beside and around them."""
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
    """A schema without descriptions and limits: names, nullable types, and which strings are date-times."""
    found: Schema = {}
    if "properties" in schema:
        found = {"type": ["null", "object"]}
        found["properties"] = {name: plain(part) for name, part in schema["properties"].items()}
    if "items" in schema:  # as well: now an object and now a list
        found["type"] = [*found.get("type", ["null"]), "array"]
        found |= {"items": plain(schema["items"])} if schema["items"] else {}
    if found:
        return found
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
