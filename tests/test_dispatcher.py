"""The dispatcher: queues, workers, retries, daily limits, and what ends a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from tap_zoom.api import dispatcher as module
from tap_zoom.api import http
from tap_zoom.api.dispatcher import MAX_BYTES, Dispatcher
from tap_zoom.api.queues import LOW
from tap_zoom.api.rate_limits import Pace, RateLimitHeaders, limit_of
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.api.retry import LONGEST_TIME, TRIES, TRIES_AT_FIRST, TRIES_IF_LIMITED, TRIES_IF_TOKEN_REFUSED, delay
from tap_zoom.errors import (
    AccountRefused,
    DailyLimitReached,
    HostUnreachable,
    LoginRefused,
    NoAnswer,
    NoWorker,
    RateLimited,
    RequestRefused,
    Retryable,
    TokenRefused,
)
from tap_zoom.interrupts import Interrupts
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, PHONE_HEAVY, RateLimit

STREAM = BY_NAME["report_meeting_participants"]  # Heavy
OTHERS = {LIGHT: BY_NAME["meetings"], MEDIUM: BY_NAME["meeting_poll_results"], HEAVY: STREAM}
IDS = {"meeting_uuid": "x==", "meeting_id": 1}
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
Step = Callable[[], Exception] | int  # what a request fails with, or the bytes of its answer


class Client:
    """Answers each request with its own steps, one after the other, and with a small page from then on."""

    def __init__(self, *scripts: list[Step], last_answer: float | None = 0.0, login: Exception | None = None) -> None:
        self.last_answer = last_answer
        self.order: list[int] = []
        self.answers_others = False
        self.logins = 0
        self._login = login
        self._steps: dict[int, Iterator[Step]] = {number: iter(script) for number, script in enumerate(scripts)}

    def log_in(self) -> None:
        self.logins += 1
        if self._login is not None:
            raise self._login

    def fetch(self, request: Request, tries: int) -> Page:
        number = request.page
        self.order.append(number)
        step = next(self._steps.get(number, iter(())), 2)
        if self.answers_others:
            self.last_answer = time.monotonic()
        if isinstance(step, int):
            return Page(b" " * step, NOW, RateLimitHeaders())
        raise step()


class Slow(Client):
    """Answers a request only when its number is let go."""

    def __init__(self, *scripts: list[Step]) -> None:
        super().__init__(*scripts)
        self.gates: dict[int, threading.Event] = {}
        self.started: set[int] = set()

    def fetch(self, request: Request, tries: int) -> Page:
        self.started.add(request.page)
        if request.page in self.gates:
            assert self.gates[request.page].wait(20)
        return super().fetch(request, tries)


def made(client: Any, workers: int = 1, wait_for_reset: bool = False, rate: float = 5000) -> Dispatcher:
    return Dispatcher(client, lambda _: Pace(rate, 1.0), workers, wait_for_reset, Interrupts(), lambda _: None)


def submit(dispatcher: Dispatcher, *numbers: int, limit: RateLimit = HEAVY) -> Dispatcher:
    """Requests that are told apart by their number, the smallest first."""
    for number in numbers:
        dispatcher.submit(Request(OTHERS[limit], IDS, {}, page=number), "", (number,), number)
    return dispatcher


def result(dispatcher: Dispatcher) -> tuple[Any, Page | Exception]:
    """The next result, which has to come."""
    for _ in range(40):
        if taken := dispatcher.take(0.5):
            return taken
    raise AssertionError("the dispatcher stands still")


def outcome(dispatcher: Dispatcher) -> Page | Exception:
    return result(dispatcher)[1]


def one(client: Any, **how: Any) -> Page | Exception:
    """What comes of one request."""
    return outcome(submit(made(client, **how), 0))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.001)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait no longer than the server asks for."""
    monkeypatch.setattr("tap_zoom.api.retry.backoff.full_jitter", lambda _: 0.0)


# --- queues -----------------------------------------------------------------------------------------------------


def test_the_smallest_priority_is_sent_first() -> None:
    """Those with the same one as they were submitted."""
    client = Slow()
    client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: client.started == {0})
    submit(dispatcher, 5, 3, 9, 3, 1)
    client.gates[0].set()
    assert [result(dispatcher)[0] for _ in range(6)] == client.order == [0, 1, 3, 3, 5, 9]
    assert dispatcher.in_flight == 0 and dispatcher.requests == {HEAVY: 6}


def test_results_are_handed_over_as_they_arrive() -> None:
    """One that never comes holds up nobody."""
    client = Slow()
    client.gates[1] = threading.Event()
    dispatcher = submit(made(client, workers=2), 1, 2, 3, 4)
    assert [result(dispatcher)[0] for _ in range(3)] == [2, 3, 4]
    assert dispatcher.take(0.0) is None and dispatcher.in_flight == 1
    client.gates[1].set()
    assert result(dispatcher)[0] == 1


