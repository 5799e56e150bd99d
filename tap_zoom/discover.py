"""The catalog: what there is to select, and what was selected. Neither needs a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import filter as matching_names
from functools import cache
from importlib import resources
from typing import Any

from singer import metadata

from tap_zoom.errors import ConfigError, UsageError
from tap_zoom.streams import BY_NAME, EMITTED, replication_key_of
from tap_zoom.streams.model import Stream
from tap_zoom.streams.secrets import is_held_back
from tap_zoom.words import described

Schema = dict[str, Any]
Breadcrumb = tuple[str, ...]
Log = Callable[[str], None]

_LISTED = {"inclusion": "available", "selected-by-default": True}  # a stream that a catalog lists and says no more of
METHODS = FULL_TABLE, INCREMENTAL = "FULL_TABLE", "INCREMENTAL"
MOST_NAMED = 5  # differences of a catalog, in its warning
CORE = "core"  # stands for the core streams where streams are named
UNKNOWN_FIELDS = "unknown_fields"  # the column of what Zoom sends and the schema lacks; in no catalog


@cache
def schema_of(stream: Stream) -> Schema:
    """All fields of a stream, from the package; without words, which are for those who read it."""
    file = resources.files("tap_zoom") / "schemas" / f"{stream.name}.json"
    schema: Schema = json.loads(file.read_text("utf-8"))
    return schema


def catalog(wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The Singer catalog of all streams. `wanted`: names and patterns of the only streams to select, see `named`;
    without them none is marked, and what is selected by default counts."""
    entries = {
        stream.name: {
            "tap_stream_id": stream.name,
            "stream": stream.name,
            "key_properties": list(stream.key),
            "schema": described(stream.name, schema_of(stream)),
            "metadata": metadata.to_list(_metadata(stream)),
        }
        for stream in EMITTED
    }
    if wanted:
        chosen = named(wanted)
        for name, entry in entries.items():
            of_stream = next(each["metadata"] for each in entry["metadata"] if not each["breadcrumb"])
            of_stream["selected"] = name in chosen
    return {"streams": list(entries.values())}


def named(wanted: Iterable[str]) -> frozenset[str]:
    """The streams meant by texts such as "users,report_*": names, shell patterns and "core" for the core streams, with
    commas between them. Raises UsageError for what means no stream, with the nearest name."""
    names = [stream.name for stream in EMITTED]
    found: set[str] = set()
    unknown = []
    for word in filter(None, (word.strip() for text in wanted for word in text.split(","))):
        matching = [each.name for each in EMITTED if each.core] if word == CORE else matching_names(names, word)
        found.update(matching)
        unknown += [] if matching else [f"{word!r}{_nearest(word, names)}"]
    if unknown or not found:
        what = f"no stream is called {', '.join(unknown)}" if unknown else "--select names no stream"
        raise UsageError(f"Wrong usage: {what}. tap-zoom --about --format markdown lists the streams.")
    return frozenset(found)


def _nearest(word: str, names: list[str]) -> str:
    """In words, the name that was probably meant: one that holds the word, else one that is spelled much like it."""
    from difflib import get_close_matches  # noqa: PLC0415  # few misspell one

    word = word.lower().strip("*")
    holding = sorted((name for name in names if word and word in name), key=len)
    nearest = (holding or get_close_matches(word, [*names, CORE], 1, 0.5) or [""])[0]
    return f" (did you mean {nearest}?)" if nearest else ""


def bookmark_of(stream: Stream, schema: Schema) -> list[str]:
    """The column that its bookmark is about: none for what is not asked for by time, or where the schema lacks it."""
    return [name for name in (replication_key_of(stream),) if name in schema["properties"]]


def _metadata(stream: Stream) -> dict[Breadcrumb, dict[str, Any]]:
    whole: dict[str, Any] = {
        "inclusion": "available",
        "selected-by-default": stream.core,
        "table-key-properties": list(stream.key),
    }
    if not replication_key_of(stream):
        whole["forced-replication-method"] = FULL_TABLE
    elif bookmark := bookmark_of(stream, schema_of(stream)):
        whole["valid-replication-keys"] = bookmark
    described: dict[Breadcrumb, dict[str, Any]] = {(): whole}
    for breadcrumb in _breadcrumbs(schema_of(stream)):
        key = len(breadcrumb) == 2 and breadcrumb[1] in stream.key
        described[breadcrumb] = {
            "inclusion": "automatic" if key else "available",
            "selected-by-default": not is_held_back(stream.name, breadcrumb[-1]),
        }
    return described


