"""What columns mean, in words: from the package's `words/`, a file for each part of Zoom.

A file says of streams (their names, or "*" for all) what each column is, by its path: "settings.audio". What is said of
a stream by its name goes before what is said of all.
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
    """A stream's schema, or what was selected of it, with a `description` of each column that has words."""
    words = _words()
    return _described(schema, {**words[ALL], **words.get(stream, {})}, "")


def _described(schema: Mapping[str, Any], words: Mapping[str, str], above: str) -> Schema:
    whole = dict(schema)
    if "properties" in schema:
        whole["properties"] = {
            name: _described(part, words, f"{above}{name}.") | _description(words.get(f"{above}{name}"))
            for name, part in schema["properties"].items()
        }
    if "items" in schema:
        whole["items"] = _described(schema["items"], words, above)
    return whole


def _description(words: str | None) -> Schema:
    return {"description": words} if words else {}


@cache
def _words() -> dict[str, dict[str, str]]:
    """By stream, and by path."""
    found: dict[str, dict[str, str]] = {}
    for file in resources.files("tap_zoom").joinpath("words").iterdir():
        for names, words in json.loads(file.read_text("utf-8")).items():
            for name in names.split():
                found.setdefault(name, {}).update(words)
    return found
