"""Faults that a hunt found, each with the answers that showed it."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.client import path_of
from tap_zoom.streams import BY_NAME
from tap_zoom.windows import oldest_report_day
from tests.simulator import Fault, SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import Run, account, assert_exact, catalog_of, expected, run_tap

NOW = datetime.now(timezone.utc)
ACTIVE, PENDING, USERS = r"/v2/users\?.*status=active", r"/v2/users\?.*status=pending", r"/v2/users\?"
MEETINGS = catalog_of("users", "meetings")


def says(match: str, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Fault:
    """What Zoom answers whenever it is asked for this."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Fault.answer(status, content, headers, match=match, times=None)


def scripted(*answers: Fault, **how: Any) -> SimulatedZoom:
    """Zoom with one user and one meeting, but for these answers."""
    return SimulatedZoom(
        account(),
        faults=[
            *answers,
            says(ACTIVE, {"users": [{"id": "u1", "email": "a@x.org"}]}),
            says(USERS, {"users": []}),
            says(r"/v2/users/[^/]+/meetings", {"meetings": [{"id": 111}]}),
            says(r"/v2/users/[^/]+/webinars", {"webinars": []}),
            says("/v2/report/history_meetings", {"history_meetings": []}),
            says(r"/v2/report/users/", {"meetings": []}),
            says(r"/v2/meetings/111\?", {"id": 111, "topic": "there"}),
            says("/v2/", {"code": 3001, "message": "Meeting does not exist: 1."}, 404),
        ],
        **how,
    )


def paths(zoom: SimulatedZoom) -> list[str]:
    return [asked.path.removeprefix("/v2/") for asked in zoom.requests]


# --- a run that goes on a day later ---------------------------------------------------------------------------


def test_what_the_reports_list_no_more_is_found_by_its_number() -> None:
    """Stopped before the oldest day was out and resumed a day later: the numbers are read again for what it held."""
    day = oldest_report_day(NOW.date()) - timedelta(days=1)  # the oldest of yesterday's reports
    catalog = catalog_of("report_meetings")
    with scripted(
        says("/past_meetings/111/instances", {"meetings": [{"uuid": "OLD==", "start_time": f"{day}T12:00:00Z"}]}),
        says(r"/v2/report/meetings/OLD%3D%3D$", {"uuid": "OLD==", "id": 111}),
    ) as zoom:
        state = run_tap(zoom.config(), zoom=zoom, catalog=catalog).states[0]
        state["started_at"] = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        everything = {"user_id": "u1", "number": 2**63 - 1, "start_time": "9999", "uuid": ""}
        state["bookmarks"] = {"scheduled": everything, "held": None}
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=state)
    assert run.exit_status == 0
    assert [record["uuid"] for record in run.records["report_meetings"]] == ["OLD=="]
    assert any("numbers are read again" in line for line in run.logged("WARNING"))


# --- errors under HTTP 200 ------------------------------------------------------------------------------------

REGISTRANTS = catalog_of("users", "meetings", "meeting_registrants")


def registrants(body: Any) -> Run:
    with scripted(says("/v2/meetings/111/registrants", body)) as zoom:
        return run_tap(zoom.config(), zoom=zoom, catalog=REGISTRANTS)


@pytest.mark.parametrize(
    "body",
    [{"code": 200}, {"code": "200"}, {"code": 200, "message": "No permission.", "registrants": None}],
    ids=["code", "code as text", "null for the list"],
)
def test_a_refused_stream_is_no_empty_list(body: Any) -> None:
    """No permission under HTTP 200, in each form: the stream ends with an ERROR."""
    run = registrants(body)
    assert run.exit_status == 1
    assert "meeting_registrants" in run.critical
    assert [record["id"] for record in run.records["meetings"]] == [111]


def test_a_code_alone_can_mean_nothing_here() -> None:
    """3001 under HTTP 200 without a message is counted, and is no error."""
    run = registrants({"code": 3001})
    assert run.exit_status == 0
    assert any("x 200/3001" in line or "x 404/3001" in line for line in run.logged("INFO"))


def test_an_error_message_without_a_code_loses_the_item() -> None:
    """It stands in the place of the list, so the list was not read."""
    run = registrants({"error_message": "Something went wrong."})
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 3  # one for each status that is asked for
    assert all("Something went wrong" in line for line in run.logged("ERROR"))


