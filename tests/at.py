"""A time other than now, from which a process's clock goes on.

Elapsed time (time.monotonic) stays as it is, and so does the local time zone.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

# time-machine loads pytest for its plugin where there is one; a run of the tap takes half as long again with it.
pytest, sys.modules["pytest"] = sys.modules.get("pytest"), None  # type: ignore[assignment]
import time_machine  # noqa: E402

del sys.modules["pytest"]
if pytest is not None:
    sys.modules["pytest"] = pytest


def travel(moment: float) -> AbstractContextManager[Any]:
    """Unix time."""
    return time_machine.travel(moment, tick=True)
