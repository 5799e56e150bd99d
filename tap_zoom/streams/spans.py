"""How Zoom's operations take time: the longest stretch that a call takes, in which words, and how far back it answers.

Where a call takes a month, windows have 28 days, so that a month of February is none too short for them.
"""

from __future__ import annotations

from tap_zoom.streams.model import Params, Span
from tap_zoom.streams.refusals import START_TOO_EARLY, TOO_EARLY


def _days(first: str, last: str) -> Params:
    return {first: "{first:%Y-%m-%d}", last: "{last:%Y-%m-%d}"}


def _moments(first: str, last: str) -> Params:
    return {first: "{first:%Y-%m-%d}T00:00:00Z", last: "{last:%Y-%m-%d}T00:00:00Z"}


_FROM_TO = _days("from", "to")
_FROM_TO_MOMENTS = _moments("from", "to")

_OUT_OF_REACH = (TOO_EARLY,)
REPORTS = Span(_FROM_TO, 28, months_back=6, before=1, after=1, too_early=_OUT_OF_REACH)
DAYS = Span(_FROM_TO, 28, days_back=180, before=1, after=1, too_early=_OUT_OF_REACH)
UNTIL_YESTERDAY = Span(_FROM_TO, 28, days_back=180, before=1, after=1, until=-1, too_early=_OUT_OF_REACH)
ALL_DAYS = Span(_FROM_TO, 28, before=1, after=1)
THREE_DAYS = Span(_days("start_date", "end_date"), 1, before=1, after=1)  # three are asked for, one is kept
# The day on which it is looked at has to be one of those that are asked for.
RELEASES = Span({**_FROM_TO, "snapshot_date": "{last:%Y-%m-%d}"}, 28, before=1, after=1)

MOMENTS = Span(_FROM_TO_MOMENTS, 28, days_back=180, after=1, exact=True, too_early=_OUT_OF_REACH)
ALL_MOMENTS = Span(_FROM_TO_MOMENTS, 28, after=1, exact=True)
WEEKS = Span(_FROM_TO_MOMENTS, 7, after=1, exact=True)
CHARGES = Span(
    _FROM_TO_MOMENTS, 28, days_back=395, after=1, exact=True, too_early=(START_TOO_EARLY, *_OUT_OF_REACH)
)
AHEAD = Span(_FROM_TO_MOMENTS, 28, after=1, until=14, exact=True)  # two weeks into the future
# `from` is about the start and `to` about the end, so that one over midnight needs a day more.
SESSIONS = Span(_FROM_TO_MOMENTS, 28, after=2, exact=True)
SUBMITTED = Span(_moments("submit_time_start", "submit_time_end"), 36500, after=1, exact=True)  # any stretch of time

# Sums of the time that is asked for: whole months or days, so that a later run gives the same rows.
MONTHS = Span(_FROM_TO, 0, days_back=180, sums=True, too_early=_OUT_OF_REACH)
MONTHS_BY_NUMBER = Span({"year": "{first:%Y}", "month": "{first.month}"}, 0, days_back=180)
SINGLE_DAYS = Span(
    {"from": "{first:%Y-%m-%d}T00:00:00Z", "to": "{last:%Y-%m-%d}T23:59:59Z"}, 1, days_back=730, sums=True,
    too_early=_OUT_OF_REACH,
)
