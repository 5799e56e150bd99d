"""Singer tap for Zoom."""

import os
import signal
import sys
from contextlib import suppress

__version__ = "0.1.0"


def _stopped_at_once(number: int, _frame: object) -> None:
    sys.stderr.write(f"CRITICAL Stopped by {signal.Signals(number).name} before anything was done.\n")
    sys.stderr.flush()
    os._exit(128 + number)


def _open_stderr() -> None:
    """Give a process that was started without stderr (`2>&-`) one that goes nowhere. Otherwise the next file or
    connection that is opened takes its number, and log lines go there."""
    if sys.stderr is None:
        null = os.open(os.devnull, os.O_WRONLY)
        if null != 2:  # stdout is closed as well, or stdin, and has to stay so
            os.dup2(null, 2)
            os.close(null)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 (until the process ends)


def main() -> None:
    """The command tap-zoom."""
    _open_stderr()
    # Until the tap answers signals itself, it has nothing to save.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped_at_once)
    # Here, so that whoever wants the version does not load the rest.
    from tap_zoom.cli import main as run  # noqa: PLC0415

    status = run()
    with suppress(OSError):  # nobody reads it any more
        sys.stderr.flush()
    # Workers may still wait for Zoom, and Python would take its locks away from under them.
    os._exit(status)
