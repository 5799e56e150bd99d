"""Which days to ask Zoom's reports for: pure functions of dates, all in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

UTC = timezone.utc
MONTHS_OF_REPORTS = 6  # report/history_meetings and report/users/{id}/meetings look back so far
DAYS_PER_WINDOW = 28  # with a day more on both sides still less than the month that Zoom takes per call
DAYS_OF_DETAILS = 366  # older occurrences answer 12702


@dataclass(frozen=True, slots=True)
class Window:
    """Occurrences that start on the days `first` to `last` are kept; `asked_from` and `asked_to` are sent."""

    first: date
    last: date
    asked_from: date
    asked_to: date

    def holds(self, start: datetime) -> bool:
        return self.first <= start.date() <= self.last


def oldest_report_day(today: date) -> date:
    """The same day six calendar months ago, or that month's last day."""
    year, month = divmod(today.year * 12 + today.month - 1 - MONTHS_OF_REPORTS, 12)
    month += 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def windows(first: date, last: date, clip: date) -> Iterator[Window]:
    """Cut the days `first` to `last` into windows, the oldest first; nothing before `clip` is asked for.

    Zoom does not say in which time zone it reads the days of a report, so each window is asked with a day more on
    both sides. On the last one that day lies in the future.
    """
    first = max(first, clip)
    while first <= last:
        end = min(first + timedelta(days=DAYS_PER_WINDOW - 1), last)
        yield Window(first, end, max(first - timedelta(days=1), clip), end + timedelta(days=1))
        first = end + timedelta(days=1)


_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(?:[Zz]|([+-]\d\d):?(\d\d))?)?", re.ASCII
)


def parse_time(value: object) -> datetime | None:
    """An ISO 8601 date or date-time as UTC; no zone means UTC; None for anything else.

    Fractions are cut to six digits: Zoom sends seven in places.
    """
    found = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    day, clock, fraction, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}").replace(
            microsecond=int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC
        )
        if hours is None:
            return moment
        ahead = timedelta(hours=int(hours), minutes=int(hours[0] + minutes))
        return moment - ahead if abs(ahead) < timedelta(days=1) else None
    except (ValueError, OverflowError):
        return None
