"""Windows: the days that one call requests. All dates are UTC.

Windows of a stream begin on the same days in every run (day number divided by length), whatever the start date, the
look-back and the retention: only the requested days are clipped. So the name of a window, which is its first day, means
the same in each path and in each failure.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tap_zoom.streams import date_range_of, dated_stream
from tap_zoom.streams.model import ACCOUNT, DateRange, Params, Stream
from tap_zoom.sync.context import Context
from tap_zoom.times import has_reached

ZOOM_BEGAN = date(2011, 1, 1)  # nothing is older
MONTHS_BACK = 24  # if neither a start date nor Zoom's retention is known
BOTH_WAYS = timedelta(days=2)  # tolerance at the edge of Zoom's retention, for its clock and time zone


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of the days `first` to `last` belong to it; the days `from_` to `to` are requested."""

    name: str
    first: date
    last: date
    from_: date
    to: date

    def holds(self, time: str) -> bool:
        """True if a time, as `times.sortable` gives it, is in the window."""
        return self.first.isoformat() <= time[:10] <= self.last.isoformat()

    def requests(self, time: str, dates: DateRange) -> bool:
        """True if a time is in the requested days. A row with a time outside was listed by another time."""
        end = f"{self.to.isoformat()}T00:00:00Z" if dates.exact else f"{self.to.isoformat()}~"
        return self.from_.isoformat() <= time <= end

    def params(self, dates: DateRange) -> Params:
        return {name: text.format(first=self.from_, last=self.to) for name, text in dates.params.items()}

    def columns(self) -> Params:
        """Return columns added by the tap: the days that a total covers."""
        return {"window_from": self.first.isoformat(), "window_to": self.last.isoformat()}


def oldest_day(dates: DateRange, today: date) -> date | None:
    """Return the first day in Zoom's retention; None if unknown."""
    if dates.months_back:
        return months_before(today, dates.months_back)
    return today - timedelta(days=dates.days_back) if dates.days_back else None


def first_day(dates: DateRange, today: date, start: date | None) -> date:
    """Return the first day to request, not before `start`."""
    oldest = oldest_day(dates, today)
    if oldest is None:
        return max(start, ZOOM_BEGAN) if start else months_before(today, MONTHS_BACK)
    return max(oldest, start) if start else oldest


