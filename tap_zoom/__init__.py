"""Singer tap for Zoom."""

__version__ = "0.1.0"


def main() -> None:
    """The command tap-zoom."""
    # Here, so that whoever wants the version does not load the rest.
    import sys  # noqa: PLC0415

    from tap_zoom.cli import main as run  # noqa: PLC0415

    sys.exit(run())
