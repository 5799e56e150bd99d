"""Fields that Zoom sends, or has announced, and that its OpenAPI files lack; and values as clients have seen them."""

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
def test_an_entry_says_since_when_and_where_from(entry: dict[str, Any]) -> None:
    """A year, a month or a day; seen by somebody, or announced by Zoom."""
    assert entry.keys() == {"streams", "fields", "since", "source"} and entry["fields"]
    assert re.fullmatch(r"20\d\d(-\d\d){0,2}", entry["since"])
    assert re.match("(seen|announced): .{20}", entry["source"])


@pytest.mark.parametrize(("stream", "path"), FIELDS)
def test_an_announced_field_is_declared_in_words(stream: str, path: str) -> None:
    """As the table has it, and the words say what it is."""
    place, name = at(schema_of(BY_NAME[stream])["properties"], path)
    assert place[name] == plain(announced(BY_NAME[stream])[path])
    assert path in words_of(BY_NAME[stream])


def test_users_as_zoom_lists_them() -> None:
    """With the fields that it documents for one user only."""
    user = {
        "id": "u1", "email": "a@x.org", "type": 1, "pmi": 7761234567, "verified": 0, "pic_url": "https://us05web.zoom.us/p/v2/x", "language": "en-US",
        "phone_number": "", "login_types": [1, 100], "status": "active", "created_at": "2026-05-13T06:50:39Z",
    }  # fmt: skip
    run = read(says(ACTIVE, {"users": [user]}), streams=("users",))
    assert run.records["users"] == [user] and not any(map(ODD.search, run.log))


def test_one_login_type_is_a_list_of_one() -> None:
    """A number where a list of numbers is declared."""
    run = read(says(ACTIVE, {"users": [{"id": "u1", "login_types": 100}]}), streams=("users",))
    assert run.records["users"] == [{"id": "u1", "login_types": [100]}] and not any(map(ODD.search, run.log))


def test_recordings_as_zoom_lists_them() -> None:
    """Its type as a number, an upload without number and id, share_url and timezone, which no document has."""
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
def test_the_group_of_a_meeting_as_a_text(sent: Any, out: Any) -> None:
    """Zoom's own example has a text where a list of texts is declared."""
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


def test_participants_of_earlier_years() -> None:
    """With the empty score of attention that Zoom sent until 2023."""
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


def test_one_object_for_authentication_options_is_a_list_of_one() -> None:
    """Zoom's forms of one field: an object without a parameter, a list with one."""
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
def test_what_is_gone_or_off_is_no_error(name: str) -> None:
    """Exit status 0 without rows; the table at the end counts it."""
    stream, path, status, code, message = REFUSED[name]
    webinars = says("/v2/users/u1/webinars", {"webinars": [{"id": 222}]})
    run = read(says(path, {"code": code, "message": message}, status), webinars, streams=("users", stream))
    assert run.exit_status == 0 and run.logged("ERROR") == []
    assert len(run.records["users"]) == 1 and stream not in run.records


def test_webinars_of_zoom_events_are_asked_for() -> None:
    """By a parameter of its own, so that another default would change nothing; recordings are listed without one."""
    with scripted(says("/v2/users/u1/recordings", {"meetings": []})) as zoom:
        since = str((zoom.now - timedelta(days=20)).date())
        run = run_tap(zoom.config(start_date=since), zoom=zoom, catalog=catalog_of("webinars", "recordings"))
        asked = {request.path: request.query for request in zoom.requests}
    assert run.exit_status == 0
    assert asked["/v2/users/u1/webinars"]["include_events_webinar"] == "true"
    assert "recording_source_type" not in asked["/v2/users/u1/recordings"]


@pytest.mark.parametrize("inside", ["authentication_exception", "breakout_room"])
def test_an_object_whose_fields_are_all_deselected_goes(inside: str) -> None:
    """Or a list of objects: an empty object is no column."""
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


def test_an_object_goes_with_all_that_is_in_it() -> None:
    """From the innermost one up."""
    schema = schema_of(BY_NAME["report_meetings"])["properties"]["tracking_fields"]["items"]["properties"]
    marks = {("properties", "tracking_fields", "items", "properties", name): False for name in schema}
    with scripted() as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings", report_meetings=marks))
    assert "tracking_fields" not in run.schemas["report_meetings"]["schema"]["properties"]
