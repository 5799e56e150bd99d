"""What is out, and where to go on: a state of bounded size, whatever the account holds.

    {"version": 2, "account": "<digest>", "bookmarks": {"report_meetings": {"start_time": "..."}, ...},
     "run": {"started_at": "...", "selection": "<digest>",
             "places": {"scheduled": {"place": ["..."], "whole": true}, "held": null, ...},
             "owing": [...], "refused": [...]}}

`bookmarks`: per stream that is asked for stretches of time; everything that happened before is out, from the
`start_date` on that the run had which made them. `run`: where a run
that was stopped goes on, by branch, and what it owes (see `engine.debts`). A finished run has `finished_at` instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import Ids, Params, Stream
from tap_zoom.times import parse_time, stamp

VERSION = 2
Values = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Everything up to a place is out; `whole`: also what lies below that place. By identity, never by position."""

    path: Path = ()
    whole: bool = False

    def passed(self, path: Path) -> bool:
        """Whether what is asked about this place itself is out."""
        return path <= self.path or (self.whole and path[: len(self.path)] == self.path)

    def passed_whole(self, path: Path) -> bool:
        """Whether that is out, and all below it."""
        return path < self.path[: len(path)] or (self.whole and path[: len(self.path)] == self.path)

    def value(self) -> dict[str, Any]:
        """As the state holds it."""
        return {"place": list(self.path), "whole": self.whole}

    @property
    def words(self) -> str:
        """For people: the moment that was reached, or else the thing."""
        for name in reversed(self.path):
            if parse_time(moment := name.partition(" ")[0]):
                return f"up to {moment}"
        identity, _, kind = self.path[0].rpartition(" ") if self.path else ("", "", "")
        return f"up to {kind} {identity.lstrip('0')}" if kind else "nothing yet"

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Bookmark:
        """Raises KeyError or TypeError for what is none."""
        path, whole = value["place"], value["whole"]
        if not isinstance(path, list) or not all(isinstance(name, str) for name in path) or not isinstance(whole, bool):
            raise TypeError("no place")
        return cls(tuple(path), whole)


START = Bookmark()


@dataclass(frozen=True, slots=True)
class Owed:
    """A question that was lost: the stream, the ids of what it was asked about, what else was asked, the first and the
    last of the days, and when what it was asked about happened. `done`: how far what it leads to is out."""

    stream: Stream
    ids: Ids
    asks: Params
    days: tuple[date, date] | None = None
    at: str | None = None
    done: Bookmark = START

    @property
    def when(self) -> str | None:
        """Since when something may be missing, None where that can't be said. What was asked for days about something
        happened on these: a conversation of today has messages of years."""
        return f"{self.days[0].isoformat()}T00:00:00Z" if self.days else self.at

    def is_like(self, other: Owed) -> bool:
        return (self.stream, self.ids, self.asks, self.days) == (other.stream, other.ids, other.asks, other.days)

    def value(self) -> Values:
        """As the state holds it."""
        value: Values = {"stream": self.stream.name, "ids": dict(self.ids)}
        if self.asks:
            value["asks"] = dict(self.asks)
        if self.days:
            value["days"] = [day.isoformat() for day in self.days]
        if self.at:
            value["at"] = self.at
        return value | ({} if self.done == START else self.done.value())

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Owed:
        """Raises KeyError, TypeError, ValueError or AttributeError for what is none."""
        stream, ids, asks, at = BY_NAME[value["stream"]], value["ids"], value.get("asks", {}), value.get("at")
        if asks not in stream.asks or ids.keys() != stream.about.ids.keys() or not isinstance(at, str | None):
            raise ValueError("no question")
        days = None
        if stream.over is not None:
            first, last = map(date.fromisoformat, value["days"])
            if first > last:
                raise ValueError("no days")
            days = first, last
        return cls(stream, ids, asks, days, at, Bookmark.read(value) if "place" in value else START)


