"""A run that is cut off, by a signal, a limit of the day or a dead target, leaves what is needed to go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.simulator import Fault, SimulatedZoom
from tests.tap import Run, account, assert_complete, catalog_of, expected, key_of, kill, run_tap, start_tap

SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_stops_the_run_with_a_last_state(number: signal.Signals, status: int) -> None:
    """The last line of stdout is a STATE, the exit status says which signal, and the next run goes on."""
    with SimulatedZoom(account(), latency=0.02) as zoom:
        process = start_tap(zoom.config(), zoom=zoom, anew=True)
        process.read_until("STATE", 3)
        process.process.send_signal(number)
        run = process.finish()
        assert run.exit_status == status
        assert run.messages[-1]["type"] == "STATE"
        assert "unfinished" in run.states[-1]
        zoom.latency = 0
        rest = run_tap(zoom.config(), zoom=zoom, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete(expected(), run, rest)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_signal_is_answered_while_zoom_says_nothing(number: signal.Signals, status: int) -> None:
    """Requests that hang do not hold the run up: it is over long before they would time out."""
    with SimulatedZoom(account(), faults=[Fault("hang", "/v2/report/", times=None)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("RECORD")
        process.process.send_signal(number)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == status
    assert run.messages[-1]["type"] == "STATE"


def test_a_signal_is_answered_while_the_login_hangs() -> None:
    """Nothing is out yet, so there is no STATE; the exit status is the same."""
    with SimulatedZoom(account(), faults=[Fault("hang", "/oauth/token", times=None)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        wait_for(lambda: zoom.counts["oauth"] > 0)
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == 143
    assert run.stdout == ""


def test_a_signal_is_answered_while_a_retry_waits() -> None:
    """A long Retry-After does not hold the run up either."""
    with SimulatedZoom(account(), faults=[Fault("503", "/v2/report", times=None, retry_after=500)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("RECORD")
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == 143


def test_a_second_signal_does_not_disturb_the_way_out() -> None:
    """SIGTERM twice is SIGTERM: a target that reads gets the last STATE."""
    with SimulatedZoom(account(), latency=0.02) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("STATE", 2)
        process.process.send_signal(signal.SIGTERM)
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
    assert run.exit_status == 143
    assert run.messages[-1]["type"] == "STATE"


@pytest.mark.parametrize("lines", [25, 60, 300])
def test_a_run_that_is_killed_goes_on(lines: int) -> None:
    """kill -9 after so many lines: with the next run everything is out."""
    with SimulatedZoom(account(), latency=0.002) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read(lines)
        run = kill(process)
        rest = run_tap(zoom.config(), zoom=zoom, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete(expected(), run, rest)


@pytest.mark.parametrize("lines", [0, 1, 30])
def test_a_target_that_dies_ends_the_run(lines: int) -> None:
    """A broken pipe: one CRITICAL line about the target, exit status 1."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read(lines)
        assert process.process.stdout
        process.process.stdout.close()
        process.process.stdout = None
        run = process.finish(document=True)
    assert run.exit_status == 1
    assert "target" in run.critical


def test_output_that_can_not_be_written_ends_the_run(zoom: SimulatedZoom) -> None:
    """A full disk is said in one line."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        run = start_tap(zoom.config(), zoom=zoom, stdout=full).finish()
    finally:
        os.close(full)
    assert run.exit_status == 1
    assert "stdout" in run.critical


def test_a_daily_limit_stops_the_run_and_states_lead_to_everything() -> None:
    """One CRITICAL line names label, limit and reset; day by day the account comes out whole."""
    runs: list[Run] = []
    state = None
    for _ in range(30):
        with SimulatedZoom(account(), daily_limits={"Heavy": 14}) as zoom:
            run = run_tap(zoom.config(), zoom=zoom, state=state)
            assert zoom.violations == []
        runs.append(run)
        if run.exit_status == 0:
            break
        for words in ("daily", "Heavy", "14", zoom.limits.resets_at.strftime("%Y-%m-%dT")):
            assert words in run.critical
        assert run.messages[-1]["type"] == "STATE"
        assert run.states[-1] != state, "a day without getting further"
        state = run.states[-1]
    assert runs[-1].exit_status == 0
    assert len(runs) > 2
    assert_complete(expected(), *runs)


def test_every_label_may_have_a_daily_limit() -> None:
    """As on the free plan: each run gets further while the limits are above the cost of the listings."""
    runs: list[Run] = []
    state = None
    for _ in range(30):
        with SimulatedZoom(account(), daily_limits={"Light": 30, "Medium": 60, "Heavy": 60}) as zoom:
            run = run_tap(zoom.config(), zoom=zoom, state=state)
        runs.append(run)
        if run.exit_status == 0:
            break
        assert run.states[-1] != state, "a day without getting further"
        state = run.states[-1]
    assert runs[-1].exit_status == 0
    assert_complete(expected(), *runs)


def test_a_daily_limit_without_headers_is_known_by_its_words() -> None:
    """No header, only the message: it is not tried again."""
    body = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}
    fault = Fault.answer(429, body, match="/v2/report/", times=None)
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert "daily" in run.critical
    assert fault.happened < 20


@pytest.mark.long
def test_a_daily_limit_can_be_waited_for() -> None:
    """on_daily_limit wait: a warning says until when, and then the run goes on to its end."""
    with SimulatedZoom(account(), daily_limits={"Heavy": 15}, daily_reset=2) as zoom:
        run = run_tap(zoom.config(on_daily_limit="wait"), zoom=zoom)
    assert run.exit_status == 0
    assert any("daily limit" in line for line in run.logged("WARNING"))
    assert_complete(expected(), run)


def test_a_wait_for_the_next_day_is_ended_by_a_signal() -> None:
    """SIGTERM is answered in the middle of it."""
    with SimulatedZoom(account(), daily_limits={"Heavy": 3}) as zoom:
        process = start_tap(zoom.config(on_daily_limit="wait"), zoom=zoom)
        process.read_until("STATE")
        wait_for(lambda: "daily limit" in process.err)
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
    assert run.exit_status == 143
    assert run.messages[-1]["type"] == "STATE"


def test_a_pipe_to_a_slow_target_loses_nothing(zoom: SimulatedZoom) -> None:
    """A target that reads in small bites gets every line whole."""
    process = start_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users", "report_webinar_participants"))
    assert process.process.stdout
    reader = "import sys\nwhile (part := sys.stdin.buffer.read1(700)): sys.stdout.buffer.write(part)"
    with subprocess.Popen(
        [sys.executable, "-c", reader], stdin=process.process.stdout, stdout=subprocess.PIPE
    ) as target:
        process.process.stdout.close()
        process.process.stdout = None
        out, _ = target.communicate()
    run = process.finish(document=True)
    assert run.exit_status == 0
    records = [message for line in out.splitlines() if (message := json.loads(line))["type"] == "RECORD"]
    found = {(each["stream"], key_of(each["stream"], each["record"])) for each in records}
    assert len(found) == len(expected()["users"]) + len(expected()["report_webinar_participants"])


def wait_for(condition: Callable[[], bool]) -> None:
    """Until a condition holds; an event to wait on would have to cross processes."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)
