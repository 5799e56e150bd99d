"""The queries of docs/questions.md return the expected answers in PostgreSQL, with either target."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from tests.built import QUESTIONS
from tests.ecosystem.environments import program
from tests.ecosystem.marts import MODELS, profile
from tests.ecosystem.postgres import Postgres
from tests.ecosystem.tables import load, settings_file
from tests.known_answers import ANSWERS, Rows
from tests.tap import Run
from tests.test_questions import asked_then, known, load_and_know
from tests.warehouse import dbt

pytestmark = pytest.mark.slow

# Package, its setting for the database name, and the SQL function that expands a list column into rows.
TARGETS = [
    ("meltanolabs-target-postgres", "database", "unnest("),
    ("pipelinewise-target-postgres", "dbname", "jsonb_array_elements("),
]


@pytest.fixture(scope="module")
def read() -> tuple[Run, Rows]:
    return load_and_know()


@pytest.fixture(scope="module", params=TARGETS, ids=lambda target: target[0])
def loaded(
    request: pytest.FixtureRequest, postgres: Postgres, read: tuple[Run, Rows], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """Load the account and build the models. Return the database name and the SQL function that expands lists."""
    package, called, items = request.param
    directory, name = tmp_path_factory.mktemp(package), f"{package} questions"
    settings = {**postgres.database(name), called: name, "default_target_schema": "zoom"}
    done = load(
        read[0], [program(package, "target-postgres"), "--config", settings_file(directory, settings)], directory
    )
    assert done.status == 0, done.stderr[-3000:]
    profile(directory, postgres, name)
    with dbt(program("dbt-postgres", "python"), directory, directory) as run:
        run("run", zoom_schema="zoom").assert_clean()
    postgres.ask("postgres", f'ALTER DATABASE "{name}" SET search_path TO {MODELS}, zoom')
    return name, items


@pytest.mark.parametrize("text", ANSWERS)
def test_a_question_has_the_known_answer(
    postgres: Postgres, read: tuple[Run, Rows], loaded: tuple[str, str], text: str
) -> None:
    """The query returns the expected rows, in any order."""
    name, items = loaded
    sql = asked_then(QUESTIONS[text]).replace("unnest(", items)
    found = [
        tuple(json.loads(line).values())
        for line in postgres.ask(name, f"SELECT row_to_json(one_row) FROM ({sql}) one_row")
    ]
    assert without_empty(found) == without_empty(known(text, read[1]).elements())


def without_empty(answer: Iterable[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Count the rows, with None for empty strings: one of the targets stores them as NULL."""
    return Counter(tuple(None if cell == "" else cell for cell in row) for row in answer)
