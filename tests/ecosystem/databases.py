"""The targets for PostgreSQL: what each makes of types and texts, and a database that one of them has loaded."""

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
    """What a column of text should hold."""
    return text


def as_json_in_csv(text: str) -> str | None:
    """What pipelinewise-target-postgres stores: line breaks and tabs as JSON escapes, and an empty text as NULL."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return escaped.replace('\\"', '"').replace("\\\\", "\\") or None


@dataclass(frozen=True)
class Target:
    """A target for PostgreSQL: where its settings differ, and what it makes of declared types, texts and names."""

    package: str
    database: str
    more: dict[str, Any]
    types: dict[str, str]
    text: Callable[[str], str | None] = as_sent
    column: Callable[[str], str] = str

    def stores(self, value: Any) -> Any:
        """What should be in a column for a value; only texts change, and not within objects and arrays."""
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
    """A database that a target has loaded the account into."""

    target: Target
    postgres: Postgres
    directory: Path
    name: str

    def load(self, run: Run) -> Any:
        """Load what a run has written; gives the last state that the target has confirmed."""
        loaded = self._give(run)
        assert loaded.status == 0, loaded.stderr[-3000:]
        return json.loads(loaded.stdout.splitlines()[-1])

    def refusal(self, run: Run) -> str:
        """What the target says of something that it does not load."""
        loaded = self._give(run)
        assert loaded.status != 0
        return loaded.stderr

    def _give(self, run: Run) -> Loaded:
        command = [program(self.target.package, "target-postgres"), "--config", self.directory / "target.json"]
        return load(run, [*command], self.directory)

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return self.postgres.rows(self.name, f"{SCHEMA}.{stream}")

    def assert_columns(self, run: Run) -> None:
        """Every declared field is a column of the type that this target makes of the declared one, and no other is."""
        types = self.postgres.types(self.name, SCHEMA)
        declared = {
            (stream, self.target.column(name)): self.target.types[kind_of(field)]
            for stream, message in run.schemas.items()
            for name, field in message["schema"]["properties"].items()
        }
        assert {column: types.get(column) for column in declared} == declared
        assert all(name.startswith("_sdc_") for _, name in types.keys() - declared.keys())


def assert_stored(database: Database, right: Rows, loaded: Rows, run: Run) -> None:
    """Row by row and column by column the tables hold what the account does, in this target's way."""
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
    """What a run has written, without other streams."""
    lines = run.stdout.splitlines(keepends=True)
    kept = [
        (line, message)
        for line, message in zip(lines, run.messages, strict=True)
        if message.get("stream") in (None, *streams)
    ]
    return Run(run.exit_status, "".join(line for line, _ in kept), run.stderr, [message for _, message in kept])
