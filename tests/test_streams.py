"""The table of streams and the schemas match."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED, ENRICHERS, FALLBACKS, PARTS, STREAMS, parents_of
from tap_zoom.streams.model import ACCOUNT, Stream
from tests.each import for_each
from tests.everything import right, zoom_with_everything
from tests.simulator import SimulatedZoom, further, truth
from tests.simulator.operations import OPERATIONS
from tests.tap import expected

SCHEMAS = Path(__file__).parent.parent / "tap_zoom" / "schemas"
EACH = for_each(stream=STREAMS)
EACH_EMITTED = for_each(stream=EMITTED)


def leaves(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas of all fields, at any depth."""
    parts = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [leaf for part in parts for leaf in [part, *leaves(part)]]


@EACH
def test_reasons_of_empty_answers_are_short_text(stream: Stream) -> None:
    """They are shown in the table at the end of a run, which has little room."""
    assert all(re.fullmatch("[a-z ]{4,22}", nothing.reason) for nothing in stream.empty_answers)


def test_stream_names_are_unique_and_keys_as_expected() -> None:
    """The emitted streams, their keys and the core streams are those that the simulated account lists."""
    assert len(BY_NAME) == len(STREAMS)
    assert {stream.name: stream.key for stream in EMITTED} == {**truth.KEYS, **further.KEYS}
    assert {stream.name for stream in EMITTED if stream.core} == set(truth.KEYS)


def test_each_stream_is_in_one_part() -> None:
    """Streams are grouped by part in the documentation. Part Core has the streams that are selected by default."""
    assert sorted(stream.name for part in PARTS.values() for stream in part) == sorted(BY_NAME)
    assert {stream.name for stream in PARTS["Core"] if stream.emitted} == {
        stream.name for stream in EMITTED if stream.core
    }


def test_each_emitted_stream_has_a_schema() -> None:
    """No schema file is missing or unused."""
    assert {path.stem for path in SCHEMAS.iterdir()} == {stream.name for stream in EMITTED}


@EACH
def test_placeholders_come_from_the_parent(stream: Stream) -> None:
    """Each placeholder in a path is an id of the stream's parent."""
    assert set(re.findall(r"{(\w+)}", stream.path)) <= stream.parent.ids.keys()


@EACH
def test_parents_come_before_children(stream: Stream) -> None:
    """A stream earlier in the table links to the parent of each stream, except for fallbacks and enrichers."""
    if stream.parent is ACCOUNT or stream.name in FALLBACKS | ENRICHERS:
        return
    found_by = [STREAMS.index(finder) for finder, _ in parents_of(stream.parent)]
    assert found_by and min(found_by) < STREAMS.index(stream)


@EACH
def test_requests_match_the_documented_operation(stream: Stream) -> None:
    """Path, rate limit, scopes, paging and parameters match the operations of the simulated account."""
    if stream.text_column:
        return  # a download, not an operation
    path = re.sub(r"{.*?}|(?<=/)me(?=/)", "{}", f"/{stream.path}")
    [operation] = [each for each in (*OPERATIONS, *further.OPERATIONS) if re.sub(r"{.*?}", "{}", each.template) == path]
    assert operation.label == str(stream.rate_limit)
    assert set(stream.scopes) <= set(operation.scopes)
    assert stream.granular or not any(scope.count(":") > 2 for scope in operation.scopes)
    assert bool(stream.page_size) == ("next_page_token" in operation.parameters)
    assert stream.page_size <= (operation.page or 0)
    days = stream.date_range.params if stream.date_range else {}
    for asks in stream.variants:
        assert {**stream.params, **asks, **days}.keys() <= operation.parameters.keys()


@EACH_EMITTED
def test_keys_are_in_the_schema_and_never_null(stream: Stream) -> None:
    """Targets reject keys that may be null."""
    properties = schema_of(stream)["properties"]
    for name in stream.key:
        assert properties[name]["type"] in ("string", "integer"), name


@EACH_EMITTED
def test_everything_but_the_key_is_nullable(stream: Stream) -> None:
    """Zoom may omit any other field or send null."""
    schema = schema_of(stream)
    for name, part in schema["properties"].items():
        if name not in stream.key:
            assert "null" in part.get("type", ["null"]), name
            assert all("null" in leaf.get("type", ["null"]) for leaf in leaves(part)), name


@EACH_EMITTED
def test_schemas_are_valid_and_allow_other_fields(stream: Stream) -> None:
    """Schemas are valid draft 4 without additionalProperties. A field has one type besides null, unless it may be an
    object or a list. Only strings have a format."""
    schema = schema_of(stream)
    Draft4Validator.check_schema(schema)
    assert schema["type"] == "object"
    for part in [schema, *leaves(schema)]:
        assert part.keys() <= {"type", "properties", "items", "format", "description"}
        types = [part["type"]] if isinstance(part.get("type"), str) else part.get("type", [])
        assert len([each for each in types if each != "null"]) <= 1 or {"properties", "items"} <= part.keys()
        assert part.get("format", "date-time") == "date-time"
        assert "format" not in part or "string" in types


@EACH_EMITTED
def test_columns_added_by_the_tap_are_in_the_schema(stream: Stream) -> None:
    """Column names are distinct, even for a target that ignores case."""
    names = list(schema_of(stream)["properties"])
    assert set(stream.context_columns) <= set(names)
    assert len({name.lower() for name in names}) == len(names)


@pytest.fixture(scope="module")
def zoom() -> Iterator[SimulatedZoom]:
    with zoom_with_everything() as zoom:
        yield zoom


@EACH_EMITTED
def test_every_field_of_the_expected_records_is_in_the_schema(zoom: SimulatedZoom, stream: Stream) -> None:
    """The records that the tests expect from the simulated account are valid."""
    schema = schema_of(stream)
    for record in expected(3, "paged")[stream.name] if stream.core else right(zoom, stream.name)[stream.name]:
        Draft4Validator(schema).validate(record)
        assert record.keys() <= schema["properties"].keys()


def test_schema_files_are_formatted_as_by_the_script() -> None:
    """They have two spaces and a final newline, so a new version of Zoom's files gives a small diff."""
    for path in SCHEMAS.iterdir():
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path.name
