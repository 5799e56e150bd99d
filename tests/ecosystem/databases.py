"""PostgreSQL targets: how each stores types and texts, and a database that one of them loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ecosystem.environments import program
from tests.ecosystem.postgres import Postgres
from tests.ecosystem.tables import Loaded, comparable, kind_of, load
from tests.tap import Run, assert_exact

SCHEMA = "zoom"
Rows = dict[str, list[dict[str, Any]]]


def as_sent(text: str) -> str | None:
    """Return the text unchanged."""
    return text


def as_json_in_csv(text: str) -> str | None:
    """The text as pipelinewise-target-postgres stores it: JSON escapes for line breaks and tabs, NULL if empty."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return escaped.replace('\\"', '"').replace("\\\\", "\\") or None


@dataclass(frozen=True)
class Target:
    """A PostgreSQL target: its special settings, and how it stores declared types, texts and column names."""

    package: str
    database: str
    more: dict[str, Any]
    types: dict[str, str]
    text: Callable[[str], str | None] = as_sent
    column: Callable[[str], str] = str

    def stores(self, value: Any) -> Any:
        """Return a value as it is stored. Only texts change, but not those in objects and arrays."""
        return self.text(value) if isinstance(value, str) else value


MELTANOLABS = Target(
    "meltanolabs-target-postgres", "database", {},
    {
        "string": "text", "integer": "bigint", "boolean": "boolean", "object": "jsonb",
        "date-time": "timestamp without time zone", "array of object": "jsonb[]", "array of string": "text[]",
        "array of integer": "bigint[]", "number": "numeric", "array or object": "jsonb",
    },
)  # fmt: skip
PIPELINEWISE = Target(
    "pipelinewise-target-postgres", "dbname", {"add_metadata_columns": True},
    {
        "string": "character varying", "integer": "numeric", "boolean": "boolean", "object": "jsonb",
        "date-time": "timestamp without time zone", "array of object": "jsonb", "array of string": "jsonb",
        "array of integer": "jsonb", "number": "double precision", "array or object": "jsonb",
    },
    as_json_in_csv,
    str.lower,
)  # fmt: skip


@dataclass
class Database:
    """A database into which a target loads the account."""

    target: Target
    postgres: Postgres
    directory: Path
    name: str

    def load(self, run: Run) -> Any:
        """Load the output of a run, and return the last state that the target emitted."""
        loaded = self._give(run)
        assert loaded.status == 0, loaded.stderr[-3000:]
        return json.loads(loaded.stdout.splitlines()[-1])

    def refusal(self, run: Run) -> str:
        """Return the error output of a target that fails to load a run."""
        loaded = self._give(run)
        assert loaded.status != 0
        return loaded.stderr

    def _give(self, run: Run) -> Loaded:
        command = [program(self.target.package, "target-postgres"), "--config", self.directory / "target.json"]
        return load(run, [*command], self.directory)

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return self.postgres.rows(self.name, f"{SCHEMA}.{stream}")

    def assert_columns(self, run: Run) -> None:
        """Every declared field is a column of the type that this target uses. All other columns are _sdc_ columns."""
        types = self.postgres.types(self.name, SCHEMA)
        declared = {
            (stream, self.target.column(name)): self.target.types[kind_of(field)]
            for stream, message in run.schemas.items()
            for name, field in message["schema"]["properties"].items()
        }
        assert {column: types.get(column) for column in declared} == declared
        assert all(name.startswith("_sdc_") for _, name in types.keys() - declared.keys())


def assert_stored(database: Database, right: Rows, loaded: Rows, run: Run) -> None:
    """The tables contain all rows and values of the account, as this target stores them."""
    fields = {stream: message["schema"]["properties"] for stream, message in run.schemas.items()}
    stores, column = database.target.stores, database.target.column
    assert_exact(
        {
            stream: [comparable({name: stores(value) for name, value in row.items()}, fields[stream]) for row in rows]
            for stream, rows in right.items()
        },
        {
            stream: [
                comparable({name: row.get(column(name)) for name in fields[stream]}, fields[stream]) for row in rows
            ]
            for stream, rows in loaded.items()
        },
    )


def only(run: Run, streams: list[str]) -> Run:
    """Return the output of a run without other streams."""
    lines = run.stdout.splitlines(keepends=True)
    kept = [
        (line, message)
        for line, message in zip(lines, run.messages, strict=True)
        if message.get("stream") in (None, *streams)
    ]
    return Run(run.exit_status, "".join(line for line, _ in kept), run.stderr, [message for _, message in kept])
