"""The state, version 3: bookmarks, failures and the unfinished run.

    {"version": 3, "account": "<digest>", "start_date": "2026-01-01T00:00:00Z",
     "bookmarks": {"report_meetings": {"start_time": "2026-11-16T02:00:00Z"}},
     "failures": {"2026-11-20T02:00:00Z": [
         {"stream": "meeting_poll_results", "last": "2026-11-21T02:40:00Z", "runs": 2, "tasks": [{"context": "..."}]},
         {"stream": "users", "hold": true, "last": "2026-11-20T02:00:00Z", "runs": 1}]},
     "given_up": {"2026-11-25": ["9be1c2d3"]},
     "unfinished": [{"started_at": "2026-11-29T02:00:00Z", "selection": "<digest>", "from_start": true,
                     "bookmarks": "<digest>", "resume_at": {"history_meetings": ["2026-09-01", "..."], "user": null}}]}

Every STATE has every key. Meltano merges the state of some runs into the previous one: objects key by key, lists and
other values as a whole. Merging an object into null is an error there. So values that belong together are in one list,
and no value is null if a later one may be an object.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tap_zoom.streams import BY_NAME, parents_of
from tap_zoom.streams.model import ACCOUNT
from tap_zoom.sync.context import Context, split_time
from tap_zoom.times import parse_time, stamp

VERSION = 3
FIRST_YEAR, LAST_YEAR = 1990, 2100  # of times and days in a state; the window of survey answers begins in 1999
Values = dict[str, Any]
Log = Callable[[str], None]


@dataclass
class Failure:
    """A task that could not be read: its stream, the name of its context, its parameters, its window with its days.

    With `hold` it stands for all failures of its stream that aren't kept task by task. `since`: start of the run in
    which it first failed; `last`: time of its last failure; `runs`: number of days on which it failed; `resume_at`: the
    subtree of a list has been emitted up to here.
    """

    stream: str
    context: str = ""
    params: dict[str, str] = field(default_factory=dict)
    window: str = ""
    days: list[str] = field(default_factory=list)
    hold: bool = False
    since: str = ""
    last: str = ""
    runs: int = 0
    resume_at: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[object, ...]:
        """Identifies its task. The time of a context may change, such as that of a conversation's last message."""
        return self.stream, split_time(self.context)[1], tuple(sorted(self.params.items())), self.window, self.hold

    @property
    def digest(self) -> str:
        """The digest that is kept of a failure that was given up."""
        return hashlib.sha256(repr(self.key).encode()).hexdigest()[:8]

    def covers(self, other: Failure) -> bool:
        """True if reading the days of this failure includes the days of the other one."""
        return not other.days or (bool(self.days) and self.days[0] <= other.days[0] and other.days[1] <= self.days[1])

    def widen(self, other: Failure) -> None:
        """Extend this failure to cover another one of the same task."""
        if not self.covers(other):
            self.days = [min(self.days[0], other.days[0]), max(self.days[1], other.days[1])]
            self.resume_at = []
        if other.context > self.context:  # the same context with a later time
            self.context, self.resume_at = other.context, []
        self.runs, self.last = max(self.runs, other.runs), max(self.last, other.last)

    def task(self) -> Values:
        """Return the task as it is written to the state."""
        names = ("context", "params", "window", "days", "resume_at")
        return {name: value for name in names if (value := getattr(self, name))}

    def check(self) -> None:
        """Raise KeyError or ValueError if the failure is damaged."""
        stream = BY_NAME[self.stream]
        values = (self.stream, self.context, self.window, self.since, self.last, *self.days, *self.resume_at)
        lists = isinstance(self.days, list) and isinstance(self.resume_at, list)
        if not lists or not all(isinstance(value, str) for value in values) or type(self.runs) is not int:
            raise ValueError("a failure with wrong types")
        if not self.hold:
            in_window = stream.date_range is not None or any(link.same_window for _, link in parents_of(stream.parent))
            entity = Context.parse(self.context).entity if self.context else ACCOUNT
            root = self.context or self.window or self.stream
            if (
                self.params not in [dict(each) for each in stream.variants]
                or entity is not stream.parent
                or bool(self.window) is not in_window
                or len(self.days) != 2 * in_window
                or self.resume_at[:1] not in ([], [root])
            ):
                raise ValueError("a failure without a matching task")
            for day in (*self.days, *filter(None, [self.window])):
                if not FIRST_YEAR <= date.fromisoformat(day).year <= LAST_YEAR:
                    raise ValueError("a day that can't be")


@dataclass
class Run:
    """`from_start`: bookmarks are not used. `resume_at`: the checkpoint by traversal, None if it is finished."""

    started_at: datetime
    selection: str
    from_start: bool
    resume_at: dict[str, list[str] | None] = field(default_factory=dict)
    bookmarks: str = ""  # their digest, to notice edits


