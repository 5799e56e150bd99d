"""The clock of a simulated account."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from .dates import UTC


class Clock:
    """Starts now or at another moment, runs at normal speed, and can be moved forward."""

    def __init__(self, start: datetime | None = None) -> None:
        # True if it differs from the real time.
        self.is_moved = start is not None
        self._began = (start or datetime.now(UTC)).timestamp() - time.monotonic()

    def seconds(self) -> float:
        """Unix time."""
        return self._began + time.monotonic()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def travel(self, step: timedelta) -> None:
        """Move the clock forward."""
        if step < timedelta(0):
            raise ValueError(f"time only moves forward: {step}")
        self.is_moved = True
        self._began += step.total_seconds()
