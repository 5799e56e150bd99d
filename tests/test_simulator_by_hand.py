"""The simulator on the command line: python -m tests.simulator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tap import ROOT, run_tap

LACKING = "report:read:list_history_meetings:admin"


def test_without_scope_simulates_a_missing_scope(tmp_path: Path) -> None:
    """It shows the tap's message about the scope without changes to a real app."""
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


@pytest.mark.parametrize(
    "content",
    [
        '{"account_id": "mine"}',
        '{"auth_url": "https://zoom.us/oauth/token", "client_id": "mine"}',
        '{"client_id": "mi',
        "[]",
    ],
)
def test_a_config_of_another_origin_is_kept(content: str, tmp_path: Path) -> None:
    """It may be the only copy of a secret. The simulator prints an error and doesn't start."""
    config = tmp_path / "config.json"
    config.write_text(content, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2 and f"{config} exists and was not written by the simulator" in done.stderr
    assert config.read_text("utf-8") == content


@pytest.mark.parametrize("login", ["server_to_server", "jwt"])
def test_a_config_of_the_simulator_is_replaced(login: str, tmp_path: Path) -> None:
    """The port is different each time."""
    config = tmp_path / "config.json"
    written = []
    for _ in range(2):
        command = [sys.executable, "-m", "tests.simulator", "--config", str(config), "--login", login]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as simulator:
            try:
                assert simulator.stdout
                assert str(config).encode() in [simulator.stdout.readline() for _ in range(2)][1]
                written.append(config.read_text("utf-8"))
            finally:
                simulator.terminate()
    assert written[0] != written[1]


def test_an_unknown_scope_is_an_error(tmp_path: Path) -> None:
    """The simulator names it and doesn't start."""
    command = [
        sys.executable,
        "-m",
        "tests.simulator",
        "--config",
        str(tmp_path / "config.json"),
        "--without-scope",
        "report:reed",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and "report:reed" in done.stderr
