"""An account in DuckDB, loaded twice, with the models that dbt builds from it. Made once for all tests.

The loads are two weeks apart: first the core, then every stream that the package and the questions read. Like a
database target, they keep one row per key. dbt builds the models after each load. A second database contains a few
hand-written meetings with known attendance.
"""

from __future__ import annotations

import fcntl
import json
import pickle
import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from demo import tables
from demo.questions import questions
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tests import known_cases, known_marts
from tests.simulator import Account, SimulatedZoom, further, truth, truth_of
from tests.simulator.dates import UTC
from tests.tap import ROOT, Run, catalog_of, run_tap
from tests.warehouse import ENVIRONMENT, OPTIONAL, Dbt, Outcome, dbt

FIRST = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
WEEKS = timedelta(days=14)
NOW = FIRST + WEEKS
SINCE = (FIRST - timedelta(days=120)).date()  # start_date of the second load, to save windows of calls and recordings
LOADED = ("2026-03-03 10:00:00", "2026-03-17 10:00:00")
CONNECTIONS: dict[str, duckdb.DuckDBPyConnection] = {}
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / ".installed"
QUESTIONS = {question.text: question for question in questions()}
FURTHER = tuple(
    sorted({*OPTIONAL, *(name for each in QUESTIONS.values() for name in each.streams if name in further.KEYS)})
)

Rows = dict[str, list[dict[str, Any]]]


# --- loaded rows and expected rows ----------------------------------------------------------------------------------


def account() -> Account:
    """Return an account with edge cases. Some users attend meetings and webinars, and a third are licensed."""
    made = Account.sized("demo", edges=True, drift=True, crowd=60, now=FIRST, future=WEEKS.days)
    for number, user in enumerate(made.users):
        if user.lookup == "ok":
            user.email = user.row["email"] = f"person.{7 * number}@example.com"
        if number % 3 == 0 or number == 23:  # user 23 hosts little
            user.row["type"] = 2
    return made


def right_rows(zoom: SimulatedZoom, start_date: date | None) -> Rows:
    core = truth.expected(zoom.account, start_date=start_date, at=zoom.as_of)
    return core | {name: truth_of(zoom, name, start_date) for name in FURTHER}


def key_of(stream: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in truth.KEYS.get(stream) or further.KEYS[stream])


def merged(first: Rows, second: Rows) -> Rows:
    """Return the rows in a target that keeps the last row of each key."""
    return {
        stream: list(({key_of(stream, row): row for row in [*first.get(stream, ()), *rows]}).values())
        for stream, rows in second.items()
    }


def read_twice() -> tuple[list[Run], Rows]:
    """Return two runs of the tap, two weeks apart, and the rows expected after both."""
    with SimulatedZoom(account(), scopes="classic") as zoom:
        runs, known = [], []
        for streams, since in ((tuple(truth.KEYS), None), ((*truth.KEYS, *FURTHER), SINCE)):
            config = zoom.config(plan="business", start_date=since and since.isoformat())
            runs.append(run_tap(config, zoom=zoom, catalog=catalog_of(*streams)))
            known.append({name: rows for name, rows in right_rows(zoom, since).items() if name in streams})
            zoom.travel(days=WEEKS.days)
    assert [run.exit_status for run in runs] == [0, 0], runs[-1].stderr[-2000:]
    return runs, merged(*known)


def load(database: Path, rows: Rows, loaded_at: str) -> None:
    """Insert rows into the tables of streams, and replace rows with the same key, as a database target does."""
    directory = Path(tempfile.mkdtemp(dir=database.parent))
    streams = [{"tap_stream_id": stream, "schema": schema_of(BY_NAME[stream])} for stream in rows]
    (directory / "catalog.json").write_text(json.dumps({"streams": streams}), "utf-8")
    for stream, records in rows.items():
        (directory / f"{stream}.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS zoom; CREATE SCHEMA loading; USE loading")
        tables.create(connection, directory / "catalog.json", directory)
        for stream in rows:
            connection.execute(
                f"ALTER TABLE {stream} ADD COLUMN _sdc_extracted_at TIMESTAMP DEFAULT TIMESTAMP '{loaded_at}'"
            )
            connection.execute(f"CREATE TABLE IF NOT EXISTS zoom.{stream} AS FROM {stream} LIMIT 0")
            key = ", ".join(BY_NAME[stream].key)
            connection.execute(f"DELETE FROM zoom.{stream} WHERE ({key}) IN (SELECT ({key}) FROM {stream})")
            connection.execute(f"INSERT INTO zoom.{stream} BY NAME FROM {stream}")
        connection.execute("USE zoom; DROP SCHEMA loading CASCADE")


