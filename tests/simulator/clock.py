"""The time in which a simulated account lives."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from .dates import UTC


class Clock:
    """Goes as time goes, from now or from any other moment on, and can be moved forward."""

    def __init__(self, start: datetime | None = None) -> None:
        # Whether it shows another time than everybody else's clock.
        self.is_moved = start is not None
        self._began = (start or datetime.now(UTC)).timestamp() - time.monotonic()

    def seconds(self) -> float:
        """Unix time."""
        return self._began + time.monotonic()

    def now(self) -> datetime:
        """The same as a date-time, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def travel(self, step: timedelta) -> None:
        """Let time pass."""
        if step < timedelta(0):
            raise ValueError(f"time only moves forward: {step}")
        self.is_moved = True
        self._began += step.total_seconds()
