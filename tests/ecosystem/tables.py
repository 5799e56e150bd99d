"""Load the simulated account with a target, and make rows comparable with database tables."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.ecosystem.environments import clean
from tests.tap import Run

Schema = dict[str, Any]
Row = dict[str, Any]


@dataclass
class Loaded:
    """The exit status and output of a target."""

    status: int
    stdout: str
    stderr: str


def load(run: Run, command: list[str | Path], directory: Path) -> Loaded:
    """Pipe the output of a run into a target."""
    done = subprocess.run(
        [str(part) for part in command],
        input=run.stdout,
        cwd=directory,
        env=clean(),
        capture_output=True,
        encoding="utf-8",
    )
    return Loaded(done.returncode, done.stdout, done.stderr)


def settings_file(directory: Path, settings: dict[str, Any]) -> Path:
    path = directory / "target.json"
    path.write_text(json.dumps(settings), "utf-8")
    return path


def kind_of(schema: Schema) -> str:
    """Return the declared type of a field in words, without null."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    word = " or ".join(sorted(set(types) - {"null"}))
    if word == "array":
        return f"array of {kind_of(schema['items'])}"
    return str(schema.get("format", word))


def comparable(row: Row, properties: dict[str, Schema]) -> Row:
    """Return a row in a form in which expected rows and database rows are equal.

    Databases have null where the tap omits a field, and format timestamps and numbers like 7.0 differently.
    """
    found = {}
    for name, schema in properties.items():
        value = row.get(name)
        if value is None:
            continue
        form = FORMS.get(kind_of(schema))
        found[name] = form(value) if form else value
    return found


def counts(rows: dict[str, list[Row]]) -> dict[str, int]:
    return {stream: len(each) for stream, each in rows.items()}


def _time(value: str) -> str:
    """Return a time without its zone, which is always UTC here."""
    return datetime.fromisoformat(value.removesuffix("Z").removesuffix("+00:00")).isoformat()


FORMS: dict[str, Callable[[Any], Any]] = {"date-time": _time, "number": float}
