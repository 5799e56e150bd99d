"""What is found in two ways: through a stream with windows, and, as far as it is older, without it.

Zoom's clock, and the zone of an account, may be ahead of ours: in the first days of the windows a thing may be found in
either way, or in both. It is asked about once.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from tap_zoom.engine.calendar import Calendar
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.engine.windows import DAYS_AHEAD
from tap_zoom.streams import BY_NAME, finders
from tap_zoom.streams.model import Find, Stream, Thing


@cache
def found_before(thing: Thing) -> str:
    """The stream with windows before which such things are found another way; "" where there is none."""
    return next((find.before for _, find in finders(thing) if find.before), "")


def finds_both_ways(stream: Stream) -> bool:
    """Whether what such a stream finds is found by other streams as well, as far as it is older."""
    return any(found_before(find.thing) for find in stream.finds)


class Overlap:
    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._met: set[object] = set()  # identities of what is found both ways, and asked about

    def until(self, stream: Stream) -> date:
        """The first day of which things are found by a stream with windows alone."""
        return max(self._calendar.first_day(stream), self._calendar.clip(stream)) + DAYS_AHEAD

    def is_its_turn(self, find: Find, place: Place, question: Question) -> bool:
        """Whether a thing is asked about where it was found now."""
        main, when = found_before(place.thing), place.when
        if not main or when is None:
            return question.keeps(when, None)
        if question.window is not None and not question.window.holds(when):
            return False
        until = self.until(BY_NAME[main])
        if when >= until.isoformat():
            return not find.before
        if when < (until - DAYS_AHEAD).isoformat():
            return True
        identity = (place.thing.name, *list(place.ids.values())[:1])
        if identity in self._met:
            return False
        if not question.node.branch.start.passed_whole((*question.node.path, place.name)):
            self._met.add(identity)
        return True
