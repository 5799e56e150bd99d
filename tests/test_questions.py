"""The questions of docs/questions.md have the answers that the simulated account knows; here in DuckDB."""

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
    """Its SQL as of the simulated day."""
    return question.sql.replace("current_date", f"DATE '{NOW.date()}'")


def known(text: str, right: Rows) -> Counter[tuple[Any, ...]]:
    return Counter(ANSWERS[text](right, NOW.date()))


def load_and_know() -> tuple[Run, Rows]:
    """A run that reads the streams of all questions and models, and what they hold."""
    account = Account.sized("demo", now=NOW)
    with SimulatedZoom(account, scopes="classic") as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*STREAMS))
        right = truth.expected(account) | {name: truth_of(zoom, name) for name in STREAMS if name in further.KEYS}
    assert run.exit_status == 0, run.stderr[-2000:]
    return run, right


@pytest.mark.parametrize("text", ANSWERS)
def test_a_question_has_the_known_answer(built: Built, text: str) -> None:
    """Row by row, and there are some."""
    found = built.ask("all", asked_then(QUESTIONS[text]))
    answer = known(text, built.rows)
    assert answer
    assert Counter(tuple(str(cell) if hasattr(cell, "isoformat") else cell for cell in row) for row in found) == answer


def test_every_question_has_a_known_answer() -> None:
    """None is on the page untested."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert headings == list(QUESTIONS) == list(ANSWERS)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_names_streams_that_it_reads(text: str) -> None:
    """All that stand in its SQL, one or more of those below each model, and no other."""
    question = QUESTIONS[text]
    below = {table: {table} if table in BY_NAME else streams_below(table) for table in question.tables}
    assert question.streams and question.streams <= set().union(*below.values())
    assert all(streams & question.streams for streams in below.values())


def streams_below(model: str) -> set[str]:
    """The streams from which dbt builds a model: by its references, and by those of the macros that it calls."""
    file = next((ROOT / "dbt" / "models").rglob(f"{model}.sql"), None)
    if file is None or model.startswith("stg_zoom__"):
        return {model.removeprefix("stg_zoom__")} if file else set()
    sql = file.read_text("utf-8")
    kind = "webinar" if "webinar" in model else "meeting"
    for name in re.findall(r"zoom\.(occurrences|stays|attendance)\(", sql):
        sql += (ROOT / "dbt" / "macros" / f"{name}.sql").read_text("utf-8").replace("' ~ kind ~ '", kind)
    called = re.findall(r"ref\('(\w+)'\)|'(stg_zoom__\w+)'", sql)
    return set().union(*(streams_below(name or other) for name, other in called))


def test_a_database_is_made_of_what_target_jsonl_has_written(tmp_path: Path) -> None:
    """By a command: files with and without a time in their names, and all columns of streams that nobody has read."""
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
