"""SIGINT and SIGTERM: they stop the run where the main thread waits, never in the middle of a step.

The handler raises nothing, since Python may call it anywhere: an exception that is raised inside a callback of the
garbage collector, or a finalizer, is printed and lost. It makes a note and wakes the main thread, which raises Stopped
where it waits.
"""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from types import FrameType

from tap_zoom.errors import Stopped

LONGEST_WAIT = 1.0  # seconds; Python calls the handler only between two waits of the main thread


class Interrupts:
    """Each signal raises Stopped once in the main thread: in `wait` or `check`, whichever comes next."""

    def __init__(self) -> None:
        self._pending: list[Stopped] = []
        self._news = threading.Lock()  # released by `wake`, acquired by `wait`
        self._news.acquire()

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._pending.append(Stopped(signal.Signals(number).name, number))
        self.wake()

    def wake(self) -> None:
        """End the current call of `wait`, or else the next one. Any thread may call this."""
        with suppress(RuntimeError):  # released already
            self._news.release()

    def wait(self, seconds: float) -> None:
        """Wait in the main thread until `wake` is called, but no longer than `seconds`; may return sooner. Raises
        Stopped if a signal came."""
        self.check()
        self._news.acquire(timeout=min(max(seconds, 0.0), LONGEST_WAIT))
        self.check()

    def check(self) -> None:
        """Raise Stopped if a signal came."""
        if self._pending:
            raise self._pending.pop(0)