def _breadcrumbs(schema: Schema, above: Breadcrumb = ()) -> Iterator[Breadcrumb]:
    """Every field, also those inside objects and lists of objects."""
    for name, part in schema.get("properties", {}).items():
        yield (*above, "properties", name)
        yield from _breadcrumbs(part, (*above, "properties", name))
    if "items" in schema:
        yield from _breadcrumbs(schema["items"], (*above, "items"))


def select(
    chosen: Mapping[str, Any] | None, warn: Log, keep_unknown_fields: bool = False
) -> dict[str, Schema]:
    """The selected streams, in the table's order, each with a schema of its selected fields.

    `chosen` is a catalog; without one everything is taken that is selected by default. A catalog only selects: one
    warning names the keys and types in it that differ from the tap's own. `keep_unknown_fields` gives each stream the
    column for them, which no catalog can deselect. Raises ConfigError for one that is no catalog.
    """
    if chosen is None:
        marks: dict[str, dict[Breadcrumb, Mapping[str, Any]]] = {stream.name: {} for stream in EMITTED if stream.core}
    else:
        marks = _read_marks(chosen, warn)
    entries = {each.get("tap_stream_id", each.get("stream")): each for each in (chosen or {}).get("streams", ())}
    selected = {}
    for stream in EMITTED:
        mine = marks.get(stream.name)
        if mine is None or not _is_selected(mine.get((), {}), _LISTED):
            continue
        described = _metadata(stream)
        for breadcrumb in mine.keys() - described.keys():
            warn(f"The catalog selects {stream.name}.{'.'.join(breadcrumb[1::2])}, which this version does not know.")
        wanted = {place: _is_selected(mine.get(place, {}), default) for place, default in described.items()}
        schema = selected[stream.name] = _pruned(schema_of(stream), wanted, ())
        if keep_unknown_fields:
            schema["properties"][UNKNOWN_FIELDS] = {"type": ["null", "object"]}
    others = [
        where
        for name, schema in selected.items()
        if name in entries
        for where in _differences(BY_NAME[name], entries[name], schema)
    ]
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        warn(
            f"Keys or types in the catalog differ from the tap's: {', '.join(others[:MOST_NAMED])}{more}. The tap's "
            "own are used. Write a new catalog with --discover; to change types, use the target or a mapper."
        )
    return selected


def _differences(stream: Stream, entry: Mapping[str, Any], selected: Schema) -> Iterator[str]:
    """Where the key or the types in a stream's entry of a catalog are not the tap's own: "users (key)", "users.dept".
    `selected`: the schema of its selected fields."""
    marks = _read_metadata(stream.name, entry.get("metadata")).get((), {})
    for key in (entry.get("key_properties"), marks.get("table-key-properties")):
        if isinstance(key, list) and {*map(str, key)} != {*stream.key}:
            yield f"{stream.name} (key)"
            break
    yield from (f"{stream.name}.{path}" for path in _other_types(entry.get("schema"), selected, ""))


def _other_types(theirs: Any, ours: Schema, path: str) -> Iterator[str]:
    """The paths of the fields that both have, with other types or another format. What is no schema has none."""
    if not isinstance(theirs, dict):
        return
    if path and "type" in theirs and _kind(theirs) != _kind(ours):
        yield path
    inside = theirs.get("properties")
    for name, part in ours.get("properties", {}).items():
        if isinstance(inside, dict) and name in inside:
            yield from _other_types(inside[name], part, f"{path}.{name}" if path else name)
    if "items" in ours:
        yield from _other_types(theirs.get("items"), ours["items"], path)


def _kind(schema: Mapping[str, Any]) -> tuple[frozenset[str], Any]:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return frozenset(map(str, types)), schema.get("format")


