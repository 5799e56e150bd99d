"""Refusals that don't pass: one item is lost, a stream is left out, or the run stops; never silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.simulator import Fault, SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import Run, account, assert_complete, assert_exact, catalog_of, expected, run_tap

STOPPING: dict[str, tuple[int, Any]] = {
    "a JSON 403 without a code": (403, {"message": "Forbidden"}),
    "a JSON 403 in other words": (403, {"error": "access denied"}),
    "an unknown path": (400, {"code": 2300, "message": "This API endpoint is not recognized."}),
    "an unknown path under another status": (404, {"code": 2300, "message": "This API endpoint is not recognized."}),
    "a refused token": (401, {"code": 124, "message": "Invalid access token."}),
    "a refused token without a code": (401, {"message": "Unauthorized"}),
}
LOSING: dict[str, tuple[int, Any]] = {
    "an unknown code": (400, {"code": 9999, "message": "Something new."}),
    "a validation error": (400, {"code": 300, "message": "Validation Failed."}),
    "another status": (405, {"code": 405, "message": "Method not allowed."}),
    "a bare 404": (404, b""),
    "an error under 200": (200, {"code": 9999, "message": "Something new."}),
    "a 403 with a code": (403, {"code": 2305, "message": "Restricted."}),
    "a list that is none": (200, {"participants": "none"}),
    "no object": (200, []),
    "a redirect": (302, {"message": "over there"}),
}
ONE = r"/v2/report/meetings/[^/]+/participants"


@pytest.fixture
def right() -> Iterator[dict[str, Any]]:
    yield {stream: list(records) for stream, records in expected().items()}


def lost_only(run: Run, stream: str) -> int:
    """How many rows of that one stream are missing; every other stream is exact."""
    difference = truth.compare(expected(), run.records)
    others = {name: count for name, count in difference.items() if name not in ("missing", "examples")}
    assert not any(others.values()), difference
    missing = len(expected()[stream]) - len(run.records.get(stream, []))
    assert difference["missing"] == missing
    return missing


@pytest.mark.parametrize("name", STOPPING)
def test_what_concerns_the_whole_account_stops_the_run(name: str) -> None:
    """One CRITICAL line with the status and what to do; the last STATE leads to the rest."""
    status, body = STOPPING[name]
    fault = Fault.answer(status, body, match=ONE, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert run.exit_status == 1
        assert str(status) in run.critical
        assert run.messages[-1]["type"] == "STATE"
        zoom.faults.clear()
        rest = run_tap(zoom.config(), zoom=zoom, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete(expected(), run, rest)


def test_a_token_that_is_never_accepted_is_renewed_once_only() -> None:
    """401/124 for ever: one fresh token, then the run stops and says that the login is refused."""
    with SimulatedZoom(account(), faults=[Fault("401_124", "/v2/", times=None)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert len(zoom.oauth.grants) == 2
    assert run.exit_status == 1
    assert "Login refused" in run.critical


@pytest.mark.parametrize("name", LOSING)
def test_any_other_refusal_of_one_path_loses_that_item(name: str) -> None:
    """An ERROR line names it, the summary does, the rest is whole, and the exit status is 1."""
    status, body = LOSING[name]
    fault = Fault.answer(status, body, match=ONE, times=1)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert fault.happened == 1
    assert run.exit_status == 1
    assert 0 <= lost_only(run, "report_meeting_participants") < len(expected()["report_meeting_participants"])
    errors = run.logged("ERROR")
    assert len(errors) == 1 and "report_meeting_participants" in errors[0]
    assert "1 item" in run.critical
    assert sum("report/meetings/" in line for line in run.log if line.startswith(("INFO ", "ERROR "))) >= 2


def test_a_firewalls_page_about_one_uuid_loses_that_item_only() -> None:
    """403 HTML for ever: named in one ERROR line, everything else is out, exit status 1."""
    uuid = next(held.uuid for held in account().held if held.of.kind == "meeting" and "/" not in held.uuid and held.people > 1)
    path = quote(uuid, safe="")
    fault = Fault("html_403", rf"/report/meetings/{path}/participants", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert fault.happened > 1
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert path in error
    of_it = sum(row["meeting_uuid"] == uuid for row in expected()["report_meeting_participants"])
    assert lost_only(run, "report_meeting_participants") == of_it > 0
    assert "finished_at" in run.states[-1]


def test_twenty_items_lost_in_a_row_stop_the_run() -> None:
    """Then something general is wrong; the STATE stands before them, so that the next run finds them all."""
    catalog = catalog_of("report_meetings", "report_webinars")
    refused = r"/v2/report/(meetings|webinars)"
    fault = Fault.answer(400, {"code": 9999, "message": "Something new."}, match=refused, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog)
        assert run.exit_status == 1
        assert len(run.logged("ERROR")) == 20
        assert "20 items" in run.critical
        zoom.faults.clear()
        rest = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete({name: expected()[name] for name in ("report_meetings", "report_webinars")}, run, rest)


def test_twenty_lost_with_others_in_between_do_not_stop_the_run() -> None:
    """Only a row of them does."""
    fault = Fault.answer(400, {"code": 9999, "message": "Something new."}, match=ONE, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert len(run.logged("ERROR")) > 20
    assert run.exit_status == 1
    assert lost_only(run, "report_meeting_participants") == len(expected()["report_meeting_participants"])


# --- scopes -------------------------------------------------------------------------------------------------

PANELISTS = "webinar:read:list_panelists:admin"


def without(*scopes: str) -> list[str]:
    return [scope for scope in GRANULAR_SCOPES if scope not in scopes]


def test_a_missing_scope_is_said_before_the_first_record() -> None:
    """The stream, the scope in both vocabularies, and how to deselect it; nothing is asked."""
    with SimulatedZoom(account(), scopes=without(PANELISTS)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert sum(zoom.operations.values()) == 0
    assert run.exit_status == 1
    assert run.of_type("RECORD") == []
    for words in ("webinar_panelists", PANELISTS, "webinar:read:admin", "select"):
        assert words in run.critical


def test_a_missing_scope_of_a_parent_concerns_its_children() -> None:
    """Without the list of webinars none of their children can be found."""
    with SimulatedZoom(account(), scopes=without("webinar:read:list_webinars:admin")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("webinar_panelists", "users"))
    assert run.exit_status == 1
    assert "webinar_panelists" in run.critical and "webinar:read:list_webinars:admin" in run.critical


def test_a_missing_scope_of_what_is_not_selected_does_not_matter() -> None:
    """Only selected streams and what leads to them are looked at."""
    with SimulatedZoom(account(), scopes=["user:read:list_users:admin", "user:read:user:admin"]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_skip_leaves_out_what_the_scopes_do_not_allow() -> None:
    """One warning for each stream, no SCHEMA for it, and the others whole."""
    lost = ("webinar_panelists", "meeting_polls")
    with SimulatedZoom(account(), scopes=without(PANELISTS, "meeting:read:list_polls:admin")) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert not set(lost) & set(run.schemas)
    for stream in lost:
        assert sum(stream in line for line in run.logged("WARNING")) == 1
    assert_exact({name: rows for name, rows in expected().items() if name not in lost}, run.records)


def test_skip_leaves_out_what_can_not_be_found() -> None:
    """Without the list of webinars: everything that hangs on webinar numbers."""
    children = {name for name in truth.KEYS if name.startswith("webinar") and "results" not in name} - {"webinar_absentees"}
    with SimulatedZoom(account(), scopes=without("webinar:read:list_webinars:admin")) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert not children & set(run.schemas)
    kept = {name: rows for name, rows in expected().items() if name.startswith(("meeting", "users", "report_meeting"))}
    assert_exact(kept, {name: rows for name, rows in run.records.items() if name in kept})


@pytest.mark.parametrize("unescaped", [False, True])
@pytest.mark.parametrize("on_missing_access", ["fail", "skip"])
def test_a_scope_that_shows_to_be_missing_ends_its_stream(
    on_missing_access: str, unescaped: bool, right: dict[str, Any]
) -> None:
    """Without a scope list (JWT) the refusal is met in the middle; its body may not even be JSON."""
    message = "Invalid access token, does not contain scopes:[webinar:read:list_panelists:admin]."
    body: Any = {"code": 4711, "message": message}
    if unescaped:
        body = b'{"code":4711,"message":"Invalid access token, does not contain scopes:["webinar:read:admin"]."}'
    with SimulatedZoom(account(), faults=[Fault.answer(400, body, match="/panelists", times=None)]) as zoom:
        run = run_tap(zoom.config("jwt", on_missing_access=on_missing_access), zoom=zoom)
    del right["webinar_panelists"]
    assert_exact(right, run.records)
    level = "ERROR" if on_missing_access == "fail" else "WARNING"
    assert sum("webinar_panelists" in line for line in run.logged(level)) == 1
    assert run.exit_status == (1 if on_missing_access == "fail" else 0)
    if run.exit_status:
        assert "webinar_panelists" in run.critical


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("code", [4711, 4700, 104])
def test_every_code_of_a_missing_scope_is_known(code: int, status: int) -> None:
    """4711, 4700 and 104, under 400 or 200, end the stream and lose no item."""
    fault = Fault.answer(status, {"code": code, "message": "Invalid access token, scopes."}, match="/polls", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config("jwt", on_missing_access="skip"), zoom=zoom, catalog=catalog_of("meeting_polls", "users"))
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)
    assert run.logged("ERROR") == []


@pytest.mark.parametrize("on_missing_access", ["fail", "skip"])
def test_a_role_that_is_too_small_ends_the_stream(on_missing_access: str, right: dict[str, Any]) -> None:
    """400/200 "No permission." is no empty list: the stream ends, the others go on."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse("/past_webinars/{any}/qa", 400, {"code": 200, "message": "No permission."})
        run = run_tap(zoom.config(on_missing_access=on_missing_access), zoom=zoom)
    del right["webinar_qna_results"]
    assert_exact(right, run.records)
    assert run.exit_status == (1 if on_missing_access == "fail" else 0)
    level = "ERROR" if on_missing_access == "fail" else "WARNING"
    assert sum("webinar_qna_results" in line for line in run.logged(level)) == 1


