# ruff: noqa: S608
"""Load JSON Lines files into DuckDB tables: python -m demo.tables catalog.json rows zoom.duckdb.

Each table is named after its stream, and has all columns that the catalog declares, even those that no row fills.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
LARGEST_ROW = 2**26  # bytes


def create(connection: duckdb.DuckDBPyConnection, catalog: Path, rows: Path) -> None:
    """Create a table for each stream of the catalog, and load its files from `rows`, if there are any.

    Files are named as target-jsonl names them: <stream>.jsonl, or <stream>-<time>.jsonl.
    """
    for stream in json.loads(catalog.read_text("utf-8"))["streams"]:
        name = stream["tap_stream_id"]
        columns = {column: column_type(schema) for column, schema in stream["schema"]["properties"].items()}
        declared = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
        connection.execute(f"CREATE TABLE {name} ({declared})")
        files = [str(file) for file in (*rows.glob(f"{name}.jsonl"), *rows.glob(f"{name}-*.jsonl"))]
        if files:
            connection.execute(
                f"INSERT INTO {name} SELECT * FROM read_json($files, format = 'newline_delimited', "
                f"columns = {columns}, maximum_object_size = {LARGEST_ROW})",
                {"files": files},
            )


def column_type(schema: dict[str, Any]) -> str:
    """Return the DuckDB type for a field's schema. Arrays become lists, so that unnest() works."""
    types = {*(schema["type"] if isinstance(schema["type"], list) else [schema["type"]])} - {"null"}
    if types == {"array"}:
        return column_type(schema["items"]) + "[]"
    if "object" in types:
        return "JSON"
    return "TIMESTAMP" if schema.get("format") == "date-time" else TYPES[types.pop()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.tables", description=__doc__)
    parser.add_argument("catalog", type=Path, help="what tap-zoom --discover wrote")
    parser.add_argument("rows", type=Path, help="the directory that target-jsonl wrote to, in one run")
    parser.add_argument("database", help="the file to make")
    given = parser.parse_args()
    with duckdb.connect(given.database) as connection:
        create(connection, given.catalog, given.rows)


if __name__ == "__main__":
    main()
