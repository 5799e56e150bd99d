"""Daily limits: which answers mean one, and how far a run gets on the requests of a day."""

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


# --- limits of the day ----------------------------------------------------------------------------------------


def limited(wait: float | None, named: RateLimit = HEAVY, limit: float | None = None) -> TapZoomError:
    """What a 429 of a Heavy request means."""
    with pytest.raises(TapZoomError) as raised:
        answer = Answer(429, {}, b'{"code":429,"message":"Too many requests."}')
        judge(Request(STREAM, {"meeting_uuid": "x"}, {}), answer, RateLimitHeaders(named.category, limit, False, wait))
    return raised.value


@pytest.mark.parametrize(("wait", "meant"), [(None, RateLimited), (1.0, RateLimited), (120.0, RateLimited),
    (600.0, DailyLimitReached), (3 * 3600.0, DailyLimitReached)])  # fmt: skip
def test_a_429_that_names_a_far_time_is_a_limit_of_the_day(wait: float | None, meant: type[TapZoomError]) -> None:
    """Also without the header or the words that say so."""
    error = limited(wait)
    assert type(error) is meant
    if isinstance(error, DailyLimitReached):
        assert error.wait == wait


def test_a_429_that_names_another_labels_limit_does_not_set_ours() -> None:
    """Only what Zoom says of the label that the request has."""
    ours, others = limited(1.0, HEAVY, 5.0), limited(1.0, LIGHT, 5.0)
    assert isinstance(ours, RateLimited) and ours.limit == 5.0
    assert isinstance(others, RateLimited) and others.limit is None


def test_a_run_is_stopped_by_a_429_that_names_a_far_time() -> None:
    """It does not knock for hours: the line says until when."""
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
def test_a_server_whose_clock_is_ahead_is_not_waited_for_longer(status: int, body: Any) -> None:
    """It names a time one second from now by its own clock, ten minutes ahead: no limit of the day, no long wait."""
    fault = Fault.answer(status, body, by_a_clock_ahead(seconds=1), match=r"/v2/users\?")
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert fault.happened == 1
    assert run.exit_status == 0
    assert_exact({"users": expected()["users"]}, run.records)


def test_the_next_day_comes_by_the_servers_clock() -> None:
    """Waiting for the reset of a limit of the day, too."""
    headers = {**by_a_clock_ahead(seconds=1), "X-RateLimit-Type": "Daily-limit"}
    fault = Fault.answer(429, {"code": 429, "message": "maximum daily rate limit"}, headers, match=r"/v2/users\?")
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(on_daily_limit="wait"), zoom=zoom, catalog=catalog_of("users"))
    assert fault.happened == 1
    assert run.exit_status == 0
    assert "Waiting 2 s" in run.stderr
    assert_exact({"users": expected()["users"]}, run.records)


def by_a_clock_ahead(seconds: int) -> dict[str, str]:
    """The headers of an answer that asks for so many seconds of patience, from a server ten minutes ahead."""
    server = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(minutes=10)
    then = server + timedelta(seconds=seconds)
    return {"Date": format_datetime(server, usegmt=True), "Retry-After": then.strftime("%Y-%m-%dT%H:%M:%SZ")}


@pytest.mark.parametrize("factor", [1, 1000], ids=["seconds", "milliseconds"])
@pytest.mark.parametrize("seconds", [0, 2, 3600])
def test_a_unix_time_may_be_in_milliseconds(seconds: int, factor: int) -> None:
    """The same wait in either unit, in Retry-After and in X-RateLimit-Reset."""
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
    """Runs on one day after another until one is complete; each but the first has to get further."""
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
def test_each_run_gets_further_under_a_limit_of_the_day(limits: dict[str, int]) -> None:
    """Limits hardly above the cost of the listings: every run moves a bookmark, until everything is out."""
    account = Account(3, users=3, **FEW)
    with SimulatedZoom(account, daily_limits=limits) as zoom:
        runs = days(zoom, None)
    assert len(runs) > 1
    assert_complete(truth.expected(account), *runs)


def test_each_run_gets_further_among_the_older_occurrences_of_a_number() -> None:
    """A day's Heavy requests are hardly more than the lists and one of them cost."""
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
