"""Singer tap for Zoom."""

import os
import signal
import sys

__version__ = "0.1.0"


def main() -> None:
    """The command tap-zoom."""
    # Until the tap answers signals itself, Ctrl-C ends it without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Here, so that whoever wants the version does not load the rest.
    from tap_zoom.cli import main as run  # noqa: PLC0415

    status = run()
    sys.stderr.flush()
    # Workers may still wait for Zoom, and Python would take its locks away from under them.
    os._exit(status)
