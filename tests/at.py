"""Runs the tap at another time than now, from which its clock goes on: python -m tests.at UNIX_TIME ARGUMENTS...

Elapsed time (time.monotonic) stays as it is, and so does the local time zone.
"""

from __future__ import annotations

import runpy
import sys

# time-machine loads pytest for its plugin where there is one; a run of the tap takes half as long again with it.
sys.modules["pytest"] = None  # type: ignore[assignment]
import time_machine  # noqa: E402


def main() -> None:
    moment = float(sys.argv.pop(1))
    with time_machine.travel(moment, tick=True):
        runpy.run_module("tap_zoom", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
