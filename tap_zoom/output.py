"""The only writer of stdout: Singer messages, or one document such as the catalog."""

from __future__ import annotations

import json
import logging
import os
import select
import stat
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from singer import SchemaMessage, StateMessage

from tap_zoom.errors import Stopped, TargetGone
from tap_zoom.interrupts import Interrupts

Record = dict[str, Any]

SECONDS_FOR_TARGET = 10.0  # after a signal: about the time that orchestrators wait between SIGTERM and SIGKILL
POLL = 0.2  # seconds between checks for a signal while the target is busy

LOGGER = logging.getLogger(__name__)


class Output:
    """Writes whole lines to a file descriptor without buffering, so that the target gets each record at once.

    If a signal comes while the target isn't reading, the rest of a line is kept for `write_last_state`.
    """

    def __init__(self, interrupts: Interrupts, descriptor: int = 1) -> None:
        self._interrupts = interrupts
        self._descriptor = descriptor
        self._rest: memoryview = memoryview(b"")
        # A writable pipe or socket takes PIPE_BUF bytes without blocking. More isn't guaranteed.
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError as error:
            raise TargetGone(f"stdout is closed ({error.strerror}). Pipe the tap into a target or a file.") from None
        self._most = select.PIPE_BUF if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else sys.maxsize

    def schema(self, stream: str, schema: Mapping[str, Any], key: Iterable[str], bookmark: list[str] | None) -> None:
        """Write a SCHEMA message. `bookmark`: the bookmark property of a stream that is synced incrementally."""
        self._write(_line(SchemaMessage(stream, schema, list(key), bookmark).asdict()))

    def state(self, state: dict[str, Any]) -> None:
        self._write(_state(state))

    def records(self, stream: str, records: Iterable[Record], time_extracted: datetime) -> None:
        """Write a RECORD message for each record, in the format of singer.RecordMessage, as one block."""
        head = b'{"type":"RECORD","stream":' + orjson.dumps(stream) + b',"record":'
        tail = b',"time_extracted":"' + time_extracted.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode() + b'"}\n'
        self._write(b"".join([head + _dump(record) + tail for record in records]))

    def document(self, text: str) -> None:
        """Write a document. A reader that closes the pipe early (`| head -1`) isn't an error."""
        try:
            self._write(text.encode() if text.endswith("\n") else text.encode() + b"\n")
        except TargetGone as error:
            if not isinstance(error.__cause__, BrokenPipeError):
                raise

    def write_last_state(self, state: Record) -> None:
        """After a signal: finish the line that was begun, then write the last STATE.

        Waits for a busy target for up to SECONDS_FOR_TARGET. A second signal ends the wait.
        """
        deadline = time.monotonic() + SECONDS_FOR_TARGET
        line, newline, _ = bytes(self._rest).partition(b"\n")
        self._rest = memoryview(line + newline + _state(state))
        try:
            if not self._writable(0):
                LOGGER.warning(
                    "The target is busy. Waiting up to %g s for it to read the last STATE. A second signal ends the "
                    "tap at once.",
                    SECONDS_FOR_TARGET,
                )
            while self._rest and time.monotonic() < deadline:
                if self._writable(POLL):
                    self._write_some()
                else:
                    self._interrupts.check()
        except (Stopped, OSError, ValueError):
            pass  # nothing else can be done

    def _write(self, block: bytes) -> None:
        self._rest = memoryview(block)
        try:
            while self._rest:
                if self._writable(POLL):
                    self._write_some()
                else:
                    self._interrupts.check()
        except (OSError, ValueError) as error:
            self._rest = memoryview(b"")
            raise TargetGone(
                f"Writing to stdout failed ({getattr(error, 'strerror', error)}): the target has ended, or the disk "
                "is full. Check the target's log, then run again with the last STATE that it stored."
            ) from error

    def _writable(self, seconds: float) -> bool:
        return bool(select.select([], [self._descriptor], [], seconds)[1])

    def _write_some(self) -> None:
        self._rest = self._rest[os.write(self._descriptor, self._rest[: self._most]) :]


def _dump(value: Record) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _line(message: Record) -> bytes:
    return _dump(message) + b"\n"


def _state(value: Record) -> bytes:
    return _line(StateMessage(value).asdict())
