"""Shared fixtures: a hub, a project of each Meltano version, a copy of this repository, PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.make_definition import definition
from tests.ecosystem.databases import MELTANOLABS, PIPELINEWISE, SCHEMA, Database, Target
from tests.ecosystem.environments import copy_of_checkout
from tests.ecosystem.hub import TARGET_JSONL, TARGET_POSTGRES, Hub
from tests.ecosystem.postgres import Postgres, server
from tests.ecosystem.project import Project
from tests.ecosystem.tables import settings_file
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import Run, run_tap

# Texts that could break column types, separators, quoting or encodings.
AWKWARD = (
    'a "quoted" word', "it's", "back\\slash", "\\N", "\\.", "a,b;c\td", "line\nbreak\r\nand another", "{curly} [square]",
    "%s %(name)s $1 :name ?", "NULL", "null", "  spaces  ", "Zürich 東京 😀 עברית", "' OR 1=1; --", "x" * 70_000, "",
)  # fmt: skip


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository, as if it were cloned."""
    return copy_of_checkout(tmp_path_factory.mktemp("clone") / "tap-zoom")


@pytest.fixture(scope="session")
def served(clone: Path) -> dict[str, Any]:
    """The definition of the tap, with the clone as its pip_url."""
    return {**definition(), "pip_url": str(clone)}


@pytest.fixture(scope="session")
def hub(served: dict[str, Any]) -> Iterator[Hub]:
    """A hub with this tap and two targets."""
    with Hub(extractors=[served], loaders=[TARGET_JSONL, TARGET_POSTGRES]) as hub:
        yield hub


@pytest.fixture(
    scope="session", params=[pytest.param("3", marks=pytest.mark.slow), "4"], ids=["Meltano 3", "Meltano 4"]
)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Project:
    """A project with the tap and target-jsonl, added by name from the hub."""
    place = tmp_path_factory.mktemp(f"meltano-{request.param}")
    Project(request.param, place, hub.url).meltano("init", "project")
    project = Project(request.param, place / "project", hub.url)
    project.adding = project.meltano(*project.add())
    project.meltano(*project.add(name="target-jsonl", type_="loader"))
    project.keep()
    return project


@pytest.fixture
def project(installed: Project) -> Project:
    """The project as it was after the tap and target-jsonl were added."""
    installed.restore()
    return installed


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server for the tests."""
    with server() as postgres:
        yield postgres


@pytest.fixture(scope="module", params=[MELTANOLABS, PIPELINEWISE], ids=lambda target: target.package)
def empty(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Database]:
    """Return a function that creates a database, and a target that loads into it."""
    target: Target = request.param

    def make(name: str) -> Database:
        directory = tmp_path_factory.mktemp(target.package)
        name = f"{target.package} {name}"
        settings = {**postgres.database(name), target.database: name, "default_target_schema": SCHEMA, **target.more}
        settings_file(directory, settings)
        return Database(target, postgres, directory, name)

    return make


@pytest.fixture(scope="session")
def awkward() -> Account:
    """An account with values of undocumented types, and texts that are hard to store."""
    account = Account(2)
    for number, text in enumerate(AWKWARD):
        row = account.users[number % len(account.users)].row
        row["dept" if number < len(account.users) else "last_client_version"] = text
    return account


@pytest.fixture(scope="session")
def right(awkward: Account) -> dict[str, list[dict[str, Any]]]:
    """The expected rows of the account."""
    return truth.expected(awkward)


@pytest.fixture(scope="session")
def runs(awkward: Account) -> list[Run]:
    """Two complete runs of the tap, one after the other."""
    with SimulatedZoom(awkward) as zoom:
        runs = [run_tap(zoom.config(), zoom=zoom) for _ in range(2)]
    assert [run.exit_status for run in runs] == [0, 0]
    return runs
