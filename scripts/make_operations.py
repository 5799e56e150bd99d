"""Write tests/fixtures/operations.json, Zoom's documentation of the operations that the tests use.

    python scripts/make_operations.py Meetings.json Users.json Clips.json

The files are Zoom's OpenAPI files. Operations that are already in the fixture are updated. A path after the files adds
an operation: ... Phone.json /phone/sites
Each has: product, rate limit label, scopes, parameters, refusals as [status, code, text], schema of the 200 answer.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from openapi import Files, Operation, Schema, whole

OPERATIONS = Path(__file__).parent.parent / "tests" / "fixtures" / "operations.json"
_KEPT = ("type", "format", "enum", "maximum", "example")
_LONGEST_EXAMPLE = 60


def main(arguments: list[str]) -> None:
    files = [argument for argument in arguments if not argument.startswith("/") or Path(argument).is_file()]
    if not files:
        sys.exit(__doc__)
    write(Files(files), *(argument for argument in arguments if argument not in files))


def write(files: Files, *added: str) -> None:
    """Update the operations in the fixture, and add these."""
    known = json.loads(OPERATIONS.read_text(encoding="utf-8"))
    paths = sorted({files.path(path) for path in (*known, *added)})
    lines = [f"{json.dumps(path)}:{_compact(facts(files.operation(path)))}" for path in paths]
    OPERATIONS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def facts(operation: Operation) -> dict[str, Any]:
    """Return the facts about an operation that tests need."""
    kept = {name: fact for name, fact in asdict(operation).items() if name not in ("summary", "needs", "largest_page")}
    return {**kept, "answer": operation.answer and plain(whole(operation.answer, deep=False))}


def plain(schema: Schema) -> Schema:
    """Return a schema without descriptions. Short examples are kept."""
    kept: Schema = {word: schema[word] for word in _KEPT if word in schema}
    example = kept.get("example", "")
    if not isinstance(example, str | int | float) or len(str(example)) > _LONGEST_EXAMPLE:
        del kept["example"]
    if "properties" in schema:
        kept |= {"type": "object", "properties": {name: plain(part) for name, part in schema["properties"].items()}}
    elif "items" in schema:
        kept |= {"type": "array", "items": plain(schema["items"])}
    return {"type": "string", **kept}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main(sys.argv[1:])
