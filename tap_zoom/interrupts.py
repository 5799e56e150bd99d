"""SIGINT and SIGTERM: they stop the run where the main thread waits, never in the middle of a step.

The handler raises nothing. Python may call it inside a garbage collector callback or a finalizer, where an exception
is printed and ignored. It records the signal and wakes the main thread, which raises Stopped where it waits.
"""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from types import FrameType

from tap_zoom.errors import Stopped

LONGEST_WAIT = 1.0  # seconds; Python only calls the handler between two waits of the main thread


class Interrupts:
    """Each signal raises Stopped once in the main thread: in `wait` or `check`, whichever comes next."""

    def __init__(self) -> None:
        self._pending: list[Stopped] = []
        self._wakeup = threading.Lock()  # released by `wake`, acquired by `wait`
        self._wakeup.acquire()

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._pending.append(Stopped(signal.Signals(number).name, number))
        self.wake()

    def wake(self) -> None:
        """End the current call of `wait`, or the next one if none is active. Any thread may call this."""
        with suppress(RuntimeError):  # already released
            self._wakeup.release()

    def wait(self, seconds: float) -> None:
        """Wait in the main thread until `wake` is called, for at most `seconds`. May return sooner. Raises Stopped if
        a signal came."""
        self.check()
        self._wakeup.acquire(timeout=min(max(seconds, 0.0), LONGEST_WAIT))
        self.check()

    def check(self) -> None:
        """Raise Stopped if a signal came."""
        if self._pending:
            raise self._pending.pop(0)
