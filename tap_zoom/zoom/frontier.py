"""All threads of the tap: requests go out as their lanes allow, and results come back in the order that was named.

Workers do one request each and never wait for one another. A request that waits, for its lane's turn or for its retry,
waits in its lane's queue and holds no worker. Nothing leaves without a token: the worker whose turn it is gets one
first, or all that waited for it would leave at once.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

from tap_zoom.errors import DailyLimitReached, NoThread, Passing, RateLimited, RunStopped
from tap_zoom.interrupts import Interrupts
from tap_zoom.streams.model import Lane
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.client import Client
from tap_zoom.zoom.lanes import Job, Lanes
from tap_zoom.zoom.limits import Throttle
from tap_zoom.zoom.request import Request
from tap_zoom.zoom.retry import delay, given_up

BYTES_WAITING = 4 << 20  # of answers that wait to be taken: more hold back new requests
SWITCH_INTERVAL = 0.001  # seconds
LONGEST_DAILY_WAIT = 86400.0  # seconds, where Zoom names no reset

Taken = tuple["Request", float, "Page | Exception"]  # what was asked, its due, what came of it


class Frontier:
    """Submit requests, take results in the order of their dues. Driven from one thread."""

    def __init__(
        self,
        client: Client,
        throttle: Callable[[Lane], Throttle],
        workers: int,
        wait_for_reset: bool,
        interrupts: Interrupts,
        log: Callable[[str], None],
    ) -> None:
        # A request whose turn has come should not wait 5 ms for each thread that is at work.
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._client = client
        self.lanes = Lanes(throttle)
        self._most_workers = workers
        self._wait_for_reset = wait_for_reset
        self._interrupts = interrupts
        self._log = log
        self._order: list[tuple[float, int, Job]] = []  # a heap
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # the leading worker waits here for the next request to be due
        self._turn = threading.Lock()  # held by the leading worker
        self._workers = 0
        self._idle = 0
        self._bytes = 0
        self._stopped: Exception | None = None  # by what; nothing leaves any more
        self.requests: Counter[Lane] = Counter()
        self.retries: dict[str, int] = {}  # per stream

    def submit(self, request: Request, due: float, ahead: bool = False) -> None:
        """Put a request at the end of its lane's queue, or `ahead` of it. Its result is taken when that of all requests
        with a smaller `due` was."""
        job = Job(request, due)
        with self._lock:
            queue = self.lanes.of(request)
            heapq.heappush(self._order, (due, next(self._numbers), job))
            queue.add(job, ahead)
            self._hire()
            self._work.notify()

    def take(self, patience: float) -> Taken | None:
        """The result whose turn it is, with its due; None after `patience` seconds without it.

        Once something stopped the run, what is under way is still brought home, up to the first gap.
        """
        left, deadline = 0.0, time.monotonic() + patience
        while True:
            self._interrupts.wait(left)
            with self._lock:
                taken = self._take()
            left = deadline - time.monotonic()
            if taken is not None or left <= 0:
                return taken

    def _take(self) -> Taken | None:
        job = self._order[0][2]
        if job.outcome is None:
            return (job.request, job.due, self._stopped) if self._stopped is not None and not job.in_flight else None
        heapq.heappop(self._order)
        if self._bytes > BYTES_WAITING:
            self._work.notify()  # the new head may have been held back
        if isinstance(job.outcome, Page):
            self._bytes -= len(job.outcome.body)
        return job.request, job.due, job.outcome

    def __bool__(self) -> bool:
        """Whether anything is submitted and not taken."""
        return bool(self._order)

    def _hire(self) -> None:
        """One more worker, unless one is idle. Where the system starts no more threads, those there are will do. Raises
        NoThread if there is none."""
        if self._idle or self._workers >= self._most_workers:
            return
        try:
            threading.Thread(target=self._serve, name=f"worker-{self._workers + 1}", daemon=True).start()
        except RuntimeError as error:
            if self._workers == 0:
                raise NoThread(error) from None
            self._most_workers = self._workers
            self._log(f'No more than {self._workers} requests at a time: beyond that the system says "{error}".')
        else:
            self._workers += 1
            self._idle += 1

    def _serve(self) -> None:
        while True:
            with self._turn:
                job = self._next_job()
            try:
                outcome: Page | Exception = self._client.fetch(job.request, job.tries)
            except Exception as error:  # it surfaces in the walk
                outcome = error
            with self._lock:
                self._idle += 1
                self._settle(job, outcome, time.monotonic())

    def _next_job(self) -> Job:
        """Wait until a request is due and take it. Only the leading worker is here, so only one thread wakes up."""
        while True:
            with self._lock:
                while (when := self._soonest(now := time.monotonic())[0]) > now:
                    self._work.wait(None if when == float("inf") else when - now)
            try:
                self._client.log_in()
            except Exception as error:  # it surfaces in the walk
                with self._lock:
                    self._stop(error)
            with self._lock:
                now = time.monotonic()
                when, job = self._soonest(now)
                if job is not None and when <= now:
                    self._leave(job, now)
                    return job

    def _leave(self, job: Job, now: float) -> None:
        """Take a request out of its queue, and see to it that somebody is there for the next one."""
        queue = self.lanes.of(job.request)
        queue.remove(job)
        queue.throttle.leave(now)
        job.tries += 1
        job.started = job.started or now
        self.requests[job.request.stream.lane] += 1
        job.in_flight = True
        self._idle -= 1
        if self.lanes:
            self._hire()

    def _soonest(self, now: float) -> tuple[float, Job | None]:
        """The request that may leave first, and when. While too many bytes wait, only what the walk waits for may."""
        if self._stopped is not None:
            return float("inf"), None
        if self._bytes > BYTES_WAITING:
            head = self._order[0][2]
            if head.in_flight or head.outcome is not None:
                return float("inf"), None
            return self.lanes.of(head.request).due_of(head), head
        return self.lanes.soonest(now)

    def _settle(self, job: Job, outcome: Page | Exception, now: float) -> None:
        """Keep a result for the walk, or queue the request again."""
        job.in_flight = False
        queue = self.lanes.of(job.request)
        if isinstance(outcome, Page):
            self.lanes.learn(job.request.stream.lane, outcome.announcement)
            queue.throttle.speed_up()
            self._bytes += len(outcome.body)
        elif isinstance(outcome, (Passing, DailyLimitReached)):
            wait = self._retry_in(job, outcome, queue.throttle, now)
            if wait is not None:
                heapq.heappush(queue.retries, (now + wait, next(self._numbers), job))
                self.retries[job.request.stream.name] = self.retries.get(job.request.stream.name, 0) + 1
                self._work.notify()
                return
            outcome = given_up(outcome, job.request, job.tries, (self._client.last_answer or 0.0) >= job.started)
        job.outcome = outcome
        if isinstance(outcome, DailyLimitReached):
            queue.give_up(outcome)
        elif isinstance(outcome, RunStopped):
            self._stop(outcome)
        if self._order[0][2].outcome is not None or self._stopped is not None:
            self._interrupts.wake()

    def _stop(self, why: Exception) -> None:
        """Let nothing leave any more."""
        self._stopped = self._stopped or why
        self._interrupts.wake()

    def _retry_in(self, job: Job, error: Passing | DailyLimitReached, throttle: Throttle, now: float) -> float | None:
        if isinstance(error, DailyLimitReached):
            if not self._wait_for_reset:
                return None
            wait = LONGEST_DAILY_WAIT if error.wait is None else error.wait + 1
            if throttle.free_at() < now + wait - 1:
                self._log(f"{error} Waiting {wait:.0f} s for it.")
            throttle.hold(now + wait)
            job.begin_anew()
            return wait
        if isinstance(error, RateLimited):
            throttle.refused(now, error.wait, error.limit)
        return delay(error, job.failed(error), now - job.started, self._client.last_answer is not None)
