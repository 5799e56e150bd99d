"""Zoom's rate limits, one Pace for each: who may ask, and when. Pure arithmetic; the clock is the caller's.

Source: https://developers.zoom.us/docs/api/rate-limits/
"""

from __future__ import annotations

import math
import re
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
    # The same numbers, counted apart.
    "Contact Center": {
        "free": {"Light": 20, "Medium": 10, "Heavy": 5},
        "pro": {"Light": 20, "Medium": 10, "Heavy": 5},
        "business": {"Light": 40, "Medium": 20, "Heavy": 10},
    },
    # Not counted by Zoom: a pace that spares its servers.
    "Downloads": {"free": {"Light": 10}, "pro": {"Light": 10}, "business": {"Light": 20}},
}
_LABELS = tuple(_PER_SECOND[""]["free"])
# Requests per day that only one plan allows. Answers name the limit of the day, so they tell the plan.
_PLAN_BY_DAY = {
    ("Light", 6_000): "free", ("Medium", 2_000): "free", ("Heavy", 1_000): "free",
    ("Heavy", 30_000): "pro", ("Heavy", 60_000): "business", ("Resource-intensive", 60_000): "business",
}  # fmt: skip
# What a header can mean; other numbers are errors and are ignored.
LEAST_LIMIT, MOST_PER_SECOND, MOST_PER_DAY = 0.1, 10_000, 10_000_000
LONGEST_NAMED_WAIT = 2 * 86_400  # seconds
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
    per_day: float | None = None  # requests, from a limit without a type: ordinary answers name the day's


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

    def assume(self, limit: float) -> bool:
        """The account's plan allows `limit`. True if that changes the pace: a limit that Zoom named comes first."""
        if self._announced or limit == self.limit:
            return False
        self.limit = limit
        self._slowed = 1.0
        return True

    def refused(self, now: float, wait: float | None, limit: float | None) -> None:
        """A 429: the whole label waits, and goes on slower where it kept to what it knew of the limit."""
        if limit is not None and limit != self.limit:
            self.learn(limit)
        elif now > self._held_until:  # once for all that were under way together
            self._slowed = max(self._slowed * (SLOWER_IF_ANNOUNCED if self._announced else SLOWER), 0.1)
        self._held_until = max(self._held_until, now + max(wait or 0.0, SECONDS_PER_429))
        self.hold(self._held_until)

    def speed_up(self) -> None:
        """A request went through: a thousand of them take back all that was slowed."""
        if self._slowed < 1.0:
            self._slowed = min(self._slowed + 0.001, 1.0)


def limit_of(rate_limit: RateLimit, plan: str) -> float:
    """Requests per second that a plan is assumed to allow."""
    return _PER_SECOND[rate_limit.product][plan][rate_limit.category]


def plan_of(rate_limit: RateLimit, said: Announcement) -> str | None:
    """The plan that the limit of the day tells, in an answer to a request of this rate limit; None if it tells none."""
    limit = said.limit if said.daily else said.per_day
    if rate_limit.product or said.label is None or limit is None:
        return None
    return _PLAN_BY_DAY.get((said.label, round(limit)))


def read_headers(headers: Mapping[str, str], now: datetime) -> Announcement:
    """X-RateLimit-Category, -Type, -Limit, -Reset and Retry-After of an answer; odd values are passed over.

    A time is read by the clock of the server that names it, where the answer has a Date; `now` is ours.
    """
    category = headers.get("X-RateLimit-Category", "").strip().lower()
    label = next((label for label in _LABELS if label.lower() == category), None)
    kind = re.sub("[ _]", "-", headers.get("X-RateLimit-Type", "").strip().lower())
    daily, per_second = kind in ("daily-limit", "daily"), kind == "qps"
    named = headers.get("X-RateLimit-Limit", "")
    seconds = 60 if label == "Resource-intensive" else 1
    limit = None
    if daily:
        limit = _number(named, MOST_PER_DAY)
    elif per_second and (number := _number(named, MOST_PER_SECOND * seconds)) is not None:
        limit = number / seconds
    per_day = None if kind or label is None else _number(named, MOST_PER_DAY)
    wait = None
    if times := [headers[name] for name in ("Retry-After", "X-RateLimit-Reset") if name in headers]:
        clock = server_time(headers, now)
        wait = next((wait for text in times if (wait := retry_after(text, clock)) is not None), None)
    return Announcement(label, limit, daily, wait, per_day)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The Date of an answer; `now` if it has none that can be read."""
    return _moment(headers.get("Date", "")) or now


def seconds_to_midnight(now: datetime) -> float:
    """Seconds until 00:00 UTC, when Zoom's limits of the day reset."""
    utc = now.astimezone(timezone.utc)
    return 86_400 - (utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def _number(text: str, most: float) -> float | None:
    """A plain decimal number in range; None for signs, exponents, underscores, nan, and digits of other scripts."""
    if not re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text.strip(), re.ASCII):
        return None
    number = float(text)
    return number if LEAST_LIMIT <= number <= most else None


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds until the time that a header names: as seconds, Unix time, HTTP date or ISO date-time; never negative.

    None for what is no time, or lies further ahead than any limit of Zoom's.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text, re.ASCII):
        wait = float(text)
        if wait > 1e9:  # no wait of thirty years, but a Unix time, in milliseconds where it is larger still
            wait = (wait / 1000 if wait > 1e11 else wait) - now.timestamp()
    else:
        moment = _moment(text)
        if moment is None:
            return None
        wait = (moment - now).total_seconds()
    return max(wait, 0.0) if wait <= LONGEST_NAMED_WAIT else None


def _moment(text: str) -> datetime | None:
    """An ISO date-time or an HTTP date; without a zone it is UTC."""
    if not text.isascii() or "_" in text:  # int() takes more than digits
        return None
    moment = parse_time(text)
    if moment is None:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
