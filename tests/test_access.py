"""Missing scopes, roles and plans are reported, before the first record if the token lists its scopes."""

from __future__ import annotations

from typing import Any

import pytest

from tap_zoom.streams import BY_NAME
from tests.scripted import says, scripted
from tests.simulator import Fault, SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import Record, account, assert_exact, catalog_of, copy_of, expected, run_tap

PANELISTS = "webinar:read:list_panelists:admin"


def without(*scopes: str) -> list[str]:
    return [scope for scope in GRANULAR_SCOPES if scope not in scopes]


def all_but(*streams: str) -> dict[str, list[Record]]:
    """Return the expected records without these streams."""
    return {name: rows for name, rows in expected().items() if name not in streams}


def test_a_missing_scope_fails_before_the_first_record() -> None:
    """The message names the stream and its granular and classic scopes. No API request is sent."""
    with SimulatedZoom(account(), scopes=without(PANELISTS)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert sum(zoom.operations.values()) == 0
    assert run.exit_status == 1
    assert run.of_type("RECORD") == []
    for words in ("webinar_panelists", PANELISTS, "webinar:read:admin", "select"):
        assert words in run.critical


def test_a_missing_scope_of_a_parent_fails_its_children() -> None:
    """Panelists can't be read without the list of webinars."""
    with SimulatedZoom(account(), scopes=without("webinar:read:list_webinars:admin")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("webinar_panelists", "users"))
    assert run.exit_status == 1
    assert "webinar_panelists" in run.critical and "webinar:read:list_webinars:admin" in run.critical


def test_scopes_of_deselected_streams_are_not_required() -> None:
    """Only scopes of selected streams and their parents are checked."""
    with SimulatedZoom(account(), scopes=["user:read:list_users:admin", "user:read:user:admin"]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_skip_omits_streams_without_scopes() -> None:
    """Each skipped stream has one warning and no SCHEMA. The other streams are complete."""
    lost = ("webinar_panelists", "meeting_polls")
    with SimulatedZoom(account(), scopes=without(PANELISTS, "meeting:read:list_polls:admin")) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert not set(lost) & set(run.schemas)
    for stream in lost:
        assert sum(stream in line for line in run.logged("WARNING")) == 1
    assert_exact(all_but(*lost), run.records)


def test_skip_omits_children_of_skipped_streams() -> None:
    """Without the list of webinars, its children are skipped, and past webinars older than six months are missing."""
    children = set(
        "webinars webinar_registrants webinar_panelists webinar_questions webinar_polls webinar_tracking_sources".split()
    )
    in_part = {name for name in truth.KEYS if "webinar" in name} - children
    with SimulatedZoom(account(), scopes=without("webinar:read:list_webinars:admin")) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert not children & set(run.schemas)
    said = {line.split()[3]: line for line in run.logged("WARNING") if line.startswith("WARNING The stream ")}
    assert {name for name, line in said.items() if "is skipped" in line} == children
    assert {name for name, line in said.items() if "is read only in part" in line} == in_part
    assert {name for name, line in said.items() if line.endswith("a full run reads the rest.")} == in_part
    seen = copy_of()
    for number in seen.numbers.values():
        if number.kind == "webinar":
            number.state = "expired"  # listed nowhere
    assert_exact(truth.expected(seen), run.records)


def test_skip_omits_past_meetings_without_history_and_fallback() -> None:
    """Streams of past meetings are skipped, although older meetings could be found through their numbers."""
    found = {"history_meetings", "user_past_meetings"}
    scopes = without(*(BY_NAME[name].scopes[0] for name in found))
    lost = {name for name in truth.KEYS if BY_NAME[name].parent.name.startswith("past_")}
    with SimulatedZoom(account(), scopes=scopes) as zoom:
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert len(lost) >= 8 and not lost & set(run.schemas)
    for stream in lost:
        assert sum(f"stream {stream} is skipped" in line for line in run.logged("WARNING")) == 1
    assert_exact(all_but(*lost), run.records)


def test_the_scopes_of_a_token_answer_may_be_a_list() -> None:
    """A JSON list is read like a string with spaces, so a missing scope fails the run before the first record."""
    with scripted() as zoom:
        token = {"access_token": "SECRET-access", "api_url": zoom.url, "scope": ["user:read:admin"]}
        zoom.faults.insert(0, says("/oauth/token", token))
        users = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), secrets=["SECRET-access"])
        assert users.exit_status == 0
        asked = len(zoom.requests)
        both = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "meetings"), secrets=["SECRET-access"])
        assert len(zoom.requests) == asked + 1
    assert both.exit_status == 1
    assert "meeting:read:admin" in both.critical
    assert both.records == {}


