"""Record builders: make records from a page's rows, by the schema of the stream.

Values are coerced to the schema (see `coercion`). The tap adds columns, and numbers rows that share a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from tap_zoom.discover import UNKNOWN_FIELDS
from tap_zoom.streams.model import NEXT_PAGE, Stream
from tap_zoom.streams.secrets import names_held_back
from tap_zoom.sync.coercion import NeedsExactNumbers, Record, Shapes
from tap_zoom.sync.context import as_text
from tap_zoom.sync.rows import canonical, content_of, lists_of, token_of

Patch = Callable[[list[Any]], list[Any]]


@dataclass(slots=True)
class BuiltRow:
    """A row as Zoom sent it, its record, and the columns that the tap adds for its list."""

    row: Any
    record: Record
    columns: Mapping[str, Any]


@dataclass(slots=True)
class Sequence:
    """Numbers the rows of one list that share a key, from 0, in the order of arrival.

    `pending`: rows that share their key with the last row of a page, if rows are sorted before they are numbered.
    """

    pending: list[BuiltRow] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)  # hashes: a list may have hundreds of thousands of rows
    _repeated: Counter[int] = field(default_factory=Counter)

    def number(self, keys: Iterable[tuple[object, ...]]) -> Iterator[int]:
        """Yield the number of each row of a page. `keys`: the keys that rows may share."""
        for key in map(hash, keys):
            if key in self._seen:
                self._repeated[key] += 1
                yield self._repeated[key]
            else:
                self._seen.add(key)
                yield 0


class RecordBuilder:
    """Makes records from the rows of one stream: its selected fields, the columns added by the tap, its key.

    `schema`: the selected fields; `full_schema`: all fields; `shapes`: counts misfits and unknown fields; `bookmark`:
    the bookmark properties if the stream is synced incrementally.
    """

    def __init__(
        self, stream: Stream, schema: Mapping[str, Any], full_schema: Mapping[str, Any],
        bookmark: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.stream = stream
        self.schema = schema
        self.bookmark = bookmark
        self.shapes = Shapes(names_held_back(stream.name))
        self._named: Counter[str] = Counter()  # how many fields of each counter were named
        self._keeps_unknown = UNKNOWN_FIELDS in schema["properties"]
        self._adds = tuple(name for name in stream.context_columns if name in schema["properties"])
        # Known fields that aren't Zoom's columns: defaults for a missing key, ids that a row repeats, its page token.
        others = (*filter(None, stream.key_defaults.values()), *stream.repeated_ids)
        others += (NEXT_PAGE,) if stream.row_spans_pages else ()
        known = {name: {} for name in others} | _zooms_fields(stream, full_schema)
        self._shape = self.shapes.of_row(_zooms_fields(stream, schema), known)
        self._made = {name: make for name, make in stream.computed.items() if name in self._adds}
        self._empty = dict.fromkeys(name for name in self._adds if name not in stream.computed and name != "sequence")
        self._key = tuple(name for name in stream.key if name != "sequence")
        # Zoom guarantees no order within a page, so rows are sorted before they are numbered.
        self._sorted = "sequence" in stream.key and (not stream.page_size or stream.date_range is not None)
        self._shared = self._key if "sequence" in stream.key else ()

    def new_misfits(self) -> list[str]:
        """Return fields with their first misfit since the last call."""
        return self._new("misfits")

    def new_unknown(self) -> Iterator[str]:
        """Yield messages about fields that were unknown for the first time since the last call."""
        if fields := ", ".join(self._new("unknown")):
            if self._keeps_unknown:
                yield f"kept in {UNKNOWN_FIELDS}: {fields}"
            else:
                yield f"left out: {fields}; set keep_unknown_fields to keep them"
        if fields := ", ".join(self._new("unknown_inside")):
            yield f"left out inside other fields: {fields}"
        if fields := ", ".join(self._new("withheld")):
            yield f"left out as secrets: {fields}"

    def _new(self, kind: str) -> list[str]:
        counted, named = getattr(self.shapes, kind), self._named[kind]
        self._named[kind] = len(counted)
        return sorted(list(counted)[named:])

    def records(
        self, body: bytes, ids: Mapping[str, Any], sequence: Sequence, patch: Patch | None = None
    ) -> tuple[list[Record], int, Record]:
        """Return the records in a page, the number of rows without a complete key, and the answer itself.

        `sequence` covers all pages of a list; `patch` changes the rows first. Raises ValueError for an answer that
        doesn't match Zoom's documentation, RecursionError if it is nested too deep.
        """
        content = content_of(body)
        shapes = self.shapes
        counted = [counter.copy() for counter in shapes.counters]
        try:
            shapes.exact = False
            built = self._build(content, patch)
        except NeedsExactNumbers:
            shapes.misfits, shapes.unknown, shapes.unknown_inside, shapes.withheld = counted
            shapes.exact = True
            content = content_of(body, exact=True)
            built = self._build(content, patch)
        has_next = bool(self.stream.page_size and token_of(self.stream, content))
        return *self._finish(built, ids, sequence, has_next), content

    def rest(self, sequence: Sequence) -> list[Record]:
        """Return the records that wait for another page, after the last one."""
        pending, sequence.pending = sequence.pending, []
        return self._numbered(pending, sequence)

    def record(self, row: Record, ids: Mapping[str, Any]) -> tuple[list[Record], int]:
        """Return the record of one row in a list, and 1 if its key is incomplete. The row must be parsed exactly."""
        self.shapes.exact = True
        return self._finish([BuiltRow(row, self._shape(row) or {}, {})], ids, Sequence(), has_next=False)

    def _finish(
        self, built: list[BuiltRow], ids: Mapping[str, Any], sequence: Sequence, has_next: bool
    ) -> tuple[list[Record], int]:
        """Return the records with added columns, and the number of rows without a complete key. `has_next`: another
        page follows."""
        same = {name: ids[name] for name in self._adds if name in ids}
        for each in built:
            self._add_columns(each, same)
        keyed = [each for each in built if self._has_key(each.record)]
        return self._numbered(self._without_pending(keyed, sequence, has_next), sequence), len(built) - len(keyed)

    def _without_pending(self, built: list[BuiltRow], sequence: Sequence, has_next: bool) -> list[BuiltRow]:
        """Add the pending rows of the last page, and keep back rows that may share their key with the next page."""
        built = sequence.pending + built
        sequence.pending = []
        if self.stream.row_spans_pages:
            if built:  # the lists of each page continue those of the page before
                built = [replace(built[0], record=reduce(_united, (each.record for each in built)))]
            sequence.pending = built if has_next else []
            return [] if has_next else built
        if not has_next or not self._sorted:
            return built
        last = {str(each.columns): self._shared_key(each) for each in built}
        sequence.pending = [each for each in built if self._shared_key(each) == last[str(each.columns)]]
        return [each for each in built if self._shared_key(each) != last[str(each.columns)]]

    def _numbered(self, built: list[BuiltRow], sequence: Sequence) -> list[Record]:
        if self._sorted:
            built = sorted(built, key=lambda each: canonical(each.row))
        if self._shared:
            for each, number in zip(built, sequence.number(map(self._shared_key, built)), strict=True):
                each.record["sequence"] = number
        return [each.record for each in built]

    def _shared_key(self, built: BuiltRow) -> tuple[object, ...]:
        return tuple(map(built.record.get, self._shared))

    def _build(self, content: Any, patch: Patch | None) -> list[BuiltRow]:
        built: list[BuiltRow] = []
        for part in lists_of(self.stream, content):
            for row in part.rows if patch is None else patch(part.rows):
                full_row = {**part.copied, **row} if part.copied and type(row) is dict else row
                built.append(BuiltRow(row, self._shape(full_row) or {}, part.columns))
        return built

    def _add_columns(self, built: BuiltRow, same: Mapping[str, Any]) -> None:
        """Add columns to a record. `same`: the columns that are the same for each row of the answer."""
        row, record = built.row, built.record
        record.update(self._empty)
        record.update(same)
        record.update(built.columns)
        if type(row) is not dict:
            return
        for name, make in self._made.items():
            record[name] = make(row)
        for name, other in self.stream.key_defaults.items():
            if record.get(name) in (None, ""):
                record[name] = as_text(row.get(other)) if other else ""

    def _has_key(self, record: Record) -> bool:
        for name in self._key:
            value = record.get(name)
            if value is None or (value == "" and self.stream.key_defaults.get(name) != ""):
                return False
        return True


def _united(one: Any, other: Any) -> Any:
    """Concatenate lists at any depth of objects. For other values, return the first that isn't empty."""
    if type(one) is list and type(other) is list:
        return one + other
    if type(one) is dict and type(other) is dict:
        return {**one, **{name: _united(one.get(name), value) for name, value in other.items()}}
    return other if one is None or one == "" else one


def _zooms_fields(stream: Stream, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that come from Zoom."""
    return {name: part for name, part in schema["properties"].items() if name not in stream.context_columns}