def months_before(today: date, months: int) -> date:
    """Return the same day some calendar months ago, or the last day of that month."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    month += 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def first_of_window(dates: DateRange, day: date) -> date:
    """Return the first day of the window that contains a day."""
    return date.fromordinal(day.toordinal() // dates.days * dates.days) if dates.days else day.replace(day=1)


def last_of_window(dates: DateRange, first: date) -> date:
    days = dates.days or monthrange(first.year, first.month)[1]
    return first + timedelta(days=days - 1)


class Windows:
    """The windows of each stream in this run.

    `since`: by selected stream, the time from which it is read, None for all available data. `start`: the same without
    bookmarks, for retries. `started`: the day on which the run began; `today()`: the current day.
    `descendants(stream)`: a stream and its requested descendants.
    """

    def __init__(
        self, since: Mapping[str, str | None], start: str | None, started: date, today: Callable[[], date],
        descendants: Callable[[Stream], tuple[Stream, ...]],
    ) -> None:  # fmt: skip
        self.started = started
        self.today = today
        self._selected = dict(since)
        self._start = start
        self._descendants = descendants
        self._answered_from: dict[Stream, date] = {}  # for streams of which Zoom refused older days
        self._answered: set[Stream] = set()  # streams whose first window was answered

    # --- start dates

    def since(self, stream: Stream) -> str | None:
        """Return the time from which a stream and its descendants are read; None for all available data."""
        below = [self._selected[each.name] for each in self._descendants(stream) if each.name in self._selected]
        return None if None in below else min(filter(None, below), default=None)

    def emitted_since(self, stream: Stream) -> str | None:
        """Return the time from which a stream's own records are emitted; None for all available data."""
        return self._selected.get(stream.name)

    def includes(self, stream: Stream, context: Context, window: Window | None) -> bool:
        """True if a stream is requested for a context, by the context's time."""
        since = self.since(stream)
        time = context.time or (f"{window.last.isoformat()}~" if window else None)
        return since is None or time is None or has_reached(time, since)

    def first_day(self, stream: Stream, is_retry: bool = False) -> date:
        """Return the first day of a stream to read in this run, by Zoom's retention when the run began."""
        since = self._start if is_retry else self.since(stream)
        return first_day(date_range_of(stream), self.started, date.fromisoformat(since[:10]) if since else None)

    def retained_from(self, stream: Stream) -> date:
        """Return the first day in Zoom's retention today."""
        dates = date_range_of(stream)
        oldest = oldest_day(dates, self.today()) or date.min
        if not dates.days and not dates.totals:
            oldest = first_of_window(dates, oldest)  # a month is requested by its number
        return max(oldest, self._answered_from.get(stream, date.min))

    def older_than(self, stream: Stream) -> str:
        """Return the time before which contexts are older than the windows of a stream, for links with `older_than`.

        Until the first window has been answered in this process, Zoom may still refuse its first days.
        """
        retained = self.retained_from(stream)
        if stream not in self._answered:
            retained += MOST_DAYS_LATER - BOTH_WAYS
        return (max(self.first_day(stream), retained) + BOTH_WAYS).isoformat()

    def answered(self, stream: Stream, window: Window) -> None:
        """Record that Zoom answered for a window, and from which day on if it refused earlier ones."""
        requested_from = window.first - timedelta(days=date_range_of(stream).before)
        if window.from_ > max(requested_from, self.retained_from(stream)):
            self._answered_from[stream] = window.from_
        if window.first <= max(self.first_day(stream), self.retained_from(stream)):
            self._answered.add(stream)

    # --- windows

    def names(self, stream: Stream, until: date | None = None, is_retry: bool = False) -> Iterator[str]:
        """Yield the names of a stream's windows, the oldest first, up to the one that contains `until`."""
        dates, retained = date_range_of(stream), self.retained_from(stream)
        first = max(self.first_day(stream, is_retry), retained)
        if first > (until or self._last_day(stream)):
            return
        first = first_of_window(dates, first)
        if dates.totals and first < retained:
            first = last_of_window(dates, first) + timedelta(days=1)
        while first <= (until or self._last_day(stream)):
            yield first.isoformat()
            first = last_of_window(dates, first) + timedelta(days=1)

    def window(
        self, stream: Stream, name: str, days: tuple[date, date] | None = None, is_retry: bool = False
    ) -> Window:
        """Return a window as it is requested today. `days`: those of an earlier request, else all in the window."""
        dates, end, retained = date_range_of(stream), self._last_day(stream), self.retained_from(stream)
        first = date.fromisoformat(name)
        last = last_of_window(dates, first)
        if not dates.days:
            return Window(name, first, last, first, min(last, end))
        first, last = days or (max(first, self.first_day(stream, is_retry)), min(last, max(end, first)))
        to = last + timedelta(days=dates.after)
        from_ = max(first - timedelta(days=dates.before), min(retained, last))
        return Window(name, first, last, from_, min(to, end) if dates.ends_in < 0 else to)

    def of_context(
        self, stream: Stream, context: Context, found_in: Window | None, is_retry: bool
    ) -> Iterator[Window | None]:
        """Yield the windows of a stream for a context: the one in which it was found, or all up to its time."""
        if stream.date_range is None or found_in is not None:
            yield found_in
            return
        until = date.fromisoformat(context.time[:10]) if context.time else None
        for name in self.names(stream, until, is_retry):
            yield self.window(stream, name, is_retry=is_retry)

    def later(self, stream: Stream, window: Window) -> Window | None:
        """Return the window without its first day, which Zoom refused as too old; None if that can't be the reason."""
        dates = date_range_of(stream)
        oldest = oldest_day(dates, self.today())
        from_ = window.from_ + timedelta(days=1)
        if oldest is None or dates.totals or from_ > min(oldest + MOST_DAYS_LATER, window.to):
            return None
        return Window(window.name, window.first, window.last, from_, window.to)

    def has_expired(self, stream: Stream, days: list[str], wholly: bool = False) -> bool:
        """True if the first of these days has left Zoom's retention. `wholly`: so that none of them can be requested;
        a total needs all."""
        if not days:
            return False
        day = days[1] if wholly and not date_range_of(stream).totals else days[0]
        return date.fromisoformat(day) < self.retained_from(stream)

    def expired(self, stream: Stream, resume_at: list[str]) -> tuple[date, date] | None:
        """Return the first and last day that a resumed run hasn't finished and that have left Zoom's retention."""
        first, retained = self.first_day(stream), self.retained_from(stream)
        if resume_at:
            # Where there are several contexts in a window, the last name says nothing about the others.
            has_time = stream.parent is ACCOUNT and len(resume_at) > 1 and resume_at[-1][4:5] == "-"
            first = max(first, date.fromisoformat(resume_at[-1][:10] if has_time else resume_at[0]))
        return (first, retained - timedelta(days=1)) if first < retained else None

    def is_expired(self, stream: Stream, window: Window) -> bool:
        """True if Zoom may have refused a window because all of its days, or one day of a total, are too old."""
        dates = date_range_of(stream)
        oldest = oldest_day(dates, self.today())
        if oldest is None:
            return False
        return window.first < oldest + BOTH_WAYS if dates.totals else window.to <= oldest + MOST_DAYS_LATER

    def _last_day(self, stream: Stream) -> date:
        dates = date_range_of(stream)
        dated = dated_stream(stream)
        moving = dated is not None and dated.date_range is not None and dated.date_range.moving
        return (self.today() if moving else self.started) + timedelta(days=dates.ends_in)


MOST_DAYS_LATER = timedelta(days=7)  # six months are up to 184 days, 180 days at Zoom, and a day for its time zone
