"""What has not left yet: of each lane the new requests in order, and those that wait for a retry."""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from tap_zoom.errors import DailyLimitReached, RateLimited, TokenRefused
from tap_zoom.streams.model import Lane
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.limits import Announcement, Throttle, limit_of, plan_of
from tap_zoom.zoom.request import Request

LOGGER = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    request: Request
    due: float  # results are taken in the order of these
    outcome: Page | Exception | None = None
    tries: int = 0
    limited: int = 0  # how many of these were answered 429
    refused: int = 0  # how many of these with a token that Zoom did not accept
    refused_here: int = 0  # how many of these although Zoom accepts the token elsewhere
    started: float = 0.0
    in_flight: bool = False

    def failed(self, error: Exception) -> int:
        """How often it failed in this way by now: 429s, refused tokens and all other faults are counted apart."""
        if isinstance(error, RateLimited):
            self.limited += 1
            return self.limited
        if isinstance(error, TokenRefused):
            self.refused += 1
            self.refused_here += error.elsewhere
            return self.refused_here if error.elsewhere else self.refused
        return self.tries - self.limited - self.refused

    def begin_anew(self) -> None:
        """What was tried on an earlier day says nothing."""
        self.tries = self.limited = self.refused = self.refused_here = 0
        self.started = 0.0


@dataclass(slots=True)
class Queue:
    """The requests of one lane that have not left: new ones in order, and those that wait for a retry."""

    throttle: Throttle
    spent: DailyLimitReached | None = None  # the day's requests: nothing leaves any more
    ready: deque[Job] = field(default_factory=deque)
    retries: list[tuple[float, int, Job]] = field(default_factory=list)

    def add(self, job: Job, ahead: bool) -> None:
        """Put a request at the end, or `ahead` of all; where the day's are spent, that is what comes of it."""
        (self.ready.appendleft if ahead else self.ready.append)(job)
        if self.spent is not None:
            self.give_up(self.spent)

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


class Lanes:
    """The queues of all lanes."""

    def __init__(self, throttle: Callable[[Lane], Throttle]) -> None:
        self._throttle = throttle
        self._queues: dict[Lane, Queue] = {}
        self._plan: str | None = None  # the account's, once an answer told it

    def of(self, request: Request) -> Queue:
        """The queue of a request's lane."""
        lane = request.stream.lane
        if lane not in self._queues:
            self._queues[lane] = Queue(self._throttle(lane))
            if self._plan is not None:
                self._queues[lane].throttle.assume(limit_of(lane, self._plan))
        return self._queues[lane]

    def soonest(self, now: float) -> tuple[float, Job | None]:
        """The request that may leave first, and when."""
        waiting = [(queue, job) for queue in self._queues.values() if (job := queue.next(now)) is not None]
        due = ((queue.due_of(job), job) for queue, job in waiting)
        return min(due, key=itemgetter(0), default=(float("inf"), None))

    def learn(self, lane: Lane, said: Announcement) -> None:
        """Take over the limit that an answer through a lane announced."""
        named = lane._replace(label=said.label or lane.label)
        if said.label is not None and said.limit is not None and not said.daily and named in self._queues:
            self._queues[named].throttle.learn(said.limit)
        plan = plan_of(lane, said)
        if plan is not None and plan != self._plan:
            self._plan = plan
            changed = [queue.throttle.assume(limit_of(lane, plan)) for lane, queue in self._queues.items()]
            if any(changed):
                LOGGER.info("The daily limit in Zoom's headers is that of the plan %s, so its rate limits apply.", plan)

    def busiest(self) -> Lane | None:
        """The lane whose limit holds up the most."""
        waiting = {lane: len(queue) / queue.throttle.rate for lane, queue in self._queues.items() if len(queue)}
        return max(waiting, key=waiting.__getitem__) if waiting else None

    def __bool__(self) -> bool:
        """Whether anything has not left."""
        return any(map(len, self._queues.values()))
