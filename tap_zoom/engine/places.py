"""What rows lead to: a thing with its ids, and the text that it is until its turn comes.

The text's first part is its name in a branch: when it happened, where that is known, its identity, and its kind. The
other ids follow, and the window in which it is asked about, where that is the one that found it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tap_zoom.engine.branch import AFTER_NAME
from tap_zoom.engine.windows import Window
from tap_zoom.streams import THINGS
from tap_zoom.streams.model import ACCOUNT, Find, Ids, Params, Row, Stream, Thing, Uuid
from tap_zoom.times import sortable

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ", re.ASCII)
_WIDTH = 20  # digits of the largest integer of 64 bits


@dataclass(frozen=True, slots=True)
class Place:
    """What questions are asked about. `stream`: only this one is asked, with these `asks`, else all; `window`: the days
    that it is asked about for."""

    thing: Thing = ACCOUNT
    ids: Ids = field(default_factory=dict)
    when: str | None = None  # it happened
    stream: Stream | None = None
    window: Window | None = None
    asks: Params | None = None

    @property
    def name(self) -> str:
        """What it is called among its like: sorts by time, then by identity."""
        identity = self.ids[next(iter(self.thing.ids))]
        words = [self.when] if self.when else []
        return " ".join([*words, f"{identity:0{_WIDTH}}" if isinstance(identity, int) else identity, self.thing.name])

    @property
    def text(self) -> str:
        _, *others = self.thing.ids
        parts = [self.name, *("" if self.ids[name] is None else str(self.ids[name]) for name in others)]
        if window := self.window:
            days = (window.first, window.last, window.asked_from, window.asked_to)
            parts.append(" ".join(map(date.isoformat, days)))
        return AFTER_NAME.join(parts)

    @classmethod
    def of(cls, text: str) -> Place:
        """The place that such a text stands for."""
        name, *others = text.split(AFTER_NAME)
        words, _, kind_of_thing = name.rpartition(" ")
        moment = _MOMENT.match(words)
        identity = words[moment.end() :] if moment else words
        thing = THINGS[kind_of_thing]
        days = others.pop() if len(others) == len(thing.ids) else ""
        values = zip(thing.ids.items(), [identity, *others], strict=True)
        ids = {each: ((int(value) if kind is int else value) if value else None) for (each, kind), value in values}
        window = Window(*map(date.fromisoformat, days.split())) if days else None
        return cls(thing, ids, moment[1] if moment else None, window=window)


def found_in(
    stream: Stream, row: Any, at: Place, asks: Params, window: Window | None
) -> Iterator[tuple[Find, Place | None]]:
    """What a row leads to, but for its files; None where it should lead to something and has no id for it."""
    for find in stream.finds:
        if find.files:
            continue
        if type(row) is not dict:
            yield find, None
        elif all(where.holds(row) for where in find.where):
            ids = {name: _id(find, name, kind, row, at.ids, asks) for name, kind in find.thing.ids.items()}
            if ids[next(iter(ids))] in (None, ""):
                yield find, None
            elif find.in_window:
                yield find, Place(find.thing, ids, window=window)
            else:
                yield find, Place(find.thing, ids, sortable(row.get(stream.at)) if stream.at else None)


def _id(find: Find, name: str, kind: type, row: Row, above: Ids, asks: Params) -> Any:
    fields = find.ids.get(name)
    if fields is None:
        return above.get(name)
    if fields.startswith("?"):
        return asks.get(fields[1:])
    value = next((row[field] for field in fields.split("|") if row.get(field) not in (None, "")), None)
    if kind is Uuid:
        return value if isinstance(value, str) else None
    return integer(value) if kind is int else words(value)


def words(value: object) -> str | None:
    """An id in words: Zoom's are strings; one that comes as an integer is spelled as the record spells it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def integer(value: object) -> int | None:
    """A meeting number: Zoom sends it as an integer, in places as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4300:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
