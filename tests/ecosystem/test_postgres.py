"""A simulated account in a real PostgreSQL, loaded by two common targets and compared by SQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ecosystem.databases import SCHEMA, Database, Rows, assert_stored
from tests.ecosystem.tables import counts
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import Run, kill, run_tap, start_tap


@pytest.fixture(scope="module")
def database(empty: Callable[[str], Database], runs: list[Run]) -> Database:
    """A database with the first run loaded."""
    database = empty("account")
    database.load(runs[0])
    return database


def test_no_row_and_no_value_is_lost(database: Database, runs: list[Run], right: Rows) -> None:
    """Each table has all rows and values of the account, including awkward texts."""
    loaded = {stream: database.rows(stream) for stream in truth.KEYS}
    assert counts(loaded) == counts(right)
    assert_stored(database, right, loaded, runs[0])


def test_columns_have_the_declared_types(database: Database, runs: list[Run]) -> None:
    """Every declared field is a column of the type that this target uses for it."""
    database.assert_columns(runs[0])


def test_keys_are_primary_keys(database: Database) -> None:
    """The primary key of each table is the key of its stream."""
    sql = (
        "SELECT tc.table_name || '.' || kcu.column_name FROM information_schema.table_constraints tc "
        "JOIN information_schema.key_column_usage kcu USING (constraint_name, table_schema, table_name) "
        f"WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = '{SCHEMA}'"
    )
    found = set(database.postgres.ask(database.name, sql))
    assert found == {f"{stream}.{name}" for stream, key in truth.KEYS.items() for name in key}


def test_a_second_run_changes_no_row_count(database: Database, runs: list[Run], right: Rows) -> None:
    """The second load replaces each row, with a new _sdc_extracted_at."""
    tables = [f"{SCHEMA}.{stream}" for stream in truth.KEYS]
    before = database.postgres.counts(database.name, tables)
    assert database.load(runs[1]) == runs[1].states[-1]
    assert database.postgres.counts(database.name, tables) == before
    assert list(before.values()) == [len(right[stream]) for stream in truth.KEYS]
    begun = runs[1].states[0]["unfinished"][0]["started_at"]
    for table in tables:
        old = database.postgres.ask(
            database.name,
            f"SELECT count(*) FROM {table} WHERE _sdc_extracted_at < '{begun}'::timestamptz AT TIME ZONE 'UTC'",
        )
        assert old == ["0"]


def test_a_killed_run_resumes_from_the_state_of_the_target(
    empty: Callable[[str], Database], awkward: Account, right: Rows
) -> None:
    """A run is killed in the middle and its output is loaded. The next run, from the state that the target emitted,
    loads the rest."""
    database = empty("resumed")
    with SimulatedZoom(awkward) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read(3000)
        first = kill(process)
        state = database.load(first)
        assert state["unfinished"]
        before = {stream: len(database.rows(stream)) for stream in first.schemas}
        second = run_tap(zoom.config(), zoom=zoom, state=state)
    assert second.exit_status == 0
    assert database.load(second) == second.states[-1]
    assert 0 < before["report_meetings"] < len(right["report_meetings"])
    assert len(second.records["report_meetings"]) < len(right["report_meetings"])
    assert_stored(database, right, {stream: database.rows(stream) for stream in truth.KEYS}, second)
