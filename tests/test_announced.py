"""Fields that Zoom sends or has announced but its OpenAPI files lack, and values that other clients have seen."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from make_schemas import announced, at, plain
from stream_pages import words_of

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tests.scripted import ACTIVE, says, scripted
from tests.simulator import Fault
from tests.tap import Run, catalog_of, run_tap

TABLE = json.loads((Path(__file__).parent.parent / "scripts" / "announced.json").read_text("utf-8"))
FIELDS = [(stream, path) for entry in TABLE for stream in entry["streams"] for path in entry["fields"]]
ODD = re.compile("schema lacks|did not fit")


def read(*answers: Fault, streams: tuple[str, ...], **settings: Any) -> Run:
    with scripted(*answers) as zoom:
        since = str((zoom.now - timedelta(days=20)).date())
        return run_tap(zoom.config(start_date=since, **settings), zoom=zoom, catalog=catalog_of(*streams))


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: " ".join(entry["streams"]))
def test_each_entry_has_a_date_and_a_source(entry: dict[str, Any]) -> None:
    """The date is a year, a month or a day. The source says whether the field was seen or announced."""
    assert entry.keys() == {"streams", "fields", "since", "source"} and entry["fields"]
    assert re.fullmatch(r"20\d\d(-\d\d){0,2}", entry["since"])
    assert re.match("(seen|announced): .{20}", entry["source"])


@pytest.mark.parametrize(("stream", "path"), FIELDS)
def test_announced_fields_are_declared_and_described(stream: str, path: str) -> None:
    """The schema declares the field as in announced.json, and has a description of it."""
    place, name = at(schema_of(BY_NAME[stream])["properties"], path)
    assert place[name] == plain(announced(BY_NAME[stream])[path])
    assert path in words_of(BY_NAME[stream])


def test_listed_users_fit_the_schema() -> None:
    """The list has fields that Zoom only documents for single users."""
    user = {
        "id": "u1", "email": "a@x.org", "type": 1, "pmi": 7761234567, "verified": 0, "pic_url": "https://us05web.zoom.us/p/v2/x", "language": "en-US",
        "phone_number": "", "login_types": [1, 100], "status": "active", "created_at": "2026-05-13T06:50:39Z",
    }  # fmt: skip
    run = read(says(ACTIVE, {"users": [user]}), streams=("users",))
    assert run.records["users"] == [user] and not any(map(ODD.search, run.log))


def test_a_single_login_type_becomes_a_list() -> None:
    """Zoom sends a number instead of a list of numbers."""
    run = read(says(ACTIVE, {"users": [{"id": "u1", "login_types": 100}]}), streams=("users",))
    assert run.records["users"] == [{"id": "u1", "login_types": [100]}] and not any(map(ODD.search, run.log))


def test_listed_recordings_fit_the_schema() -> None:
    """The type is a number, an upload has no meeting id, and share_url and timezone are undocumented."""
    with scripted() as zoom:
        start = (zoom.now - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = [
            {"uuid": "b25l", "id": 82400000001, "type": 1, "timezone": "", "share_url": "https://us06web.zoom.us/rec/share/x", "start_time": start},
            {"uuid": "dHdv", "type": 99, "timezone": "Europe/Zurich", "zra_status": "x", "start_time": start},
        ]  # fmt: skip
        zoom.faults.insert(0, says("/v2/users/u1/recordings", {"meetings": rows}))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())),
            zoom=zoom,
            catalog=catalog_of("recordings"),
        )
    assert run.exit_status == 0 and not any(map(ODD.search, run.log))
    assert run.records["recordings"] == [{**row, "type": str(row["type"])} for row in rows]


def held(**more: Any) -> Fault:
    row = {"meeting_uuid": "aGVsZA==", "meeting_id": 111, "type": "Meeting", "start_time": "2999-01-01T00:00:00Z"}
    return says("/v2/report/history_meetings", {"history_meetings": [{**row, **more}]})


@pytest.mark.parametrize(
    ("sent", "out"), [("group_01", ["group_01"]), (["a", "b"], ["a", "b"]), ("", None), (None, None), ([], [])]
)
def test_a_group_of_a_meeting_becomes_a_list(sent: Any, out: Any) -> None:
    """Zoom's own example has a string instead of a list of strings."""
    with scripted() as zoom:
        when = (zoom.now - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        zoom.faults.insert(0, held(start_time=when, group=sent))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())),
            zoom=zoom,
            catalog=catalog_of("history_meetings"),
        )
    [row] = run.records["history_meetings"]
    assert row["group"] == out and not any(map(ODD.search, run.log))


