"""What is to be asked, by label: how much of it may be under way, and whose turn it is."""

from __future__ import annotations

import heapq
import itertools

from tap_zoom.client import Request
from tap_zoom.streams import Label
from tap_zoom.throttle import PLANS, Announcement

LOOK_AHEAD = 256  # requests that are asked and not taken, shared among the labels in proportion to their rates
SECONDS_AHEAD = 4.0  # no more of a label than it allows in this time
LEAST = 8  # of a label, however slow it is
SECONDS_OPEN = 2.0  # pieces of work that a walk has open: as many as all labels together ask in this time
MOST_PIECES = 200
AT_FIRST = 4  # for each label; one more for each result, so that a limit of the day is not spent on a broad front
Entry = tuple[int, int, Request]  # when its owner was begun, when it was added, what to ask
LABELS = (Label.LIGHT, Label.MEDIUM, Label.HEAVY)


class Agenda:
    """Queues of requests, one per label and walk. The walks take turns, so that none starves the other of a label; of
    one walk, what was begun first is asked first.

    Shares of the look-ahead are in proportion to the labels' rates: then each label is busy while there is work for it,
    although results are taken in the order of asking.
    """

    def __init__(self, plan: str, walks: int) -> None:
        self._limits = dict(PLANS[plan])
        self._room = self._shares()
        self._under_way = dict.fromkeys(LABELS, 0)
        self._taken = dict.fromkeys(LABELS, 0)
        self._waiting: dict[Label, list[list[Entry]]] = {label: [[] for _ in range(walks)] for label in LABELS}
        self._added = itertools.count()
        self._turn = dict.fromkeys(LABELS, 0)

    def add(self, request: Request, walk: int) -> None:
        """Note a request, behind those of the listings and pieces that were begun before its own."""
        entry = (request.owner.begun, next(self._added), request)
        heapq.heappush(self._waiting[request.stream.label][walk], entry)

    def next(self, label: Label) -> Request | None:
        """The request to ask now, if this label has one and its share is not used up."""
        if not self._has_room(label):
            return None
        queues = self._waiting[label]
        for _ in queues:
            turn = self._turn[label]
            self._turn[label] = (turn + 1) % len(queues)
            if queues[turn]:
                return heapq.heappop(queues[turn])[2]
        return None

    @property
    def most_pieces(self) -> int:
        """How many pieces of work a walk may have open."""
        return max(LEAST, min(MOST_PIECES, round(SECONDS_OPEN * sum(self._limits[label] for label in LABELS))))

    def starves(self, label: Label) -> bool:
        """Whether more could be asked, but nothing is waiting."""
        return self._has_room(label) and not any(self._waiting[label])

    def asked(self, request: Request) -> None:
        self._under_way[request.stream.label] += 1

    def taken(self, request: Request, said: Announcement | None) -> None:
        """A result was taken. Shares follow the limits that Zoom announces, in the order in which results are taken."""
        self._under_way[request.stream.label] -= 1
        self._taken[request.stream.label] += 1
        if said is None or said.daily or said.limit is None or said.label not in self._under_way:
            return
        if said.limit != self._limits[said.label]:
            self._limits[said.label] = said.limit
            self._room = self._shares()

    def _has_room(self, label: Label) -> bool:
        return self._under_way[label] < min(self._room[label], AT_FIRST + self._taken[label])

    def _shares(self) -> dict[Label, int]:
        total = sum(self._limits[label] for label in LABELS)
        return {
            label: max(round(min(LOOK_AHEAD * limit / total, SECONDS_AHEAD * limit)), LEAST)
            for label, limit in self._limits.items()
            if label in LABELS
        }
