"""Patience: what a request may cost before it is given up, and how far a run gets on what a day allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.http import Answer
from tap_zoom.api.rate_limits import Announcement, Pace, read_headers, retry_after
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page, judge
from tap_zoom.api.retry import LONGEST_TIME, TRIES, TRIES_AT_FIRST, TRIES_IF_LIMITED, TRIES_IF_TOKEN_REFUSED, delay
from tap_zoom.errors import (
    DailyLimitReached,
    HostSilent,
    ItemLost,
    LoginRefused,
    NoAnswer,
    Passing,
    RateLimited,
    TapZoomError,
    TokenRefused,
)
from tap_zoom.interrupts import Interrupts
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import HEAVY, LIGHT, RateLimit
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.tap import Run, account, assert_complete, assert_exact, catalog_of, expected, run_tap

STREAM = BY_NAME["report_meeting_participants"]
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
Step = Callable[[], Exception] | int  # what a request fails with, or how many bytes answer it


class Client:
    """Answers each request with its own steps, one after the other, and with a small page from then on."""

    def __init__(self, *scripts: list[Step], last_answer: float | None = 0.0, login: Exception | None = None) -> None:
        self.last_answer = last_answer
        self.fetched = 0
        self._login = login
        self.answers_others = False
        self._steps: list[Iterator[Step]] = [iter(script) for script in scripts]

    def log_in(self) -> None:
        if self._login is not None:
            raise self._login

    def fetch(self, request: Request, tries: int) -> Page:
        self.fetched += 1
        step = next(self._steps[request.ids["meeting_uuid"]], 2)
        if self.answers_others:
            self.last_answer = time.monotonic()
        if isinstance(step, int):
            return Page(b" " * step, NOW, Announcement())
        raise step()


def dispatcher_of(client: Client, requests: int, wait_for_reset: bool = False) -> Dispatcher:
    """A dispatcher of one worker, so that requests leave in a known order, with so many requests submitted."""
    made = Dispatcher(client, lambda _: Pace(5000, 1.0), 1, wait_for_reset, Interrupts(), lambda _: None)  # type: ignore[arg-type]
    for number in range(requests):
        made.submit(Request(STREAM, {"meeting_uuid": number}, {}), "", (number,), number)
    return made


def outcome(dispatcher: Dispatcher) -> Page | Exception:
    """The next result, which has to come."""
    taken = dispatcher.take(20.0)
    assert taken is not None, "the dispatcher stands still"
    return taken[1]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait no longer than the server asks for."""
    monkeypatch.setattr("tap_zoom.api.retry.backoff.full_jitter", lambda _: 0.0)


# --- retries --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [NoAnswer, Passing])
@pytest.mark.parametrize("order", [1, -1])
def test_each_kind_of_fault_has_its_own_tries(fault: type[Passing], order: int, at_once: None) -> None:
    """A request that waited for its turn, or for a token, is still tried again after a reset or a 500, and before it."""
    steps: list[Step] = [lambda: RateLimited("429", 0.0)] * (TRIES_IF_LIMITED - 1)
    steps += [lambda: TokenRefused("401")] * 20
    steps += [refused_here] * (TRIES_IF_TOKEN_REFUSED - 1)
    steps += [lambda: fault("once")] * (TRIES - 1)
    assert isinstance(outcome(dispatcher_of(Client(steps[::order]), 1)), Page)


def refused_here() -> TokenRefused:
    error = TokenRefused("the words of Zoom", 0.0)
    error.elsewhere = True
    return error


def test_a_path_that_refuses_an_accepted_token_again_and_again_is_lost(at_once: None) -> None:
    """After its tries, whatever else the request met before."""
    steps: list[Step] = [lambda: Passing("500"), lambda: TokenRefused("401"), *[refused_here] * 100]
    client = Client(steps)
    lost = outcome(dispatcher_of(client, 1))
    assert isinstance(lost, ItemLost)
    assert "the words of Zoom" in str(lost)
    assert client.fetched == 2 + TRIES_IF_TOKEN_REFUSED


def test_without_a_token_nothing_leaves() -> None:
    """What the login says is the outcome of all that waits."""
    client = Client(login=LoginRefused("no token"))
    waiting = dispatcher_of(client, 3)
    for _ in range(2):
        assert str(outcome(waiting)) == "no token"
    assert client.fetched == 0
    assert waiting.requests[STREAM.rate_limit] == 0