class Built:
    """The databases, the outcomes of dbt, and the expected rows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.outcomes: dict[str, Outcome] = {}
        self.rows: Rows = {}
        self.kept = False
        self._people: dict[str, list[known_marts.Person]] = {}
        with dbt(PYTHON, ROOT / "demo", directory) as run:
            self._account(run)
            self._cases(run)

    def _account(self, run: Dbt) -> None:
        (first, second), self.rows = read_twice()
        database = self.directory / "core" / "warehouse.duckdb"
        database.parent.mkdir()
        # One row of an old meeting arrives late, with the load time of the first load.
        late = next(row for row in first.records["report_meeting_participants"] if row["status"] == "in_meeting")
        load(database, {**first.records, "report_meeting_participants": [
            row for row in first.records["report_meeting_participants"] if row is not late
        ]}, LOADED[0])  # fmt: skip
        self.build(run, "core")
        self.copy("core", "all")
        known = {stream: {key_of(stream, row): row for row in rows} for stream, rows in first.records.items()}
        changed = {
            stream: [row for row in rows if known.get(stream, {}).get(key_of(stream, row)) != row]
            for stream, rows in second.records.items()
        }
        load(self.path("all"), changed, LOADED[1])
        load(self.path("all"), {"report_meeting_participants": [late]}, LOADED[0])
        with duckdb.connect(str(self.path("all"))) as connection:
            # Mark the rows of units that the second load doesn't touch.
            old = [str(row["meeting_id"]) for row in changed["report_meeting_participants"]] + [str(late["meeting_id"])]
            changed_numbers = {*old, *(str(row["id"]) for row in changed["report_meetings"])}
            changed_numbers |= {
                str(row["meeting_id"]) for name in ("history_meetings", "meeting_poll_results") for row in changed[name]
            }
            marked = connection.execute(
                "UPDATE main.int_zoom__meeting_stays SET registrant_id = 'marked' WHERE NOT list_contains($units, unit)",
                {"units": sorted(changed_numbers)},
            ).fetchall()
        self.build(run, "all")
        with duckdb.connect(str(self.path("all"))) as connection:
            found = connection.execute(
                "SELECT count(*) FROM main.int_zoom__meeting_stays WHERE registrant_id = 'marked'"
            ).fetchall()
            self.kept = found == marked and found[0][0] > 0
        self.copy("all", "full")
        self.build(run, "full", "run", "--full-refresh", "--select", "config.materialized:incremental+")

    def _cases(self, run: Dbt) -> None:
        database = self.directory / "cases" / "warehouse.duckdb"
        database.parent.mkdir()
        rows = {"report_meetings": known_cases.MEETINGS, "report_meeting_participants": known_cases.participants()}
        load(database, rows, LOADED[0])
        with duckdb.connect(str(database)) as connection:
            # As from JSON Lines files: without load times, and with rows that a resumed run emitted again.
            for stream in rows:
                connection.execute(f"ALTER TABLE zoom.{stream} DROP COLUMN _sdc_extracted_at")
                connection.execute(f"INSERT INTO zoom.{stream} FROM zoom.{stream}")
        self.build(run, "cases", zoom__timezone=known_cases.ZONE)

    def people(self, kind: str) -> list[known_marts.Person]:
        """Return everyone expected in meetings or webinars. Computed once in each process."""
        if kind not in self._people:
            self._people[kind] = known_marts.people(self.rows, kind)
        return self._people[kind]

    def path(self, name: str) -> Path:
        return self.directory / name / "warehouse.duckdb"

    def copy(self, name: str, to: str) -> None:
        shutil.copytree(self.directory / name, self.directory / to)

    def build(self, run: Dbt, name: str, command: str = "build", *more: str, **variables: str) -> None:
        self.outcomes[name] = run(command, *more, environment={"ZOOM_DUCKDB": str(self.path(name))}, **variables)

    def columns(self, name: str, model: str) -> list[str]:
        return [row[0] for row in self.ask(name, f"DESCRIBE {model}")]

    def ask(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        if name not in CONNECTIONS:
            CONNECTIONS[name] = duckdb.connect(str(self.path(name)), read_only=True)
            CONNECTIONS[name].execute("SET search_path = 'main,zoom'")
        return CONNECTIONS[name].execute(sql).fetchall()


def shared(directory: Path) -> Built:
    """Return the databases in a directory. The first test process makes them; the others wait."""
    place = directory / "marts"
    with (directory / "marts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            shutil.rmtree(place, ignore_errors=True)  # left by a failed attempt
            place.mkdir()
            (place / "built").write_bytes(pickle.dumps(Built(place)))
    found: Built = pickle.loads((place / "built").read_bytes())
    return found