# --- values that drift ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["5", 5.0, "9"])
def test_the_type_of_a_webinar_may_come_as_text(kind: Any) -> None:
    """Where occurrences are found user by user, a webinar is asked about as one."""
    row = {"uuid": "w==", "id": "222", "type": kind, "start_time": (NOW - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    with scripted(
        says("/v2/report/history_meetings", {"code": 200, "message": "No permission."}, 400),
        says(r"/v2/report/users/u1/meetings.*type=past(&|$)", {"meetings": [row]}),
        says(r"/v2/report/webinars/w%3D%3D$", {"uuid": "w==", "id": 222}),
        says("/v2/report/meetings/", {"code": 300, "message": "Cannot access webinar info."}, 400),
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_meetings", "report_webinars"))
    assert run.exit_status == 0
    assert [record["uuid"] for record in run.records["report_webinars"]] == ["w=="]
    assert "report_meetings" not in run.records


def test_a_page_of_users_with_look_ups_keeps_exact_numbers() -> None:
    """Rows with an id and rows without come out as they were sent, beyond what a float can hold."""
    exact = b'"pmi":18446744073709551617,"dept":1.10'
    page = b'{"users":[{"id":"u9","email":"q@x.org",%s},{"email":"p@x.org",%s}]}' % (exact, exact)
    with scripted(says(PENDING, page), says("/v2/users/p%40x.org$", {"id": "u8"})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    found = {record["id"]: (record.get("pmi"), record.get("dept")) for record in run.records["users"]}
    assert found.pop("u1") == (None, None)
    assert set(found) == {"u8", "u9"}
    assert found["u8"] == found["u9"]
    assert found["u8"][1] == "1.10"
    assert found["u8"][0] == 18446744073709551617


def test_a_user_without_id_and_email_is_one_error() -> None:
    """Named once and lost; the others come out."""
    rows = [{"first_name": "x"}, {"id": "u1", "email": "a@x.org"}]
    with scripted(says(ACTIVE, {"users": rows})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 1
    assert "1 record" in run.critical
    assert [record["id"] for record in run.records["users"]] == ["u1"]


def test_an_answer_nested_too_deep_is_one_lost_item() -> None:
    """Deeper than Python goes, with a NUL to be taken out: an ERROR line, and the rest is out."""
    deep = b'{"id":111,"topic":"a\\u0000","settings":' + b'{"a":' * 900 + b"{}" + b"}" * 901
    with scripted(says(r"/v2/users/[^/]+/meetings", {"meetings": [{"id": 111}, {"id": 112}]}),
                  says(r"/v2/meetings/111\?", deep), says(r"/v2/meetings/112\?", {"id": 112})) as zoom:  # fmt: skip
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert "finished_at" in run.states[-1]
    assert 112 in [record["id"] for record in run.records["meetings"]]
    if run.exit_status:
        [error] = run.logged("ERROR")
        assert "meetings/111" in error and "deep" in error


# --- pending users --------------------------------------------------------------------------------------------

INVITED = says(PENDING, {"users": [{"email": f"p{number}@x.org", "status": "pending"} for number in range(3)]})
NO_LOOK_UP = {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read:user:admin]."}


@pytest.mark.parametrize("known", [True, False], ids=["scopes known", "found out on the way"])
def test_an_email_is_never_walked_as_a_user_id(known: bool) -> None:
    """Without the scope to look pending users up they are keyed by e-mail, and nothing is asked about them."""
    scopes = [scope for scope in GRANULAR_SCOPES if not known or scope != "user:read:user:admin"]
    with scripted(INVITED, says(r"/v2/users/p\d%40x.org$", NO_LOOK_UP, 400), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
        asked = [path for path in paths(zoom) if "%40" in path]
    assert run.exit_status == 0
    assert not [path for path in asked if path.count("/") > 1]
    assert bool(asked) is not known
    assert [record["id"] for record in run.records["users"]] == ["u1", "p0@x.org", "p1@x.org", "p2@x.org"]
    assert [record["id"] for record in run.records["meetings"]] == [111]


def test_an_email_with_a_slash_is_encoded_once() -> None:
    """Only UUIDs are encoded twice."""
    assert path_of(BY_NAME["user_lookup"], {"email": "a/b@x.org"}) == "users/a%2Fb%40x.org"
    with scripted(says(PENDING, {"users": [{"email": "a/b@x.org"}]}), says("/v2/users/a%2Fb%40x.org$", {"id": "u8"})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert [record["id"] for record in run.records["users"]] == ["u1", "u8"]


# --- access ---------------------------------------------------------------------------------------------------


def test_skip_leaves_out_occurrences_that_nothing_finds() -> None:
    """Without the scopes of the history and of its fallback: no part of them is passed off as the whole."""
    found = {"history_meetings", "user_past_meetings"}
    scopes = [scope for scope in GRANULAR_SCOPES if scope not in {BY_NAME[name].granular for name in found}]
    lost = {name for name in truth.KEYS if BY_NAME[name].parent.value.startswith("past ")}
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert len(lost) >= 8 and not lost & set(run.schemas)
    for stream in lost:
        assert sum(f"stream {stream} is left out" in line for line in run.logged("WARNING")) == 1
    assert_exact({name: rows for name, rows in expected().items() if name not in lost}, run.records)


def test_the_scopes_of_a_token_answer_may_be_a_list() -> None:
    """A JSON list counts as the words in one text do: what is missing is known before the first record."""
    with scripted() as zoom:
        token = {"access_token": "SECRET-access", "api_url": zoom.url, "scope": ["user:read:admin"]}
        zoom.faults.insert(0, says("/oauth/token", token))
        users = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), secrets=["SECRET-access"])
        assert users.exit_status == 0
        asked = len(zoom.requests)
        both = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=["SECRET-access"])
        assert len(zoom.requests) == asked + 1
    assert both.exit_status == 1
    assert "meeting:read:admin" in both.critical
    assert both.records == {}


@pytest.mark.parametrize("times", [1, 2])
def test_a_new_token_may_be_refused_at_first(times: int) -> None:
    """401/124 in a row on one request: one new token, and time for it to be known to all of Zoom."""
    fault = Fault("401_124", ACTIVE, times=times)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
        assert len(zoom.oauth.grants) == 2
    assert fault.happened == times
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


@pytest.mark.parametrize("body", [b"", b"<html>Moved</html>", b'{"message":"Found"}'], ids=["empty", "HTML", "JSON"])
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_loses_the_item_and_keeps_the_token(status: int, body: bytes) -> None:
    """Whatever its body: asked once, not followed."""
    with SimulatedZoom(account()) as other:
        redirect = says(r"/v2/meetings/111\?", body, status, {"Location": f"{other.url}/v2/meetings/111"})
        with scripted(redirect) as zoom:
            run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
        assert other.requests == []
    assert run.exit_status == 1
    assert redirect.happened == 1
    [error] = run.logged("ERROR")
    assert str(status) in error and "redirect" in error


# --- secrets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["/oauth/token", r"/v2/meetings/111\?"], ids=["login", "API"])
def test_the_clients_credentials_are_hidden_as_the_header_spells_them(place: str) -> None:
    """Base64 of id and secret, without the word Basic before it."""
    with scripted() as zoom:
        echo = b64encode(f"{zoom.account.client_id}:{zoom.account.client_secret}".encode()).decode()
        zoom.faults.insert(0, says(place, {"code": 9999, "reason": f"bad header {echo}", "message": f"bad {echo}"}, 400))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[echo])
    assert run.exit_status == 1
    assert "***" in run.stderr


@pytest.mark.parametrize("before", [260, 280, 290])
def test_a_long_message_is_not_cut_inside_a_secret(before: int) -> None:
    """Half a secret is not known as one, so it would be shown."""
    token = "T0kenSECRETabcdefghijklmnopqrstuvwxyz0123456789"
    with scripted(says(r"/v2/meetings/111\?", {"code": 9999, "message": f"{'x' * before} {token} and more"}, 400)) as zoom:
        zoom.faults.insert(0, says("/oauth/token", {"access_token": token, "api_url": zoom.url}))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[token])
    assert run.exit_status == 1
    assert "T0kenS" not in run.stderr
    assert "x" * before in run.logged("ERROR")[0]


@pytest.mark.parametrize("token", ["abc\ndefghijklmnop", "abc\rdefghijklmnop", "t\u00f6ken-token-token", "\0token-token-token"], ids=ascii)
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    """Control characters, or none of ASCII: the login is refused, in one line, and nothing is asked."""
    with scripted() as zoom:
        zoom.faults.insert(0, says("/oauth/token", {"access_token": token, "api_url": zoom.url}))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[token])
        assert paths(zoom) == ["/oauth/token"]
    assert run.exit_status == 1
    assert "Login refused" in run.critical
    assert run.stdout == ""
