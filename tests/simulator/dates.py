"""Dates: the forms in which Zoom writes them, and the limits that are counted in months."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

UTC = timezone.utc

# "Z" is what Zoom documents; the others were met beside it.
FORMS = ("Z", "offset", "naive")


def written(moment: datetime, form: str = "Z") -> str:
    """A moment as Zoom writes it, in one of FORMS."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if form == "offset":
        return f"{text}.{moment.microsecond:06d}0+00:00"
    if form == "naive":
        return text
    return text + "Z"


def day_start(day: date) -> datetime:
    """Midnight UTC at the start of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def months_before(day: date, months: int) -> date:
    """The same day so many calendar months earlier, or the last day of that month if it is shorter."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def first_report_day(today: date) -> date:
    """The earliest day that Zoom's lists of held meetings accept as `from`."""
    return months_before(today, 6)


def year_ago(now: datetime) -> datetime:
    """Reports on anything that started before this are refused."""
    return now - timedelta(days=365)


def instances_since(now: datetime) -> datetime:
    """How far back the list of a number's instances goes."""
    return day_start(months_before(now.date(), 15))
