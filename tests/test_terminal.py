"""Terminal output: a progress line at the bottom, whole log lines above it, and a table at the end."""

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
    """Return both ends of a terminal with that width: the one to read from, and the one to write to."""
    ours, theirs = pty.openpty()
    resize(theirs, columns)
    return ours, theirs


def everything(end: int) -> str:
    """Return everything that is written to a terminal until its other end is closed."""
    parts = []
    with suppress(OSError):  # Linux raises it when the other end is closed
        while part := os.read(end, 1 << 16):
            parts.append(part)
    os.close(end)
    return b"".join(parts).decode()


def looked_at(text: str, columns: int) -> tuple[list[str], list[str]]:
    """Return the log lines and the progress lines. Clearing a progress line that wraps would leave a part of it."""
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
    """Return all that a run writes to a terminal: stderr, and stdout with `to_terminal`. Each step shows progress."""
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
def test_progress_and_log_lines_do_not_mix(columns: int, tmp_path: Path) -> None:
    """No progress line wraps, and each log line begins with its level. Progress has records, requests and windows."""
    with SimulatedZoom(account(), faults=[Fault.answer(400, {"code": 1}, match=r"/polls", times=3)]) as zoom:
        lines, passed = looked_at(watch(zoom, tmp_path, columns), columns)
    assert lines[-1].startswith("CRITICAL ")
    assert sum(line.startswith("ERROR Lost: ") for line in lines) == 3
    assert all(LEVEL.match(line) for line in lines)
    assert len(passed) > 20
    if columns > 40:
        assert all(WHERE.fullmatch(line) for line in passed), passed
        assert any(re.search(r"history_meetings \d of 7, users \d of \d", line) for line in passed)


def test_progress_and_debug_lines_do_not_mix(tmp_path: Path) -> None:
    """Debug lines are written by other threads."""
    with SimulatedZoom(account()) as zoom:
        lines, passed = looked_at(watch(zoom, tmp_path, 80, level="DEBUG"), 80)
    assert len(passed) > 20
    assert len(lines) > len(zoom.requests) and all(LEVEL.match(line) for line in lines)


def test_metrics_are_not_written_to_a_terminal(tmp_path: Path) -> None:
    """Metrics are for programs that read the log."""
    with SimulatedZoom(account()) as zoom:
        lines, _ = looked_at(watch(zoom, tmp_path, 80), 80)
    assert not any("METRIC" in line for line in lines)
    assert lines[-1].endswith(": complete.")


def test_no_progress_is_shown_if_records_go_to_the_terminal(tmp_path: Path) -> None:
    """Progress lines would mix with the records."""
    with SimulatedZoom(account()) as zoom:
        assert "\x1b" not in watch(zoom, tmp_path, 80, to_terminal=True)


def test_the_width_is_read_for_each_progress_line() -> None:
    """Terminal windows are resized. One that reports no width is taken as 80 columns wide."""
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
    """It follows the metrics, and one sentence follows it. Streams that only lead to others are indented."""
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


def test_the_table_shows_selected_streams_and_their_parents() -> None:
    """A selected stream is shown even if it wasn't requested. Other streams aren't shown."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse("/users/{id}/webinars", 400, {"code": 200, "message": "No permission."})
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meetings", "webinar_polls"))
    table = run.log[run.log.index(next(line for line in run.log if line.startswith("INFO stream "))) :]
    names = [line[5:].split("  ")[0] or line[7:].split()[0] for line in table[1:-2]]
    assert [line[5:7].strip() for line in table if "user_meetings" in line] == [""]
    assert "meetings" in names and "webinar_polls" in names and "users" in names
    assert not {"webinars", "report_meetings", "history_meetings"} & set(names)
    assert any(re.match("INFO   user_webinars .* no access", line) for line in table)


def test_an_incomplete_run_logs_the_reason() -> None:
    """The sentence comes before the CRITICAL line, which says what to do."""
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
