"""The only writer of stdout: Singer messages, or the one document that was asked for."""

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

from tap_zoom.errors import Stopped, TargetGone
from tap_zoom.interrupts import Interrupts

Record = dict[str, Any]

SECONDS_FOR_TARGET = 10.0  # after a signal; orchestrators kill a process about that long after SIGTERM
POLL = 0.2  # seconds between two looks for a signal while the target is busy

LOGGER = logging.getLogger(__name__)


class Output:
    """Writes whole lines to a file descriptor, at once: a target never waits for a record that is out of the API.

    A signal may come while the target does not read: then the rest of a line is kept for `last_words`.
    """

    def __init__(self, interrupts: Interrupts, descriptor: int = 1) -> None:
        self._interrupts = interrupts
        self._descriptor = descriptor
        self._rest: memoryview = memoryview(b"")
        # A pipe or a socket that is writable takes PIPE_BUF bytes without blocking, and no more than that is promised.
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError as error:
            raise TargetGone(f"There is no stdout to write to ({error.strerror}). Give one, or a target.") from None
        self._most = select.PIPE_BUF if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else sys.maxsize

    def schema(self, stream: str, schema: Mapping[str, Any], key: Iterable[str], bookmark: list[str] | None) -> None:
        """`bookmark`: the column that it is about, of a stream that is read from there on."""
        from singer import SchemaMessage  # noqa: PLC0415 (loads half of the tap; a document needs none of it)

        self._write(_line(SchemaMessage(stream, schema, list(key), bookmark).asdict()))

    def state(self, state: dict[str, Any]) -> None:
        self._write(_state(state))

    def records(self, stream: str, records: Iterable[Record], time_extracted: datetime) -> None:
        """One RECORD line each, as singer.RecordMessage would have them, written as one block."""
        head = b'{"type":"RECORD","stream":' + orjson.dumps(stream) + b',"record":'
        tail = b',"time_extracted":"' + time_extracted.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode() + b'"}\n'
        self._write(b"".join([head + _dump(record) + tail for record in records]))

    def document(self, text: str) -> None:
        """Who reads it may stop when they have seen enough (`| head -1`)."""
        try:
            self._write(text.encode() if text.endswith("\n") else text.encode() + b"\n")
        except TargetGone as error:
            if not isinstance(error.__cause__, BrokenPipeError):
                raise

    def last_words(self, state: Record) -> None:
        """After a signal: end the line that was begun, then write the last STATE.

        A busy target is waited for, up to SECONDS_FOR_TARGET; a second signal cuts that short.
        """
        deadline = time.monotonic() + SECONDS_FOR_TARGET
        line, newline, _ = bytes(self._rest).partition(b"\n")
        self._rest = memoryview(line + newline + _state(state))
        try:
            if not self._writable(0):
                LOGGER.warning(
                    "The target is busy. Waiting up to %g s for it to take the last STATE; a second signal ends the "
                    "tap at once.",
                    SECONDS_FOR_TARGET,
                )
            while self._rest and time.monotonic() < deadline:
                if self._writable(POLL):
                    self._write_some()
                else:
                    self._interrupts.check()
        except (Stopped, OSError, ValueError):
            pass  # nothing is left to do about it

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
                f"Writing to stdout failed ({getattr(error, 'strerror', error)}): the target has ended, or there "
                "is no room. Look at the target's own messages; then run again with the last STATE that it kept."
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
    from singer import StateMessage  # noqa: PLC0415 (as above)

    return _line(StateMessage(value).asdict())
