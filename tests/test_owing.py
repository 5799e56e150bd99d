"""What was lost before a stop is owed after it: asked once more by the run that goes on, or named, never forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator import Fault, SimulatedZoom
from tests.tap import FEW, Run, account, assert_complete, catalog_of, expected, key_of, run_tap
from tests.test_state import emitted_until

LOST = {"code": 9999, "message": "Something is wrong with this one."}
PLACES = {
    "a number": r"/v2/meetings/\d+\?",
    "a page of registrants": r"/registrants\?.*next_page_token",
    "the numbers of a user": r"/v2/users/[^/]+/meetings",
    "a page of users": r"/v2/users\?.*next_page_token",
    "all active users": r"/v2/users\?.*status=active",
    "who a pending user is": r"/v2/users/[^/]+%40",
    "a page of a window": r"/v2/report/history_meetings\?.*next_page_token",
    "a window": r"/v2/report/history_meetings\?",
    "older occurrences of a number": "/instances",
    "an occurrence": r"/v2/report/meetings/[^/?]+$",
    "participants": r"/v2/report/webinars/[^/?]+/participants",
    "polls": r"/v2/past_meetings/[^/?]+/polls",
}


def lost(match: str, times: int | None = 1) -> Fault:
    return Fault.answer(400, LOST, match=match, times=times)


def zoom_with(*faults: Fault) -> SimulatedZoom:
    return SimulatedZoom(account(*FEW), faults=list(faults), page_cap=2)


@pytest.mark.parametrize("place", PLACES)
def test_what_was_lost_before_a_stop_comes_after_it(place: str) -> None:
    """One loss, a stop at some later STATE, and the run that goes on: together everything, and exit 0."""
    fault = lost(PLACES[place])
    with zoom_with(fault) as zoom:
        whole = run_tap(zoom.config(), zoom=zoom)
        assert fault.happened == 1
        assert whole.exit_status == 1 and len(whole.logged("ERROR")) == 1
        for number in (len(whole.states) // 2, len(whole.states) - 2):
            resumed = run_tap(zoom.config(), zoom=zoom, state=whole.states[number])
            assert resumed.exit_status == 0, resumed.log[-1]
            assert_complete(expected(*FEW), emitted_until(whole, number), resumed)


@pytest.mark.parametrize("place", [*PLACES][:4] + [*PLACES][7:10])
def test_a_loss_for_good_is_named_by_the_last_run(place: str) -> None:
    """Lost again after the stop: exit 1, one ERROR line, a finished state; all the rest is out."""
    first = lost(PLACES[place])
    with zoom_with(first) as zoom:
        whole = run_tap(zoom.config(), zoom=zoom)
        [error] = whole.logged("ERROR")
        target = error.split("GET ")[1].split()[0].split("?")[0]
        zoom.faults.append(lost(f"^{target}([?].*)?$", None) if "page" not in place else lost(PLACES[place], None))
        resumed = run_tap(zoom.config(), zoom=zoom, state=whole.states[-2])
    assert resumed.exit_status == 1
    assert any(target in line for line in resumed.logged("ERROR"))
    assert "finished_at" in resumed.states[-1]


def test_a_loss_is_owed_through_any_number_of_stops() -> None:
    """A run that goes on and is stopped as well hands on what it has not asked yet."""
    fault = lost(PLACES["a number"])
    runs: list[Run] = []
    state = None
    with SimulatedZoom(account(), faults=[fault], page_cap=2, daily_limits={"Light": 12}) as zoom:
        for _ in range(20):
            runs.append(run_tap(zoom.config(), zoom=zoom, state=state))
            state = runs[-1].states[-1]
            if "finished_at" in state:
                break
            zoom.limits.per_day["Light"] += 12
    assert len(runs) > 2
    assert len(runs[0].logged("ERROR")) == 1
    assert [run.exit_status for run in runs] == [1] * (len(runs) - 1) + [0]
    assert_complete(expected(), *runs)


def many_losses() -> SimulatedZoom:
    """Most of the poll results are lost, and the day's limit stops the run."""
    fault = Fault.answer(400, LOST, match=r"/v2/past_meetings/[^/]+/polls", times=None, probability=0.8, seed=3)
    return SimulatedZoom(account(1, "small"), faults=[fault], daily_limits={"Heavy": 150})