def test_each_rate_limit_has_a_queue_and_a_pace_of_its_own(at_once: None) -> None:
    """While one of them is held for a minute, the others go on."""
    client = Client([lambda: RateLimited("429", 60.0)])
    dispatcher = submit(made(client), 0)
    until(lambda: dispatcher.retries[STREAM.name] == 1)
    submit(dispatcher, 1, 2)
    submit(dispatcher, 10, 11, limit=LIGHT)
    submit(dispatcher, 20, limit=MEDIUM)
    assert sorted(result(dispatcher)[0] for _ in range(3)) == [10, 11, 20]
    assert dispatcher.take(0.0) is None and dispatcher.in_flight == 3
    assert dispatcher.busiest() == HEAVY


def test_a_retry_that_waits_holds_no_worker(at_once: None) -> None:
    """Nor its queue."""
    client = Client([lambda: Retryable("503", 60.0)])
    dispatcher = submit(made(client), *range(5))
    assert [result(dispatcher)[0] for _ in range(4)] == [1, 2, 3, 4]
    assert dispatcher.retries == {STREAM.name: 1}


def test_a_queue_is_low_with_less_than_three_seconds_of_requests() -> None:
    """At the pace of its own limit."""
    client = Slow()
    client.gates[0] = threading.Event()
    dispatcher = made(client, rate=2 / 0.96)
    assert dispatcher.is_low(HEAVY) and dispatcher.is_low(LIGHT)
    submit(dispatcher, 0)
    until(lambda: client.started == {0})
    for number in range(1, int(2 * LOW)):
        submit(dispatcher, number)
        assert dispatcher.is_low(HEAVY)
    submit(dispatcher, 99)
    assert not dispatcher.is_low(HEAVY) and dispatcher.is_low(LIGHT)
    client.gates[0].set()


def test_a_429_slows_its_own_limit_down(at_once: None) -> None:
    """The others keep theirs; a limit that an answer names is taken over."""
    client = Client([lambda: RateLimited("429", 0.0)], [lambda: RateLimited("429", 0.0, 7.0)])
    dispatcher = made(client)
    outcome(submit(dispatcher, 0))
    assert dispatcher.queue(HEAVY).pace.rate < dispatcher.queue(LIGHT).pace.rate
    outcome(submit(dispatcher, 1, limit=MEDIUM))
    assert dispatcher.queue(MEDIUM).pace.limit == 7.0


def test_a_limit_is_learned_from_headers() -> None:
    """That of the category which they name, if requests wait for it."""

    class Announcing(Client):
        def fetch(self, request: Request, tries: int) -> Page:
            said = [
                RateLimitHeaders("Heavy", 11.0),
                RateLimitHeaders("Light", 12.0),
                RateLimitHeaders("Medium", 13.0, daily=True),
            ]
            return Page(b"{}", NOW, said[request.page])

    dispatcher = made(Announcing())
    for limit in (LIGHT, MEDIUM):
        dispatcher.queue(limit)
    submit(dispatcher, 0, 1, 2)
    for _ in range(3):
        outcome(dispatcher)
    assert [dispatcher.queue(limit).pace.limit for limit in (HEAVY, LIGHT, MEDIUM)] == [11.0, 12.0, 5000]


@pytest.mark.parametrize("plan", ["free", "pro", "business"])
def test_all_limits_follow_the_plan_that_an_answer_tells(plan: str) -> None:
    """Also those of queues that are first used later; but for a limit that Zoom named itself."""

    class Announcing(Client):
        def fetch(self, request: Request, tries: int) -> Page:
            per_day = {"free": 1000.0, "pro": 30_000.0, "business": 60_000.0}[plan]
            return Page(
                b"{}", NOW, [RateLimitHeaders("Light", 25.0), RateLimitHeaders("Heavy", per_day=per_day)][request.page]
            )

    dispatcher = Dispatcher(
        Announcing(), lambda each: Pace(limit_of(each, "pro"), 1.0), 1, False, Interrupts(), lambda _: None
    )  # type: ignore[arg-type]
    outcome(submit(dispatcher, 0, limit=LIGHT))
    outcome(submit(dispatcher, 1))
    assert dispatcher.queue(LIGHT).pace.limit == 25.0
    for each in (HEAVY, MEDIUM, PHONE_HEAVY):
        assert dispatcher.queue(each).pace.limit == limit_of(each, plan)


# --- memory -----------------------------------------------------------------------------------------------------