class State:
    """`places`: by branch; `owing`: what was lost, in that order; `went_back`: the run that goes on begins again before
    a loss; `given_up`: losses that can't be asked for again; `goes_on`: with a run that was stopped."""

    def __init__(self, account: str, selection: str, started_at: datetime) -> None:
        self.account = account
        self.selection = selection
        self.started_at = started_at
        self.goes_on = False
        self.bookmarks: Values = {}
        self.incremental: frozenset[str] = frozenset()  # streams that are read from their bookmarks on
        self.start: str | None = None  # the start_date of the run that made the bookmarks: they say nothing of before
        self.next_start: str | None = None  # that of this run
        self.places: dict[str, Bookmark] = {}
        self.owing: list[Owed] = []
        self.went_back = False
        self.given_up = 0
        self.refused: list[str] = []

    @classmethod
    def resumed(
        cls, value: object, account: str, selection: str, now: datetime, warn: Callable[[str], None]
    ) -> State:
        """The state to go on from, or a new one, with a warning, where `value` is none of ours."""
        state = cls(account, selection, now)
        if value is None:
            return state
        if not isinstance(value, dict) or value.get("version") != VERSION:
            older = isinstance(value, dict) and value.get("version") == 1 and value.get("version") is not True
            what = "of an older version of this tap" if older else "empty or not of this tap"
            warn(f"The state is {what}, so everything is read from the start.")
        elif value.get("account") != account:
            warn("The state is of another account, so everything is read from the start.")
        else:
            try:
                state._read(value, now, warn)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                warn("The state is damaged, so everything is read from the start.")
                return cls(account, selection, now)
        return state

    def _read(self, value: Values, now: datetime, warn: Callable[[str], None]) -> None:
        self.bookmarks = {name: dict(bookmark) for name, bookmark in value["bookmarks"].items()}
        self.start = value.get("start_date")
        if self.start is not None and parse_time(self.start) is None:
            raise ValueError("no time")
        if "finished_at" in value:
            return
        run = value["run"]
        if run["selection"] != self.selection:
            warn("The state is of a run with other streams, fields or start_date, so that run is begun anew.")
            return
        started_at = parse_time(run["started_at"])
        if started_at is None or started_at > now:
            raise ValueError("no time, or one to come")
        self.started_at = started_at
        self.places = {name: START if place is None else Bookmark.read(place) for name, place in run["places"].items()}
        self.owing = [Owed.read(owed) for owed in _list(run.get("owing", []))]
        self.went_back = run.get("went_back", False) is True
        self.given_up = _count(run.get("given_up", 0))
        self.refused = [BY_NAME[name].name for name in _list(run.get("refused", []))]
        self.goes_on = True

    @property
    def words(self) -> str:
        """For people: how far the branches of a run that goes on are."""
        return f"Read so far: {', '.join(f'{name} {mark.words}' for name, mark in self.places.items()) or 'lists'}."

    def read_from(self, name: str, field: str) -> str:
        """The bookmark from which a stream is read in this run; "" where it is read whole."""
        mark = self.bookmarks.get(name, {}).get(field) if name in self.incremental else None
        moment = parse_time(mark)
        return stamp(moment) if moment is not None and moment <= self.started_at else ""

    def value(self) -> Values:
        """The state of a run that is under way."""
        run: Values = {"started_at": stamp(self.started_at), "selection": self.selection}
        run["places"] = {name: None if mark == START else mark.value() for name, mark in self.places.items()}
        more = {
            "owing": [owed.value() for owed in self.owing], "went_back": self.went_back, "given_up": self.given_up,
            "refused": self.refused,
        }  # fmt: skip
        run |= {name: part for name, part in more.items() if part}
        return self._head() | {"run": run}

    def finished(self, now: datetime) -> Values:
        """That of one that reached its end: not empty, since targets drop {} and the caller would keep a place."""
        self.start = self.next_start
        return self._head() | {"finished_at": stamp(now)}

    def _head(self) -> Values:
        head = {"version": VERSION, "account": self.account, "bookmarks": self.bookmarks}
        return head | ({"start_date": self.start} if self.start else {})


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("no number of things")
    return value


def digest(**parts: object) -> str:
    """What a state is good for: an account; or the streams, fields and start_date of a run."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