@pytest.mark.parametrize(
    ("path", "stream"),
    [("/report/meetings/{any}", "report_meetings"), ("/webinars/{any}/panelists", "webinar_panelists")],
)
def test_a_plan_that_lacks_an_operation_ends_the_stream(path: str, stream: str, right: dict[str, Any]) -> None:
    """A refusal that speaks of the whole account's plan is shown as one."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse(path, 400, {"code": 200, "message": "No permission. Only available for paid account."})
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    del right[stream]
    assert run.exit_status == 0
    assert_exact(right, run.records)


def test_nothing_here_is_counted_and_shown() -> None:
    """Refusals that mean an empty list stand in the summary with status, code and count, and are no error."""
    with SimulatedZoom(account(2, "small")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    assert run.logged("ERROR") == []
    assert any("x 404/3001" in line for line in run.logged("INFO"))
    assert any("user_webinars" in line and "x 400/200" in line for line in run.logged("INFO"))


def test_a_key_that_can_not_be_made_loses_the_record() -> None:
    """A row without its key is not emitted with a null: ERROR, summary, exit status 1."""
    body = {"uuid": None, "id": 1, "topic": "no key"}
    with SimulatedZoom(account(), faults=[Fault.answer(200, body, match=r"/v2/report/meetings/[^/]+$")]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert lost_only(run, "report_meetings") == 1
    assert len(run.logged("ERROR")) == 1


def test_a_host_that_falls_silent_stops_the_run_with_a_state() -> None:
    """No answer after all retries: one CRITICAL line; the STATE leads to the rest."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("jwt", api_url="http://127.0.0.1:9/v2")
        run = run_tap(config, zoom=zoom)
    assert run.exit_status == 1
    assert "api_url" in run.critical
    assert run.of_type("RECORD") == []
