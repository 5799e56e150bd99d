"""Write tests/fixtures/operations.json, what Zoom documents of the operations that the tests know.

    python scripts/make_operations.py Meetings.json Users.json Clips.json

The files are Zoom's OpenAPI files. The operations already in the fixture are looked up again; a path after the files
adds one: ... Phone.json /phone/sites
For each: product, rate limit label, scopes, parameters, refusals as [status, code, text], schema of the 200 answer.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

OPERATIONS = Path(__file__).parent.parent / "tests" / "fixtures" / "operations.json"
_KEPT = ("type", "format", "enum", "maximum", "default", "example")
_LONGEST_EXAMPLE = 60
Schema = dict[str, Any]


def main(arguments: list[str]) -> None:
    files = [argument for argument in arguments if not argument.startswith("/") or Path(argument).is_file()]
    if not files:
        sys.exit(__doc__)
    known = json.loads(OPERATIONS.read_text(encoding="utf-8")) if OPERATIONS.exists() else {}
    documented: dict[str, tuple[str, dict[str, Any]]] = {}
    for file in files:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
        for path, methods in document["paths"].items():
            if "get" in methods:
                documented[_nameless(path)] = (Path(file).stem, methods["get"])
    wanted = sorted({*known, *(argument for argument in arguments if argument not in files)})
    missing = [path for path in wanted if _nameless(path) not in documented]
    if missing:
        sys.exit(f"No file given describes {', '.join(missing)}.")
    lines = [f"{json.dumps(path)}:{_compact(extract(*documented[_nameless(path)]))}" for path in wanted]
    OPERATIONS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def extract(product: str, operation: dict[str, Any]) -> dict[str, Any]:
    """What the tests need to know of one operation."""
    text = operation["description"]
    label = re.search(r"Rate Limit Label\]\([^)]*\):?\*\*:?\s*`?([A-Za-z_-]+)", text)
    content = operation["responses"].get("200", {}).get("content", {})
    return {
        "product": product,
        "label": label[1].replace("_", "-").capitalize() if label else None,
        "classic": _scopes(r"\*\*\[Scopes\]", text),
        "granular": _scopes(r"\*\*\[Granular Scopes\]", text),
        "parameters": {parameter["name"]: _parameter(parameter) for parameter in operation.get("parameters", [])},
        "refusals": list(_refusals(operation["responses"])),
        "answer": plain(content["application/json"]["schema"]) if content else None,
    }


def _scopes(heading: str, text: str) -> list[str]:
    found = re.search(heading + r"[^\n]*", text)
    return re.findall(r"`([a-z_]+:[a-z_:]+)`", found[0]) if found else []


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = {word: parameter["schema"][word] for word in _KEPT if word in parameter["schema"]}
    kept.pop("example", None)
    if parameter["in"] == "path":
        return {"in": "path", **kept}
    return {**({"required": True} if parameter.get("required") else {}), **kept}


def _refusals(responses: dict[str, Any]) -> Any:
    for status, response in responses.items():
        pieces = re.split(r"\*\*Error Code:\*\* `?(\d+)`? ?(?:<br>)?", response["description"])
        for code, says in zip(pieces[1::2], pieces[2::2], strict=True):
            yield [int(status), int(code), re.sub(r"\s*(<br>)?\s*$", "", says).strip()]


def plain(schema: Schema) -> Schema:
    """A schema in one piece, without descriptions; short examples stay."""
    merged = merge(schema)
    kept: Schema = {word: merged[word] for word in _KEPT if word in merged}
    example = kept.get("example", "")
    if not isinstance(example, str | int | float) or len(str(example)) > _LONGEST_EXAMPLE:
        del kept["example"]
    kept.pop("default", None)
    if "properties" in merged:
        kept |= {"type": "object", "properties": {name: plain(part) for name, part in merged["properties"].items()}}
    elif "items" in merged:
        kept |= {"type": "array", "items": plain(merged["items"])}
    return {"type": "string", **kept}


def merge(schema: Schema) -> Schema:
    """allOf, oneOf and anyOf all become one schema that has every field of their parts."""
    merged: Schema = {}
    parts = [merge(part) for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, [])]
    for part in (schema, *parts):
        for word, value in part.items():
            if word == "properties":
                merged["properties"] = {**merged.get("properties", {}), **value}
            elif word not in ("allOf", "oneOf", "anyOf"):
                merged.setdefault(word, value)
    return merged


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


if __name__ == "__main__":
    main(sys.argv[1:])
