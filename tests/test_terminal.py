"""What a person sees: a line that passes at the bottom of the terminal, whole log lines above it, a table at the end."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from tap_zoom.log import _Lines
from tests.simulator import Fault, SimulatedZoom
from tests.tap import ROOT, account, catalog_of, run_tap

CLEAR = "\r\x1b[2K"
ALWAYS = "import tap_zoom.report; tap_zoom.report.SECONDS_ON_TERMINAL = 0; import tap_zoom; tap_zoom.main()"
LEVEL = re.compile("(DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
WHERE = re.compile(r"[\d.,]+ (s|min|h): [\d,]+ records?, [\d.]+ requests/s(; \w.*)?")


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def terminal(columns: int) -> tuple[int, int]:
    """Both ends of a terminal of that width: ours, and the one to write to."""
    ours, theirs = pty.openpty()
    resize(theirs, columns)
    return ours, theirs


def everything(end: int) -> str:
    """What is written to a terminal until nobody has it open any more."""
    parts = []
    with suppress(OSError):  # how Linux says so
        while part := os.read(end, 1 << 16):
            parts.append(part)
    os.close(end)
    return b"".join(parts).decode()


def looked_at(text: str, columns: int) -> tuple[list[str], list[str]]:
    """The lines that stay, and those that passed. One that wrapped would leave a part behind when it is cleared."""
    lines, passed, line = [], [], ""
    for part in re.split(f"(\r\n|{re.escape(CLEAR)})", text):
        if part == "\r\n":
            lines.append(line)
        elif part == CLEAR and line:
            passed.append(line)
        line = line + part if part not in ("\r\n", CLEAR) else ""
    assert line == "", "the last line is not whole, or was not cleared"
    assert all(len(line) < columns for line in passed)
    assert not any("\r" in line or "\x1b" in line for line in (*lines, *passed))
    return lines, passed


def watch(zoom: SimulatedZoom, tmp_path: Path, columns: int, *, level: str = "INFO", to_terminal: bool = False) -> str:
    """All that a run writes to a terminal as stderr, and with `to_terminal` as stdout; it shows where it is at each step."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(zoom.config()), encoding="utf-8")
    env = {**os.environ, "TAP_ZOOM_LOGLEVEL": level, "no_proxy": "*"}
    ours, theirs = terminal(columns)
    command = [sys.executable, "-c", ALWAYS, "--config", str(config)]
    with open(tmp_path / "out", "wb") as out:
        process = subprocess.Popen(command, stdout=theirs if to_terminal else out, stderr=theirs, cwd=ROOT, env=env)
    os.close(theirs)
    shown = everything(ours)
    process.wait()
    return shown


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_on_a_terminal_one_line_passes_and_nothing_is_glued_to_it(columns: int, tmp_path: Path) -> None:
    """No line wraps, each log line begins with its level, and what is known of the run is shown."""
    with SimulatedZoom(account(), faults=[Fault.answer(400, {"code": 1}, match=r"/polls", times=3)]) as zoom:
        lines, passed = looked_at(watch(zoom, tmp_path, columns), columns)
    assert lines[-1].startswith("CRITICAL ")
    assert sum(line.startswith("ERROR Lost: ") for line in lines) == 3
    assert all(LEVEL.match(line) for line in lines)
    assert len(passed) > 20
    if columns > 40:
        assert all(WHERE.fullmatch(line) for line in passed), passed
        assert any(re.search(r"history_meetings \d of 7, users \d of \d", line) for line in passed)


def test_debug_lines_of_the_workers_are_not_glued_to_it_either(tmp_path: Path) -> None:
    """They are written by other threads."""
    with SimulatedZoom(account()) as zoom:
        lines, passed = looked_at(watch(zoom, tmp_path, 80, level="DEBUG"), 80)
    assert len(passed) > 20
    assert len(lines) > len(zoom.requests) and all(LEVEL.match(line) for line in lines)


def test_metrics_are_not_for_a_terminal(tmp_path: Path) -> None:
    """They are for machines, which read the log."""
    with SimulatedZoom(account()) as zoom:
        lines, _ = looked_at(watch(zoom, tmp_path, 80), 80)
    assert not any("METRIC" in line for line in lines)
    assert lines[-1].endswith(": complete.")


def test_where_records_go_to_the_terminal_no_line_passes(tmp_path: Path) -> None:
    """They would be glued to it."""
    with SimulatedZoom(account()) as zoom:
        assert "\x1b" not in watch(zoom, tmp_path, 80, to_terminal=True)


def test_the_width_is_looked_up_each_time() -> None:
    """Windows are resized; one that does not say is taken as 80 columns wide."""
    words = "word, " * 100
    ours, theirs = terminal(80)
    with open(theirs, "w") as stderr:
        lines = _Lines(stderr)
        for columns, shown in ((80, 78), (30, 29), (120, 119), (0, 78)):
            resize(theirs, columns)
            lines.show_progress(words)
            assert os.read(ours, 1000).decode() == CLEAR + words[:shown].rstrip(", ")
        lines.emit(logging.makeLogRecord({"levelno": logging.INFO, "msg": "a log line"}))
    assert everything(ours) == f"{CLEAR}a log line\r\n"


# --- the end of a run -------------------------------------------------------------------------------------------


def test_the_table_comes_last_and_fits_80_columns() -> None:
    """After the metrics; lists that only lead to others are indented; then one sentence."""
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "INFO"})
    first = next(number for number, line in enumerate(run.log) if line.startswith("INFO stream "))
    assert "METRIC" in run.log[first - 1]
    table, sentence = run.log[first:-1], run.log[-1]
    assert max(map(len, table)) <= 80
    assert any(line.startswith("INFO   history_meetings ") for line in table)
    records = {stream: len(rows) for stream, rows in run.records.items()}
    for stream, count in records.items():
        assert any(re.match(rf"INFO {stream} +{count:,} ", line) for line in table)
    total = f"{sum(records.values()):,} records of {len(records)} streams"
    assert re.fullmatch(rf"INFO {total} in \d+ s: complete\.", sentence)


def test_the_table_shows_what_was_selected_or_led_to_it() -> None:
    """One that was selected also if it was not asked for; others not."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse("/users/{id}/webinars", 400, {"code": 200, "message": "No permission."})
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meetings", "webinar_polls"))
    table = run.log[run.log.index(next(line for line in run.log if line.startswith("INFO stream "))) :]
    names = [line[5:].split("  ")[0] or line[7:].split()[0] for line in table[1:-2]]
    assert [line[5:7].strip() for line in table if "user_meetings" in line] == [""]
    assert "meetings" in names and "webinar_polls" in names and "users" in names
    assert not {"webinars", "report_meetings", "history_meetings"} & set(names)
    assert any(re.match("INFO   user_webinars .* no access", line) for line in table)


def test_a_run_that_is_not_complete_says_why_in_its_last_sentence() -> None:
    """Before the CRITICAL line, which says what to do."""
    with SimulatedZoom(account(), faults=[Fault.answer(400, {"code": 1}, match=r"/polls", times=3)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert re.fullmatch(
        r"INFO [\d,]+ records of \d+ streams in \d+ s: incomplete: 3 items missing \(.*\)\.", run.log[-2]
    )
    with SimulatedZoom(account(), daily_limits={"Heavy": 3}) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.log[-2].endswith(": incomplete: interrupted.")
    assert "daily limit" in run.critical
