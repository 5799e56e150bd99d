"""A page's rows shaped to their stream's schema, by a plan that is compiled once per stream.

A value comes out as Zoom sent it. It is changed only as far as its declared type demands, and where it can't be made
to fit without guessing it goes out as null and is counted.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from tap_zoom.discover import UNKNOWN_FIELDS
from tap_zoom.streams.model import Stream
from tap_zoom.times import parse_time
from tap_zoom.zoom.http import parse

Record = dict[str, Any]
Shape = Callable[[Any], Any]
Patch = Callable[[list[Any]], list[Any]]
Unknown = Callable[[Record, str, Any], None]  # what to do about a field of a record that the schema lacks

_INTEGER = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?", re.ASCII)
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
PYTHON_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}
LEAST_ROUNDED = 2.0**63  # orjson reads larger integers as floats


class NeedsExactNumbers(Exception):
    """A float where none belongs: orjson may have rounded a large integer, so the page is parsed again by json."""


class Sequence:
    """Numbers, from 0, the rows of one list that share a key, in arrival order.

    Between pages it keeps 64 bits of each key and nothing else: a list may have tens of thousands of rows, and hundreds
    of lists are under way.
    """

    __slots__ = ("_repeated", "_seen")

    def __init__(self) -> None:
        self._seen = array("q")
        self._repeated: dict[int, int] = {}

    def number(self, keys: Iterable[tuple[object, ...]]) -> Iterator[int]:
        """The number of each row of a page, given what it shares with others."""
        seen = set(self._seen)
        for key in keys:
            short = hash(key)
            if short in seen:
                self._repeated[short] = self._repeated.get(short, 0) + 1
                yield self._repeated[short]
            else:
                seen.add(short)
                self._seen.append(short)
                yield 0


class Plan:
    """How the rows of one stream become records: its selected fields, its own columns, its key.

    `misfits` counts values that went out as null; `unknown` fields that Zoom sent and the schema lacks, and
    `unknown_inside` those inside known objects; all by field. `schema` holds the selected fields, `whole` all of them.
    With a column for unknown fields in `schema`, they are kept there; those inside known objects are left out.
    """

    def __init__(self, stream: Stream, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        self.stream = stream
        self.schema = schema
        self.misfits: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.unknown_inside: Counter[str] = Counter()
        self._named_misfits: set[str] = set()
        self._named_unknown: set[str] = set()
        self._named_inside: set[str] = set()
        self._exact = False
        self._keeps_unknown = UNKNOWN_FIELDS in schema["properties"]
        ours = {*stream.adds, UNKNOWN_FIELDS}
        self._adds = tuple(name for name in stream.adds if name in schema["properties"])
        self._shape = self._object(
            {name: part for name, part in schema["properties"].items() if name not in ours},
            {name: part for name, part in whole["properties"].items() if name not in ours},
            "",
            self._keep if self._keeps_unknown else self._leave_out,
        )
        self._sorted = "sequence" in stream.key and not stream.page
        self._shared = tuple(name for name in stream.key if name != "sequence") if "sequence" in stream.key else ()

    def new_misfits(self) -> list[str]:
        """Fields that had their first misfit since the last call."""
        return self._new(self.misfits, self._named_misfits)

    def new_unknown(self) -> Iterator[str]:
        """What became of the fields that were unknown for the first time since the last call, in words."""
        if fields := ", ".join(self._new(self.unknown, self._named_unknown)):
            if self._keeps_unknown:
                yield f"kept in {UNKNOWN_FIELDS}: {fields}"
            else:
                yield f"left out: {fields}; set keep_unknown_fields to keep them"
        if fields := ", ".join(self._new(self.unknown_inside, self._named_inside)):
            yield f"left out inside of other fields: {fields}"

    def _new(self, counted: Counter[str], named: set[str]) -> list[str]:
        if len(counted) == len(named):
            return []
        new = sorted(counted.keys() - named)
        named.update(new)
        return new

    def records(
        self, body: bytes, ids: Mapping[str, Any], sequence: Sequence, patch: Patch | None = None
    ) -> tuple[list[Record], int, Record]:
        """The records in a page, the number of rows whose key can't be made, and the answer itself.

        `sequence` goes on over all pages of a list; `patch` changes the rows first. Raises ValueError for an answer
        that is not as documented.
        """
        try:
            return self._records(body, ids, sequence, patch)
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error

    def _records(
        self, body: bytes, ids: Mapping[str, Any], sequence: Sequence, patch: Patch | None
    ) -> tuple[list[Record], int, Record]:
        content = parse(body)
        clean = is_clean(body)
        counted = self.misfits.copy(), self.unknown.copy(), self.unknown_inside.copy()
        try:
            self._exact = False
            shaped = self._shaped(content, clean, patch)
        except NeedsExactNumbers:
            self.misfits, self.unknown, self.unknown_inside = counted
            self._exact = True
            content = parse_exactly(body)
            shaped = self._shaped(content, clean, patch)
        return *self._finished(shaped, ids, sequence), content

    def record(self, row: Record, ids: Mapping[str, Any]) -> tuple[list[Record], int]:
        """The record of one row of an answer that was parsed exactly, in a list; and 1 if its key can't be made."""
        self._exact = True
        try:
            row = cleaned(row)
            return self._finished([(row, self._shape(row) or {})], ids, Sequence())
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error

    def _finished(
        self, shaped: list[tuple[Any, Record]], ids: Mapping[str, Any], sequence: Sequence
    ) -> tuple[list[Record], int]:
        """The records with our columns, and how many are missing for want of a key."""
        for row, record in shaped:
            self._add_columns(record, row, ids)
        if self._shared:
            keys = (tuple([record.get(name) for name in self._shared]) for _, record in shaped)
            for (_, record), number in zip(shaped, sequence.number(keys), strict=True):
                record["sequence"] = number
        records = [record for _, record in shaped if self._has_key(record)]
        return records, len(shaped) - len(records)

    def _shaped(self, content: Any, clean: bool, patch: Patch | None) -> list[tuple[Any, Record]]:
        """Each row with what the schema makes of it."""
        rows = rows_of(self.stream, content)
        envelope = {name: content[name] for name in self.stream.beside if name in content}
        if patch is not None:
            rows = patch(rows)
        if not clean:
            rows, envelope = cleaned(rows), cleaned(envelope)
        if self._sorted:
            rows = sorted(rows, key=canonical)  # Zoom promises no order
        if envelope:
            return [(row, self._shape({**envelope, **row} if type(row) is dict else row) or {}) for row in rows]
        return [(row, self._shape(row) or {}) for row in rows]

    def _add_columns(self, record: Record, row: Any, ids: Mapping[str, Any]) -> None:
        for name in self._adds:
            if name in ids:
                record[name] = ids[name]
            elif name in self.stream.made and type(row) is dict:
                record[name] = self.stream.made[name](row)

    def _has_key(self, record: Record) -> bool:
        return all(record.get(name) not in (None, "") for name in self.stream.key)

    # --- the shapes: each takes a value and gives the value that goes out ------------------------------------

    def _of(self, schema: Mapping[str, Any], whole: Mapping[str, Any], path: str) -> Shape:
        kind = _kind(schema)
        if kind == "object" and "properties" in schema:
            return self._object(schema["properties"], whole["properties"], path)
        if kind == "array" and "items" in schema:
            return self._array(self._of(schema["items"], whole["items"], path), path)
        if kind == "string":
            return self._string(path)
        if kind == "date-time":
            return self._time(path)
        if kind == "integer":
            return self._integer(path)
        if kind == "number":
            return self._number(path)
        if kind == "boolean":
            return self._boolean(path)
        return lambda value: self._as_sent(value, path)

    def _object(
        self, selected: Mapping[str, Any], whole: Mapping[str, Any], path: str, unknown: Unknown | None = None
    ) -> Shape:
        def below(name: str) -> str:
            return f"{path}.{name}" if path else name

        # A value that is of its field's own type already is not worth a call: most are.
        fields = {
            name: (PYTHON_TYPES.get(_kind(part)), self._of(part, whole[name], below(name)))
            for name, part in selected.items()
        }
        known = frozenset(whole)
        unknown = unknown or self._leave_out_of(path)
        get = fields.get
        misfit = self._misfit(path)

        def shape(value: Any) -> Any:
            if type(value) is not dict:
                return misfit(value)
            record = {}
            for name, part in value.items():
                field = get(name)
                if field is not None:
                    record[name] = part if type(part) is field[0] else field[1](part)
                elif name not in known:
                    unknown(record, name, part)
            return record

        return shape

    def _leave_out(self, record: Record, name: str, value: Any) -> None:
        self.unknown[name] += 1

    def _keep(self, record: Record, name: str, value: Any) -> None:
        self.unknown[name] += 1
        record.setdefault(UNKNOWN_FIELDS, {})[name] = self._as_sent(value, f"{UNKNOWN_FIELDS}.{name}")

    def _leave_out_of(self, path: str) -> Unknown:
        def leave_out(record: Record, name: str, value: Any) -> None:
            self.unknown_inside[f"{path}.{name}"] += 1

        return leave_out

    def _array(self, item: Shape, path: str) -> Shape:
        misfit = self._misfit(path)

        def shape(value: Any) -> Any:
            return [item(part) for part in value] if type(value) is list else misfit(value)

        return shape

    def _string(self, path: str) -> Shape:
        misfit = self._misfit(path)

        def shape(value: Any) -> Any:
            kind = type(value)
            if kind is str or value is None:
                return value
            if kind is bool:
                return "true" if value else "false"
            if kind is int or kind is Decimal:
                return str(value)
            if kind is float:
                return self._inexact(value, misfit)
            return misfit(value)

        return shape

    def _time(self, path: str) -> Shape:
        misfit = self._misfit(path)
        is_utc = _UTC_TIME.fullmatch

        def shape(value: Any) -> Any:
            if type(value) is str:
                if is_utc(value):
                    try:
                        datetime.fromisoformat(value[:19])
                        return value
                    except ValueError:
                        return misfit(value)
                if value:
                    moment = parse_time(value)
                    if moment is not None:
                        return _rfc3339(moment, value)
            return misfit(value)

        return shape

    def _integer(self, path: str) -> Shape:
        misfit = self._misfit(path)

        def shape(value: Any) -> Any:
            kind = type(value)
            if kind is int:
                return value
            if kind is str and _INTEGER.fullmatch(value) and len(value) < 4300:  # Python converts no more digits
                return int(value)
            if kind is float:
                return self._inexact(value, misfit)
            if kind is Decimal and value.is_finite() and value.adjusted() < 4300 and value == value.to_integral_value():
                return int(value)
            return misfit(value)

        return shape

    def _number(self, path: str) -> Shape:
        misfit = self._misfit(path)

        def shape(value: Any) -> Any:
            kind = type(value)
            if kind is int:
                return value
            number = None
            if kind is float or kind is Decimal:
                number = self._finite(value)
            elif kind is str and _INTEGER.fullmatch(value) and len(value) < 4300:
                number = int(value)
            elif kind is str and _NUMBER.fullmatch(value) and Decimal(repr(float(value))) == Decimal(value):
                number = float(value)
            return misfit(value) if number is None else number

        return shape

    def _boolean(self, path: str) -> Shape:
        misfit = self._misfit(path)
        spelled = {"true": True, "false": False, 0: False, 1: True}

        def shape(value: Any) -> Any:
            if type(value) is bool:
                return value
            if type(value) in (int, str) and value in spelled:
                return spelled[value]
            return misfit(value)

        return shape

    def _as_sent(self, value: Any, path: str) -> Any:
        """A value without a declared type, with null for a number that JSON can't hold."""
        kind = type(value)
        if kind is dict:
            return {name: self._as_sent(part, path) for name, part in value.items()}
        if kind is list:
            return [self._as_sent(part, path) for part in value]
        if kind is not float and kind is not Decimal:
            return value
        number = self._finite(value)
        if number is None:
            self.misfits[path] += 1
        return number

    def _finite(self, value: float | Decimal) -> float | None:
        """A number that is not declared an integer; None for one that JSON can't hold."""
        if type(value) is float and LEAST_ROUNDED <= abs(value) < math.inf:
            raise NeedsExactNumbers
        number = float(value)
        return number if math.isfinite(number) else None

    def _inexact(self, value: float, misfit: Shape) -> Any:
        """A float from json is as good as it gets (NaN); one from orjson may be a rounded integer."""
        if self._exact:
            return misfit(value)
        raise NeedsExactNumbers

    def _misfit(self, path: str) -> Shape:
        """Null for what does not fit: null itself and "" as a matter of course, anything else is counted."""

        def shape(value: Any) -> None:
            if value is not None and value != "":
                self.misfits[path] += 1

        return shape


def _kind(schema: Mapping[str, Any]) -> str:
    """The one type of a schema beside null; of times another name than of other strings."""
    types = schema.get("type", ())
    kind = next((each for each in ([types] if isinstance(types, str) else types) if each != "null"), "")
    return schema.get("format", kind) if kind == "string" else kind


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


def _rfc3339(moment: datetime, text: str) -> str:
    """In UTC, with as much of a fraction as Zoom sent, up to six digits."""
    fraction = re.search(r"\.(\d{1,6})", text)
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + (f".{fraction[1]}Z" if fraction else "Z")