def test_tries_before_the_next_day_do_not_count(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the wait for a daily reset a request has all its tries again."""
    monkeypatch.setattr("tap_zoom.api.dispatcher.LONGEST_DAILY_WAIT", 0.0)
    nearly: list[Step] = [lambda: Passing("500")] * (TRIES - 1)
    steps = [*nearly, lambda: DailyLimitReached("daily", None), *nearly]
    assert isinstance(outcome(dispatcher_of(Client(steps), 1, wait_for_reset=True)), Page)


def test_the_wait_for_the_next_day_is_no_time_of_the_request(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the day was: a fault after it is tried again."""
    monkeypatch.setattr("tap_zoom.api.retry.LONGEST_TIME", 0.5)
    steps: list[Step] = [lambda: DailyLimitReached("daily", 0.0), lambda: Passing("500")]
    assert isinstance(outcome(dispatcher_of(Client(steps), 1, wait_for_reset=True)), Page)


def test_a_path_that_is_never_answered_is_one_lost_item(at_once: None) -> None:
    """Where the host answers others meanwhile."""
    client = Client([lambda: NoAnswer("reset")] * 100)
    client.answers_others = True
    lost = outcome(dispatcher_of(client, 1))
    assert isinstance(lost, ItemLost)
    assert "report_meeting_participants: GET" in str(lost) and f"({TRIES} tries)" in str(lost)


@pytest.mark.parametrize(("last_answer", "tries"), [(0.0, TRIES), (None, TRIES_AT_FIRST)])
def test_a_host_that_answers_nobody_is_silent(last_answer: float | None, tries: int, at_once: None) -> None:
    """Since the request was first tried, or ever: then it is tried less often."""
    client = Client([lambda: NoAnswer("reset")] * 100, last_answer=last_answer)
    silent = outcome(dispatcher_of(client, 1))
    assert isinstance(silent, HostSilent)
    assert f"after {tries} tries" in str(silent)


@pytest.mark.parametrize("named", [121.0, 900.0, 86400.0])
def test_a_long_retry_after_is_cut_and_not_a_reason_to_give_up(named: float) -> None:
    """A 503 that asks for a quarter of an hour is asked again sooner."""
    wait = delay(Passing("503", named), 1, 0.0, True)
    assert wait is not None and wait < LONGEST_TIME / 2


def test_a_maintenance_that_names_a_long_time_is_survived(monkeypatch: pytest.MonkeyPatch, at_once: None) -> None:
    """Once 503 with Retry-After 900, then data: nothing is lost."""
    monkeypatch.setattr("tap_zoom.api.retry.LONGEST_NAMED_DELAY", 0.01)
    assert isinstance(outcome(dispatcher_of(Client([lambda: Passing("503", 900.0)]), 1)), Page)


# --- limits of the day ----------------------------------------------------------------------------------------


def limited(wait: float | None, lane: RateLimit = HEAVY, limit: float | None = None) -> TapZoomError:
    """What a 429 of a Heavy request means."""
    with pytest.raises(TapZoomError) as raised:
        answer = Answer(429, {}, b'{"code":429,"message":"Too many requests."}')
        judge(Request(STREAM, {"meeting_uuid": "x"}, {}), answer, Announcement(lane.category, limit, False, wait))
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
@pytest.mark.parametrize("body", [{"code": 429, "message": "maximum per-second rate limit"}, b"<html>Busy</html>"], ids=["JSON", "HTML"])
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


FEW = {"meetings_per_user": 2, "webinars_per_user": 1, "occurrences": 3, "participants": 3, "registrants": 3, "crowd": 0}


def resume_at(state: Any) -> Any:
    """The checkpoints of a stopped run."""
    return state["unfinished"][0]["resume_at"]


def days(zoom: SimulatedZoom, state: Any) -> list[Run]:
    """Runs on one day after another until one is complete; each but the first has to get further."""
    runs: list[Run] = []
    while not runs or runs[-1].exit_status:
        run = run_tap(zoom.config(), zoom=zoom, state=state, env={"TAP_ZOOM_LOGLEVEL": "WARNING"})
        assert run.exit_status == 0 or "daily limit" in run.critical
        if run.exit_status and state:
            assert resume_at(run.states[-1]) != resume_at(state), "a day without getting further"
        state = run.states[-1]
        runs.append(run)
        zoom.limits.start_day()
    return runs


@pytest.mark.parametrize(
    "limits", [{"Light": 8}, {"Medium": 34}, {"Light": 12, "Medium": 25, "Heavy": 40}],
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
    """A day's Heavy requests are hardly more than the listings and one of them cost."""
    account = Account(2, users=10, **FEW)
    busiest = max(account.numbers.values(), key=lambda number: sum(held.start < account.first_day for held in number.occurrences))
    with SimulatedZoom(account) as zoom:
        state = run_tap(zoom.config(), zoom=zoom).states[0]
        at = [f"user {busiest.host.id}", f"webinar {busiest.number}"]
        state["unfinished"][0]["resume_at"] = {"user": at, "history_meetings": None}
        [whole] = days(zoom, state)
        zoom.limits.per_day["Heavy"] = 19
        assert_complete(whole.records, *days(zoom, state))
