"""Formats of Zoom's times, and limits of retention."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

UTC = timezone.utc

# Zoom documents "Z", and sends the others too.
FORMS = ("Z", "offset", "naive")


def written(moment: datetime, form: str = "Z") -> str:
    """Format a time as Zoom does, in one of FORMS."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if form == "offset":
        return f"{text}.{moment.microsecond:06d}0+00:00"
    if form == "naive":
        return text
    return text + "Z"


def day_start(day: date) -> datetime:
    """Return midnight UTC at the start of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def months_before(day: date, months: int) -> date:
    """Return the same day so many calendar months earlier, or the last day of that month if it is shorter."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def first_report_day(today: date) -> date:
    """Return the earliest day that Zoom's lists of past meetings accept as `from`."""
    return months_before(today, 6)


def year_ago(now: datetime) -> datetime:
    """Return the time 365 days ago. Zoom refuses reports of meetings that started earlier."""
    return now - timedelta(days=365)


def instances_since(now: datetime) -> datetime:
    """Return the time from which the list of a number's past instances starts."""
    return day_start(months_before(now.date(), 15))
