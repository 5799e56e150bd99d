"""What scopes, role and plan allow: what is missing is said, before the first record where that can be known."""

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
    """What comes out where these streams can't be read."""
    return {name: rows for name, rows in expected().items() if name not in streams}


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
    assert_exact(all_but(*lost), run.records)


def test_skip_leaves_out_what_can_not_be_found() -> None:
    """Without the list of webinars: what hangs on webinar numbers, and of what was held only the older part."""
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


def test_skip_leaves_out_occurrences_that_nothing_finds() -> None:
    """Without the scopes of the history and of its fallback: no part of them is passed off as the whole."""
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
    """A JSON list counts as the words in one text do: what is missing is known before the first record."""
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
def test_a_scope_that_shows_to_be_missing_ends_its_stream(on_missing_access: str, unescaped: bool) -> None:
    """Without a scope list (JWT) the refusal is met in the middle; its body may not even be JSON."""
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
def test_every_code_of_a_missing_scope_is_known(code: int, status: int) -> None:
    """4711, 4700 and 104, under 400 or 200, end the stream and lose no item."""
    fault = Fault.answer(status, {"code": code, "message": "Invalid access token, scopes."}, match="/polls", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(
            zoom.config("jwt", on_missing_access="skip"), zoom=zoom, catalog=catalog_of("meeting_polls", "users")
        )
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)
    assert run.logged("ERROR") == []


@pytest.mark.parametrize("on_missing_access", ["fail", "skip"])
def test_a_role_that_is_too_small_ends_the_stream(on_missing_access: str) -> None:
    """400/200 "No permission." is no empty list: the stream ends, the others go on."""
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
def test_a_plan_that_lacks_an_operation_ends_the_stream(path: str, stream: str) -> None:
    """A refusal that speaks of the whole account's plan is shown as one."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse(path, 400, {"code": 200, "message": "No permission. Only available for paid account."})
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom)
    assert run.exit_status == 0
    assert_exact(all_but(stream), run.records)


def test_with_try_the_scopes_of_the_token_are_not_looked_at() -> None:
    """Zoom knows a scope by a new name: what it allows comes whole, though the token lists none of the known names."""
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


def test_with_try_a_stream_that_zoom_refuses_is_missing() -> None:
    """As with fail: one ERROR, the others whole, exit status 1."""
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
