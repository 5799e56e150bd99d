"""Zoom's rate limits: requests per second (or minute) and per day for each label, shared by the whole account.

Phone and Contact Center have their own limits.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

from .dates import UTC, day_start
from .wire import Response, answer

LABELS = (
    "Light", "Medium", "Heavy", "Resource-intensive", "Phone Light", "Phone Medium", "Phone Heavy",
    "Phone Resource-intensive", "Contact Center Light", "Contact Center Medium", "Contact Center Heavy",
    "Contact Center Resource-intensive",
)  # fmt: skip
# Phone and Contact Center have the same limits, but separate counts.
_APART_ON_PRO, _APART_ON_BUSINESS = (20, 10, 5, 5), (40, 20, 10, 10)
PER_SECOND: dict[str | None, dict[str, int]] = {
    None: dict.fromkeys(LABELS, 2000),
    # Limits of Resource-intensive are per minute. Free accounts have no Phone, so they get the limits of Pro.
    "free": dict(zip(LABELS, (4, 2, 1, 10, *_APART_ON_PRO, *_APART_ON_PRO), strict=True)),
    "pro": dict(zip(LABELS, (30, 20, 10, 10, *_APART_ON_PRO, *_APART_ON_PRO), strict=True)),
    "business": dict(zip(LABELS, (80, 60, 40, 20, *_APART_ON_BUSINESS, *_APART_ON_BUSINESS), strict=True)),
}
# Heavy and Resource-intensive share a daily limit, except on the free plan. All labels of Phone share one.
PER_DAY: dict[str | None, dict[str, int]] = {
    None: {},
    "free": {
        "Light": 6000,
        "Medium": 2000,
        "Heavy": 1000,
        "Resource-intensive": 30_000,
        "Phone": 15_000,
        "Contact Center": 15_000,
    },
    "pro": {"Heavy": 30_000, "Phone": 15_000, "Contact Center": 15_000},
    "business": {"Heavy": 60_000, "Phone": 30_000, "Contact Center": 30_000},
}
_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAY = "You have reached the maximum daily rate limit for this API. Refer to the response header for details."


def _seconds(label: str) -> int:
    """Return the seconds over which the requests of a label are counted."""
    return 60 if label.endswith("Resource-intensive") else 1


class Limits:
    """Counts requests and refuses those above a limit."""

    def __init__(
        self,
        plan: str | None = None,
        *,
        per_second: dict[str, int] | None = None,
        daily_limits: dict[str, int] | None = None,
        daily_reset: float | None = None,
        headers: bool | str = True,
        retry_after_form: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`daily_reset`: seconds until the daily limits reset; default: midnight UTC. `clock`: returns Unix time.
        `headers`: "day" sends the daily limit without a type, as in a recorded answer."""
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
        """Reset the daily counts."""
        now = self._now()
        if self._daily_reset is not None:
            # The header only has whole seconds.
            self.resets_at = (now + timedelta(seconds=self._daily_reset + 1)).replace(microsecond=0)
        else:
            self.resets_at = day_start(now.date() + timedelta(days=1))
        self._today: Counter[str] = Counter()

    def admit(self, label: str) -> Response | None:
        """Count a request and return None, or return its refusal."""
        now = self._clock()
        if now >= self.resets_at.timestamp():
            self.start_day()
        shared = self._day_of(label)
        daily = self.per_day.get(shared)
        if daily is not None and self._today[shared] >= daily:
            return self._refuse_for_today(label, daily)
        recent = self._recent[label]
        while recent and recent[0] <= now - _seconds(label):
            recent.popleft()
        if len(recent) >= self.per_second[label]:
            return self.refuse_for_now(label)
        recent.append(now)
        self._today[shared] += 1
        return None

    def _day_of(self, label: str) -> str:
        """Return the name of the daily limit that applies to a label."""
        if label.startswith("Phone"):
            return "Phone"
        if label in ("Contact Center Heavy", "Contact Center Resource-intensive"):
            return "Contact Center"
        return "Heavy" if label == "Resource-intensive" and label not in self.per_day else label

    def headers(self, label: str) -> list[tuple[str, str]]:
        """Return the rate limit headers of an answer."""
        if not self._headers:
            return []
        if self._headers == "day":
            shared = self._day_of(label)
            daily = self.per_day.get(shared, 0)
            sent = self._announced(label, "", daily, max(0, daily - self._today[shared]))
            return [each for each in sent if each[0] != "X-RateLimit-Type"] if daily else []
        limit = self.per_second[label]
        return self._announced(label, "QPS", limit, max(0, limit - len(self._recent[label])))

    def _announced(self, label: str, kind: str, limit: int, remaining: int) -> list[tuple[str, str]]:
        if not self._headers:
            return []
        return [
            ("X-RateLimit-Category", label.removeprefix("Phone ").removeprefix("Contact Center ")),
            ("X-RateLimit-Type", kind),
            ("X-RateLimit-Limit", str(limit)),
            ("X-RateLimit-Remaining", str(remaining)),
        ]

    def refuse_for_now(self, label: str, *, headers: bool = True) -> Response:
        """Return a 429 for the limit per second or minute."""
        self.throttled[label] += 1
        sent = self._announced(label, "QPS", self.per_second[label], 0) if headers else []
        if headers and self._retry_after_form:
            sent.append(("Retry-After", self._retry_after()))
        message = _SECOND if _seconds(label) == 1 else _SECOND.replace("second", "minute")
        return answer(429, {"code": 429, "message": message}, sent)

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
