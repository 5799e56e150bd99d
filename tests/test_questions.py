"""The queries in docs/questions.md, on DuckDB: they return the answers expected from the simulated account."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.questions import PAGE, Question
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tests.built import NOW, QUESTIONS, Built
from tests.known_answers import ANSWERS, Rows
from tests.simulator import Account, SimulatedZoom, further, truth, truth_of
from tests.tap import ROOT, Run, catalog_of, run_tap
from tests.warehouse import OPTIONAL

STREAMS = sorted(set().union(*(question.streams for question in QUESTIONS.values()), truth.KEYS, OPTIONAL))


def asked_then(question: Question) -> str:
    """Return the SQL of a question, with the simulated date as current_date."""
    return question.sql.replace("current_date", f"DATE '{NOW.date()}'")


def known(text: str, right: Rows) -> Counter[tuple[Any, ...]]:
    return Counter(ANSWERS[text](right, NOW.date()))


def load_and_know() -> tuple[Run, Rows]:
    """Return a run with the streams of all questions and models, and the expected records."""
    account = Account.sized("demo", now=NOW)
    with SimulatedZoom(account, scopes="classic") as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*STREAMS))
        right = truth.expected(account) | {name: truth_of(zoom, name) for name in STREAMS if name in further.KEYS}
    assert run.exit_status == 0, run.stderr[-2000:]
    return run, right


@pytest.mark.parametrize("text", ANSWERS)
def test_a_query_returns_the_expected_answer(built: Built, text: str) -> None:
    """All rows match, and there is at least one."""
    found = built.ask("all", asked_then(QUESTIONS[text]))
    answer = known(text, built.rows)
    assert answer
    assert Counter(tuple(str(cell) if hasattr(cell, "isoformat") else cell for cell in row) for row in found) == answer


def test_every_question_has_an_expected_answer() -> None:
    """No question on the page is untested."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert headings == list(QUESTIONS) == list(ANSWERS)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_lists_the_streams_that_it_reads(text: str) -> None:
    """All streams in its SQL, at least one of the streams of each model, and no others."""
    question = QUESTIONS[text]
    below = {table: {table} if table in BY_NAME else streams_below(table) for table in question.tables}
    assert question.streams and question.streams <= set().union(*below.values())
    assert all(streams & question.streams for streams in below.values())


def streams_below(model: str) -> set[str]:
    """Return the streams from which dbt builds a model, by its references and those of the macros that it calls."""
    file = next((ROOT / "dbt" / "models").rglob(f"{model}.sql"), None)
    if file is None or model.startswith("stg_zoom__"):
        return {model.removeprefix("stg_zoom__")} if file else set()
    sql = file.read_text("utf-8")
    kind = "webinar" if "webinar" in model else "meeting"
    for name in re.findall(r"zoom\.(occurrences|stays|attendance)\(", sql):
        sql += (ROOT / "dbt" / "macros" / f"{name}.sql").read_text("utf-8").replace("' ~ kind ~ '", kind)
    called = re.findall(r"ref\('(\w+)'\)|'(stg_zoom__\w+)'", sql)
    return set().union(*(streams_below(name or other) for name, other in called))


def test_demo_tables_loads_the_output_of_target_jsonl(tmp_path: Path) -> None:
    """File names may contain a time. A stream without a file gets an empty table with all columns."""
    (tmp_path / "catalog.json").write_text(run_tap(None, "--discover", document=True).stdout, "utf-8")
    (tmp_path / "users.jsonl").write_text('{"id": "a", "created_at": "2026-01-02T03:04:05Z"}\n', "utf-8")
    (tmp_path / "meetings-20260102T030405.jsonl").write_text(
        '{"id": 1, "settings": {"x": []}, "occurrences": [{"y": null}]}\n', "utf-8"
    )
    command = [sys.executable, "-m", "demo.tables", tmp_path / "catalog.json", tmp_path, tmp_path / "zoom.duckdb"]
    subprocess.run(command, cwd=ROOT, check=True)
    with duckdb.connect(str(tmp_path / "zoom.duckdb")) as connection:
        assert connection.execute("SELECT id, created_at FROM users").fetchall() == [
            ("a", datetime(2026, 1, 2, 3, 4, 5))
        ]
        found = connection.execute("SELECT settings ->> 'x', len(occurrences) FROM meetings").fetchall()
        described = {row[0] for row in connection.execute("DESCRIBE whiteboards").fetchall()}
    assert found == [("[]", 1)]
    assert described == schema_of(BY_NAME["whiteboards"])["properties"].keys()
