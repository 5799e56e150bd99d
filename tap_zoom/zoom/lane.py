"""The requests of one lane that have not left: new ones in order, and those that wait for a retry."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from tap_zoom.errors import DailyLimitReached
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.limits import Throttle
from tap_zoom.zoom.request import Request


@dataclass(slots=True, eq=False)
class Job:
    request: Request
    due: float  # results are taken in the order of these
    outcome: Page | Exception | None = None
    tries: int = 0
    limited: int = 0  # how many of these were answered 429
    refused: int = 0  # how many of these with a token that Zoom did not accept
    started: float = 0.0
    in_flight: bool = False


@dataclass(slots=True)
class Queue:
    """The requests of one lane that have not left: new ones in order, and those that wait for a retry."""

    throttle: Throttle
    spent: DailyLimitReached | None = None  # the day's requests: nothing leaves any more
    ready: deque[Job] = field(default_factory=deque)
    retries: list[tuple[float, int, Job]] = field(default_factory=list)

    def next(self, now: float) -> Job | None:
        """The request to leave next: a retry whose time has come, else a new one, else the next retry."""
        if self.retries and (self.retries[0][0] <= now or not self.ready):
            return self.retries[0][2]
        return self.ready[0] if self.ready else None

    def due_of(self, job: Job) -> float:
        """When this one may leave, wherever it stands."""
        return max(next((when for when, _, each in self.retries if each is job), 0.0), self.throttle.free_at())

    def remove(self, job: Job) -> None:
        if job in self.ready:
            self.ready.remove(job)
        else:
            self.retries = [retry for retry in self.retries if retry[2] is not job]
            heapq.heapify(self.retries)

    def give_up(self, spent: DailyLimitReached) -> None:
        """Nothing of this lane is asked any more."""
        self.spent = spent
        for job in (*self.ready, *(retry[2] for retry in self.retries)):
            job.outcome = spent
        self.ready.clear()
        self.retries.clear()

    def __len__(self) -> int:
        return len(self.ready) + len(self.retries)
