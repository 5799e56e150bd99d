"""The period that a query requests, and Zoom's refusal if it is not allowed."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from ..dates import UTC, day_start, written
from ..refusals import Refusal, refusal, validation
from .model import Window

_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class Period(NamedTuple):
    """Both ends, included; both ends as requested; the name by which `contents` makes sums."""

    start: datetime
    end: datetime
    first: str
    last: str
    name: str
    was_cut: bool = False


def month_end(day: date) -> date:
    """Return the last day of the month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def asked_period(window: Window, query: dict[str, str], now: datetime, *, may_be_days: bool) -> Period | Refusal:
    """Return the period, or Zoom's refusal. `may_be_days`: days are accepted in place of date-times."""
    if window.form == "month":
        return _of_month(window, query, now)
    names = window.names
    if not query.keys() & set(names):
        if window.days is None:
            return Period(datetime.min.replace(tzinfo=UTC), now, "", "", "all")
        return Period(now - timedelta(days=1), now, "", "", "")
    ends = []
    for name, default, clock in zip(names, (now - timedelta(days=1), now), (time.min, time.max), strict=True):
        moment = _moment(
            query.get(name, written(default)[: 10 if window.form == "date" else None]), window.form, clock, may_be_days
        )
        if moment is None:
            return validation(name, f"Not a {window.form}: {query[name]}.")
        ends.append(moment)
    start, end = ends
    if end < start:
        return validation(names[1], f"Earlier than '{names[0]}'.")
    if window.keeps is not None and start.date() < now.date() - timedelta(days=window.keeps):
        return refusal(400, 300, f"Invalid parameter: {names[0]}. Only the last {window.keeps} days are available.")
    if window.until and end.date() > now.date() + timedelta(days=window.until):
        return validation(names[1], "It can't be later than yesterday.")
    longest = None if window.days is None else timedelta(days=window.days)
    was_cut = False
    if longest is not None and end - start > longest:
        if not window.cut:
            return validation(names[1], f"The date range can't be longer than {window.days} days.")
        start, was_cut = end - longest, True
    return Period(start, end, query.get(names[0], ""), query.get(names[1], ""), _name(window, start, end, now), was_cut)


def _moment(value: str, form: str, clock: time, may_be_days: bool) -> datetime | None:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) and (form == "date" or may_be_days):
        try:
            return datetime.combine(date.fromisoformat(value), clock, UTC)
        except ValueError:
            return None
    try:
        return datetime.strptime(value, _MOMENT).replace(tzinfo=UTC) if form == "date-time" else None
    except ValueError:
        return None


def _of_month(window: Window, query: dict[str, str], now: datetime) -> Period | Refusal:
    year, month = query.get("year", str(now.year)), query.get("month", str(now.month))
    if not re.fullmatch(r"\d{4}/(0?[1-9]|1[0-2])", f"{year}/{month}", re.ASCII):
        return validation("month", f"Not a month: {year}, {month}.")
    first = date(int(year), int(month), 1)
    if window.keeps is not None and month_end(first) < now.date() - timedelta(days=window.keeps):
        return refusal(400, 300, "Daily report can only be provided for a month that falls within the recent 6 months.")
    end = day_start(month_end(first)) + timedelta(days=1, microseconds=-1)
    return Period(day_start(first), end, year, month, first.isoformat()[:7])


def _name(window: Window, start: datetime, end: datetime, now: datetime) -> str:
    """Return one name for all ways to request a calendar month or a day. Any other period has a name of its own."""
    first, last = start.date(), end.date()
    if window.unit == "month" and first.day == 1 and last in {month_end(first), min(month_end(first), now.date())}:
        return first.isoformat()[:7]
    if window.unit == "day" and end - start <= timedelta(days=1) and start == day_start(first):
        return first.isoformat()
    return f"{start}..{end}"
