"""The catalog: how it is made, and how the selection in it is read. Neither needs a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
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

_LISTED = {"inclusion": "available", "selected-by-default": True}  # a stream that a catalog lists without metadata
METHODS = FULL_TABLE, INCREMENTAL = "FULL_TABLE", "INCREMENTAL"
MOST_NAMED = 5  # differences that the warning about a catalog names
CORE = "core"  # selects all core streams
UNKNOWN_FIELDS = "unknown_fields"  # the column for fields that the schema lacks; not part of the catalog


@cache
def schema_of(stream: Stream) -> Schema:
    """Return the schema of all fields of a stream, from the package, without descriptions."""
    file = resources.files("tap_zoom") / "schemas" / f"{stream.name}.json"
    schema: Schema = json.loads(file.read_text("utf-8"))
    return schema


def catalog(wanted: Sequence[str] = ()) -> dict[str, Any]:
    """Return the Singer catalog of all streams. `wanted`: names and patterns of the streams to select, see `named`.
    Without them no stream is marked as selected, and selected-by-default applies."""
    selected = named(wanted) if wanted else None
    streams = []
    for stream in EMITTED:
        about = _metadata(stream)
        if selected is not None:
            about[()]["selected"] = stream.name in selected
        schema, entries = described(stream.name, schema_of(stream)), metadata.to_list(about)
        names = {"tap_stream_id": stream.name, "stream": stream.name, "key_properties": list(stream.key)}
        streams.append({**names, "schema": schema, "metadata": entries})
    return {"streams": streams}


def named(wanted: Iterable[str]) -> frozenset[str]:
    """Return the streams named in texts such as "users,meeting_*": names, shell patterns, and "core" for the core
    streams, separated by commas. Raises UsageError for unknown names, with the most similar known name."""
    names = [stream.name for stream in EMITTED]
    found: set[str] = set()
    unknown = []
    for word in filter(None, (word.strip() for text in wanted for word in text.split(","))):
        matching = [each.name for each in EMITTED if each.core] if word == CORE else matching_names(names, word)
        found.update(matching)
        unknown += [] if matching else [f"{word!r}{_nearest(word, names)}"]
    if unknown or not found:
        problem = f"no stream is called {', '.join(unknown)}" if unknown else "--select names no stream"
        raise UsageError(f"Wrong usage: {problem}. tap-zoom --about --format markdown lists the streams.")
    return frozenset(found)


def _nearest(word: str, names: list[str]) -> str:
    """Suggest a name: one that contains the word, else the most similar one."""
    word = word.lower().strip("*")
    containing = sorted((name for name in names if word and word in name), key=len)
    nearest = (containing or get_close_matches(word, [*names, CORE], 1, 0.5) or [""])[0]
    return f" (did you mean {nearest}?)" if nearest else ""


def bookmark_of(stream: Stream, schema: Schema) -> list[str]:
    """Return the bookmark properties of a stream: empty if it has no replication key, or the schema lacks it."""
    return [name for name in (replication_key_of(stream),) if name in schema["properties"]]


def _metadata(stream: Stream) -> dict[Breadcrumb, dict[str, Any]]:
    of_stream: dict[str, Any] = {
        "inclusion": "available",
        "selected-by-default": stream.core,
        "table-key-properties": list(stream.key),
    }
    if not replication_key_of(stream):
        of_stream["forced-replication-method"] = FULL_TABLE
    elif bookmark := bookmark_of(stream, schema_of(stream)):
        of_stream["valid-replication-keys"] = bookmark
    result: dict[Breadcrumb, dict[str, Any]] = {(): of_stream}
    for breadcrumb in _breadcrumbs(schema_of(stream)):
        key = len(breadcrumb) == 2 and breadcrumb[1] in stream.key
        result[breadcrumb] = {
            "inclusion": "automatic" if key else "available",
            "selected-by-default": not is_held_back(stream.name, breadcrumb[-1]),
        }
    return result


def _breadcrumbs(schema: Schema, above: Breadcrumb = ()) -> Iterator[Breadcrumb]:
    """Yield the breadcrumb of every field, also inside objects and lists of objects."""
    for name, part in schema.get("properties", {}).items():
        yield (*above, "properties", name)
        yield from _breadcrumbs(part, (*above, "properties", name))
    if "items" in schema:
        yield from _breadcrumbs(schema["items"], (*above, "items"))


def select(given: Mapping[str, Any] | None, warn: Log, keep_unknown_fields: bool = False) -> dict[str, Schema]:
    """Return the selected streams, in the table's order, each with a schema of its selected fields.

    `given`: the user's catalog; None for the default selection. A catalog can't change keys or types: one warning names
    those that differ from the tap's. `keep_unknown_fields` adds the column for unknown fields to each stream; no
    catalog can deselect it. Raises ConfigError if the catalog is invalid.
    """
    if given is None:
        streams: dict[str, dict[Breadcrumb, Mapping[str, Any]]] = {stream.name: {} for stream in EMITTED if stream.core}
    else:
        streams = _read_catalog(given, warn)
    entries = {each.get("tap_stream_id", each.get("stream")): each for each in (given or {}).get("streams", ())}
    selected: dict[str, Schema] = {}
    differences: list[str] = []
    for stream in EMITTED:
        given_metadata = streams.get(stream.name)
        if given_metadata is None or not _is_selected(given_metadata.get((), {}), _LISTED):
            continue
        defaults = _metadata(stream)
        for breadcrumb in given_metadata.keys() - defaults.keys():
            warn(f"The catalog selects {stream.name}.{'.'.join(breadcrumb[1::2])}, which this version doesn't have.")
        wanted = {each: _is_selected(given_metadata.get(each, {}), default) for each, default in defaults.items()}
        schema = selected[stream.name] = _pruned(schema_of(stream), wanted, ())
        if keep_unknown_fields:
            schema["properties"][UNKNOWN_FIELDS] = {"type": ["null", "object"]}
        differences += _differences(stream, entries.get(stream.name, {}), given_metadata.get((), {}), schema)
    if differences:
        more = f" and {len(differences) - MOST_NAMED} more" if len(differences) > MOST_NAMED else ""
        warn(
            f"Keys or types in the catalog differ from the tap's: {', '.join(differences[:MOST_NAMED])}{more}. The tap "
            "uses its own. Create a new catalog with --discover; to change types, use the target or a mapper."
        )
    return selected


def _differences(
    stream: Stream, entry: Mapping[str, Any], of_stream: Mapping[str, Any], selected: Schema
) -> Iterator[str]:
    """Yield where the key or types in a stream's catalog entry differ from the tap's: "users (key)", "users.dept".
    `of_stream`: its metadata; `selected`: the schema of its selected fields."""
    keys = (entry.get("key_properties"), of_stream.get("table-key-properties"))
    if any(isinstance(key, list) and {*map(str, key)} != {*stream.key} for key in keys):
        yield f"{stream.name} (key)"
    yield from (f"{stream.name}.{path}" for path in _other_types(entry.get("schema"), selected, ""))


def _other_types(theirs: Any, ours: Schema, path: str) -> Iterator[str]:
    """Yield the paths of fields that have different types or formats in two schemas. Skips invalid schemas."""
    if not isinstance(theirs, dict):
        return
    if path and "type" in theirs and _types_and_format(theirs) != _types_and_format(ours):
        yield path
    inside = theirs.get("properties")
    for name, part in ours.get("properties", {}).items():
        if isinstance(inside, dict) and name in inside:
            yield from _other_types(inside[name], part, f"{path}.{name}" if path else name)
    if "items" in ours:
        yield from _other_types(theirs.get("items"), ours["items"], path)


def _types_and_format(schema: Mapping[str, Any]) -> tuple[frozenset[str], Any]:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return frozenset(map(str, types)), schema.get("format")


def incremental(
    given: Mapping[str, Any] | None, selected: Iterable[str], method: str, warn: Log, info: Log
) -> frozenset[str]:
    """Return the selected streams that are read incrementally: by the catalog, or else by the setting `method`."""
    streams = _read_catalog(given, lambda _: None) if given is not None else {}  # select() has warned already
    methods = {name: streams.get(name, {}).get((), {}).get("replication-method", method) for name in selected}
    for name, value in methods.items():
        if value not in METHODS:
            warn(f"The catalog has an unknown replication-method for {name}. Using {method}, as in the settings.")
    requested = {name for name, value in methods.items() if (value if value in METHODS else method) == INCREMENTAL}
    supported = frozenset(name for name in requested if replication_key_of(BY_NAME[name]))
    if unsupported := sorted(requested - supported):
        info(f"These streams don't support incremental sync, so they are read in full: {', '.join(unsupported)}.")
    return supported


def _is_selected(given: Mapping[str, Any], default: Mapping[str, Any]) -> bool:
    if default["inclusion"] == "automatic":
        return True
    for name in ("selected", "selected-by-default"):
        if isinstance(given.get(name), bool):
            return bool(given[name])
    return bool(default["selected-by-default"])


def _pruned(schema: Schema, wanted: Mapping[Breadcrumb, bool], path: Breadcrumb) -> Schema:
    """Return the schema without fields that aren't wanted. A deselected object is removed with its fields, and an
    object whose fields are all deselected is removed too."""
    pruned = dict(schema)
    if "properties" in schema:
        fields = {
            name: _pruned(part, wanted, (*path, "properties", name))
            for name, part in schema["properties"].items()
            if wanted[path + ("properties", name)]  # noqa: RUF005 (mypy takes a star for the syntax of Python 3.11)
        }
        all_fields = schema["properties"]
        pruned["properties"] = {name: part for name, part in fields.items() if not _is_emptied(part, all_fields[name])}
    if "items" in schema:
        pruned["items"] = _pruned(schema["items"], wanted, (*path, "items"))
    return pruned


def _is_emptied(pruned: Schema, schema: Schema) -> bool:
    """True for an object, or a list of objects, that had fields and has none left."""
    if "items" in schema:
        return _is_emptied(pruned["items"], schema["items"])
    return bool(schema.get("properties")) and not pruned["properties"]


def _read_catalog(given: Mapping[str, Any], warn: Log) -> dict[str, dict[Breadcrumb, Mapping[str, Any]]]:
    """Return the metadata of each stream in a catalog, by breadcrumb."""
    streams = given.get("streams")
    if not isinstance(streams, list):
        raise ConfigError('The catalog has no list "streams". Create one with --discover.')
    found: dict[str, dict[Breadcrumb, Mapping[str, Any]]] = {}
    for entry in streams:
        name = entry.get("tap_stream_id", entry.get("stream")) if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise ConfigError("The catalog has a stream without tap_stream_id. Create a catalog with --discover.")
        if name not in BY_NAME or not BY_NAME[name].emitted:
            warn(f"The catalog contains the stream {name!r}, which this tap doesn't have. It is ignored.")
            continue
        if name in found:
            raise ConfigError(f"The catalog contains the stream {name} twice. Remove one of them.")
        found[name] = _read_metadata(name, entry.get("metadata"))
    return found


def _read_metadata(stream: str, entries: object) -> dict[Breadcrumb, Mapping[str, Any]]:
    if entries is None:
        return {}
    found: dict[Breadcrumb, Mapping[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        breadcrumb = entry.get("breadcrumb") if isinstance(entry, dict) else None
        values = entry.get("metadata") if isinstance(entry, dict) else None
        path = tuple(breadcrumb) if isinstance(breadcrumb, list) else (None,)
        if not isinstance(values, dict) or not all(isinstance(name, str) for name in path):
            raise ConfigError(
                f'The catalog\'s metadata of {stream} isn\'t a list of {{"breadcrumb": [...], "metadata": {{...}}}}. '
                "Create a catalog with --discover."
            )
        found[path] = values
    return found
