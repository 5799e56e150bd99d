"""The simulated account that people start themselves: python -m tests.simulator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.tap import ROOT, run_tap

LACKING = "report:read:list_history_meetings:admin"


def test_an_app_can_lack_a_scope(tmp_path: Path) -> None:
    """--without-scope: what a refusal looks like can be seen without touching an app."""
    config = tmp_path / "config.json"
    command = [sys.executable, "-m", "tests.simulator", "--config", str(config), "--without-scope", LACKING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as simulator:
        try:
            assert simulator.stdout
            ready = [simulator.stdout.readline() for _ in range(2)]
            assert str(config).encode() in ready[1]
            run = run_tap(json.loads(config.read_text("utf-8")), "--test", document=True)
        finally:
            simulator.terminate()
    assert LACKING in run.stdout + run.stderr


def test_a_scope_that_there_is_not_is_a_mistake(tmp_path: Path) -> None:
    """It says so, and does not start."""
    command = [sys.executable, "-m", "tests.simulator", "--config", str(tmp_path / "config.json"), "--without-scope", "report:reed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and "report:reed" in done.stderr
