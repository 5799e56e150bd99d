"""From when each stream is read: start_date, or a bookmark, as far as Zoom still answers; and what people are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tap_zoom.engine.windows import first_day, oldest_day
from tap_zoom.streams import BY_NAME, finders, span_of, time_field
from tap_zoom.streams.model import Stream
from tap_zoom.times import parse_time, sortable

DAYS_OF_DETAILS = 366  # of what was held: Zoom answers 12702 for what is older
Log = Callable[[str], None]
Since = dict[str, "str | None"]  # by stream that is asked for by time: the moment; None for all that Zoom answers


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far back to read: nothing from before `start`, and of the `incremental` streams only what happened since
    their bookmark, less `lookback`."""

    start: datetime | None = None
    incremental: frozenset[str] = frozenset()
    bookmarks: Mapping[str, Any] = field(default_factory=dict)
    lookback: timedelta = timedelta()

    def since(self, names: Iterable[str], now: datetime, warn: Log, tell: Log) -> Since:
        """From when each of the streams is read."""
        streams = [stream for name in names if time_field(stream := BY_NAME[name])]
        start = self._start
        since: Since = {stream.name: start for stream in streams}
        marks = self._marks([stream for stream in streams if stream.name in self.incremental], now, warn, tell)
        since |= {name: max(mark, start) if start else mark for name, mark in marks.items()}
        return since | self._within_reach(since, now.date(), warn, tell)

    @property
    def _start(self) -> str | None:
        return sortable(self.start.isoformat()) if self.start else None

    def _marks(self, streams: list[Stream], now: datetime, warn: Log, tell: Log) -> dict[str, str]:
        """Where those begin that have a bookmark."""
        marks: dict[str, str] = {}
        damaged = []
        for stream in streams:
            value = self.bookmarks.get(stream.name, {})
            moment = parse_time(value.get(time_field(stream))) if isinstance(value, dict) else None
            since = _before(moment, self.lookback) if moment is not None and moment <= now else None
            if since is not None:
                marks[stream.name] = since
            elif stream.name in self.bookmarks:
                damaged.append(stream.name)
        if damaged:
            warn(f"The bookmark is damaged or in the future, so all is read of {listed(damaged)}.")
        for mark in sorted(set(marks.values())):
            names = [name for name in marks if marks[name] == mark]
            tell(f"{briefly(names)}: from {mark[:10]}, {self.lookback.days} days before the last complete run.")
        if new := [stream.name for stream in streams if stream.name not in (*marks, *damaged)]:
            begin = "start_date" if self.start else "the start"
            tell(f"{briefly(new)}: from {begin}, since there is no bookmark yet.")
        return marks

    def _within_reach(self, since: Since, today: date, warn: Log, tell: Log) -> Since:
        """No moment for those that Zoom does not answer for that long."""
        moved: Since = {}
        days: dict[str, date] = {}
        for name, when in since.items():
            oldest = reach(BY_NAME[name], today)
            if oldest is None:
                day = date.fromisoformat(when[:10]) if when else None
                days[name] = first_day(span_of(BY_NAME[name]), today, day)
            elif when is not None and when[:10] < oldest.isoformat():
                moved[name] = None
        if early := [name for name in moved if since[name] == self._start]:
            warn(
                f"start_date is further back than Zoom answers for {listed(early)}: moved forward to the oldest that "
                "Zoom still lists."
            )
        if gone := [name for name in moved if name not in early]:
            warn(
                f"The bookmark, less lookback_days, is further back than Zoom answers for {listed(gone)}: read from "
                "the oldest that Zoom still lists. What happened before that and after the bookmark is there no more."
            )
        for day in sorted(set(days.values())):
            names = [name for name in days if days[name] == day and name not in self.incremental]
            if names:
                tell(f"Zoom does not say how far back it answers for {listed(names)}: read from {day} on.")
        return moved


def reach(stream: Stream, today: date) -> date | None:
    """The first day of which Zoom says that it answers for a stream, None where it does not say."""
    if any(find.before for _, find in finders(stream.about)):
        return today - timedelta(days=DAYS_OF_DETAILS)
    return oldest_day(span_of(stream), today)


def reaches_further(since: Mapping[str, str | None], today: date) -> bool:
    """Whether more is wanted than a stream with windows lists, beside which things are found another way."""
    for name, when in since.items():
        for _, find in finders(BY_NAME[name].about):
            main = BY_NAME[find.before].over if find.before else None
            if main is not None and (when is None or when < (oldest_day(main, today) or today).isoformat()):
                return True
    return False


def _before(moment: datetime, lookback: timedelta) -> str | None:
    """None before the first of all days, which is no bookmark of ours."""
    try:
        return sortable((moment - lookback).isoformat())
    except OverflowError:
        return None


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def briefly(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
