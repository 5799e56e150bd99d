"""An in-memory Zoom whose meetings appear and disappear, and a dispatcher that reads it in virtual time."""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from tap_zoom.api.queues import Job, Queue
from tap_zoom.api.rate_limits import Pace, RateLimitHeaders
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.errors import DailyLimitReached, NoAccess, RequestRefused, RetriesExhausted
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, RateLimit
from tap_zoom.streams.users import MEMBER, USER
from tap_zoom.sync.context import Context

DAY0 = date(2026, 3, 10)
STREAMS = [
    "users", "history_meetings", "report_meetings", "report_meeting_participants", "meeting_poll_results",
    "meeting_registrants", "recordings",
]  # fmt: skip
LISTS = ["user_meetings", "meeting_instances"]
PAGE = 3
RATES = {HEAVY: 40, MEDIUM: 60, LIGHT: 80}
Chain = list[tuple[str, str, "int | None"]]  # the tasks that lead to a record: stream, context and day


@dataclass
class Thing:
    """A meeting number, past meeting or recording. It is listed from the night after day `listed` until it is gone."""

    name: str
    owner: str
    day: int
    listed: int
    gone: int | None = None
    number: int = 0

    @cached_property
    def at(self) -> str:
        return f"{DAY0 + timedelta(days=self.day)}T{sum(map(ord, self.name)) % 24:02}:00:00Z"

    @cached_property
    def context(self) -> str:
        return Context(PAST_MEETING, {"meeting_uuid": self.name, "meeting_id": self.number}, self.at).name


class Account:
    """All users, numbers, past meetings and recordings. Those in `older` are found only by their number."""

    def __init__(self, rng: random.Random, days: int, users: int, per_day: float) -> None:
        self.rng = rng
        self._count = itertools.count(1)
        self.users = [f"u{n}" for n in range(users)]
        self.numbers: list[Thing] = []
        self.meetings: list[Thing] = []
        self.older: list[Thing] = []
        self.recordings: list[Thing] = []
        for person in self.users:
            for _ in range(rng.randrange(3)):
                self.add_number(person, -1)
        for day in range(days):
            for _ in range(int(per_day + rng.random())):
                self.happen(day, day)

    def add_number(self, user: str, listed: int) -> None:
        number = Thing(f"n{next(self._count)}", user, 0, listed, number=1000 + next(self._count))
        self.numbers.append(number)
        # None for a number added later: incremental runs do not look for its older meetings.
        for _ in range(self.rng.randrange(3) if listed < 0 else 0):
            self.older.append(
                Thing(
                    f"o{next(self._count)}==", number.name, -self.rng.randrange(215, 280), listed, number=number.number
                )
            )

    def happen(self, day: int, listed: int) -> None:
        self.meetings.append(Thing(f"m{next(self._count)}==", "", day, listed, number=next(self._count)))
        if self.rng.random() < 0.5:
            self.recordings.append(Thing(f"r{next(self._count)}==", self.rng.choice(self.users), day, listed))

    def live(self, things: Iterable[Thing], night: int) -> list[Thing]:
        return [each for each in things if each.listed < night and each.gone is None]

    def records(self, night: int) -> Iterator[tuple[tuple[Any, ...], Chain, int | None, int]]:
        """Yield for each record: key, tasks that lead to it, day, and the day on which it was first listed."""
        for person in self.users:
            yield ("users", person), [], None, -1
        for each in self.live(self.meetings, night):
            top: Chain = [("history_meetings", "", each.day)]
            yield ("history_meetings", each.name), top, each.day, each.listed
            yield from self.details(each, top, each.listed)
        for number in self.live(self.numbers, night):
            top = [("user_meetings", user(number.owner), None)]
            context = Context(MEETING, {"meeting_id": number.number}).name
            yield (
                ("meeting_registrants", number.number, "x"),
                [*top, ("meeting_registrants", context, None)],
                None,
                number.listed,
            )
            for each in (o for o in self.live(self.older, night) if o.owner == number.name):
                yield from self.details(
                    each, [*top, ("meeting_instances", context, None)], max(each.listed, number.listed)
                )
        for each in self.live(self.recordings, night):
            yield ("recordings", each.name), [("recordings", member(each.owner), each.day)], each.day, each.listed

    def details(self, each: Thing, top: Chain, listed: int) -> Iterator[tuple[tuple[Any, ...], Chain, int | None, int]]:
        yield ("report_meetings", each.name), [*top, ("report_meetings", each.context, None)], each.day, listed
        yield (
            ("meeting_poll_results", each.name, "a"),
            [*top, ("meeting_poll_results", each.context, None)],
            each.day,
            listed,
        )
        for n in range(people(each.name)):
            chain = [*top, ("report_meeting_participants", each.context, None)]
            yield ("report_meeting_participants", each.name, str(n)), chain, each.day, listed


