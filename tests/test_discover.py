"""The catalog: every stream and field with what a caller needs to select it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
import singer

from tests.simulator import further, truth
from tests.simulator.further.truth import HELD_BACK
from tests.tap import run_tap

KEYS = {**truth.KEYS, **further.KEYS}
Marks = dict[tuple[str, ...], dict[str, Any]]


@cache
def catalog() -> dict[str, dict[str, Any]]:
    """The entries of the catalog, by stream."""
    found = json.loads(run_tap(None, "--discover", document=True).stdout)
    return {entry["tap_stream_id"]: entry for entry in found["streams"]}


def marks(stream: str) -> Marks:
    return {tuple(entry["breadcrumb"]): entry["metadata"] for entry in catalog()[stream]["metadata"]}


def fields(schema: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The breadcrumbs of all fields of a schema."""
    found = []
    for name, part in schema.get("properties", {}).items():
        found += [(*above, "properties", name), *fields(part, (*above, "properties", name))]
    if "items" in schema:
        found += fields(schema["items"], (*above, "items"))
    return found


def test_the_catalog_holds_all_streams() -> None:
    """Each once, users first, and named alike in both ways."""
    assert set(catalog()) == set(KEYS)
    assert next(iter(catalog())) == "users"
    assert all(entry["stream"] == name for name, entry in catalog().items())


def is_asked_by_time(stream: str) -> bool:
    """Whether a stream has windows, or hangs on one that has, by the simulator's own tables."""
    if stream in truth.KEYS:
        return bool(re.search("^report_|_results$|_absentees$", stream))
    if stream in further.HAND_MADE:
        return stream != "user_details"
    known = further.STREAMS[stream]
    return known.window is not None or (known.parent in further.KEYS and is_asked_by_time(known.parent))


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_a_stream_says_how_it_is_replicated_and_keyed(stream: str) -> None:
    """Keys; FULL_TABLE, or by which field it can be read on; selected by default where it is one of the core."""
    of_stream = marks(stream)[()]
    assert of_stream["table-key-properties"] == catalog()[stream]["key_properties"] == list(KEYS[stream])
    assert of_stream.get("forced-replication-method") == (None if is_asked_by_time(stream) else "FULL_TABLE")
    by = of_stream.get("valid-replication-keys", [])
    assert len(by) <= is_asked_by_time(stream) and set(by) <= catalog()[stream]["schema"]["properties"].keys()
    assert of_stream["selected-by-default"] is (stream in truth.KEYS)
    assert of_stream["inclusion"] == "available"


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_every_field_has_its_metadata(stream: str) -> None:
    """Nested ones too: automatic for keys, available for the rest."""
    described = marks(stream)
    assert set(described) == {(), *fields(catalog()[stream]["schema"])}
    for breadcrumb in fields(catalog()[stream]["schema"]):
        key = len(breadcrumb) == 2 and breadcrumb[1] in KEYS[stream]
        assert described[breadcrumb]["inclusion"] == ("automatic" if key else "available")
        secret = breadcrumb[-1] in {*truth.LOGIN_SECRETS, *HELD_BACK.get(stream, ())}
        assert described[breadcrumb]["selected-by-default"] is not secret
        assert "selected" not in described[breadcrumb]


def test_nested_fields_are_there_to_select() -> None:
    """In objects and in lists of objects."""
    assert ("properties", "settings", "properties", "host_video") in marks("meetings")
    assert ("properties", "question_details", "items", "properties", "answer") in marks("meeting_poll_results")


def test_singer_reads_the_catalog() -> None:
    """The library that other Singer tools are made of takes it."""
    read = singer.Catalog.from_dict({"streams": list(catalog().values())})
    assert {stream.tap_stream_id for stream in read.streams} == set(KEYS)


def test_the_catalog_is_the_same_each_time() -> None:
    """Byte for byte, so that callers can cache it."""
    first, second = (run_tap(None, "--discover", document=True).stdout for _ in range(2))
    assert first == second
