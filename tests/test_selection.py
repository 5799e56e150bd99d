"""Selected streams and fields are emitted completely. Other streams are only requested as parents of selected ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import SimulatedZoom, truth
from tests.simulator.operations import OPERATIONS
from tests.tap import account, assert_exact, catalog_of, expected, key_of, run_tap

USERS = {"/users", "/users/{userId}"}  # pending users are looked up for their id
MEETINGS = USERS | {"/users/{userId}/meetings"}
WEBINARS = USERS | {"/users/{userId}/webinars"}
PAST_MEETINGS = MEETINGS | {"/report/history_meetings", "/past_meetings/{meetingId}/instances"}
PAST_WEBINARS = WEBINARS | {"/report/history_meetings", "/past_webinars/{webinarId}/instances"}
WAYS = {  # by the start of the operation's path
    "users": USERS, "meetings": MEETINGS, "webinars": WEBINARS, "past_meetings": PAST_MEETINGS, "past_webinars": PAST_WEBINARS,
    "report/meetings": PAST_MEETINGS, "report/webinars": PAST_WEBINARS,
}  # fmt: skip
NEEDED = {
    operation.stream: WAYS[operation.template[1:].partition("/{")[0]] | {operation.template}
    for operation in OPERATIONS if operation.stream
}  # fmt: skip


def only(stream: str, **selected: Any) -> dict[str, Any]:
    """Return a catalog with one stream. `selected`: its fields by name, and if each is selected."""
    return catalog_of(stream, **{stream: {("properties", name): mark for name, mark in selected.items()}})


@pytest.mark.parametrize("stream", sorted(truth.KEYS))
@pytest.mark.few(8)
def test_a_single_stream_is_complete_and_requests_nothing_else(stream: str) -> None:
    """Its parents are requested but not emitted."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(stream))
        assert run.exit_status == 0
        assert set(zoom.operations) <= NEEDED[stream]
        assert zoom.violations == []
    assert_exact({stream: expected(3, "paged")[stream]}, run.records)
    assert list(run.schemas) == [stream]
    assert expected(3, "paged")[stream], "the account shows nothing about this stream"


@pytest.mark.parametrize("stream", ["report_webinars", "webinar_panelists"])
def test_pages_without_matching_rows_do_not_end_a_traversal(stream: str) -> None:
    """Such pages occur in every window and for every user."""
    with SimulatedZoom(account(3, "paged"), page_cap=2) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(stream))
        assert run.exit_status == 0
    assert_exact({stream: expected(3, "paged")[stream]}, run.records)


def test_two_streams_are_emitted_without_their_parents() -> None:
    """They are in different traversals. Only their own parents are requested."""
    streams = ("meeting_polls", "webinar_qna_results")
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*streams))
        assert set(zoom.operations) <= NEEDED[streams[0]] | NEEDED[streams[1]]
    assert_exact({stream: expected()[stream] for stream in streams}, run.records)


def test_a_recent_start_date_needs_no_users_for_past_meetings() -> None:
    """The history lists all meetings since that day, so only the history and the reports are requested."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=60)}"
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(start_date=start), zoom=zoom, catalog=catalog_of("report_meetings"))
        assert set(zoom.operations) == {"/report/history_meetings", "/report/meetings/{meetingId}"}
    assert_exact({"report_meetings": truth.expected(account(), start_date=start)["report_meetings"]}, run.records)


def test_a_deselected_field_is_in_neither_schema_nor_record(zoom: SimulatedZoom) -> None:
    """The other fields don't change."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=only("users", email=False, custom_attributes=False))
    assert not {"email", "custom_attributes"} & run.schemas["users"]["schema"]["properties"].keys()
    right = [
        {name: value for name, value in record.items() if name not in ("email", "custom_attributes")}
        for record in expected()["users"]
    ]
    assert_exact({"users": right}, run.records)


