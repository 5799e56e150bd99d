"""Load all streams into PostgreSQL with each of the two supported targets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ecosystem.databases import PIPELINEWISE, SCHEMA, Database, Rows, assert_stored, only
from tests.ecosystem.tables import counts
from tests.everything import EVERYTHING, config, right, zoom_with_everything
from tests.tap import Run, catalog_of, run_tap

pytestmark = pytest.mark.slow

# A key column of these streams is an empty string where Zoom sends no value. pipelinewise-target-postgres stores NULL.
MAY_LACK = ("survey_answers", "report_telephone", "report_meeting_activities")


@pytest.fixture(scope="module")
def read() -> tuple[list[Run], Rows]:
    """Return two full runs, and the rows that each should emit."""
    with zoom_with_everything() as zoom:
        runs = [run_tap(config(zoom), zoom=zoom, catalog=catalog_of(*EVERYTHING)) for _ in range(2)]
        assert [run.exit_status for run in runs] == [0, 0]
        return runs, right(zoom, *EVERYTHING)


def test_every_stream_is_stored_completely(empty: Callable[[str], Database], read: tuple[list[Run], Rows]) -> None:
    """Each stream becomes a table with the expected rows, columns and values. A second run changes no row count."""
    database = empty("everything")
    (first, second), rows = read
    streams = [name for name in EVERYTHING if database.target is not PIPELINEWISE or name not in MAY_LACK]
    database.load(only(first, streams))
    loaded = {stream: database.rows(stream) for stream in streams}
    assert counts(loaded) == counts({stream: rows[stream] for stream in streams})
    assert_stored(database, {stream: rows[stream] for stream in streams}, loaded, first)
    database.assert_columns(only(first, streams))
    database.load(only(second, streams))
    assert database.postgres.counts(database.name, [f"{SCHEMA}.{stream}" for stream in streams]) == {
        f"{SCHEMA}.{stream}": len(rows[stream]) for stream in streams
    }


@pytest.mark.parametrize("stream", MAY_LACK)
def test_empty_string_in_a_key_column(
    empty: Callable[[str], Database], read: tuple[list[Run], Rows], stream: str
) -> None:
    """As docs/targets.md says, pipelinewise-target-postgres stops with a not-null violation, and the other loads it."""
    database = empty(stream)
    run = only(read[0][0], [stream])
    assert any("" in [row[name] for name in run.schemas[stream]["key_properties"]] for row in run.records[stream])
    if database.target is PIPELINEWISE:
        assert "violates not-null constraint" in database.refusal(run)
    else:
        assert database.load(run) == run.states[-1]
