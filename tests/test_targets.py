"""Singer's own checker and real targets take everything that a full run writes.

Each tool lives in a virtual environment of its own, since their dependencies contradict the tap's. It is made once, in
.venvs beside the code, or where TAP_ZOOM_VENVS says.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.simulator import SimulatedZoom
from tests.tap import ROOT, Run, account, expected, run_tap

VENVS = Path(os.environ.get("TAP_ZOOM_VENVS") or ROOT / ".venvs")
MINUTES_TO_INSTALL = 5


@cache
def output() -> Run:
    """A full run, as a target reads it."""
    with SimulatedZoom(account(3, "paged")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    return run


def tool(command: str, requirement: str) -> Path:
    """The path of a command of a package, installed if it is not there yet; skips where PyPI can't be reached."""
    place = VENVS / requirement.replace("==", "-")
    found = place / "bin" / command
    VENVS.mkdir(parents=True, exist_ok=True)
    with open(VENVS / f"{place.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run in several processes
        if not (place / "installed").exists():
            _install(place, requirement)
    assert found.exists(), f"{requirement} brings no {command}"
    return found


def _install(place: Path, requirement: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True, timeout=120)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*pip, requirement], capture_output=True, text=True, timeout=60 * MINUTES_TO_INSTALL, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{requirement} is not installed after {MINUTES_TO_INSTALL} minutes: PyPI is too slow")
    if done.returncode:
        pytest.skip(f"{requirement} can't be installed: {done.stderr.strip().splitlines()[-1]}")
    (place / "installed").touch()


def feed(command: list[str | Path], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool with the tap's output on its stdin."""
    return subprocess.run(
        [str(part) for part in command], input=output().stdout, capture_output=True, text=True, cwd=directory, timeout=120,
        check=False,
    )  # fmt: skip


def test_singers_checker_takes_every_line(tmp_path: Path) -> None:
    """Each record validates against its schema, date-times strictly."""
    done = feed([tool("singer-check-tap", "singer-tools==0.4.1")], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    said = (done.stdout + done.stderr).lower()
    assert "the output is valid" in said
    records = sum(map(len, expected(3, "paged").values()))
    assert f"{records} records" in said or str(records) in said


def test_stitchs_target_takes_every_line(tmp_path: Path) -> None:
    """Types and keys, in a dry run."""
    out = tmp_path / "out.json"
    done = feed([tool("target-stitch", "target-stitch==4.0.3"), "--dry-run", "-o", out], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == output().states[-1]
    assert out.stat().st_size > 0


def test_a_target_loads_every_row(tmp_path: Path) -> None:
    """target-jsonl: as many rows of each stream as the account holds, and the last STATE comes back."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"destination_path": str(tmp_path), "do_timestamp_file": False}), encoding="utf-8")
    done = feed([tool("target-jsonl", "target-jsonl==0.1.4"), "--config", config], tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == output().states[-1]
    loaded = Counter({path.stem: len(path.read_text("utf-8").splitlines()) for path in tmp_path.glob("*.jsonl")})
    assert loaded == Counter({stream: len(rows) for stream, rows in expected(3, "paged").items()})
