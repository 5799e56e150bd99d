"""Coercion of values to the schema: a function for each field, created once, that converts a value.

Values are emitted as Zoom sent them, and converted only if the declared type requires it. A value that can't be
converted without guessing is emitted as null and counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tap_zoom.discover import UNKNOWN_FIELDS
from tap_zoom.times import IN_UTC, parse_time

Record = dict[str, Any]
Shape = Callable[[Any], Any]
Unknown = Callable[[Record, str, Any], None]  # handles a field that the schema lacks

_INTEGER = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?", re.ASCII)
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
SCALARS = (str, int, float, bool, Decimal)  # Python types of JSON's texts, numbers and booleans
PYTHON_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}
LEAST_ROUNDED = 2.0**63  # orjson reads larger integers as floats


class NeedsExactNumbers(Exception):
    """A float in a field of another type. orjson may have rounded a large integer, so json parses the page again."""


class Shapes:
    """The conversions of one stream, and counts by field: `misfits`, values emitted as null; `unknown`, fields that the
    schema lacks; `unknown_inside`, the same inside known objects; `withheld`, secrets among the unknown fields.
    `exact`: the numbers were parsed without rounding. `secrets`: names of unknown fields that aren't kept.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self.misfits: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.unknown_inside: Counter[str] = Counter()
        self.withheld: Counter[str] = Counter()
        self.exact = False
        self._secrets = frozenset(secrets)

    @property
    def counters(self) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
        return self.misfits, self.unknown, self.unknown_inside, self.withheld

    def of_row(self, selected: Mapping[str, Any], full_schema: Mapping[str, Any]) -> Shape:
        """Return the conversion of a row. Fields of `full_schema` that aren't `selected` are left out. Unknown fields
        are kept if there is a column for them, except inside known objects."""
        keeps = UNKNOWN_FIELDS in selected
        fields = {name: part for name, part in selected.items() if name != UNKNOWN_FIELDS}
        return self.of_object(fields, full_schema, "", self._keep if keeps else self._leave_out)

    def _of(self, schema: Mapping[str, Any], full_schema: Mapping[str, Any], path: str) -> Shape:
        kind = _type_of(schema)
        if kind == "object" and "properties" in schema:
            return self.of_object(schema["properties"], full_schema["properties"], path)
        if kind == "array" and "items" in schema:
            return self._array(self._of(schema["items"], full_schema["items"], path), full_schema["items"], path)
        if kind in _SCALARS:
            return _SCALARS[kind](self, self._misfit(path))
        return lambda value: self._as_sent(value, path)

    def of_object(
        self, selected: Mapping[str, Any], full_schema: Mapping[str, Any], path: str, unknown: Unknown | None = None
    ) -> Shape:
        def below(name: str) -> str:
            return f"{path}.{name}" if path else name

        # Most values already have the type of their field, and need no function call.
        fields = {
            name: (PYTHON_TYPES.get(_type_of(part)), self._of(part, full_schema[name], below(name)))
            for name, part in selected.items()
        }
        known = frozenset(full_schema)
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
        if name in self._secrets:
            self.withheld[name] += 1
            return
        self.unknown[name] += 1
        kept = self._without_secrets(value, name)
        record.setdefault(UNKNOWN_FIELDS, {})[name] = self._as_sent(kept, f"{UNKNOWN_FIELDS}.{name}")

    def _without_secrets(self, value: Any, path: str) -> Any:
        """Return an unknown value without the secrets inside it."""
        if type(value) is list:
            return [self._without_secrets(part, path) for part in value]
        if type(value) is not dict:
            return value
        self.withheld.update(f"{path}.{name}" for name in value.keys() & self._secrets)
        return {
            name: self._without_secrets(part, f"{path}.{name}")
            for name, part in value.items()
            if name not in self._secrets
        }

    def _leave_out_of(self, path: str) -> Unknown:
        def leave_out(record: Record, name: str, value: Any) -> None:
            self.unknown_inside[f"{path}.{name}"] += 1

        return leave_out

    def _array(self, item: Shape, schema: Mapping[str, Any], path: str) -> Shape:
        """Return the conversion of a list of `schema`. A single value instead of a list is put into a list: a string,
        number or boolean, or an object with any of the declared fields."""
        misfit = self._misfit(path)
        is_scalar, fields = _type_of(schema) in _SCALARS, schema.get("properties", {}).keys()

        def is_one(value: Any) -> bool:
            if type(value) is dict:
                return not fields.isdisjoint(value)
            return is_scalar and type(value) in SCALARS and value != ""

        def shape(value: Any) -> Any:
            if type(value) is list:
                return [item(part) for part in value]
            part = item(value) if is_one(value) else misfit(value)
            return None if part is None else [part]

        return shape

    def _as_sent(self, value: Any, path: str) -> Any:
        """Return a value without a declared type, with null for numbers that JSON can't represent."""
        kind = type(value)
        if kind is dict:
            return {name: self._as_sent(part, path) for name, part in value.items()}
        if kind is list:
            return [self._as_sent(part, path) for part in value]
        if kind is not float and kind is not Decimal:
            return value
        number = self.finite(value)
        if number is None:
            self.misfits[path] += 1
        return number

    def finite(self, value: float | Decimal) -> float | None:
        """Return a number that isn't declared as an integer; None if JSON can't represent it."""
        if type(value) is float and LEAST_ROUNDED <= abs(value) < math.inf:
            raise NeedsExactNumbers
        number = float(value)
        return number if math.isfinite(number) else None

    def inexact(self, value: float, misfit: Shape) -> Any:
        """Handle a float in a field of another type. One from orjson may be a rounded integer; one from json is not."""
        if self.exact:
            return misfit(value)
        raise NeedsExactNumbers

    def _misfit(self, path: str) -> Shape:
        """Return a conversion to null for values that don't fit. Counts all but null and ""."""

        def shape(value: Any) -> None:
            if value is not None and value != "":
                self.misfits[path] += 1

        return shape