def test_deselected_keys_are_emitted(zoom: SimulatedZoom) -> None:
    """`inclusion: automatic` overrides `selected: false`."""
    key = truth.KEYS["report_meeting_participants"]
    catalog = only("report_meeting_participants", **dict.fromkeys(key, False))
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    assert set(key) <= run.schemas["report_meeting_participants"]["schema"]["properties"].keys()
    assert_exact({"report_meeting_participants": expected()["report_meeting_participants"]}, run.records)


def test_a_field_inside_an_object_can_be_deselected(zoom: SimulatedZoom) -> None:
    """settings.host_video is left out. The rest of settings is emitted."""
    inside = ("properties", "settings", "properties", "host_video")
    catalog = catalog_of("meetings", meetings={inside: False})
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    settings = run.schemas["meetings"]["schema"]["properties"]["settings"]["properties"]
    assert "host_video" not in settings
    assert len(settings) > 5
    right = []
    for record in expected()["meetings"]:
        kept = {name: value for name, value in (record.get("settings") or {}).items() if name != "host_video"}
        right.append({**record, "settings": kept} if record.get("settings") is not None else record)
    assert right != expected()["meetings"], "the account shows nothing about this field"
    assert_exact({"meetings": right}, run.records)


def test_a_field_inside_a_list_of_objects_can_be_deselected(zoom: SimulatedZoom) -> None:
    """The breadcrumb contains `items`."""
    inside = ("properties", "question_details", "items", "properties", "answer")
    run = run_tap(
        zoom.config(), zoom=zoom, catalog=catalog_of("meeting_poll_results", meeting_poll_results={inside: False})
    )
    records = {key_of("meeting_poll_results", record): record for record in run.records["meeting_poll_results"]}
    details = [detail for record in records.values() for detail in record["question_details"]]
    right = [detail for record in expected()["meeting_poll_results"] for detail in record["question_details"]]
    assert any("answer" in detail for detail in right)
    assert len(details) == len(right)
    assert not any("answer" in detail for detail in details)
    assert all("question" in detail for detail in details)


def test_a_deselected_object_deselects_its_fields(zoom: SimulatedZoom) -> None:
    """This includes fields that are selected themselves."""
    marks = {("properties", "settings"): False, ("properties", "settings", "properties", "host_video"): True}
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meetings", meetings=marks))
    assert "settings" not in run.schemas["meetings"]["schema"]["properties"]
    assert all("settings" not in record for record in run.records["meetings"])


def test_respondent_does_not_need_email_and_name_to_be_selected(zoom: SimulatedZoom) -> None:
    """Keys that the tap adds are computed from the row, not from the record."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=only("meeting_poll_results", email=False, name=False))
    right = [
        {name: value for name, value in record.items() if name not in ("email", "name")}
        for record in expected()["meeting_poll_results"]
    ]
    assert_exact({"meeting_poll_results": right}, run.records)


def test_login_secrets_are_only_emitted_if_selected(zoom: SimulatedZoom) -> None:
    """start_url isn't selected by default. host_key can be selected, but is never requested."""
    default = run_tap(zoom.config(), zoom=zoom)
    assert "start_url" not in default.schemas["meetings"]["schema"]["properties"]
    assert "host_key" not in default.schemas["users"]["schema"]["properties"]
    for stream in ("meetings", "webinars"):
        chosen = run_tap(zoom.config(), zoom=zoom, catalog=only(stream, start_url=True))
        assert "start_url" in chosen.schemas[stream]["schema"]["properties"]
        assert any(record.get("start_url") for record in chosen.records[stream])
    chosen = run_tap(zoom.config(), zoom=zoom, catalog=only("users", host_key=True))
    assert "host_key" in chosen.schemas["users"]["schema"]["properties"]
    asked = [request.query.get("include_fields", "") for request in zoom.requests if request.path == "/v2/users"]
    assert asked and all("host_key" not in fields for fields in asked)


