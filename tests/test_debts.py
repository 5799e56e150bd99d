"""What a run owes: kept by identity, asked once more by the run that goes on, and never forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.debts import MOST_OWED, OWING
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.state import START, Bookmark, Owed, State
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.held import PAST_MEETING
from tests.debts import DETAILS, HISTORY, MEETINGS, STARTED, Run, meeting, numbers, out, owed, owing, window_owed

# --- what is lost ---------------------------------------------------------------------------------------------


def test_a_run_that_lost_nothing_owes_nothing() -> None:
    """And there is nothing to ask again."""
    run = Run()
    state = run.commit()
    assert (state.owing, state.went_back, state.given_up) == ([], False, 0)
    assert run.debts.ask() is False and run.debts.branches == []


def test_a_lost_question_is_kept_by_what_was_asked() -> None:
    """The stream, the ids, what else was asked, and when it happened."""
    run = Run()
    registrants = BY_NAME["meeting_registrants"]
    run.debts.lose(meeting(7, when="2026-02-03T04:05:06Z"))
    run.debts.lose(replace(meeting(7, stream=registrants), asks={"status": "denied"}))
    assert run.commit().owing == [
        owed(7, at="2026-02-03T04:05:06Z"), Owed(registrants, {"meeting_id": 7}, {"status": "denied"}),
    ]  # fmt: skip
    assert not run.state.went_back


def test_a_lost_window_is_kept_by_its_days() -> None:
    """Those that are kept of it, not those that are asked for beside them."""
    run = Run()
    question = run.question("held")
    assert question.window
    run.debts.lose(question)
    assert run.commit().owing == [Owed(HISTORY, {}, HISTORY.asks[0], (date(2025, 9, 1), date(2025, 9, 28)))]


def test_the_same_question_is_owed_once() -> None:
    """However often it is lost: its list has many pages."""
    run = Run()
    for _ in range(3):
        run.lose_meetings(1, 2)
    assert numbers(run.commit()) == [1, 2]


def test_no_more_than_twenty_are_kept() -> None:
    """For what is lost beyond them the run that goes on begins before it; the same question again needs no room."""
    run = Run()
    run.users("u1")
    run.lose_meetings(1, MOST_OWED)
    run.lose_meetings(1, MOST_OWED)
    assert numbers(run.commit()) == list(range(1, MOST_OWED + 1))
    assert not run.state.went_back
    run.lose_meetings(MOST_OWED + 1, MOST_OWED + 1)
    state = run.commit()
    assert numbers(state) == list(range(1, MOST_OWED + 1))
    assert state.went_back and not state.given_up


# --- going back -----------------------------------------------------------------------------------------------


def test_a_run_goes_back_to_where_the_branch_stood_at_the_first_loss() -> None:
    """Whatever is out after that; the other branches stay where they are."""
    run = Run()
    run.users("u1", "u2", "u3", "u4")
    out(run.begin("scheduled"))
    stood = run.routes.places()["scheduled"]
    assert stood != START
    run.lose_meetings(1, MOST_OWED + 1)
    out(run.begin("scheduled"))
    out(run.begin("held"))
    run.lose_meetings(MOST_OWED + 2, MOST_OWED + 2)
    state = run.commit()
    assert state.places["scheduled"] == stood != run.routes.places()["scheduled"]
    assert state.places["held"] == run.routes.places()["held"] != START
    assert state.went_back and not state.given_up


def test_a_run_goes_back_only_once() -> None:
    """In the one that goes on, what can't be kept is counted, and its branches stay where they are."""
    before = owing(*(owed(number) for number in range(1, MOST_OWED + 1)), went_back=True, given_up=2)
    run = Run(before)
    run.users("u1", "u2")
    run.lose_meetings(MOST_OWED + 1, MOST_OWED + 3)
    out(run.begin("scheduled"))
    state = run.commit()
    assert state.places["scheduled"] == run.routes.places()["scheduled"] != START
    assert (state.went_back, state.given_up) == (True, 5)
    assert numbers(state) == list(range(1, MOST_OWED + 1))


