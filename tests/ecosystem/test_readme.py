"""Run the commands of the README and the docs as written, from a clone to loaded rows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ecosystem.environments import ROOT, clean, program, skip_unreachable
from tests.ecosystem.hub import TARGET_JSONL, Hub
from tests.ecosystem.postgres import Postgres
from tests.ecosystem.project import LONGEST, Project
from tests.ecosystem.tables import counts
from tests.ecosystem.test_meltano_runs import distinct
from tests.simulator import SimulatedZoom
from tests.tap import account, assert_exact, expected, key_of

README = (ROOT / "README.md").read_text("utf-8")
MELTANO = (ROOT / "docs" / "meltano.md").read_text("utf-8")
TARGETS = (ROOT / "docs" / "targets.md").read_text("utf-8")


def block(after: str, page: str = README) -> str:
    """Return the first bash block after the text `after`, which must occur once on the page."""
    assert page.count(after) == 1, after
    found = re.search(r"^```bash\n(.*?)^```$", page.partition(after)[2], re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def typed(commands: str, where: Path, env: dict[str, str], **instead: str) -> str:
    """Run commands in bash and return their stdout. `instead`: placeholder -> the value that replaces it."""
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


COMMANDS = {"4": block("<!-- meltano 4 -->"), "3": block("<!-- meltano 3 -->", MELTANO)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(account()) as zoom:
        yield zoom


@pytest.mark.parametrize("version", [pytest.param("3", marks=pytest.mark.slow), "4"])
def test_meltano_setup(version: str, clone: Path, home: Path, zoom: SimulatedZoom) -> None:
    """The documented commands load every row into files of target-jsonl, the only plugin from the hub. meltano.yml does
    not contain the client secret."""
    with Hub(loaders=[TARGET_JSONL]) as hub:
        project = Project(version, home, hub.url)
        meltano = program(f"meltano-{version}", "meltano").parent
        env = project.environment(
            HOME=str(home),
            PATH=f"{meltano}{os.pathsep}{os.environ['PATH']}",
            TAP_ZOOM_AUTH_URL=f"{zoom.url}/oauth/token",
        )
        typed(block("as `pip_url`:"), clone, env)
        typed("meltano init my-project", home, env)
        project.root = home / "my-project"
        typed(
            COMMANDS[version], project.root, env, YOUR_ACCOUNT_ID=zoom.account.account_id,
            YOUR_CLIENT_ID=zoom.account.client_id, YOUR_CLIENT_SECRET=zoom.account.client_secret,
        )  # fmt: skip
    assert_exact(expected(), project.rows())
    assert zoom.account.client_secret not in (project.root / "meltano.yml").read_text("utf-8")


def test_commands_for_meltano_3_and_4_match() -> None:
    """They differ only in syntax."""
    forms = {"add tap-zoom": "add extractor tap-zoom", "add target": "add loader target"}
    fourth = COMMANDS["4"]
    for form, other in forms.items():
        fourth = fourth.replace(form, other)
    assert re.sub(r"config (set|test) tap-zoom", r"config tap-zoom \1", fourth) == COMMANDS["3"]


def is_complete(state: Path) -> bool:
    """True if the state was written by a completed run."""
    return json.loads(state.read_text("utf-8"))["unfinished"] == []


def beside_the_target(home: Path, zoom: SimulatedZoom) -> dict[str, str]:
    """Write config.json as in the quick start. Return an environment with the tap and the target on the PATH."""
    (home / "config.json").write_text(json.dumps(zoom.config() | {"start_date": None}), "utf-8")
    programs = [Path(sys.executable).parent, program("target-jsonl", "target-jsonl").parent, os.environ["PATH"]]
    return clean(PATH=os.pathsep.join(map(str, programs)))


def test_the_quick_start_can_be_repeated(home: Path, zoom: SimulatedZoom) -> None:
    """Each of two runs writes every row at least once, and leaves the state of a completed run."""
    env = beside_the_target(home, zoom)
    for runs in (1, 2):
        typed(block("<!-- quick start -->"), home, env)
        rows: dict[str, list[dict[str, Any]]] = {}
        for path in (home / "output").glob("*.jsonl"):
            written = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            rows.setdefault(path.stem.partition("-")[0], []).extend(written)
        assert_exact(expected(), distinct(rows))
        for stream, right in expected().items():
            times = Counter(key_of(stream, row) for row in rows.get(stream, []))
            assert all(times[key_of(stream, row)] >= runs for row in right), stream
        assert json.loads((home / "state.json").read_text("utf-8").splitlines()[-1])["unfinished"] == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signalled_quick_start_keeps_exit_status_and_state(number: int, status: int, home: Path) -> None:
    """A signal reaches the whole process group, as with Ctrl-C, timeout or systemd. The pipeline exits with the tap's
    status, and the next run resumes from the state that the target confirmed."""
    asked = threading.Event()
    with SimulatedZoom(account(), latency=0.05) as zoom:
        zoom.watchers.append(lambda _: asked.set() if len(zoom.requests) > 60 else None)
        env = beside_the_target(home, zoom)
        commands = ["bash", "-c", f"trap : INT TERM\n{block('<!-- quick start -->')}"]
        running = subprocess.Popen(
            commands, cwd=home, env=env, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True
        )
        assert asked.wait(LONGEST)
        os.killpg(running.pid, number)
        said = running.communicate(timeout=LONGEST)[1]
        assert running.returncode == status, said[-4000:]
        assert json.loads((home / "state.json").read_text("utf-8"))["unfinished"]
        done = subprocess.run(commands, cwd=home, env=env, capture_output=True, encoding="utf-8", timeout=LONGEST)
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads((home / "state.json").read_text("utf-8").splitlines()[-1])["unfinished"] == []


def test_postgresql_setup(clone: Path, home: Path, zoom: SimulatedZoom, postgres: Postgres) -> None:
    """Install, fill in config.json, load and query. A second load leaves the row counts unchanged."""
    project = Project("", home, "")
    programs = [home / "venvs" / "tap-zoom" / "bin", Path(sys.executable).parent, os.environ["PATH"]]
    env = project.environment(HOME=str(home), PATH=os.pathsep.join(map(str, programs)))
    typed(block("With pip:"), clone, env)
    typed("cp sample_config.json config.json", clone, env)
    config = json.loads((clone / "config.json").read_text("utf-8"))
    config |= zoom.config()
    (clone / "config.json").write_text(json.dumps(config), "utf-8")
    reach = postgres.database("readme")
    environment, cat, loading = block("<!-- postgres -->", TARGETS).partition("cat > ")
    typed(environment, clone, env)
    for _ in range(2):
        typed(
            cat + loading, clone, env, YOUR_USER=reach["user"], YOUR_PASSWORD=reach["password"], YOUR_DATABASE="readme",
            localhost=reach["host"], **{"5432": str(reach["port"])},
        )  # fmt: skip
        tables = {stream: f"zoom.{stream}" for stream in expected()}
        found = postgres.counts("readme", list(tables.values()))
        assert {stream: found[table] for stream, table in tables.items()} == counts(expected())
        assert json.loads((clone / "postgres-state.json").read_text("utf-8").splitlines()[-1])["unfinished"] == []
    query = re.search(r"`(SELECT [^`]*)` has an answer", TARGETS)
    assert query
    assert len(postgres.ask("readme", query[1])) == len(expected()["report_meetings"])
