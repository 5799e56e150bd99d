"""All streams at once in PostgreSQL, through both targets in use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ecosystem.databases import PIPELINEWISE, SCHEMA, Database, Rows, assert_stored, only
from tests.ecosystem.tables import counts
from tests.everything import EVERYTHING, config, right, zoom_with_everything
from tests.tap import Run, catalog_of, run_tap

pytestmark = pytest.mark.slow

# A part of their key is an empty text where Zoom sends none, and pipelinewise-target-postgres makes NULL of it.
MAY_LACK = ("survey_answers", "report_telephone", "report_meeting_activities")


@pytest.fixture(scope="module")
def read() -> tuple[list[Run], Rows]:
    """Two complete runs, one after the other, and what they should have given."""
    with zoom_with_everything() as zoom:
        runs = [run_tap(config(zoom), zoom=zoom, catalog=catalog_of(*EVERYTHING)) for _ in range(2)]
        assert [run.exit_status for run in runs] == [0, 0]
        return runs, right(zoom, *EVERYTHING)


def test_every_row_of_every_stream(empty: Callable[[str], Database], read: tuple[list[Run], Rows]) -> None:
    """Each stream is a table with its rows, columns and values, and a second run changes no row count."""
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
def test_a_key_with_an_empty_text(empty: Callable[[str], Database], read: tuple[list[Run], Rows], stream: str) -> None:
    """docs/targets.md names the target that can't store it, and the streams: it says so, and stops."""
    database = empty(stream)
    run = only(read[0][0], [stream])
    assert any("" in [row[name] for name in run.schemas[stream]["key_properties"]] for row in run.records[stream])
    if database.target is PIPELINEWISE:
        assert "violates not-null constraint" in database.refusal(run)
    else:
        assert database.load(run) == run.states[-1]