def test_participants_of_earlier_years_fit_the_schema() -> None:
    """Zoom sent an empty attentiveness_score until 2023."""
    person = {
        "id": "p",
        "user_id": "16778240",
        "name": "b",
        "user_email": "",
        "join_time": "2023-01-27T18:47:28Z",
        "attentiveness_score": "",
        "bo_mtg_id": "C0V==",
    }
    with scripted(says("/v2/report/meetings/[^/]+/participants", {"participants": [person]})) as zoom:
        when = (zoom.now - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        zoom.faults.insert(0, held(start_time=when))
        run = run_tap(
            zoom.config(start_date=str((zoom.now - timedelta(days=20)).date())),
            zoom=zoom,
            catalog=catalog_of("report_meeting_participants"),
        )
    assert run.exit_status == 0 and not any(map(ODD.search, run.log))
    assert run.records["report_meeting_participants"] == [
        {**person, "meeting_uuid": "aGVsZA==", "meeting_id": 111, "sequence": 0}
    ]


def test_an_object_of_authentication_options_becomes_a_list() -> None:
    """Zoom sends an object without the parameter `option`, and a list with it."""
    whole = {"authentication_options": {"meeting_authentication": {"meeting_authentication": True}}}
    listed = {"meeting_authentication": True, "authentication_options": [{"id": "a", "name": "Signed in"}]}
    answers = (
        says(r"/v2/users/u1/settings\?option=meeting_authentication", listed),
        says("/v2/users/u1/settings", whole),
    )
    run = read(*answers, streams=("user_settings",))
    options = {row["option"]: row.get("authentication_options") for row in run.records["user_settings"]}
    assert (
        options["default"] == [whole["authentication_options"]]
        and options["meeting_authentication"] == listed["authentication_options"]
    )
    assert run.schemas["user_settings"]["schema"]["properties"]["authentication_options"]["type"] == ["null", "array"]
    assert not any(map(ODD.search, run.log))


REFUSED: dict[str, tuple[str, str, int, int, str]] = {  # stream, path, status, code, message
    "registration is off": ("meeting_registrants", "/v2/meetings/111/registrants", 404, 404, "Registration has not been enabled for this meeting: 111."),
    "the host is gone": ("meeting_registrants", "/v2/meetings/111/registrants", 404, 1001, "User does not exist: u1."),
    "the host's invitation is over": ("meeting_polls", "/v2/meetings/111/polls", 400, 1120, "A valid invitation was not found for this user."),
    "no registration of a webinar": ("webinar_registrants", "/v2/webinars/222/registrants", 404, 404, "Registration has not been enabled."),
    "the host of a webinar is gone": ("webinar_panelists", "/v2/webinars/222/panelists", 404, 1001, "User does not exist: u1."),
    "a user who has not joined": ("user_settings", "/v2/users/u1/settings", 400, 1000, "You can not access settings of users that are still in pending state."),
    "meetings of others are hidden": ("meetings", "/v2/users/u1/meetings", 403, 2306, "Display meetings scheduled for others is off."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_deleted_objects_and_disabled_features_are_empty_answers(name: str) -> None:
    """Exit status 0, no ERROR and no records."""
    stream, path, status, code, message = REFUSED[name]
    webinars = says("/v2/users/u1/webinars", {"webinars": [{"id": 222}]})
    run = read(says(path, {"code": code, "message": message}, status), webinars, streams=("users", stream))
    assert run.exit_status == 0 and run.logged("ERROR") == []
    assert len(run.records["users"]) == 1 and stream not in run.records


def test_webinars_of_zoom_events_are_requested() -> None:
    """include_events_webinar is always sent, in case its default changes. recording_source_type isn't sent."""
    with scripted(says("/v2/users/u1/recordings", {"meetings": []})) as zoom:
        since = str((zoom.now - timedelta(days=20)).date())
        run = run_tap(zoom.config(start_date=since), zoom=zoom, catalog=catalog_of("webinars", "recordings"))
        asked = {request.path: request.query for request in zoom.requests}
    assert run.exit_status == 0
    assert asked["/v2/users/u1/webinars"]["include_events_webinar"] == "true"
    assert "recording_source_type" not in asked["/v2/users/u1/recordings"]


@pytest.mark.parametrize("inside", ["authentication_exception", "breakout_room"])
def test_an_object_without_selected_fields_is_omitted(inside: str) -> None:
    """Also for lists of objects, in the SCHEMA and in records."""
    fields = schema_of(BY_NAME["meetings"])["properties"]["settings"]["properties"][inside]
    way = ("properties", "settings", "properties", inside, *(("items",) if "items" in fields else ()))
    marks = {(*way, "properties", name): False for name in fields.get("items", fields)["properties"]}
    body = {
        "id": 111,
        "settings": {"host_video": True, inside: [{"email": "a@x.org"}] if "items" in fields else {"enable": True}},
    }
    with scripted(says(r"/v2/meetings/111\?", body)) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=True), zoom=zoom, catalog=catalog_of("meetings", meetings=marks))
    settings = run.schemas["meetings"]["schema"]["properties"]["settings"]["properties"]
    assert inside not in settings and "host_video" in settings
    assert run.records["meetings"] == [{"id": 111, "settings": {"host_video": True}}]
    assert not any(map(ODD.search, run.log))


def test_a_top_level_list_without_selected_fields_is_omitted() -> None:
    """The SCHEMA has no column for it."""
    schema = schema_of(BY_NAME["report_meetings"])["properties"]["tracking_fields"]["items"]["properties"]
    marks = {("properties", "tracking_fields", "items", "properties", name): False for name in schema}
    with scripted() as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings", report_meetings=marks))
    assert "tracking_fields" not in run.schemas["report_meetings"]["schema"]["properties"]
