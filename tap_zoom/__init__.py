"""Singer tap for Zoom."""

import os
import signal
import sys
from contextlib import suppress

__version__ = "0.2.0"


def _stopped_at_once(number: int, _frame: object) -> None:
    sys.stderr.write(f"CRITICAL Stopped by {signal.Signals(number).name} before anything was done.\n")
    sys.stderr.flush()
    os._exit(128 + number)


def _open_stderr() -> None:
    """Open /dev/null as stderr if the process was started without it (`2>&-`). Otherwise the next file or connection
    gets descriptor 2, and log lines are written there."""
    if sys.stderr is None:
        null = os.open(os.devnull, os.O_WRONLY)
        if null != 2:  # stdin or stdout is closed too, and must stay closed
            os.dup2(null, 2)
            os.close(null)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (until the process ends)


def main() -> None:
    """Entry point of the command tap-zoom."""
    _open_stderr()
    # Until the tap handles signals itself, there is nothing to save.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped_at_once)
    # Imported here, so that importing the version doesn't load the rest.
    from tap_zoom.cli import main as run  # noqa: PLC0415

    status = run()
    with suppress(OSError):  # stderr was closed
        sys.stderr.flush()
    # No interpreter shutdown: workers may still be waiting for Zoom, and would crash without Python's locks.
    os._exit(status)
