"""A page's rows shaped to their stream's schema, by a plan that is compiled once per stream.

A value comes out as Zoom sent it. It is changed only as far as its declared type demands, and where it can't be made
to fit without guessing it goes out as null and is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from tap_zoom.discover import UNKNOWN_FIELDS
from tap_zoom.streams.model import NEXT_PAGE, Stream
from tap_zoom.streams.secrets import names_held_back
from tap_zoom.sync.coercion import NeedsExactNumbers, Record, Shapes
from tap_zoom.sync.rows import canonical, content_of, lists_of, token_of

Patch = Callable[[list[Any]], list[Any]]


@dataclass(slots=True)
class Shaped:
    """A row as it was sent, what the schema makes of it, and columns of ours that go with its list."""

    row: Any
    record: Record
    columns: Mapping[str, Any]


class Sequence:
    """Numbers, from 0, the rows of one list that share a key, in arrival order.

    `held`: rows that share their key with the last one of a page, where order is not that of arrival.
    """

    __slots__ = ("_repeated", "_seen", "held")

    def __init__(self) -> None:
        self._seen: set[int] = set()  # hashes: a list may have hundreds of thousands of rows
        self._repeated: dict[int, int] = {}
        self.held: list[Shaped] = []

    def number(self, keys: Iterable[tuple[object, ...]]) -> Iterator[int]:
        """The number of each row of a page, given the key that it may share with others."""
        for key in map(hash, keys):
            if key in self._seen:
                self._repeated[key] = self._repeated.get(key, 0) + 1
                yield self._repeated[key]
            else:
                self._seen.add(key)
                yield 0


class RecordBuilder:
    """How the rows of one stream become records: its selected fields, its own columns, its key.

    `schema` holds the selected fields, `whole` all of them; `shapes` counts what did not fit, and what was unknown;
    `bookmark`: the column that its bookmark is about, where it is read from there on.
    """

    def __init__(
        self, stream: Stream, schema: Mapping[str, Any], whole: Mapping[str, Any], bookmark: list[str] | None = None
    ) -> None:
        self.stream = stream
        self.schema = schema
        self.bookmark = bookmark
        self.shapes = Shapes(names_held_back(stream.name))
        self._named_misfits: set[str] = set()
        self._named_unknown: set[str] = set()
        self._named_inside: set[str] = set()
        self._named_withheld: set[str] = set()
        self._keeps_unknown = UNKNOWN_FIELDS in schema["properties"]
        self._adds = tuple(name for name in stream.context_columns if name in schema["properties"])
        # Known, but no columns of Zoom's: what stands in for a missing key, ids that a row repeats, its page token.
        others = (*filter(None, stream.key_defaults.values()), *stream.context_columns)
        others += (NEXT_PAGE,) if stream.row_spans_pages else ()
        known = {name: {} for name in others} | _sent(stream, whole)
        self._shape = self.shapes.of_row(_sent(stream, schema), known)
        self._made = {name: make for name, make in stream.computed.items() if name in self._adds}
        self._empty = dict.fromkeys(name for name in self._adds if name not in stream.computed and name != "sequence")
        self._key = tuple(name for name in stream.key if name != "sequence")
        # Zoom promises no order but that of pages: what is numbered is put in order, as far as it comes together.
        self._sorted = "sequence" in stream.key and (not stream.page_size or stream.date_range is not None)
        self._shared = tuple(name for name in stream.key if name != "sequence") if "sequence" in stream.key else ()

    def new_misfits(self) -> list[str]:
        """Fields that had their first misfit since the last call."""
        return self._new(self.shapes.misfits, self._named_misfits)

    def new_unknown(self) -> Iterator[str]:
        """What became of the fields that were unknown for the first time since the last call, in words."""
        if fields := ", ".join(self._new(self.shapes.unknown, self._named_unknown)):
            if self._keeps_unknown:
                yield f"kept in {UNKNOWN_FIELDS}: {fields}"
            else:
                yield f"left out: {fields}; set keep_unknown_fields to keep them"
        if fields := ", ".join(self._new(self.shapes.unknown_inside, self._named_inside)):
            yield f"left out inside of other fields: {fields}"
        if fields := ", ".join(self._new(self.shapes.withheld, self._named_withheld)):
            yield f"left out, since they are secrets: {fields}"

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
        that is not as documented, RecursionError for one that is nested too deep.
        """
        content = content_of(body)
        shapes = self.shapes
        counted = [counter.copy() for counter in shapes.counters]
        try:
            shapes.exact = False
            shaped = self._shaped(content, patch)
        except NeedsExactNumbers:
            shapes.misfits, shapes.unknown, shapes.unknown_inside, shapes.withheld = counted
            shapes.exact = True
            content = content_of(body, exact=True)
            shaped = self._shaped(content, patch)
        goes_on = bool(self.stream.page_size and token_of(self.stream, content))
        return *self._finished(shaped, ids, sequence, goes_on), content

    def rest(self, sequence: Sequence) -> list[Record]:
        """The records that wait for a page which does not come."""
        held, sequence.held = sequence.held, []
        return self._numbered(held, sequence)

    def record(self, row: Record, ids: Mapping[str, Any]) -> tuple[list[Record], int]:
        """The record of one row of an answer that was parsed exactly, in a list; and 1 if its key can't be made."""
        self.shapes.exact = True
        return self._finished([Shaped(row, self._shape(row) or {}, {})], ids, Sequence(), goes_on=False)

    def _finished(
        self, shaped: list[Shaped], ids: Mapping[str, Any], sequence: Sequence, goes_on: bool
    ) -> tuple[list[Record], int]:
        """The records with our columns, and how many are missing for want of a key. `goes_on`: a page follows."""
        same = {name: ids[name] for name in self._adds if name in ids}
        for each in shaped:
            self._add_columns(each, same)
        whole = [each for each in shaped if self._has_key(each.record)]
        return self._numbered(self._held_back(whole, sequence, goes_on), sequence), len(shaped) - len(whole)

    def _held_back(self, shaped: list[Shaped], sequence: Sequence, goes_on: bool) -> list[Shaped]:
        """Without the rows that may share their key with some of the next page, and with those of the last."""
        shaped = sequence.held + shaped
        sequence.held = []
        if self.stream.row_spans_pages:
            shaped = [reduce(_continued, shaped)] if shaped else []
            sequence.held = shaped if goes_on else []
            return [] if goes_on else shaped
        if not goes_on or not self._sorted:
            return shaped
        last = {str(each.columns): self._shared_key(each) for each in shaped}
        sequence.held = [each for each in shaped if self._shared_key(each) == last[str(each.columns)]]
        return [each for each in shaped if self._shared_key(each) != last[str(each.columns)]]

    def _numbered(self, shaped: list[Shaped], sequence: Sequence) -> list[Record]:
        if self._sorted:
            shaped = sorted(shaped, key=lambda each: canonical(each.row))
        if self._shared:
            for each, number in zip(shaped, sequence.number(map(self._shared_key, shaped)), strict=True):
                each.record["sequence"] = number
        return [each.record for each in shaped]

    def _shared_key(self, shaped: Shaped) -> tuple[object, ...]:
        return tuple(map(shaped.record.get, self._shared))

    def _shaped(self, content: Any, patch: Patch | None) -> list[Shaped]:
        shaped: list[Shaped] = []
        for part in lists_of(self.stream, content):
            for row in part.rows if patch is None else patch(part.rows):
                whole = {**part.beside, **row} if part.beside and type(row) is dict else row
                shaped.append(Shaped(row, self._shape(whole) or {}, part.columns))
        return shaped

    def _add_columns(self, shaped: Shaped, same: Mapping[str, Any]) -> None:
        """`same`: those that are the same for each row of the answer."""
        row, record = shaped.row, shaped.record
        record.update(self._empty)
        record.update(same)
        record.update(shaped.columns)
        if type(row) is not dict:
            return
        for name, make in self._made.items():
            record[name] = make(row)
        for name, other in self.stream.key_defaults.items():
            if record.get(name) in (None, ""):
                value = row.get(other) if other else ""
                record[name] = None if value is None else str(value)

    def _has_key(self, record: Record) -> bool:
        for name in self._key:
            value = record.get(name)
            if value is None or (value == "" and self.stream.key_defaults.get(name) != ""):
                return False
        return True


def _continued(shaped: Shaped, next_page: Shaped) -> Shaped:
    """A row whose lists go on over pages, with those of the next page."""
    return Shaped(shaped.row, _united(shaped.record, next_page.record), shaped.columns)


def _united(one: Any, other: Any) -> Any:
    """Both lists one after the other, at any depth of objects; of anything else the first that has a value."""
    if type(one) is list and type(other) is list:
        return one + other
    if type(one) is dict and type(other) is dict:
        return {**one, **{name: _united(one.get(name), value) for name, value in other.items()}}
    return other if one is None or one == "" else one


def _sent(stream: Stream, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that come from Zoom."""
    return {name: part for name, part in schema["properties"].items() if name not in stream.context_columns}
