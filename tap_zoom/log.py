"""Log lines: as singer-python writes them, without secrets, and none after a CRITICAL one."""

from __future__ import annotations

import logging
import os
import re
import sys
import textwrap
import time
from base64 import b64encode
from contextlib import suppress
from urllib.parse import quote, quote_plus

from tap_zoom import config
from tap_zoom.text import escaped

LEAST_SECRET = 4  # characters: shorter ones would hide half of every line
COLUMNS = 80  # of a terminal that does not say
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

OTHERS = ("requests", "urllib3")  # their lines show whole URLs: e-mails, tokens of pages. Ours say as much without

LOGGER = logging.getLogger(__name__)


class Secrets(logging.Filter):
    """Removes known secrets, and what looks like one, from every log line. Escapes control characters and line breaks
    in it, because refusals, ids and field names come from elsewhere."""

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
        text = self.hide(record.getMessage())
        if record.levelno >= logging.CRITICAL:
            text = " ".join(text.split())
        lines = [escaped(text)]
        if record.exc_info:
            traceback = self.hide(logging.Formatter().formatException(record.exc_info))
            lines += [f"  {escaped(line)}" for line in traceback.splitlines()]  # indented: none looks like a log line
            record.exc_info = record.exc_text = None
        record.msg, record.args = "\n".join(lines), ()
        return True

    def hide(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, "***")
        for pattern, instead in self.PATTERNS:
            text = pattern.sub(instead, text)
        return text


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


def for_a_person() -> bool:
    """Whether somebody looks on: stderr is a terminal. One that shows the records as well has no line to spare."""
    return sys.stderr.isatty() and not os.isatty(1)


def show(line: str) -> None:
    """Show a line at the bottom of the terminal until the next one, or a log line; "" takes it away."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Lines) and handler.lock:
            with handler.lock:
                handler.pass_by(line)


def start_logging() -> Secrets:
    """Log lines as singer-python writes them: `LEVEL message` on stderr, from TAP_ZOOM_LOGLEVEL on; with
    TAP_ZOOM_LOG_TIMES=1 the time (UTC) stands before each."""
    secrets = Secrets()
    if not take_over(secrets):
        LOGGER.warning("TAP_ZOOM_LOGLEVEL must be one of %s; it is taken as INFO.", ", ".join(LOG_LEVELS))
    return secrets


def take_over(secrets: Secrets) -> bool:
    """Be the only one who writes log lines: also after singer-python was loaded, which sets up its own. Whether the
    level is one of LOG_LEVELS."""
    handler = _Lines(sys.stderr)
    times = os.environ.get("TAP_ZOOM_LOG_TIMES") == "1"
    formatter = logging.Formatter(f"{'%(asctime)s ' * times}%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(secrets)
    for name in OTHERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    level = os.environ.get("TAP_ZOOM_LOGLEVEL", "INFO").upper()
    logging.basicConfig(level=level if level in LOG_LEVELS else "INFO", handlers=[handler], force=True)
    return level in LOG_LEVELS
