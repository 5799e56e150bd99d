"""Sends requests as fast as their rate limits allow, and returns answers in the order of their arrival.

There is a queue for each rate limit. Workers are threads that send one request at a time: one of them waits for the
next request that is due, the others are busy or idle. A request that waits for its turn or its retry blocks no worker.
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

MAX_BYTES = 4 << 20  # of answers that haven't been taken; above that, no requests are sent
LONGEST_DAILY_WAIT = 86400.0  # seconds, if Zoom doesn't name the reset

Result = tuple[Any, "Page | Exception"]  # the task submitted with a request, and the outcome of the request


class Dispatcher:
    """`pace`: creates the pace of a rate limit; `wait_for_reset`: wait at a daily limit. Used by one thread only."""

    def __init__(
        self, client: Client, pace: Callable[[RateLimit], Pace], workers: int, wait_for_reset: bool,
        interrupts: Interrupts, log: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._client = client
        self._pace = pace
        self._most_workers = workers
        self._wait_for_reset = wait_for_reset
        self._interrupts = interrupts
        self._log = log
        self._queues: dict[RateLimit, Queue] = {}
        self._plan: str | None = None  # the account's plan, once an answer reveals it
        self._results: SimpleQueue[tuple[Any, Page | Exception]] = SimpleQueue()
        self._changed = threading.Condition()  # guards everything below
        self._turn = threading.Lock()  # held by the worker that waits until the next request is due
        self._numbers = itertools.count()
        self._working: dict[int, Job] = {}  # by number: sent and not answered
        self._workers = 0
        self._idle = 0
        self._bytes = 0
        self._abandon_at = 0.0
        self._stopped: Exception | None = None
        self.in_flight = 0  # submitted and not taken; only changed by the thread that uses the dispatcher
        self.requests: Counter[RateLimit] = Counter()
        self.retries: Counter[str] = Counter()  # by stream

    def submit(self, request: Request, traversal: str, priority: Priority, task: Any) -> None:
        """Queue a request. Its answer is returned with `task`. Traversals take turns. Within a traversal, the smallest
        priority is sent first."""
        self.in_flight += 1
        with self._changed:
            queue = self.queue(request.stream.rate_limit)
            if why := self._stopped or queue.spent:
                self._deliver(task, why)
                return
            queue.push(traversal, Job(priority, next(self._numbers), request, task))
            self._start_worker()
            self._changed.notify()

    def take(self, seconds: float) -> Result | None:
        """Return the next answer, or the error of a request that failed; None if none comes in time."""
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
        """Return the rate limit with the longest queue, measured in seconds."""
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

    def _start_worker(self) -> None:
        """Start a worker unless one is idle. If the system can't start more threads, the existing ones are used."""
        if self._idle or self._workers >= self._most_workers:
            return
        try:
            threading.Thread(target=self._work, name=f"worker-{self._workers + 1}", daemon=True).start()
        except RuntimeError as error:
            if self._workers == 0:
                raise NoWorker(error) from None
            self._most_workers = self._workers
            self._log(f'Limited to {self._workers} parallel requests: the system can\'t start a thread ("{error}").')
        else:
            self._workers += 1
            self._idle += 1

    def _work(self) -> None:
        while True:
            with self._turn:
                job = self._next_job()
            sent = job.sent
            try:
                outcome: Page | Exception = self._client.fetch(job.request, job.tries)
            except Exception as error:  # raised again by the thread that takes it
                outcome = error
            with self._changed:
                if job.number not in self._working or job.sent != sent:
                    return  # the request was abandoned, and may have been sent again
                del self._working[job.number]
                self._idle += 1
                self._complete(job, outcome, time.monotonic())

    def _next_job(self) -> Job:
        """Wait until a request is due, and remove it from its queue."""
        while True:
            with self._changed:
                while (queue := self._next_queue()) is None or queue.due > time.monotonic():
                    self._changed.wait(None if queue is None else queue.due - time.monotonic())
            try:
                self._client.log_in()  # before taking a request, so that only this worker waits for a token
            except Exception as error:
                with self._changed:
                    self._stop(error)
            with self._changed:
                queue, now = self._next_queue(), time.monotonic()
                if queue is not None and queue.due <= now:
                    return self._send(queue, now)

    def _next_queue(self) -> Queue | None:
        """Return the queue with the earliest due request; None if nothing may be sent."""
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
            self._start_worker()
        return job

    # --- outcomes of requests

    def _complete(self, job: Job, outcome: Page | Exception, now: float) -> None:
        """Deliver a result, or queue its request again."""
        queue = self.queue(job.request.stream.rate_limit)
        if isinstance(outcome, Page):
            self._update_limits(job.request.stream.rate_limit, outcome)
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
            self._cancel(queue, outcome)
        elif isinstance(outcome, RunStopped):
            self._stop(outcome)

    def _retry_in(self, job: Job, error: Retryable | DailyLimitReached, queue: Queue, now: float) -> float | None:
        """Return the seconds until a retry, None to give up."""
        if isinstance(error, DailyLimitReached):
            if not self._wait_for_reset:
                return None
            wait = LONGEST_DAILY_WAIT if error.wait is None else error.wait + 1
            if queue.pace.free_at() < now + wait - 1:
                self._log(f"{error} Waiting {wait:.0f} s for the reset.")
            queue.pace.pause_until(now + wait)
            job.tries = job.limited = job.refused = job.refused_here = 0  # start counting again after the reset
            job.started = 0.0
            return wait
        if isinstance(error, RateLimited):
            queue.pace.refused(now, error.wait, error.limit)
        return delay(error, job.failed(error), now - job.started, self._client.last_answer is not None)

    def _update_limits(self, rate_limit: RateLimit, page: Page) -> None:
        """Apply the limit in an answer's headers, or the limits of the plan that the headers reveal."""
        headers = page.headers
        reported = rate_limit._replace(category=headers.label or rate_limit.category)
        if headers.label is not None and headers.limit is not None and not headers.daily and reported in self._queues:
            self._queues[reported].pace.learn(headers.limit)
        plan = plan_of(rate_limit, headers)
        if plan is not None and plan != self._plan:
            self._plan = plan
            changed = [queue.pace.assume(limit_of(name, plan)) for name, queue in self._queues.items()]
            if any(changed):
                self._log(f"Zoom's headers report the daily limit of the plan {plan}, so its rate limits are used.")

    def _stop(self, why: Exception) -> None:
        """Stop sending. All queued requests get the same result."""
        self._stopped = self._stopped or why
        for queue in self._queues.values():
            self._cancel(queue, why)

    def _cancel(self, queue: Queue, why: Exception) -> None:
        for job in queue.clear():
            self._deliver(job.task, why)

    def _deliver(self, task: Any, outcome: Page | Exception) -> None:
        self._results.put((task, outcome))
        self._interrupts.wake()

    def _abandon(self, now: float) -> None:
        """Give up on answers that take too long. Their workers are replaced."""
        if now < self._abandon_at:
            return
        self._abandon_at = now + 1.0
        with self._changed:
            for job in [job for job in self._working.values() if now - job.sent > http.ANSWER_TIMEOUT]:
                del self._working[job.number]
                self._workers -= 1
                self._complete(job, NoAnswer(f"No answer ({http.timeout_reason()})"), now)
                self._start_worker()
