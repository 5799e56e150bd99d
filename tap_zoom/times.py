"""Moments: as Zoom and people write them, and in the one form in which text sorts as time does."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

UTC = timezone.utc

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(?:[Zz]|([+-]\d\d):?(\d\d))?)?", re.ASCII
)


# A moment that needs no parsing.
IN_UTC = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3])(:[0-5]\d){2}Z", re.ASCII)
_COLON = re.compile(r"^(.{10} \d\d:\d\d:\d\d):(\d{3})$", re.ASCII)
_MILLISECONDS = 10**11, 10**14  # 1973 to 5138


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


def stamp(moment: datetime) -> str:
    """A moment as the state has it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def has_reached(when: str, since: str) -> bool:
    """Whether a moment is not before another, both as `sortable` has them: there a second and a half sorts before the
    second, by its point before the Z."""
    return when >= since.removesuffix("Z")


def sortable(value: object) -> str | None:
    """A time of Zoom's as text that sorts as time does; None for what is no time. Most are whole seconds.

    Some are milliseconds since 1970; and those of the log of meeting activities have a colon before theirs.
    """
    if isinstance(value, str) and IN_UTC.fullmatch(value):
        return value
    if type(value) is int and _MILLISECONDS[0] <= value < _MILLISECONDS[1]:
        moment: datetime | None = datetime.fromtimestamp(value / 1000, UTC)
    else:
        moment = parse_time(_COLON.sub(r"\1.\2", value) if isinstance(value, str) else value)
    if moment is None:
        return None
    fraction = f".{moment.microsecond:06d}" if moment.microsecond else ""
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}Z"
