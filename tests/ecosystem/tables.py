"""Loading the simulated account with a target, and what a database's tables are compared with."""

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
    """What a target said."""

    status: int
    stdout: str
    stderr: str


def load(run: Run, command: list[str | Path], directory: Path) -> Loaded:
    """Give what a run of the tap has written to a target."""
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
    """A field's declared type in one word, null apart."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    word = " or ".join(sorted(set(types) - {"null"}))
    if word == "array":
        return f"array of {kind_of(schema['items'])}"
    return str(schema.get("format", word))


def comparable(row: Row, properties: dict[str, Schema]) -> Row:
    """A row in a form that is the same for what the tap should say and for what a database gives.

    A database has null where the tap leaves a field out, and shows the time of a timestamp, and 7.0, in its own way.
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
    """A time without its zone, which is UTC everywhere here."""
    return datetime.fromisoformat(value.removesuffix("Z").removesuffix("+00:00")).isoformat()


FORMS: dict[str, Callable[[Any], Any]] = {"date-time": _time, "number": float}
