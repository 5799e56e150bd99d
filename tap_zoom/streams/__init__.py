"""The table of streams, one module for each part of Zoom, parents before children.

To add a stream, add an entry to its part and a file in ``schemas/`` (see CONTRIBUTING.md). Path, rate limit, scopes and
refusals are from Zoom's documentation of the operation.
"""

from __future__ import annotations

from functools import cache

from tap_zoom.streams import (
    account,
    boards,
    chat,
    contact_center,
    dashboards,
    events,
    held,
    meetings,
    occurrences,
    phone,
    quality,
    recordings,
    reports,
    revenue,
    rooms,
    surveys,
    users,
    webinars,
)
from tap_zoom.streams.model import ACCOUNT, DateRange, Entity, Link, Stream

STREAMS: tuple[Stream, ...] = (
    *(users.STREAMS + meetings.STREAMS + webinars.STREAMS + held.STREAMS),
    *(occurrences.STREAMS + recordings.STREAMS + reports.STREAMS + dashboards.STREAMS + surveys.STREAMS),
    *(account.STREAMS + phone.STREAMS + chat.STREAMS + rooms.STREAMS + boards.STREAMS),
    *(quality.STREAMS + contact_center.STREAMS + events.STREAMS + revenue.STREAMS),
)
# The parts of Zoom, as docs and tables show them. Core streams are selected by default.
PARTS: dict[str, tuple[Stream, ...]] = {
    "Core": tuple(s for s in users.STREAMS + meetings.STREAMS + webinars.STREAMS + held.STREAMS if s.core or not s.key),
    "Users and account": account.STREAMS,
    "Recordings and summaries": recordings.STREAMS,
    "Reports and logs": reports.STREAMS,
    "Dashboards": dashboards.STREAMS,
    "Call quality": quality.STREAMS,
    "Surveys": surveys.STREAMS,
    "More about past meetings": tuple(s for s in held.STREAMS if s.key and not s.core) + occurrences.STREAMS,
    "Phone": phone.STREAMS,
    "Team Chat": chat.STREAMS,
    "Rooms": rooms.STREAMS,
    "Whiteboards and clips": boards.STREAMS,
    "Contact Center": contact_center.STREAMS,
    "Events": events.STREAMS,
    "Revenue Accelerator": revenue.STREAMS,
}
BY_NAME: dict[str, Stream] = {stream.name: stream for stream in STREAMS}
EMITTED: tuple[Stream, ...] = tuple(stream for stream in STREAMS if stream.emitted)
ENTITIES: dict[str, Entity] = {
    each.name: each
    for each in (ACCOUNT, *(link.entity for s in STREAMS for link in s.links), *(s.parent for s in STREAMS))
}
ENRICHERS = frozenset(stream.enriched_by for stream in STREAMS if stream.enriched_by)
FALLBACKS = frozenset(stream.fallback_stream for stream in STREAMS if stream.fallback_stream)


@cache
def parents_of(entity: Entity) -> tuple[tuple[Stream, Link], ...]:
    """Return the streams whose rows lead to an entity, each with its link."""
    return tuple((stream, link) for stream in STREAMS for link in stream.links if link.entity is entity)


@cache
def replaced_by(fallback: Stream) -> frozenset[str]:
    """Return the names of the streams that a fallback stream replaces."""
    return frozenset(stream.name for stream in STREAMS if stream.fallback_stream == fallback.name)


@cache
def is_listed(entity: Entity) -> bool:
    """True if one list of the account, without dates, has all entities of this kind."""
    return any(stream.parent is ACCOUNT and stream.date_range is None for stream, _ in parents_of(entity))


@cache
def dated_stream(stream: Stream) -> Stream | None:
    """Return the stream with a date range through which this one is read: itself or an ancestor. None without one."""
    if stream.date_range is not None:
        return stream
    return next((found for parent, _ in parents_of(stream.parent) if (found := dated_stream(parent))), None)


def date_range_of(stream: Stream) -> DateRange:
    """Return the date range through which a stream is read. Raises ValueError for a stream without one."""
    dated = dated_stream(stream)
    if dated is None or dated.date_range is None:
        raise ValueError(f"{stream.name} isn't read by date")
    return dated.date_range


def replication_key_of(stream: Stream) -> str:
    """Return the field with the time of the stream's rows, or of their context; "" if it isn't read by date."""
    dated = dated_stream(stream)
    if dated is None or dated.date_range is None:
        return ""
    return "window_from" if dated.date_range.totals else dated.replication_key
