"""All streams at once: complete, without repeated requests, and also after interruptions."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.everything import EVERYTHING, config, right, zoom_with_everything
from tests.simulator import SimulatedZoom, further
from tests.tap import Run, assert_complete, assert_exact, catalog_of, kill, run_tap, start_tap
from tests.test_faults import KINDS, mixed
from tests.test_state import emitted_until

LARGEST_STATE = 16_384  # bytes
ALL = catalog_of(*EVERYTHING)


def lately(zoom: SimulatedZoom) -> str:
    """Return a recent start_date, which keeps runs short."""
    return str(zoom.now.date() - timedelta(days=45))


def read(zoom: SimulatedZoom, state: Any = None, **changes: Any) -> Run:
    return run_tap(config(zoom, **changes), zoom=zoom, catalog=ALL, state=state)


def sizes(run: Run) -> list[int]:
    return [len(json.dumps(state, separators=(",", ":"))) for state in run.states]


def test_test_mode_sends_only_documented_requests() -> None:
    """With all streams, including those whose windows must end yesterday."""
    with zoom_with_everything() as zoom:
        run = run_tap(config(zoom), "--test", zoom=zoom, catalog=ALL, document=True)
        assert zoom.violations == []
    assert run.exit_status == 0, run.stdout


@pytest.mark.long
def test_all_streams_are_complete() -> None:
    """Records match exactly, no request is repeated, and each STATE is small."""
    with zoom_with_everything() as zoom:
        run = read(zoom)
        asked = Counter(
            (asked.path, *sorted(asked.query.items())) for asked in zoom.requests if "oauth" not in asked.path
        )
        expected = right(zoom, *EVERYTHING)
        assert zoom.violations == []
    assert run.exit_status == 0
    assert all(expected.values())
    assert_exact(expected, run.records)
    assert [question for question, times in asked.items() if times > 1] == []
    assert set(run.schemas) == set(EVERYTHING)
    assert max(sizes(run)) < LARGEST_STATE


@pytest.mark.long
def test_start_date_applies_to_all_streams() -> None:
    """Rows from that day on, and whole months. The log names streams with a shorter or unknown retention."""
    with zoom_with_everything() as zoom:
        start = str(zoom.now.date() - timedelta(days=300))
        run = read(zoom, start_date=start)
        assert_exact(right(zoom, *EVERYTHING, start_date=start), run.records)
        assert zoom.violations == []
    assert run.exit_status == 0
    unknown = {name for name, stream in further.STREAMS.items() if stream.window and stream.window.keeps is None}
    shorter = {name for name, stream in further.STREAMS.items() if stream.window and (stream.window.keeps or 999) < 300}
    [warning] = [line for line in run.logged("WARNING") if "start_date" in line]
    assert shorter <= set(_names(warning)) and not unknown & set(_names(warning))
    assert "phone_call_charges" not in warning and "phone_call_queue_analytics" not in warning
    [line] = [line for line in run.logged("INFO") if "doesn't document its retention" in line]
    assert unknown <= set(_names(line)) and start in line and not shorter & set(_names(line))


def _names(line: str) -> list[str]:
    return line.replace(",", " ").replace(":", " ").split()


@pytest.mark.long
def test_temporary_faults_lose_no_rows() -> None:
    """Five percent of the requests fail, in any stream."""
    with zoom_with_everything(faults=mixed(5, *KINDS, "page_token_expired"), page_cap=3) as zoom:
        start = lately(zoom)
        run = read(zoom, start_date=start)
        assert_exact(right(zoom, *EVERYTHING, start_date=start), run.records)
        assert zoom.violations == []
        assert sum(fault.happened for fault in zoom.faults) > 10
    assert run.exit_status == 0
    assert run.logged("ERROR") == []


@pytest.mark.parametrize("states", [20])
@pytest.mark.long
def test_a_killed_run_resumes(states: int) -> None:
    """The killed run and the resumed one together emit all records."""
    with zoom_with_everything() as zoom:
        start = lately(zoom)
        process = start_tap(config(zoom, start_date=start), zoom=zoom, catalog=ALL)
        process.read_until("STATE", states)
        stopped = kill(process)
        rest = read(zoom, stopped.states[-1], start_date=start)
        assert rest.exit_status == 0
        assert_complete(right(zoom, *EVERYTHING, start_date=start), stopped, rest)
        assert zoom.violations == []


@pytest.mark.long
def test_a_run_resumes_from_any_state() -> None:
    """Two random STATEs, with the records emitted before each, and those of the resumed run."""
    with zoom_with_everything() as zoom:
        start = lately(zoom)
        expected = right(zoom, *EVERYTHING, start_date=start)
        whole = read(zoom, start_date=start)
        for number in random.Random(4).sample(range(len(whole.states) - 1), 2):
            rest = read(zoom, whole.states[number], start_date=start)
            assert rest.exit_status == 0
            assert_complete(expected, emitted_until(whole, number), rest)
        assert zoom.violations == []


@pytest.mark.long
@pytest.mark.parametrize(("label", "limit"), [("Heavy", 60), ("Phone", 70)])
def test_runs_resume_after_a_daily_limit(label: str, limit: int) -> None:
    """One run per day, until all records are emitted. Either rate limit may be reached."""
    runs: list[Run] = []
    with zoom_with_everything(daily_limits={label: limit}) as zoom:
        start = lately(zoom)
        while not runs or runs[-1].exit_status:
            assert len(runs) < 12
            runs.append(read(zoom, runs[-1].states[-1] if runs else None, start_date=start))
            assert max(sizes(runs[-1])) < LARGEST_STATE
            zoom.limits.start_day()
        assert len(runs) > 1
        assert all("daily limit" in run.critical for run in runs[:-1])
        assert_complete(right(zoom, *EVERYTHING, start_date=start), *runs)
