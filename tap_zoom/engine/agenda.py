"""Whose turn it is: what is to be asked, by lane, and when by the lanes' own time.

A lane's time is virtual: each request takes 1/rate of it, and it is counted, not measured. Results are taken in the
order in which the lanes' paces let their requests leave. So a slow lane holds nobody up, and nothing depends on what
happened to arrive.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from tap_zoom.engine.branch import Branch
from tap_zoom.engine.questions import Question
from tap_zoom.streams.model import Lane
from tap_zoom.zoom.limits import Announcement, limit_of, plan_of
from tap_zoom.zoom.request import Request

SECONDS_AHEAD = 4.0  # of each lane's requests that are asked and not taken
SECONDS_WAITING = 3.0  # of each lane's requests that are known beyond these: what leads to more may be slow to come
SOON = 1.0  # seconds of a lane's time until the next page of a list is taken: it has arrived by then
FASTEST = 100.0  # a second: more is not looked ahead for
LEAST = 8  # places that a branch has open, however slow its lanes are
MOST = 1000
# For each lane, and for each of its results: a limit of the day is not to be spent on a broad front.
AT_FIRST, PER_RESULT = 4, 4
Entry = tuple[int, int, Question]  # when its place was begun, 0 if it leads on; when it was added; what to ask


@dataclass(slots=True)
class _Queue:
    rate: float
    free: float = 0.0  # by the lane's time, when it lets the next request leave
    under_way: int = 0
    taken: int = 0
    announced: bool = False  # Zoom named this lane's limit itself
    waiting: dict[str, list[Entry]] = field(default_factory=dict)  # by branch: these take turns

    def due(self, now: float) -> float:
        return max(self.free, now) + 1 / self.rate

    def has_room(self, now: float) -> bool:
        return self.may_widen and (not self.under_way or self.due(now) <= now + SECONDS_AHEAD)

    @property
    def may_widen(self) -> bool:
        return self.under_way < AT_FIRST + PER_RESULT * self.taken

    @property
    def starves(self) -> bool:
        """Whether more should be known that can be asked."""
        return self.may_widen and sum(map(len, self.waiting.values())) < max(SECONDS_WAITING * self.rate, 1)

    def pop(self) -> Question | None:
        """The next question: the branches take turns, and of one branch what was added first of all is asked first."""
        for name in tuple(self.waiting):
            entries = self.waiting.pop(name)
            self.waiting[name] = entries
            if entries:
                return heapq.heappop(entries)[2]
        return None


class Agenda:
    """Queues of requests, one per lane and branch."""

    def __init__(self, plan: str, share: float) -> None:
        self._plan = plan
        self._share = share
        self._now = 0.0
        self._queues: dict[Lane, _Queue] = {}
        self._added = itertools.count()

    def add(self, question: Question) -> None:
        """Note what is to be asked: behind that of places of its branch that were begun before its own, but first of
        all if it leads on, or the lane would have nothing to ask until that is there."""
        node = question.node
        waiting = self._queue(question.stream.lane).waiting.setdefault(node.branch.name, [])
        heapq.heappush(waiting, (0 if question.stream.finds else node.number, next(self._added), question))

    def next(self) -> tuple[Request, float] | None:
        """A request to ask now, and when its result is to be taken; None while no lane has both room and a request."""
        for queue in self._queues.values():
            if queue.has_room(self._now) and (question := queue.pop()) is not None:
                due = queue.free = queue.due(self._now)
                queue.under_way += 1
                return question.request(), due
        return None

    def at_once(self, request: Request, first_of_all: bool) -> float:
        """A request that goes ahead of its lane's queue; gives when its result is to be taken."""
        queue = self._queue(request.stream.lane)
        queue.free = queue.due(self._now)
        queue.under_way += 1
        return self._now if first_of_all or queue.under_way == 1 else min(self._now + SOON, queue.free)

    def taken(self, request: Request, due: float, said: Announcement | None) -> None:
        """A result was taken. Rates follow the limits that Zoom announces, in the order in which results are taken."""
        queue = self._queue(request.stream.lane)
        queue.under_way -= 1
        queue.taken += 1
        self._now = max(self._now, due)
        if said is not None and said.limit is not None and not said.daily:
            for lane, other in self._queues.items():
                if lane.label == said.label and lane.product == request.stream.lane.product:
                    other.rate, other.announced = self._rate(said.limit), True
        plan = plan_of(request.stream.lane, said) if said is not None else None
        if plan is not None and plan != self._plan:
            self._plan = plan
            for lane, other in self._queues.items():
                other.rate = other.rate if other.announced else self._rate(limit_of(lane, plan))

    def hungry(self, branches: Iterable[Branch]) -> list[Branch]:
        """The branches that could feed a lane that has little to ask."""
        return [branch for branch in branches if any(self._queue(lane).starves for lane in branch.lanes)]

    def most_open(self, branch: Branch) -> int:
        """How many places a branch may have open: as many as its lanes ask about in the time that they look ahead."""
        rate = sum(self._queue(lane).rate for lane in branch.lanes)
        return max(LEAST, min(MOST, round(SECONDS_AHEAD * rate)))

    def _queue(self, lane: Lane) -> _Queue:
        if lane not in self._queues:
            self._queues[lane] = _Queue(self._rate(limit_of(lane, self._plan)))
        return self._queues[lane]

    def _rate(self, limit: float) -> float:
        return min(limit * self._share, FASTEST)
