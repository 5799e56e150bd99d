"""Log lines in singer-python's format or as JSON: without secrets, and none after a CRITICAL line."""

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

LEAST_SECRET = 4  # characters: shorter ones would hide parts of most lines
COLUMNS = 80  # of a terminal of unknown width
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = ("text", "json")
METRIC = "METRIC: "  # prefix of singer-python's metrics; the rest is JSON

SILENCED = ("requests", "urllib3")  # they log full URLs, with e-mails and page tokens; the tap logs requests itself

LOGGER = logging.getLogger(__name__)


class Secrets(logging.Filter):
    """Hides known secrets and text that looks like a secret in every log line, and escapes control characters."""

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
        """Hide a secret from now on, also in its URL-encoded form."""
        if len(secret) >= LEAST_SECRET:
            known = {*self._known, secret, quote(secret, safe=""), quote_plus(secret)}
            # Longest first: one may be a prefix of another.
            self._known = sorted(known, key=len, reverse=True)

    def add_login(self, settings: config.Config) -> None:
        """Hide the secrets in the settings, also in the form of the Authorization header."""
        for secret in settings.secrets:
            self.add(secret)
        if settings.client_secret:
            self.add(b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode())

    def add_proxies(self) -> None:
        """Hide user names and passwords in the environment's proxy URLs (HTTPS_PROXY and similar)."""
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
        for pattern, replacement in self.PATTERNS:
            text = pattern.sub(replacement, text)
        return text


class _Text(logging.Formatter):
    """`LEVEL message`, as in singer-python; with TAP_ZOOM_LOG_TIMES=1 preceded by the time in UTC."""

    def __init__(self, secrets: Secrets) -> None:
        times = os.environ.get("TAP_ZOOM_LOG_TIMES") == "1"
        super().__init__(f"{'%(asctime)s ' * times}%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._secrets = secrets

    def formatException(self, ei: Any) -> str:
        """Indent the traceback, so that none of its lines looks like a log line."""
        lines = self._secrets.hide(super().formatException(ei)).split("\n")
        return "\n".join(f"  {escaped(line)}" for line in lines)


class _Json(logging.Formatter):
    """One JSON object per line in the format of Meltano's SDK, which Meltano 4 can render (log_parser: singer-sdk).

    Source: singer_sdk/logging.py of singer-sdk 0.54. Metrics have the key metric_info, and lines with a traceback have
    the key exception.
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
    """Writes log lines, and on a terminal a progress line below them, which the next log line replaces. Writes nothing
    after a CRITICAL line: workers may still be running then."""

    closed = False
    has_progress = False  # a progress line is shown

    def emit(self, record: logging.LogRecord) -> None:
        if not self.closed:
            self.show_progress("")
            self.closed = record.levelno >= logging.CRITICAL
            super().emit(record)

    def show_progress(self, line: str) -> None:
        """Replace the progress line. It is cut to the terminal's width."""
        if self.closed or not (line or self.has_progress):
            return
        with suppress(OSError):  # the terminal was closed
            # A new terminal may report 0 columns. Some wrap a line that reaches the last column.
            columns = os.get_terminal_size(self.stream.fileno()).columns or COLUMNS
            parts = textwrap.wrap(line, max(columns - 1, 1)) or [""]
            self.stream.write(f"\r\x1b[2K{parts[0].rstrip(',;')}")
            self.stream.flush()
        self.has_progress = bool(line)


def writes_json() -> bool:
    """True if log lines are JSON objects (TAP_ZOOM_LOG_FORMAT=json)."""
    return os.environ.get("TAP_ZOOM_LOG_FORMAT", "").upper() == "JSON"


def is_interactive() -> bool:
    """True if a progress line can be shown: stderr is a terminal, stdout isn't, and log lines aren't JSON."""
    return sys.stderr.isatty() and not os.isatty(1) and not writes_json()


def show(line: str) -> None:
    """Show a progress line at the bottom of the terminal until the next one or a log line; "" removes it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Lines) and handler.lock:
            with handler.lock:
                handler.show_progress(line)


def start_logging() -> Secrets:
    """Log to stderr at the level TAP_ZOOM_LOGLEVEL: as `LEVEL message`, with the time (UTC) before it if
    TAP_ZOOM_LOG_TIMES=1, or as JSON if TAP_ZOOM_LOG_FORMAT=json. Replaces the handler of singer-python."""
    secrets = Secrets()
    secrets.add_proxies()
    handler = _Lines(sys.stderr)
    handler.setFormatter(_Json(secrets) if writes_json() else _Text(secrets))
    handler.addFilter(secrets)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    level = os.environ.get("TAP_ZOOM_LOGLEVEL", "INFO").upper()
    logging.basicConfig(level=level if level in LOG_LEVELS else "INFO", handlers=[handler], force=True)
    for name, known, default in (
        ("TAP_ZOOM_LOGLEVEL", LOG_LEVELS, "INFO"), ("TAP_ZOOM_LOG_FORMAT", LOG_FORMATS, "text")
    ):  # fmt: skip
        if os.environ.get(name, default).upper() not in map(str.upper, known):
            LOGGER.warning("%s must be one of %s. Using %s.", name, ", ".join(known), default)
    return secrets
