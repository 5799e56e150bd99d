"""The rows in an answer, as Zoom sent them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from tap_zoom.api.http import parse, parse_slowly
from tap_zoom.streams.model import Ids, Stream


@dataclass(slots=True)
class Rows:
    """One list of rows. `copied`: fields next to or around the list that belong to each row; `columns`: added by the
    tap to identify the list."""

    rows: list[Any]
    copied: dict[str, Any]
    columns: Ids = field(default_factory=dict)


def lists_of(stream: Stream, content: Any) -> list[Rows]:
    """Return the lists of rows in an answer. Zoom may omit an empty list or send null. Raises ValueError for anything
    else."""
    if type(content) is not dict:
        raise ValueError("the answer isn't a JSON object")
    if stream.record_lists:
        copied = _copied(stream, content)
        return [Rows(_list(content.get(name), name), copied, columns) for name, columns in stream.record_lists.items()]
    if not stream.records:
        return [Rows([content], {})]
    return list(_inside(stream, content, stream.records.split("."), {}))


def rows_of(stream: Stream, content: Any) -> list[Any]:
    """Return the rows of all lists in an answer. Raises ValueError like lists_of."""
    return [row for part in lists_of(stream, content) for row in part.rows]


def token_of(stream: Stream, content: Any) -> Any:
    """Return the token of the next page, next to the list of rows or at the top level; None if there is none."""
    if stream.last_page_empty and not rows_of(stream, content):
        return None
    tokens = [content.get("next_page_token")]
    for name in stream.records.split(".")[:-1]:
        content = content.get(name)
        if type(content) is not dict:
            break
        tokens.append(content.get("next_page_token"))
    return next((token for token in reversed(tokens) if token), None)


def _inside(stream: Stream, value: Any, names: list[str], above: dict[str, Any]) -> Iterator[Rows]:
    """Yield the lists under a path of names, which may lead through other lists."""
    if type(value) is not dict:
        raise ValueError(f"the parent of {names[0]} isn't a JSON object")
    copied = {**above, **_copied(stream, value)}
    name, *rest = names
    parts = [value.get(each) for each in name.split("|")]
    part = next((part for part in parts if part), parts[0])
    if not rest:
        yield Rows(_list(part, name), copied)
    elif part is not None:
        for each in part if type(part) is list else [part]:
            yield from _inside(stream, each, rest, copied)


def _copied(stream: Stream, value: dict[str, Any]) -> dict[str, Any]:
    return {name: value[name] for name in stream.copied if name in value}


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if type(value) is not list:
        raise ValueError(f"{name} isn't a list")
    return value


def canonical(row: Any) -> bytes:
    """Return the same bytes for the same row, whatever the order of its fields."""
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, or a Decimal
        return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=float).encode()


def text_of(body: bytes) -> str:
    """Return the text in a file, without NUL, which databases reject. Raises ValueError for anything else."""
    if body.lstrip()[:1] in (b"<", b"{"):
        raise ValueError("HTML or JSON instead of the text")
    try:
        return body.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise ValueError("the text isn't UTF-8") from None


def content_of(body: bytes, exact: bool = False) -> Any:
    """Parse the JSON of a body, without characters that databases reject (see `cleaned`). `exact`: fractions are
    Decimals, and integers aren't rounded. Raises ValueError, or RecursionError if it is nested too deep."""
    try:
        content = orjson.loads(body)  # refuses lone surrogates
        is_clean = b"\\u0000" not in body
    except ValueError:
        content, is_clean = parse(body), False
    if exact:
        try:
            content = parse_slowly(body, Decimal)
        except ArithmeticError:
            raise ValueError("a number is out of range") from None
    return content if is_clean else cleaned(content)


def cleaned(value: Any) -> Any:
    """Remove NUL, and replace lone surrogates by U+FFFD: databases reject both."""
    if type(value) is str:
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is list:
        return [cleaned(part) for part in value]
    if type(value) is dict:
        return {cleaned(name): cleaned(part) for name, part in value.items()}
    return value
