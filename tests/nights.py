"""Random histories: runs against one account, with daily limits, kills, failures and nights in between.

A seed determines each history. Runs are repeated until one completes. Then the runs together must have emitted every
record that was readable during all of them, unless the last run exits with status 1 and names the missing records.
"""

from __future__ import annotations

import json
import random
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from typing import Any, NamedTuple

from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.simulator.operations import OPERATIONS
from tests.simulator.questions import Question, leading_to
from tests.tap import Record, Run, catalog_of, key_of, start_tap

MOST_RUNS = 15
LARGEST_STATE = 4096  # bytes
PAGE = 4  # at most so many rows, so that most lists have several pages
SIZE = {
    "users": 10,
    "meetings_per_user": 2,
    "occurrences": 1,
    "participants": 2,
    "registrants": 2,
    "crowd": 9,
    "future": 6,
}
# An ordinary day; the end of a month before a shorter one; the end of February. No run starts near midnight.
MOMENTS = {1: "2027-05-11T09:30:00", 2: "2026-08-29T18:00:00", 3: "2028-02-28T12:00:00"}
SELECTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "entities only": (
        ("users", "meetings", "meeting_registrants"),
        ("users", "meetings", "webinars", "webinar_panelists"),
    ),
    "held only": (("report_meetings", "report_meeting_participants"),),
    "one child": (
        ("meeting_registrants",),
        ("webinar_absentees",),
        ("meeting_poll_results",),
        ("report_webinar_participants",),
    ),
    "everything": (tuple(truth.KEYS),),
}
BY_HANDLER = {operation.handler: operation for operation in OPERATIONS}
# Requests that a run needs to make progress: look-ups, lists, and the most that one meeting number or occurrence needs.
LEAST = {"Light": 8, "Medium": 34, "Heavy": 22}
LEAST_BY_HOST = 44  # Heavy requests, if the report of each host is requested
Records = dict[str, dict[str, Record]]  # by stream and key


class Stop(NamedTuple):
    """A signal sent to a run after `after` of its messages have been read."""

    number: signal.Signals
    after: int


class Loss(NamedTuple):
    """Requests that match are refused from `run` on: the first `times` requests, or always (None)."""

    run: int
    match: str
    times: int | None


@cache
def account(number: int) -> Account:
    return Account(number, now=datetime.fromisoformat(MOMENTS[number]).replace(tzinfo=timezone.utc), **SIZE)  # type: ignore[arg-type]


def by_key(records: dict[str, list[Record]], streams: tuple[str, ...]) -> Records:
    """Index the records of some streams by key. The last record of a key wins."""
    return {stream: {key_of(stream, record): record for record in records.get(stream, [])} for stream in streams}


def is_finished(run: Run) -> bool:
    """True if the last STATE of the run says that it completed."""
    return bool(run.states) and run.states[-1]["unfinished"] == []


def reached_a_limit(run: Run) -> bool:
    return any("daily limit" in line for line in run.logged("CRITICAL"))


