"""Descriptions of columns: each column that needs one has one, and none is stale."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stream_pages import words_of

from tap_zoom.discover import UNKNOWN_FIELDS, schema_of, select
from tap_zoom.streams import BY_NAME, EMITTED
from tap_zoom.streams.model import Stream
from tests.each import for_each
from tests.simulator import SimulatedZoom
from tests.tap import account, catalog_of, run_tap

WORDS = Path(__file__).parent.parent / "tap_zoom" / "words"
EACH = for_each(stream=EMITTED)
LONGEST = 160  # characters, for a database comment or a line of a page
# Names of columns with times, units or listed values. Zoom's files, which list the values, aren't in the repository.
TELLING = re.compile(
    r"(^|_)(duration|size|minutes|seconds|days|time|date|timestamp|period|type|status|direction|permissions|role|level)$"
)


def columns(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and schema of each column, also in objects and lists of objects."""
    for name, part in schema.get("properties", {}).items():
        yield f"{above}{name}", part
        yield from columns(part, f"{above}{name}.")
    if "items" in schema:
        yield from columns(schema["items"], above)


def entries() -> Iterator[tuple[str, str, str]]:
    """Yield the stream, path and description of each entry in the files."""
    for file in sorted(WORDS.iterdir()):
        for names, words in json.loads(file.read_text("utf-8")).items():
            yield from ((name, path, said) for name in names.split() for path, said in words.items())


def needs_words(stream: Stream, path: str, schema: dict[str, Any]) -> bool:
    """True if a column needs a description: all core columns, and others whose name isn't enough."""
    scalar = not {"object", "array", "boolean"} & set(schema["type"])
    return (
        stream.core or path in (*stream.key, *stream.context_columns) or "format" in schema
        or (scalar and TELLING.search(path.rpartition(".")[2]) is not None)
    )  # fmt: skip


@EACH
def test_columns_have_descriptions(stream: Stream) -> None:
    """Core columns include nested ones. In other streams, keys, added columns, times, units and types need one."""
    told = words_of(stream)
    needed = [path for path, schema in columns(schema_of(stream)) if needs_words(stream, path, schema)]
    assert [path for path in needed if path not in told] == []


def test_each_description_has_a_column() -> None:
    """This finds descriptions of fields that Zoom has dropped, and mistyped names."""
    there = {(stream.name, path) for stream in EMITTED for path, _ in columns(schema_of(stream))}
    everywhere = {path for _, path in there} | {UNKNOWN_FIELDS}
    assert [
        entry for entry in entries() if entry[:2] not in there and (entry[0] != "*" or entry[1] not in everywhere)
    ] == []


def test_each_column_is_described_once() -> None:
    """Two descriptions of one column would hide each other."""
    said = [(stream, path) for stream, path, _ in entries()]
    assert [each for each in said if said.count(each) > 1] == []


def test_descriptions_are_short_sentences() -> None:
    """They are shown in a table of columns: one line of plain text, with a period at the end."""
    odd = [said for *_, said in entries() if len(said) > LONGEST or said != said.strip() or not said.endswith(".")]
    assert odd == []
    assert [said for *_, said in entries() if re.search(r"[`*<>|\n]|https?:", said)] == []


def told_in(schema: dict[str, Any]) -> dict[str, str]:
    """Return the descriptions in a schema, by path."""
    return {path: part["description"] for path, part in columns(schema) if "description" in part}


def test_the_catalog_has_descriptions() -> None:
    """They are there for each stream, to help with the selection."""
    found = json.loads(run_tap(None, "--discover", document=True).stdout)
    assert {entry["stream"]: told_in(entry["schema"]) for entry in found["streams"]} == {
        stream.name: words_of(stream) for stream in EMITTED
    }


def test_schema_messages_have_descriptions() -> None:
    """They describe the selected columns, and the column for unknown fields."""
    with SimulatedZoom(account()) as zoom:
        run = run_tap(
            zoom.config(keep_unknown_fields=True),
            catalog=catalog_of("users", users={("properties", "dept"): False}),
            zoom=zoom,
        )
    told = told_in(run.schemas["users"]["schema"])
    assert told.pop(UNKNOWN_FIELDS).startswith("Fields that Zoom sent")
    assert told == {path: said for path, said in words_of(BY_NAME["users"]).items() if path not in ("dept", "host_key")}
    assert "2 Licensed" in told["type"] and told["custom_attributes.value"]


def test_descriptions_are_not_part_of_the_selection() -> None:
    """The state has a digest of the selection. A better description must not make a run start over."""
    assert not any(told_in(schema) for schema in select(None, pytest.fail).values())
