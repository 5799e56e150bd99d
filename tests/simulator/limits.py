"""Zoom's rate limits: so many requests a second and a day for each label, whoever asks."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

from .dates import UTC, day_start
from .wire import Response, answer

LABELS = ("Light", "Medium", "Heavy")
PER_SECOND: dict[str | None, dict[str, int]] = {
    None: {"Light": 2000, "Medium": 2000, "Heavy": 2000},
    "free": {"Light": 4, "Medium": 2, "Heavy": 1},
    "pro": {"Light": 30, "Medium": 20, "Heavy": 10},
    "business": {"Light": 80, "Medium": 60, "Heavy": 40},
}
PER_DAY: dict[str | None, dict[str, int]] = {
    None: {},
    "free": {"Light": 6000, "Medium": 2000, "Heavy": 1000},
    "pro": {"Heavy": 30_000},
    "business": {"Heavy": 60_000},
}
_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAY = "You have reached the maximum daily rate limit for this API. Refer to the response header for details."


class Limits:
    """Counts requests and says when there are too many."""

    def __init__(
        self,
        plan: str | None = None,
        *,
        per_second: dict[str, int] | None = None,
        daily_limits: dict[str, int] | None = None,
        daily_reset: float | None = None,
        headers: bool = True,
        retry_after_form: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`daily_reset`: seconds from the start to the reset, instead of midnight UTC; `clock`: Unix time."""
        self.per_second = {**PER_SECOND[plan], **(per_second or {})}
        self.per_day = {**PER_DAY[plan], **(daily_limits or {})}
        self.throttled: Counter[str] = Counter()
        self._headers = headers
        self._retry_after_form = retry_after_form
        self._clock = clock
        self._daily_reset = daily_reset
        self._recent: dict[str, deque[float]] = {label: deque() for label in LABELS}
        self.start_day()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def start_day(self) -> None:
        """A new day: what was asked before counts no more."""
        now = self._now()
        if self._daily_reset is not None:
            # Whole seconds are all that the header can say.
            self.resets_at = (now + timedelta(seconds=self._daily_reset + 1)).replace(microsecond=0)
        else:
            self.resets_at = day_start(now.date() + timedelta(days=1))
        self._today: Counter[str] = Counter()

    def admit(self, label: str) -> Response | None:
        """Counts a request, or refuses it."""
        now = self._clock()
        if now >= self.resets_at.timestamp():
            self.start_day()
        daily = self.per_day.get(label)
        if daily is not None and self._today[label] >= daily:
            return self._refuse_for_today(label, daily)
        recent = self._recent[label]
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= self.per_second[label]:
            return self.refuse_for_now(label)
        recent.append(now)
        self._today[label] += 1
        return None

    def headers(self, label: str) -> list[tuple[str, str]]:
        """What every answer says about the limits."""
        if not self._headers:
            return []
        limit = self.per_second[label]
        return self._announced(label, "QPS", limit, max(0, limit - len(self._recent[label])))

    def _announced(self, label: str, kind: str, limit: int, remaining: int) -> list[tuple[str, str]]:
        if not self._headers:
            return []
        return [
            ("X-RateLimit-Category", label), ("X-RateLimit-Type", kind), ("X-RateLimit-Limit", str(limit)),
            ("X-RateLimit-Remaining", str(remaining)),
        ]

    def refuse_for_now(self, label: str, *, headers: bool = True) -> Response:
        """A 429 that passes in a second."""
        self.throttled[label] += 1
        sent = self._announced(label, "QPS", self.per_second[label], 0) if headers else []
        if headers and self._retry_after_form:
            sent.append(("Retry-After", self._retry_after()))
        return answer(429, {"code": 429, "message": _SECOND}, sent)

    def _retry_after(self) -> str:
        moment = (self._now() + timedelta(seconds=2)).replace(microsecond=0)
        if self._retry_after_form == "http-date":
            return format_datetime(moment, usegmt=True)
        if self._retry_after_form == "iso":
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return "1"

    def _refuse_for_today(self, label: str, limit: int) -> Response:
        self.throttled[label] += 1
        sent = self._announced(label, "Daily-limit", limit, 0)
        sent.append(("Retry-After", self.resets_at.strftime("%Y-%m-%dT%H:%M:%SZ")))
        return answer(429, {"code": 429, "message": _DAY}, sent)
