"""Random accounts over many nights: kills, daily limits, faults, refusals, merged states, full and incremental runs.

The sync runs in this process, with an in-memory dispatcher and Zoom. Checks:

* After each run, and after some STATEs, no bookmark has passed a missing record, unless its failure is kept in the
  state or was given up.
* After a run with exit status 0, no record is missing, except those whose failure was given up.
* The same holds after the last night, and the number of nights is bounded.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any

from tap_zoom import run
from tap_zoom.config import Config
from tap_zoom.discover import schema_of
from tap_zoom.errors import Incomplete, TapZoomError
from tap_zoom.report import Report
from tap_zoom.state import Failure, State, merged
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import HEAVY, MEDIUM
from tap_zoom.sync import sync as sync_loop
from tests.random_zoom import (
    DAY0,
    LISTS,
    RATES,
    STREAMS,
    Account,
    Chain,
    Dispatcher,
    Zoom,
)

sync_loop.SECONDS_PER_STATE = 1e9  # by count only: a story must not depend on the machine's speed


class Killed(Exception):
    pass


class Output:
    """Accepts `left` messages, then kills the run. Records are stored at each STATE, as by a target."""

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
    """A report that collects the failures that were given up."""

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
    """A random history of one account, determined by a seed. `recent`: start_date is DAY0, and there is nothing older.
    This takes a third of the time."""

    def __init__(self, seed: int, days: int = 20, recent: bool = False) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        rng = self.rng
        self.account = Account(rng, days, rng.randrange(1, 5), rng.choice([0.3, 1.0, 2.0]))
        self.start_date = datetime.combine(DAY0, datetime.min.time(), timezone.utc) if recent else None
        if recent:
            self.account.older.clear()
        self.got: set[Any] = set()
        self.state: Any = None
        self.given_up: list[Failure] = []
        self.counts: Counter[str] = Counter()
        self.always_merge = rng.random() < 0.2
        self.broken: dict[tuple[str, str], str] = {}
        self.full: dict[str, tuple[bool, set[Any]]] = {}
        self.day, self.largest = days, 0
        self.resumed = False

    def world(self, quiet: bool) -> None:
        """Go on to the next night: meetings happen, some are listed late, some disappear, and faults come and go.

        In a quiet night nothing happens, and all faults end.
        """
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
                pools = {
                    "users": [""],
                    "user_meetings": account.users,
                    "recordings": account.users,
                    "meeting_instances": numbers,
                    "meeting_registrants": numbers,
                }
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
        now = datetime.combine(DAY0, datetime.min.time(), timezone.utc) + timedelta(
            days=self.day, seconds=counts["runs"]
        )
        reports: list[Recorded] = []
        emitted: set[Any] = set()
        output = Output(self, left, merges, emitted, reports)
        status = self.sync(selected, incremental, given, dispatcher, output, now, reports)
        if output.last:
            self.state = copy.deepcopy(output.last)
            counts["merges"] += merges
            self.largest = max(
                self.largest, len(json.dumps(self.state, separators=(",", ":"))) * (not counts["merges"])
            )
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

    def settings(self, incremental: frozenset[str]) -> Config:
        return Config(replication_method="INCREMENTAL" if incremental else "FULL_TABLE", start_date=self.start_date)

    def sync(
        self, selected: Iterable[str], incremental: frozenset[str], given: Any, dispatcher: Dispatcher, output: Output,
        now: datetime, reports: list[Recorded],
    ) -> int | None:  # fmt: skip
        """Run the sync and return its exit status, or None if it was killed."""
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
            run.sync(self.settings(incremental), schemas, incremental, None, state, dispatcher, output, now, now.date)  # type: ignore[arg-type]
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

    def missing(
        self, before: str, selected: Iterable[str], kept: Iterable[Failure] = (), got: set[Any] | None = None
    ) -> list[Any]:
        """Return records listed before a day that were not emitted, and whose failure is neither kept nor given up."""
        day = (date.fromisoformat(before[:10]) - DAY0).days
        named = [*self.given_up, *kept]
        got = self.got if got is None else got
        return [
            (key, chain)
            for key, chain, _, listed in self.account.records(self.day)
            if listed < day
            and key[0] in selected
            and key not in got
            and not any(covers(each, key, chain) for each in named)
        ]

    def check_bookmarks(self, value: Any, more: list[Failure]) -> None:
        if not value:
            return
        state = State.read(
            copy.deepcopy(value),
            ["a"],
            datetime(2100, 1, 1, tzinfo=timezone.utc),
            lambda text: (_ for _ in ()).throw(AssertionError(text)),
        )
        kept = [each for each in state.failures if not each.hold]
        days = {key: day for key, _, day, _ in self.account.records(10**6)}
        for stream, bookmark in state.bookmarks.items():
            [end] = bookmark.values()
            last = (date.fromisoformat(end[:10]) - DAY0).days
            bad = [
                each
                for each in self.missing(end, {stream}, [*kept, *more])
                if (day := days.get(each[0])) is not None and day < last
            ]
            assert not bad, (self.seed, self.counts["runs"], "bookmark", stream, end, bad[:3], value)


def play(seed: int, nights: int | None = None, days: int = 20, recent: bool = False) -> Story:
    """Play a story: random nights, then quiet ones until a run completes that resumed nothing. At the end no record may
    be missing. `days`: days of data at the start; `recent`: see Story."""
    story = Story(seed, days, recent)
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
    print(
        f"{count} accounts, {records} records, {dict(total)}, failed {failed}, largest state {largest} bytes, {time.time() - began:.0f} s"
    )
