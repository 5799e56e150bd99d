"""A run that was stopped goes on from any STATE it ever wrote; nothing is skipped."""

from __future__ import annotations

import copy
import itertools
import json
import os
import tempfile
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest

from tap_zoom.state import START, Bookmark
from tap_zoom.sync.windows import months_before
from tests.scripted import says, scripted
from tests.simulator import Account, SimulatedZoom, truth
from tests.tap import (
    FEW,
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
    """What was out when the STATE of that number was written."""
    messages = []
    for message in run.messages:
        messages.append(message)
        state -= message["type"] == "STATE"
        if state < 0:
            break
    return Run(0, "", "", messages)


@cache
def whole(login: str = "server_to_server", history: str = "ok", seed: int = 1) -> Run:
    """A run that nothing stopped; its states lead to the rest of the account on another server as well."""
    with SimulatedZoom(account(seed), history=history) as zoom:
        return run_tap(zoom.config(login), zoom=zoom)


def test_states_at_the_start_in_between_and_at_the_end() -> None:
    """The first STATE comes before any RECORD, the last one is the last line; none is empty or large."""
    run = whole()
    types = [message["type"] for message in run.messages]
    assert types.index("STATE") < types.index("RECORD")
    assert types[-1] == "STATE"
    assert len(run.states) > 4
    assert all(state and len(json.dumps(state)) < LARGEST_STATE for state in run.states)


def test_a_finished_state_says_so_and_leads_to_everything_again(zoom: SimulatedZoom) -> None:
    """It is a non-empty object without places; the next run reads all records, without a warning about it."""
    last = whole().states[-1]
    assert last["version"] == 2 and last["finished_at"]
    assert "run" not in last
    second = run_tap(zoom.config(), zoom=zoom, state=last)
    assert_exact(expected(), second.records)
    assert not any("state" in line.lower() for line in second.logged("WARNING"))


def stopped() -> Any:
    """A state in the middle of a run."""
    states = whole().states
    return states[len(states) // 2]


def begun(state: dict[str, Any], days: int) -> dict[str, Any]:
    """The state as it would be, had its run begun so many days ago."""
    started_at = (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**state, "run": {**state["run"], "started_at": started_at}}


def test_states_only_move_forward() -> None:
    """No bookmark is ever taken back."""
    for walk in ("scheduled", "held"):
        places = [state["run"]["places"].get(walk) for state in whole().states[:-1]]
        marks = [Bookmark.read(place) if place else START for place in places]
        assert all(after.passed(before.path) for before, after in itertools.pairwise(marks))
        assert marks[0] == START != marks[-1]


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("login", ["jwt", "server_to_server"])
def test_every_state_leads_to_the_rest(login: str, part: int) -> None:
    """What was out at a STATE and what a run from it gives are together every record, for each STATE of a run."""
    history = "ok" if login == "jwt" else "no_permission"
    right = truth.expected(account(), history=history == "ok")
    run = whole(login, history)
    with SimulatedZoom(account(), history=history) as zoom:
        for number, state in enumerate(run.states[:-1]):
            if number % 3 == part:
                resumed = run_tap(zoom.config(login), zoom=zoom, state=state)
                assert resumed.exit_status == 0
                assert_complete(right, emitted_until(run, number), resumed)


def test_a_later_state_leaves_less_to_do(zoom: SimulatedZoom) -> None:
    """What is done is not asked for again, but for the listings."""
    whole = run_tap(zoom.config(), zoom=zoom)
    asked = len(zoom.requests)
    state = whole.states[-2]
    resumed = run_tap(zoom.config(), zoom=zoom, state=state)
    again = len(zoom.requests) - asked
    assert again < asked / 2
    assert resumed.states[0]["run"]["places"] == state["run"]["places"]


def test_a_resumed_run_keeps_the_windows_of_the_first(zoom: SimulatedZoom) -> None:
    """started_at is carried on, so that the windows stay where they were."""
    state = begun(whole().states[3], 3)
    resumed = run_tap(zoom.config(), zoom=zoom, state=state)
    assert resumed.states[0]["run"]["started_at"] == state["run"]["started_at"]


MORE = '{"type": "RECORD", "stream": "users", "record": {}}\n{"type": "STATE", "value": {}}\n'


@pytest.mark.parametrize(("before", "indent"), [("", None), ("", 2), (MORE, None)], ids=["alone", "over several lines", "the last of several"])
def test_a_state_message_is_taken_for_its_value(before: str, indent: int | None) -> None:
    """Whoever keeps the end of what the tap wrote has more than the value."""
    message = json.dumps({"type": "STATE", "value": stopped()}, indent=indent)
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, state=_written(f"{before}{message}\n"))
    assert run.exit_status == 0
    assert not any("state" in line for line in run.logged("WARNING"))
    assert run.states[0]["run"]["started_at"] == stopped()["run"]["started_at"]


def test_a_resumed_run_says_so(zoom: SimulatedZoom) -> None:
    """In one line, with when it began and how far each branch is; a trial and a run that begins don't."""
    begun = copy.deepcopy(stopped())
    begun["run"]["places"] = {
        "scheduled": Bookmark(("u1 user", "00000000000000000111 meeting")).value(), "x": None,
        "held": Bookmark(("2024-05-01", "2024-05-06T10:00:00Z abc= past_meeting")).value(), "y": Bookmark(("2024-05-01",), True).value(),
    }  # fmt: skip
    run = run_tap(zoom.config(), zoom=zoom, state=begun)
    said = "scheduled up to user u1, x nothing yet, held up to 2024-05-06T10:00:00Z, y up to 2024-05-01"
    resuming = f"INFO Resuming the run of {begun['run']['started_at']}. Read so far: {said}."
    assert [line for line in run.log if "Resuming" in line] == [resuming]
    assert "Resuming" not in run_tap(zoom.config(), zoom=zoom, state=run.states[-1]).stderr
    assert "Resuming" not in run_tap(zoom.config(), "--test", zoom=zoom, state=begun, document=True).stderr


FOREIGN: list[Any] = [
    {}, [], "x", 7, None, {"bookmarks": {"users": {"updated_at": "2024-01-01"}}}, {"version": 0}, {"version": 1}, {"version": 3},
    {"version": "2"}, {"version": True}, {"singer_state": {}}, {"bookmarks": None}, {"value": {"version": 2}}, {"version": 2.0, "account": "x"},
]  # fmt: skip


BOTH_WALKS = catalog_of("users", "report_webinars", "webinar_panelists")


@pytest.mark.parametrize("content", ["", *map(json.dumps, FOREIGN)], ids=lambda content: content[:30] or "nothing")
def test_a_foreign_state_is_a_warning(content: str) -> None:
    """An empty file or state, another tap's or another version's: a warning, and everything is read."""
    with SimulatedZoom(account(*FEW)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=BOTH_WALKS, state=_written(content))
    assert run.exit_status == 0
    assert any("state" in line.lower() for line in run.logged("WARNING"))
    assert_exact({name: expected(*FEW)[name] for name in run.schemas}, run.records)


@pytest.mark.parametrize("content", ["{", "\x00\x01", "nonsense", "{}\n{}", "[" * 100_000, '{"version": 2' + "0" * 6000 + "}"])
def test_a_state_file_that_is_no_json_stops_the_run(zoom: SimulatedZoom, content: str) -> None:
    """One CRITICAL line that names the file, and no request."""
    path = _written(content)
    run = run_tap(zoom.config(), zoom=zoom, state=path)
    assert run.exit_status == 1
    assert path in run.critical
    assert zoom.requests == []


def test_a_missing_state_file_stops_the_run(zoom: SimulatedZoom) -> None:
    """One CRITICAL line that names it."""
    run = run_tap(zoom.config(), zoom=zoom, state="/nowhere/state.json")
    assert run.exit_status == 1
    assert "/nowhere/state.json" in run.critical


DAMAGE: list[tuple[str, ...]] = [
    ("bookmarks",), ("run",), ("run", "started_at"), ("run", "selection"), ("run", "places"),
    ("run", "places", "held", "place"), ("run", "places", "held", "whole"), ("run", "places", "scheduled", "place"),
]  # fmt: skip
WRONG: list[Any] = [[], 7, "x", True, {"x": 1}, 1e300]


@pytest.mark.parametrize("where", DAMAGE, ids=".".join)
def test_a_damaged_state_is_a_warning(where: tuple[str, ...]) -> None:
    """A part that is missing or of a wrong type: a warning, and everything is read."""
    with SimulatedZoom(account(*FEW)) as zoom:
        state = run_tap(zoom.config(), zoom=zoom, catalog=BOTH_WALKS).states[-2]
        assert all(state["run"]["places"].values())
        _check_damage(zoom, state, where)


def _check_damage(zoom: SimulatedZoom, state: dict[str, Any], where: tuple[str, ...]) -> None:
    for wrong in [*WRONG, "gone"]:
        damaged = copy.deepcopy(state)
        part = damaged
        for name in where[:-1]:
            part = part[name]
        if type(wrong) is type(part[where[-1]]) and where != ("run", "selection"):
            continue
        part[where[-1]] = wrong
        if wrong == "gone":
            del part[where[-1]]
        run = run_tap(zoom.config(), zoom=zoom, catalog=BOTH_WALKS, state=damaged)
        assert run.exit_status == 0
        assert any("state" in line.lower() for line in run.logged("WARNING")), (where, wrong)
        assert_exact({name: expected(*FEW)[name] for name in run.schemas}, run.records)


def test_a_state_of_another_selection_is_a_warning(zoom: SimulatedZoom) -> None:
    """Other streams, other fields, another start_date: bookmarks of those say nothing about these."""
    state = whole().states[-2]
    fields = catalog_of(*truth.KEYS, users={("properties", "email"): False})
    start = (datetime.now(timezone.utc) - timedelta(days=100)).strftime("%Y-%m-%d")
    for config, catalog in (
        (zoom.config(), catalog_of("users", "meetings")), (zoom.config(), fields), (zoom.config(start_date=start), None),
    ):  # fmt: skip
        run = run_tap(config, zoom=zoom, state=state, catalog=catalog)
        assert any("state" in line.lower() for line in run.logged("WARNING"))
        assert run.states[0]["run"]["places"] == {}


def test_a_state_of_another_account_is_a_warning() -> None:
    """The next account is read from its start."""
    with SimulatedZoom(account(*FEW)) as other:
        run = run_tap(other.config(), zoom=other, state=whole().states[-2])
    assert any("state" in line.lower() for line in run.logged("WARNING"))
    assert_exact(expected(*FEW), run.records)


def test_other_settings_do_not_matter_to_a_state(zoom: SimulatedZoom) -> None:
    """How fast to ask, and how to treat refusals, leave the bookmarks as good as they were."""
    state = whole().states[-2]
    config = zoom.config(max_workers=7, rate_limit_share=50, plan="business", on_missing_access="skip")
    run = run_tap(config, zoom=zoom, state=state)
    assert run.states[0]["run"]["places"] == state["run"]["places"]


@pytest.mark.parametrize("which", [0.2, 0.5, 0.8])
def test_things_that_come_and_go_between_runs_do_not_matter(which: float) -> None:
    """Users, numbers and occurrences vanish and appear: what is there all the time is complete."""
    changing, before, run = copy_of(5), expected(5), whole(seed=5)
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
        always = {key_of(stream, record) for record in before[stream]} & {key_of(stream, record) for record in after[stream]}
        assert always <= emitted.get(stream, set()), stream


def test_a_state_older_than_the_reports_is_a_warning(zoom: SimulatedZoom) -> None:
    """What Zoom no longer lists is named; what it still lists is read."""
    state = begun(whole().states[0], 40)
    run = run_tap(zoom.config(), zoom=zoom, state=state)
    assert run.exit_status == 0
    assert any("no longer list" in line for line in run.logged("WARNING"))
    assert zoom.violations == []


def test_what_the_reports_list_no_more_is_found_by_its_number() -> None:
    """Stopped before the oldest day was out and resumed a day later: the numbers are read again for what it held."""
    now = datetime.now(timezone.utc)
    day = months_before(now.date(), 6) - timedelta(days=1)  # the oldest of yesterday's reports
    catalog = catalog_of("report_meetings")
    with scripted(
        says("/past_meetings/111/instances", {"meetings": [{"uuid": "OLD==", "start_time": f"{day}T12:00:00Z"}]}),
        says(r"/v2/report/meetings/OLD%3D%3D$", {"uuid": "OLD==", "id": 111}),
    ) as zoom:
        state = run_tap(zoom.config(), zoom=zoom, catalog=catalog).states[0]
        state["run"]["started_at"] = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        state["run"]["places"] = {"scheduled": {"place": ["u1 user"], "whole": True}, "held": None}
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state=state)
    assert run.exit_status == 0
    assert [record["uuid"] for record in run.records["report_meetings"]] == ["OLD=="]
    assert any("numbers are read again" in line for line in run.logged("WARNING"))


def test_a_killed_run_goes_on_from_its_last_state() -> None:
    """kill -9 in the middle, again and again: together the runs give everything."""
    runs: list[Run] = []
    state = None
    with SimulatedZoom(account(), latency=0.003) as zoom:
        for _ in range(30):
            process = start_tap(zoom.config(), zoom=zoom, state=state)
            process.read_until("STATE", 3)
            runs.append(kill(process))
            state = runs[-1].states[-1]
            if "finished_at" in state:
                break
    assert "finished_at" in (state or {})
    assert len(runs) > 1
    assert_complete(expected(), *runs)


def _written(content: str) -> str:
    descriptor, path = tempfile.mkstemp(dir=os.environ["TAP_ZOOM_TEST_FILES"], suffix=".json")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return path