def test_more_losses_than_can_be_kept_are_read_again() -> None:
    """Beyond twenty the run that goes on begins before the first of them: everything comes, and the state stays small."""
    with many_losses() as zoom:
        first = run_tap(zoom.config(), zoom=zoom)
        assert len(first.logged("ERROR")) > 20
        zoom.faults.clear()
        zoom.limits.per_day.clear()
        second = run_tap(zoom.config(), zoom=zoom, state=first.states[-1])
    assert len(first.states[-1]["run"]["owing"]) == 20
    assert len(json.dumps(first.states[-1])) < 4096
    assert second.exit_status == 0
    assert_complete(expected(1, "small"), first, second)


def test_what_can_not_be_asked_for_again_is_counted() -> None:
    """More than twenty losses for good: the run that goes on goes back once, then says how many are missing."""
    with many_losses() as zoom:
        first = run_tap(zoom.config(), zoom=zoom)
        zoom.limits.per_day["Heavy"] += 150
        second = run_tap(zoom.config(), zoom=zoom, state=first.states[-1])
        zoom.faults.clear()
        zoom.limits.per_day.clear()
        third = run_tap(zoom.config(), zoom=zoom, state=second.states[-1])
    assert first.states[-1]["run"]["went_back"] and "given_up" not in first.states[-1]["run"]
    given_up = second.states[-1]["run"]["given_up"]
    assert given_up > 0
    assert third.exit_status == 1
    assert f"{given_up} losses" in third.critical


def test_a_row_without_a_key_is_owed_as_well() -> None:
    """It is lost as an item is: the run that goes on asks for its list once more."""
    blank = Fault.answer(200, {"registrants": [{"email": "x@example.com"}]}, match="/registrants.*approved", times=1)
    with zoom_with(blank) as zoom:
        whole = run_tap(zoom.config(), zoom=zoom)
        assert whole.exit_status == 1
        resumed = run_tap(zoom.config(), zoom=zoom, state=whole.states[-2])
    assert resumed.exit_status == 0
    assert_complete(expected(*FEW), emitted_until(whole, len(whole.states) - 2), resumed)


def test_a_stream_that_was_refused_before_a_stop_is_missing_after_it() -> None:
    """A role that was mended meanwhile does not hide that rows of the stopped run are missing: exit 1, and its name."""
    refusal = {"code": 200, "message": "No permission."}
    with zoom_with(Fault.answer(400, refusal, match="/registrants", times=None)) as zoom:
        state = run_tap(zoom.config(), zoom=zoom).states[-2]
        zoom.faults.clear()
        fail = run_tap(zoom.config(), zoom=zoom, state=state)
        skip = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom, state=state)
    assert fail.exit_status == 1 and "meeting_registrants" in fail.critical
    assert skip.exit_status == 0
    assert sum("meeting_registrants" in line for line in skip.logged("WARNING")) == 1
    assert "meeting_registrants" not in fail.records


DAMAGE: list[Any] = [
    7, {}, [7], [{}], [{"stream": "nothing", "ids": {}}], [{"stream": "meetings", "ids": {}}],
    [{"stream": "meetings", "ids": {"meeting_id": 1}, "asks": {"x": 1}}], [{"stream": "history_meetings", "ids": {}}],
    [{"stream": "meetings", "ids": {"meeting_id": 1}, "place": [1], "whole": True}],
    [{"stream": "meetings", "ids": {"meeting_id": 1}, "place": [], "whole": 1}], [{"stream": "meetings", "ids": {"meeting_id": 1}, "at": 7}],
    [{"stream": "history_meetings", "ids": {}, "days": ["2026-01-01"]}], [{"stream": "history_meetings", "ids": {}, "days": ["x", "y"]}],
]  # fmt: skip


@pytest.mark.parametrize("owing", DAMAGE, ids=json.dumps)
def test_a_damaged_debt_is_a_damaged_state(owing: Any) -> None:
    """One warning, and everything is read."""
    catalog = catalog_of("users", "meetings")
    with zoom_with() as zoom:
        state = run_tap(zoom.config(), zoom=zoom, catalog=catalog).states[0]
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog, state={**state, "run": {**state["run"], "owing": owing}})
    assert run.exit_status == 0
    assert len(run.logged("WARNING")) == 1 and "state" in run.logged("WARNING")[0]
    right = {key_of("meetings", row) for row in expected(*FEW)["meetings"]}
    assert {key_of("meetings", row) for row in run.records["meetings"]} == right
