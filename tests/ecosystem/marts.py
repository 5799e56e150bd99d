"""The dbt package on PostgreSQL: a database that a target loads, and the models that dbt builds from it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tests import known_cases, known_marts
from tests.built import Rows, read_twice
from tests.ecosystem.databases import SCHEMA, Database
from tests.ecosystem.environments import program
from tests.ecosystem.postgres import Postgres
from tests.tap import Run
from tests.warehouse import Dbt, Outcome, dbt

MODELS = "marts"


def profile(directory: Path, postgres: Postgres, name: str) -> None:
    """Write the dbt profile for a database."""
    output = {
        "type": "postgres", "host": "127.0.0.1", "port": postgres.port, "user": "postgres", "password": "none",
        "dbname": name, "schema": MODELS, "threads": 1,
    }  # fmt: skip
    (directory / "profiles.yml").write_text(
        json.dumps({"zoom": {"target": "postgres", "outputs": {"postgres": output}}}), "utf-8"
    )


def run_of(rows: Rows) -> Run:
    """Return a run that emitted these rows."""
    messages: list[dict[str, Any]] = []
    for stream in rows:
        messages.append(
            {
                "type": "SCHEMA",
                "stream": stream,
                "schema": schema_of(BY_NAME[stream]),
                "key_properties": list(BY_NAME[stream].key),
            }
        )
    messages += [{"type": "RECORD", "stream": stream, "record": row} for stream, found in rows.items() for row in found]
    messages.append({"type": "STATE", "value": {"done": True}})
    return Run(0, "".join(f"{json.dumps(message)}\n" for message in messages), "", messages)


class PostgresBuilt:
    """Like tests.built.Built, but on PostgreSQL and loaded by a target."""

    def __init__(self, account: Database, cases: Database, directory: Path) -> None:
        self.databases = {"core": account, "all": account, "cases": cases}
        self.outcomes: dict[str, Outcome] = {}
        self._people: dict[str, list[known_marts.Person]] = {}
        runs, self.rows = read_twice()
        python = program("dbt-postgres", "python")
        profile(directory, account.postgres, account.name)
        with dbt(python, directory, directory) as run:
            account.load(runs[0])
            self._build(run, "core")
            account.load(runs[1])
            self._build(run, "all")
        (directory / "cases").mkdir()
        profile(directory / "cases", cases.postgres, cases.name)
        with dbt(python, directory / "cases", directory / "cases") as run:
            rows = {"report_meetings": known_cases.MEETINGS, "report_meeting_participants": known_cases.participants()}
            cases.load(run_of(rows))
            self._build(run, "cases", zoom__timezone=known_cases.ZONE)

    def _build(self, run: Dbt, name: str, *more: str, **variables: str) -> None:
        self.outcomes[name] = run("build", *more, zoom_schema=SCHEMA, **variables)

    def people(self, kind: str) -> list[known_marts.Person]:
        if kind not in self._people:
            self._people[kind] = known_marts.people(self.rows, kind)
        return self._people[kind]

    def columns(self, name: str, model: str) -> list[str]:
        database = self.databases[name]
        sql = f"SELECT attname FROM pg_attribute WHERE attrelid = '{MODELS}.{model}'::regclass AND attnum > 0 ORDER BY attnum"
        return database.postgres.ask(database.name, sql)

    def ask(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        return ask(self.databases[name], sql)


def ask(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, with dates and times as Python objects."""
    sql = f"SET search_path TO {MODELS}, {SCHEMA}; SELECT row_to_json(one_row) FROM ({sql}) AS one_row"
    lines = [line for line in database.postgres.ask(database.name, sql) if line != "SET"]
    return [tuple(map(_value, json.loads(line).values())) for line in lines]


def _value(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", value):
        return datetime.fromisoformat(value)
    return value
