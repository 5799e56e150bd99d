# ruff: noqa: S101, S603, T201
"""Load a simulated Zoom account into files of JSON lines, and ask them questions in SQL: `make demo`."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from demo.questions import QUESTIONS
from tap_zoom.streams import EMITTED

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "demo-output"
TAP = Path(sys.executable).with_name("tap-zoom")
SECONDS_TO_START = 60


def main() -> None:
    target = _arguments().target
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    started = time.monotonic()
    heading("1. A simulated Zoom account answers on this machine")
    with simulated_account() as said:
        print(f"{said}\nIts people, words and times are made up; its answers have the shape of Zoom's.")
        heading("2. Discovery: what there is to select")
        discover()
        heading("3. Sync: everything the account holds, into a Singer target")
        sync(target)
    heading("4. What landed")
    connection = duckdb.connect()
    show(landed(connection), "llr")
    print(f"Files of JSON lines, one per stream: {shown(OUTPUT / 'rows')}/")
    print(f"The state a next run would begin with: {shown(OUTPUT / 'state.json')}")
    for number, question in enumerate(QUESTIONS, start=5):
        heading(f"{number}. {question.text}")
        print(question.sql.strip() + "\n")
        answer = connection.execute(question.sql)
        columns = tuple(column[0] for column in answer.description or ())
        show([columns, *answer.fetchall()], question.align)
    print(f"\nDone in {time.monotonic() - started:.0f} s. For a real account, go on with README.md, Quick start.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--target", default="target-jsonl", help="the target-jsonl to load with")
    return parser.parse_args()


@contextmanager
def simulated_account() -> Iterator[str]:
    """Runs the simulated account while the block lasts, and gives what it says of itself."""
    command = [sys.executable, "-m", "tests.simulator", "--size", "small", "--config", str(OUTPUT / "config.json")]
    echo(command)
    with open(OUTPUT / "simulator.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, encoding="utf-8")
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not process.stdout.readline():  # its second line says that it is ready
            raise SystemExit(f"The simulated account did not start: see {shown(OUTPUT / 'simulator.log')}.")
        yield said
    finally:
        process.terminate()
        process.wait(SECONDS_TO_START)


def discover() -> None:
    command = [str(TAP), "--discover"]
    catalog = OUTPUT / "catalog.json"
    echo(command, f"> {shown(catalog)}")
    with catalog.open("w", encoding="utf-8") as file:
        subprocess.run(command, stdout=file, check=True)
    streams = json.loads(catalog.read_text("utf-8"))["streams"]
    fields = sum(len(stream["metadata"]) - 1 for stream in streams)
    print(f"{len(streams)} streams with {fields} fields, without a request.")


def sync(target: str) -> None:
    """The pipeline as one would type it. The tap's log is shown as it comes, but for its metrics."""
    settings = OUTPUT / "target.json"
    settings.write_text(json.dumps({"destination_path": str(OUTPUT / "rows"), "do_timestamp_file": False}), "utf-8")
    tap = [str(TAP), "--config", str(OUTPUT / "config.json"), "--catalog", str(OUTPUT / "catalog.json")]
    load = [target, "--config", str(settings)]
    echo([*tap, "|", *load], f"> {shown(OUTPUT / 'state.json')}")
    with (OUTPUT / "state.json").open("w", encoding="utf-8") as state:
        reading = subprocess.Popen(tap, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        loading = subprocess.Popen(load, stdin=reading.stdout, stdout=state)
    assert reading.stdout is not None and reading.stderr is not None
    reading.stdout.close()
    with (OUTPUT / "tap.log").open("w", encoding="utf-8") as log:
        for line in reading.stderr:
            log.write(line)
            if not line.startswith("INFO METRIC"):
                print(line, end="", flush=True)
    print("The target is writing ...", flush=True)
    statuses = reading.wait(), loading.wait()
    if any(statuses):
        raise SystemExit(f"The demo failed: the tap ended with status {statuses[0]}, the target with {statuses[1]}.")
    print("Both ended with status 0.")


def landed(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """A view on each stream's file, and how many rows are in it."""
    rows: list[tuple[Any, ...]] = [("stream", "what it holds", "rows")]
    for stream, holds in ((entry.name, entry.holds) for entry in EMITTED):
        file = OUTPUT / "rows" / f"{stream}.jsonl"
        if not file.exists():
            rows.append((stream, holds, 0))
            continue
        path = str(file).replace("'", "''")
        connection.execute(
            f"CREATE VIEW {stream} AS SELECT * FROM "  # noqa: S608
            f"read_json('{path}', format = 'newline_delimited', sample_size = -1, maximum_object_size = 67108864)"
        )
        found = connection.execute(f"SELECT count(*) FROM {stream}").fetchall()  # noqa: S608
        rows.append((stream, holds, found[0][0]))
    return rows


def heading(text: str) -> None:
    print("\n" + (f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text), flush=True)


def echo(command: list[str], rest: str = "") -> None:
    """The command as one would type it in this directory."""
    print("$ " + " ".join([*(shown(part) for part in command), rest]).rstrip(), flush=True)


def shown(path: Path | str) -> str:
    return str(path).removeprefix(f"{ROOT}/")


def show(rows: list[tuple[Any, ...]], align: str) -> None:
    """A plain table; `align` has l or r for each column."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(align))]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        padded = [
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(row, widths, align, strict=True)
        ]
        print("  ".join(padded).rstrip())


if __name__ == "__main__":
    main()
