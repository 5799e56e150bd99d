"""Which days to ask for: pure functions of dates, all in UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tap_zoom.streams.model import Params, Span

DAYS_AHEAD = timedelta(days=2)  # at the most, of Zoom's first day before ours
ZOOM_BEGAN = 2011  # nothing happened before that year, so nothing is asked for
MONTHS_BACK = 24  # where Zoom does not say how far back it answers, and nothing else says how far to read


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

    def asks_for(self, when: str, span: Span) -> bool:
        """Whether a moment is in what is sent. What comes all the same was not chosen by this time."""
        end = f"{self.asked_to.isoformat()}T00:00:00Z" if span.exact else f"{self.asked_to.isoformat()}~"
        return self.asked_from.isoformat() <= when <= end

    def params(self, span: Span) -> Params:
        return {name: text.format(first=self.asked_from, last=self.asked_to) for name, text in span.params.items()}

    def columns(self) -> Params:
        """Columns of ours that say what a sum is of."""
        return {"window_from": self.first.isoformat(), "window_to": self.last.isoformat()}


def oldest_day(span: Span, today: date) -> date | None:
    """The first day that Zoom answers for; None where it does not say."""
    if span.months_back:
        return months_before(today, span.months_back)
    return today - timedelta(days=span.days_back) if span.days_back else None


def first_day(span: Span, today: date, start: date | None) -> date:
    """The first day to ask for, if nothing before `start` is wanted."""
    oldest = oldest_day(span, today)
    if oldest is None:
        return max(start, date(ZOOM_BEGAN, 1, 1)) if start else months_before(today, MONTHS_BACK)
    return max(oldest, start) if start else oldest


def months_before(today: date, months: int) -> date:
    """The same day so many calendar months ago, or that month's last day."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    month += 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def windows(span: Span, first: date, last: date, clip: date) -> Iterator[Window]:
    """Cut the days `first` to `last` into windows, the oldest first; nothing before `clip` is asked for.

    They are the same on another day, when `clip` has moved on. On the last one, `asked_to` may lie in the future. Of
    calendar months only whole ones are asked for, and the last so far.
    """
    if not span.days:
        yield from _months(span, first, last, clip)
        return
    while first <= last:
        end = min(first + timedelta(days=span.days - 1), last)
        if end >= clip:
            yield window_of(span, first, end, clip, last)
        first = end + timedelta(days=1)


def window_of(span: Span, first: date, last: date, clip: date, ends: date) -> Window:
    """These days, as they are asked for: nothing before `clip`, and nothing after `ends` where Zoom refuses that."""
    if not span.days:
        return Window(first, last, first, min(last, ends))
    asked_to = last + timedelta(days=span.after)
    asked_from = max(first - timedelta(days=span.before), min(clip, last))
    return Window(first, last, asked_from, min(asked_to, ends) if span.until < 0 else asked_to)


def _months(span: Span, first: date, last: date, clip: date) -> Iterator[Window]:
    first = first.replace(day=1)
    while first <= last:
        end = first.replace(day=monthrange(first.year, first.month)[1])
        if first >= clip:
            yield window_of(span, first, end, clip, last)
        first = end + timedelta(days=1)


def later(window: Window, span: Span, today: date) -> Window | None:
    """The same window, asked from a later day on, since Zoom refused to go so far back. None where that can't be it.

    Zoom's clock may be ahead of ours, and its account's time zone of UTC; and the run may have lasted for days.
    """
    oldest = oldest_day(span, today)
    if oldest is None or span.sums:
        return None
    asked_from = max(window.asked_from + timedelta(days=1), oldest)
    if asked_from > min(oldest + DAYS_AHEAD, window.asked_to):
        return None
    return replace(window, asked_from=asked_from)


def is_gone(window: Window, span: Span, today: date) -> bool:
    """Whether a sum that was refused, of which no part can be asked for, may be out of reach by now."""
    oldest = oldest_day(span, today)
    return span.sums and oldest is not None and window.first < oldest + DAYS_AHEAD
