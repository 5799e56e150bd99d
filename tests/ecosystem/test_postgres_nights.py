"""Load a year of incremental runs into PostgreSQL. The tables keep every row that existed at any run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.ecosystem.databases import Database, Rows, assert_stored
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import Run, catalog_of, key_of, run_tap

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 1, 20, 9, 30, tzinfo=timezone.utc)
NIGHTS, DAYS = 31, 12  # number of runs, and days between them
TOGETHER = 16  # runs of the tap loaded by one run of the target
STREAMS = ("report_meetings", "report_meeting_participants", "report_webinars")
SIZE = {"users": 12, "meetings_per_user": 2, "occurrences": 1, "participants": 3, "registrants": 1, "crowd": 9}


@pytest.fixture(scope="module")
def nights() -> tuple[list[Run], Rows]:
    """Return the runs, and every row that existed at one of them: more rows than a full run at the end would find."""
    runs: list[Run] = []
    seen: dict[str, dict[str, Any]] = {stream: {} for stream in STREAMS}
    account = Account(4, now=BEGIN, future=NIGHTS * DAYS, **SIZE)  # type: ignore[arg-type]
    with SimulatedZoom(account, per_second=dict.fromkeys(("Light", "Medium", "Heavy"), 50_000)) as zoom:
        for night in range(NIGHTS):
            if night:
                zoom.travel(days=DAYS)
            config, state = zoom.config(replication_method="INCREMENTAL"), runs[-1].states[-1] if runs else None
            runs.append(run_tap(config, zoom=zoom, catalog=catalog_of(*STREAMS), state=state))
            assert runs[-1].exit_status == 0
            now = truth.expected(account, at=zoom.as_of)
            for stream in STREAMS:
                seen[stream].update((key_of(stream, row), row) for row in now[stream])
    right = {stream: list(rows.values()) for stream, rows in seen.items()}
    assert all(len(right[stream]) > len(now[stream]) > 0 for stream in STREAMS)
    return runs, right


def test_a_year_of_incremental_runs(empty: Callable[[str], Database], nights: tuple[list[Run], Rows]) -> None:
    """Each row is stored once, with the right values. On average, report_meetings emits a row fewer than 3 times."""
    database, (runs, right) = empty("nights"), nights
    for first in range(0, NIGHTS, TOGETHER):
        database.load(one_after_the_other(runs[first : first + TOGETHER]))
    assert_stored(database, right, {stream: database.rows(stream) for stream in STREAMS}, runs[-1])
    assert sum(len(run.records.get("report_meetings", [])) for run in runs) < 3 * len(right["report_meetings"])


def one_after_the_other(runs: list[Run]) -> Run:
    """Return one run with the output of several runs."""
    return Run(0, "".join(run.stdout for run in runs), "", [message for run in runs for message in run.messages])
