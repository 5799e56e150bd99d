"""Signals while the target is busy, and where they are raised."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from unittest.mock import Mock

import pytest

from tap_zoom import run as runs
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.rate_limits import Pace
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.config import Config
from tap_zoom.errors import AccountRefused, Stopped
from tap_zoom.interrupts import Interrupts
from tap_zoom.output import Output
from tap_zoom.state import State
from tap_zoom.streams import BY_NAME
from tests.simulator import SimulatedZoom
from tests.tap import Process, account, assert_complete, expected, run_tap, start_tap
from tests.test_interrupts import SIGNALS, wait_for

# Sets how long the tap waits for the target after a signal, and logs when the pipe is full.
PATIENT = """
import sys
from tap_zoom import output
output.SECONDS_FOR_TARGET, original = {seconds}, output.Output._writable
def writable(self, seconds):
    result = original(self, seconds)
    if not result:
        print("The pipe is full.", file=sys.stderr, flush=True)
    return result
output.Output._writable = writable
"""


def busy_target(zoom: SimulatedZoom, seconds: float) -> Process:
    """Start a run whose target stops reading in the middle of a line. Send SIGTERM when the pipe is full."""
    process = start_tap(zoom.config(), zoom=zoom, patch=PATIENT.format(seconds=seconds))
    assert process.process.stdout
    process.read_until("STATE")  # the schemas alone fill a pipe
    process.lines.append(process.process.stdout.read1(5000))  # type: ignore[attr-defined]
    wait_for(lambda: "The pipe is full" in process.err)
    process.process.send_signal(signal.SIGTERM)
    wait_for(lambda: "The target is busy" in process.err)
    return process


def test_a_busy_target_gets_the_rest_of_the_line_and_the_last_state() -> None:
    """The tap writes them when the target reads again, then ends. The next run resumes from that STATE."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        process = busy_target(zoom, seconds=60)
        run = process.finish()  # this reads, and checks that every line is whole
        assert run.exit_status == 143
        assert run.messages[-1]["type"] == "STATE"
        rest = run_tap(zoom.config(), zoom=zoom, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete(expected(3, "paged"), run, rest)


def test_the_tap_does_not_wait_forever_for_a_target() -> None:
    """It ends after SECONDS_FOR_TARGET."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        process = busy_target(zoom, seconds=0.3)
        process.process.wait(timeout=20)
        assert process.finish(killed=True).exit_status == 143


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_wait_for_a_busy_target(number: signal.Signals) -> None:
    """The exit status is that of the first signal."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        process = busy_target(zoom, seconds=1e6)
        process.process.send_signal(number)
        process.process.wait(timeout=20)
        run = process.finish(killed=True)
    assert run.exit_status == 143
    assert "SIGTERM" in run.log[-1]


def test_a_signal_does_not_cut_off_the_state_of_a_failed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target is busy when Zoom denies the account. SIGTERM comes before the STATE is written."""
    ours, theirs = os.pipe()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        interrupts, lines = Interrupts(), []
        interrupts.install()
        output = Output(interrupts, theirs)
        while select.select([], [theirs], [], 0)[1]:
            os.write(theirs, b" " * select.PIPE_BUF)

        class Denied:
            def run(self) -> None:
                signal.raise_signal(signal.SIGTERM)
                raise AccountRefused("403")

            def last_state(self) -> dict[str, Any]:
                # The target reads again as soon as the tap begins to write the last STATE.
                if lines:
                    threading.Thread(target=read, daemon=True).start()
                lines.append(b"")
                return {"some": "state"}

        def read() -> None:
            with open(ours, "rb", closefd=False) as reader:
                lines.extend(reader)

        monkeypatch.setattr(runs, "Sync", lambda *_: Denied())
        now = datetime.now(timezone.utc)
        with pytest.raises(Stopped):
            runs.sync(Config(), {}, frozenset(), None, State("a"), Mock(retries={}), output, now, now.date)
        os.close(theirs)
        theirs = -1
        wait_for(lambda: lines[-1].endswith(b"}\n"))
        assert json.loads(lines[-1]) == {"type": "STATE", "value": {"some": "state"}}
    finally:
        signal.signal(signal.SIGTERM, handler)
        for descriptor in (ours, theirs):
            if descriptor >= 0:
                os.close(descriptor)


def test_the_tap_waits_for_a_busy_target_at_a_socket() -> None:
    """Some programs start a tap with a socket instead of a pipe."""
    ours, theirs = socket.socketpair()
    with ours, SimulatedZoom(account(3, "paged")) as zoom:
        process = start_tap(zoom.config(), zoom=zoom, stdout=theirs.fileno(), patch=PATIENT.format(seconds=60))
        theirs.close()
        wait_for(lambda: "The pipe is full" in process.err)
        process.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "The target is busy" in process.err)
        with ours.makefile("rb") as reader:
            lines = reader.read().split(b"\n")
        run = process.finish()
    assert run.exit_status == 143
    assert lines.pop() == b""
    assert json.loads(lines[-1])["type"] == "STATE"


class Silent:
    """A client that gets no answer until the end of the test."""

    last_answer = None

    def __init__(self) -> None:
        self.end = threading.Event()

    def log_in(self) -> None:
        pass

    def fetch(self, request: Request, tries: int) -> Page:
        self.end.wait()
        raise RuntimeError("the end")


def test_a_signal_may_come_at_any_line_while_waiting_for_a_result() -> None:
    """Lines in Python's own locks are included. The signal ends this wait or the next one, and the dispatcher still
    works."""
    request, client, handler = Request(BY_NAME["users"], {}, {}), Silent(), signal.getsignal(signal.SIGTERM)
    left = moment = 0

    def trace(frame: object, event: str, _: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            signal.raise_signal(signal.SIGTERM)
        return trace

    try:
        while left <= 0:
            left = moment = moment + 1
            interrupts = Interrupts()
            interrupts.install()
            dispatcher = Dispatcher(client, lambda _: Pace(1e6, 1.0), 1, False, interrupts, print)  # type: ignore[arg-type]
            dispatcher.submit(request, "", (), None)
            with pytest.raises(Stopped):
                sys.settrace(trace)  # type: ignore[arg-type]
                dispatcher.take(0.001)
                sys.settrace(None)
                if left > 0:  # `take` ran fewer lines than that
                    signal.raise_signal(signal.SIGTERM)
                dispatcher.take(20)
            sys.settrace(None)
            dispatcher.submit(request, "", (), None)  # the dispatcher's lock is free
        assert moment > 10
    finally:
        sys.settrace(None)
        signal.signal(signal.SIGTERM, handler)
        client.end.set()


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Handle signals until the end of the test."""
    handlers = {number: signal.getsignal(number) for number, _ in SIGNALS}
    made = Interrupts()
    made.install()
    yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_signal_inside_a_garbage_collector_callback_is_not_lost(interrupts: Interrupts) -> None:
    """Python prints exceptions there and ignores them. Stopped is raised at the next wait instead, and nothing is
    printed."""

    def callback(phase: str, _: object) -> None:
        if phase == "start":
            signal.raise_signal(signal.SIGTERM)

    unraisable: list[object] = []
    hook, sys.unraisablehook = sys.unraisablehook, unraisable.append
    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)
        sys.unraisablehook = hook
    assert unraisable == []
    with pytest.raises(Stopped, match="SIGTERM"):
        interrupts.wait(20)


def test_each_signal_is_raised_once_and_in_order(interrupts: Interrupts) -> None:
    """Either `wait` or `check` raises it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.raise_signal(number)
    with pytest.raises(Stopped, match="SIGTERM") as first:
        interrupts.wait(0)
    with pytest.raises(Stopped, match="SIGINT") as second:
        interrupts.check()
    assert (first.value.exit_status, second.value.exit_status) == (143, 130)
    interrupts.check()


@pytest.mark.parametrize("who", ["another thread", "a signal"])
def test_a_signal_or_another_thread_ends_a_wait(
    who: str, interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait ends before its time is over. Calls of `wake` before the wait end it too, however many there were."""
    monkeypatch.setattr("tap_zoom.interrupts.LONGEST_WAIT", 1e6)
    if who == "a signal":
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(Stopped, match="SIGINT"):
            interrupts.wait(1e6)
        return
    interrupts.wake()
    interrupts.wake()
    interrupts.wait(1e6)
    threading.Thread(target=interrupts.wake).start()
    interrupts.wait(1e6)
