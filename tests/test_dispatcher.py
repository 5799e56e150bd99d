"""The dispatcher: queues, workers, retries, daily limits, and errors that stop a run."""

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
Step = Callable[[], Exception] | int  # the error of a request, or the size of its answer in bytes


class Client:
    """Answers each request with its own steps in order, then with small pages."""

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
    """Answers a request that has a gate only after the gate is opened."""

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
    """Submit requests. Their number identifies them, and is their priority."""
    for number in numbers:
        dispatcher.submit(Request(OTHERS[limit], IDS, {}, page=number), "", (number,), number)
    return dispatcher


def result(dispatcher: Dispatcher) -> tuple[Any, Page | Exception]:
    """Return the next result. Fails if there is none."""
    for _ in range(40):
        if taken := dispatcher.take(0.5):
            return taken
    raise AssertionError("the dispatcher stands still")


def outcome(dispatcher: Dispatcher) -> Page | Exception:
    return result(dispatcher)[1]


def one(client: Any, **how: Any) -> Page | Exception:
    """Return the outcome of one request."""
    return outcome(submit(made(client, **how), 0))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.001)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait only as long as the server asks."""
    monkeypatch.setattr("tap_zoom.api.retry.backoff.full_jitter", lambda _: 0.0)


# --- queues -----------------------------------------------------------------------------------------------------


def test_the_smallest_priority_is_sent_first() -> None:
    """Requests with the same priority are sent in the order of submission."""
    client = Slow()
    client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: client.started == {0})
    submit(dispatcher, 5, 3, 9, 3, 1)
    client.gates[0].set()
    assert [result(dispatcher)[0] for _ in range(6)] == client.order == [0, 1, 3, 3, 5, 9]
    assert dispatcher.in_flight == 0 and dispatcher.requests == {HEAVY: 6}


def test_results_are_returned_as_they_arrive() -> None:
    """A slow answer doesn't delay others."""
    client = Slow()
    client.gates[1] = threading.Event()
    dispatcher = submit(made(client, workers=2), 1, 2, 3, 4)
    assert [result(dispatcher)[0] for _ in range(3)] == [2, 3, 4]
    assert dispatcher.take(0.0) is None and dispatcher.in_flight == 1
    client.gates[1].set()
    assert result(dispatcher)[0] == 1


def test_each_rate_limit_has_its_own_queue_and_pace(at_once: None) -> None:
    """While one is paused for a minute, the others continue."""
    client = Client([lambda: RateLimited("429", 60.0)])
    dispatcher = submit(made(client), 0)
    until(lambda: dispatcher.retries[STREAM.name] == 1)
    submit(dispatcher, 1, 2)
    submit(dispatcher, 10, 11, limit=LIGHT)
    submit(dispatcher, 20, limit=MEDIUM)
    assert sorted(result(dispatcher)[0] for _ in range(3)) == [10, 11, 20]
    assert dispatcher.take(0.0) is None and dispatcher.in_flight == 3
    assert dispatcher.busiest() == HEAVY


def test_a_waiting_retry_does_not_block_a_worker(at_once: None) -> None:
    """It doesn't block its queue either."""
    client = Client([lambda: Retryable("503", 60.0)])
    dispatcher = submit(made(client), *range(5))
    assert [result(dispatcher)[0] for _ in range(4)] == [1, 2, 3, 4]
    assert dispatcher.retries == {STREAM.name: 1}


def test_a_queue_is_low_with_less_than_three_seconds_of_requests() -> None:
    """Their number depends on the pace of its rate limit."""
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


def test_a_429_only_slows_its_own_rate_limit(at_once: None) -> None:
    """Others keep their rate. A limit that the 429 reports is used."""
    client = Client([lambda: RateLimited("429", 0.0)], [lambda: RateLimited("429", 0.0, 7.0)])
    dispatcher = made(client)
    outcome(submit(dispatcher, 0))
    assert dispatcher.queue(HEAVY).pace.rate < dispatcher.queue(LIGHT).pace.rate
    outcome(submit(dispatcher, 1, limit=MEDIUM))
    assert dispatcher.queue(MEDIUM).pace.limit == 7.0


