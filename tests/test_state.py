"""A stopped run resumes from any STATE that it wrote, and no record is lost."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest

from tap_zoom.sync.windows import months_before
from tests.scripted import says, scripted
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import (
    Run,
    account,
    assert_complete,
    assert_exact,
    catalog_of,
    copy_of,
    expected,
    key_of,
    kill,
    run_tap,
    start_tap,
)

LARGEST_STATE = 1000  # bytes


def emitted_until(run: Run, state: int) -> Run:
    """Return the messages up to the STATE with that number."""
    messages = []
    for message in run.messages:
        messages.append(message)
        state -= message["type"] == "STATE"
        if state < 0:
            break
    return Run(0, "", "", messages)


@cache
def whole(login: str = "server_to_server", history: str = "ok") -> Run:
    """Return an uninterrupted run. Its states can also be resumed on another server with the same account."""
    with SimulatedZoom(account(), history=history) as zoom:
        return run_tap(zoom.config(login), zoom=zoom)


def resume_at(state: dict[str, Any]) -> dict[str, Any]:
    """Return the checkpoints of a state."""
    found: dict[str, Any] = state["unfinished"][0]["resume_at"]
    return found


def test_state_is_emitted_at_the_start_during_and_at_the_end() -> None:
    """The first STATE comes before any RECORD, and the last line is a STATE. None is empty or large."""
    run = whole()
    types = [message["type"] for message in run.messages]
    assert types.index("STATE") < types.index("RECORD")
    assert types[-1] == "STATE"
    assert len(run.states) > 4
    assert all(state and len(json.dumps(state)) < LARGEST_STATE for state in run.states)


def test_a_finished_state_has_no_unfinished_run(zoom: SimulatedZoom) -> None:
    """The next run reads all records again, without a warning about the state."""
    last = whole().states[-1]
    assert last["version"] == 3 and last["unfinished"] == []
    second = run_tap(zoom.config(), zoom=zoom, state=last)
    assert_exact(expected(), second.records)
    assert not any("state" in line.lower() for line in second.logged("WARNING"))


def stopped() -> Any:
    """Return a state from the middle of a run."""
    states = whole().states
    return states[len(states) // 2]


def begun(state: dict[str, Any], days: int) -> dict[str, Any]:
    """Return the state as if its run had started that many days ago."""
    started_at = (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**state, "unfinished": [{**state["unfinished"][0], "started_at": started_at}]}


def test_checkpoints_only_move_forward() -> None:
    """The checkpoint of a traversal ends at null, which means that the traversal is finished."""
    ended = set()
    for before, after in itertools.pairwise(resume_at(state) for state in whole().states[:-1]):
        for name in before:
            assert after[name] is None or (before[name] is not None and after[name] >= before[name])
        ended |= {name for name, path in after.items() if path is None}
    assert ended


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 9))])
@pytest.mark.parametrize("login", ["jwt", "server_to_server"])
def test_a_run_resumes_from_every_state(login: str, part: int) -> None:
    """The records before a STATE and those of a run resumed from it are complete together.

    All STATEs of a run are tested, but only a ninth of them in `make test`.
    """
    history = "ok" if login == "jwt" else "no_permission"
    right = truth.expected(account(), history=history == "ok")
    run = whole(login, history)
    with SimulatedZoom(account(), history=history) as zoom:
        for number, state in enumerate(run.states[:-1]):
            if number % 9 == part:
                resumed = run_tap(zoom.config(login), zoom=zoom, state=state)
                assert resumed.exit_status == 0
                assert_complete(right, emitted_until(run, number), resumed)


def test_a_resumed_run_repeats_few_requests(zoom: SimulatedZoom) -> None:
    """Resuming from the last unfinished STATE sends less than half of the requests, and keeps its checkpoints."""
    whole = run_tap(zoom.config(), zoom=zoom)
    asked = len(zoom.requests)
    state = whole.states[-2]
    resumed = run_tap(zoom.config(), zoom=zoom, state=state)
    again = len(zoom.requests) - asked
    assert again < asked / 2
    assert resume_at(resumed.states[0]) == resume_at(state)


def test_a_resumed_run_keeps_its_start_time(zoom: SimulatedZoom) -> None:
    """It is the same run, so it reads events up to the time at which that run started."""
    state = begun(whole().states[3], 3)
    resumed = run_tap(zoom.config(), zoom=zoom, state=state)
    assert resumed.states[0]["unfinished"][0]["started_at"] == state["unfinished"][0]["started_at"]


MORE = '{"type": "RECORD", "stream": "users", "record": {}}\n{"type": "STATE", "value": {}}\n'


@pytest.mark.parametrize(
    ("before", "indent"),
    [("", None), ("", 2), (MORE, None)],
    ids=["alone", "over several lines", "the last of several"],
)
def test_a_state_message_is_accepted_as_a_state(before: str, indent: int | None) -> None:
    """The state file may contain STATE messages instead of a bare state. The last one is used."""
    message = json.dumps({"type": "STATE", "value": stopped()}, indent=indent)
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, state=_written(f"{before}{message}\n"))
    assert run.exit_status == 0
    assert not any("state" in line for line in run.logged("WARNING"))
    assert run.states[0]["unfinished"][0]["started_at"] == stopped()["unfinished"][0]["started_at"]


def test_output_of_targets_and_meltano_is_accepted_as_a_state(zoom: SimulatedZoom) -> None:
    """A target writes a bare state per line; the last is used. `meltano state get` may have a null partial state."""
    lines = "".join(f"{json.dumps(state)}\n" for state in (whole().states[0], stopped()))
    whole_output = json.dumps({"completed": {"singer_state": stopped()}, "partial": None})
    for content in (lines, whole_output):
        run = run_tap(zoom.config(), zoom=zoom, state=_written(content))
        assert run.exit_status == 0
        assert not any("state" in line for line in run.logged("WARNING"))
        assert any("Resuming" in line for line in run.log)


def test_a_resumed_run_logs_that_it_resumes(zoom: SimulatedZoom) -> None:
    """One INFO line has the start time of the run. It isn't logged by a new run, or with --test."""
    run = run_tap(zoom.config(), zoom=zoom, state=stopped())
    assert [line for line in run.log if "Resuming" in line] == [
        f"INFO Resuming the run of {stopped()['unfinished'][0]['started_at']}."
    ]
    assert "Resuming" not in run_tap(zoom.config(), zoom=zoom, state=run.states[-1]).stderr
    assert "Resuming" not in run_tap(zoom.config(), "--test", zoom=zoom, state=stopped(), document=True).stderr


