"""The command line: arguments, logging, exit status."""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import re
import sys
from base64 import b64encode
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus

from singer import metrics

from tap_zoom import __version__, about, config, discover
from tap_zoom.access import check
from tap_zoom.auth import login
from tap_zoom.check import Check
from tap_zoom.client import Client
from tap_zoom.errors import Incomplete, Stopped, TapZoomError, TargetGone, UsageError
from tap_zoom.frontier import Frontier
from tap_zoom.interrupts import Interrupts
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import State, digest
from tap_zoom.sync import Sync
from tap_zoom.throttle import throttles
from tap_zoom.windows import DAYS_OF_DETAILS, oldest_report_day

LOGGER = logging.getLogger("tap_zoom")
SECONDS_FOR_TOKEN = 0.8  # after a signal, for a refresh token that is being replaced
LEAST_SECRET = 4  # characters: shorter ones would hide half of every line
M_ARENA_MAX = -8  # of glibc's malloc.h
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tap and return its exit status. Whatever fails ends in one line that begins with CRITICAL."""
    use_one_heap()
    secrets = start_logging(os.environ.get("TAP_ZOOM_LOGLEVEL", "INFO"))
    interrupts = Interrupts()
    interrupts.install()
    try:
        # Nothing but messages may reach stdout, whatever a library prints.
        with redirect_stdout(sys.stderr):
            run(parser().parse_args(argv), Output(interrupts), interrupts, secrets)
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


def run(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    if arguments.version:
        output.document(f"tap-zoom {__version__}")
    elif arguments.help:
        output.document(parser().format_help())
    elif arguments.about:
        output.document(about.as_markdown() if arguments.format == "markdown" else about.as_json())
    elif arguments.discover:
        output.document(json.dumps(discover.catalog(), indent=2))
    else:
        sync(arguments, output, interrupts, secrets)


def sync(arguments: argparse.Namespace, output: Output, interrupts: Interrupts, secrets: Secrets) -> None:
    """A run, or with --test a trial of it."""
    if not arguments.config:
        raise UsageError("No settings: give --config FILE, or --config ENV for the variables TAP_ZOOM_<SETTING>.")
    now = datetime.now(timezone.utc)
    settings = config.load(arguments.config, os.environ, LOGGER.warning)
    secrets.add_login(settings)
    chosen = config.read_json_object(arguments.catalog, "catalog") if arguments.catalog else None
    schemas = discover.select(chosen, LOGGER.warning, settings.keep_unknown_fields)
    state = State.resumed(_read_state(arguments.state), _selection(settings, schemas), now, LOGGER.warning)
    settings = _within_reach(settings, now)
    if not schemas:
        LOGGER.warning("Nothing is selected, so nothing is read. Select streams in the catalog.")
    log_in = login(settings, secrets.add)
    older = settings.start_date is None or settings.start_date.date() < oldest_report_day(state.started_at.date())
    try:
        scopes = log_in.first_token(interrupts).scopes if schemas else None
        frontier = Frontier(
            Client(settings, log_in, settings.max_workers),
            throttles(settings.plan, settings.rate_limit_share), settings.max_workers,
            settings.on_daily_limit == "wait", interrupts, LOGGER.warning,
        )  # fmt: skip
        if arguments.test:
            Check(frontier, schemas, scopes, settings.plan, older, now).run(output)
        else:
            access = check(schemas, scopes, older, settings.on_missing_access == "skip", LOGGER.warning)
            report = Report()
            walk = Sync(settings, schemas, access, state, frontier, output, report, now)
            _read_all(walk, state, output, report, frontier)
    except Stopped:
        log_in.settle(SECONDS_FOR_TOKEN)
        raise


def _read_all(walk: Sync, state: State, output: Output, report: Report, frontier: Frontier) -> None:
    """The run itself. However it ends, the last STATE and the report are out."""
    status = metrics.Status.failed
    try:
        walk.run()
        walk.close(datetime.now(timezone.utc))
        status = metrics.Status.succeeded
    except Stopped:
        output.last_words(state.value())
        raise
    except (TargetGone, Incomplete):
        raise
    except Exception:
        output.state(state.value())
        raise
    finally:
        report.close(status, frontier.retries, {name: plan.misfits for name, plan in walk.plans.items()})


def _within_reach(settings: config.Config, now: datetime) -> config.Config:
    """The settings without a start_date that is further back than Zoom answers."""
    oldest = now - timedelta(days=DAYS_OF_DETAILS)
    if settings.start_date is None or settings.start_date >= oldest:
        return settings
    LOGGER.warning(
        "start_date is further back than Zoom answers (reports go back to %s): it is moved forward to the oldest "
        "that Zoom still lists.", oldest.date(),
    )  # fmt: skip
    return settings.without_start_date()


def _read_state(path: str | None) -> object:
    """The state in a file; None without one. An empty file is an empty state."""
    if path is None:
        return None
    try:
        if Path(path).stat().st_size == 0:
            return {}
    except OSError:
        pass  # read_json says what is wrong with it
    return {} if (state := config.read_json(path, "state")) is None else state


def _selection(settings: config.Config, schemas: dict[str, Any]) -> str:
    account = settings.account_id or settings.client_id or config.jwt_issuer(settings.jwt)
    return digest(account=account, start_date=settings.start_date, schemas=schemas)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(f"Wrong usage: {message}. tap-zoom --help lists what there is.")


def parser() -> argparse.ArgumentParser:
    result = _Parser("tap-zoom", description="Singer tap for Zoom: everything an account holds.", add_help=False)
    add = result.add_argument
    add("-c", "--config", action="append", default=[], metavar="FILE|ENV",
        help="settings: a JSON file, or ENV for the variables TAP_ZOOM_<SETTING>; may be repeated, the later wins")
    what = result.add_mutually_exclusive_group()
    what.add_argument("-d", "--discover", action="store_true", help="write the catalog of all streams")
    what.add_argument("--test", action="store_true", help="log in and try each selected stream")
    what.add_argument("--about", action="store_true", help="write settings, capabilities and streams")
    what.add_argument("--version", action="store_true", help="write the version")
    what.add_argument("-h", "--help", action="store_true", help="write this")
    add("--format", choices=("json", "markdown"), default="json", help="of --about")
    add("--catalog", "-p", "--properties", metavar="FILE", dest="catalog", help="select streams and fields")
    add("-s", "--state", metavar="FILE", help="go on where the run that left this state was stopped")
    return result  # fmt: skip


class Secrets(logging.Filter):
    """Takes what nobody may read out of every log line: known secrets, and what looks like one."""

    PATTERNS = (
        (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
        (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),
        (re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]+"), r"\1?***"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._known: list[str] = []

    def add(self, secret: str) -> None:
        """Hide it from now on, also as it looks in a URL."""
        if len(secret) >= LEAST_SECRET:
            known = {*self._known, secret, quote(secret, safe=""), quote_plus(secret)}
            # The longest first: one may be the beginning of another.
            self._known = sorted(known, key=len, reverse=True)

    def add_login(self, settings: config.Config) -> None:
        """Hide the secrets of the settings, also as the Authorization header spells them."""
        for secret in settings.secrets:
            self.add(secret)
        if settings.client_secret:
            self.add(b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode())

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
            record.exc_info = record.exc_text = None
        record.msg, record.args = self.hide(text), ()
        if record.levelno >= logging.CRITICAL:
            record.msg = " ".join(str(record.msg).split())
        return True

    def hide(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, "***")
        for pattern, instead in self.PATTERNS:
            text = pattern.sub(instead, text)
        return text


class _LastLine(logging.StreamHandler):  # type: ignore[type-arg]  # subscriptable from Python 3.11 on
    """Writes nothing after a CRITICAL line: workers may still be at work then."""

    closed = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.closed:
            self.closed = record.levelno >= logging.CRITICAL
            super().emit(record)


def start_logging(level: str) -> Secrets:
    """Log lines as singer-python writes them: `LEVEL message` on stderr."""
    secrets = Secrets()
    handler = _LastLine(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(secrets)
    known = level.upper() in LOG_LEVELS
    logging.basicConfig(level=level.upper() if known else "INFO", handlers=[handler], force=True)
    if not known:
        LOGGER.warning("TAP_ZOOM_LOGLEVEL must be one of %s; it is taken as INFO.", ", ".join(LOG_LEVELS))
    return secrets
