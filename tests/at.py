"""Run a process at another time. Its clock keeps running from there.

Elapsed time (time.monotonic) and the local time zone don't change.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

# time-machine imports pytest for its plugin, if there is one. That would make a run of the tap 50% slower.
pytest, sys.modules["pytest"] = sys.modules.get("pytest"), None  # type: ignore[assignment]
import time_machine  # noqa: E402

del sys.modules["pytest"]
if pytest is not None:
    sys.modules["pytest"] = pytest


def travel(moment: float) -> AbstractContextManager[Any]:
    """Return a context manager that moves the clock to a Unix time."""
    return time_machine.travel(moment, tick=True)
