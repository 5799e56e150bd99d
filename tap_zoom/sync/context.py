"""Contexts: the ids that fill a path, and the links from rows to the contexts of child streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from tap_zoom.streams import ENTITIES
from tap_zoom.streams.model import ACCOUNT, Entity, Ids, Link, Params, Row, Stream, Uuid
from tap_zoom.times import sortable

_TIME = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)
_PLAIN = re.compile(r"[\w.@/=+:~-]{2,}", re.ASCII)  # ids that need no encoding in a name
_NO_ID = "-"


@dataclass(frozen=True, slots=True)
class Context:
    """`time`: when it happened, None if unknown."""

    entity: Entity = ACCOUNT
    ids: Ids = field(default_factory=dict)
    time: str | None = None

    @property
    def name(self) -> str:
        """The name in a path, which sorts by time: "2026-03-01T10:00:00Z past_meeting abc== 81000000001"."""
        ids = (_NO_ID if value is None else _quoted(str(value)) for value in self.ids.values())
        return " ".join([*([self.time] if self.time else []), self.entity.name, *ids])

    @classmethod
    def parse(cls, name: str) -> Context:
        """Parse the name of a context. Raises ValueError or KeyError if it is invalid."""
        time, rest = split_time(name)
        if time is not None and sortable(time) != time:
            raise ValueError("not a time")
        entity_name, *words = rest.split(" ")
        entity = ENTITIES[entity_name]
        pairs = zip(entity.ids.items(), words, strict=True)
        return cls(
            entity, {key: None if word == _NO_ID else _typed(kind, unquote(word)) for (key, kind), word in pairs}, time
        )


def split_time(name: str) -> tuple[str | None, str]:
    """Split the name of a context into its time, None if it has none, and the rest."""
    if not _TIME.match(name):
        return None, name
    time, rest = name.split(" ", 1)
    return time, rest


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="", errors="replace").replace("-", "%2D")


def _typed(kind: type, text: str) -> Any:
    return int(text) if kind is int else text


def linked(stream: Stream, row: Any, context: Context, params: Params) -> Iterator[tuple[Link, Context | None]]:
    """Yield the contexts that a row leads to, by link; None if the row lacks the id. Links to files are skipped."""
    for link in stream.links:
        if link.files:
            continue
        if type(row) is not dict:
            yield link, None
        elif all(condition.holds(row) for condition in link.where):
            ids = {name: _id(link, name, kind, row, context.ids, params) for name, kind in link.entity.ids.items()}
            if ids[next(iter(ids))] in (None, ""):
                yield link, None
            else:
                # A context that is requested in the window of its row may be in several windows: no time in its name.
                dated = stream.replication_key and not link.same_window
                yield link, Context(link.entity, ids, sortable(row.get(stream.replication_key)) if dated else None)


def _id(link: Link, name: str, kind: type, row: Row, above: Ids, params: Params) -> Any:
    fields = link.ids.get(name)
    if fields is None:
        return above.get(name)
    if fields.startswith("?"):
        return params.get(fields[1:])
    value = next((row[field] for field in fields.split("|") if row.get(field) not in (None, "")), None)
    if kind is Uuid:
        return value if isinstance(value, str) else None
    return integer(value) if kind is int else as_text(value)


def as_text(value: object) -> str | None:
    """Return an id as text. Zoom's are usually strings; an integer is converted as in the record."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def integer(value: object) -> int | None:
    """Return the number of a meeting or webinar, which Zoom sends as an integer or sometimes as a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4300:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