def test_answers_that_nobody_takes_hold_back_requests() -> None:
    """Those in flight still arrive; when they are taken, the rest is sent."""
    client = Client(*([MAX_BYTES // 2 + 1] for _ in range(9)))  # type: ignore[list-item]
    dispatcher = submit(made(client), *range(9))
    until(lambda: dispatcher._bytes > MAX_BYTES)
    assert len(client.order) == 2
    pages = [result(dispatcher) for _ in range(9)]
    assert [number for number, _ in pages] == list(range(9))
    assert dispatcher._bytes == 0


# --- workers ----------------------------------------------------------------------------------------------------


def test_no_more_workers_than_are_needed_or_allowed() -> None:
    """A thread for each request that is in flight, one that waits for the next, and no more than max_workers."""
    client = Slow()
    client.gates = {number: threading.Event() for number in range(9)}
    dispatcher = made(client, workers=4)
    before = threading.active_count()
    submit(dispatcher, *range(9))
    until(lambda: len(client.started) == 4)
    assert threading.active_count() - before == 4
    for gate in client.gates.values():
        gate.set()
    assert sorted(result(dispatcher)[0] for _ in range(9)) == list(range(9))


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_a_system_that_starts_no_more_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those there are do the work; without any there is nothing to ask with."""
    start, left, said = threading.Thread.start, [threads], []

    def start_one(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    client = Slow()
    client.gates = {number: threading.Event() for number in range(9)}
    dispatcher = Dispatcher(client, lambda _: Pace(5000, 1.0), 64, False, Interrupts(), said.append)  # type: ignore[arg-type]
    monkeypatch.setattr(threading.Thread, "start", start_one)
    if not threads:
        with pytest.raises(NoWorker, match="can't start new thread"):
            submit(dispatcher, 0)
        return
    submit(dispatcher, *range(9))
    until(lambda: len(client.started) == threads and bool(said))
    for gate in client.gates.values():
        gate.set()
    assert sorted(result(dispatcher)[0] for _ in range(9)) == list(range(9))
    assert said == [
        f"Limited to {threads} parallel requests: the system can't start a thread (\"can't start new thread\")."
    ]


def test_an_answer_that_never_ends_is_given_up_and_tried_again(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is replaced; what it brings after all is not used."""
    client = Slow([3])
    client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: 0 in client.started)
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", -1.0)
    gate = client.gates.pop(0)
    assert dispatcher.take(0.0) is None  # it is noticed here
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", 120.0)
    number, page = result(dispatcher)
    assert number == 0 and isinstance(page, Page)
    gate.set()
    submit(dispatcher, 1)
    assert result(dispatcher)[0] == 1
    assert dispatcher.in_flight == 0 and dispatcher.retries == {STREAM.name: 1}


def test_a_fault_of_our_own_is_handed_over() -> None:
    """The thread that takes it raises it."""
    assert isinstance(one(Client([lambda: ZeroDivisionError("x")])), ZeroDivisionError)


# --- retries ----------------------------------------------------------------------------------------------------


def refused_here() -> TokenRefused:
    error = TokenRefused("the words of Zoom", 0.0)
    error.elsewhere = True
    return error


@pytest.mark.parametrize("fault", [NoAnswer, Retryable])
@pytest.mark.parametrize("order", [1, -1])
def test_each_kind_of_fault_has_its_own_tries(
    fault: type[Retryable], order: int, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that was limited, or refused for its token, is still retried after a reset or a 500, and before it."""
    monkeypatch.setattr("tap_zoom.api.rate_limits.SECONDS_PER_429", 0.0)
    steps: list[Step] = [lambda: RateLimited("429", 0.0)] * (TRIES_IF_LIMITED - 1)
    steps += [lambda: TokenRefused("401")] * 20
    steps += [refused_here] * (TRIES_IF_TOKEN_REFUSED - 1)
    steps += [lambda: fault("once")] * (TRIES - 1)
    assert isinstance(one(Client(steps[::order])), Page)


def test_a_path_that_refuses_an_accepted_token_again_and_again_is_a_failure(at_once: None) -> None:
    """After its tries, whatever else the request met before."""
    client = Client([lambda: Retryable("500"), lambda: TokenRefused("401"), *[refused_here] * 100])
    lost = one(client)
    assert isinstance(lost, RequestRefused) and "the words of Zoom" in str(lost)
    assert len(client.order) == 2 + TRIES_IF_TOKEN_REFUSED


def test_without_a_token_nothing_is_sent() -> None:
    """The login's error is the outcome of all that waits."""
    client = Client(login=LoginRefused("no token"))
    dispatcher = submit(made(client), 0, 1, 2)
    assert [str(outcome(dispatcher)) for _ in range(3)] == ["no token"] * 3
    assert client.order == [] and dispatcher.requests[HEAVY] == 0


def test_a_run_stops_with_a_refusal_of_the_whole_account(at_once: None) -> None:
    """What waits in any queue is given back; what is in flight still arrives."""
    client = Slow([lambda: AccountRefused("2300")])
    client.gates = {0: threading.Event(), 1: threading.Event()}
    dispatcher = submit(made(client, workers=2), 0)
    submit(dispatcher, 1, limit=LIGHT)
    until(lambda: client.started == {0, 1})
    submit(dispatcher, 2, 3)
    client.gates[0].set()
    assert [str(outcome(dispatcher)) for _ in range(3)] == ["2300"] * 3
    client.gates[1].set()
    assert isinstance(outcome(dispatcher), Page)


def test_a_path_that_is_never_answered_is_one_failure(at_once: None) -> None:
    """If the host answers others in the meantime."""
    client = Client([lambda: NoAnswer("reset")] * 100)
    client.answers_others = True
    lost = one(client)
    assert isinstance(lost, RequestRefused)
    assert "report_meeting_participants: GET" in str(lost) and f"({TRIES} tries)" in str(lost)


@pytest.mark.parametrize(("last_answer", "tries"), [(0.0, TRIES), (None, TRIES_AT_FIRST)])
def test_a_host_that_answers_nobody_is_silent(last_answer: float | None, tries: int, at_once: None) -> None:
    """Since the first try of the request; a host that has never answered is tried less often."""
    silent = one(Client([lambda: NoAnswer("reset")] * 100, last_answer=last_answer))
    assert isinstance(silent, HostUnreachable)
    assert f"after {tries} tries" in str(silent)


@pytest.mark.parametrize("named", [121.0, 900.0, 86400.0])
def test_a_long_retry_after_is_cut_and_no_reason_to_give_up(named: float) -> None:
    """A 503 that asks for a quarter of an hour is retried sooner."""
    wait = delay(Retryable("503", named), 1, 0.0, True)
    assert wait is not None and wait < LONGEST_TIME / 2


def test_a_retry_after_of_nothing_does_not_spend_all_tries_at_once() -> None:
    """Retry-After: 0 says nothing about how long a fault lasts."""
    assert (
        sum(delay(Retryable("503", 0.0), tries, 0.0, True) or 0.0 for _ in range(20) for tries in range(1, TRIES))
        > 20 * 10
    )


# --- daily limits -----------------------------------------------------------------------------------------------


def test_a_daily_limit_ends_its_own_queue() -> None:
    """All that waits there gets the same result, and what is submitted later; the other queues are read to their end."""
    client = Slow([lambda: DailyLimitReached("daily", None)])
    client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: client.started == {0})
    submit(dispatcher, 1, 2)
    submit(dispatcher, 10, 11, limit=LIGHT)
    client.gates[0].set()
    results = dict(result(dispatcher) for _ in range(5))
    assert [str(results[number]) for number in range(3)] == ["daily"] * 3
    assert all(isinstance(results[number], Page) for number in (10, 11))
    assert isinstance(outcome(submit(dispatcher, 3)), DailyLimitReached)
    assert isinstance(outcome(submit(dispatcher, 12, limit=LIGHT)), Page)
    assert dispatcher.in_flight == 0 and dispatcher.requests == {HEAVY: 1, LIGHT: 3}


def test_a_retry_that_meets_a_daily_limit_of_its_queue_is_given_back(at_once: None) -> None:
    """It is not left behind."""
    client = Client([lambda: Retryable("503", 60.0)], [lambda: DailyLimitReached("daily", None)])
    dispatcher = submit(made(client), 0, 1)
    assert [str(outcome(dispatcher)) for _ in range(2)] == ["daily"] * 2


def test_tries_before_the_next_day_do_not_count(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the wait for a daily reset a request has all its tries again."""
    monkeypatch.setattr(module, "LONGEST_DAILY_WAIT", 0.0)
    nearly: list[Step] = [lambda: Retryable("500")] * (TRIES - 1)
    assert isinstance(
        one(Client([*nearly, lambda: DailyLimitReached("daily", None), *nearly]), wait_for_reset=True), Page
    )


def test_the_wait_for_the_next_day_is_no_time_of_the_request(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the day was: a fault after it is retried."""
    monkeypatch.setattr(module, "LONGEST_DAILY_WAIT", 0.3)
    monkeypatch.setattr("tap_zoom.api.retry.LONGEST_TIME", 0.2)
    steps: list[Step] = [lambda: DailyLimitReached("daily", None), lambda: Retryable("500")]
    assert isinstance(one(Client(steps), wait_for_reset=True), Page)
