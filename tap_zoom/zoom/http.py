"""One HTTP exchange, whole or not at all, and the JSON in it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import requests
from requests.adapters import BaseAdapter

from tap_zoom.errors import NoAnswer

CONNECT_TIMEOUT = 10.0  # seconds
READ_TIMEOUT = 30.0  # seconds between two bytes
BODY_TIMEOUT = 120.0  # seconds for a whole answer


@dataclass(slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(adapter: BaseAdapter, prepared: requests.PreparedRequest, settings: Mapping[str, Any]) -> Answer:
    """Send and read a whole answer. Raises NoAnswer where there is none, or not all of it, in time."""
    deadline = time.monotonic() + BODY_TIMEOUT
    try:
        response = adapter.send(prepared, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), **settings)
        try:
            body = b"".join(_chunks(response, deadline))
        finally:
            response.close()
    except requests.exceptions.SSLError as error:
        raise NoAnswer(f"No safe connection ({_reason(error)})") from None
    except requests.exceptions.RequestException as error:
        raise NoAnswer(f"No answer ({_reason(error)})") from None
    return Answer(response.status_code, response.headers, body)


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    for chunk in response.iter_content(1 << 16):
        yield chunk
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout(f"not whole after {BODY_TIMEOUT:g} s")


def _reason(error: Exception) -> str:
    """The innermost words of a chain of connection errors, without URLs."""
    reason: object = error
    while True:
        inner = getattr(reason, "reason", None) or next(
            (arg for arg in getattr(reason, "args", ()) if isinstance(arg, Exception)), None
        )
        if inner is None or inner is reason or not isinstance(inner, Exception):
            break
        reason = inner
    words = re.sub(r"^.*?>: ", "", str(reason))
    return f"{type(reason).__name__}: {words[:200]}".rstrip(": ")


def shortened(words: str, most: int = 300) -> str:
    """One line of somebody else's words, cut between two of them: half a secret could not be told from a word."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " ..."


def parse(body: bytes) -> Any:
    """The JSON of a body. What orjson refuses (a lone surrogate) is left to json; ValueError where both refuse."""
    try:
        return orjson.loads(body)
    except ValueError:
        try:
            return json.loads(body.decode("utf-8", "surrogatepass"))
        except RecursionError as error:
            raise ValueError("nested too deep") from error