def user(name: str) -> str:
    return Context(USER, {"user_id": name}).name


def member(name: str) -> str:
    return Context(MEMBER, {"user_id": name}).name


def people(name: str) -> int:
    return 1 + sum(map(ord, name)) % 7


class Zoom:
    """Zoom's answers in one night.

    `broken`: (stream, name) -> how its list fails; `middle`: those of them that fail from the second page on, if there
    is one; `refused`: streams without access; `passing`: the probability of a temporary fault.
    """

    def __init__(
        self, account: Account, night: int, rng: random.Random, broken: dict[tuple[str, str], str], refused: set[str],
        passing: float, middle: set[tuple[str, str]],
    ) -> None:  # fmt: skip
        self.account, self.night, self.rng = account, night, rng
        self.broken, self.refused, self.passing, self.middle = broken, refused, passing, middle

    def answer(self, request: Request) -> Page | Exception:
        """Return a page, or the exception that the request fails with."""
        name, page = request.stream.name, int(request.token or 1)
        if self.rng.random() < self.passing:
            return RetriesExhausted(f"{request} answered 503 (8 tries)")
        if name in self.refused:
            return NoAccess(f"{request} answered 400 code 4711", True, "400/4711")
        rows, broken = self.rows(request)
        more = len(rows) > page * PAGE and bool(request.stream.page_size)
        why = next((self.broken[name, each] for each in broken if (name, each) in self.broken), None)
        late = any((name, each) in self.middle for each in broken)
        if why and (not late or page > 1 or not more):
            return (
                RetriesExhausted(f"{request} answered 500 (8 tries)")
                if why == "fault"
                else RequestRefused(f"{request} answered 400 code 9999")
            )
        if request.stream.page_size:
            rows = rows[(page - 1) * PAGE : page * PAGE]
        body = {request.stream.records: rows} if request.stream.records else rows[0]
        body |= {"next_page_token": str(page + 1)} if more else {}
        return Page(json.dumps(body).encode(), datetime.now(timezone.utc), RateLimitHeaders())

    def rows(self, request: Request) -> tuple[list[dict[str, Any]], list[str]]:
        """Return all rows of a list, and the names under which `broken` may have it."""
        account, ids, params = self.account, request.ids, request.params
        live = lambda things: account.live(things, self.night)  # noqa: E731
        inside = lambda each: params["from"] <= each.at[:10] <= params["to"]  # noqa: E731
        name = request.stream.name
        if name == "users":
            return [{"id": each, "status": "active"} for each in account.users if params["status"] == "active"], [""]
        if name == "user_meetings":
            return [{"id": each.number} for each in live(account.numbers) if each.owner == ids["user_id"]], [
                ids["user_id"]
            ]
        if name == "meeting_instances":
            rows = [
                {"uuid": each.name, "start_time": each.at}
                for each in live(account.older)
                if each.number == ids["meeting_id"]
            ]
            return rows, [str(ids["meeting_id"])]
        if name == "history_meetings":
            found = [each for each in live(account.meetings) if inside(each)]
            random.Random(str(found[:1])).shuffle(found)
            return [
                {"meeting_uuid": each.name, "meeting_id": each.number, "type": "Meeting", "start_time": each.at}
                for each in found
            ], [each.name for each in found]
        if name == "recordings":
            found = [each for each in live(account.recordings) if inside(each) and each.owner == ids["user_id"]]
            return [{"uuid": each.name, "start_time": each.at} for each in found], [ids["user_id"]]
        if name == "meeting_registrants":
            return [{"id": "x"}] if params["status"] == "approved" else [], [str(ids["meeting_id"])]
        uuid = ids["meeting_uuid"]
        if name == "meeting_poll_results":
            return [{"name": "a", "question_details": []}], [uuid]
        if name == "report_meetings":
            return [{"uuid": uuid, "id": ids["meeting_id"]}], [uuid]
        return [{"user_id": str(n), "join_time": "2026-01-01T00:00:00Z"} for n in range(people(uuid))], [uuid]


