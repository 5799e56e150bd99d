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

from tap_zoom import __version__, about, discover
from tap_zoom.errors import TapZoomError, UsageError
from tap_zoom.interrupts import Interrupts
from tap_zoom.log import Secrets, start_logging, writes_json
from tap_zoom.output import Output
from tap_zoom.run import run

LOGGER = logging.getLogger(__name__)
M_ARENA_MAX = -8  # of glibc's malloc.h


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tap and return its exit status. A failure ends with one line that begins with CRITICAL."""
    use_one_heap()
    secrets = start_logging()
    interrupts = Interrupts()
    try:
        # Only Singer messages may reach stdout, so anything that libraries print goes to stderr.
        with redirect_stdout(sys.stderr):
            do(parsed(argv), Output(interrupts), interrupts, secrets)
        return 0
    except TapZoomError as error:
        LOGGER.critical(str(error))
        return error.exit_status
    except Exception as error:
        LOGGER.debug("Traceback:", exc_info=True)
        LOGGER.critical(
            "Unexpected error: %s: %s. Run again with TAP_ZOOM_LOGLEVEL=DEBUG and report it with the traceback.",
            type(error).__name__, error,
        )  # fmt: skip
        return 1


def use_one_heap() -> None:
    """Limit glibc's malloc to one arena. Does nothing with other C libraries.

    By default each thread gets its own arena, which keeps the memory of its largest page of results: with ten times the
    users, a run takes 1.2 times the memory instead of 1.1.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def do(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    """Run the command that the arguments select."""
    if arguments.version:
        output.document(f"tap-zoom {__version__}")
    elif arguments.help:
        output.document(parser().format_help())
    elif arguments.about:
        output.document(about.as_markdown() if arguments.format == "markdown" else about.as_json())
    elif arguments.discover:
        output.document(json.dumps(discover.catalog(arguments.select), indent=2))
    else:
        run(arguments, output, interrupts, secrets)


# Messages of argparse that don't repeat an argument, which could be a secret.
SAFE_MESSAGES = re.compile(
    r"argument [\w/-]+: (expected one argument|not allowed with argument [\w/-]+|must be json or markdown)"
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        safe = SAFE_MESSAGES.fullmatch(message)
        self.fail(f"{message if safe else 'an option is misspelled or has an invalid value'}.")

    def fail(self, problem: str) -> NoReturn:
        """Print the usage and raise UsageError."""
        if writes_json():
            LOGGER.info(" ".join(self.format_usage().split()))
        else:
            self.print_usage(sys.stderr)
        raise UsageError(f"Wrong usage: {problem} tap-zoom --help lists the options.")


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments. Raises UsageError. Its message repeats names of options only: values may be secrets."""
    reader = parser()
    arguments, unknown = reader.parse_known_args(argv)
    if unknown:
        reader.fail(_unknown(unknown))
    if arguments.select and not arguments.discover:
        reader.fail("--select requires --discover.")
    return arguments


def _unknown(arguments: list[str]) -> str:
    options = [found[0] for each in arguments if (found := re.match(r"--[a-z][a-z_-]{1,29}(?=$|=)", each))]
    problem = f"unknown option {' or '.join(options)}" if options else "unexpected arguments"
    return f"{problem}. Settings come from the file given with --config, or from the environment with --config ENV."


def output_format(text: str) -> str:
    if text not in ("json", "markdown"):
        raise argparse.ArgumentTypeError("must be json or markdown")
    return text


def parser() -> _Parser:
    description = "Singer tap for Zoom: meetings, webinars, recordings, reports, phone, chat, rooms."
    settings = "settings: a JSON file, or ENV for the variables TAP_ZOOM_<SETTING>; may be repeated, the last one wins"
    streams = (
        "with --discover: select only these streams: names and patterns, separated by commas; core means all core "
        "streams; may be repeated"
    )
    chosen = "sync the streams and fields that this catalog selects; default: the core streams"
    result = _Parser("tap-zoom", description=description, add_help=False)
    add = result.add_argument
    add("-c", "--config", action="append", default=[], metavar="FILE|ENV", help=settings)
    command = result.add_mutually_exclusive_group()
    command.add_argument("-d", "--discover", action="store_true", help="print the catalog: all streams and fields")
    command.add_argument("--test", action="store_true", help="log in and print which selected streams can be read")
    command.add_argument("--about", action="store_true", help="print settings, capabilities and streams")
    command.add_argument("--version", action="store_true", help="print the version")
    command.add_argument("-h", "--help", action="store_true", help="print this help")
    add("--select", action="append", default=[], metavar="STREAMS", help=streams)
    add("--format", type=output_format, default="json", metavar="json|markdown", help="format of --about")
    add("--catalog", "-p", "--properties", metavar="FILE", dest="catalog", help=chosen)
    add("-s", "--state", metavar="FILE", help="resume from this state, or use its bookmarks")
    return result
