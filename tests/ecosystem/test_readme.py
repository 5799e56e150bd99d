"""The README's commands, typed as they stand there, from a clone to rows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ecosystem.environments import ROOT, program, skip_unreachable
from tests.ecosystem.hub import TARGET_JSONL, Hub
from tests.ecosystem.postgres import Postgres
from tests.ecosystem.project import LONGEST, Project
from tests.ecosystem.tables import counts
from tests.simulator import SimulatedZoom
from tests.tap import account, assert_exact, expected

README = (ROOT / "README.md").read_text("utf-8")


def block(after: str) -> str:
    """The first block of commands after some words."""
    assert README.count(after) == 1, after
    found = re.search(r"^```bash\n(.*?)^```$", README.partition(after)[2], re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def typed(commands: str, where: Path, env: dict[str, str], **instead: str) -> str:
    """Type commands into a shell, with what a user would put in place of the words in capitals."""
    for name, value in instead.items():
        assert name in commands
        commands = commands.replace(name, value)
    assert "YOUR_" not in commands
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", commands],
        cwd=where, env=env, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=LONGEST,
    )  # fmt: skip
    skip_unreachable(done.returncode, done.stderr, "what the README names")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(account()) as zoom:
        yield zoom


@pytest.mark.parametrize("version", ["3", "4"])
def test_the_way_into_meltano(version: str, clone: Path, home: Path, zoom: SimulatedZoom) -> None:
    """From the clone's definition to rows in target-jsonl's files; of the hub only target-jsonl is needed."""
    with Hub(loaders=[TARGET_JSONL]) as hub:
        project = Project(version, home, hub.url)
        meltano = program(f"meltano-{version}", "meltano").parent
        env = project.environment(
            HOME=str(home), PATH=f"{meltano}{os.pathsep}{os.environ['PATH']}", TAP_ZOOM_AUTH_URL=f"{zoom.url}/oauth/token"
        )
        typed(block("put the clone's own path into a copy of it:"), clone, env)
        typed("meltano init my-project", home, env)
        project.root = home / "my-project"
        typed(
            block(f"<!-- meltano {version} -->"), project.root, env, YOUR_ACCOUNT_ID=zoom.account.account_id,
            YOUR_CLIENT_ID=zoom.account.client_id, YOUR_CLIENT_SECRET=zoom.account.client_secret,
        )  # fmt: skip
    assert_exact(expected(), project.rows())
    assert zoom.account.client_secret not in (project.root / "meltano.yml").read_text("utf-8")


def test_the_commands_of_both_versions_differ_in_form_only() -> None:
    """Line by line they say the same, and the README's own words say which version is which."""
    forms = {"add tap-zoom": "add extractor tap-zoom", "add target": "add loader target"}
    fourth = block("<!-- meltano 4 -->")
    for form, other in forms.items():
        fourth = fourth.replace(form, other)
    fourth = re.sub(r"config (set|test) tap-zoom", r"config tap-zoom \1", fourth)
    assert fourth == block("<!-- meltano 3 -->")
    assert "**Meltano 4**" in README.partition("<!-- meltano 4 -->")[0][-200:]
    assert "**Meltano 3**" in README.partition("<!-- meltano 3 -->")[0][-200:]


def test_the_way_into_postgresql(clone: Path, home: Path, zoom: SimulatedZoom, postgres: Postgres) -> None:
    """Install, fill in config.json, load, and ask; then once more, and the counts are the same."""
    project = Project("", home, "")
    env = project.environment(HOME=str(home), PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    typed(block("## Install"), clone, env)
    typed("cp sample_config.json config.json", clone, env)
    config = json.loads((clone / "config.json").read_text("utf-8"))
    config |= zoom.config()
    del config["start_date"]
    (clone / "config.json").write_text(json.dumps(config), "utf-8")
    reach = postgres.database("readme")
    environment, cat, loading = block("<!-- postgres -->").partition("cat > ")
    typed(environment, clone, env)
    for _ in range(2):
        typed(
            cat + loading, clone, env, YOUR_USER=reach["user"], YOUR_PASSWORD=reach["password"], YOUR_DATABASE="readme",
            localhost=reach["host"], **{"5432": str(reach["port"])},
        )  # fmt: skip
        tables = {stream: f"zoom.{stream}" for stream in expected()}
        found = postgres.counts("readme", list(tables.values()))
        assert {stream: found[table] for stream, table in tables.items()} == counts(expected())
        assert "finished_at" in (clone / "state.json").read_text("utf-8")
    query = re.search(r"`(SELECT [^`]*)` has an answer", README)
    assert query
    assert len(postgres.ask("readme", query[1])) == len(expected()["report_meetings"])
