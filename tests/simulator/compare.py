"""Compare emitted records with the expected ones."""

from __future__ import annotations

import json
from typing import Any

from .wire import orjson

Row = dict[str, Any]
_EXAMPLES = 5
_COUNTS = (
    "missing",
    "extra",
    "duplicated",
    "key_collisions",
    "null_keys",
    "fields_lost",
    "fields_added",
    "fields_changed",
)


def compare(expected: dict[str, list[Row]], emitted: dict[str, list[Row]]) -> dict[str, Any]:
    """Return the number of differences of each kind, and `examples`.

    missing, extra: records, by key; duplicated: a record that was emitted before; key_collisions: a different record
    with a key that was emitted before; null_keys: a key field without a value; fields_lost, fields_added,
    fields_changed: fields that differ from the expected record. Streams that `emitted` lacks count as empty.
    """
    return _Comparison(expected, emitted).result()


class _Comparison:
    def __init__(self, expected: dict[str, list[Row]], emitted: dict[str, list[Row]]) -> None:
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.examples: dict[str, list[str]] = {}
        for stream in {**expected, **emitted}:
            self._stream(stream, expected.get(stream, []), emitted.get(stream, []))

    def result(self) -> dict[str, Any]:
        return {**self.counts, "examples": self.examples}

    def _note(self, count: str, stream: str, *what: object) -> None:
        self.counts[count] += 1
        examples = self.examples.setdefault(count, [])
        if len(examples) < _EXAMPLES:
            examples.append(f"{stream} " + " ".join(map(str, what)))

    def _stream(self, stream: str, expected: list[Row], emitted: list[Row]) -> None:
        from . import further, truth

        names = truth.KEYS.get(stream) or further.KEYS.get(stream)
        if names is None:
            for _ in emitted:
                self._note("extra", stream, "(no such stream)")
            return
        known = further.STREAMS.get(stream)
        empty = dict.fromkeys(known.may_lack if known else (), "")
        right = {_key(row, names): row for row in expected}
        if len(right) != len(expected):
            raise AssertionError(f"the truth of {stream} has a key twice")
        seen: dict[str, Row] = {}
        for row in emitted:
            if any(row.get(name) in (None, "") and row.get(name) != empty.get(name) for name in names):
                self._note("null_keys", stream, {name: row.get(name) for name in names})
                continue
            key = _key(row, names)
            if key in seen:
                same = _text(seen[key]) == _text(row)
                self._note("duplicated" if same else "key_collisions", stream, key)
                continue
            seen[key] = row
            if key in right:
                self._fields(stream, key, right[key], row)
            else:
                self._note("extra", stream, key)
        for key in right.keys() - seen.keys():
            self._note("missing", stream, key)

    def _fields(self, stream: str, key: str, right: Row, row: Row) -> None:
        if _text(right) == _text(row):
            return
        for name in right.keys() - row.keys():
            self._note("fields_lost", stream, key, name)
        for name in row.keys() - right.keys():
            self._note("fields_added", stream, key, name)
        for name in right.keys() & row.keys():
            # As text, because 1 == True == 1.0 in Python.
            if right[name] != row[name] or _text(right[name]) != _text(row[name]):
                was, should = repr(row[name]), repr(right[name])
                self._note("fields_changed", stream, key, name, was, "instead of", should)


def _key(row: Row, names: tuple[str, ...]) -> str:
    return _text([row.get(name) for name in names])


def _text(value: Any) -> str:
    """Return the canonical JSON of a value. json converts values that orjson refuses (integers beyond 64 bits)."""
    if orjson is not None:
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:
            pass
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