def test_a_lost_list_of_the_account_sends_what_hangs_on_it_back() -> None:
    """Each run asks for the list, but who was not listed was not asked about: in any branch that users are asked in."""
    state = State("a", "s", STARTED)
    state.places = {"scheduled": Bookmark(("u5 user",), whole=True), "held": Bookmark(("2025-10-01",), whole=True)}
    run = Run(state)
    run.debts.lose(run.users("u6"))
    after = run.commit()
    assert after.owing == [] and after.went_back
    assert after.places == {**state.places, "user_past_meetings": START}
    out(run.begin("scheduled"))
    assert run.routes.places()["scheduled"] == Bookmark(("u6 user",), whole=True)
    assert run.commit().places["scheduled"] == Bookmark(("u5 user",), whole=True)


def test_where_nothing_hangs_on_a_list_nobody_goes_back() -> None:
    """It is asked for again anyway."""
    run = Run()
    node = Node(Branch("", [lambda _: []]), ("000 meetings",), Place(stream=MEETINGS), 1)
    run.debts.lose(Question(MEETINGS, node, node.what, {}))
    state = run.commit()
    assert (state.owing, state.went_back, state.given_up) == ([], False, 0)


# --- asking once more -----------------------------------------------------------------------------------------


def test_what_is_owed_is_asked_once_more_in_the_order_of_its_loss(caplog: pytest.LogCaptureFixture) -> None:
    """About the same, with the same parameters and days as they are asked for today; and only once."""
    days = (date(2026, 1, 5), date(2026, 2, 1))
    registrants = BY_NAME["meeting_registrants"]
    run = Run(owing(owed(9, at="2026-02-03T04:05:06Z"), Owed(registrants, {"meeting_id": 7}, {"status": "denied"}), Owed(HISTORY, {}, {}, days)))
    with caplog.at_level("INFO"):
        assert run.debts.ask() is True
        assert run.debts.ask() is False
    assert caplog.messages == ["3 items that were lost before the run was stopped are asked for once more."]
    [branch] = run.debts.branches
    assert branch.name == OWING and not branch.has_moved
    asked = [next(run.routes.questions(run.begin(OWING))) for _ in range(3)]
    assert branch.next() is None
    assert [(each.stream, each.place.ids, each.place.when, each.asks) for each in asked] == [
        (MEETINGS, {"meeting_id": 9}, "2026-02-03T04:05:06Z", {}), (registrants, {"meeting_id": 7}, None, {"status": "denied"}),
        (HISTORY, {}, None, {}),
    ]  # fmt: skip
    assert [each.window for each in asked[:2]] == [None, None]
    assert asked[2].params == {"from": "2026-01-04", "to": "2026-02-02"}
    assert {MEETINGS.lane, registrants.lane, *run.routes.lanes(HISTORY)} == set(branch.lanes)


def test_all_that_is_owed_may_be_begun_at_once() -> None:
    """None of them waits for what another one leads to."""
    run = Run(owing(*(owed(number) for number in range(1, MOST_OWED + 1))))
    run.debts.ask()
    assert len({run.begin(OWING).path for _ in range(MOST_OWED)}) == MOST_OWED


def test_what_is_owed_is_asked_by_a_stream_that_is_asked_no_more() -> None:
    """A stand-in that the run that goes on would not need: its rows lead on as well."""
    days = (date(2026, 1, 5), date(2026, 2, 1))
    stand_in = BY_NAME["user_past_meetings"]
    run = Run(owing(Owed(stand_in, {"user_id": "u1"}, {"type": "past"}, days)))
    assert stand_in.name not in run.routes.asked
    run.debts.ask()
    question = run.question(OWING)
    assert question.stream is stand_in and question.asks == {"type": "past"} and stand_in.name in run.routes.asked
    assert question.window and (question.window.first, question.window.last) == days