FOREIGN: list[Any] = [
    {}, [], "x", 7, None, {"bookmarks": {"users": {"updated_at": "2024-01-01"}}}, {"version": 0}, {"version": 1}, {"version": 4},
    {"version": "3"}, {"version": True}, {"singer_state": {}}, {"bookmarks": None}, {"value": {"version": 3}}, {"version": 3.0, "account": "x"},
]  # fmt: skip


BOTH = catalog_of("users", "report_webinars", "webinar_panelists")  # scheduled webinars and past webinars


@pytest.mark.parametrize("content", ["", *map(json.dumps, FOREIGN)], ids=lambda content: content[:30] or "nothing")
@pytest.mark.few(8)
def test_a_foreign_state_is_ignored_with_a_warning(content: str) -> None:
    """An empty file or state, or one of another tap or version, causes a warning, and everything is read."""
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=BOTH, state=_written(content))
    assert run.exit_status == 0
    assert any("state" in line.lower() for line in run.logged("WARNING"))
    assert_exact({name: expected()[name] for name in run.schemas}, run.records)


@pytest.mark.parametrize(
    "content", ["{", "\x00\x01", "nonsense", "{}\n{}", "[" * 100_000, '{"version": 3' + "0" * 6000 + "}"]
)
def test_a_state_file_that_is_not_json_stops_the_run(zoom: SimulatedZoom, content: str) -> None:
    """One CRITICAL line names the file, and no request is sent."""
    path = _written(content)
    run = run_tap(zoom.config(), zoom=zoom, state=path)
    assert run.exit_status == 1
    assert path in run.critical
    assert zoom.requests == []


