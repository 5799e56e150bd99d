"""What Zoom has, as one table, a file for each part of Zoom: parents before children.

To add a stream, add an entry to its part and a file in ``schemas/`` (CONTRIBUTING.md shows how). Facts are Zoom's own:
path, rate limit label, scopes and refusals stand on the page of the operation.
"""

from __future__ import annotations

from functools import cache

from tap_zoom.streams import (
    account,
    boards,
    chat,
    dashboards,
    held,
    meetings,
    occurrences,
    phone,
    recordings,
    reports,
    rooms,
    surveys,
    users,
    webinars,
)
from tap_zoom.streams.model import ACCOUNT, Find, Span, Stream, Thing

STREAMS: tuple[Stream, ...] = (
    *(users.STREAMS + meetings.STREAMS + webinars.STREAMS + held.STREAMS),
    *(occurrences.STREAMS + recordings.STREAMS + reports.STREAMS + dashboards.STREAMS + surveys.STREAMS),
    *(account.STREAMS + phone.STREAMS + chat.STREAMS + rooms.STREAMS + boards.STREAMS),
)
# The same for people: what is read where nobody chooses, with what leads to it; then a part for each part of Zoom.
PARTS: dict[str, tuple[Stream, ...]] = {
    "Core": tuple(s for s in users.STREAMS + meetings.STREAMS + webinars.STREAMS + held.STREAMS if s.core or not s.key),
    "Users and account": account.STREAMS,
    "Recordings and summaries": recordings.STREAMS,
    "Reports and logs": reports.STREAMS,
    "Dashboards": dashboards.STREAMS,
    "Surveys": surveys.STREAMS,
    "More about what was held": tuple(s for s in held.STREAMS if s.key and not s.core) + occurrences.STREAMS,
    "Phone": phone.STREAMS,
    "Team Chat": chat.STREAMS,
    "Rooms": rooms.STREAMS,
    "Whiteboards and clips": boards.STREAMS,
}
BY_NAME: dict[str, Stream] = {stream.name: stream for stream in STREAMS}
EMITTED: tuple[Stream, ...] = tuple(stream for stream in STREAMS if stream.emitted)
THINGS: dict[str, Thing] = {find.thing.name: find.thing for stream in STREAMS for find in stream.finds}
LOOKUPS = frozenset(stream.lookup for stream in STREAMS if stream.lookup)
STAND_INS = frozenset(stream.instead for stream in STREAMS if stream.instead)


@cache
def asked_in_time(stream: Stream) -> Stream | None:
    """The stream with windows by which this one is read: itself, or what leads to it; None where there is none."""
    if stream.over is not None:
        return stream
    return next((found for finder, _ in finders(stream.about) if (found := asked_in_time(finder))), None)


def span_of(stream: Stream) -> Span:
    """How the time is cut by which a stream is read. Raises ValueError for one that is not asked for by time."""
    main = asked_in_time(stream)
    if main is None or main.over is None:
        raise ValueError(f"{stream.name} is not asked for by time")
    return main.over


def time_field(stream: Stream) -> str:
    """The field that says when its rows, or what these are about, happened; "" for what is not asked for by time."""
    main = asked_in_time(stream)
    if main is None or main.over is None:
        return ""
    return "window_from" if main.over.sums else main.at


@cache
def is_listed(thing: Thing) -> bool:
    """Whether a list of the account names all such things, so that there is a roster of them."""
    return any(stream.about is ACCOUNT and stream.over is None for stream, _ in finders(thing))


@cache
def finders(thing: Thing) -> tuple[tuple[Stream, Find], ...]:
    """The streams whose rows lead to such things, and how."""
    return tuple((stream, find) for stream in STREAMS for find in stream.finds if find.thing is thing)
