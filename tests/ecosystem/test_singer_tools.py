"""singer-check-tap, target-jsonl and target-stitch accept the complete output of an account with awkward values."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tests.ecosystem.environments import program
from tests.ecosystem.tables import counts, load, settings_file
from tests.tap import Run, assert_exact

Rows = dict[str, list[dict[str, Any]]]


def test_target_jsonl_writes_every_record(runs: list[Run], right: Rows, tmp_path: Path) -> None:
    """Its files contain every record and field, and it prints the last state."""
    settings = settings_file(tmp_path, {"destination_path": "rows", "do_timestamp_file": False})
    (tmp_path / "rows").mkdir()
    loaded = load(runs[0], [program("target-jsonl", "target-jsonl"), "--config", settings], tmp_path)
    assert loaded.status == 0, loaded.stderr[-2000:]
    written = {
        file.stem: [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for file in (tmp_path / "rows").glob("*.jsonl")
    }
    assert_exact(right, written)
    assert json.loads(loaded.stdout.splitlines()[-1]) == runs[0].states[-1]


def test_target_stitch_accepts_every_record(runs: list[Run], tmp_path: Path) -> None:
    """In a dry run it validates each record against schema and key, and batches all of them for upload."""
    out = tmp_path / "out.json"
    loaded = load(runs[0], [program("target-stitch", "target-stitch"), "--dry-run", "--output-file", out], tmp_path)
    assert loaded.status == 0, loaded.stderr[-2000:]
    batches = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    sent: dict[str, int] = {}
    for batch in batches:
        sent[batch["table_name"]] = sent.get(batch["table_name"], 0) + len(batch["messages"])
    assert sent == counts(runs[0].records)
    assert json.loads(loaded.stdout.splitlines()[-1]) == runs[0].states[-1]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def test_singer_check_tap_reports_no_errors(runs: list[Run], tmp_path: Path) -> None:
    """Each record is valid against its schema, including date-times, and all records are counted.

    The checker crashes when it looks for date-times inside an object that is null, so nulls are removed first.
    """
    lines = [json.dumps(without_nulls(json.loads(line))) + "\n" for line in runs[0].stdout.splitlines()]
    loaded = load(
        dataclasses.replace(runs[0], stdout="".join(lines)), [program("singer-tools", "singer-check-tap")], tmp_path
    )
    said = loaded.stdout + loaded.stderr
    assert loaded.status == 0, said[-2000:]
    assert "The output is valid." in said
    assert f"{sum(counts(runs[0].records).values())} record messages" in said