def test_a_missing_state_file_stops_the_run(zoom: SimulatedZoom) -> None:
    """One CRITICAL line names the file."""
    run = run_tap(zoom.config(), zoom=zoom, state="/nowhere/state.json")
    assert run.exit_status == 1
    assert "/nowhere/state.json" in run.critical


DAMAGE: dict[str, Callable[[Any], None]] = {
    "no bookmarks": lambda state: state.pop("bookmarks"),
    "no failures": lambda state: state.pop("failures"),
    "a run that is no list": lambda state: state.update(unfinished={"started_at": 7}),
    "a start to come": lambda state: state["unfinished"][0].update(started_at="2999-01-01T00:00:00Z"),
    "a path of numbers": lambda state: state["unfinished"][0]["resume_at"].update(history_meetings=[7]),
    "a failure without a name": lambda state: state["failures"].update({"2026-01-01T00:00:00Z": [{"stream": "users"}]}),
    "a failure of an unknown context": lambda state: state["failures"].update(
        {
            "2026-01-01T00:00:00Z": [
                {
                    "stream": "report_webinars",
                    "last": "2026-01-01T00:00:00Z",
                    "runs": 1,
                    "tasks": [{"context": "shoe 1"}],
                }
            ]
        }
    ),
    "a path without a day": lambda state: state["unfinished"][0]["resume_at"].update(history_meetings=["soon"]),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.few(6)
def test_a_damaged_state_is_ignored_with_a_warning(how: str) -> None:
    """If a part is missing or invalid, a warning is logged and everything is read."""
    with SimulatedZoom(account()) as zoom:
        states = run_tap(zoom.config(), zoom=zoom, catalog=BOTH).states
        damaged = next(state for state in reversed(states) if state["unfinished"])
        DAMAGE[how](damaged)
        run = run_tap(zoom.config(), zoom=zoom, catalog=BOTH, state=damaged)
    assert run.exit_status == 0
    assert any("state" in line.lower() for line in run.logged("WARNING"))
    assert_exact({name: expected()[name] for name in run.schemas}, run.records)


def test_a_state_of_another_selection_is_not_resumed(zoom: SimulatedZoom) -> None:
    """With other streams or another start_date, a warning is logged and the stopped run starts over."""
    state = whole().states[-2]
    start = (datetime.now(timezone.utc) - timedelta(days=100)).strftime("%Y-%m-%d")
    for config, catalog in ((zoom.config(), catalog_of("users", "meetings")), (zoom.config(start_date=start), None)):
        run = run_tap(config, zoom=zoom, state=state, catalog=catalog)
        assert any("state" in line.lower() for line in run.logged("WARNING"))
        assert resume_at(run.states[0]) == {}


def test_a_state_of_another_account_is_ignored_with_a_warning() -> None:
    """The other account is read from the start."""
    with SimulatedZoom(account(7)) as other:
        run = run_tap(other.config(), zoom=other, state=whole().states[-2])
    assert any("state" in line.lower() for line in run.logged("WARNING"))
    assert_exact(expected(7), run.records)


def test_a_run_resumes_with_other_settings(zoom: SimulatedZoom) -> None:
    """It also resumes if other fields are selected."""
    state = whole().states[-2]
    config = zoom.config(max_workers=7, rate_limit_share=50, plan="business", on_missing_access="skip", lookback_days=3)
    fields = catalog_of(*truth.KEYS, users={("properties", "email"): False})
    run = run_tap(config, zoom=zoom, state=state, catalog=fields)
    assert resume_at(run.states[0]) == resume_at(state)


@pytest.mark.parametrize("which", [0.2, 0.5, 0.8])
def test_changes_between_runs_lose_no_records(which: float) -> None:
    """Users, meetings and occurrences come and go before the run resumes. Records that stay are all emitted."""
    changing, before, run = copy_of(), expected(), whole()
    number = int(len(run.states) * which)
    first = emitted_until(run, number)
    stay = [user for user in changing.users if user.status == "active" and not user.deleted]
    changing.users.remove(stay[0])
    gone = [held.uuid for held in changing.held if held.of.host is stay[-1]][::2]
    for uuid in gone:
        held = changing.occurrences.pop(uuid)
        held.of.occurrences.remove(held)
    grown = Account(6, users=4, meetings_per_user=1, occurrences=1, crowd=0, participants=2, registrants=1)
    changing.users += grown.users
    changing.numbers |= grown.numbers
    changing.occurrences |= grown.occurrences
    after = truth.expected(changing)
    with SimulatedZoom(changing) as zoom:
        second = run_tap(zoom.config(), zoom=zoom, state=run.states[number])
        assert second.exit_status == 0
        assert zoom.violations == []
    emitted = {stream: {key_of(stream, record) for record in records} for stream, records in first.records.items()}
    for stream, records in second.records.items():
        emitted.setdefault(stream, set()).update(key_of(stream, record) for record in records)
    for stream in truth.KEYS:
        always = {key_of(stream, record) for record in before[stream]} & {
            key_of(stream, record) for record in after[stream]
        }
        assert always <= emitted.get(stream, set()), stream


def test_days_that_have_left_retention_are_a_warning(zoom: SimulatedZoom) -> None:
    """The warning names the stream and the days that Zoom no longer has. The run sends no invalid request."""
    state = begun(whole().states[0], 40)
    run = run_tap(zoom.config(), zoom=zoom, state=state)
    assert run.exit_status == 0
    now = datetime.now(timezone.utc)
    first, last = months_before((now - timedelta(days=40)).date(), 6), months_before(now.date(), 6) - timedelta(days=1)
    [warning] = [line for line in run.logged("WARNING") if "have left Zoom's retention" in line]
    assert warning.startswith("WARNING history_meetings: ") and f"from {first} to {last}" in warning
    assert all(stream in warning for stream in ("report_meetings", "webinar_absentees"))
    assert zoom.violations == []


def test_meetings_that_left_the_reports_are_found_by_meeting_number() -> None:
    """A run stops before it reads the oldest day and resumes a day later. It finds that day's meetings by number."""
    now = datetime.now(timezone.utc)
    day = months_before(now.date(), 6) - timedelta(days=1)  # the oldest of yesterday's reports
    catalog = catalog_of("report_meetings")
    with scripted(
        says("/past_meetings/111/instances", {"meetings": [{"uuid": "OLD==", "start_time": f"{day}T12:00:00Z"}]}),
        says(r"/v2/report/meetings/OLD%3D%3D$", {"uuid": "OLD==", "id": 111}),
    ) as zoom:
        state = begun(run_tap(zoom.config(), zoom=zoom, catalog=catalog).states[0], 1)
        state["unfinished"][0]["resume_at"] = {"user": None}
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=state)
    assert run.exit_status == 0
    assert [record["uuid"] for record in run.records["report_meetings"]] == ["OLD=="]
    [warning] = [line for line in run.logged("WARNING") if "have left Zoom's retention" in line]
    assert f"from {day} to {day}" in warning and "number is still listed" in warning


def test_a_killed_run_resumes_from_its_last_state() -> None:
    """The run is killed with kill -9 again and again. Together the runs emit every record."""
    runs: list[Run] = []
    state = None
    with SimulatedZoom(account(), latency=0.003) as zoom:
        for _ in range(100):
            process = start_tap(zoom.config(), zoom=zoom, state=state)
            process.read_until("STATE", 3)
            runs.append(kill(process))
            state = runs[-1].states[-1]
            if not state["unfinished"]:
                break
    assert state and not state["unfinished"]
    assert len(runs) > 1
    assert_complete(expected(), *runs)


def _written(content: str) -> str:
    descriptor, path = tempfile.mkstemp(dir=os.environ["TAP_ZOOM_TEST_FILES"], suffix=".json")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return path