def test_what_was_asked_is_owed_no_more() -> None:
    """Once it is out with all it leads to."""
    run = Run(owing(owed(1), owed(2), owed(3)))
    run.debts.ask()
    first, second, _ = (run.begin(OWING) for _ in range(3))
    out(second)
    assert numbers(run.commit()) == [1, 2, 3]  # in order: the first is not out
    out(first)
    assert numbers(run.commit()) == [3]


def test_until_it_is_asked_it_is_owed() -> None:
    """A run that is stopped before hands it on, with what it lost itself behind it."""
    run = Run(owing(owed(1), owed(2)))
    run.lose_meetings(5, 5)
    assert numbers(run.commit()) == [1, 2, 5]
    run.debts.ask()
    assert run.debts.branches[0].ahead == 2
    assert [run.begin(OWING).what.ids["meeting_id"] for _ in range(2)] == [1, 2]
    assert run.debts.branches[0].next() is None  # what this run lost itself is for the next one


def test_what_is_lost_again_waits_for_the_next_run() -> None:
    """As the last one, from its start, however far it had been; and it is not asked for a third time by this one."""
    done = Bookmark(("a place",), whole=True)
    run = Run(owing(replace(window_owed(), done=done), owed(2)))
    run.debts.ask()
    question = run.question(OWING)
    run.debts.lose(question)
    out(question.node)
    state = run.commit()
    assert state.owing == [owed(2), window_owed()]
    assert not run.debts.ask()
    out(run.begin(OWING))
    assert run.commit().owing == [window_owed()]
    assert (run.state.went_back, run.state.given_up) == (False, 0)


HELD_AT = "2026-01-07T08:00:00Z"


def found(run: Run, question: Question, *uuids: str) -> None:
    """The rows of a window that is asked once more."""
    for uuid in uuids:
        row = {"meeting_uuid": uuid, "meeting_id": 1, "type": "Meeting", "start_time": HELD_AT}
        assert run.routes.note(question, row)
    out(question.node)


def test_how_far_it_got_is_kept() -> None:
    """The run that goes on begins there: the window is asked again only for what it leads to."""
    run = Run(owing(window_owed(), owed(2)))
    run.debts.ask()
    window = run.question(OWING)
    found(run, window, "a==", "b==", "c==")
    out(run.begin(OWING))
    state = run.commit()
    name = f"{HELD_AT} a== past_meeting"
    assert state.owing == [replace(window_owed(), done=Bookmark((name,), whole=True)), owed(2)]
    again = Run(state)
    again.debts.ask()
    found(again, again.question(OWING), "a==", "b==", "c==")
    following = again.begin(OWING)
    assert following.path[1:] == (f"{HELD_AT} b== past_meeting",)
    assert [each.stream.name for each in again.routes.questions(following)] == [
        "report_meetings", "report_meeting_participants", "meeting_poll_results",
    ]  # fmt: skip


def test_what_is_lost_below_a_debt_is_owed_itself() -> None:
    """It takes its own place, and the one above is settled without it."""
    run = Run(owing(window_owed()))
    run.debts.ask()
    found(run, run.question(OWING), "a==")
    below = run.question(OWING)
    run.debts.lose(below)
    out(below.node)
    assert run.commit().owing == [Owed(DETAILS, {"meeting_uuid": "a==", "meeting_id": 1}, {}, None, HELD_AT)]
    assert below.place.thing is PAST_MEETING


def test_below_a_debt_nobody_goes_back() -> None:
    """Where there is no room for what is lost there, it is counted: going back would not lead there again."""
    run = Run(owing(window_owed(), *(owed(number) for number in range(2, MOST_OWED + 1))))
    run.debts.ask()
    found(run, run.question(OWING), "a==")
    run.debts.lose(run.question(OWING))
    state = run.commit()
    assert (state.went_back, state.given_up, len(state.owing)) == (False, 1, MOST_OWED)
    assert OWING not in state.places
