"""Log lines: as singer-python writes them, or as JSON; without secrets, and none after a CRITICAL one."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import textwrap
import time
import traceback
from base64 import b64encode
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from tap_zoom import config
from tap_zoom.text import escaped

LEAST_SECRET = 4  # characters: shorter ones would hide half of every line
COLUMNS = 80  # of a terminal that does not say
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = ("text", "json")
METRIC = "METRIC: "  # how singer-python begins the message of a metric; the rest is JSON

OTHERS = ("requests", "urllib3")  # their lines show whole URLs: e-mails, tokens of pages. Ours say as much without

LOGGER = logging.getLogger(__name__)


class Secrets(logging.Filter):
    """Takes what nobody may read out of every log line: known secrets, what looks like one, and control characters."""

    PATTERNS = (
        (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
        (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),
        (re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]+"), r"\1?***"),
        (re.compile(r"\b([a-z][\w+.-]*://)[^\s\"'<>/]+@", re.IGNORECASE), r"\1***@"),
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

    def add_proxies(self) -> None:
        """Hide the names and passwords in the environment's proxy URLs (HTTPS_PROXY and the like)."""
        for name, url in os.environ.items():
            if name.lower().endswith("_proxy") and (found := re.match(r"(?:[\w+.-]*://)?(.*)@", url)):
                password = found[1].partition(":")[2]
                for secret in (found[0], found[1], password, unquote(password)):
                    self.add(secret)

    def filter(self, record: logging.LogRecord) -> bool:
        text = self.hide(record.getMessage())
        if record.levelno >= logging.CRITICAL:
            text = " ".join(text.split())
        record.msg, record.args = escaped(text), ()
        return True

    def hide(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, "***")
        for pattern, instead in self.PATTERNS:
            text = pattern.sub(instead, text)
        return text


class _Text(logging.Formatter):
    """`LEVEL message`, as singer-python writes it; with TAP_ZOOM_LOG_TIMES=1 after the time in UTC."""

    def __init__(self, secrets: Secrets) -> None:
        times = os.environ.get("TAP_ZOOM_LOG_TIMES") == "1"
        super().__init__(f"{'%(asctime)s ' * times}%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._secrets = secrets

    def formatException(self, ei: Any) -> str:
        """Indented, so that no line of it looks like a log line."""
        lines = self._secrets.hide(super().formatException(ei)).split("\n")
        return "\n".join(f"  {escaped(line)}" for line in lines)


class _Json(logging.Formatter):
    """A JSON object a line, as Meltano's SDK writes it, so that Meltano 4 can render it (log_parser: singer-sdk).

    Source: singer_sdk/logging.py of singer-sdk 0.54. The keys metric_info and exception are there where the line is a
    metric, or has a traceback.
    """

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets
        self._own = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "stream_name"}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger_name": record.name,
            "ts": record.created,
            "thread_name": record.threadName,
            "app_name": "tap-zoom",
            "stream_name": getattr(record, "stream_name", None),
            "message": record.getMessage(),
            "extra": {name: value for name, value in record.__dict__.items() if name not in self._own},
        }
        if line["message"].startswith(METRIC):
            with suppress(ValueError):
                metric = json.loads(line["message"].removeprefix(METRIC))
                line |= {"message": "METRIC", "metric_info": metric, "stream_name": metric["tags"].get("endpoint")}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = self._exception(record.exc_info[1], record.exc_info[2])
        return json.dumps(line, default=str, separators=(",", ":"))

    def _exception(self, error: BaseException, where: TracebackType | None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": type(error).__name__,
            "module": type(error).__module__,
            "message": escaped(self._secrets.hide(str(error))),
            "traceback": [
                {"filename": frame.filename, "function": frame.name, "lineno": frame.lineno, "line": frame.line}
                for frame in traceback.extract_tb(where)
            ],
        }
        if error.__cause__:
            found["cause"] = self._exception(error.__cause__, error.__cause__.__traceback__)
        elif error.__context__ and not error.__suppress_context__:
            found["context"] = self._exception(error.__context__, error.__context__.__traceback__)
        return found


class _Lines(logging.StreamHandler):  # type: ignore[type-arg]  # subscriptable from Python 3.11 on
    """Log lines, and on a terminal one line below them that passes: each log line takes its place. Nothing is written
    after a CRITICAL line: workers may still be at work then."""

    closed = False
    passing = False  # such a line is there

    def emit(self, record: logging.LogRecord) -> None:
        if not self.closed:
            self.pass_by("")
            self.closed = record.levelno >= logging.CRITICAL
            super().emit(record)

    def pass_by(self, line: str) -> None:
        """Show it at the bottom, as much as the terminal is wide, in the place of the one before."""
        if self.closed or not (line or self.passing):
            return
        with suppress(OSError):  # a terminal that was closed
            # One that was just made says 0. A line that reaches the last column would wrap in some.
            columns = os.get_terminal_size(self.stream.fileno()).columns or COLUMNS
            words = textwrap.wrap(line, max(columns - 1, 1)) or [""]
            self.stream.write(f"\r\x1b[2K{words[0].rstrip(',;')}")
            self.stream.flush()
        self.passing = bool(line)


def writes_json() -> bool:
    """True if log lines are JSON objects (TAP_ZOOM_LOG_FORMAT=json)."""
    return os.environ.get("TAP_ZOOM_LOG_FORMAT", "").upper() == "JSON"


def for_a_person() -> bool:
    """Whether somebody looks on: stderr is a terminal. One that shows the records as well has no line to spare, and
    JSON is for programs."""
    return sys.stderr.isatty() and not os.isatty(1) and not writes_json()


def show(line: str) -> None:
    """Show a line at the bottom of the terminal until the next one, or a log line; "" takes it away."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Lines) and handler.lock:
            with handler.lock:
                handler.pass_by(line)


def start_logging() -> Secrets:
    """Write log lines to stderr from TAP_ZOOM_LOGLEVEL on: `LEVEL message` as singer-python does, after the time (UTC)
    with TAP_ZOOM_LOG_TIMES=1, or as JSON with TAP_ZOOM_LOG_FORMAT=json."""
    secrets = Secrets()
    secrets.add_proxies()
    take_over(secrets)
    for name, known, default in (
        ("TAP_ZOOM_LOGLEVEL", LOG_LEVELS, "INFO"), ("TAP_ZOOM_LOG_FORMAT", LOG_FORMATS, "text")
    ):  # fmt: skip
        if os.environ.get(name, default).upper() not in map(str.upper, known):
            LOGGER.warning("%s must be one of %s; it is taken as %s.", name, ", ".join(known), default)
    return secrets


def take_over(secrets: Secrets) -> None:
    """Be the only one who writes log lines: also after singer-python was loaded, which sets up its own."""
    handler = _Lines(sys.stderr)
    handler.setFormatter(_Json(secrets) if writes_json() else _Text(secrets))
    handler.addFilter(secrets)
    for name in OTHERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    level = os.environ.get("TAP_ZOOM_LOGLEVEL", "INFO").upper()
    logging.basicConfig(level=level if level in LOG_LEVELS else "INFO", handlers=[handler], force=True)
