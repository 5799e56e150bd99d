"""Sends requests as fast as their rate limits allow, and hands answers over in the order of their arrival.

There is a queue for each rate limit. Workers are threads that do one request at a time: one of them waits for the next
request that is due, the others are at work or idle. A request that waits, for its turn or for its retry, holds no
worker.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from tap_zoom.api import http
from tap_zoom.api.client import Client
from tap_zoom.api.queues import Job, Priority, Queue
from tap_zoom.api.rate_limits import Pace, limit_of, plan_of
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.api.retry import delay, given_up
from tap_zoom.errors import DailyLimitReached, NoAnswer, NoWorker, RateLimited, Retryable, RunStopped
from tap_zoom.interrupts import Interrupts
from tap_zoom.streams.model import RateLimit

MAX_BYTES = 4 << 20  # of answers that are not handed over: more hold back new requests
LONGEST_DAILY_WAIT = 86400.0  # seconds, if Zoom names no reset

Result = tuple[Any, "Page | Exception"]  # what was submitted with a request, and what came of it


class Dispatcher:
    """`pace`: makes the pace of a rate limit. `wait_for_reset`: a daily limit is waited for. Driven by one thread."""

    def __init__(
        self,
        client: Client,
        pace: Callable[[RateLimit], Pace],
        workers: int,
        wait_for_reset: bool,
        interrupts: Interrupts,
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._pace = pace
        self._most_workers = workers
        self._wait_for_reset = wait_for_reset
        self._interrupts = interrupts
        self._log = log
        self._queues: dict[RateLimit, Queue] = {}
        self._plan: str | None = None  # the account's, once an answer tells it
        self._results: SimpleQueue[tuple[Any, Page | Exception]] = SimpleQueue()
        self._changed = threading.Condition()  # over all that follows
        self._turn = threading.Lock()  # held by the worker that waits for the next request to be due
        self._numbers = itertools.count()
        self._working: dict[int, Job] = {}  # by number: sent and not answered
        self._workers = 0
        self._idle = 0
        self._bytes = 0
        self._abandon_at = 0.0
        self._stopped: Exception | None = None
        self.in_flight = 0  # submitted and not taken; only the driving thread changes it
        self.requests: Counter[RateLimit] = Counter()
        self.retries: Counter[str] = Counter()  # by stream

    def submit(self, request: Request, traversal: str, priority: Priority, task: Any) -> None:
        """Queue a request. Its answer comes with `task`. Traversals take turns; of one, those with the smallest
        priority are sent first."""
        self.in_flight += 1
        with self._changed:
            queue = self.queue(request.stream.rate_limit)
            if why := self._stopped or queue.spent:
                self._deliver(task, why)
                return
            queue.push(traversal, Job(priority, next(self._numbers), request, task))
            self._hire()
            self._changed.notify()

    def take(self, seconds: float) -> Result | None:
        """The next answer, or the error that ended its request; None if none comes in time."""
        self._abandon(time.monotonic())
        deadline = time.monotonic() + seconds
        while self._results.empty():
            if (left := deadline - time.monotonic()) <= 0:
                return None
            self._interrupts.wait(left)
        self._interrupts.check()
        task, outcome = self._results.get()
        self.in_flight -= 1
        if isinstance(outcome, Page):
            with self._changed:
                was_full = self._bytes > MAX_BYTES
                self._bytes -= len(outcome.body)
                if was_full:
                    self._changed.notify()
        return task, outcome

    def is_low(self, rate_limit: RateLimit) -> bool:
        """True if a queue needs more requests to keep its pace."""
        with self._changed:
            return self.queue(rate_limit).is_low

    def busiest(self) -> RateLimit | None:
        """The rate limit with the longest queue, in seconds."""
        with self._changed:
            waiting = {name: len(queue) / queue.pace.rate for name, queue in self._queues.items() if len(queue)}
        return max(waiting, key=waiting.__getitem__) if waiting else None

    def queue(self, rate_limit: RateLimit) -> Queue:
        if rate_limit not in self._queues:
            queue = self._queues[rate_limit] = Queue(self._pace(rate_limit))
            if self._plan is not None:
                queue.pace.assume(limit_of(rate_limit, self._plan))
        return self._queues[rate_limit]

    # --- workers

    def _hire(self) -> None:
        """Start a worker, unless one is idle. If the system starts no more threads, those there are will do."""
        if self._idle or self._workers >= self._most_workers:
            return
        try:
            threading.Thread(target=self._work, name=f"worker-{self._workers + 1}", daemon=True).start()
        except RuntimeError as error:
            if self._workers == 0:
                raise NoWorker(error) from None
            self._most_workers = self._workers
            self._log(f'No more than {self._workers} requests at a time: the system says "{error}".')
        else:
            self._workers += 1
            self._idle += 1

    def _work(self) -> None:
        while True:
            with self._turn:
                job = self._next_job()
            try:
                outcome: Page | Exception = self._client.fetch(job.request, job.tries)
            except Exception as error:  # the thread that takes it raises it
                outcome = error
            with self._changed:
                if self._working.pop(job.number, None) is None:
                    return  # it was abandoned
                self._idle += 1
                self._settle(job, outcome, time.monotonic())

    def _next_job(self) -> Job:
        """Wait until a request is due, and take it."""
        while True:
            with self._changed:
                while (queue := self._soonest()) is None or queue.due > time.monotonic():
                    self._changed.wait(None if queue is None else queue.due - time.monotonic())
            try:
                self._client.log_in()  # before a request is taken, or all of them would wait for a token
            except Exception as error:
                with self._changed:
                    self._stop(error)
            with self._changed:
                queue, now = self._soonest(), time.monotonic()
                if queue is not None and queue.due <= now:
                    return self._send(queue, now)

    def _soonest(self) -> Queue | None:
        """The queue whose request may be sent first; None if there is none."""
        waiting = [queue for queue in self._queues.values() if len(queue)]
        if not waiting or self._stopped or self._bytes > MAX_BYTES:
            return None
        return min(waiting, key=lambda queue: queue.due)

    def _send(self, queue: Queue, now: float) -> Job:
        job = queue.pop(now)
        job.tries += 1
        job.sent = now
        job.started = job.started or now
        self.requests[job.request.stream.rate_limit] += 1
        self._working[job.number] = job
        self._idle -= 1
        if any(map(len, self._queues.values())):
            self._hire()
        return job

    # --- what comes of a request

    def _settle(self, job: Job, outcome: Page | Exception, now: float) -> None:
        """Hand a result over, or queue its request again."""
        queue = self.queue(job.request.stream.rate_limit)
        if isinstance(outcome, Page):
            self._learn(job.request.stream.rate_limit, outcome)
            queue.pace.speed_up()
            self._bytes += len(outcome.body)
        elif isinstance(outcome, (Retryable, DailyLimitReached)):
            wait = self._retry_in(job, outcome, queue, now)
            if wait is not None and not queue.spent and not self._stopped:
                heapq.heappush(queue.retries, (now + wait, job.number, job))
                self.retries[job.request.stream.name] += 1
                self._changed.notify()
                return
            outcome = given_up(outcome, job.request, job.tries, (self._client.last_answer or 0.0) >= job.started)
        self._deliver(job.task, outcome)
        if isinstance(outcome, DailyLimitReached):
            queue.spent = outcome
            self._give_back(queue, outcome)
        elif isinstance(outcome, RunStopped):
            self._stop(outcome)

    def _retry_in(self, job: Job, error: Retryable | DailyLimitReached, queue: Queue, now: float) -> float | None:
        """Seconds until a retry, None for no more tries."""
        if isinstance(error, DailyLimitReached):
            if not self._wait_for_reset:
                return None
            wait = LONGEST_DAILY_WAIT if error.wait is None else error.wait + 1
            if queue.pace.free_at() < now + wait - 1:
                self._log(f"{error} Waiting {wait:.0f} s for it.")
            queue.pace.hold(now + wait)
            job.tries = job.limited = job.refused = job.refused_here = 0  # the tries of another day say nothing
            job.started = 0.0
            return wait
        if isinstance(error, RateLimited):
            queue.pace.refused(now, error.wait, error.limit)
        return delay(error, job.failed(error), now - job.started, self._client.last_answer is not None)

    def _learn(self, rate_limit: RateLimit, page: Page) -> None:
        """Take over a limit that the headers of an answer name, or those of the plan that they tell."""
        said = page.announcement
        named = rate_limit._replace(category=said.label or rate_limit.category)
        if said.label is not None and said.limit is not None and not said.daily and named in self._queues:
            self._queues[named].pace.learn(said.limit)
        plan = plan_of(rate_limit, said)
        if plan is not None and plan != self._plan:
            self._plan = plan
            changed = [queue.pace.assume(limit_of(name, plan)) for name, queue in self._queues.items()]
            if any(changed):
                self._log(f"The daily limit in Zoom's headers is that of the plan {plan}, so its rate limits apply.")

    def _stop(self, why: Exception) -> None:
        """Send nothing any more; all that waits gets the same result."""
        self._stopped = self._stopped or why
        for queue in self._queues.values():
            self._give_back(queue, why)

    def _give_back(self, queue: Queue, why: Exception) -> None:
        for job in queue.clear():
            self._deliver(job.task, why)

    def _deliver(self, task: Any, outcome: Page | Exception) -> None:
        self._results.put((task, outcome))
        self._interrupts.wake()

    def _abandon(self, now: float) -> None:
        """Give up on answers that never end. Their workers are replaced."""
        if now < self._abandon_at:
            return
        self._abandon_at = now + 1.0
        with self._changed:
            for job in [job for job in self._working.values() if now - job.sent > http.ANSWER_TIMEOUT]:
                del self._working[job.number]
                self._workers -= 1
                self._settle(job, NoAnswer(f"No answer ({http.not_whole()})"), now)
                self._hire()
