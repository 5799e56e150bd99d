"""Zoom's rate limits, one Pace for each: who may ask, and when. Pure arithmetic; the clock is the caller's.

Source: https://developers.zoom.us/docs/api/rate-limits/
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from tap_zoom.streams.model import RateLimit
from tap_zoom.times import parse_time

# Requests per second that each plan allows. Resource-intensive ones are counted per minute.
_PER_SECOND: dict[str, dict[str, dict[str, float]]] = {
    "": {
        "free": {"Light": 4, "Medium": 2, "Heavy": 1, "Resource-intensive": 10 / 60},
        "pro": {"Light": 30, "Medium": 20, "Heavy": 10, "Resource-intensive": 10 / 60},
        "business": {"Light": 80, "Medium": 60, "Heavy": 40, "Resource-intensive": 20 / 60},
    },
    # Phone comes with Pro at least.
    "Phone": {
        "free": {"Light": 20, "Medium": 10, "Heavy": 5},
        "pro": {"Light": 20, "Medium": 10, "Heavy": 5},
        "business": {"Light": 40, "Medium": 20, "Heavy": 10},
    },
    # Not counted by Zoom: a pace that spares its servers.
    "Downloads": {"free": {"Light": 10}, "pro": {"Light": 10}, "business": {"Light": 20}},
}
_LABELS = tuple(_PER_SECOND[""]["free"])
# Requests don't arrive as evenly as they leave: at 96 per cent of the limit one may come 40 ms late or early without
# pushing one too many into somebody's second.
CLOSEST_TO_LIMIT = 0.96
LATENESS = 0.025  # seconds by which a late request does not move the ones after it; within the 40 ms above
SECONDS_PER_429 = 0.5  # where Zoom names no time
SLOWER = 0.9  # after a 429 although we kept to the limit that we assumed
SLOWER_IF_ANNOUNCED = 0.97  # the same, but Zoom itself said what the limit is


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the X-RateLimit headers of an answer said; None for what they did not name."""

    label: str | None = None
    limit: float | None = None  # requests per second; per day where `daily`
    daily: bool = False
    wait: float | None = None  # seconds, from Retry-After or X-RateLimit-Reset


class Pace:
    """One label's pace: even spacing, as many per second as its limit and our share of it allow."""

    def __init__(self, limit: float, share: float) -> None:
        self.limit = limit
        self._share = min(share, CLOSEST_TO_LIMIT)
        self._slowed = 1.0
        self._announced = False
        self._left = -math.inf  # the last one, by the pace
        self._held = -math.inf
        self._held_until = -math.inf

    @property
    def rate(self) -> float:
        return self.limit * self._share * self._slowed

    def free_at(self) -> float:
        """When the next request may leave, at the rate that is known by now."""
        return max(self._left + 1 / self.rate, self._held)

    def leave(self, now: float) -> None:
        """A request leaves now. Being late by less than LATENESS is caught up, more is not: no bursts."""
        self._left = max(self.free_at(), now - LATENESS)

    def hold(self, until: float) -> None:
        """Nothing of this label leaves before `until`."""
        self._held = max(self._held, until)

    def learn(self, limit: float) -> None:
        """Zoom said what the limit is."""
        self._announced = True
        if limit != self.limit:
            self.limit = limit
            self._slowed = 1.0

    def refused(self, now: float, wait: float | None, limit: float | None) -> None:
        """A 429: the whole label waits, and goes on slower where it kept to what it knew of the limit."""
        if limit is not None and limit != self.limit:
            self.learn(limit)
        elif now > self._held_until:  # once for all that were under way together
            self._slowed = max(self._slowed * (SLOWER_IF_ANNOUNCED if self._announced else SLOWER), 0.1)
        self._held_until = max(self._held_until, now + (SECONDS_PER_429 if wait is None else wait))
        self.hold(self._held_until)

    def speed_up(self) -> None:
        """A request went through: a thousand of them take back all that was slowed."""
        if self._slowed < 1.0:
            self._slowed = min(self._slowed + 0.001, 1.0)


def limit_of(lane: RateLimit, plan: str) -> float:
    """Requests per second that a plan is assumed to allow."""
    return _PER_SECOND[lane.product][plan][lane.category]


def read_headers(headers: Mapping[str, str], now: datetime) -> Announcement:
    """X-RateLimit-Category, -Type, -Limit, -Reset and Retry-After of an answer; odd values are passed over.

    A time is read by the clock of the server that names it, where the answer has a Date; `now` is ours.
    """
    category = headers.get("X-RateLimit-Category", "").strip().lower()
    label = next((label for label in _LABELS if label.lower() == category), None)
    kind = headers.get("X-RateLimit-Type", "").strip().lower()
    daily = "daily" in kind
    limit = _number(headers.get("X-RateLimit-Limit", "")) if kind else None  # without a type it could be the day's
    if limit is not None and label == "Resource-intensive" and not daily:
        limit /= 60
    wait = None
    if named := [headers[name] for name in ("Retry-After", "X-RateLimit-Reset") if name in headers]:
        clock = _moment(headers.get("Date", "")) or now
        wait = next((wait for text in named if (wait := retry_after(text, clock)) is not None), None)
    return Announcement(label, limit, daily, wait)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds until the time that a header names: as seconds, Unix time, HTTP date or ISO date-time; never negative."""
    text = text.strip()
    try:
        seconds = float(text)
        if not math.isfinite(seconds):
            return None
        if seconds > 1e9:  # no wait of thirty years, but a Unix time, in milliseconds where it is larger still
            seconds = (seconds / 1000 if seconds > 1e11 else seconds) - now.timestamp()
        return max(seconds, 0.0)
    except ValueError:
        moment = _moment(text)
        return max((moment - now).total_seconds(), 0.0) if moment is not None else None


def _moment(text: str) -> datetime | None:
    """An ISO date-time or an HTTP date; without a zone it is UTC."""
    moment = parse_time(text)
    if moment is None:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
