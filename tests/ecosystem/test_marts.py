"""The dbt package on PostgreSQL, loaded by each target: the same tests as on DuckDB."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ecosystem.databases import Database
from tests.ecosystem.environments import clean, copy_of_checkout, program
from tests.ecosystem.marts import PostgresBuilt
from tests.ecosystem.postgres import Postgres
from tests.test_marts import (  # noqa: F401
    test_attendance_is_right_to_the_second,
    test_attendance_of_known_meetings,
    test_columns_are_as_described,
    test_days_of_known_meetings,
    test_department_weeks_equal_the_sum_of_person_days,
    test_known_meetings,
    test_licences_and_hosts_are_right,
    test_meetings_are_right,
    test_person_days_are_right,
    test_poll_answers_are_right,
    test_recordings_and_calls_are_right,
    test_the_example_question_of_a_model_has_an_answer,
    test_webinar_funnel_is_right,
    test_without_users_only_hosts_are_members,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(empty: Callable[[str], Database], tmp_path_factory: pytest.TempPathFactory) -> PostgresBuilt:
    """Models of an account loaded twice, and of hand-written meetings."""
    return PostgresBuilt(empty("marts"), empty("known meetings"), Path(tmp_path_factory.mktemp("dbt")))


@pytest.mark.parametrize("name", ["core", "all", "cases"])
def test_every_model_and_test_passes(built: PostgresBuilt, name: str) -> None:
    """dbt builds without error or warning from the core, from all streams, and from meetings and participants only."""
    built.outcomes[name].assert_clean()


def test_the_package_installs_from_git(postgres: Postgres, tmp_path: Path) -> None:
    """Another project installs the package from a git subdirectory, and builds it before any data is loaded."""
    clone = copy_of_checkout(tmp_path / "clone")
    for command in ("init -q", "add dbt", "-c user.name=x -c user.email=x@example.com commit -qm x"):
        subprocess.run(["git", *command.split()], cwd=clone, check=True)
    project, name = tmp_path / "project", "dbt project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(
        "name: mine\nprofile: mine\nflags: {send_anonymous_usage_stats: false}\nvars: {zoom: {zoom_schema: zoom}}\n",
        "utf-8",
    )
    (project / "packages.yml").write_text(
        f"packages: [{{git: '{clone.as_uri()}', subdirectory: dbt, revision: HEAD}}]\n", "utf-8"
    )
    (project / "models" / "mine.sql").write_text(
        "select count(*) as meetings from {{ ref('zoom__meetings') }}\n", "utf-8"
    )
    output = {**postgres.database(name), "type": "postgres", "dbname": name, "schema": "marts", "threads": 2}
    (project / "profiles.yml").write_text(json.dumps({"mine": {"target": "it", "outputs": {"it": output}}}), "utf-8")
    dbt = program("dbt-postgres", "dbt")
    for command in ("deps", "build"):
        done = subprocess.run(
            [dbt, command, "--no-use-colors"], cwd=project, env=clean(), capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout[-3000:]
    assert "WARN=0 ERROR=0 SKIP=0" in done.stdout and "[WARNING]" not in done.stdout, done.stdout[-3000:]
    assert postgres.ask(name, "SELECT meetings FROM marts.mine") == ["0"]
