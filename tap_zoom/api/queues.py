"""The queue of a rate limit: requests that haven't been sent yet, and retries that aren't due yet."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from tap_zoom.api.rate_limits import Pace
from tap_zoom.api.request import Request
from tap_zoom.errors import DailyLimitReached, RateLimited, TokenRefused

LOW = 3.0  # seconds: a queue with less than this of requests waiting is low
FASTEST = 100.0  # requests per second: higher rates don't raise the mark below which a queue is low

Priority = tuple[Any, ...]


@dataclass(order=True, slots=True)
class Job:
    """A request in a queue. Tries are counted separately for 429s, refused tokens and all other failures."""

    priority: Priority
    number: int
    request: Request = field(compare=False)
    task: Any = field(compare=False)
    tries: int = field(compare=False, default=0)
    limited: int = field(compare=False, default=0)
    refused: int = field(compare=False, default=0)
    refused_here: int = field(compare=False, default=0)  # with a token that Zoom accepts at other paths
    started: float = field(compare=False, default=0.0)
    sent: float = field(compare=False, default=0.0)

    def failed(self, error: Exception) -> int:
        """Count a failure. Returns how often the request has failed in this way."""
        if isinstance(error, RateLimited):
            self.limited += 1
            return self.limited
        if isinstance(error, TokenRefused):
            self.refused += 1
            self.refused_here += error.elsewhere
            return self.refused_here if error.elsewhere else self.refused
        return self.tries - self.limited - self.refused


@dataclass(slots=True)
class Queue:
    """The unsent requests of one rate limit.

    `ready`: by traversal, in turn, so that a traversal with many requests doesn't delay others; each is a heap by
    priority. `retries`: a heap by due time. `spent`: the daily limit was reached.
    """

    pace: Pace
    spent: DailyLimitReached | None = None
    ready: dict[str, list[Job]] = field(default_factory=dict)
    waiting: int = 0  # requests in `ready`
    retries: list[tuple[float, int, Job]] = field(default_factory=list)

    @property
    def is_low(self) -> bool:
        return self.waiting < max(LOW * min(self.pace.rate, FASTEST), 1)

    @property
    def due(self) -> float:
        """The time at which its next request may be sent, on the monotonic clock."""
        first = 0.0 if self.ready else self.retries[0][0] if self.retries else float("inf")
        return max(first, self.pace.free_at())

    def push(self, traversal: str, job: Job) -> None:
        heapq.heappush(self.ready.setdefault(traversal, []), job)
        self.waiting += 1

    def pop(self, now: float) -> Job:
        """Return the request to send now: a retry that is due, else the first of the traversal whose turn it is."""
        self.pace.leave(now)
        if self.retries and (self.retries[0][0] <= now or not self.ready):
            return heapq.heappop(self.retries)[2]
        traversal, jobs = next(iter(self.ready.items()))
        del self.ready[traversal]
        job = heapq.heappop(jobs)
        if jobs:
            self.ready[traversal] = jobs  # behind the others
        self.waiting -= 1
        return job

    def clear(self) -> list[Job]:
        jobs = [*(job for jobs in self.ready.values() for job in jobs), *(job for *_, job in self.retries)]
        self.ready.clear()
        self.retries.clear()
        self.waiting = 0
        return jobs

    def __len__(self) -> int:
        return self.waiting + len(self.retries)
