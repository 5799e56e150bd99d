"""Which days each stream is asked for, in a run that may have begun on another day than today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta

from tap_zoom.engine.places import Place
from tap_zoom.engine.windows import Window, first_day, oldest_day, window_of, windows
from tap_zoom.streams import span_of
from tap_zoom.streams.model import Stream
from tap_zoom.times import has_reached


class Calendar:
    """`since`: of the selected streams, what happened before it is not asked for, None where all is; `started`: when
    the run began that goes on today; `below`: a stream, and all that are asked about what its rows lead to."""

    def __init__(
        self, since: Mapping[str, str | None], started: date, today: date, below: Callable[[Stream], list[Stream]]
    ) -> None:
        self.started = started
        self.today = today
        self._selected = dict(since)
        self._below = below
        self._since: dict[Stream, str | None] = {}

    def forget(self) -> None:
        """What follows from who is asked, after that has changed."""
        self._since.clear()

    def since(self, stream: Stream) -> str | None:
        """What happened before is asked for neither for it nor for what its rows lead to; None where all is."""
        if stream not in self._since:
            below = [self._selected[each.name] for each in self._below(stream) if each.name in self._selected]
            self._since[stream] = None if None in below else min(filter(None, below), default=None)
        return self._since[stream]

    def emitted_since(self, stream: Stream) -> str | None:
        """The same, for its own rows alone."""
        return self._selected.get(stream.name)

    def wants(self, stream: Stream, place: Place) -> bool:
        """Whether a stream is asked about a place, as far as it happened."""
        since = self.since(stream)
        when = place.when or (f"{place.window.last.isoformat()}~" if place.window else None)
        return since is None or when is None or has_reached(when, since)

    def first_day(self, stream: Stream) -> date:
        """The first day that a stream is asked for in this run, and in the one that it goes on with."""
        since = self.since(stream)
        return first_day(span_of(stream), self.started, date.fromisoformat(since[:10]) if since else None)

    def clip(self, stream: Stream) -> date:
        """The first day that Zoom still lists."""
        return oldest_day(span_of(stream), self.today) or date.min

    def window(self, stream: Stream, first: date, last: date) -> Window:
        """Those days, as they are asked for today."""
        return window_of(span_of(stream), first, last, self.clip(stream), self._last_day(stream))

    def windows(self, stream: Stream, last: date | None = None) -> Iterator[Window]:
        """All its days, the oldest first; until `last`, where nothing of it happened later."""
        return windows(span_of(stream), self.first_day(stream), last or self._last_day(stream), self.clip(stream))

    def windows_about(self, stream: Stream, place: Place) -> Iterable[Window | None]:
        """The windows in which a stream is asked about a place: that of its branch, that which found it, or all until
        the time of the place."""
        if stream.over is None or place.window is not None:
            return (place.window,)
        return self.windows(stream, date.fromisoformat(place.when[:10]) if place.when else None)

    def _last_day(self, stream: Stream) -> date:
        return self.started + timedelta(days=span_of(stream).until)
