"""`meltano run tap-zoom target-jsonl`: rows, state between runs, interrupted runs, and the rotated refresh token."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.ecosystem.postgres import Postgres
from tests.ecosystem.project import PIPELINE, Project
from tests.ecosystem.test_meltano_settings import variables
from tests.simulator import SimulatedZoom
from tests.simulator.faults import Fault
from tests.tap import account, assert_exact, expected, key_of

TINY = (1, "tiny")  # has enough requests to reach a daily limit
RUN = ("run", "tap-zoom", "target-jsonl")


def distinct(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the last row of each key, as a database would keep it."""
    return {name: list({key_of(name, row): row for row in each}.values()) for name, each in rows.items()}


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true. It polls because an event would have to cross processes."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


def test_a_run_loads_the_account(project: Project) -> None:
    """target-jsonl writes every record and field, and Meltano stores the state of a finished run."""
    with SimulatedZoom(account()) as zoom:
        project.set(zoom.config())
        project.meltano(*RUN)
        assert zoom.violations == []
    assert_exact(expected(), project.rows())
    assert project.state()["unfinished"] == []


def test_each_run_is_a_full_sync_by_default(project: Project) -> None:
    """A second run with the state of a finished one loads the same rows again, and stores new bookmarks."""
    states = []
    with SimulatedZoom(account()) as zoom:
        for _ in range(2):
            project.meltano(*RUN, **variables(zoom.config()))
            states.append(project.state())
    rows = project.rows()
    for name, each in expected().items():
        times = Counter(key_of(name, row) for row in rows.get(name, []))
        assert all(times[key_of(name, row)] >= 2 for row in each), name
    assert_exact(expected(), distinct(rows))
    assert states[0]["bookmarks"] != states[1]["bookmarks"]


def test_a_run_resumes_after_a_daily_limit(project: Project) -> None:
    """Meltano stores the state of a run that failed at the daily limit. The next run resumes from it and finishes."""
    with SimulatedZoom(account(*TINY), daily_limits={"Heavy": 60}) as zoom:
        stopped = project.meltano(*RUN, expect=1, **variables(zoom.config()))
        assert "daily limit" in stopped.said
    state = project.state()
    assert state["unfinished"]
    first = project.rows()
    with SimulatedZoom(account(*TINY)) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
        reports = zoom.operations["/report/meetings/{meetingId}"]
    assert 0 < reports < len(expected(*TINY)["report_meetings"])
    assert 0 < len(first["report_meetings"]) < len(expected(*TINY)["report_meetings"])
    assert_exact(expected(*TINY), distinct(project.rows()))
    assert project.state()["unfinished"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="finds the tap's process in /proc")
def test_a_killed_tap_resumes(project: Project) -> None:
    """After kill -9 of the tap, the run fails. The next run loads all missing records.

    target-jsonl emits a state only if no record follows, so where the next run resumes is a matter of chance.
    """
    middle = expected()["report_meetings"][len(expected()["report_meetings"]) // 2]["uuid"]
    hang = Fault("hang", match=f"/v2/report/meetings/{middle[:12].partition('/')[0]}", times=None)
    with SimulatedZoom(account(), faults=[hang]) as zoom:
        process = project.start(*RUN, **variables(zoom.config()))
        wait_for(lambda: hang.happened > 0 or process.poll() is not None)
        project.kill_tap()
        _, said = process.communicate()
        assert process.returncode == 1, said
    assert project.state().get("unfinished", "no state yet")
    with SimulatedZoom(account()) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
    assert_exact(expected(), distinct(project.rows()))


@pytest.mark.skipif(sys.platform != "linux", reason="finds the tap's process in /proc")
def test_ctrl_c_leaves_no_process_and_no_wrong_state(project: Project) -> None:
    """An interrupt ends Meltano and the tap. The next run loads all missing records."""
    hang = Fault("hang", match="/v2/report/meetings/", times=None)
    with SimulatedZoom(account(), faults=[hang]) as zoom:
        process = project.start(*RUN, **variables(zoom.config()))
        wait_for(lambda: hang.happened > 0 or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
        assert process.returncode != 0
        wait_for(lambda: not project.taps())
    with SimulatedZoom(account()) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
    assert_exact(expected(), distinct(project.rows()))


def test_the_token_store_keeps_the_rotated_token(project: Project) -> None:
    """Zoom accepts each refresh token once. `config test` and two runs log in, because the next token is stored in
    .meltano."""
    with SimulatedZoom(account(), rotation="strict") as zoom:
        project.set(zoom.config("refresh_token"))
        before = (project.root / ".env").read_text("utf-8")
        project.meltano(*project.config("test"))
        for _ in range(2):
            project.meltano(*RUN)
        store = project.root / ".meltano" / "tap-zoom-token.json"
        assert json.loads(store.read_text("utf-8"))["refresh_token"] == zoom.refresh_token
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert (project.root / ".env").read_text("utf-8") == before
    assert_exact(expected(), distinct(project.rows()))


def test_a_server_to_server_login_writes_no_token(project: Project) -> None:
    """A Server-to-Server OAuth login writes no token, although token_store has a default."""
    with SimulatedZoom(account()) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
    assert not list((project.root / ".meltano").glob("tap-zoom-token.json*"))


def test_the_stored_state_is_listed_and_cleared(project: Project) -> None:
    """`meltano state` lists the stored state and clears it. The next run starts over."""
    with SimulatedZoom(account(*TINY), daily_limits={"Heavy": 60}) as zoom:
        project.meltano(*RUN, expect=1, **variables(zoom.config()))
    assert PIPELINE in project.meltano("state", "list").said
    project.meltano("state", "clear", "--force", PIPELINE)
    with SimulatedZoom(account(*TINY)) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
        assert zoom.operations["/report/meetings/{meetingId}"] >= len(expected(*TINY)["report_meetings"])


def test_meltano_loads_a_postgresql_database(project: Project, postgres: Postgres) -> None:
    """`meltano run tap-zoom target-postgres`, twice, loads every row once and stores a finished state."""
    project.meltano(*project.add(name="target-postgres", type_="loader"))
    name = f"meltano {project.version}"
    settings = {**postgres.database(name), "database": name, "default_target_schema": "zoom"}
    target = {f"TARGET_POSTGRES_{setting.upper()}": str(value) for setting, value in settings.items()}
    with SimulatedZoom(account()) as zoom:
        for _ in range(2):
            project.meltano("run", "tap-zoom", "target-postgres", **variables(zoom.config()), **target)
            found = postgres.counts(name, [f"zoom.{stream}" for stream in expected()])
            assert found == {f"zoom.{stream}": len(rows) for stream, rows in expected().items()}
    assert '"unfinished":[]' in project.meltano("state", "get", "dev:tap-zoom-to-target-postgres").stdout.replace(
        " ", ""
    )
