"""Runs interrupted by a signal, a daily limit or a dead target, and how the next run resumes them."""

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
    """The last line of stdout is a STATE, the exit status is 128 plus the signal, and the next run resumes."""
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
def test_a_signal_ends_the_run_while_requests_hang(number: signal.Signals, status: int) -> None:
    """The run ends within ten seconds, long before the requests would time out."""
    with SimulatedZoom(account(), faults=[Fault("hang", "/v2/report/", times=None)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("RECORD")
        process.process.send_signal(number)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == status
    assert run.messages[-1]["type"] == "STATE"


def test_a_signal_ends_the_run_while_the_login_hangs() -> None:
    """No SCHEMA or STATE has been written yet, so stdout is empty. The exit status is still 143."""
    with SimulatedZoom(account(), faults=[Fault("hang", "/oauth/token", times=None)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        wait_for(lambda: zoom.counts["oauth"] > 0)
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == 143
    assert run.stdout == ""


def test_a_signal_ends_the_run_during_a_retry_delay() -> None:
    """A Retry-After of 500 seconds doesn't delay the end."""
    with SimulatedZoom(account(), faults=[Fault("503", "/v2/report", times=None, retry_after=500)]) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("RECORD")
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(timeout=10)
        run = process.finish()
    assert run.exit_status == 143


def test_a_second_signal_does_not_prevent_the_last_state() -> None:
    """After two SIGTERMs the exit status is 143, and a target that still reads gets the last STATE."""
    with SimulatedZoom(account(), latency=0.02) as zoom:
        process = start_tap(zoom.config(), zoom=zoom)
        process.read_until("STATE", 2)
        process.process.send_signal(signal.SIGTERM)
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
    assert run.exit_status == 143
    assert run.messages[-1]["type"] == "STATE"


@pytest.mark.parametrize("lines", [25, 60, 300])
def test_a_killed_run_resumes(lines: int) -> None:
    """After kill -9, the next run emits the remaining records."""
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


def test_a_full_disk_ends_the_run(zoom: SimulatedZoom) -> None:
    """The CRITICAL line says that stdout can't be written."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        run = start_tap(zoom.config(), zoom=zoom, stdout=full).finish()
    finally:
        os.close(full)
    assert run.exit_status == 1
    assert "stdout" in run.critical


def test_runs_under_a_daily_limit_resume_until_complete() -> None:
    """The CRITICAL line names the label, the limit and the date of the reset. Every run gets further."""
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


def test_runs_resume_with_daily_limits_for_all_labels() -> None:
    """As on the free plan. Every run gets further if the limits exceed the cost of reading the lists again."""
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


def test_a_daily_limit_without_headers_is_recognized_by_its_message() -> None:
    """The run stops instead of retrying."""
    body = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}
    fault = Fault.answer(429, body, match="/v2/report/", times=None)
    with SimulatedZoom(account(), faults=[fault], limit_headers=False) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert "daily" in run.critical
    assert fault.happened < 20


@pytest.mark.long
def test_a_run_can_wait_for_the_daily_reset() -> None:
    """With `on_daily_limit: wait`, the run logs a WARNING, waits for the reset and then completes."""
    with SimulatedZoom(account(), daily_limits={"Heavy": 15}, daily_reset=2) as zoom:
        run = run_tap(zoom.config(on_daily_limit="wait"), zoom=zoom)
    assert run.exit_status == 0
    assert any("daily limit" in line for line in run.logged("WARNING"))
    assert_complete(expected(), run)


def test_a_signal_ends_the_wait_for_the_daily_reset() -> None:
    """The run ends with exit status 143 and a last STATE."""
    with SimulatedZoom(account(), daily_limits={"Heavy": 3}) as zoom:
        process = start_tap(zoom.config(on_daily_limit="wait"), zoom=zoom)
        process.read_until("STATE")
        wait_for(lambda: "daily limit" in process.err)
        process.process.send_signal(signal.SIGTERM)
        run = process.finish()
    assert run.exit_status == 143
    assert run.messages[-1]["type"] == "STATE"


def test_a_slow_target_gets_every_record(zoom: SimulatedZoom) -> None:
    """The target reads at most 700 bytes at a time. No line is cut or missing."""
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
    """Poll until a condition is true, since an Event can't be shared with the tap's process."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)
