"""Daily limits: which answers mean one, and how far runs get under one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from tap_zoom.api.http import Answer
from tap_zoom.api.rate_limits import RateLimitHeaders, read_headers, retry_after
from tap_zoom.api.request import Request
from tap_zoom.api.responses import judge
from tap_zoom.errors import (
    DailyLimitReached,
    RateLimited,
    TapZoomError,
)
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import HEAVY, LIGHT, RateLimit
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.tap import Run, account, assert_complete, assert_exact, catalog_of, expected, run_tap

STREAM = BY_NAME["report_meeting_participants"]
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)


# --- daily limits ----------------------------------------------------------------------------------------------


def limited(wait: float | None, named: RateLimit = HEAVY, limit: float | None = None) -> TapZoomError:
    """Return the error for a 429 in answer to a Heavy request."""
    with pytest.raises(TapZoomError) as raised:
        answer = Answer(429, {}, b'{"code":429,"message":"Too many requests."}')
        judge(Request(STREAM, {"meeting_uuid": "x"}, {}), answer, RateLimitHeaders(named.category, limit, False, wait))
    return raised.value


@pytest.mark.parametrize(("wait", "meant"), [(None, RateLimited), (1.0, RateLimited), (120.0, RateLimited),
    (600.0, DailyLimitReached), (3 * 3600.0, DailyLimitReached)])  # fmt: skip
def test_a_429_with_a_long_wait_is_a_daily_limit(wait: float | None, meant: type[TapZoomError]) -> None:
    """Even if neither the headers nor the message says so."""
    error = limited(wait)
    assert type(error) is meant
    if isinstance(error, DailyLimitReached):
        assert error.wait == wait


def test_a_429_sets_a_limit_only_for_its_own_label() -> None:
    """If the headers name another label than the request's, their limit is ignored."""
    ours, others = limited(1.0, HEAVY, 5.0), limited(1.0, LIGHT, 5.0)
    assert isinstance(ours, RateLimited) and ours.limit == 5.0
    assert isinstance(others, RateLimited) and others.limit is None


def test_a_429_with_a_long_wait_stops_the_run() -> None:
    """It stops instead of retrying, and the CRITICAL line has the time of the reset."""
    reset = datetime.now(timezone.utc) + timedelta(hours=3)
    headers = {"Retry-After": reset.strftime("%Y-%m-%dT%H:%M:%SZ")}
    fault = Fault.answer(429, {"code": 429, "message": "Too many requests."}, headers, match="/v2/report/", times=None)
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "report_meetings"))
    assert run.exit_status == 1
    assert "daily limit" in run.critical and reset.strftime("%Y-%m-%dT%H:") in run.critical
    assert fault.happened < 20


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "body", [{"code": 429, "message": "maximum per-second rate limit"}, b"<html>Busy</html>"], ids=["JSON", "HTML"]
)
def test_retry_after_is_relative_to_the_servers_clock(status: int, body: Any) -> None:
    """The server's clock is ten minutes ahead, and one second later is neither a daily limit nor a long wait."""
    fault = Fault.answer(status, body, by_a_clock_ahead(seconds=1), match=r"/v2/users\?")
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert fault.happened == 1
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_the_daily_reset_is_relative_to_the_servers_clock() -> None:
    """The server's clock is ten minutes ahead. With `on_daily_limit: wait`, the run waits two seconds."""
    headers = {**by_a_clock_ahead(seconds=1), "X-RateLimit-Type": "Daily-limit"}
    fault = Fault.answer(429, {"code": 429, "message": "maximum daily rate limit"}, headers, match=r"/v2/users\?")
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(on_daily_limit="wait"), zoom=zoom, catalog=catalog_of("users"))
    assert fault.happened == 1
    assert run.exit_status == 0
    assert "Waiting 2 s" in run.stderr
    assert_exact({"users": expected()["users"]}, run.records)


def by_a_clock_ahead(seconds: int) -> dict[str, str]:
    """Return headers with a Retry-After in so many seconds, from a server whose clock is ten minutes ahead."""
    server = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(minutes=10)
    then = server + timedelta(seconds=seconds)
    return {"Date": format_datetime(server, usegmt=True), "Retry-After": then.strftime("%Y-%m-%dT%H:%M:%SZ")}


@pytest.mark.parametrize("factor", [1, 1000], ids=["seconds", "milliseconds"])
@pytest.mark.parametrize("seconds", [0, 2, 3600])
def test_a_unix_time_may_be_in_milliseconds(seconds: int, factor: int) -> None:
    """Both units give the same wait, in Retry-After and in X-RateLimit-Reset."""
    text = str((int(NOW.timestamp()) + seconds) * factor)
    assert retry_after(text, NOW) == seconds
    assert read_headers({"X-RateLimit-Reset": text}, NOW).wait == seconds


FEW = {
    "meetings_per_user": 2,
    "webinars_per_user": 1,
    "occurrences": 3,
    "participants": 3,
    "registrants": 3,
    "crowd": 0,
}


def checkpoints(state: Any) -> Any:
    return state["unfinished"][0]["resume_at"] if state["unfinished"] else None


def days(zoom: SimulatedZoom, state: Any) -> list[Run]:
    """Run once a day until a run is complete. Every run after the first has to get further."""
    runs: list[Run] = []
    while not runs or runs[-1].exit_status:
        run = run_tap(zoom.config(), zoom=zoom, state=state, env={"TAP_ZOOM_LOGLEVEL": "WARNING"})
        assert run.exit_status == 0 or "daily limit" in run.critical
        if run.exit_status and state:
            assert checkpoints(run.states[-1]) != checkpoints(state), "a day without getting further"
        state = run.states[-1]
        runs.append(run)
        zoom.limits.start_day()
    return runs


@pytest.mark.parametrize(
    "limits",
    [pytest.param({"Light": 8}, marks=pytest.mark.long), pytest.param({"Medium": 34}, marks=pytest.mark.long), {"Light": 12, "Medium": 25, "Heavy": 40}],
    ids=lambda limits: " ".join(f"{label}={limit}" for label, limit in limits.items()),
)  # fmt: skip
def test_each_run_gets_further_under_a_daily_limit(limits: dict[str, int]) -> None:
    """The limits are just above the cost of the lists. Every run moves a checkpoint until the sync is complete."""
    account = Account(3, users=3, **FEW)
    with SimulatedZoom(account, daily_limits=limits) as zoom:
        runs = days(zoom, None)
    assert len(runs) > 1
    assert_complete(truth.expected(account), *runs)


def test_each_run_gets_further_among_the_older_meetings_of_a_number() -> None:
    """The daily limit is just above the cost of the lists and one of these meetings."""
    account = Account(2, users=10, **FEW)
    busiest = max(
        account.numbers.values(), key=lambda number: sum(held.start < account.first_day for held in number.occurrences)
    )
    with SimulatedZoom(account) as zoom:
        state = run_tap(zoom.config(), zoom=zoom).states[0]
        number = f"{busiest.kind} {busiest.number}"
        state["unfinished"][0]["resume_at"] = {"user": [f"user {busiest.host.id}", number], "history_meetings": None}
        [whole] = days(zoom, state)
        assert whole.records[f"report_{busiest.kind}s"]
        zoom.limits.per_day["Heavy"] = 19
        assert_complete(whole.records, *days(zoom, state))