@pytest.mark.parametrize("unescaped", [False, True])
@pytest.mark.parametrize("on_missing_access", ["fail", "skip"])
def test_a_refusal_for_a_missing_scope_ends_the_stream(on_missing_access: str, unescaped: bool) -> None:
    """With a JWT, a missing scope is only found during the run. The body of the refusal may be invalid JSON."""
    message = "Invalid access token, does not contain scopes:[webinar:read:list_panelists:admin]."
    body: Any = {"code": 4711, "message": message}
    if unescaped:
        body = b'{"code":4711,"message":"Invalid access token, does not contain scopes:["webinar:read:admin"]."}'
    with SimulatedZoom(account(), faults=[Fault.answer(400, body, match="/panelists", times=None)]) as zoom:
        run = run_tap(zoom.config("jwt", on_missing_access=on_missing_access), zoom=zoom)
    assert_exact(all_but("webinar_panelists"), run.records)
    level = "ERROR" if on_missing_access == "fail" else "WARNING"
    assert sum("webinar_panelists" in line for line in run.logged(level)) == 1
    assert run.exit_status == (on_missing_access == "fail")
    assert ("webinar_panelists" in run.log[-1]) is (on_missing_access == "fail")


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("code", [4711, 4700, 104])
def test_all_codes_of_missing_scopes_are_recognized(code: int, status: int) -> None:
    """4711, 4700 and 104, with HTTP 400 or 200, end the stream. No failure is logged."""
    fault = Fault.answer(status, {"code": code, "message": "Invalid access token, scopes."}, match="/polls", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(
            zoom.config("jwt", on_missing_access="skip"), zoom=zoom, catalog=catalog_of("meeting_polls", "users")
        )
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)
    assert run.logged("ERROR") == []


@pytest.mark.parametrize("on_missing_access", ["fail", "skip"])
def test_an_insufficient_role_ends_the_stream(on_missing_access: str) -> None:
    """400/200 "No permission." isn't an empty answer: the stream ends, and the others are complete."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse("/past_webinars/{any}/qa", 400, {"code": 200, "message": "No permission."})
        run = run_tap(zoom.config(on_missing_access=on_missing_access), zoom=zoom)
    assert_exact(all_but("webinar_qna_results"), run.records)
    assert run.exit_status == (1 if on_missing_access == "fail" else 0)
    level = "ERROR" if on_missing_access == "fail" else "WARNING"
    assert sum("webinar_qna_results" in line for line in run.logged(level)) == 1


@pytest.mark.parametrize(
    ("path", "stream"),
    [("/report/meetings/{any}", "report_meetings"), ("/webinars/{any}/panelists", "webinar_panelists")],
)
def test_an_insufficient_plan_ends_the_stream(path: str, stream: str) -> None:
    """The stream is skipped, and the others are complete."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse(path, 400, {"code": 200, "message": "No permission. Only available for paid account."})
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert_exact(all_but(stream), run.records)


def test_try_ignores_the_scopes_of_the_token() -> None:
    """If Zoom renames scopes, streams can still be read, although the token lists none of the known names."""
    with scripted() as zoom:
        token = {"access_token": "SECRET-access", "api_url": zoom.url, "scope": "user:view meeting:view"}
        zoom.faults.insert(0, says("/oauth/token", token))
        chosen = catalog_of("users", "meetings")
        failed = run_tap(zoom.config(), zoom=zoom, catalog=chosen, secrets=["SECRET-access"])
        tried = run_tap(zoom.config(on_missing_access="try"), zoom=zoom, catalog=chosen, secrets=["SECRET-access"])
        trial = run_tap(
            zoom.config(on_missing_access="try"),
            "--test",
            zoom=zoom,
            catalog=chosen,
            secrets=["SECRET-access"],
            document=True,
        )
    assert failed.exit_status == 1 and "on_missing_access" in failed.critical and "to try" in failed.critical
    assert (tried.exit_status, trial.exit_status) == (0, 0)
    assert {name: len(rows) for name, rows in tried.records.items()} == {"users": 1, "meetings": 1}
    assert tried.logged("WARNING") == []


def test_try_fails_if_zoom_refuses_a_stream() -> None:
    """As with fail: one ERROR, the other streams complete, exit status 1."""
    body = {
        "code": 4711,
        "message": "Invalid access token, does not contain scopes:[webinar:read:list_panelists:admin].",
    }
    with SimulatedZoom(account(), scopes=without(PANELISTS)) as zoom:
        zoom.refuse("/webinars/{any}/panelists", 400, body)
        run = run_tap(zoom.config(on_missing_access="try"), zoom=zoom)
        trial = run_tap(zoom.config(on_missing_access="try"), "--test", zoom=zoom, document=True)
    assert (run.exit_status, trial.exit_status) == (1, 1)
    assert_exact(all_but("webinar_panelists"), run.records)
    assert sum("webinar_panelists" in line for line in run.logged("ERROR")) == 1
    assert "webinar_panelists" in run.critical and "webinar_panelists" in trial.critical
