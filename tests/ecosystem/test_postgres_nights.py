"""Night by night in PostgreSQL, incrementally: after a year the tables hold what the account does."""

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
NIGHTS, DAYS = 31, 12  # runs, and days from each to the next
TOGETHER = 16  # runs that one run of the target loads
STREAMS = ("report_meetings", "report_meeting_participants", "report_webinars")
SIZE = {"users": 12, "meetings_per_user": 2, "occurrences": 1, "participants": 3, "registrants": 1, "crowd": 9}


@pytest.fixture(scope="module")
def nights() -> tuple[list[Run], Rows]:
    """The runs, and each row that was there on one of the nights; more than a full run at the end would find."""
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


def test_a_year_of_nights(empty: Callable[[str], Database], nights: tuple[list[Run], Rows]) -> None:
    """Each row is there, once and right, and hardly any was read more than twice."""
    database, (runs, right) = empty("nights"), nights
    for first in range(0, NIGHTS, TOGETHER):
        database.load(one_after_the_other(runs[first : first + TOGETHER]))
    assert_stored(database, right, {stream: database.rows(stream) for stream in STREAMS}, runs[-1])
    assert sum(len(run.records.get("report_meetings", [])) for run in runs) < 3 * len(right["report_meetings"])


def one_after_the_other(runs: list[Run]) -> Run:
    """What several runs have written, as one."""
    return Run(0, "".join(run.stdout for run in runs), "", [message for run in runs for message in run.messages])
