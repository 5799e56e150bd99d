"""What is out, and where to go on: a state of bounded size, whatever the account holds.

    {"version": 1, "started_at": "...", "selection": "<digest>",
     "bookmarks": {"scheduled": {"user_id": "...", "number": 123, "start_time": "...", "uuid": "..."} | null,
                   "held": {"start_time": "...", "uuid": "..."} | null}}

A bookmark is the last piece of work below which everything is out, by identity and never by position: users and
meetings appear and vanish between runs. What was lost below it stands beside: see `owing`; `refused`: streams that the
login could not read. A finished run leaves {"version": 1, "finished_at": "..."}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, ClassVar

from tap_zoom.owing import Owing
from tap_zoom.streams import BY_NAME
from tap_zoom.windows import parse_time

VERSION = 1
Key = tuple[Any, ...]


class State:
    """The bookmarks of one run. `scheduled` and `held` are keys that sort as their walk goes; () is its start."""

    FIELDS: ClassVar[dict[str, tuple[tuple[str, type], ...]]] = {
        # The last two are of an older occurrence of the number.
        "scheduled": (("user_id", str), ("number", int), ("start_time", str), ("uuid", str)),
        "held": (("start_time", str), ("uuid", str)),
    }

    def __init__(self, selection: str, started_at: datetime) -> None:
        self.selection = selection
        self.started_at = started_at
        self.goes_on = False  # from where another run was stopped
        self.bookmarks: dict[str, Key] = {"scheduled": (), "held": ()}
        self.owing: dict[str, Any] = {}
        self.refused: list[str] = []

    @classmethod
    def resumed(cls, value: object, selection: str, now: datetime, warn: Callable[[str], None]) -> State:
        """The state to go on from, or a new one, with a warning, where `value` is none of ours."""
        new = cls(selection, now)
        if value is None:
            return new
        if isinstance(value, dict) and value.get("version") == VERSION and "finished_at" in value:
            return new
        if isinstance(value, dict) and value.get("version") == VERSION and value.get("selection") == selection:
            started_at = parse_time(value.get("started_at"))
            bookmarks = value.get("bookmarks")
            if started_at is not None and started_at <= now and isinstance(bookmarks, dict):
                try:
                    old = cls(selection, started_at)
                    old.bookmarks = {name: _key(bookmarks[name], fields) for name, fields in cls.FIELDS.items()}
                    old.owing = Owing.read(value).value()
                    old.refused = [BY_NAME[name].name for name in value.get("refused", [])]
                    old.goes_on = True
                    return old
                except (KeyError, TypeError, ValueError, AttributeError):
                    pass
            warn("The state is damaged, so everything is read from the start.")
        elif isinstance(value, dict) and value.get("version") == VERSION:
            warn("The state is of other streams, fields, start_date or account, so everything is read from the start.")
        else:
            warn("The state is empty or not of this tap, so everything is read from the start.")
        return new

    def value(self) -> dict[str, Any]:
        bookmarks = {
            name: dict(zip((field for field, _ in self.FIELDS[name]), key, strict=True)) if key else None
            for name, key in self.bookmarks.items()
        }
        return {
            "version": VERSION,
            "started_at": self.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "selection": self.selection,
            "bookmarks": bookmarks,
            **self.owing,
            **({"refused": self.refused} if self.refused else {}),
        }


def finished(now: datetime) -> dict[str, Any]:
    """The state of a run that is complete: not empty, since targets drop {} and the caller would keep a bookmark."""
    return {"version": VERSION, "finished_at": now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


def digest(**parts: object) -> str:
    """What a bookmark is good for: the same account, streams, fields and start_date."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _key(bookmark: Mapping[str, Any] | None, fields: tuple[tuple[str, type], ...]) -> Key:
    if bookmark is None:
        return ()
    key = tuple(bookmark[name] for name, _ in fields)
    if not all(type(part) is kind for part, (_, kind) in zip(key, fields, strict=True)):
        raise ValueError
    return key
