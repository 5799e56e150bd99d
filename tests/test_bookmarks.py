"""What a state says, and which one is good to go on from."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from tap_zoom.owing import MOST_OWED, Owed, Owing
from tap_zoom.state import State, digest, finished
from tap_zoom.streams import BY_NAME
from tap_zoom.windows import Window

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
SCHEDULED = ("u1", 85746065, "2025-01-02T03:04:05.000000Z", "VQyh==")
HELD = ("2026-02-03T04:05:06.000000Z", "/a//b==")
DAMAGED = "The state is damaged, so everything is read from the start."
OTHERS = "The state is of other streams, fields, start_date or account, so everything is read from the start."
FOREIGN = "The state is empty or not of this tap, so everything is read from the start."
WINDOW = Window(date(2026, 1, 5), date(2026, 2, 1), date(2026, 1, 4), date(2026, 2, 2))


def resumed(value: object, now: datetime = NOW, selection: str = "s") -> tuple[State, list[str]]:
    """The state to go on from, and what was warned of."""
    warnings: list[str] = []
    return State.resumed(value, selection, now, warnings.append), warnings


def stopped() -> dict[str, Any]:
    """The value of a run that was under way."""
    state = State("s", NOW - timedelta(hours=3))
    state.bookmarks = {"scheduled": SCHEDULED, "held": HELD}
    value: dict[str, Any] = json.loads(json.dumps(state.value()))
    return value


def test_a_new_state_says_when_it_began_and_for_what() -> None:
    """With no bookmark, and nothing that there is nothing of."""
    value = State("s", NOW).value()
    assert value == {"version": 1, "started_at": "2026-03-01T12:00:00Z", "selection": "s", "bookmarks": {"scheduled": None, "held": None}}
    assert State("s", NOW).goes_on is False and State("s", NOW).refused == []


def test_bookmarks_stand_by_name() -> None:
    """What each part of them is can be read."""
    assert stopped()["bookmarks"] == {
        "scheduled": {"user_id": "u1", "number": 85746065, "start_time": "2025-01-02T03:04:05.000000Z", "uuid": "VQyh=="},
        "held": {"start_time": "2026-02-03T04:05:06.000000Z", "uuid": "/a//b=="},
    }


@pytest.mark.parametrize("bookmarks", [{"scheduled": SCHEDULED, "held": HELD}, {"scheduled": (), "held": HELD}, {"scheduled": (), "held": ()}])
def test_a_stopped_run_goes_on_from_what_it_said(bookmarks: dict[str, Any]) -> None:
    """Its begin, bookmarks, refused streams and what it owes; without a word."""
    state = State("s", NOW - timedelta(hours=3))
    state.bookmarks = bookmarks
    state.refused = ["meeting_polls"]
    state.owing = {"owing": [{"stream": "meetings", "ids": {"meeting_id": 7}}], "given_up": 2}
    again, warnings = resumed(json.loads(json.dumps(state.value())))
    assert warnings == []
    assert again.goes_on is True
    assert again.value() == state.value()
    assert (again.bookmarks, again.started_at, again.selection) == (bookmarks, state.started_at, "s")
    assert again.refused == ["meeting_polls"]


def test_a_run_that_begins_this_second_is_not_of_the_future() -> None:
    """Clocks are read to the second."""
    assert resumed(State("s", NOW).value())[0].goes_on
    assert resumed(State("s", NOW).value(), now=NOW - timedelta(seconds=1))[1] == [DAMAGED]


@pytest.mark.parametrize("value", [None, finished(NOW), {**stopped(), "finished_at": "2026-03-01T12:00:00Z"}], ids=["none", "finished", "merged"])
def test_a_complete_run_is_followed_by_a_new_one(value: object) -> None:
    """Without a word, whatever else callers have merged into its state."""
    state, warnings = resumed(value)
    assert warnings == []
    assert state.value() == State("s", NOW).value() and not state.goes_on


def test_a_finished_state_says_when_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the machine stands; and that it is of this tap: never empty."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    ahead = timezone(timedelta(hours=2))
    assert finished(datetime(2026, 3, 1, 1, 30, 9, tzinfo=ahead)) == {"version": 1, "finished_at": "2026-02-28T23:30:09Z"}
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("value", [{}, [], "x", 7, {"version": 2}, {**finished(NOW), "version": 2}, {**stopped(), "version": "1"}, {"bookmarks": {}}])
def test_a_state_of_something_else(value: object) -> None:
    """One warning, and everything is read."""
    state, warnings = resumed(value)
    assert warnings == [FOREIGN]
    assert state.value() == State("s", NOW).value() and not state.goes_on


@pytest.mark.parametrize("value", [{**stopped(), "selection": "t"}, {**stopped(), "selection": None}, {"version": 1}])
def test_a_state_of_another_selection(value: object) -> None:
    """One warning, and everything is read."""
    state, warnings = resumed(value)
    assert warnings == [OTHERS]
    assert state.value() == State("s", NOW).value() and not state.goes_on


def change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(value: dict[str, Any]) -> None:
        for name in path[:-1]:
            value = value[name]
        value[path[-1]] = to

    return spoil


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def spoil(value: dict[str, Any]) -> None:
        for name in path[:-1]:
            value = value[name]
        del value[path[-1]]

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        drop("started_at"), change("started_at", to=None), change("started_at", to="soon"), change("started_at", to=7),
        drop("bookmarks"), change("bookmarks", to=[]), change("bookmarks", to=None), drop("bookmarks", "held"), drop("bookmarks", "scheduled"),
        change("bookmarks", "held", to=[]), change("bookmarks", "held", to={}), change("bookmarks", "held", to="x"), change("bookmarks", "held", to=7),
        drop("bookmarks", "held", "uuid"), drop("bookmarks", "scheduled", "number"), change("bookmarks", "held", "uuid", to=None),
        change("bookmarks", "held", "start_time", to=5), change("bookmarks", "scheduled", "number", to="5"),
        change("bookmarks", "scheduled", "number", to=True), change("bookmarks", "scheduled", "number", to=5.0),
        change("bookmarks", "scheduled", "user_id", to=5), change("refused", to=["shoes"]), change("refused", to=7), change("owing", to={}),
        change("owing", to=[7]), change("owing", to=[{"stream": "shoes", "ids": {}}]), change("owing", to=[{"stream": "meetings"}]),
        change("owing", to=[{"stream": "meetings", "ids": {}}]), change("given_up", to="x"), change("given_up", to=None),
        change("owing", to=[{"stream": "meetings", "ids": {"meeting_id": 1}, "params": {"a": 1}}]),
        change("owing", to=[{"stream": "meetings", "ids": {"meeting_id": 1}, "place": [["", "", "", "1"], "", ""]}]),
        change("owing", to=[{"stream": "meetings", "ids": {"meeting_id": 1}, "place": [["", "", 7, 1], "", ""]}]),
        change("owing", to=[{"stream": "history_meetings", "ids": {}, "params": {"from": "2026-01-04", "to": "2026-02-02"}}]),
    ],
)  # fmt: skip
def test_a_damaged_state(spoil: Callable[[dict[str, Any]], None]) -> None:
    """One warning, and everything is read: half of a bookmark is none."""
    value = stopped()
    spoil(value)
    state, warnings = resumed(value)
    assert warnings == [DAMAGED]
    assert state.value() == State("s", NOW).value() and not state.goes_on


def test_a_selection_is_told_by_its_parts() -> None:
    """The same on every run and in every version, or a stopped run could not go on; in whichever order they come."""
    assert digest(b=NOW, a=1) == digest(a=1, b=NOW) == hashlib.sha256(b'{"a": 1, "b": "2026-03-01 12:00:00+00:00"}').hexdigest()[:16]
    parts = [digest(account=account, start_date=start, schemas=fields) for account in "ab" for start in (None, NOW) for fields in ({}, {"x": {}})]
    assert len(set(parts)) == 8


# --- what is owed -----------------------------------------------------------------------------------------------


def owed(number: int, **how: Any) -> Owed:
    return Owed(BY_NAME["meetings"], {"meeting_id": number}, {}, **how)


def test_questions_are_kept_once_and_in_order() -> None:
    """By what was asked; up to a bound, beyond which nothing more is kept."""
    owing = Owing()
    assert owing.value() == {}
    assert all(owing.keep(owed(number)) for number in range(MOST_OWED))
    assert owing.keep(owed(0)) and owing.keep(owed(MOST_OWED - 1))
    assert not owing.keep(owed(MOST_OWED))
    assert not owing.keep(Owed(BY_NAME["webinars"], {"webinar_id": 0}, {}))
    assert [question.number for question in owing.questions] == list(range(1, MOST_OWED + 1))
    assert owing.value() == {"owing": [{"stream": "meetings", "ids": {"meeting_id": number}} for number in range(MOST_OWED)]}


def test_a_settled_question_is_owed_no_more() -> None:
    """Unless it was lost again: then it is the last, and forgets how far it was read."""
    owing = Owing()
    first, second = owed(1, place=(("a", "b", "c", 5), "d", "e")), owed(2)
    assert owing.keep(first) and owing.keep(second)
    first.lost_again = True
    owing.settle(first)
    assert owing.value() == {"owing": [second.value(), {"stream": "meetings", "ids": {"meeting_id": 1}}]}
    assert owing.questions[-1].number == 3
    owing.settle(second)
    owing.settle(owing.questions[0])
    assert owing.value() == {}
    days = {"from": "2026-01-04", "to": "2026-02-02"}
    history = Owed(BY_NAME["history_meetings"], {}, days, WINDOW, lost_again=True)
    assert owing.keep(history)
    owing.settle(history)
    assert owing.value() == {"owing": [history.value()]}


def test_what_is_owed_is_written_and_read() -> None:
    """With its parameters, days and place; and what can't be asked for again."""
    history = BY_NAME["history_meetings"]
    days = {"from": "2026-01-04", "to": "2026-02-02"}
    owing = Owing([Owed(history, {}, days, WINDOW, (("2026-01-05", "u", "meeting", 3), "s", "")), owed(7)], went_back=True, given_up=3)
    value = json.loads(json.dumps(owing.value()))
    assert value == {
        "owing": [
            {"stream": "history_meetings", "ids": {}, "params": days, "days": ["2026-01-05", "2026-02-01"],
             "place": [["2026-01-05", "u", "meeting", 3], "s", ""]},
            {"stream": "meetings", "ids": {"meeting_id": 7}},
        ],
        "went_back": True, "given_up": 3,
    }  # fmt: skip
    again = Owing.read(value)
    assert again.value() == owing.value()
    assert [(question.window, question.place, question.number) for question in again.questions] == [
        (WINDOW, owing.questions[0].place, 1), (None, (), 2),
    ]  # fmt: skip
    assert Owing.read({}).value() == {} and not Owing.read({"went_back": 1}).went_back
