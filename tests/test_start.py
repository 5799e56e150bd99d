"""Process start: signals while the tap is imported, and closed file descriptors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tap_zoom import __version__
from tests.simulator import SimulatedZoom
from tests.tap import ROOT, account, catalog_of, expected

SENDS_ITSELF = """
import os, sys
class Moment:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Moment())
sys.argv = ["tap-zoom", "--version"]
import tap_zoom
tap_zoom.main()
"""


@pytest.mark.parametrize("module", ["tap_zoom.cli", "orjson", "tap_zoom.output"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_during_import_ends_the_process(number: signal.Signals, status: int, module: str) -> None:
    """The process logs one CRITICAL line and exits with the signal's status, whichever module is being imported."""
    script = SENDS_ITSELF.format(module=module, number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("CRITICAL ") and number.name in line


CLOSED = [
    ("2>&-", 0, 2),
    (">&-", 1, 2),
    (">&- 2>&-", 1, 2),
    ("<&- 2>&-", 0, 2),
    ("<&- >&-", 1, 2),
    ("<&- >&- 2>&-", 1, 2),
]


def in_shell(arguments: str, redirections: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = f'exec "$0" -m tap_zoom {arguments} {redirections}'
    env = {**os.environ, "no_proxy": "*"}
    (folder / "tap_zoom").symlink_to(ROOT / "tap_zoom")
    return subprocess.run(
        ["sh", "-c", command, sys.executable],
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("redirections", "status", "wrong_usage"), CLOSED)
@pytest.mark.few(4)
def test_exit_status_with_closed_descriptors(redirections: str, status: int, wrong_usage: int, tmp_path: Path) -> None:
    """`--version` and an unknown option exit with the right status and without a traceback."""
    for number, (arguments, right) in enumerate((("--version", status), ("--nonsense", wrong_usage))):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = in_shell(arguments, redirections, folder)
        assert done.returncode == right
        assert done.stdout == ("tap-zoom " + __version__ + "\n" if right == 0 else "")
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("redirections", "status"),
    [("2>&-", 0), ("<&- 2>&-", 0), (">&-", 1), ("<&- >&- 2>&-", 1), ("2>/dev/full", 0), ("2>&- >/dev/full", 1)],
)
@pytest.mark.few(3)
def test_a_sync_with_closed_or_full_stdout_or_stderr(redirections: str, status: int, tmp_path: Path) -> None:
    """Log lines that can't be written are dropped, not written to another file. The next refresh token is kept."""
    with SimulatedZoom(account()) as zoom:
        config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
        config.write_text(json.dumps(zoom.config("refresh_token")), encoding="utf-8")
        catalog.write_text(json.dumps(catalog_of("users")), encoding="utf-8")
        done = in_shell("--config config.json --catalog catalog.json", redirections, tmp_path)
        assert json.loads(config.read_text("utf-8"))["refresh_token"] == zoom.refresh_token
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(line["type"] == "RECORD" for line in lines) == (len(expected()["users"]) if status == 0 else 0)
    assert not lines or lines[-1]["type"] == "STATE"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_tap_that_waits_for_its_config(number: signal.Signals, tmp_path: Path) -> None:
    """A pipe that stays open without content blocks the tap. So far there is nothing to save."""
    pipe = tmp_path / "config"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "tap_zoom", "--config", str(pipe)]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tap,
        pipe.open("w"),  # returns once the tap has opened it
    ):
        tap.send_signal(number)
        output, log = tap.communicate(timeout=60)
    assert tap.returncode == 128 + number and output == ""
    assert log.startswith("CRITICAL ") and number.name in log
