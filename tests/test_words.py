"""What columns mean: said for everyone who reads a schema, and kept from becoming stale."""

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
LONGEST = 160  # characters: a database's comment, a line of a page
# What columns of times, units and lists of values are called. Whether Zoom lists values, its files say, which are not here.
TELLING = re.compile(
    r"(^|_)(duration|size|minutes|seconds|days|time|date|timestamp|period|type|status|direction|permissions|role|level)$"
)


def columns(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The path of each column, also of those in objects and in lists of objects, and its schema."""
    for name, part in schema.get("properties", {}).items():
        yield f"{above}{name}", part
        yield from columns(part, f"{above}{name}.")
    if "items" in schema:
        yield from columns(schema["items"], above)


def entries() -> Iterator[tuple[str, str, str]]:
    """Stream, path and words, as often as they stand in the files."""
    for file in sorted(WORDS.iterdir()):
        for names, words in json.loads(file.read_text("utf-8")).items():
            yield from ((name, path, said) for name in names.split() for path, said in words.items())


def needs_words(stream: Stream, path: str, schema: dict[str, Any]) -> bool:
    """Whether a column can't be understood by its name: all of the core is told, of others what one counts with."""
    scalar = not {"object", "array", "boolean"} & set(schema["type"])
    return (
        stream.core or path in (*stream.key, *stream.context_columns) or "format" in schema
        or (scalar and TELLING.search(path.rpartition(".")[2]) is not None)
    )  # fmt: skip


@EACH
def test_columns_have_words(stream: Stream) -> None:
    """All of the core, nested ones too; of the others keys, columns of ours, times, units and kinds."""
    told = words_of(stream)
    needed = [path for path, schema in columns(schema_of(stream)) if needs_words(stream, path, schema)]
    assert [path for path in needed if path not in told] == []


def test_no_words_are_for_a_column_that_is_not_there() -> None:
    """A field that Zoom has dropped takes its words along, and a name that is mistyped is seen."""
    there = {(stream.name, path) for stream in EMITTED for path, _ in columns(schema_of(stream))}
    everywhere = {path for _, path in there} | {UNKNOWN_FIELDS}
    assert [
        entry for entry in entries() if entry[:2] not in there and (entry[0] != "*" or entry[1] not in everywhere)
    ] == []


def test_each_column_is_told_once() -> None:
    """Two sayings of one column would hide each other."""
    said = [(stream, path) for stream, path, _ in entries()]
    assert [each for each in said if said.count(each) > 1] == []


def test_words_are_sentences_and_few() -> None:
    """They stand in a table of columns: one line of plain text, with a point at its end."""
    odd = [said for *_, said in entries() if len(said) > LONGEST or said != said.strip() or not said.endswith(".")]
    assert odd == []
    assert [said for *_, said in entries() if re.search(r"[`*<>|\n]|https?:", said)] == []


def told_in(schema: dict[str, Any]) -> dict[str, str]:
    """The descriptions in a schema, by path."""
    return {path: part["description"] for path, part in columns(schema) if "description" in part}


def test_the_catalog_tells_what_columns_mean() -> None:
    """Whoever selects sees it, of each stream."""
    found = json.loads(run_tap(None, "--discover", document=True).stdout)
    assert {entry["stream"]: told_in(entry["schema"]) for entry in found["streams"]} == {
        stream.name: words_of(stream) for stream in EMITTED
    }


def test_a_target_is_told_what_columns_mean() -> None:
    """In SCHEMA messages, of what is selected; and of the column for what Zoom sends besides."""
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


def test_words_are_no_part_of_what_is_selected() -> None:
    """The state holds a digest of it: a sentence that is put better must not make a run begin anew."""
    assert not any(told_in(schema) for schema in select(None, pytest.fail).values())
