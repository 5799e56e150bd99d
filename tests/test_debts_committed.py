"""What the state says of debts: when there is anything new, and how far bookmarks move at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tap_zoom.engine.debts import OWING
from tap_zoom.engine.places import Place
from tap_zoom.state import Owed
from tap_zoom.streams.held import PAST_MEETING
from tests.debts import DETAILS, IN_TIME, NUMBERS, OLD, WEBINARS, Run, meeting, out, owing, window_owed


def test_a_commit_says_whether_there_is_anything_new() -> None:
    """A place, a debt, a step back, something given up or a refused stream; otherwise the state needs no writing."""
    run = Run()
    assert run.debts.commit(run.state, []) is True  # the branches by name
    assert run.debts.commit(run.state, []) is False
    assert run.debts.commit(run.state, ["meetings"]) is True and run.state.refused == ["meetings"]
    assert run.debts.commit(run.state, ["meetings"]) is False
    run.lose_meetings(1, 1)
    assert run.debts.commit(run.state, ["meetings"]) is True
    assert run.debts.commit(run.state, ["meetings"]) is False
    out(run.begin("held"))
    assert run.debts.commit(run.state, ["meetings"]) is True
    run.debts.went_back = True
    assert run.debts.commit(run.state, ["meetings"]) is True and run.state.went_back
    run.debts.given_up = 1
    assert run.debts.commit(run.state, ["meetings"]) is True and run.state.given_up == 1
    assert run.debts.commit(run.state, ["meetings"]) is False


def moved(run: Run, *names: str) -> Mapping[str, Any]:
    """The bookmarks of a run that reached its end."""
    run.state.bookmarks = dict(OLD)
    return run.debts.bookmarks(run.state, names or IN_TIME)


def to(*times: str) -> dict[str, Any]:
    return {name: {"start_time": when} for name, when in zip(IN_TIME, times, strict=True)}


NOW = "2026-03-01T12:00:00Z"


def test_at_the_end_all_that_happened_before_the_run_is_out() -> None:
    """For each stream that is asked for stretches of time; what it did not read stays, what has no time gets none."""
    assert moved(Run()) == to(NOW, NOW, NOW, NOW)
    assert moved(Run(), "report_webinars", "users", "meetings") == {**OLD, "report_webinars": {"start_time": NOW}}


def test_what_was_lost_holds_the_bookmark_of_its_stream_back() -> None:
    """To the earliest of it; the others move on."""
    run = Run()
    for when in ("2026-02-03T04:05:06Z", "2026-01-03T00:00:00Z", "2026-02-05T00:00:00Z"):
        ids = {"meeting_uuid": when, "meeting_id": 1}
        run.debts.lose(replace(meeting(1, "held", stream=DETAILS), place=Place(PAST_MEETING, ids, when)))
    assert moved(run) == to("2026-01-03T00:00:00Z", NOW, NOW, NOW)


def test_a_lost_window_holds_all_back_that_it_leads_to() -> None:
    """To its first day."""
    run = Run(owing(window_owed()))
    assert moved(run) == to(*["2026-01-05T00:00:00Z"] * 4)


def test_where_nobody_can_say_since_when_the_bookmark_stays() -> None:
    """A user's numbers were not listed: what was held under them long ago may be missing."""
    run = Run(owing(Owed(NUMBERS, {"user_id": "u1"}, {})))
    assert moved(run) == {**OLD, "report_webinars": {"start_time": NOW}}


def test_a_loss_that_leads_nowhere_holds_nothing_back() -> None:
    """What is scheduled is read whole by each run."""
    run = Run(owing(Owed(WEBINARS, {"webinar_id": 7}, {})))
    assert moved(run) == to(NOW, NOW, NOW, NOW)


def test_a_list_of_the_account_that_was_not_whole_holds_all_back() -> None:
    """Who was not listed may have held anything."""
    run = Run()
    run.debts.lose(run.question(""))
    assert run.debts.bookmarks(run.state, IN_TIME) == {}
    assert moved(run) == OLD


def test_what_was_given_up_holds_everything_back() -> None:
    """Nobody knows any more what it was."""
    assert moved(Run(owing(given_up=1, went_back=True))) == OLD


def test_what_came_after_all_holds_nothing_back() -> None:
    """Also where no state was written since: as the last thing of the run something else was lost."""
    run = Run(owing(window_owed(), Owed(WEBINARS, {"webinar_id": 7}, {})))
    run.debts.ask()
    first, second = run.question(OWING), run.question(OWING)
    run.debts.lose(second)
    for node in (first.node, second.node):
        out(node)
    assert moved(run) == to(NOW, NOW, NOW, NOW)
