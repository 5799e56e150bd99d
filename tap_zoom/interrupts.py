"""SIGINT and SIGTERM: they stop the run where it waits, never in the middle of a line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tap_zoom.errors import Stopped


class Interrupts:
    """Raises Stopped in the main thread, but only inside `allowed()`; elsewhere the signal waits for the next one."""

    def __init__(self) -> None:
        self._allowed = False
        self._pending: Stopped | None = None

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._pending = self._pending or Stopped(signal.Signals(number).name, number)
        self.check()

    def check(self) -> None:
        if self._allowed and self._pending:
            self._allowed = False  # a second signal must not disturb the way out
            raise self._pending

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Wrap what may block for long, and leaves nothing half done when it is cut."""
        self._allowed = True
        try:
            self.check()
            yield
        finally:
            self._allowed = False
