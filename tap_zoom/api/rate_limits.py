"""Zoom's rate limits, with a Pace for each that says when the next request may be sent. The caller passes the time.

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

_PHONE_PRO: dict[str, float] = {"Light": 20, "Medium": 10, "Heavy": 5}  # Phone requires at least Pro
_PHONE = {"free": _PHONE_PRO, "pro": _PHONE_PRO, "business": {"Light": 40.0, "Medium": 20.0, "Heavy": 10.0}}
# Requests per second by plan. Zoom counts resource-intensive ones per minute.
_PER_SECOND: dict[str, dict[str, dict[str, float]]] = {
    "": {
        "free": {"Light": 4, "Medium": 2, "Heavy": 1, "Resource-intensive": 10 / 60},
        "pro": {"Light": 30, "Medium": 20, "Heavy": 10, "Resource-intensive": 10 / 60},
        "business": {"Light": 80, "Medium": 60, "Heavy": 40, "Resource-intensive": 20 / 60},
    },
    "Phone": _PHONE,
    "Contact Center": _PHONE,  # counted separately
    # Zoom doesn't limit these. The pace keeps the load on its servers low.
    "Downloads": {"free": {"Light": 10}, "pro": {"Light": 10}, "business": {"Light": 20}},
}
_LABELS = tuple(_PER_SECOND[""]["free"])
# Requests per day that only one plan allows. Answers report the daily limit, and so reveal the plan.
_PLAN_BY_DAY = {
    ("Light", 6_000): "free", ("Medium", 2_000): "free", ("Heavy", 1_000): "free",
    ("Heavy", 30_000): "pro", ("Heavy", 60_000): "business", ("Resource-intensive", 60_000): "business",
}  # fmt: skip
# Valid numbers in headers. Others are ignored.
LEAST_LIMIT, MOST_PER_SECOND, MOST_PER_DAY = 0.1, 10_000, 10_000_000
LONGEST_NAMED_WAIT = 2 * 86_400  # seconds
# Requests don't arrive as evenly as they are sent. At 96 percent of the limit, one may arrive 40 ms late or early
# without exceeding the limit in any second.
CLOSEST_TO_LIMIT = 0.96
LATENESS = 0.025  # seconds that a request may be late without delaying the next ones; within the 40 ms above
SECONDS_PER_429 = 0.5  # if Zoom doesn't name a time
SLOWER = 0.9  # factor after a 429 below the assumed limit
SLOWER_IF_REPORTED = 0.97  # factor after a 429 below the limit that Zoom reported


@dataclass(frozen=True, slots=True)
class RateLimitHeaders:
    """The values in the X-RateLimit headers of an answer, None if missing."""

    label: str | None = None
    limit: float | None = None  # requests per second, or per day if `daily`
    daily: bool = False
    wait: float | None = None  # seconds, from Retry-After or X-RateLimit-Reset
    per_day: float | None = None  # requests, from a limit without a type: in successful answers it is the daily one


class Pace:
    """The pace of one rate limit: evenly spaced requests, up to the configured share of the limit."""

    def __init__(self, limit: float, share: float) -> None:
        self.limit = limit
        self._share = min(share, CLOSEST_TO_LIMIT)
        self._slowed = 1.0
        self.reported = False
        self._left = -math.inf  # when the last request was due
        self._paused_until = -math.inf
        self._refused_until = -math.inf

    @property
    def rate(self) -> float:
        return self.limit * self._share * self._slowed

    def free_at(self) -> float:
        """Return when the next request may be sent, at the current rate."""
        return max(self._left + 1 / self.rate, self._paused_until)

    def leave(self, now: float) -> None:
        """Record a request that is sent now. Up to LATENESS of delay is caught up, but not more: no bursts."""
        self._left = max(self.free_at(), now - LATENESS)

    def pause_until(self, until: float) -> None:
        """Send nothing before `until`."""
        self._paused_until = max(self._paused_until, until)

    def learn(self, limit: float) -> None:
        """Use the limit that Zoom reported."""
        self.reported = True
        if limit != self.limit:
            self.limit = limit
            self._slowed = 1.0

    def assume(self, limit: float) -> bool:
        """Use the limit of the account's plan, unless Zoom reported one. True if that changes the pace."""
        if self.reported or limit == self.limit:
            return False
        self.limit = limit
        self._slowed = 1.0
        return True

    def refused(self, now: float, wait: float | None, limit: float | None) -> None:
        """Handle a 429: pause, and continue at a lower rate unless Zoom reported another limit."""
        if limit is not None and limit != self.limit:
            self.learn(limit)
        elif now > self._refused_until:  # once for all requests that were in flight together
            self._slowed = max(self._slowed * (SLOWER_IF_REPORTED if self.reported else SLOWER), 0.1)
        self._refused_until = max(self._refused_until, now + max(wait or 0.0, SECONDS_PER_429))
        self.pause_until(self._refused_until)

    def speed_up(self) -> None:
        """Handle a successful request: at most a thousand of them restore the full rate."""
        if self._slowed < 1.0:
            self._slowed = min(self._slowed + 0.001, 1.0)


def limit_of(rate_limit: RateLimit, plan: str) -> float:
    """Return the assumed requests per second of a plan."""
    return _PER_SECOND[rate_limit.product][plan][rate_limit.category]


def plan_of(rate_limit: RateLimit, headers: RateLimitHeaders) -> str | None:
    """Return the plan that the daily limit in an answer reveals, None if unknown. `rate_limit`: the request's."""
    limit = headers.limit if headers.daily else headers.per_day
    if rate_limit.product or headers.label is None or limit is None:
        return None
    return _PLAN_BY_DAY.get((headers.label, round(limit)))


def read_headers(headers: Mapping[str, str], now: datetime) -> RateLimitHeaders:
    """Read X-RateLimit-Category, -Type, -Limit, -Reset and Retry-After. Invalid values are ignored.

    Times are relative to the server's clock if the answer has a Date, else to `now`.
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
    return RateLimitHeaders(label, limit, daily, wait, per_day)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the Date of an answer; `now` if it is missing or invalid."""
    return _moment(headers.get("Date", "")) or now


def seconds_to_midnight(now: datetime) -> float:
    """Return the seconds until 00:00 UTC, when Zoom's daily limits reset."""
    utc = now.astimezone(timezone.utc)
    return 86_400 - (utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def _number(text: str, most: float) -> float | None:
    """Parse a plain decimal number in range; None for signs, exponents, underscores, nan, and non-ASCII digits."""
    if not re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text.strip(), re.ASCII):
        return None
    number = float(text)
    return number if LEAST_LIMIT <= number <= most else None


def retry_after(text: str, now: datetime) -> float | None:
    """Return the seconds until the time in a header (seconds, Unix time, HTTP date or ISO date-time), at least 0.

    None if it isn't a time, or is further ahead than any limit of Zoom.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text, re.ASCII):
        wait = float(text)
        if wait > 1e9:  # a Unix time, in milliseconds if it is above 1e11
            wait = (wait / 1000 if wait > 1e11 else wait) - now.timestamp()
    else:
        moment = _moment(text)
        if moment is None:
            return None
        wait = (moment - now).total_seconds()
    return max(wait, 0.0) if wait <= LONGEST_NAMED_WAIT else None


def _moment(text: str) -> datetime | None:
    """Parse an ISO date-time or an HTTP date; UTC if it has no zone."""
    if not text.isascii() or "_" in text:  # int() accepts more than digits
        return None
    moment = parse_time(text)
    if moment is None:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
