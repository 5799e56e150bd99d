"""Which days to ask for: pure functions of dates, all in UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tap_zoom.streams.model import Params, Span

DAYS_AHEAD = timedelta(days=2)  # at the most, of Zoom's first day before ours


@dataclass(frozen=True, slots=True)
class Window:
    """What happened on the days `first` to `last` is kept; `asked_from` and `asked_to` are sent."""

    first: date
    last: date
    asked_from: date
    asked_to: date

    @property
    def name(self) -> str:
        return self.first.isoformat()

    def holds(self, when: str) -> bool:
        """Whether a moment, as text that sorts as time does, is inside."""
        return self.first.isoformat() <= when[:10] <= self.last.isoformat()

    def params(self, span: Span) -> Params:
        return {name: text.format(first=self.asked_from, last=self.asked_to) for name, text in span.params.items()}


def oldest_day(today: date, months_back: int) -> date:
    """The same day so many calendar months ago, or that month's last day."""
    year, month = divmod(today.year * 12 + today.month - 1 - months_back, 12)
    month += 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def windows(span: Span, first: date, last: date, clip: date) -> Iterator[Window]:
    """Cut the days `first` to `last` into windows, the oldest first; nothing before `clip` is asked for.

    They are the same on another day, when `clip` has moved on. On the last one, `asked_to` lies in the future.
    """
    margin = timedelta(days=span.margin)
    while first <= last:
        end = min(first + timedelta(days=span.days - 1), last)
        if end >= clip:
            yield Window(first, end, max(first - margin, clip), end + margin)
        first = end + timedelta(days=1)


def later(window: Window, span: Span, today: date) -> Window | None:
    """The same window, asked from a later day on, since Zoom refused to go so far back. None where that can't be it.

    Zoom's clock may be ahead of ours, and its account's time zone of UTC; and the run may have lasted for days.
    """
    earliest = oldest_day(today, span.months_back)
    asked_from = max(window.asked_from + timedelta(days=1), earliest)
    if asked_from > min(earliest + DAYS_AHEAD, window.asked_to):
        return None
    return replace(window, asked_from=asked_from)
