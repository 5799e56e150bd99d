"""The catalog: every stream and field, with the metadata that is needed to select it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
import singer

from tests.each import for_each
from tests.simulator import SimulatedZoom, further, truth
from tests.simulator.further.truth import HELD_BACK
from tests.tap import assert_exact, expected, run_tap

KEYS = {**truth.KEYS, **further.KEYS}
Marks = dict[tuple[str, ...], dict[str, Any]]


@cache
def catalog() -> dict[str, dict[str, Any]]:
    """Return the entries of the catalog by stream."""
    found = json.loads(run_tap(None, "--discover", document=True).stdout)
    return {entry["tap_stream_id"]: entry for entry in found["streams"]}


def marks(stream: str) -> Marks:
    return {tuple(entry["breadcrumb"]): entry["metadata"] for entry in catalog()[stream]["metadata"]}


def fields(schema: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the breadcrumbs of all fields of a schema."""
    found = []
    for name, part in schema.get("properties", {}).items():
        found += [(*above, "properties", name), *fields(part, (*above, "properties", name))]
    if "items" in schema:
        found += fields(schema["items"], (*above, "items"))
    return found


def test_the_catalog_contains_all_streams() -> None:
    """The first one is users. Each has the same `stream` and `tap_stream_id`."""
    assert set(catalog()) == set(KEYS)
    assert next(iter(catalog())) == "users"
    assert all(entry["stream"] == name for name, entry in catalog().items())


def is_asked_by_time(stream: str) -> bool:
    """True if a stream or one of its ancestors has windows, by the simulator's tables."""
    if stream in truth.KEYS:
        return bool(re.search("^report_|_results$|_absentees$", stream))
    if stream in further.HAND_MADE:
        return stream != "user_details"
    known = further.STREAMS[stream]
    return known.window is not None or (known.parent in further.KEYS and is_asked_by_time(known.parent))


@for_each(stream=sorted(KEYS))
def test_streams_declare_their_keys_and_replication(stream: str) -> None:
    """Checks keys, and FULL_TABLE or a replication key. Only core streams are selected by default."""
    of_stream = marks(stream)[()]
    assert of_stream["table-key-properties"] == catalog()[stream]["key_properties"] == list(KEYS[stream])
    assert of_stream.get("forced-replication-method") == (None if is_asked_by_time(stream) else "FULL_TABLE")
    by = of_stream.get("valid-replication-keys", [])
    assert len(by) <= is_asked_by_time(stream) and set(by) <= catalog()[stream]["schema"]["properties"].keys()
    assert of_stream["selected-by-default"] is (stream in truth.KEYS)
    assert of_stream["inclusion"] == "available"


@for_each(stream=sorted(KEYS))
def test_every_field_has_metadata(stream: str) -> None:
    """Includes nested fields. Keys are automatic, others available. Secrets aren't selected by default."""
    described = marks(stream)
    assert set(described) == {(), *fields(catalog()[stream]["schema"])}
    for breadcrumb in fields(catalog()[stream]["schema"]):
        key = len(breadcrumb) == 2 and breadcrumb[1] in KEYS[stream]
        assert described[breadcrumb]["inclusion"] == ("automatic" if key else "available")
        secret = breadcrumb[-1] in {*truth.LOGIN_SECRETS, *HELD_BACK.get(stream, ())}
        assert described[breadcrumb]["selected-by-default"] is not secret
        assert "selected" not in described[breadcrumb]


def test_nested_fields_can_be_selected() -> None:
    """Tests a field of an object, and one of a list of objects."""
    assert ("properties", "settings", "properties", "host_video") in marks("meetings")
    assert ("properties", "question_details", "items", "properties", "answer") in marks("meeting_poll_results")


def test_singer_python_reads_the_catalog() -> None:
    """Other Singer tools are based on this library."""
    read = singer.Catalog.from_dict({"streams": list(catalog().values())})
    assert {stream.tap_stream_id for stream in read.streams} == set(KEYS)