class History:
    """A random history of one account, determined by a seed."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"history {seed}")
        self.seed = seed
        self.account = account(1 + seed % len(MOMENTS))
        kind = list(SELECTIONS)[seed % len(SELECTIONS)]
        self.streams = rng.choice(SELECTIONS[kind])
        self.has_history = kind == "entities only" or rng.random() < 0.75
        self.right = truth.expected(self.account, history=self.has_history)
        cut_by = rng.choice(("limits", "stops", "both"))
        self.limits = dict(self._limits(rng)) if cut_by != "stops" else {}
        self.stops = [self._stop(rng) for _ in range(rng.randint(1, 3))] if cut_by != "limits" else []
        self.losses = [self._loss(rng) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))]
        self.refused = rng.choice(self.streams[1:]) if self.streams[1:] and rng.random() < 0.2 else None
        self._gaps = rng

    def _limits(self, rng: random.Random) -> Iterator[tuple[str, int]]:
        """Yield daily limits for some rate limits, so low that a few days are needed."""
        asked: dict[str, set[Question]] = {label: set() for label in LEAST}
        for stream in self.streams:
            for record in self.right[stream]:
                own = leading_to(self.account, stream, record)[0]
                asked[BY_HANDLER[own.handler].label].add(own)
        labels = [label for label in LEAST if asked[label]]
        for label in rng.sample(labels, rng.randint(1, len(labels))):
            least = LEAST[label] if label != "Heavy" or self.has_history else LEAST_BY_HOST
            yield label, least + len(asked[label]) // rng.randint(2, 4)

    def _loss(self, rng: random.Random) -> Loss:
        """Pick a failure: the request of some record, of a list that leads to it, or of a later page of either."""
        stream = rng.choice([stream for stream in self.streams if self.right[stream]])
        record = rng.choice(self.right[stream])
        never = {"user_report" if self.has_history else "history", "user" if record.get("status") != "pending" else ""}
        questions = [question for question in leading_to(self.account, stream, record) if question.handler not in never]
        question = rng.choice([questions[0], *questions])
        # Without the first page of users there is hardly anything to read.
        later_page = question.handler == "users" or (
            BY_HANDLER[question.handler].page is not None and rng.random() < 0.5
        )
        # Too many consecutive failures would stop the run.
        for_ever = question.handler not in ("users", "history", "user_report") and rng.random() < 0.4
        run = rng.choice((0, 0, 0, 1))
        return Loss(
            run, question.pattern + ".*next_page_token=" * later_page, None if for_ever else rng.choice((1, 1, 2))
        )

    def _stop(self, rng: random.Random) -> Stop:
        most = sum(len(self.right[stream]) for stream in self.streams)
        number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        # Half of them come before the oldest day is emitted. A night later, the reports no longer list that day.
        return Stop(number, len(self.streams) + rng.randint(1, rng.choice((4, most // 3))))

    def gap(self, run: Run) -> dict[str, int]:
        """Return the time until the next run: 0 to 3 days and some minutes, at least a day after a daily limit."""
        nights = self._gaps.choice((0, 1, 1, 1, 3))
        if reached_a_limit(run):
            nights = max(nights, 1)
        return {"days": nights, "minutes": self._gaps.randint(1, 20)}

    def __str__(self) -> str:
        which = "everything" if len(self.streams) == len(truth.KEYS) else ", ".join(self.streams)
        lines = [f"history {self.seed}: {which} of {self.account!r}, a day's limits {self.limits or 'none'}"]
        lines += [] if self.has_history else ["  the account refuses history_meetings"]
        lines += [f"  it refuses {self.refused}"] if self.refused else []
        lines += [
            f"  run {run} gets a {number.name} after {after} messages" for run, (number, after) in enumerate(self.stops)
        ]
        lines += [f"  from run {run} on refused {times or 'ever'}: {match}" for run, match, times in self.losses]
        return "\n".join(lines)


@dataclass
class Played:
    """The runs of a history, and the records that were readable during each."""

    history: History
    runs: list[Run] = field(default_factory=list)
    readable: list[Records] = field(default_factory=list)
    moments: list[str] = field(default_factory=list)
    emitted: list[Records] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """True if the last run completed. A run that was killed after its last STATE did not."""
        last = self.runs[-1] if self.runs else None
        return last is not None and last.exit_status in (0, 1) and is_finished(last)

    def play(self) -> None:
        """Run the tap from the last STATE until a run completes, at most MOST_RUNS times."""
        history = self.history
        state: Any = None
        with SimulatedZoom(
            history.account, history="ok" if history.has_history else "no_permission", page_cap=PAGE,
            daily_limits=history.limits, latency=0.01 if history.stops else 0.0,
        ) as zoom:  # fmt: skip
            config: dict[str, Any] = {"max_workers": 4} if history.stops else {}
            if history.refused is not None:
                zoom.refuse(Question.of(history.refused).path, 400, {"code": 200, "message": "No permission."})
            for number in range(MOST_RUNS):
                refused = {"code": 9999, "message": "Not now."}
                zoom.faults += [
                    Fault.answer(400, refused, match=m, times=t) for run, m, t in history.losses if run == number
                ]
                self.readable.append(
                    by_key(truth.expected(history.account, history=history.has_history, at=zoom.as_of), history.streams)
                )
                self.moments.append(f"{zoom.now:%m-%d %H:%M}")
                stop = history.stops[number] if number < len(history.stops) else None
                process = start_tap(zoom.config(**config), zoom=zoom, catalog=catalog_of(*history.streams), state=state)
                if stop is not None:
                    process.read(stop.after)
                    process.process.send_signal(stop.number)
                run = process.finish(killed=stop is not None and stop.number is signal.SIGKILL)
                self.runs.append(run)
                self.emitted.append(by_key(run.records, history.streams))
                state = run.states[-1] if run.states else state
                if self.has_ended:
                    break
                zoom.travel(**history.gap(run))
            self.violations = list(zoom.violations)

    # Problems

    def problems(self) -> Iterator[str]:
        """Yield a line for each problem."""
        yield from (f"Zoom was asked wrongly: {violation}" for violation in self.violations[:5])
        for number, run in enumerate(self.runs):
            yield from (f"run {number}: {problem}" for problem in self._of_run(number, run))
        if not self.has_ended:
            yield f"{MOST_RUNS} runs, and none has ended"
            return
        last = self.runs[-1]
        missing = list(self._missing())
        unnamed = [
            f"{stream} {key}"
            for stream, key, record in missing
            if last.exit_status == 0 or not self._is_named(stream, record)
        ]
        if unnamed:
            how = "and the last run says 0" if last.exit_status == 0 else "not named by the last run"
            yield f"{len(unnamed)} of {len(missing)} missing records {how}: {'; '.join(unnamed[:8])}"

    def _of_run(self, number: int, run: Run) -> Iterator[str]:
        stopped = run.exit_status in (-signal.SIGKILL, 128 + signal.SIGTERM) or reached_a_limit(run)
        if not stopped and not (run.exit_status in (0, 1) and is_finished(run)):
            yield f"it neither ended nor was stopped: {run.log[-1][:200]}"
        for line in run.logged("WARNING"):
            if "from the start" in line or "starts over" in line:
                yield f"its state was not taken: {line[:200]}"
        if any(len(json.dumps(state)) > LARGEST_STATE for state in run.states):
            yield "a STATE is too large"
        for stream, records in run.records.items():
            right = self.readable[number][stream]
            wrong = [record for record in records if right.get(key_of(stream, record)) != record]
            if wrong:
                yield f"{len(wrong)} records of {stream} are not as they should be: {json.dumps(wrong[0])[:300]}"

    def _missing(self) -> Iterator[tuple[str, str, Record]]:
        """Yield the records that were readable during every run and emitted by none."""
        for stream, records in self.readable[-1].items():
            for key, record in records.items():
                always = all(key in readable[stream] for readable in self.readable)
                if always and not any(key in emitted[stream] for emitted in self.emitted):
                    yield stream, key, record

    def _is_named(self, stream: str, record: Record) -> bool:
        last = self.runs[-1]
        lost = "\n".join(line for line in last.logged("ERROR") if "Lost: " in line)
        refused = re.findall(r"^ERROR The stream (\w+) can't be read", last.stderr, re.MULTILINE)
        # Streams that lack data from an earlier part of the run.
        refused += re.findall(r"\w+", last.critical.partition("lacks data of ")[2].partition("(")[0])
        return stream in refused or any(
            question.is_in(lost) for question in leading_to(self.history.account, stream, record)
        )

    def told(self) -> str:
        """Return a summary of the runs."""
        lines = [str(self.history)]
        for number, (moment, run) in enumerate(zip(self.moments, self.runs, strict=True)):
            count = sum(len(records) for records in run.records.values())
            lines.append(f"  run {number} at {moment}: exit {run.exit_status}, {count} records. {self._last_line(run)}")
            lines += [f"      {line[:180]}" for line in run.logged("ERROR")[:4]]
        lines.append(f"  last state: {json.dumps((self.runs[-1].states or [None])[-1])[:900]}")
        return "\n".join(lines)

    @staticmethod
    def _last_line(run: Run) -> str:
        critical = run.logged("CRITICAL")
        return critical[0][:100] if critical else ""
