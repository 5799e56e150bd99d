"""`meltano run tap-zoom target-jsonl`: rows, state between runs, a stop in the middle, and the rotated token."""

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

TINY = (1, "tiny")  # with enough requests for a daily limit
RUN = ("run", "tap-zoom", "target-jsonl")


def distinct(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """One row per key, the last one, as a database would keep them."""
    return {name: list({key_of(name, row): row for row in each}.values()) for name, each in rows.items()}


def wait_for(condition: Callable[[], bool]) -> None:
    """Until a condition holds; an event to wait on would have to cross processes."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)


def test_a_run_loads_the_account(project: Project) -> None:
    """Every record and field lands in target-jsonl's files, once, and Meltano keeps the state of a finished run."""
    with SimulatedZoom(account()) as zoom:
        project.set(zoom.config())
        project.meltano(*RUN)
        assert zoom.violations == []
    assert_exact(expected(), project.rows())
    assert project.state()["unfinished"] == []


def test_each_run_reads_everything_anew(project: Project) -> None:
    """With the state of a finished run the next one has the same rows, and leaves a state of its own."""
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


def test_a_run_that_is_stopped_by_a_limit_is_resumed(project: Project) -> None:
    """Meltano keeps the state of a run that failed at the daily limit; the next one goes on from it, to the end."""
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
def test_a_tap_that_is_killed_is_resumed(project: Project) -> None:
    """kill -9 of the tap in the middle: the run fails, and the next one gets every record that is missing.

    target-jsonl confirms a state only if no record follows, so from where the next run goes on is a matter of chance.
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
    """An interrupt ends Meltano and the tap. What the target has not confirmed is read again by the next run."""
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


def test_the_rotated_token_survives_in_the_token_store(project: Project) -> None:
    """Zoom takes each refresh token once; a trial and two runs work, since the next token is kept below .meltano."""
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
    """token_store has a default for everybody; only a refresh token is ever written there."""
    with SimulatedZoom(account()) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
    assert not list((project.root / ".meltano").glob("tap-zoom-token.json*"))


def test_the_kept_state_can_be_seen_and_cleared(project: Project) -> None:
    """`meltano state` lists it, shows it and removes it; then the next run begins anew."""
    with SimulatedZoom(account(*TINY), daily_limits={"Heavy": 60}) as zoom:
        project.meltano(*RUN, expect=1, **variables(zoom.config()))
    assert PIPELINE in project.meltano("state", "list").said
    project.meltano("state", "clear", "--force", PIPELINE)
    with SimulatedZoom(account(*TINY)) as zoom:
        project.meltano(*RUN, **variables(zoom.config()))
        assert zoom.operations["/report/meetings/{meetingId}"] >= len(expected(*TINY)["report_meetings"])


def test_meltano_fills_a_postgresql_database(project: Project, postgres: Postgres) -> None:
    """`meltano run tap-zoom target-postgres`, twice: every row once, and a finished state."""
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
