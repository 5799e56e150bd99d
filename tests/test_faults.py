"""Temporary faults lose no rows: the output is complete, and the exit status is 0."""

from __future__ import annotations

import re

import pytest

from tests.scripted import ACTIVE, USERS
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, assert_complete, assert_exact, catalog_of, expected, run_tap

# Paths at which each fault occurs: paged lists, single objects, and the lists that lead to them.
PLACES = {
    "users": r"/v2/users\?",
    "user_meetings": r"/v2/users/[^/]+/meetings",
    "detail": r"/v2/meetings/\d+\?",
    "registrants": r"/registrants\?",
    "history": r"/v2/report/history_meetings",
    "report": r"/v2/report/meetings/[^/?]+$",
    "participants": r"/participants\?",
    "instances": r"/instances",
}
KINDS = (
    "reset", "close", "truncate", "invalid_json", "html_200", "html_403", "html_502", "500", "502", "503", "504", "429",
    "401_124", "slow_body",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_temporary_fault_loses_no_rows(kind: str) -> None:
    """The same fault occurs once at each path, in one run."""
    faults = [Fault(kind, match) for match in PLACES.values()]
    with SimulatedZoom(account(), page_cap=2, faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert run.exit_status == 0
        assert all(fault.happened == 1 for fault in faults)
        assert zoom.violations == []
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("kind", ["reset", "500", "html_200", "429", "401_124"])
def test_the_first_request_is_retried(kind: str) -> None:
    """It is retried even if the host has never answered."""
    fault = Fault(kind, "/v2/", times=2 if kind != "401_124" else 1)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
        assert run.exit_status == 0
        assert fault.happened == fault.times
    assert_exact({"users": expected()["users"]}, run.records)


@pytest.mark.parametrize(
    "kind", ["reset", "close", "truncate", "invalid_json", "html_200", "html_502", "500", "503", "429"]
)
@pytest.mark.few(4)
def test_the_login_is_retried(kind: str) -> None:
    """The token endpoint fails twice."""
    fault = Fault(kind, "/oauth/token", times=2)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
        assert fault.happened == 2
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def mixed(seed: int, *kinds: str) -> list[Fault]:
    """Return random faults of all these kinds, in five percent of the requests."""
    chance = 0.05 / len(kinds)
    return [
        Fault(kind, "/v2/", times=None, probability=chance, seed=100 * seed + number)
        for number, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_faults_in_five_percent_of_requests_lose_no_rows(seed: int) -> None:
    """All kinds of faults are mixed, including expired page tokens. All rows and fields are emitted."""
    faults = mixed(seed, *KINDS, "page_token_expired")
    with SimulatedZoom(account(seed, "tiny"), faults=faults, page_cap=20) as zoom:
        run = run_tap(zoom.config(("server_to_server", "refresh_token")[seed]), zoom=zoom)
        assert run.exit_status == 0
        assert zoom.violations == []
        assert sum(fault.happened for fault in faults) > 5
    assert_complete(expected(seed, "tiny"), run)


@pytest.mark.parametrize(
    ("seed", "of", "page_cap", "history"),
    [
        pytest.param(2, (1, "tiny"), 20, "ok", id="a tiny account"),
        pytest.param(3, (1, "tiny"), 20, "no_permission", id="user by user", marks=pytest.mark.long),
        pytest.param(4, (3, "paged"), 60, "ok", id="long lists", marks=pytest.mark.long),
        pytest.param(5, (5, "tiny"), 3, "ok", id="short pages", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_faults_in_five_percent_of_requests_do_not_change_the_output(
    seed: int, of: tuple[int, str], page_cap: int, history: str
) -> None:
    """The RECORD lines are the same as without faults."""
    lines = []
    for faults in ([], mixed(seed, *KINDS)):
        with SimulatedZoom(account(*of), faults=faults, page_cap=page_cap, history=history) as zoom:
            run = run_tap(zoom.config(), zoom=zoom)
            assert run.exit_status == 0
            lines.append({line for line in run.without_times if '"RECORD"' in line})
    assert sum(fault.happened for fault in faults) > 5
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"users":' * 5_000, b"\xff\xfe", b"\x00", b'{"users":[]}garbage', b'"', b"1" * 5_000]
)
@pytest.mark.few(5)
def test_invalid_json_is_retried(body: bytes) -> None:
    """The next answer may be valid."""
    with SimulatedZoom(account(), faults=[Fault.answer(200, body, match=USERS)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert len(run.records["users"]) == len(expected()["users"])


@pytest.mark.parametrize("form", ["seconds", "http-date", "iso", None])
@pytest.mark.few(2)
def test_unexpected_429s_lose_no_rows(form: str | None) -> None:
    """Other apps of the account may use the same limits. Tests each form of Retry-After."""
    faults = [Fault("429", "/v2/report", times=2, retry_after=form), Fault("429", "/v2/users", headers=False)]
    if form == "seconds":
        faults[0].retry_after = 1
    elif form == "http-date":
        faults[0].retry_after = "Wed, 21 Oct 2015 07:28:00 GMT"
    elif form == "iso":
        faults[0].retry_after = "2015-10-21T07:28:00Z"
    with SimulatedZoom(account(), faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert [fault.happened for fault in faults] == [2, 1]
    assert run.exit_status == 0
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("status", ["503", "500", "429"])
def test_an_error_with_retry_after_is_retried(status: str) -> None:
    """Retry-After is in seconds, and may come with any temporary status."""
    fault = Fault(status, r"/v2/users\?", retry_after="1")
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_a_429_without_json_is_retried() -> None:
    """The status is enough. The body is empty or HTML."""
    faults = [Fault.answer(429, b"", match=r"/v2/users\?"), Fault.answer(429, b"<html></html>", match="/v2/report")]
    with SimulatedZoom(account(), faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    assert_exact(expected(), run.records)


@pytest.mark.long
def test_tokens_that_end_during_a_run_are_renewed() -> None:
    """Up to five tokens end soon after they are issued. Each is renewed once for all workers, and no row is lost."""
    with SimulatedZoom(account(), faults=[Fault("401_124", "/v2/", times=5, probability=0.05, seed=3)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert 2 <= len(zoom.oauth.grants) <= 6
    assert run.exit_status == 0
    assert_exact(expected(), run.records)


@pytest.mark.parametrize("times", [1, 2])
def test_a_new_token_may_be_refused_at_first(times: int) -> None:
    """One request gets 401/124 once or twice. One new token is enough, because it gets time to propagate."""
    fault = Fault("401_124", ACTIVE, times=times)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
        assert len(zoom.oauth.grants) == 2
    assert fault.happened == times
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_one_valid_token_at_a_time_is_enough() -> None:
    """If a new token ends the previous ones, all workers continue with the new one."""
    with SimulatedZoom(account(), one_token=True, latency=0.005) as zoom:
        fault = Fault("401_124", r"/v2/report/meetings", times=1)
        zoom.faults.append(fault)
        run = run_tap(zoom.config(), zoom=zoom)
        assert fault.happened == 1
        assert len(zoom.oauth.grants) == 2
    assert run.exit_status == 0
    assert_exact(expected(), run.records)


def test_an_expired_page_token_restarts_the_list() -> None:
    """Rows are emitted again with the same keys and sequence numbers, and none is missing."""
    # A list is given up after five restarts, so no list may have more of these faults.
    lists = (r"/participants\?", r"/registrants\?|/v2/users\?", "history")
    faults = [Fault("page_token_expired", match, times=4, probability=0.6, seed=1) for match in lists]
    right_rows = expected(1, "tiny")
    with SimulatedZoom(account(1, "tiny"), page_cap=2, faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert [fault.happened for fault in faults] == [4, 4, 4]
        assert zoom.violations == []
    assert run.exit_status == 0
    assert_complete(right_rows, run)
    for stream, right in right_rows.items():
        assert len(run.records.get(stream, [])) >= len(right)


def test_a_slow_answer_is_not_retried() -> None:
    """It arrives byte by byte. The run sends no additional requests."""
    faults = [Fault("slow_body", match) for match in PLACES.values()]
    with SimulatedZoom(account(), faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        requests = len(zoom.requests)
    with SimulatedZoom(account()) as zoom:
        run_tap(zoom.config(), zoom=zoom)
        assert len(zoom.requests) == requests
    assert_exact(expected(), run.records)


HASTE = "from tap_zoom.api import http, retry\nhttp.READ_TIMEOUT = http.ANSWER_TIMEOUT = 1.0\nretry.TRIES = {tries}"


@pytest.mark.parametrize("kind", ["hang", "drip_head", "drip_body"])
@pytest.mark.few(2)
def test_an_incomplete_answer_is_retried(kind: str) -> None:
    """Zoom sends nothing, or single bytes forever, in the headers or the body. The login is retried, too."""
    faults = [Fault(kind, match) for match in ("/oauth/token", PLACES["users"], PLACES["participants"])]
    streams = ("users", "report_meeting_participants")
    with SimulatedZoom(account(), faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, patch=HASTE.format(tries=8), catalog=catalog_of(*streams))
    assert [fault.happened for fault in faults] == [1, 1, 1]
    assert run.exit_status == 0
    assert_exact({stream: expected()[stream] for stream in streams}, run.records)


@pytest.mark.parametrize("kind", ["drip_head", "drip_body"])
@pytest.mark.few(1)
def test_an_endless_answer_is_one_failure(kind: str) -> None:
    """The ERROR line says why. Other rows are emitted."""
    number = next(number.number for number in account().numbers.values() if number.kind == "meeting")
    fault = Fault(kind, f"/v2/meetings/{number}/polls", times=None)
    with SimulatedZoom(account(), faults=[fault], latency=0.1) as zoom:  # other requests are answered meanwhile
        streams = ("users", "meeting_polls", "meetings", "meeting_registrants")
        run = run_tap(zoom.config(), zoom=zoom, patch=HASTE.format(tries=2), catalog=catalog_of(*streams))
    assert fault.happened == 2
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert "incomplete after 1 s" in error and "/polls" in error
    assert_exact({"users": expected()["users"]}, {"users": run.records["users"]})


def test_retries_are_counted_in_the_summary() -> None:
    """The table at the end has the number of retries of each stream."""
    with SimulatedZoom(account(), faults=[Fault("500", r"/v2/users\?", times=2)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    row = next(line for line in run.log if re.match(r"INFO users +\d", line))
    assert row.split()[2:] == [str(len(expected()["users"])), "3", "retries", "2"]
