"""Date ranges of Zoom's operations: the longest range of a call, its parameters, and Zoom's retention.

If a call takes up to a month, windows have 28 days, which fit in every month.
"""

from __future__ import annotations

from tap_zoom.streams.model import DateRange, Params
from tap_zoom.streams.refusals import BEFORE_RETENTION, START_BEFORE_RETENTION


def _days(first: str, last: str) -> Params:
    return {first: "{first:%Y-%m-%d}", last: "{last:%Y-%m-%d}"}


def _moments(first: str, last: str) -> Params:
    return {first: "{first:%Y-%m-%d}T00:00:00Z", last: "{last:%Y-%m-%d}T00:00:00Z"}


_FROM_TO = _days("from", "to")
_FROM_TO_MOMENTS = _moments("from", "to")

_TOO_OLD = (BEFORE_RETENTION,)
REPORTS = DateRange(_FROM_TO, 28, months_back=6, before=1, after=1, out_of_range=_TOO_OLD)
DAYS = DateRange(_FROM_TO, 28, days_back=180, before=1, after=1, out_of_range=_TOO_OLD)
# Where rows move, windows go up to tomorrow: a row may move before a request that is sent at midnight is answered. They
# begin a day early, so that no request begins in the future.
CHATS = DateRange(_FROM_TO, 28, days_back=180, before=1, after=1, ends_in=1, moving=True, out_of_range=_TOO_OLD)
UNTIL_YESTERDAY = DateRange(_FROM_TO, 28, days_back=180, before=1, after=1, ends_in=-1, out_of_range=_TOO_OLD)
ALL_DAYS = DateRange(_FROM_TO, 28, before=1, after=1)
THREE_DAYS = DateRange(_days("start_date", "end_date"), 1, before=1, after=1)  # requests three days, keeps one
# snapshot_date has to be one of the requested days.
RELEASES = DateRange({**_FROM_TO, "snapshot_date": "{last:%Y-%m-%d}"}, 28, before=1, after=1)

MOMENTS = DateRange(_FROM_TO_MOMENTS, 28, days_back=180, after=1, exact=True, out_of_range=_TOO_OLD)
STARTED = DateRange(
    _moments("start_time_from", "start_time_to"), 28, days_back=180, after=1, exact=True, out_of_range=_TOO_OLD
)
ENTERED = DateRange(
    _moments("enter_time_from", "enter_time_to"), 28, days_back=180, after=1, exact=True, out_of_range=_TOO_OLD
)
ALL_MOMENTS = DateRange(_FROM_TO_MOMENTS, 28, after=1, exact=True)
MODIFIED = DateRange(_FROM_TO_MOMENTS, 28, before=1, after=1, ends_in=1, exact=True, moving=True)
WEEKS = DateRange(_FROM_TO_MOMENTS, 7, after=1, exact=True)
CHARGES = DateRange(
    _FROM_TO_MOMENTS, 28, days_back=395, after=1, exact=True, out_of_range=(START_BEFORE_RETENTION, *_TOO_OLD)
)
AHEAD = DateRange(_FROM_TO_MOMENTS, 28, after=1, ends_in=14, exact=True)  # two weeks into the future
# `from` limits the start and `to` the end of a session, so it is found if it ends within 23 days after the window.
SESSIONS = DateRange(_FROM_TO_MOMENTS, 7, after=23, exact=True)
SUBMITTED = DateRange(_moments("submit_time_start", "submit_time_end"), 36500, after=1, exact=True)  # unlimited

# Totals of the requested days: complete months or days, so that each run gives the same rows.
MONTHS = DateRange(_FROM_TO, 0, days_back=180, totals=True, out_of_range=_TOO_OLD)
MONTHS_BY_NUMBER = DateRange({"year": "{first:%Y}", "month": "{first.month}"}, 0, days_back=180)
_WHOLE_DAYS = {"from": "{first:%Y-%m-%d}T00:00:00Z", "to": "{last:%Y-%m-%d}T23:59:59Z"}
SINGLE_DAYS = DateRange(_WHOLE_DAYS, 1, days_back=730, totals=True, out_of_range=_TOO_OLD)
# Rows without a time: requested day by day, so that the day replaces the time.
SINGLE_DAYS_OF_SIX_MONTHS = DateRange(_WHOLE_DAYS, 1, days_back=180, totals=True, out_of_range=_TOO_OLD)
