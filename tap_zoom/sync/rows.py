"""The rows in an answer, before anything is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from tap_zoom.api.http import parse
from tap_zoom.streams.model import Ids, Stream


@dataclass(slots=True)
class Rows:
    """One list of rows. `beside`: what stands beside or around it in the answer and belongs to each row; `columns`: of
    ours, that say which list it is."""

    rows: list[Any]
    beside: dict[str, Any]
    columns: Ids = field(default_factory=dict)


def lists_of(stream: Stream, content: Any) -> list[Rows]:
    """The lists of rows in an answer. Zoom writes null, or nothing, for an empty list. Raises ValueError for anything
    else."""
    if type(content) is not dict:
        raise ValueError("the answer is no JSON object")
    if stream.record_lists:
        beside = _beside(stream, content)
        return [Rows(_list(content.get(name), name), beside, columns) for name, columns in stream.record_lists.items()]
    if not stream.records:
        return [Rows([content], {})]
    return list(_inside(stream, content, stream.records.split("."), {}))


def rows_of(stream: Stream, content: Any) -> list[Any]:
    """The rows of an answer, whichever list they stand in. Raises ValueError as lists_of does."""
    return [row for part in lists_of(stream, content) for row in part.rows]


def token_of(stream: Stream, content: Any) -> Any:
    """The token of the next page, which stands beside the list of rows, or at the top; None where there is none."""
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
    """The lists under a path of names; in the way there may be lists as well."""
    if type(value) is not dict:
        raise ValueError(f"what holds {names[0]} is no JSON object")
    beside = {**above, **_beside(stream, value)}
    name, *rest = names
    parts = [value.get(each) for each in name.split("|")]
    part = next((part for part in parts if part), parts[0])
    if not rest:
        yield Rows(_list(part, name), beside)
    elif part is not None:
        for each in part if type(part) is list else [part]:
            yield from _inside(stream, each, rest, beside)


def _beside(stream: Stream, value: dict[str, Any]) -> dict[str, Any]:
    return {name: value[name] for name in stream.copied if name in value}


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if type(value) is not list:
        raise ValueError(f"{name} is no list")
    return value


def canonical(row: Any) -> bytes:
    """The same bytes for the same row, in whichever order Zoom sends its fields."""
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, or a Decimal
        return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=float).encode()


def digest_of(rows: list[Any]) -> int:
    """A number that stands for the rows of a page, whatever the order of their fields."""
    return hash(canonical(rows))


def text_of(body: bytes) -> str:
    """The text in a file, without NUL, which databases refuse. Raises ValueError for anything else."""
    if body.lstrip()[:1] in (b"<", b"{"):
        raise ValueError("HTML or JSON came in place of the text")
    try:
        return body.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise ValueError("the text is broken: it is no UTF-8") from None


def content_of(body: bytes, exact: bool = False) -> Any:
    """The JSON of a body, without what databases refuse (see `cleaned`). `exact`: its fractions are Decimals, and its
    integers whole. Raises ValueError for what is none, RecursionError for what is nested too deep."""
    try:
        content = orjson.loads(body)  # it refuses half a surrogate pair
        is_clean = b"\\u0000" not in body
    except ValueError:
        content, is_clean = parse(body), False
    if exact:
        content = json.loads(body.decode("utf-8", "surrogatepass"), parse_float=Decimal)
    return content if is_clean else cleaned(content)


def cleaned(value: Any) -> Any:
    """Without NUL, and with U+FFFD for each half of a surrogate pair: databases refuse both."""
    if type(value) is str:
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is list:
        return [cleaned(part) for part in value]
    if type(value) is dict:
        return {cleaned(name): cleaned(part) for name, part in value.items()}
    return value