class Dispatcher:
    """Stands in for tap_zoom.api.dispatcher.Dispatcher, in virtual time. Answers arrive after a random delay."""

    def __init__(
        self, zoom: Zoom, rates: dict[RateLimit, float], budget: dict[RateLimit, int], rng: random.Random
    ) -> None:
        self.zoom, self.rates, self.budget, self.rng = zoom, rates, budget, rng
        self.now, self.in_flight = 0.0, 0
        self.queues = {each: Queue(Pace(rate, 1.0)) for each, rate in rates.items()}
        self.free = dict.fromkeys(rates, 0.0)
        self.spent: dict[RateLimit, Exception] = {}
        self.arrivals: list[Any] = []
        self.numbers = itertools.count()
        self.requests: Counter[RateLimit] = Counter()
        self.retries: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    def submit(self, request: Request, traversal: str, priority: Any, task: Any) -> None:
        self.in_flight += 1
        limit = request.stream.rate_limit
        if limit in self.spent:
            heapq.heappush(self.arrivals, (self.now, next(self.numbers), task, self.spent[limit]))
        else:
            self.queues[limit].push(traversal, Job(priority, next(self.numbers), request, task))

    def is_low(self, limit: RateLimit) -> bool:
        return self.queues[limit].is_low

    def busiest(self) -> None:
        return None

    def take(self, seconds: float) -> tuple[Any, Page | Exception]:
        while True:
            due = min(
                (
                    (max(self.free[limit], self.now), str(limit), limit)
                    for limit, queue in self.queues.items()
                    if len(queue)
                ),
                default=None,
            )
            if self.arrivals and (due is None or self.arrivals[0][0] <= due[0]):
                self.now, _, task, outcome = heapq.heappop(self.arrivals)
                self.in_flight -= 1
                return task, outcome
            assert due is not None
            self.send(due[0], due[2])

    def send(self, when: float, limit: RateLimit) -> None:
        self.now = max(self.now, when)
        self.free[limit] = self.now + 1 / self.rates[limit]
        job = self.queues[limit].pop(self.now)
        request, task = job.request, job.task
        self.requests[limit] += 1
        self.asked[request.stream.name] += 1
        outcome: Page | Exception
        if self.requests[limit] > self.budget.get(limit, 10**12):
            outcome = self.spent[limit] = DailyLimitReached("The account's daily limit is reached.", None)
        else:
            outcome = self.zoom.answer(request)
        arrives = self.now + self.rng.choice((0.05, 0.2, 0.2, 0.3, 2.0))
        heapq.heappush(self.arrivals, (arrives, next(self.numbers), task, outcome))
        if limit in self.spent:
            for waiting in self.queues[limit].clear():
                heapq.heappush(self.arrivals, (arrives, next(self.numbers), waiting.task, outcome))