class State:
    """`bookmarks`: by stream, the time up to which it has been read. `resolved`: `since` of failures that have all been
    resolved. It is written with an empty list for one run, since a merge would restore the failures otherwise."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.start_date = ""  # of the run that wrote the bookmarks; they cover no older rows
        self.bookmarks: dict[str, dict[str, str]] = {}
        self.failures: list[Failure] = []
        self.resolved: set[str] = set()
        self.given_up: dict[str, list[str]] = {}  # by day, digests of failures
        self.unfinished: Run | None = None

    @classmethod
    def read(cls, value: object, accounts: Iterable[str], now: datetime, warn: Log) -> State:
        """Return the state in `value`, or an empty one with a warning if it isn't a state of this account.

        `accounts`: the digest of the account, and the digests that older versions of the tap used.
        """
        account, *others = accounts
        state = cls(account)
        if value is None:
            return state
        version = value.get("version") if isinstance(value, dict) else None
        if not isinstance(value, dict) or type(version) is not int or version not in (2, VERSION):
            is_older = version == 1 and version is not True
            problem = "from an older version of this tap" if is_older else "empty or not from this tap"
            warn(f"The state is {problem}, so everything is read from the start.")
        elif value.get("account") not in (account, *(others if version == 2 else ())):
            warn("The state belongs to another account, so everything is read from the start.")
        else:
            try:
                state._read_bookmarks(value)
                if version == VERSION:
                    state._read_rest(value, now)
                elif "finished_at" not in value:
                    warn(
                        "The state is from an interrupted run of an older version. Its bookmarks are used, and the run "
                        "starts over."
                    )
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                warn("The state is damaged, so everything is read from the start.")
                return cls(account)
        return state

    def _read_bookmarks(self, value: Values) -> None:
        self.bookmarks = {name: dict(bookmark) for name, bookmark in value["bookmarks"].items()}
        self.start_date = _text(value.get("start_date", ""))
        if self.start_date and parse_time(self.start_date) is None:
            raise ValueError("not a time")

    def _read_rest(self, value: Values, now: datetime) -> None:
        for since, entries in value["failures"].items():
            for entry in entries:
                if entry["stream"] not in BY_NAME:
                    continue  # this version doesn't have the stream
                about = {name: entry[name] for name in ("stream", "last", "runs")} | {"since": since}
                tasks = [{"hold": True}] if entry.get("hold") is True else entry["tasks"]
                self.failures += [Failure(**about, **task) for task in tasks]
        for failure in self.failures:
            failure.check()
        digests = {date.fromisoformat(day).isoformat(): list(map(str, each)) for day, each in value["given_up"].items()}
        self.given_up = {day: each for day, each in digests.items() if each}
        if not isinstance(value["unfinished"], list):
            raise TypeError("not a list")
        for run in value["unfinished"][-1:]:
            started_at = parse_time(run["started_at"])
            if started_at is None or started_at > now or not FIRST_YEAR <= started_at.year <= LAST_YEAR:
                raise ValueError("not a time, or in the future")
            if not isinstance(run["from_start"], bool):
                raise TypeError("not a boolean")
            at = {name: None if path is None else _path(name, path) for name, path in run["resume_at"].items()}
            self.unfinished = Run(started_at, run["selection"], run["from_start"], at, run.get("bookmarks", ""))

    def value(self) -> Values:
        """Return the value of a STATE message."""
        return {
            "version": VERSION,
            "account": self.account,
            "start_date": self.start_date,
            "bookmarks": {name: dict(bookmark) for name, bookmark in self.bookmarks.items()},
            "failures": self._failures(),
            "given_up": {day: list(digests) for day, digests in self.given_up.items()},
            "unfinished": [self._run(self.unfinished)] if self.unfinished else [],
        }

    def _failures(self) -> Values:
        values: Values = {since: [] for since in sorted(self.resolved)}
        for failure in self.failures:
            entries = values.setdefault(failure.since, [])
            about = {"stream": failure.stream, "last": failure.last, "runs": failure.runs}
            if failure.hold:
                entries.append({**about, "hold": True})
                continue
            entry = next((each for each in entries if about.items() <= each.items() and "tasks" in each), None)
            if entry is None:
                entries.append(entry := {**about, "tasks": []})
            entry["tasks"].append(failure.task())
        return values

    def _run(self, run: Run) -> Values:
        return {
            "started_at": stamp(run.started_at), "selection": run.selection, "from_start": run.from_start,
            "bookmarks": self.bookmarks_digest,
            "resume_at": {name: at and list(at) for name, at in run.resume_at.items()},
        }  # fmt: skip

    @property
    def bookmarks_digest(self) -> str:
        return digest(bookmarks=self.bookmarks)[:8]


def merged(below: Any, above: Any) -> Any:
    """Merge two states as Meltano does: objects key by key, other values as a whole."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{name: merged(below.get(name), value) for name, value in above.items()}}


def digest(**parts: object) -> str:
    """Return sixteen hex digits that identify an account, or the streams and start_date of a run."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _path(traversal: str, value: Any) -> list[str]:
    path = list(map(_text, value))
    if traversal in BY_NAME and path:
        date.fromisoformat(path[0])
    for name in path[1:]:
        Context.parse(name)
    return path


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value
