"""A simulated account in a real PostgreSQL, through both targets in use, compared by SQL with what it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ecosystem.environments import program
from tests.ecosystem.postgres import Postgres
from tests.ecosystem.tables import comparable, counts, kind_of, load, settings_file
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import Run, assert_exact, kill, run_tap, start_tap

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
    """A target for PostgreSQL: where its settings differ, and what it makes of declared types and of texts."""

    package: str
    database: str
    more: dict[str, Any]
    types: dict[str, str]
    text: Callable[[str], str | None] = as_sent

    def stores(self, value: Any) -> Any:
        """What should be in a column for a value; only texts change, and not within objects and arrays."""
        return self.text(value) if isinstance(value, str) else value


MELTANOLABS = Target(
    "meltanolabs-target-postgres", "database", {},
    {
        "string": "text", "integer": "bigint", "boolean": "boolean", "object": "jsonb",
        "date-time": "timestamp without time zone", "array of object": "jsonb[]", "array of string": "text[]",
    },
)  # fmt: skip
PIPELINEWISE = Target(
    "pipelinewise-target-postgres", "dbname", {"add_metadata_columns": True},
    {
        "string": "character varying", "integer": "numeric", "boolean": "boolean", "object": "jsonb",
        "date-time": "timestamp without time zone", "array of object": "jsonb", "array of string": "jsonb",
    },
    as_json_in_csv,
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
        command = [program(self.target.package, "target-postgres"), "--config", self.directory / "target.json"]
        loaded = load(run, [*command], self.directory)
        assert loaded.status == 0, loaded.stderr[-3000:]
        return json.loads(loaded.stdout.splitlines()[-1])

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return self.postgres.rows(self.name, f"{SCHEMA}.{stream}")

    def types(self) -> dict[tuple[str, str], str]:
        return self.postgres.types(self.name, SCHEMA)


@pytest.fixture(scope="module", params=[MELTANOLABS, PIPELINEWISE], ids=lambda target: target.package)
def empty(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Database]:
    """Makes a database, with a target that loads into it."""
    target: Target = request.param

    def make(name: str) -> Database:
        directory = tmp_path_factory.mktemp(target.package)
        name = f"{target.package} {name}"
        settings = {**postgres.database(name), target.database: name, "default_target_schema": SCHEMA, **target.more}
        settings_file(directory, settings)
        return Database(target, postgres, directory, name)

    return make


@pytest.fixture(scope="module")
def database(empty: Callable[[str], Database], runs: list[Run]) -> Database:
    """A database with the first run loaded."""
    database = empty("account")
    database.load(runs[0])
    return database


def assert_stored(database: Database, right: Rows, loaded: Rows, run: Run) -> None:
    """Row by row and column by column the tables hold what the account does, in this target's way."""
    fields = {stream: message["schema"]["properties"] for stream, message in run.schemas.items()}
    stores = database.target.stores
    assert_exact(
        {
            stream: [comparable({name: stores(value) for name, value in row.items()}, fields[stream]) for row in rows]
            for stream, rows in right.items()
        },
        {stream: [comparable(row, fields[stream]) for row in rows] for stream, rows in loaded.items()},
    )


def test_no_row_and_no_value_is_lost(database: Database, runs: list[Run], right: Rows) -> None:
    """Stream by stream the table has the rows that the account holds, and each column the value, awkward ones too."""
    loaded = {stream: database.rows(stream) for stream in truth.KEYS}
    assert counts(loaded) == counts(right)
    assert_stored(database, right, loaded, runs[0])


def test_no_column_is_lost_and_types_are_as_declared(database: Database, runs: list[Run]) -> None:
    """Every declared field is a column of the type that this target makes of the declared one."""
    types = database.types()
    declared = {
        (stream, name): database.target.types[kind_of(field)]
        for stream, message in runs[0].schemas.items()
        for name, field in message["schema"]["properties"].items()
    }
    assert {column: types.get(column) for column in declared} == declared
    assert all(name.startswith("_sdc_") for _, name in types.keys() - declared.keys())


def test_keys_are_primary_keys(database: Database) -> None:
    """The columns of the primary key are the key of the stream."""
    sql = (
        "SELECT tc.table_name || '.' || kcu.column_name FROM information_schema.table_constraints tc "
        "JOIN information_schema.key_column_usage kcu USING (constraint_name, table_schema, table_name) "
        f"WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = '{SCHEMA}'"
    )
    found = set(database.postgres.ask(database.name, sql))
    assert found == {f"{stream}.{name}" for stream, key in truth.KEYS.items() for name in key}


def test_a_second_run_changes_no_row_count(database: Database, runs: list[Run], right: Rows) -> None:
    """Loaded again, each row finds its own place; _sdc_extracted_at says which are current."""
    tables = [f"{SCHEMA}.{stream}" for stream in truth.KEYS]
    before = database.postgres.counts(database.name, tables)
    assert database.load(runs[1]) == runs[1].states[-1]
    assert database.postgres.counts(database.name, tables) == before
    assert list(before.values()) == [len(right[stream]) for stream in truth.KEYS]
    begun = runs[1].states[0]["run"]["started_at"]
    for table in tables:
        old = database.postgres.ask(
            database.name, f"SELECT count(*) FROM {table} WHERE _sdc_extracted_at < '{begun}'::timestamptz AT TIME ZONE 'UTC'"
        )
        assert old == ["0"]


def test_a_run_that_is_killed_and_resumed_fills_the_database(
    empty: Callable[[str], Database], awkward: Account, right: Rows
) -> None:
    """kill -9 in the middle; what came out is loaded, and a run from the state that the target confirmed does the rest."""
    database = empty("resumed")
    with SimulatedZoom(awkward) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read(3000)
        first = kill(process)
        state = database.load(first)
        assert "finished_at" not in state
        before = {stream: len(database.rows(stream)) for stream in first.schemas}
        second = run_tap(zoom.config(), zoom=zoom, state=state)
    assert second.exit_status == 0
    assert database.load(second) == second.states[-1]
    assert 0 < before["report_meetings"] < len(right["report_meetings"])
    assert len(second.records["report_meetings"]) < len(right["report_meetings"])
    assert_stored(database, right, {stream: database.rows(stream) for stream in truth.KEYS}, second)
