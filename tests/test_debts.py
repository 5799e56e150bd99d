"""What a run owes: kept by identity, asked once more by the run that goes on, and never forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest

from tap_zoom.access import Access
from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.debts import MOST_OWED, OWING, Debts
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.engine.routes import Routes
from tap_zoom.state import START, Bookmark, Owed, State
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import Stream
from tap_zoom.streams.users import USER

STARTED = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
TODAY = STARTED.date()
USERS, NUMBERS, MEETINGS, HISTORY, DETAILS, WEBINARS = (
    BY_NAME[name] for name in ("users", "user_meetings", "meetings", "history_meetings", "report_meetings", "webinars")
)
ALL = frozenset(stream.name for stream in STREAMS) - {"user_past_meetings", "user_lookup"}
IN_TIME = ("report_meetings", "report_meeting_participants", "meeting_poll_results", "report_webinars")
OLD = {"report_meetings": {"start_time": "2026-01-01T00:00:00Z"}, "meeting_poll_results": {"start_time": "2025-12-01T00:00:00Z"}}


class Run:
    """Everything that a run's debts lie in: its state, its ways through the account, and these."""

    def __init__(self, state: State | None = None, asked: frozenset[str] = ALL) -> None:
        self.state = state or State("a", "s", STARTED)
        access = Access(selected=asked, asked=asked, spare=frozenset({"user_past_meetings"}))
        self.routes = Routes(access, None, self.state.started_at.date(), TODAY, self.state.places)
        self.debts = Debts(self.state, self.routes)
        self.routes.open()

    def begin(self, name: str) -> Node:
        """The next place of a branch."""
        [branch] = [branch for branch in (*self.routes.branches, *self.debts.branches) if branch.name == name]
        node = branch.next()
        assert node is not None
        node.open = 1
        return node

    def question(self, name: str, stream: Stream | None = None) -> Question:
        """The first question about the next place of a branch."""
        node = self.begin(name)
        return next(each for each in self.routes.questions(node) if stream in (None, each.stream))

    def users(self, *ids: str) -> Question:
        """The list of users has been read: what hangs on it can begin."""
        question = self.question("")
        self.routes.listed(question.node, [Place(USER, {"user_id": name}).text for name in ids])
        return question

    def commit(self) -> State:
        """What the state says after that, as the run that goes on reads it."""
        self.debts.commit(self.state, [])
        warnings: list[str] = []
        state = State.resumed(self.state.value(), "a", "s", STARTED, warnings.append)
        assert not warnings
        return state

    def lose_meetings(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            self.debts.lose(meeting(number))


def meeting(number: int, branch: str = "scheduled", when: str | None = None, stream: Stream = MEETINGS) -> Question:
    """A question about a number, somewhere below a user."""
    node = Node(Branch(branch, [lambda _: []]), ("u1", f"{number:020} meeting"), None, number)
    return Question(stream, node, Place(MEETING, {"meeting_id": number}, when), stream.asks[0])


def owed(number: int, **how: Any) -> Owed:
    return Owed(MEETINGS, {"meeting_id": number}, {}, **how)


def owing(*debts: Owed, **how: Any) -> State:
    """The state of a run that was stopped with these."""
    state = State("a", "s", STARTED)
    state.owing = list(debts)
    for name, value in how.items():
        setattr(state, name, value)
    return state


def numbers(state: State) -> list[int]:
    return [each.ids["meeting_id"] for each in state.owing]


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


def out(node: Node) -> None:
    """All that is asked about a place is out."""
    node.open = 0
    node.branch.finished(node)


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
    assert {MEETINGS.lane, registrants.lane, *run.routes.lanes(HISTORY)} == branch.lanes


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


def window_owed() -> Owed:
    return Owed(HISTORY, {}, {}, (date(2026, 1, 5), date(2026, 2, 1)))


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


# --- the state ------------------------------------------------------------------------------------------------


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
