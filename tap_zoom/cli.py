"""The command line: arguments, logging, exit status."""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import NoReturn

from tap_zoom import __version__
from tap_zoom.errors import TapZoomError, UsageError
from tap_zoom.interrupts import Interrupts
from tap_zoom.log import Secrets, start_logging, take_over, writes_json
from tap_zoom.output import Output

LOGGER = logging.getLogger(__name__)
M_ARENA_MAX = -8  # of glibc's malloc.h


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tap and return its exit status. Whatever fails ends in one line that begins with CRITICAL."""
    use_one_heap()
    secrets = start_logging()
    interrupts = Interrupts()
    interrupts.install()
    try:
        # Nothing but messages may reach stdout, whatever a library prints.
        with redirect_stdout(sys.stderr):
            do(parsed(argv), Output(interrupts), interrupts, secrets)
        return 0
    except TapZoomError as error:
        LOGGER.critical(str(error))
        return error.exit_status
    except Exception as error:
        LOGGER.debug("Where it happened:", exc_info=True)
        LOGGER.critical(
            "An error that tap-zoom did not expect: %s: %s. Run again with TAP_ZOOM_LOGLEVEL=DEBUG and report it with "
            "the traceback.",
            type(error).__name__, error,
        )  # fmt: skip
        return 1


def use_one_heap() -> None:
    """Keep glibc from giving every worker thread a heap of its own, of which each would hold on to its largest page.

    Half of the memory of a run. Elsewhere than on glibc there is no such call, and no such habit.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def do(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    """What the arguments ask for. Each loads what it needs and no more."""
    if arguments.version:
        output.document(f"tap-zoom {__version__}")
    elif arguments.help:
        output.document(parser().format_help())
    elif arguments.about:
        from tap_zoom import about  # noqa: PLC0415

        output.document(about.as_markdown() if arguments.format == "markdown" else about.as_json())
    elif arguments.discover:
        from tap_zoom import discover  # noqa: PLC0415

        output.document(json.dumps(discover.catalog(arguments.select), indent=2))
    else:
        from tap_zoom.run import run  # noqa: PLC0415

        take_over(secrets)
        run(arguments, output, interrupts, secrets)


# What argparse says without repeating an argument, which could hold a secret.
SAFE_TO_SAY = re.compile(
    r"argument [\w/-]+: (expected one argument|not allowed with argument [\w/-]+|must be json or markdown)"
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        safe = SAFE_TO_SAY.fullmatch(message)
        self.refuse(f"{message if safe else 'an option is misspelt, or has a value that it does not take'}.")

    def refuse(self, problem: str) -> NoReturn:
        """Raise UsageError, after the usage."""
        if writes_json():
            LOGGER.info(" ".join(self.format_usage().split()))
        else:
            self.print_usage(sys.stderr)
        raise UsageError(f"Wrong usage: {problem} tap-zoom --help lists the options.")


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. Raises UsageError, which repeats none of them but the names of options: they may be secrets."""
    reader = parser()
    arguments, unknown = reader.parse_known_args(argv)
    if unknown:
        reader.refuse(_unknown(unknown))
    if arguments.select and not arguments.discover:
        reader.refuse("--select goes with --discover.")
    return arguments


def _unknown(arguments: list[str]) -> str:
    options = [found[0] for each in arguments if (found := re.match(r"--[a-z][a-z_-]{1,29}(?=$|=)", each))]
    what = f"there is no option {' or '.join(options)}" if options else "some arguments belong to no option"
    return (
        f"{what}. Settings are read from the JSON file that --config names, or with --config ENV from the "
        "environment."
    )


def output_format(text: str) -> str:
    if text not in ("json", "markdown"):
        raise argparse.ArgumentTypeError("must be json or markdown")
    return text


def parser() -> _Parser:
    what_it_is = "Singer tap for Zoom: meetings, webinars, recordings, reports, phone, chat, rooms."
    result = _Parser("tap-zoom", description=what_it_is, add_help=False)
    add = result.add_argument
    add("-c", "--config", action="append", default=[], metavar="FILE|ENV",
        help="settings: a JSON file, or ENV for the variables TAP_ZOOM_<SETTING>; may be repeated, the last one wins")
    what = result.add_mutually_exclusive_group()
    what.add_argument("-d", "--discover", action="store_true", help="print the catalog: all streams and fields")
    what.add_argument("--test", action="store_true", help="log in and print which selected streams can be read")
    what.add_argument("--about", action="store_true", help="print settings, capabilities and streams")
    what.add_argument("--version", action="store_true", help="print the version")
    what.add_argument("-h", "--help", action="store_true", help="print this help")
    add("--select", action="append", default=[], metavar="STREAMS",
        help="with --discover: select only these streams: names and patterns, separated by commas; core stands for "
        "the core streams; may be repeated")
    add("--format", type=output_format, default="json", metavar="json|markdown", help="format of --about")
    add("--catalog", "-p", "--properties", metavar="FILE", dest="catalog",
        help="sync the streams and fields that this catalog selects; default: the core streams")
    add("-s", "--state", metavar="FILE", help="resume from this state, or use its bookmarks")
    return result  # fmt: skip
