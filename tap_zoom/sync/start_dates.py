"""The time from which each stream is read: start_date or its bookmark, within Zoom's retention."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tap_zoom.streams import BY_NAME, date_range_of, parents_of, replication_key_of
from tap_zoom.streams.model import Stream
from tap_zoom.sync.windows import first_day, oldest_day
from tap_zoom.times import parse_time, sortable

DAYS_OF_DETAILS = 366  # of past meetings and webinars: Zoom answers 12702 for older ones
# Minimum look-back: a meeting lasts up to 30 hours, and after its end it is listed by its start.
LEAST_LOOKBACK = timedelta(days=2)
Log = Callable[[str], None]
Since = dict[str, "str | None"]  # by stream that is read by date: a time, None for all available data


@dataclass(frozen=True, slots=True)
class StartDates:
    """`start`: older data isn't read. `incremental`: the streams that are read from their bookmark, less `lookback`;
    `unused`: those of them whose bookmark isn't used in this run."""

    start: datetime | None = None
    incremental: frozenset[str] = frozenset()
    bookmarks: Mapping[str, Any] = field(default_factory=dict)
    lookback: timedelta = timedelta()
    unused: Collection[str] = ()

    def since(self, names: Iterable[str], now: datetime, warn: Log, info: Log) -> Since:
        """Return the time from which each of the streams is read."""
        streams = [stream for name in names if replication_key_of(stream := BY_NAME[name])]
        start = self.start_time
        since: Since = {stream.name: start for stream in streams}
        starts = self._bookmarked([stream for stream in streams if stream.name in self.incremental], now, warn, info)
        since |= {name: max(time, start) if start else time for name, time in starts.items()}
        return since | self._retained(since, now.date(), warn, info)

    @property
    def start_time(self) -> str | None:
        return sortable(self.start.isoformat()) if self.start else None

    def _bookmarked(self, streams: list[Stream], now: datetime, warn: Log, info: Log) -> dict[str, str]:
        """Return the start of each stream that has a bookmark."""
        starts: dict[str, str] = {}
        damaged = []
        for stream in streams:
            value = self.bookmarks.get(stream.name, {})
            moment = parse_time(value.get(replication_key_of(stream))) if isinstance(value, dict) else None
            # A session is listed by its start once it has ended, up to `after` days later.
            lookback = max(self.lookback, LEAST_LOOKBACK, timedelta(days=date_range_of(stream).after))
            since = _before(moment, lookback) if moment is not None and moment <= now else None
            if since is not None and stream.name not in self.unused:
                starts[stream.name] = since
            elif since is None and stream.name in self.bookmarks:
                damaged.append(stream.name)
        if damaged:
            warn(f"The bookmark is damaged or in the future, so these streams are read in full: {listed(damaged)}.")
        for start in sorted(set(starts.values())):
            names = [name for name in starts if starts[name] == start]
            info(f"{briefly(names)}: from {start[:10]}, the last complete run minus the look-back.")
        if new := [stream.name for stream in streams if stream.name not in (*starts, *damaged)]:
            begin = "start_date" if self.start else "the start"
            info(f"{briefly(new)}: from {begin}, since there is no bookmark yet.")
        return starts

    def _retained(self, since: Since, today: date, warn: Log, info: Log) -> Since:
        """Return None for streams whose start is before Zoom's retention."""
        moved: Since = {}
        days: dict[str, date] = {}
        for name, time in since.items():
            oldest = retained_from(BY_NAME[name], today)
            if oldest is None:
                day = date.fromisoformat(time[:10]) if time else None
                days[name] = first_day(date_range_of(BY_NAME[name]), today, day)
            elif time is not None and time[:10] < oldest.isoformat():
                moved[name] = None
        if early := [name for name in moved if since[name] == self.start_time]:
            warn(f"start_date is before Zoom's oldest data for {listed(early)}: reading from the oldest available.")
        if expired := [name for name in moved if name not in early]:
            warn(
                f"The bookmark minus lookback_days is before Zoom's oldest data for {listed(expired)}: reading from "
                "the oldest available. Data from between the two is no longer available."
            )
        for day in sorted(set(days.values())):
            if names := [name for name in days if days[name] == day and name not in self.incremental]:
                info(f"Zoom doesn't document its retention for {listed(names)}: reading from {day}.")
        return moved


def retained_from(stream: Stream, today: date) -> date | None:
    """Return the first day in Zoom's retention, None if that isn't documented."""
    if any(link.older_than for _, link in parents_of(stream.parent)):
        return today - timedelta(days=DAYS_OF_DETAILS)
    return oldest_day(date_range_of(stream), today)


def wants_older(since: Mapping[str, str | None], today: date) -> bool:
    """True if older contexts are wanted than a stream with windows lists, and other streams list them."""
    for name, time in since.items():
        for _, link in parents_of(BY_NAME[name].parent):
            main = BY_NAME[link.older_than].date_range if link.older_than else None
            if main is not None and (time is None or time < (oldest_day(main, today) or today).isoformat()):
                return True
    return False


def _before(moment: datetime, lookback: timedelta) -> str | None:
    """Return an earlier time, None before year 1: then the bookmark isn't from this tap."""
    try:
        return sortable((moment - lookback).isoformat())
    except OverflowError:
        return None


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def briefly(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
