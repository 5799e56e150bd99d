# ruff: noqa: S101, S603, T201
"""Load a simulated Zoom account, build the dbt models, query them and draw a page of charts: `make demo`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from demo import tables
from demo.questions import questions
from tap_zoom.streams import EMITTED

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "demo-output"
DATABASE = OUTPUT / "zoom.duckdb"
PAGE = OUTPUT / "report.html"
TAP = Path(sys.executable).with_name("tap-zoom")
SECONDS_TO_START = 60
COLUMNS = 80
ASKED = list(questions())[:6]
ROWS_SHOWN = 8
# Optional streams that the models also read.
READ_BY_MODELS = {
    "recordings", "history_meetings", "phone_call_history", "phone_call_queues", "phone_call_queue_analytics",
}  # fmt: skip


def main() -> None:
    given = _arguments()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    started = time.monotonic()
    heading("1. A simulated Zoom account answers on this machine")
    with simulated_account() as said:
        print(wrapped(said))
        print("Its data is invented; its answers have the form of Zoom's.")
        heading("2. Discovery: the streams to choose from")
        discover()
        heading("3. Selection: the core streams, and those that the questions need")
        selected = select()
        heading("4. Sync: into a Singer target")
        sync(given.target)
    heading("5. Rows in the database")
    with duckdb.connect(str(DATABASE)) as connection:
        tables.create(connection, OUTPUT / "catalog.json", OUTPUT / "rows")
        show(("stream", "rows", "description"), landed(connection, selected))
    print(f"Files of JSON lines, one per stream: {shown(OUTPUT / 'rows')}/")
    print(f"State for the next run: {shown(OUTPUT / 'state.json')}")
    heading("6. dbt: from rows to tables that answer questions")
    build(given.dbt)
    heading("7. A page of charts")
    draw(given.dbt)
    connection = duckdb.connect(str(DATABASE), read_only=True)
    for number, question in enumerate(ASKED, start=8):
        heading(f"{number}. {question.text}")
        print(question.sql + "\n")
        answer = connection.execute(question.sql)
        rows = answer.fetchall()
        show([column[0] for column in answer.description or ()], rows[:ROWS_SHOWN])
        if len(rows) > ROWS_SHOWN:
            print(f"... and {len(rows) - ROWS_SHOWN} more rows")
    print(f"\nDone in {time.monotonic() - started:.0f} s. More questions: docs/questions.md.")
    print(f"Charts, for your browser: {shown(PAGE)}")
    print("The simulated account has ended. To start one in a second terminal:")
    print("$ .venv/bin/python -m tests.simulator --size demo --config config.json")
    print("For a real account, continue with README.md, Credentials.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--target", default="target-jsonl", help="the target-jsonl to load with")
    parser.add_argument("--dbt", type=Path, default=ROOT / ".venv" / "dbt", help="the environment of dbt and Altair")
    return parser.parse_args()


@contextmanager
def simulated_account() -> Iterator[str]:
    """Run the simulated account in the `with` block, and yield its first line of output."""
    command = [sys.executable, "-m", "tests.simulator", "--size", "demo", "--config", str(OUTPUT / "config.json")]
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


def select() -> list[str]:
    """Select the optional streams that the questions and models need, and return the names of all selected streams."""
    catalog = OUTPUT / "catalog.json"
    content = json.loads(catalog.read_text("utf-8"))
    taken = set().union(*(question.streams for question in ASKED), READ_BY_MODELS)
    more = [stream.name for stream in EMITTED if stream.name in taken and not stream.core]
    for stream in content["streams"]:
        if stream["tap_stream_id"] in more:
            of_stream = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
            of_stream["selected"] = True
    catalog.write_text(json.dumps(content, indent=2), "utf-8")
    besides = ", ".join(more)
    print(wrapped(f'The core streams are selected by default. Also marked with "selected": true: {besides}.'))
    return [stream.name for stream in EMITTED if stream.core or stream.name in more]


def sync(target: str) -> None:
    """Run the tap with the target, connected by a pipe. Show the tap's log as it arrives, without metrics."""
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
                print(wrapped(line), flush=True)
    print("The target is writing ...", flush=True)
    statuses = reading.wait(), loading.wait()
    if any(statuses):
        raise SystemExit(f"The demo failed: the tap ended with status {statuses[0]}, the target with {statuses[1]}.")
    print("Both exited with status 0.")


def build(environment: Path) -> None:
    """Run the dbt package on the database. Save dbt's log and show the result."""
    options = ["--project-dir", str(ROOT / "dbt"), "--profiles-dir", str(ROOT / "demo"), "--vars", "zoom_schema: main"]
    command = [str(environment / "bin" / "dbt"), "run", *options]
    echo(command)
    places = {"DBT_TARGET_PATH": str(OUTPUT / "dbt"), "DBT_LOG_PATH": str(OUTPUT / "dbt"), "ZOOM_DUCKDB": str(DATABASE)}
    settings = {**os.environ, **places, "DBT_USE_COLORS": "false"}
    done = subprocess.run(command, env=settings, capture_output=True, encoding="utf-8", check=False)
    (OUTPUT / "dbt.log").write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode:
        raise SystemExit(f"The demo failed: dbt ended with status {done.returncode}. See {shown(OUTPUT / 'dbt.log')}.")
    print(wrapped(next(line for line in reversed(done.stdout.splitlines()) if "Done." in line)))
    models = sorted(path.stem for path in (ROOT / "dbt" / "models" / "marts").glob("*.sql"))
    print(wrapped(f"Final models in {shown(DATABASE)}: {', '.join(models)}."))


def draw(environment: Path) -> None:
    command = [str(environment / "bin" / "python"), str(ROOT / "demo" / "report.py"), str(DATABASE), str(PAGE)]
    echo(command)
    subprocess.run(command, check=True)


def landed(connection: duckdb.DuckDBPyConnection, streams: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the name, row count and description of each selected stream."""
    for stream in EMITTED:
        if stream.name in streams:
            found = connection.execute(f"SELECT count(*) FROM {stream.name}").fetchall()  # noqa: S608
            yield stream.name, found[0][0], stream.description


def heading(text: str) -> None:
    print("\n" + (f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text), flush=True)


def echo(command: list[str], rest: str = "") -> None:
    """Print a command as you would type it in this directory."""
    typed = wrapped("$ " + " ".join([*(shown(part) for part in command), rest]).rstrip(), COLUMNS - 2)
    print(typed.replace("\n", " \\\n"), flush=True)


def shown(path: Path | str) -> str:
    return str(path).removeprefix(f"{ROOT}/")


def wrapped(line: str, columns: int = COLUMNS) -> str:
    """Wrap a line, and indent the continuation lines."""
    return textwrap.fill(line, columns, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def show(names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Print a plain table. Numbers are right-aligned; the widest columns are cut to fit the screen."""
    rows = list(rows)
    cells = [list(names), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > COLUMNS:
        widths[widths.index(max(widths))] -= 1
    numbers = [any(isinstance(row[column], int) for row in rows) for column in range(len(widths))]
    cells.insert(1, ["-" * each for each in widths])
    for row in cells:
        print("  ".join(map(fitted, row, widths, numbers)).rstrip())


def fitted(text: str, columns: int, right: bool) -> str:
    """Pad or cut a text to this many columns."""
    if width(text) > columns:
        while width(text) >= columns:
            text = text[:-1]
        text += "…"
    space = " " * (columns - width(text))
    return space + text if right else text + space


def width(text: str) -> int:
    """Return how many columns a text takes. East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


if __name__ == "__main__":
    main()
