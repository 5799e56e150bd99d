"""Runs the dbt package on a database, as its users do, and reads its models."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.tap import ROOT

PACKAGE = ROOT / "dbt"
MODELS = PACKAGE / "models"
ENVIRONMENT = ROOT / ".venv" / "dbt"
OPTIONAL = (
    "recordings", "history_meetings", "phone_call_history", "phone_call_queues", "phone_call_queue_analytics", "groups", "group_members",
)  # fmt: skip

Row = dict[str, Any]


@dataclass
class Outcome:
    """The result of a command: the number of nodes by status, and each warning and error."""

    success: bool
    statuses: dict[str, int]
    said: list[str]

    def assert_clean(self) -> None:
        """Check that there was no error, no warning and no skipped node."""
        assert self.success and not self.said, "\n".join(self.said)
        assert self.statuses.keys() <= {"success", "pass"}, self.statuses


class Dbt:
    """dbt in its own environment, in one process for several commands."""

    def __init__(self, python: Path, profiles: Path, directory: Path) -> None:
        self.directory = directory
        self.profiles = profiles
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DBT_"))}
        self._log = (directory / "dbt.log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [python, ROOT / "tests" / "dbt_process.py"], cwd=directory, env=environment, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip

    def __call__(self, *arguments: str, environment: dict[str, str] | None = None, **variables: str) -> Outcome:
        assert self._process.stdin and self._process.stdout
        places = ["--project-dir", PACKAGE, "--profiles-dir", self.profiles, "--target-path", self.directory / "target"]
        places += ["--log-path", self.directory, "--threads", "1", "--vars", json.dumps(variables)]
        command = {"arguments": [arguments[0], *map(str, places), *arguments[1:]], "environment": environment or {}}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, (self.directory / "dbt.log").read_text("utf-8")[-3000:]
        return Outcome(**json.loads(line))

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._log.close()


@contextmanager
def dbt(python: Path, profiles: Path, directory: Path) -> Iterator[Dbt]:
    """Start dbt, and stop it at the end of the block."""
    started = Dbt(python, profiles, directory)
    try:
        yield started
    finally:
        started.close()


@cache
def described() -> dict[str, Row]:
    """Return the models by name, as the package describes them."""
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(MODELS.rglob("*.yml"))]
    return {model["name"]: model for file in files for model in file.get("models", ())}


FINALS = sorted(path.stem for path in MODELS.rglob("zoom__*.sql"))


def examples() -> dict[str, str]:
    """Return the SQL of the example question of each final model."""
    return {name: described()[name]["config"]["meta"]["sql"] for name in FINALS}
