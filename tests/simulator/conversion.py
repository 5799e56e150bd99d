"""How a correct tap converts the values that Zoom sends: to the types that Zoom declares.

It is independent of the tap's code, so that tests can find differences.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from .dates import UTC
from .fields import Fields

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_FLAGS = {"true": True, "false": False}


def record(fields: Fields, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the expected record: documented fields only, each in its declared type."""
    return {name: _value(fields[name], value) for name, value in sent.items() if name in fields}


def date_time(value: Any) -> str | None:
    """Convert a time to RFC 3339 in UTC. No zone means UTC. At most six decimals are kept."""
    if value is None or value == "":
        return None
    match = _ISO.fullmatch(value)
    if not match:
        raise ValueError(f"the simulator sends no such date: {value!r}")
    day, time, fraction, zone = match.groups()
    if zone and zone not in ("Z", "z", "+00:00", "-00:00"):
        moment = datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)
        day, time = moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")
    return f"{day}T{time}{'.' + fraction[:6] if fraction else ''}Z"


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, dict):
        return record(kind, value)
    if isinstance(kind, list):
        return [_value(kind[0], item) for item in value]
    word = kind.partition(":")[0]
    if word == "date":
        return date_time(value)
    if word in ("int", "big"):
        return integer(value)
    if word == "flag":
        return _flag(value)
    if word == "number":
        return value if isinstance(value, (int, float)) else integer(value)
    return string(value)


def string(value: Any) -> str:
    """Return text that every target can store: without NUL and lone surrogates. Other types are written as JSON."""
    if not isinstance(value, str):
        return json.dumps(value)
    return _LONE_SURROGATE.sub("\ufffd", value.replace("\x00", ""))


def integer(value: Any) -> int | None:
    """Convert an integer, a decimal string or an integral float to an integer. An empty string becomes None."""
    if value == "":
        return None
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError(f"the simulator sends no such integer: {value!r}")
    return number


def _flag(value: Any) -> bool:
    return _FLAGS[value] if isinstance(value, str) else bool(value)


def canonical(row: dict[str, Any]) -> str:
    """Return the canonical JSON of a row as sent, by which `sequence` orders the rows of unpaged lists."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
