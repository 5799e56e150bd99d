"""Read operations from Zoom's OpenAPI files. No other script parses these files.

Zoom publishes them: https://developers.zoom.us/api-hub/meetings/methods/endpoints.json (and /users/, /phone/, ...).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
_PARTS = ("allOf", "oneOf", "anyOf")
_KEPT = ("type", "format", "enum", "maximum", "default")


@dataclass(frozen=True)
class Operation:
    """A GET operation. tests/fixtures/operations.json has all but the last three fields, by path."""

    product: str  # the name of the file
    label: str | None  # its rate limit category, as spelled in X-RateLimit-Category
    classic: list[str]
    granular: list[str]
    parameters: dict[str, Schema]  # with in: path, or required: true
    refusals: list[tuple[int, int, str]]  # status, code, text
    answer: Schema | None  # as in Zoom's file; None if it isn't JSON
    # for readers of the entry only
    summary: str = ""
    needs: str = ""  # plan and features
    largest_page: int = 0  # 0: not documented


class Files:
    """The GET operations of some of Zoom's files, by path. The names of placeholders don't matter."""

    def __init__(self, files: Iterable[str]) -> None:
        self._described: dict[str, tuple[str, str, dict[str, Any]]] = {}
        for file in files:
            paths = json.loads(Path(file).read_text(encoding="utf-8"))["paths"]
            for path, methods in paths.items():
                if "get" in methods:
                    self._described[nameless(path)] = (path, Path(file).stem, methods["get"])

    def path(self, path: str) -> str:
        """Return a path as Zoom writes it."""
        return self._find(path)[0]

    def operation(self, path: str) -> Operation:
        """Return the operation at a path."""
        _, product, described = self._find(path)
        text = described["description"]
        label = re.search(r"Rate Limit Label\]\([^)]*\):?\*\*:?\s*`?([A-Za-z_-]+)", text)
        content = described["responses"].get("200", {}).get("content", {})
        return Operation(
            product,
            label[1].replace("_", "-").capitalize() if label else None,
            _scopes(r"\*\*\[Scopes\]", text),
            _scopes(r"\*\*\[Granular Scopes\]", text),
            {parameter["name"]: _parameter(parameter) for parameter in described.get("parameters", [])},
            list(_refusals(described["responses"])),
            content["application/json"]["schema"] if content else None,
            described["summary"],
            _prerequisites(text),
            next(filter(None, map(_largest_page, described.get("parameters", []))), 0),
        )

    def _find(self, path: str) -> tuple[str, str, dict[str, Any]]:
        for each in spellings(path):
            if each in self._described:
                return self._described[each]
        sys.exit(f"No file given describes GET {path}.")


def nameless(path: str) -> str:
    """Return a path without the names of its placeholders, which are not consistent."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def spellings(path: str) -> tuple[str, str]:
    """Return the nameless path, and the same with a placeholder in place of "me", as Zoom documents it."""
    return nameless(path), nameless(path.replace("/me/", "/{}/"))


def whole(schema: Schema, deep: bool = True) -> Schema:
    """Merge allOf, oneOf and anyOf into one schema with every field of their parts.

    If two parts have the same object or list, the result has the fields of both. Unless `deep`, it has the fields of
    one of them, like an answer in one of several forms.
    """
    own = {word: value for word, value in schema.items() if word not in _PARTS}
    if "properties" in own:
        own["properties"] = {name: whole(part, deep) for name, part in own["properties"].items()}
    if own.get("items"):
        own["items"] = whole(own["items"], deep)
    parts = [whole(part, deep) for word in _PARTS for part in schema.get(word, [])]
    return reduce(lambda one, other: united(one, other, deep), parts, own)


def united(one: Schema, other: Schema, deep: bool = True) -> Schema:
    """Return a schema with every field of both. Where they differ, the first one wins."""
    both = {**other, **one}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
        for name in one["properties"].keys() & other["properties"].keys() if deep else ():
            both["properties"][name] = united(one["properties"][name], other["properties"][name])
    if deep and "items" in one and "items" in other:
        both["items"] = united(one["items"], other["items"])
    return both


def _scopes(heading: str, text: str) -> list[str]:
    found = re.search(heading + r"[^\n]*", text)
    return re.findall(r"`([a-z_]+:[a-z_:]+)`", found[0]) if found else []


def _parameter(parameter: dict[str, Any]) -> Schema:
    kept = {word: parameter["schema"][word] for word in _KEPT if word in parameter["schema"]}
    if parameter["in"] == "path":
        return {"in": "path", **kept}
    return {**({"required": True} if parameter.get("required") else {}), **kept}


def _largest_page(parameter: dict[str, Any]) -> int:
    if parameter["name"] != "page_size":
        return 0
    said = re.search(r"maximum is \**(\d+)", parameter.get("description", ""))
    return int(parameter["schema"].get("maximum") or (said[1] if said else 0))


def _prerequisites(text: str) -> str:
    found = re.search(r"\*\*Prerequisites[^\n]*\n(.*?)\*\*\[", text, re.DOTALL)
    unlinked = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", found[1]) if found else ""
    return "; ".join(line.strip(" *.") for line in unlinked.splitlines() if line.strip(" *."))


def _refusals(responses: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    for status, response in responses.items():
        pieces = re.split(r"\*\*Error Code:\*\* `?(\d+)`? ?(?:<br>)?", response["description"])
        for code, says in zip(pieces[1::2], pieces[2::2], strict=True):
            yield int(status), int(code), re.sub(r"\s*(<br>)?\s*$", "", says).strip()
