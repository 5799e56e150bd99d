"""Random accounts over many nights: kills, daily limits, faults, refusals, merged states, full and incremental runs.

The sync runs in this process, with a dispatcher and a Zoom in memory. After each STATE no bookmark has passed a record
that is missing and neither kept nor given up. After each run with exit status 0 nothing is missing that was not given
up by name. In the end the same holds, within a bounded number of nights.
"""

from __future__ import annotations

import copy
import heapq
import itertools
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from tap_zoom import run
from tap_zoom.api.queues import Job, Queue
from tap_zoom.api.rate_limits import Pace, RateLimitHeaders
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.config import Config
from tap_zoom.discover import schema_of
from tap_zoom.errors import DailyLimitReached, Incomplete, NoAccess, RequestRefused, RetriesExhausted, TapZoomError
from tap_zoom.report import Report
from tap_zoom.state import Failure, State, merged
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, RateLimit
from tap_zoom.streams.users import MEMBER, USER
from tap_zoom.sync import sync as sync_loop
from tap_zoom.sync.context import Context

DAY0 = date(2026, 3, 10)
sync_loop.SECONDS_PER_STATE = 1e9  # by counts alone, or a story would depend on the speed of the machine
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
    """A user, number, occurrence or recording: listed from the end of a day on, until it is gone."""

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
    """What there is. Occurrences older than the reports list are found through their numbers."""

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
        for _ in range(self.rng.randrange(3) if listed < 0 else 0):  # an incremental run looks for none that are older
            self.older.append(Thing(f"o{next(self._count)}==", number.name, -self.rng.randrange(215, 280), listed, number=number.number))

    def happen(self, day: int, listed: int) -> None:
        self.meetings.append(Thing(f"m{next(self._count)}==", "", day, listed, number=next(self._count)))
        if self.rng.random() < 0.5:
            self.recordings.append(Thing(f"r{next(self._count)}==", self.rng.choice(self.users), day, listed))

    def live(self, things: Iterable[Thing], night: int) -> list[Thing]:
        return [each for each in things if each.listed < night and each.gone is None]

    def records(self, night: int) -> Iterator[tuple[tuple[Any, ...], Chain, int | None, int]]:
        """What is there: key, tasks that lead to it, day, and when it was first listed."""
        for person in self.users:
            yield ("users", person), [], None, -1
        for each in self.live(self.meetings, night):
            top: Chain = [("history_meetings", "", each.day)]
            yield ("history_meetings", each.name), top, each.day, each.listed
            yield from self.details(each, top, each.listed)
        for number in self.live(self.numbers, night):
            top = [("user_meetings", user(number.owner), None)]
            context = Context(MEETING, {"meeting_id": number.number}).name
            yield ("meeting_registrants", number.number, "x"), [*top, ("meeting_registrants", context, None)], None, number.listed
            for each in (o for o in self.live(self.older, night) if o.owner == number.name):
                yield from self.details(each, [*top, ("meeting_instances", context, None)], max(each.listed, number.listed))
        for each in self.live(self.recordings, night):
            yield ("recordings", each.name), [("recordings", member(each.owner), each.day)], each.day, each.listed

    def details(self, each: Thing, top: Chain, listed: int) -> Iterator[tuple[tuple[Any, ...], Chain, int | None, int]]:
        yield ("report_meetings", each.name), [*top, ("report_meetings", each.context, None)], each.day, listed
        yield ("meeting_poll_results", each.name, "a"), [*top, ("meeting_poll_results", each.context, None)], each.day, listed
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
    """One night's answers. `broken`: by stream and name, what fails; `middle`: those that fail on a later page only."""

    def __init__(
        self, account: Account, night: int, rng: random.Random, broken: dict[tuple[str, str], str], refused: set[str],
        passing: float, middle: set[tuple[str, str]],
    ) -> None:  # fmt: skip
        self.account, self.night, self.rng = account, night, rng
        self.broken, self.refused, self.passing, self.middle = broken, refused, passing, middle

    def answer(self, request: Request) -> Page | Exception:
        """A page; None stands for a fault that may pass."""
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
            return RetriesExhausted(f"{request} answered 500 (8 tries)") if why == "fault" else RequestRefused(f"{request} answered 400 code 9999")
        if request.stream.page_size:
            rows = rows[(page - 1) * PAGE : page * PAGE]
        body = {request.stream.records: rows} if request.stream.records else rows[0]
        body |= {"next_page_token": str(page + 1)} if more else {}
        return Page(json.dumps(body).encode(), datetime.now(timezone.utc), RateLimitHeaders())

    def rows(self, request: Request) -> tuple[list[dict[str, Any]], list[str]]:
        """The rows of a whole list, and the names under which it may be broken."""
        account, ids, params = self.account, request.ids, request.params
        live = lambda things: account.live(things, self.night)  # noqa: E731
        inside = lambda each: params["from"] <= each.at[:10] <= params["to"]  # noqa: E731
        name = request.stream.name
        if name == "users":
            return [{"id": each, "status": "active"} for each in account.users if params["status"] == "active"], [""]
        if name == "user_meetings":
            return [{"id": each.number} for each in live(account.numbers) if each.owner == ids["user_id"]], [ids["user_id"]]
        if name == "meeting_instances":
            rows = [{"uuid": each.name, "start_time": each.at} for each in live(account.older) if each.number == ids["meeting_id"]]
            return rows, [str(ids["meeting_id"])]
        if name == "history_meetings":
            found = [each for each in live(account.meetings) if inside(each)]
            random.Random(str(found[:1])).shuffle(found)
            return [
                {"meeting_uuid": each.name, "meeting_id": each.number, "type": "Meeting", "start_time": each.at} for each in found
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
    """The interface of tap_zoom.api.dispatcher.Dispatcher, in virtual time: answers arrive after a random while."""

    def __init__(self, zoom: Zoom, rates: dict[RateLimit, float], budget: dict[RateLimit, int], rng: random.Random) -> None:
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
            due = min(((max(self.free[limit], self.now), str(limit), limit) for limit, queue in self.queues.items() if len(queue)), default=None)
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


class Killed(Exception):
    pass


class Output:
    """Takes messages until the run is killed. What a target has stored at a STATE stays stored."""

    def __init__(self, story: Story, left: int, merges: bool, emitted: set[Any], report: list[Recorded]) -> None:
        self.story, self.left, self.merges, self.emitted, self.report = story, left, merges, emitted, report
        self.pending: list[Any] = []
        self.last = copy.deepcopy(story.state) or {} if merges else None

    def schema(self, *_: Any) -> None:
        pass

    def records(self, stream: str, records: list[dict[str, Any]], _: Any) -> None:
        for record in records:
            self._count()
            self.pending.append(identity(stream, record))

    def state(self, value: dict[str, Any]) -> None:
        self._count()
        self.flush()
        value = json.loads(json.dumps(value))
        self.last = merged(self.last, value) if self.merges else value
        if self.story.rng.random() < 0.05:
            self.story.check_bookmarks(self.last, self.report[0].given_up if self.report else [])

    def flush(self) -> None:
        self.story.got.update(self.pending)
        self.emitted.update(self.pending)
        self.pending.clear()

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


def identity(stream: str, record: dict[str, Any]) -> tuple[Any, ...]:
    fields = {
        "users": ("id",), "report_meetings": ("uuid",), "history_meetings": ("meeting_uuid",), "recordings": ("uuid",),
        "meeting_registrants": ("meeting_id", "id"), "meeting_poll_results": ("meeting_uuid", "name"),
        "report_meeting_participants": ("meeting_uuid", "user_id"),
    }  # fmt: skip
    return (stream, *(record[name] for name in fields[stream]))


class Recorded(Report):
    """Keeps what was told."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.given_up: list[Failure] = []

    def failure(self, failure: Failure, reason: str, outcome: str) -> None:
        super().failure(failure, reason, outcome)
        if "given up" in outcome:
            self.given_up.append(copy.copy(failure))


PARENTS = {
    "users": {"users"}, "history_meetings": {"history_meetings"}, "recordings": {"users", "recordings"},
    "meeting_registrants": {"users", "user_meetings", "meeting_registrants"},
    **{each: {each, "history_meetings", "users", "user_meetings", "meeting_instances"} for each in STREAMS[2:5]},
}  # fmt: skip


def covers(failure: Failure, key: tuple[Any, ...], chain: Chain) -> bool:
    if failure.hold:
        return failure.stream in PARENTS[key[0]]
    for stream, context, day in chain:
        if (stream, context) == (failure.stream, failure.context) and (
            not failure.days or day is None or failure.days[0] <= str(DAY0 + timedelta(days=day)) <= failure.days[1]
        ):
            return True
    return False


class Story:
    """What happens to one account, from a seed."""

    def __init__(self, seed: int) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        rng = self.rng
        self.account = Account(rng, 20, rng.randrange(1, 5), rng.choice([0.3, 1.0, 2.0]))
        self.got: set[Any] = set()
        self.state: Any = None
        self.given_up: list[Failure] = []
        self.counts: Counter[str] = Counter()
        self.always_merge = rng.random() < 0.2
        self.broken: dict[tuple[str, str], str] = {}
        self.full: dict[str, tuple[bool, set[Any]]] = {}
        self.day, self.largest = 20, 0
        self.resumed = False

    def world(self, quiet: bool) -> None:
        """A night later things have happened, some are listed late, some vanish; faults come and go."""
        account, rng = self.account, self.rng
        same_day = not quiet and rng.random() < 0.15
        self.day += not same_day
        if not quiet and not same_day:
            for _ in range(rng.randrange(3)):
                account.happen(self.day - 1 - rng.choice([0, 0, 0, 1]), self.day - 1)
            if rng.random() < 0.1:
                account.add_number(rng.choice(account.users), self.day - 1)
            for each in (*account.meetings, *account.recordings, *account.numbers, *account.older):
                if each.gone is None and rng.random() < 0.004:
                    each.gone = self.day
        if rng.random() < 0.4 or quiet:
            self.broken = {each: why for each, why in self.broken.items() if not quiet and rng.random() > 0.3}
        if not quiet and rng.random() < 0.5:
            for _ in range(rng.choice([1, 1, 3, 30])):
                stream = rng.choice([*STREAMS, *LISTS])
                if (stream == "history_meetings" and rng.random() < 0.7) or (stream == "users" and rng.random() < 0.8):
                    continue
                numbers = [str(each.number) for each in account.numbers]
                pools = {"users": [""], "user_meetings": account.users, "recordings": account.users, "meeting_instances": numbers, "meeting_registrants": numbers}
                if pool := pools.get(stream, [each.name for each in (*account.meetings, *account.older)]):
                    self.broken[stream, rng.choice(pool)] = rng.choice(["fault", "refused", "refused"])

    def night(self, quiet: bool) -> int | None:
        rng, counts = self.rng, self.counts
        self.world(quiet)
        counts["runs"] += 1
        kind = "normal" if quiet else rng.choice(["normal"] * 6 + ["full refresh", "subset refresh", "subset"])
        selected = STREAMS if kind in ("normal", "full refresh") else rng.sample(STREAMS, rng.randrange(1, 6))
        given = None if "refresh" in kind else copy.deepcopy(self.state)
        refused = set() if quiet or rng.random() < 0.8 else {rng.choice([*STREAMS[2:], *LISTS])}
        middle = {each for each in self.broken if rng.random() < 0.5}
        passing = 0 if quiet else rng.choice([0, 0.01, 0.01, 0.9 if rng.random() < 0.2 else 0])
        zoom = Zoom(self.account, self.day, random.Random(rng.random()), self.broken, refused, passing, middle)
        budget = {each: rng.choice([10, 30, 100]) for each in (HEAVY, MEDIUM) if not quiet and rng.random() < 0.35}
        dispatcher = Dispatcher(zoom, {**RATES, HEAVY: rng.choice([5, 40])}, budget, random.Random(rng.random()))
        left = 10**9 if quiet or rng.random() < 0.5 else rng.choice([1, 5, 30, 100, 300])
        merges = "refresh" in kind or self.always_merge
        incremental = frozenset(selected) - {"users", "meeting_registrants"} if rng.random() < 0.6 else frozenset()
        now = datetime.combine(DAY0, datetime.min.time(), timezone.utc) + timedelta(days=self.day, seconds=counts["runs"])
        reports: list[Recorded] = []
        emitted: set[Any] = set()
        output = Output(self, left, merges, emitted, reports)
        status = self.sync(selected, incremental, given, dispatcher, output, now, reports)
        if output.last:
            self.state = copy.deepcopy(output.last)
            counts["merges"] += merges
            self.largest = max(self.largest, len(json.dumps(self.state, separators=(",", ":"))) * (not counts["merges"]))
        report = reports[0] if reports else None
        self.given_up += report.given_up if report else []
        counts["exit 0"] += status == 0
        counts["limited"] += bool(dispatcher.spent)
        counts["given up"] += len(report.given_up) if report else 0
        counts["resumed"] += self.resumed
        self.check_bookmarks(self.state, [])
        if status == 0:
            missing = self.missing(self.started, selected)
            assert not missing, (self.seed, counts["runs"], "exit 0", kind, missing[:3], self.state)
            is_full, of_run = self.full[self.started]
            missing = self.missing(self.started, selected, got=of_run) if is_full else []
            assert not missing, (self.seed, counts["runs"], "full run", kind, missing[:3], self.state)
        return status

    def sync(
        self, selected: Iterable[str], incremental: frozenset[str], given: Any, dispatcher: Dispatcher, output: Output,
        now: datetime, reports: list[Recorded],
    ) -> int | None:  # fmt: skip
        """Run it. None if it was killed."""
        state = State.read(given, ["a"], now, lambda _: None)
        schemas = {name: schema_of(BY_NAME[name]) for name in STREAMS if name in selected}
        started: list[Any] = []

        def report_of(*arguments: Any) -> Recorded:
            reports.append(Recorded(*arguments))
            assert state.unfinished is not None
            started.append(state.unfinished)
            return reports[0]

        stopped = state.unfinished
        run.Report = report_of  # type: ignore[assignment]
        status: int | None = 0
        try:
            run.sync(settings(incremental), schemas, incremental, None, state, dispatcher, output, now, now.date)  # type: ignore[arg-type]
        except Killed:
            self.counts["kills"] += 1
            status = None
            if self.rng.random() < 0.5:
                output.flush()
        except Incomplete:
            status = 1
        except TapZoomError:
            status = 1
        finally:
            run.Report = Report  # type: ignore[misc]
        this = started[0]
        self.started = this.started_at.isoformat()
        self.resumed = this is stopped
        _is_full, of_run = self.full.setdefault(self.started, (this.from_start, set()))
        of_run |= output.emitted
        return status

    def missing(self, before: str, selected: Iterable[str], kept: Iterable[Failure] = (), got: set[Any] | None = None) -> list[Any]:
        """Records listed before a time, not emitted, and neither kept nor given up by name."""
        day = (date.fromisoformat(before[:10]) - DAY0).days
        named = [*self.given_up, *kept]
        got = self.got if got is None else got
        return [
            (key, chain)
            for key, chain, _, listed in self.account.records(self.day)
            if listed < day and key[0] in selected and key not in got and not any(covers(each, key, chain) for each in named)
        ]

    def check_bookmarks(self, value: Any, more: list[Failure]) -> None:
        if not value:
            return
        state = State.read(copy.deepcopy(value), ["a"], datetime(2100, 1, 1, tzinfo=timezone.utc), lambda text: (_ for _ in ()).throw(AssertionError(text)))
        kept = [each for each in state.failures if not each.hold]
        days = {key: day for key, _, day, _ in self.account.records(10**6)}
        for stream, bookmark in state.bookmarks.items():
            [end] = bookmark.values()
            last = (date.fromisoformat(end[:10]) - DAY0).days
            bad = [each for each in self.missing(end, {stream}, [*kept, *more]) if (day := days.get(each[0])) is not None and day < last]
            assert not bad, (self.seed, self.counts["runs"], "bookmark", stream, end, bad[:3], value)


def settings(incremental: frozenset[str]) -> Config:
    return Config(replication_method="INCREMENTAL" if incremental else "FULL_TABLE")


def play(seed: int, nights: int | None = None) -> Story:
    """A whole story, to a quiet end."""
    story = Story(seed)
    for _ in range(nights or story.rng.choice([5, 15, 30])):
        story.night(quiet=False)
    for _ in range(60):
        story.counts["calm nights"] += 1
        if story.night(quiet=True) == 0 and not story.resumed:
            break
    else:
        raise AssertionError((seed, "never ends", story.state))
    missing = story.missing(str(DAY0 + timedelta(days=story.day)), set(STREAMS))
    assert not missing, (seed, "end", missing[:3])
    return story


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    failed = []
    total: Counter[str] = Counter()
    began, largest, records = time.time(), 0, 0
    for number in range(first, first + count):
        try:
            story = play(number)
        except AssertionError as error:
            failed.append(number)
            print(str(error)[:600], flush=True)
            continue
        total += story.counts
        largest, records = max(largest, story.largest), records + len(story.got)
    print(f"{count} accounts, {records} records, {dict(total)}, failed {failed}, largest state {largest} bytes, {time.time() - began:.0f} s")
