"""The time from which each stream is read: start_date or its bookmark, as far back as Zoom still answers."""

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
# Subtracted from a bookmark at least: a meeting lasts up to 30 hours, and is listed by its start once it has ended.
LEAST_LOOKBACK = timedelta(days=2)
Log = Callable[[str], None]
Since = dict[str, "str | None"]  # by stream that is read by date: a time, None for all that Zoom has


@dataclass(frozen=True, slots=True)
class StartDates:
    """`start`: nothing older is read. `incremental`: the streams that are read from their bookmark, less `lookback`;
    `whole`: those of them whose bookmark doesn't count in this run."""

    start: datetime | None = None
    incremental: frozenset[str] = frozenset()
    bookmarks: Mapping[str, Any] = field(default_factory=dict)
    lookback: timedelta = timedelta()
    whole: Collection[str] = ()

    def since(self, names: Iterable[str], now: datetime, warn: Log, info: Log) -> Since:
        """The time from which each of the streams is read."""
        streams = [stream for name in names if replication_key_of(stream := BY_NAME[name])]
        start = self.start_time
        since: Since = {stream.name: start for stream in streams}
        marks = self._bookmarked([stream for stream in streams if stream.name in self.incremental], now, warn, info)
        since |= {name: max(mark, start) if start else mark for name, mark in marks.items()}
        return since | self._retained(since, now.date(), warn, info)

    @property
    def start_time(self) -> str | None:
        return sortable(self.start.isoformat()) if self.start else None

    def _bookmarked(self, streams: list[Stream], now: datetime, warn: Log, info: Log) -> dict[str, str]:
        """The start of each stream that has a bookmark."""
        marks: dict[str, str] = {}
        damaged = []
        for stream in streams:
            value = self.bookmarks.get(stream.name, {})
            moment = parse_time(value.get(replication_key_of(stream))) if isinstance(value, dict) else None
            since = (
                _before(moment, max(self.lookback, LEAST_LOOKBACK)) if moment is not None and moment <= now else None
            )
            if since is not None and stream.name not in self.whole:
                marks[stream.name] = since
            elif since is None and stream.name in self.bookmarks:
                damaged.append(stream.name)
        if damaged:
            warn(f"The bookmark is damaged or in the future, so these streams are read in full: {listed(damaged)}.")
        for mark in sorted(set(marks.values())):
            names = [name for name in marks if marks[name] == mark]
            info(f"{briefly(names)}: from {mark[:10]}, the last complete run less the look-back.")
        if new := [stream.name for stream in streams if stream.name not in (*marks, *damaged)]:
            begin = "start_date" if self.start else "the start"
            info(f"{briefly(new)}: from {begin}, since there is no bookmark yet.")
        return marks

    def _retained(self, since: Since, today: date, warn: Log, info: Log) -> Since:
        """None for those streams that Zoom doesn't keep for that long."""
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
            warn(f"start_date is older than Zoom's data for {listed(early)}: reading from the oldest that Zoom has.")
        if gone := [name for name in moved if name not in early]:
            warn(
                f"The bookmark, less lookback_days, is older than Zoom's data for {listed(gone)}: reading from the "
                "oldest that Zoom has. What happened between the two can't be read any more."
            )
        for day in sorted(set(days.values())):
            if names := [name for name in days if days[name] == day and name not in self.incremental]:
                info(f"Zoom doesn't say how far back it answers for {listed(names)}: reading from {day}.")
        return moved


def retained_from(stream: Stream, today: date) -> date | None:
    """The first day that Zoom says it answers for, None if it doesn't say."""
    if any(link.older_than for _, link in parents_of(stream.parent)):
        return today - timedelta(days=DAYS_OF_DETAILS)
    return oldest_day(date_range_of(stream), today)


def wants_older(since: Mapping[str, str | None], today: date) -> bool:
    """True if more is wanted than a stream with windows lists, whose older contexts other streams list."""
    for name, time in since.items():
        for _, link in parents_of(BY_NAME[name].parent):
            main = BY_NAME[link.older_than].date_range if link.older_than else None
            if main is not None and (time is None or time < (oldest_day(main, today) or today).isoformat()):
                return True
    return False


def _before(moment: datetime, lookback: timedelta) -> str | None:
    """None for a time before year 1: no bookmark of this tap."""
    try:
        return sortable((moment - lookback).isoformat())
    except OverflowError:
        return None


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def briefly(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
