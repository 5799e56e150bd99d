"""If the system allows no more threads, the run continues with those it has, or stops if it has none."""

from __future__ import annotations

import pytest

from tests.simulator import SimulatedZoom
from tests.tap import Run, account, assert_exact, expected, run_tap

# Python's own message, for any limit: of the user, of the container or of memory.
FEW_THREADS = """
import threading
start, left = threading.Thread.start, [{threads}]
def start_one(thread):
    if left[0] == 0:
        raise RuntimeError("can't start new thread")
    left[0] -= 1
    start(thread)
threading.Thread.start = start_one
"""


def with_threads(threads: int, zoom: SimulatedZoom) -> Run:
    """Run with at most that many threads: two for the login, the others for workers."""
    return run_tap(zoom.config(), zoom=zoom, patch=FEW_THREADS.format(threads=threads))


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_run_without_workers_fails(threads: int) -> None:
    """One CRITICAL line mentions the limit to raise, and no record is emitted."""
    with SimulatedZoom(account()) as zoom:
        run = with_threads(threads, zoom)
        assert len(zoom.requests) == min(threads, 1)
    assert run.exit_status == 1
    assert "can't start new thread" in run.critical and "limit" in run.critical
    assert run.of_type("RECORD") == []


@pytest.mark.parametrize("threads", [3, 6])
def test_a_run_with_few_workers_is_complete(threads: int) -> None:
    """No more requests are in flight than there are workers. One warning is logged."""
    with SimulatedZoom(account(), latency=0.005) as zoom:
        run = with_threads(threads, zoom)
        assert zoom.max_in_flight <= threads - 2
    assert run.exit_status == 0
    assert sum("can't start new thread" in line for line in run.logged("WARNING")) == 1
    assert_exact(expected(), run.records)