def test_properties_is_an_alias_of_catalog(zoom: SimulatedZoom, tmp_path: Path) -> None:
    """--properties FILE does what --catalog FILE does."""
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(only("users", email=False)), encoding="utf-8")
    runs = [run_tap(zoom.config(), option, path, zoom=zoom) for option in ("--catalog", "--properties")]
    assert [line for line in runs[0].without_times if "RECORD" in line] == [
        line for line in runs[1].without_times if "RECORD" in line
    ]
    assert "email" not in runs[1].records["users"][0]


def test_selected_by_default_applies_if_selected_is_missing(zoom: SimulatedZoom) -> None:
    """`selected`, else `selected-by-default`, else true."""
    mark = {
        "users": {"selected-by-default": False},
        "meetings": {},
        "webinars": {"selected": True, "selected-by-default": False},
        "report_meetings": {"selected": False, "selected-by-default": True},
    }
    streams = [
        {"tap_stream_id": name, "metadata": [{"breadcrumb": [], "metadata": marks}]} for name, marks in mark.items()
    ]
    run = run_tap(zoom.config(), zoom=zoom, catalog={"streams": streams})
    assert set(run.schemas) == {"meetings", "webinars"}


def test_a_catalog_only_selects(zoom: SimulatedZoom) -> None:
    """Schemas and keys come from the tap, not from the catalog."""
    catalog = only("users")
    catalog["streams"][0] |= {"schema": {"properties": {"id": {"type": "boolean"}}}, "key_properties": ["email"]}
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    assert run.schemas["users"]["key_properties"] == ["id"]
    assert_exact({"users": expected()["users"]}, run.records)


def from_discovery(*streams: str) -> dict[str, Any]:
    """Return the tap's own catalog, with these streams selected."""
    found: dict[str, Any] = json.loads(run_tap(None, "--discover", "--select", ",".join(streams), document=True).stdout)
    return found


