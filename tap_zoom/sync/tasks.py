"""One question: a stream, asked about a place; and how far its answer, a list of pages, has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tap_zoom.sync.branch import Node
from tap_zoom.sync.places import Place
from tap_zoom.sync.records import Sequence
from tap_zoom.sync.windows import Window, is_gone, later
from tap_zoom.streams.model import Params, Stream
from tap_zoom.times import has_reached, sortable
from tap_zoom.api.request import Request


@dataclass(slots=True, eq=False)
class Question:
    """`place`: what it is about; `asks`: which of the stream's; `window`: the days; `origin`: the question and the row
    for which it looks something up; `restarts`: of its list. Thousands wait: what goes on over the pages of the list,
    `sequence` and `tokens` (hashes), is made when the first is read."""

    stream: Stream
    node: Node
    place: Place
    asks: Params
    window: Window | None = None
    origin: tuple[Question, Any] | None = None
    restarts: int = 0
    tokens: set[int] | None = field(default=None, init=False)
    _sequence: Sequence | None = field(default=None, init=False)

    def request(self, token: str = "", page: int = 1) -> Request:
        return Request(self.stream, self.place.ids, self.params, token, page, self)

    @property
    def sequence(self) -> Sequence:
        self._sequence = self._sequence or Sequence()
        return self._sequence

    @property
    def owner(self) -> Question:
        """The question that is missing an answer where this one is."""
        return self.origin[0] if self.origin else self

    @property
    def params(self) -> Mapping[str, str]:
        days = self.window.params(self.stream.over) if self.window and self.stream.over else {}
        return {**days, **self.asks}

    @property
    def columns(self) -> Mapping[str, Any]:
        """Columns of ours, by name: ids of what was asked about, what was asked, and of which days the answer is."""
        sums = self.window.columns() if self.window and self.stream.over and self.stream.over.sums else {}
        asked = {column: self.asks.get(name, "default") for column, name in self.stream.asked.items()}
        return {**self.place.ids, **sums, **asked}

    def keeps(self, when: str | None, since: str | None) -> bool:
        """Whether what happened then is not for another window, whose days are asked for here as well, nor from before
        `since`. What has no time is kept, and what was not chosen by this one; but what leads on in each window in
        which it is met is for that of its time."""
        span, window = self.stream.over, self.window
        if when is None or span is None or window is None or span.sums:
            return True
        if not window.asks_for(when, span) and not any(find.in_window for find in self.stream.finds):
            return True
        return window.holds(when) and (since is None or has_reached(when, since))

    def kept(self, rows: list[Any], since: str | None) -> list[Any]:
        """The rows that are for this window."""
        at = self.stream.at
        return [row for row in rows if type(row) is not dict or self.keeps(_until(row.get(at)), since)]

    def next_page(self, token: Any, page: int) -> Request:
        """Raises ValueError where a list can't be read further: a circle of tokens would never end."""
        if not isinstance(token, str):
            raise ValueError("the token of the next page is no text, so the list can't be read further")
        self.tokens = self.tokens or set()
        if hash(token) in self.tokens:
            raise ValueError("the next page has a token that this list had before, so it can't be read further")
        self.tokens.add(hash(token))
        self.node.open += 1
        return self.request(token, page)

    def later(self, today: date) -> Window | None:
        """Its days from a later one on, where Zoom refused to go so far back; None where that can't be it."""
        return later(self.window, self.stream.over, today) if self.window and self.stream.over else None

    def is_gone(self, today: date) -> bool:
        """Whether Zoom refused it since its days are not to be had any more."""
        return bool(self.window and self.stream.over and is_gone(self.window, self.stream.over, today))

    def from_its_start(self, **changes: Any) -> Question:
        """The same list again, from its first page."""
        return replace(self, **changes)

    def __str__(self) -> str:
        return str(self.request())


def _until(value: Any) -> str | None:
    """When a row happened; one that names a day only is about all of it."""
    when = sortable(value)
    return f"{when[:10]}~" if when and isinstance(value, str) and len(value) == len("2026-01-31") else when
