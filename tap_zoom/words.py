"""Descriptions of columns, from the package's `words/`: a file for each part of Zoom.

A file maps names of streams (or "*" for all) to their columns, by path ("settings.audio"), with a description for each.
The description for a named stream takes precedence over the one for all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

Schema = dict[str, Any]

ALL = "*"


def described(stream: str, schema: Mapping[str, Any]) -> Schema:
    """Return a stream's schema, or the selected part of it, with a `description` for each column that has one."""
    words = _words()
    return _described(schema, {**words[ALL], **words.get(stream, {})}, "")


def _described(schema: Mapping[str, Any], words: Mapping[str, str], above: str) -> Schema:
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {
            name: _described(part, words, f"{above}{name}.") | _description(words.get(f"{above}{name}"))
            for name, part in schema["properties"].items()
        }
    if "items" in schema:
        result["items"] = _described(schema["items"], words, above)
    return result


def _description(words: str | None) -> Schema:
    return {"description": words} if words else {}


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return the descriptions by stream and path."""
    found: dict[str, dict[str, str]] = {}
    for file in resources.files("tap_zoom").joinpath("words").iterdir():
        for names, words in json.loads(file.read_text("utf-8")).items():
            for name in names.split():
                found.setdefault(name, {}).update(words)
    return found