def _string(shapes: Shapes, misfit: Shape) -> Shape:
    def shape(value: Any) -> Any:
        kind = type(value)
        if kind is str or value is None:
            return value
        if kind is bool:
            return "true" if value else "false"
        if kind is int or kind is Decimal:
            return str(value)
        if kind is float:
            return shapes.inexact(value, misfit)
        return misfit(value)

    return shape


def _time(shapes: Shapes, misfit: Shape) -> Shape:
    is_utc = _UTC_TIME.fullmatch
    is_plain = IN_UTC.fullmatch

    def shape(value: Any) -> Any:
        if type(value) is str:
            if is_plain(value):
                return value
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


def _integer(shapes: Shapes, misfit: Shape) -> Shape:
    def shape(value: Any) -> Any:
        kind = type(value)
        if kind is int:
            return value
        if kind is str and _INTEGER.fullmatch(value) and len(value) < 4300:  # Python's limit of digits
            return int(value)
        if kind is float:
            return shapes.inexact(value, misfit)
        if kind is Decimal and value.is_finite() and value.adjusted() < 4300 and value == value.to_integral_value():
            return int(value)
        return misfit(value)

    return shape


def _number(shapes: Shapes, misfit: Shape) -> Shape:
    def shape(value: Any) -> Any:
        kind = type(value)
        if kind is int:
            return value
        number = None
        if kind is float or kind is Decimal:
            number = shapes.finite(value)
        elif kind is str and _INTEGER.fullmatch(value) and len(value) < 4300:
            number = int(value)
        elif kind is str and _NUMBER.fullmatch(value) and Decimal(repr(float(value))) == Decimal(value):
            number = float(value)
        return misfit(value) if number is None else number

    return shape


def _boolean(shapes: Shapes, misfit: Shape) -> Shape:
    spelled = {"true": True, "false": False, 0: False, 1: True}

    def shape(value: Any) -> Any:
        if type(value) is bool:
            return value
        if type(value) in (int, str) and value in spelled:
            return spelled[value]
        return misfit(value)

    return shape


_SCALARS: Mapping[str, Callable[[Shapes, Shape], Shape]] = {
    "string": _string, "date-time": _time, "integer": _integer, "number": _number, "boolean": _boolean,
}  # fmt: skip


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema without null, or the format of a string. "" if there are several types."""
    types = schema.get("type", ())
    kind, *more = [each for each in ([types] if isinstance(types, str) else types) if each != "null"] or [""]
    if more:
        return ""
    return schema.get("format", kind) if kind == "string" else kind


def _rfc3339(moment: datetime, text: str) -> str:
    """Format a time in UTC, with the fraction that Zoom sent, up to six digits."""
    fraction = re.search(r"\.(\d{1,6})", text)
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + (f".{fraction[1]}Z" if fraction else "Z")