def test_discovery_is_deterministic() -> None:
    """The output is the same byte for byte, so callers can cache it."""
    first, second = (run_tap(None, "--discover", document=True).stdout for _ in range(2))
    assert first == second


# --- --discover --select --------------------------------------------------------------------------------------------


def selected_by(*arguments: str) -> set[str]:
    """Return the streams that these arguments select in the catalog. All others have `selected: false`."""
    run = run_tap(None, "--discover", *arguments, document=True)
    assert (run.exit_status, run.stderr) == (0, "")
    found = {}
    for entry in json.loads(run.stdout)["streams"]:
        [of_stream] = [each["metadata"] for each in entry["metadata"] if not each["breadcrumb"]]
        found[entry["tap_stream_id"]] = of_stream.pop("selected")
        assert of_stream == marks(entry["tap_stream_id"])[()]
    assert set(found) == set(KEYS) and set(found.values()) <= {True, False}
    return {name for name, selected in found.items() if selected}


REPORTS = {name for name in KEYS if name.startswith("report_")}


@pytest.mark.parametrize(
    ("arguments", "streams"),
    [
        (["--select", "users"], {"users"}),
        (["--select", "users,recordings"], {"users", "recordings"}),
        (["--select", " users , recordings ,"], {"users", "recordings"}),
        (["--select=users,recordings,report_*"], {"users", "recordings", *REPORTS}),
        (["--select", "users", "--select", "recordings"], {"users", "recordings"}),
        (["--select", "users,users", "--select", "u?ers"], {"users"}),
        (["--select", "core"], set(truth.KEYS)),
        (["--select", "core,recordings"], {*truth.KEYS, "recordings"}),
        (["--select", "[gr]ro*,roles"], {"roles"} | {name for name in KEYS if re.match("[gr]ro", name)}),
        (["--select", "*"], set(KEYS)),
    ],
)
@pytest.mark.few(5)
def test_only_the_named_streams_are_selected(arguments: list[str], streams: set[str]) -> None:
    """--select takes names, shell patterns and the word core, in one or more lists. Nothing else changes."""
    assert selected_by(*arguments) == streams


def test_a_run_reads_the_streams_named_in_select(zoom: SimulatedZoom) -> None:
    """It emits their records, with the fields that are selected by default, and no others."""
    made = json.loads(run_tap(None, "--discover", "--select", "users,webinar_p*", document=True).stdout)
    run = run_tap(zoom.config(), zoom=zoom, catalog=made)
    assert run.exit_status == 0
    wanted = ("users", "webinar_panelists", "webinar_polls", "webinar_poll_results")
    assert_exact({name: expected()[name] for name in wanted}, run.records)
    assert run.logged("WARNING") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recordngs", "'recordngs' (did you mean recordings?)"),
        ("users,Meetings", "'Meetings' (did you mean meetings?)"),
        ("transcripts", "'transcripts' (did you mean meeting_transcripts?)"),
        ("reprot_*", "'reprot_*' (did you mean report_"),
        ("cor", "'cor' (did you mean "),
        ("users,qqq,meetins", "'qqq', 'meetins' (did you mean meetings?)"),
        ("", "--select names no stream"), (",", "--select names no stream"),
    ],
)  # fmt: skip
def test_an_unknown_stream_name_is_a_usage_error(text: str, said: str) -> None:
    """Exit status 2, no catalog, and a CRITICAL line with all unknown names and similar stream names."""
    run = run_tap(None, "--discover", "--select", text)
    assert (run.exit_status, run.stdout) == (2, "")
    assert said in run.critical and "--about" in run.critical


@pytest.mark.parametrize(
    "arguments", [["--select", "users"], ["--test", "--select", "users"], ["--about", "--select", "users"]]
)
def test_select_requires_discover(arguments: list[str]) -> None:
    """The exit status is 2, because other modes would ignore --select."""
    run = run_tap(None, *arguments)
    assert (run.exit_status, run.stdout) == (2, "")
    assert "--select requires --discover" in run.critical