def incremental(
    chosen: Mapping[str, Any] | None, selected: Iterable[str], method: str, warn: Log, tell: Log
) -> frozenset[str]:
    """Which of the selected streams are read from their bookmark on: by the catalog, else by the setting `method`."""
    marks = _read_marks(chosen, lambda _: None) if chosen is not None else {}  # it was told when they were selected
    methods = {name: marks.get(name, {}).get((), {}).get("replication-method", method) for name in selected}
    for name, said in methods.items():
        if said not in METHODS:
            warn(f"The catalog names no known replication-method for {name}: {method} holds, as set.")
    chosen_ones = {name for name, said in methods.items() if (said if said in METHODS else method) == INCREMENTAL}
    in_time = frozenset(name for name in chosen_ones if replication_key_of(BY_NAME[name]))
    if whole := sorted(chosen_ones - in_time):
        tell(f"Zoom names no changes of these, so they are read whole all the same: {', '.join(whole)}.")
    return in_time


def _is_selected(mark: Mapping[str, Any], default: Mapping[str, Any]) -> bool:
    if default["inclusion"] == "automatic":
        return True
    for name in ("selected", "selected-by-default"):
        if isinstance(mark.get(name), bool):
            return bool(mark[name])
    return bool(default["selected-by-default"])


def _pruned(schema: Schema, wanted: Mapping[Breadcrumb, bool], path: Breadcrumb) -> Schema:
    """The schema without the fields that are not wanted. A deselected object takes its fields along, and an object
    whose fields are all deselected goes as well."""
    pruned = dict(schema)
    if "properties" in schema:
        fields = {
            name: _pruned(part, wanted, (*path, "properties", name))
            for name, part in schema["properties"].items()
            if wanted[path + ("properties", name)]  # noqa: RUF005 (mypy takes a star for the syntax of Python 3.11)
        }
        whole = schema["properties"]
        pruned["properties"] = {name: part for name, part in fields.items() if not _is_bare(part, whole[name])}
    if "items" in schema:
        pruned["items"] = _pruned(schema["items"], wanted, (*path, "items"))
    return pruned


def _is_bare(pruned: Schema, whole: Schema) -> bool:
    """True for an object, or a list of objects, that had fields and has none left."""
    if "items" in whole:
        return _is_bare(pruned["items"], whole["items"])
    return bool(whole.get("properties")) and not pruned["properties"]


def _read_marks(
    chosen: Mapping[str, Any], warn: Log
) -> dict[str, dict[Breadcrumb, Mapping[str, Any]]]:
    """The metadata of each stream in a catalog, by breadcrumb."""
    streams = chosen.get("streams")
    if not isinstance(streams, list):
        raise ConfigError('The catalog has no list "streams". Make one with --discover.')
    marks: dict[str, dict[Breadcrumb, Mapping[str, Any]]] = {}
    for entry in streams:
        name = entry.get("tap_stream_id", entry.get("stream")) if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise ConfigError("The catalog has a stream without tap_stream_id. Make a catalog with --discover.")
        if name not in BY_NAME or not BY_NAME[name].emitted:
            warn(f"The catalog names the stream {name!r}, which this tap does not have: ignored.")
            continue
        if name in marks:
            raise ConfigError(f"The catalog names the stream {name} twice. Remove one of the two.")
        marks[name] = _read_metadata(name, entry.get("metadata"))
    return marks


def _read_metadata(stream: str, entries: object) -> dict[Breadcrumb, Mapping[str, Any]]:
    if entries is None:
        return {}
    marks: dict[Breadcrumb, Mapping[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        breadcrumb = entry.get("breadcrumb") if isinstance(entry, dict) else None
        mark = entry.get("metadata") if isinstance(entry, dict) else None
        path = tuple(breadcrumb) if isinstance(breadcrumb, list) else (None,)
        if not isinstance(mark, dict) or not all(isinstance(name, str) for name in path):
            raise ConfigError(
                f'The catalog\'s metadata of {stream} is no list of {{"breadcrumb": [...], "metadata": {{...}}}}. '
                "Make a catalog with --discover."
            )
        marks[path] = mark
    return marks
