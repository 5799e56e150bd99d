"""Tables of columns: secrets that are not selected by default, and names that collide when they are truncated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pages import code, link, table

from tap_zoom.discover import schema_of
from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import Stream
from tap_zoom.streams.secrets import HELD_BACK, KEPT, Secret, is_held_back

LONGEST_NAME = 63  # bytes, the longest column name in PostgreSQL


def paths(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path ("settings.audio") and schema of each column, including those in objects and lists of objects."""
    for name, part in schema.get("properties", {}).items():
        yield f"{above}{name}", part
        yield from paths(part, f"{above}{name}.")
    if "items" in schema:
        yield from paths(schema["items"], above)


def held_back(stream: Stream) -> list[str]:
    """Return the columns that are not selected by default."""
    return [path for path, _ in paths(schema_of(stream)) if is_held_back(stream.name, path.rpartition(".")[2])]


def secrets_table() -> str:
    """Return a table of the secrets that are not selected by default, with their columns."""
    rows = (
        (code([f"{stream.name}.{path}" for stream, path in places(secret)]), secret.reason)
        for secret in HELD_BACK
        if any(places(secret))
    )
    return table(("Column", "Effect"), rows)


def kept_table() -> str:
    """Return a table of the codes and links that are selected with their stream, by field name."""
    return table(("Field", "Purpose"), ((code([secret.name]), secret.reason) for secret in KEPT))


def places(secret: Secret) -> Iterator[tuple[Stream, str]]:
    for stream in EMITTED:
        for path in held_back(stream) if secret.is_in(stream.name) else ():
            if path.rpartition(".")[2] == secret.name:
                yield stream, path


def collisions_table() -> str:
    """Return a table of columns of one stream whose flattened names share the first 63 characters, in any case."""
    rows = []
    for stream in EMITTED:
        same = defaultdict(list)
        for name in flattened(schema_of(stream)):
            same[name[:LONGEST_NAME].lower()].append(name)
        rows += [(link(stream, "streams/"), code(names)) for names in same.values() if len(names) > 1]
    return table(("Stream", "Columns"), rows)


def flattened(schema: dict[str, Any], above: str = "") -> Iterator[str]:
    """Yield the column names that a target creates for objects: "settings__audio". Lists are not flattened."""
    for name, part in schema["properties"].items():
        if part.get("properties"):
            yield from flattened(part, f"{above}{name}__")
        else:
            yield f"{above}{name}"
