# ruff: noqa: S608
"""Makes tables in DuckDB of files of JSON lines: python -m demo.tables catalog.json rows zoom.duckdb.

A table is named as its stream and has the columns that the catalog declares, whichever of them the rows fill.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
LARGEST_ROW = 2**26  # bytes


def create(connection: duckdb.DuckDBPyConnection, catalog: Path, rows: Path) -> None:
    """A table of each stream of the catalog, with the rows of its file, if `rows` has one."""
    for stream in json.loads(catalog.read_text("utf-8"))["streams"]:
        name = stream["tap_stream_id"]
        columns = {column: column_type(schema) for column, schema in stream["schema"]["properties"].items()}
        declared = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
        connection.execute(f"CREATE TABLE {name} ({declared})")
        file = rows / f"{name}.jsonl"
        if file.exists():
            connection.execute(
                f"INSERT INTO {name} SELECT * FROM read_json($file, format = 'newline_delimited', "
                f"columns = {columns}, maximum_object_size = {LARGEST_ROW})",
                {"file": str(file)},
            )


def column_type(schema: dict[str, Any]) -> str:
    """DuckDB's type for a field's declared one; lists are lists, so that unnest() takes them."""
    types = {*(schema["type"] if isinstance(schema["type"], list) else [schema["type"]])} - {"null"}
    if types == {"array"}:
        return column_type(schema["items"]) + "[]"
    if "object" in types:
        return "JSON"
    return "TIMESTAMP" if schema.get("format") == "date-time" else TYPES[types.pop()]


if __name__ == "__main__":
    create(duckdb.connect(sys.argv[3]), Path(sys.argv[1]), Path(sys.argv[2]))
