"""The rows in an answer, before anything is made of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from tap_zoom.streams.model import Stream


def rows_of(stream: Stream, content: Any) -> list[Any]:
    """The rows in an answer. Zoom writes null, or nothing, for an empty list. Raises ValueError for anything else."""
    if type(content) is not dict:
        raise ValueError("the answer is no JSON object")
    if not stream.rows:
        return [content]
    rows = content.get(stream.rows)
    if rows is None:
        return []
    if type(rows) is not list:
        raise ValueError(f"{stream.rows} is no list")
    return rows


def canonical(row: Any) -> bytes:
    """The same bytes for the same row, in whichever order Zoom sends its fields."""
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, or a Decimal
        return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def parse_exactly(body: bytes) -> Any:
    """The JSON of a body, its fractions as Decimals and its integers whole."""
    return json.loads(body.decode("utf-8", "surrogatepass"), parse_float=Decimal)


def is_clean(body: bytes) -> bool:
    """Whether a body can hold neither a NUL, which JSON has to escape, nor half a surrogate pair, escaped or not."""
    return not any(sign in body for sign in (b"\\u0000", b"\\ud", b"\\uD", b"\xed"))


def cleaned(value: Any) -> Any:
    """Without NUL, and with U+FFFD for each half of a surrogate pair: databases refuse both."""
    if type(value) is str:
        return value.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is list:
        return [cleaned(part) for part in value]
    if type(value) is dict:
        return {cleaned(name): cleaned(part) for name, part in value.items()}
    return value
