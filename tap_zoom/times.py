"""Times: parsed from Zoom's and users' formats, and formatted so that strings sort by time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

UTC = timezone.utc

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(?:[Zz]|([+-]\d\d):?(\d\d))?)?", re.ASCII)


# A UTC time that needs no parsing.
IN_UTC = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3])(:[0-5]\d){2}Z", re.ASCII)
_COLON = re.compile(r"^(.{10} \d\d:\d\d:\d\d):(\d{3})$", re.ASCII)
_MILLISECONDS = 10**11, 10**14  # 1973 to 5138


def parse_time(value: object) -> datetime | None:
    """Return an ISO 8601 date or date-time in UTC, None for anything else. Without a zone it is read as UTC.

    Fractions are cut to six digits, since Zoom sometimes sends seven.
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
    """Format a time for the state: UTC, whole seconds."""
    utc = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None)  # strftime doesn't pad years before 1000
    return f"{utc.isoformat()}Z"


def has_reached(when: str, since: str) -> bool:
    """True if a time isn't before another, both in the format of `sortable`. There "10.5Z" sorts before "10Z", because
    the point sorts before the Z."""
    return when >= since.removesuffix("Z")


def sortable(value: object) -> str | None:
    """Return one of Zoom's times in a format that sorts by time; None if it isn't a time. Most are whole seconds.

    Some are milliseconds since 1970. The meeting activity log has a colon before its milliseconds.
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
