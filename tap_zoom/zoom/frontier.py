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
from operator import itemgetter

from tap_zoom.errors import (
    DailyLimitReached,
    HostSilent,
    ItemLost,
    LoginRefused,
    NoAnswer,
    NoThread,
    Passing,
    RateLimited,
    RunStopped,
    TokenRefused,
)
from tap_zoom.interrupts import Interrupts
from tap_zoom.streams.model import Lane
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.client import Client
from tap_zoom.zoom.lane import Job, Queue
from tap_zoom.zoom.limits import Announcement, Throttle
from tap_zoom.zoom.request import Request
from tap_zoom.zoom.retry import delay

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
        self._throttle = throttle
        self._queues: dict[Lane, Queue] = {}
        self._most_workers = workers
        self._wait_for_reset = wait_for_reset
        self._interrupts = interrupts
        self._log = log
        self._order: list[tuple[float, int, Job]] = []  # a heap
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # the leading worker waits here for the next request to be due
        # Held until there may be something to take. A condition would do, if a signal did not leave it half locked.
        self._news = threading.Lock()
        self._news.acquire()
        self._turn = threading.Lock()  # held by the leading worker
        self._workers = 0
        self._idle = 0
        self._bytes = 0
        self._stopped: Exception | None = None  # by what; nothing leaves any more
        self.in_flight = 0
        self.requests: Counter[Lane] = Counter()
        self.retries: dict[str, int] = {}  # per stream

    def submit(self, request: Request, due: float, ahead: bool = False) -> None:
        """Put a request at the end of its lane's queue, or `ahead` of it. Its result is taken when that of all requests
        with a smaller `due` was."""
        job = Job(request, due)
        with self._lock:
            queue = self._queues.get(request.stream.lane)
            if queue is None:
                queue = self._queues[request.stream.lane] = Queue(self._throttle(request.stream.lane))
            heapq.heappush(self._order, (due, next(self._numbers), job))
            if ahead:
                queue.ready.appendleft(job)
            else:
                queue.ready.append(job)
            if queue.spent is not None:
                queue.give_up(queue.spent)
            if self._idle == 0 and self._workers < self._most_workers:
                self._hire()
            self._work.notify()

    def take(self, patience: float) -> Taken | None:
        """The result whose turn it is, with its due; None after `patience` seconds without it.

        Once something stopped the run, what is under way is still brought home, up to the first gap.
        """
        left, deadline = 0.0, time.monotonic() + patience
        while True:
            with self._interrupts.allowed():
                self._news.acquire(timeout=left)
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

    def queued(self) -> dict[Lane, int]:
        return {lane: len(queue) for lane, queue in self._queues.items() if len(queue)}

    def busiest(self) -> Lane | None:
        """The lane whose limit holds up the most."""
        waiting = {lane: len(queue) / queue.throttle.rate for lane, queue in self._queues.items() if len(queue)}
        return max(waiting, key=waiting.__getitem__) if waiting else None

    def _hire(self) -> None:
        """One more worker. Where the system starts no more threads, those there are will do. Raises NoThread if there
        is none."""
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
                self.in_flight -= 1
                self._idle += 1
                self._settle(job, outcome, time.monotonic())

    def _next_job(self) -> Job:
        """Wait until a request is due and take it. Only the leading worker is here, so only one thread wakes up."""
        while True:
            self._wait_for_the_next()
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

    def _wait_for_the_next(self) -> None:
        with self._lock:
            while True:
                now = time.monotonic()
                when, job = self._soonest(now)
                if when <= now:
                    return
                self._work.wait(None if job is None else when - now)

    def _leave(self, job: Job, now: float) -> None:
        """Take a request out of its queue, and see to it that somebody is there for the next one."""
        queue = self._queues[job.request.stream.lane]
        queue.remove(job)
        queue.throttle.leave(now)
        job.tries += 1
        job.started = job.started or now
        self.requests[job.request.stream.lane] += 1
        job.in_flight = True
        self.in_flight += 1
        self._idle -= 1
        if self._idle == 0 and self._workers < self._most_workers and any(map(len, self._queues.values())):
            self._hire()

    def _soonest(self, now: float) -> tuple[float, Job | None]:
        """The request that may leave first, and when. While too many bytes wait, only what the walk waits for may."""
        if self._stopped is not None:
            return float("inf"), None
        if self._bytes > BYTES_WAITING:
            head = self._order[0][2]
            if head.in_flight or head.outcome is not None:
                return float("inf"), None
            return self._queues[head.request.stream.lane].due_of(head), head
        waiting = [(queue, job) for queue in self._queues.values() if (job := queue.next(now)) is not None]
        due = ((queue.due_of(job), job) for queue, job in waiting)
        return min(due, key=itemgetter(0), default=(float("inf"), None))

    def _settle(self, job: Job, outcome: Page | Exception, now: float) -> None:
        """Keep a result for the walk, or queue the request again."""
        job.in_flight = False
        throttle = self._queues[job.request.stream.lane].throttle
        if isinstance(outcome, Page):
            self._learn(job.request.stream.lane, outcome.announcement)
            throttle.speed_up()
            self._bytes += len(outcome.body)
        elif isinstance(outcome, (Passing, DailyLimitReached)):
            wait = self._retry_in(job, outcome, throttle, now)
            if wait is not None:
                heapq.heappush(self._queues[job.request.stream.lane].retries, (now + wait, next(self._numbers), job))
                self.retries[job.request.stream.name] = self.retries.get(job.request.stream.name, 0) + 1
                self._work.notify()
                return
            outcome = self._given_up(job, outcome)
        job.outcome = outcome
        if isinstance(outcome, DailyLimitReached):
            self._queues[job.request.stream.lane].give_up(outcome)
        elif isinstance(outcome, RunStopped):
            self._stop(outcome)
        if self._order[0][2].outcome is not None or self._stopped is not None:
            self._tell()

    def _stop(self, why: Exception) -> None:
        """Let nothing leave any more."""
        self._stopped = self._stopped or why
        self._tell()

    def _tell(self) -> None:
        """Let the walk look again. Called with the lock, so that only one releases."""
        if self._news.locked():
            self._news.release()

    def _retry_in(self, job: Job, error: Passing | DailyLimitReached, throttle: Throttle, now: float) -> float | None:
        if isinstance(error, DailyLimitReached):
            if not self._wait_for_reset:
                return None
            wait = LONGEST_DAILY_WAIT if error.wait is None else error.wait + 1
            if throttle.free_at() < now + wait - 1:
                self._log(f"{error} Waiting {wait:.0f} s for it.")
            throttle.hold(now + wait)
            job.tries = job.limited = job.refused = 0
            job.started = 0.0
            return wait
        if isinstance(error, RateLimited):
            throttle.refused(now, error.wait, error.limit)
            job.limited += 1
            tries = job.limited
        elif isinstance(error, TokenRefused):
            job.refused += 1
            tries = job.refused
        else:
            tries = job.tries - job.limited - job.refused
        return delay(error, tries, now - job.started, self._client.last_answer is not None)

    def _given_up(self, job: Job, error: Exception) -> Exception:
        is_file = job.request.stream.is_file
        if isinstance(error, NoAnswer) and not is_file and (self._client.last_answer or 0.0) < job.started:
            return HostSilent(
                f"{job.request}: {error} after {job.tries} tries. Check api_url, the network and "
                "https://status.zoom.us, then run again with the last STATE to go on from here."
            )
        if isinstance(error, TokenRefused) and not is_file:
            return LoginRefused(
                f"Login refused: Zoom does not accept the access token ({error}). Check that the app is activated on "
                "https://marketplace.zoom.us and that no other program invalidates its tokens."
            )
        if isinstance(error, Passing):
            where = f"{job.request}: " if isinstance(error, NoAnswer) else ""
            return ItemLost(f"{where}{error} ({job.tries} tries)")
        return error

    def _learn(self, lane: Lane, said: Announcement) -> None:
        other = lane._replace(label=said.label or lane.label)
        if said.label is not None and said.limit is not None and not said.daily and other in self._queues:
            self._queues[other].throttle.learn(said.limit)
