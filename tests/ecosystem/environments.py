"""A virtual environment for each program used with the tap, because their requirements conflict.

Made once, in .venv/ecosystem or in the directory in TAP_ZOOM_VENVS.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PLACE = Path(os.environ.get("TAP_ZOOM_VENVS") or ROOT / ".venv" / "ecosystem").absolute()
REQUIREMENTS = {
    "meltano-3": "meltano>=3,<4",
    "meltano-4": "meltano>=4,<5",
    "target-jsonl": "target-jsonl==0.1.4",
    "meltanolabs-target-postgres": "meltanolabs-target-postgres",
    "pipelinewise-target-postgres": "pipelinewise-target-postgres",
    "target-stitch": "target-stitch",
    "singer-tools": "singer-tools",
    "dbt-postgres": "dbt-core>=1.9,<1.12 dbt-postgres>=1.9,<1.12",
}
UNREACHABLE = (
    "Retrying (Retry(", "(from versions: none)", "Could not connect", "error sending request", "dns error",
    "Failed to fetch", "Name or service not known", "Network is unreachable",
)  # fmt: skip


def environment(name: str) -> Path:
    """Return the directory of an environment, made if necessary. Skips the test if PyPI can't be reached."""
    place = PLACE / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}"
    made = place / ".installed"
    requirement = REQUIREMENTS[name]
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists() and made.read_text("utf-8") == requirement:
            return place
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, "--retries", "2", *requirement.split()], capture_output=True, encoding="utf-8")
        skip_unreachable(done.returncode, done.stderr, requirement)
        assert done.returncode == 0, done.stderr[-3000:]
        made.write_text(requirement, "utf-8")
    return place


def program(name: str, executable: str) -> Path:
    """Return the path of a program in an environment."""
    return environment(name) / "bin" / executable


def skip_unreachable(status: int, said: str, what: str) -> None:
    """Skip the test if an installation failed because the package index can't be reached."""
    if status != 0 and any(words in said for words in UNREACHABLE):
        why = next(line for line in said.splitlines() if any(words in line for words in UNREACHABLE))
        pytest.skip(f"The package index can't be reached, so there is no {what}: {why.strip()[:100]} ...")


def clean(**more: str) -> dict[str, str]:
    """Return variables for a program: inherited ones, without those that configure taps, targets, Meltano or Python."""
    dropped = ("TAP_ZOOM_", "MELTANO_", "TARGET_", "PYTHON", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    loopback = "127.0.0.1,localhost"
    return {**inherited, "NO_COLOR": "1", "no_proxy": loopback, "NO_PROXY": loopback, **more}


def copy_of_checkout(place: Path) -> Path:
    """Copy the files of this repository, because an installation builds in the source directory."""
    others = (".*", "__pycache__", "*.egg-info", "build", "dist", "demo-output", "output")
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*others))
    return place