def entry_of(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    entry: dict[str, Any] = next(each for each in catalog["streams"] if each["tap_stream_id"] == stream)
    return entry


def differences(zoom: SimulatedZoom, catalog: dict[str, Any]) -> list[str]:
    """Return the warnings about keys and types. Checks that the run is complete."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    assert run.exit_status == 0
    assert_exact({name: expected()[name] for name in ("users", "meeting_polls")}, run.records)
    return [line for line in run.logged("WARNING") if "differ" in line]


def test_other_keys_and_types_in_a_catalog_are_one_warning(zoom: SimulatedZoom) -> None:
    """It names the selected streams and fields that differ, at any depth. The tap uses its own keys and types."""
    catalog = from_discovery("users", "meeting_polls")
    assert differences(zoom, catalog) == []
    users, polls = entry_of(catalog, "users"), entry_of(catalog, "meeting_polls")
    users["key_properties"] = ["email"]
    users["schema"]["properties"]["dept"]["type"] = ["null", "integer"]
    del users["schema"]["properties"]["created_at"]["format"]
    polls["schema"]["properties"]["questions"]["items"]["properties"]["name"]["type"] = "boolean"
    entry_of(catalog, "webinars")["key_properties"] = []  # not selected
    [line] = differences(zoom, catalog)
    for where in ("users (key)", "users.dept", "users.created_at", "meeting_polls.questions.name"):
        assert where in line
    assert "webinars" not in line and "--discover" in line


def test_table_key_properties_in_the_metadata_are_compared(zoom: SimulatedZoom) -> None:
    """Meltano's metadata rules set them."""
    catalog = from_discovery("users", "meeting_polls")
    entry_of(catalog, "users")["metadata"][0]["metadata"]["table-key-properties"] = ["id", "email"]
    [line] = differences(zoom, catalog)
    assert "users (key)" in line


def test_many_differences_are_one_short_warning(zoom: SimulatedZoom) -> None:
    """It names the first five, and says how many more there are."""
    catalog = from_discovery("users", "meeting_polls")
    properties = entry_of(catalog, "users")["schema"]["properties"]
    for part in properties.values():
        part["type"] = "null"
    [line] = differences(zoom, catalog)
    assert re.search(r"(users\.\w+, ){4}users\.\w+ and \d+ more\.", line)


@pytest.mark.parametrize(
    "schema", [None, [], "x", {}, {"properties": None}, {"properties": {"dept": 7, "email": {"anyOf": []}}}]
)
@pytest.mark.few(2)
def test_an_empty_or_invalid_schema_in_a_catalog_is_ignored(schema: Any, zoom: SimulatedZoom) -> None:
    """It isn't compared, so there is no warning."""
    catalog = from_discovery("users", "meeting_polls")
    entry_of(catalog, "users")["schema"] = schema
    assert differences(zoom, catalog) == []


@pytest.mark.parametrize("catalog", [{"streams": []}, catalog_of()])
def test_nothing_selected_is_a_warning(zoom: SimulatedZoom, catalog: dict[str, Any]) -> None:
    """Exit status 0, and no request is sent."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    assert run.exit_status == 0
    assert run.records == {}
    assert any("selected" in line for line in run.logged("WARNING"))
    assert zoom.requests == []


def test_unknown_streams_and_fields_are_a_warning(zoom: SimulatedZoom) -> None:
    """The WARNING lines name them. The run ignores them."""
    catalog = only("users", shoe_size=True)
    catalog["streams"].append({"tap_stream_id": "shoes", "metadata": []})
    run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
    assert run.exit_status == 0
    assert any("'shoes'" in line for line in run.logged("WARNING"))
    assert any("shoe_size" in line for line in run.logged("WARNING"))
    assert_exact({"users": expected()["users"]}, run.records)


def _twice(catalog: dict[str, Any]) -> Any:
    return {"streams": [*catalog["streams"], catalog["streams"][0]]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda catalog: [],
        lambda catalog: "users",
        lambda catalog: 7,
        lambda catalog: {},
        lambda catalog: {"streams": None},
        lambda catalog: {"streams": {"users": {}}},
        lambda catalog: {"streams": [None]},
        lambda catalog: {"streams": ["users"]},
        lambda catalog: {"streams": [{"metadata": []}]},
        lambda catalog: {"streams": [{"tap_stream_id": 7}]},
        lambda catalog: {"streams": [{"tap_stream_id": "users", "metadata": {}}]},
        lambda catalog: {"streams": [{"tap_stream_id": "users", "metadata": [7]}]},
        lambda catalog: {"streams": [{"tap_stream_id": "users", "metadata": [{"breadcrumb": [[]], "metadata": {}}]}]},
        lambda catalog: {"streams": [{"tap_stream_id": "users", "metadata": [{"breadcrumb": [], "metadata": 1}]}]},
        _twice,
    ],
)
def test_an_invalid_catalog_stops_the_run(zoom: SimulatedZoom, spoil: Callable[[Any], Any], tmp_path: Path) -> None:
    """The CRITICAL line mentions the catalog. The exit status is 1, and no request is sent."""
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(spoil(catalog_of("users"))), encoding="utf-8")
    run = run_tap(zoom.config(), zoom=zoom, catalog=path)
    assert run.exit_status == 1
    assert "catalog" in run.critical
    assert run.stdout == ""
    assert zoom.requests == []


@pytest.mark.parametrize("content", ["", "{", "\x00", '{"streams": [}', "[" * 100_000, "\ufeff{", "1" * 5000])
def test_a_catalog_that_is_not_json_stops_the_run(zoom: SimulatedZoom, content: str, tmp_path: Path) -> None:
    """The CRITICAL line names the file."""
    path = tmp_path / "catalog.json"
    path.write_text(content, encoding="utf-8")
    run = run_tap(zoom.config(), zoom=zoom, catalog=path)
    assert run.exit_status == 1
    assert str(path) in run.critical
    assert zoom.requests == []


def test_a_missing_catalog_stops_the_run(zoom: SimulatedZoom) -> None:
    """The CRITICAL line names the missing file."""
    run = run_tap(zoom.config(), zoom=zoom, catalog="/nowhere/catalog.json")
    assert run.exit_status == 1
    assert "/nowhere/catalog.json" in run.critical
