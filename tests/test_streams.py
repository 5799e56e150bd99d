"""The table of streams and the schemas fit each other."""

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
    """Every schema of a field, at any depth."""
    parts = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [leaf for part in parts for leaf in [part, *leaves(part)]]


@EACH
def test_what_means_nothing_here_is_said_in_words(stream: Stream) -> None:
    """The table at the end of a run has room for a few."""
    assert all(re.fullmatch("[a-z ]{4,22}", nothing.reason) for nothing in stream.empty_answers)


def test_names_are_the_ones_that_users_know_and_stand_once() -> None:
    """The core streams, with the keys that were promised."""
    assert len(BY_NAME) == len(STREAMS)
    assert {stream.name: stream.key for stream in EMITTED} == {**truth.KEYS, **further.KEYS}
    assert {stream.name for stream in EMITTED if stream.core} == set(truth.KEYS)


def test_each_stream_is_in_one_part() -> None:
    """What a person reads is grouped by these; the first is what is selected by default, with what leads to it."""
    assert sorted(stream.name for part in PARTS.values() for stream in part) == sorted(BY_NAME)
    assert {stream.name for stream in PARTS["Core"] if stream.emitted} == {
        stream.name for stream in EMITTED if stream.core
    }


def test_there_is_a_schema_for_each_emitted_stream_and_no_other() -> None:
    """No orphan file, none missing."""
    assert {path.stem for path in SCHEMAS.iterdir()} == {stream.name for stream in EMITTED}


@EACH
def test_placeholders_come_from_the_parent(stream: Stream) -> None:
    """Nothing in a path that what it hangs on does not have."""
    assert set(re.findall(r"{(\w+)}", stream.path)) <= stream.parent.ids.keys()


@EACH
def test_parents_come_before_children(stream: Stream) -> None:
    """Something earlier in the table leads to what a stream is asked about."""
    if stream.parent is ACCOUNT or stream.name in FALLBACKS | ENRICHERS:
        return
    found_by = [STREAMS.index(finder) for finder, _ in parents_of(stream.parent)]
    assert found_by and min(found_by) < STREAMS.index(stream)


@EACH
def test_an_operation_is_asked_as_zoom_documents_it(stream: Stream) -> None:
    """Path, label, scopes, paging and parameters, against what the simulated account knows of Zoom."""
    if stream.text_column:
        return  # a file, wherever it is
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
    """A target refuses a key that could be null."""
    properties = schema_of(stream)["properties"]
    for name in stream.key:
        assert properties[name]["type"] in ("string", "integer"), name


@EACH_EMITTED
def test_everything_but_the_key_is_nullable(stream: Stream) -> None:
    """Zoom leaves out and nulls what it likes."""
    schema = schema_of(stream)
    for name, part in schema["properties"].items():
        if name not in stream.key:
            assert "null" in part.get("type", ["null"]), name
            assert all("null" in leaf.get("type", ["null"]) for leaf in leaves(part)), name


@EACH_EMITTED
def test_a_schema_is_one_and_refuses_no_field(stream: Stream) -> None:
    """Draft 4, one type beside null but for what is an object or a list, no additionalProperties, formats only on strings."""
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
def test_columns_of_ours_are_in_the_schema(stream: Stream) -> None:
    """What the tap adds is declared; names are distinct even for a target that ignores case."""
    names = list(schema_of(stream)["properties"])
    assert set(stream.context_columns) <= set(names)
    assert len({name.lower() for name in names}) == len(names)


@pytest.fixture(scope="module")
def zoom() -> Iterator[SimulatedZoom]:
    with zoom_with_everything() as zoom:
        yield zoom


@EACH_EMITTED
def test_every_field_of_the_true_records_is_in_the_schema(zoom: SimulatedZoom, stream: Stream) -> None:
    """What an account holds, by the tests' own knowledge, validates."""
    schema = schema_of(stream)
    for record in expected(3, "paged")[stream.name] if stream.core else right(zoom, stream.name)[stream.name]:
        Draft4Validator(schema).validate(record)
        assert record.keys() <= schema["properties"].keys()


def test_schema_files_are_written_as_the_script_writes_them() -> None:
    """Two spaces, a newline at the end, so that a new version of Zoom's files shows as a small difference."""
    for path in SCHEMAS.iterdir():
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path.name
