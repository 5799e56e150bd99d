"""A system that starts no more threads: the run goes on with those there are, or says that there are none."""

from __future__ import annotations

import pytest

from tests.simulator import SimulatedZoom
from tests.tap import Run, account, assert_exact, expected, run_tap

# The words are Python's own, whatever the limit was: of the user, of the container, or of memory.
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
    """A run in which no more than so many threads can be started: the login takes two, the workers the others."""
    return run_tap(zoom.config(), zoom=zoom, patch=FEW_THREADS.format(threads=threads))


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_run_without_any_worker_says_so(threads: int) -> None:
    """Nothing can be asked: one CRITICAL line that names the limit to raise, and no record."""
    with SimulatedZoom(account()) as zoom:
        run = with_threads(threads, zoom)
        assert len(zoom.requests) == min(threads, 1)
    assert run.exit_status == 1
    assert "can't start new thread" in run.critical and "limit" in run.critical
    assert run.of_type("RECORD") == []


@pytest.mark.parametrize("threads", [3, 6])
def test_a_run_with_few_workers_is_complete(threads: int) -> None:
    """Those there are do all the work, and no more are in flight than they can carry; one warning says so."""
    with SimulatedZoom(account(), latency=0.005) as zoom:
        run = with_threads(threads, zoom)
        assert zoom.max_in_flight <= threads - 2
    assert run.exit_status == 0
    assert sum("can't start new thread" in line for line in run.logged("WARNING")) == 1
    assert_exact(expected(), run.records)