def test_a_limit_is_learned_from_headers() -> None:
    """It applies to the category in the headers, if that has a queue. Daily limits don't change the pace."""

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
def test_all_limits_follow_the_plan_that_headers_reveal(plan: str) -> None:
    """Queues that are created later follow it, too. A limit that Zoom reported is kept."""

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


def test_untaken_answers_pause_sending() -> None:
    """Answers to requests in flight still arrive. The rest is sent when these are taken."""
    client = Client(*([MAX_BYTES // 2 + 1] for _ in range(9)))  # type: ignore[list-item]
    dispatcher = submit(made(client), *range(9))
    until(lambda: dispatcher._bytes > MAX_BYTES)
    assert len(client.order) == 2
    pages = [result(dispatcher) for _ in range(9)]
    assert [number for number, _ in pages] == list(range(9))
    assert dispatcher._bytes == 0


# --- workers ----------------------------------------------------------------------------------------------------


def test_workers_are_limited_to_max_workers() -> None:
    """If more requests are submitted, exactly max_workers threads are started."""
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
def test_existing_threads_are_used_if_no_more_can_start(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lower limit is logged. If no thread can start, NoWorker is raised."""
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


def test_an_endless_answer_is_abandoned_and_retried(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is replaced. If the answer arrives later, it is ignored."""
    client = Slow([3])
    client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: 0 in client.started)
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", -1.0)
    gate = client.gates.pop(0)
    assert dispatcher.take(0.0) is None  # notices the timeout
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", 120.0)
    number, page = result(dispatcher)
    assert number == 0 and isinstance(page, Page)
    gate.set()
    submit(dispatcher, 1)
    assert result(dispatcher)[0] == 1
    assert dispatcher.in_flight == 0 and dispatcher.retries == {STREAM.name: 1}


def test_a_late_answer_does_not_replace_the_second_try(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives while the second try is under way, whose answer is returned."""
    client = Slow([3, 4])
    first = client.gates[0] = threading.Event()
    dispatcher = submit(made(client), 0)
    until(lambda: 0 in client.started)
    second = client.gates[0] = threading.Event()
    client.started.clear()
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", -1.0)
    assert dispatcher.take(0.0) is None  # notices the timeout
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", 120.0)
    until(lambda: 0 in client.started)
    workers = threading.active_count()
    first.set()
    until(lambda: threading.active_count() < workers)  # the worker of the first try has ended
    second.set()
    number, page = result(dispatcher)
    assert (number, dispatcher.retries) == (0, {STREAM.name: 1})
    assert isinstance(page, Page) and len(page.body) == 4  # the first try took the first answer


def test_an_unexpected_exception_is_returned() -> None:
    """The thread that takes the result raises it."""
    assert isinstance(one(Client([lambda: ZeroDivisionError("x")])), ZeroDivisionError)


# --- retries ----------------------------------------------------------------------------------------------------


def refused_here() -> TokenRefused:
    error = TokenRefused("the words of Zoom", 0.0)
    error.elsewhere = True
    return error


@pytest.mark.parametrize("fault", [NoAnswer, Retryable])
@pytest.mark.parametrize("order", [1, -1])
def test_tries_are_counted_separately_by_error(
    fault: type[Retryable], order: int, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429s and refused tokens don't use up the retries for other errors, in either order."""
    monkeypatch.setattr("tap_zoom.api.rate_limits.SECONDS_PER_429", 0.0)
    steps: list[Step] = [lambda: RateLimited("429", 0.0)] * (TRIES_IF_LIMITED - 1)
    steps += [lambda: TokenRefused("401")] * 20
    steps += [refused_here] * (TRIES_IF_TOKEN_REFUSED - 1)
    steps += [lambda: fault("once")] * (TRIES - 1)
    assert isinstance(one(Client(steps[::order])), Page)


def test_a_path_that_keeps_refusing_an_accepted_token_is_a_failure(at_once: None) -> None:
    """It fails after its tries for that, regardless of earlier errors."""
    client = Client([lambda: Retryable("500"), lambda: TokenRefused("401"), *[refused_here] * 100])
    lost = one(client)
    assert isinstance(lost, RequestRefused) and "the words of Zoom" in str(lost)
    assert len(client.order) == 2 + TRIES_IF_TOKEN_REFUSED


def test_nothing_is_sent_without_a_token() -> None:
    """All waiting requests get the error of the login."""
    client = Client(login=LoginRefused("no token"))
    dispatcher = submit(made(client), 0, 1, 2)
    assert [str(outcome(dispatcher)) for _ in range(3)] == ["no token"] * 3
    assert client.order == [] and dispatcher.requests[HEAVY] == 0


def test_a_refusal_of_the_whole_account_stops_the_run(at_once: None) -> None:
    """Requests in all queues get the same error. Answers to requests in flight still arrive."""
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


def test_a_path_that_never_answers_is_one_failure(at_once: None) -> None:
    """The host answers other requests meanwhile. Otherwise it would count as unreachable."""
    client = Client([lambda: NoAnswer("reset")] * 100)
    client.answers_others = True
    lost = one(client)
    assert isinstance(lost, RequestRefused)
    assert "report_meeting_participants: GET" in str(lost) and f"({TRIES} tries)" in str(lost)


@pytest.mark.parametrize(("last_answer", "tries"), [(0.0, TRIES), (None, TRIES_AT_FIRST)])
def test_a_silent_host_is_unreachable(last_answer: float | None, tries: int, at_once: None) -> None:
    """It hasn't answered since the first try of the request. There are fewer tries if it has never answered."""
    silent = one(Client([lambda: NoAnswer("reset")] * 100, last_answer=last_answer))
    assert isinstance(silent, HostUnreachable)
    assert f"after {tries} tries" in str(silent)


@pytest.mark.parametrize("named", [121.0, 900.0, 86400.0])
def test_a_long_retry_after_is_shortened(named: float) -> None:
    """A 503 that asks for 15 minutes is retried sooner, and not given up."""
    wait = delay(Retryable("503", named), 1, 0.0, True)
    assert wait is not None and wait < LONGEST_TIME / 2


def test_retry_after_0_does_not_use_up_all_tries_at_once() -> None:
    """It doesn't say how long a fault lasts. On average, the tries take more than 10 seconds."""
    assert (
        sum(delay(Retryable("503", 0.0), tries, 0.0, True) or 0.0 for _ in range(20) for tries in range(1, TRIES))
        > 20 * 10
    )


# --- daily limits -----------------------------------------------------------------------------------------------


def test_a_daily_limit_only_ends_its_own_queue() -> None:
    """Waiting and later requests of that queue get the same error. The other queues continue."""
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


def test_a_daily_limit_also_ends_waiting_retries(at_once: None) -> None:
    """A request that waits for its retry gets the error of the limit."""
    client = Client([lambda: Retryable("503", 60.0)], [lambda: DailyLimitReached("daily", None)])
    dispatcher = submit(made(client), 0, 1)
    assert [str(outcome(dispatcher)) for _ in range(2)] == ["daily"] * 2


def test_tries_before_a_daily_reset_do_not_count(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the wait for the reset, a request has all its tries again."""
    monkeypatch.setattr(module, "LONGEST_DAILY_WAIT", 0.0)
    nearly: list[Step] = [lambda: Retryable("500")] * (TRIES - 1)
    assert isinstance(
        one(Client([*nearly, lambda: DailyLimitReached("daily", None), *nearly]), wait_for_reset=True), Page
    )


def test_the_wait_for_a_daily_reset_does_not_count_as_retry_time(
    at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault after a long wait is still retried."""
    monkeypatch.setattr(module, "LONGEST_DAILY_WAIT", 0.3)
    monkeypatch.setattr("tap_zoom.api.retry.LONGEST_TIME", 0.2)
    steps: list[Step] = [lambda: DailyLimitReached("daily", None), lambda: Retryable("500")]
    assert isinstance(one(Client(steps), wait_for_reset=True), Page)
