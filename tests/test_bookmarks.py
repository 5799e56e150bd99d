"""What a state says, and which one is good to go on from."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.state import START, Bookmark, Owed, State, digest
from tap_zoom.streams import BY_NAME

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
BEGUN = NOW - timedelta(hours=3)
SCHEDULED, HELD = Bookmark(("u1",), whole=True), Bookmark(("2026-01-05", "2026-01-07T08:00:00Z x past_meeting"))
BOOKMARKS = {"report_meetings": {"start_time": "2026-02-01T00:00:00Z"}}
DAYS = (date(2026, 1, 5), date(2026, 2, 1))
REGISTRANTS, HISTORY, DETAILS = (BY_NAME[name] for name in ("meeting_registrants", "history_meetings", "report_meetings"))
OWING = [
    Owed(HISTORY, {}, {}, DAYS, None, HELD),
    Owed(REGISTRANTS, {"meeting_id": 7}, {"status": "denied"}),
    Owed(DETAILS, {"meeting_uuid": "/a//b==", "meeting_id": None}, {}, None, "2025-09-01T08:00:00Z"),
]
START_ANEW = "so everything is read from the start."
DAMAGED = f"The state is damaged, {START_ANEW}"
FOREIGN = f"The state is empty or not of this tap, {START_ANEW}"
OLDER = f"The state is of an older version of this tap, {START_ANEW}"
ANOTHER_ACCOUNT = f"The state is of another account, {START_ANEW}"
ANOTHER_SELECTION = "The state is of a run with other streams, fields or start_date, so that run is begun anew."
FRESH = State("a", "s", NOW).value()


def through_json(value: Any) -> Any:
    """As the caller keeps it."""
    return json.loads(json.dumps(value))


def resumed(value: object, now: datetime = NOW, account: str = "a", selection: str = "s") -> tuple[State, list[str]]:
    """The state to go on from, and what was warned of."""
    warnings: list[str] = []
    return State.resumed(value, account, selection, now, warnings.append), warnings


def under_way() -> State:
    """One in which every part says something."""
    state = State("a", "s", BEGUN)
    state.bookmarks = dict(BOOKMARKS)
    state.places = {"scheduled": SCHEDULED, "held": HELD, "user_meetings": START}
    state.owing = list(OWING)
    state.went_back, state.given_up, state.refused = True, 2, ["meeting_polls"]
    return state


def stopped() -> Any:
    return through_json(under_way().value())


# --- places -----------------------------------------------------------------------------------------------------

PATHS = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)


@given(PATHS, st.booleans(), PATHS)
def test_what_a_bookmark_has_passed(mark: tuple[str, ...], whole: bool, path: tuple[str, ...]) -> None:
    """Places before it in order; the place itself; below it only where it is whole. A place above it is not whole."""
    bookmark = Bookmark(mark, whole)
    below = path[: len(mark)] == mark
    assert bookmark.passed(path) is (path <= mark or (whole and below))
    assert bookmark.passed_whole(path) is ((path < mark and mark[: len(path)] != path) or (whole and below))


def test_the_start_has_passed_nothing() -> None:
    """But the root, which is no place."""
    assert not START.passed(("a",)) and not START.passed_whole(("a",)) and not START.passed_whole(())
    assert START.value() == {"place": [], "whole": False}


@given(PATHS, st.booleans())
def test_a_bookmark_is_written_and_read(path: tuple[str, ...], whole: bool) -> None:
    """By identity: the names of its place."""
    bookmark = Bookmark(path, whole)
    assert bookmark.value() == {"place": list(path), "whole": whole}
    assert Bookmark.read(through_json(bookmark.value())) == bookmark


# --- what is owed -----------------------------------------------------------------------------------------------


def test_what_is_owed_says_no_more_than_it_has_to() -> None:
    """Its stream and ids; what else was asked, the days, when it happened and how far it got, where there is that."""
    assert [owed.value() for owed in OWING] == [
        {"stream": "history_meetings", "ids": {}, "days": ["2026-01-05", "2026-02-01"],
         "place": ["2026-01-05", "2026-01-07T08:00:00Z x past_meeting"], "whole": False},
        {"stream": "meeting_registrants", "ids": {"meeting_id": 7}, "asks": {"status": "denied"}},
        {"stream": "report_meetings", "ids": {"meeting_uuid": "/a//b==", "meeting_id": None}, "at": "2025-09-01T08:00:00Z"},
    ]  # fmt: skip
    assert [Owed.read(through_json(owed.value())) for owed in OWING] == OWING
    one_day = Owed(HISTORY, {}, {}, (DAYS[0], DAYS[0]))
    assert Owed.read(through_json(one_day.value())) == one_day


def test_since_when_something_may_be_missing() -> None:
    """Since it happened, or since the first of the days that were asked for about it; of what is only scheduled that
    can't be said."""
    assert [owed.when for owed in OWING] == ["2026-01-05T00:00:00Z", None, "2025-09-01T08:00:00Z"]
    assert Owed(HISTORY, {}, {}, DAYS, "2026-01-09T00:00:00Z").when == "2026-01-05T00:00:00Z"


def test_the_same_question_is_known_again() -> None:
    """By the stream, the ids, the days and what else was asked; not by how far it got."""
    for number, owed in enumerate(OWING):
        assert [owed.is_like(other) for other in OWING] == [other == number for other in range(len(OWING))]
    one = Owed(HISTORY, {}, {}, DAYS)
    assert one.is_like(OWING[0]) and one.is_like(Owed(HISTORY, {}, {}, DAYS, "2026-01-09T00:00:00Z"))
    assert not one.is_like(Owed(HISTORY, {}, {}, (DAYS[0], DAYS[0]))) and not one.is_like(Owed(HISTORY, {"x": 1}, {}, DAYS))
    assert not one.is_like(Owed(HISTORY, {}, {"type": "past"}, DAYS)) and not one.is_like(Owed(DETAILS, {}, {}, DAYS))


# --- what a state says ------------------------------------------------------------------------------------------


def test_a_new_state_says_when_it_began_and_for_what() -> None:
    """With no bookmark and no place, and without what there is nothing of."""
    assert FRESH == {
        "version": 2, "account": "a", "bookmarks": {},
        "run": {"started_at": "2026-03-01T12:00:00Z", "selection": "s", "places": {}},
    }  # fmt: skip
    state, warnings = resumed(None)
    assert state.value() == FRESH and not warnings
    assert state.started_at == NOW
    assert (state.goes_on, state.owing, state.went_back, state.given_up, state.refused) == (False, [], False, 0, [])


def test_a_state_of_a_run_that_is_under_way() -> None:
    """Every part by its name; a branch that got nowhere stands there as null."""
    assert under_way().value() == {
        "version": 2, "account": "a", "bookmarks": BOOKMARKS,
        "run": {
            "started_at": "2026-03-01T09:00:00Z", "selection": "s",
            "places": {"scheduled": SCHEDULED.value(), "held": HELD.value(), "user_meetings": None},
            "owing": [owed.value() for owed in OWING], "went_back": True, "given_up": 2, "refused": ["meeting_polls"],
        },
    }  # fmt: skip


def test_a_stopped_run_goes_on_from_what_it_said() -> None:
    """Each part is as it was; without a word."""
    state, warnings = resumed(stopped())
    was = under_way()
    assert warnings == []
    assert state.goes_on is True
    assert (state.account, state.selection, state.started_at) == ("a", "s", BEGUN)
    assert (state.bookmarks, state.places, state.owing) == (was.bookmarks, was.places, was.owing)
    assert (state.went_back, state.given_up, state.refused) == (True, 2, ["meeting_polls"])
    assert through_json(state.value()) == stopped()


def test_a_run_that_owes_nothing_goes_on() -> None:
    """What is not there is nothing."""
    state, warnings = resumed(through_json(State("a", "s", BEGUN).value()))
    assert warnings == [] and state.goes_on
    assert (state.owing, state.went_back, state.given_up, state.refused) == ([], False, 0, [])


def test_the_state_that_is_resumed_is_left_as_it_was() -> None:
    """A bookmark that moves later does not move in what the caller gave."""
    value = stopped()
    state, _ = resumed(value)
    state.bookmarks["report_meetings"]["start_time"] = "later"
    assert value == stopped()


def test_a_run_that_begins_this_second_is_not_of_the_future() -> None:
    """Clocks are read to the second; what begins later than now is none of ours."""
    value = through_json(State("a", "s", NOW).value())
    assert resumed(value)[0].goes_on
    assert resumed(value, now=NOW - timedelta(seconds=1))[1] == [DAMAGED]


def test_a_finished_state_says_when_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the machine stands; with the bookmarks, and without what is over."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    ahead = timezone(timedelta(hours=2))
    assert under_way().finished(datetime(2026, 3, 1, 1, 30, 9, tzinfo=ahead)) == {
        "version": 2, "account": "a", "bookmarks": BOOKMARKS, "finished_at": "2026-02-28T23:30:09Z",
    }  # fmt: skip
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("more", [{}, {"run": stopped()["run"]}, {"run": 7}], ids=["alone", "merged", "merged with anything"])
def test_a_complete_run_is_followed_by_a_new_one(more: dict[str, Any]) -> None:
    """Without a word, and with its bookmarks; whatever else callers have merged into its state."""
    state, warnings = resumed({**through_json(under_way().finished(NOW)), **more}, selection="t")
    assert warnings == []
    assert state.value() == {**FRESH, "bookmarks": BOOKMARKS, "run": {**FRESH["run"], "selection": "t"}}
    assert not state.goes_on


# --- which one is no good ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        *((value, FOREIGN) for value in ({}, [], "x", 7, False, {"version": None}, {"bookmarks": {}}, {**stopped(), "version": "2"},
                                         {**stopped(), "version": 3}, {**stopped(), "version": True})),
        ({"version": 1}, OLDER), ({"version": 1, "started_at": "2026-03-01T09:00:00Z", "bookmarks": {}}, OLDER),
        ({"version": 2}, ANOTHER_ACCOUNT), ({**stopped(), "account": "b"}, ANOTHER_ACCOUNT), ({**stopped(), "account": None}, ANOTHER_ACCOUNT),
        ({**through_json(State("b", "s", NOW).finished(NOW))}, ANOTHER_ACCOUNT),
    ],
    ids=repr,
)  # fmt: skip
def test_a_state_of_something_else(value: object, warning: str) -> None:
    """One warning, and everything is read: nothing of it is taken over."""
    state, warnings = resumed(value)
    assert warnings == [warning]
    assert state.value() == FRESH and not state.goes_on


@pytest.mark.parametrize("selection", ["t", None])
def test_a_state_of_another_selection(selection: str | None) -> None:
    """One warning, and everything is read; the bookmarks of the streams stay, since they are of the same account."""
    value = stopped()
    value["run"]["selection"] = selection
    state, warnings = resumed(value)
    assert warnings == [ANOTHER_SELECTION]
    assert state.value() == {**FRESH, "bookmarks": BOOKMARKS} and not state.goes_on


def change(*path: Any, to: Any) -> Callable[[Any], None]:
    def spoil(value: Any) -> None:
        for name in path[:-1]:
            value = value[name]
        value[path[-1]] = to

    return spoil


def drop(*path: Any) -> Callable[[Any], None]:
    def spoil(value: Any) -> None:
        for name in path[:-1]:
            value = value[name]
        del value[path[-1]]

    return spoil


OWED = ("run", "owing")
DAMAGE: dict[str, Callable[[Any], None]] = {
    "no bookmarks": drop("bookmarks"), "bookmarks null": change("bookmarks", to=None), "bookmarks a list": change("bookmarks", to=[]),
    "a bookmark that is a number": change("bookmarks", "report_meetings", to=7), "a bookmark that is text": change("bookmarks", "report_meetings", to="x"),
    "no run": drop("run"), "run null": change("run", to=None), "run a list": change("run", to=[]), "no selection": drop("run", "selection"),
    "no begin": drop("run", "started_at"), "begin null": change("run", "started_at", to=None), "begin soon": change("run", "started_at", to="soon"),
    "begin a number": change("run", "started_at", to=7),
    "no places": drop("run", "places"), "places null": change("run", "places", to=None), "places a list": change("run", "places", to=[]),
    "a place that is a list": change("run", "places", "held", to=[]), "a place that is empty": change("run", "places", "held", to={}),
    "a place that is false": change("run", "places", "held", to=False),
    "a place without a path": drop("run", "places", "held", "place"), "a place without whole": drop("run", "places", "held", "whole"),
    "a path that is text": change("run", "places", "held", "place", to="ab"), "a path of numbers": change("run", "places", "held", "place", to=["a", 1]),
    "whole a number": change("run", "places", "held", "whole", to=1), "whole null": change("run", "places", "held", "whole", to=None),
    "refused a number": change("run", "refused", to=7), "refused text": change("run", "refused", to=""), "refused null": change("run", "refused", to=None),
    "refused an object": change("run", "refused", to={}), "refused what there is not": change("run", "refused", to=["shoes"]),
    "given up text": change("run", "given_up", to="x"), "given up null": change("run", "given_up", to=None),
    "given up endlessly": change("run", "given_up", to=math.inf), "given up digits": change("run", "given_up", to="3"),
    "given up a half": change("run", "given_up", to=0.5), "given up less than none": change("run", "given_up", to=-1),
    "given up true": change("run", "given_up", to=True),
    "owing null": change(*OWED, to=None), "owing an object": change(*OWED, to={}), "owing text": change(*OWED, to=""),
    "a debt that is a number": change(*OWED, 1, to=7), "a debt that is null": change(*OWED, 1, to=None),
    "a debt without stream": drop(*OWED, 1, "stream"), "a debt of no stream": change(*OWED, 1, "stream", to="shoes"),
    "a debt of a list": change(*OWED, 1, "stream", to=[]), "a debt without ids": drop(*OWED, 1, "ids"),
    "a debt that lacks an id": change(*OWED, 1, "ids", to={}), "ids null": change(*OWED, 1, "ids", to=None), "ids a list": change(*OWED, 1, "ids", to=[]),
    "an id too many": change(*OWED, 1, "ids", "user_id", to="u"), "asks of nothing": change(*OWED, 1, "asks", to={"status": "lost"}),
    "no asks where there are some": drop(*OWED, 1, "asks"), "asks where there are none": change(*OWED, 0, "asks", to={"a": "b"}),
    "asks null": change(*OWED, 0, "asks", to=None), "at a number": change(*OWED, 2, "at", to=7),
    "no days": drop(*OWED, 0, "days"), "days null": change(*OWED, 0, "days", to=None), "one day": change(*OWED, 0, "days", to=["2026-01-05"]),
    "three days": change(*OWED, 0, "days", to=["2026-01-05"] * 3), "days of text": change(*OWED, 0, "days", to=["x", "y"]),
    "days of numbers": change(*OWED, 0, "days", to=[1, 2]), "days that end before they begin": change(*OWED, 0, "days", to=["2026-02-01", "2026-01-05"]),
    "a debt's place of numbers": change(*OWED, 0, "place", to=[1]), "a debt's place without whole": drop(*OWED, 0, "whole"),
    "a debt's whole a number": change(*OWED, 0, "whole", to=0),
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_state(how: str) -> None:
    """One warning, and everything is read: half of a state is none."""
    value = stopped()
    DAMAGE[how](value)
    state, warnings = resumed(value)
    assert warnings == [DAMAGED]
    assert state.value() == FRESH and not state.goes_on


def test_a_finished_state_without_bookmarks_is_damaged_as_well() -> None:
    """It says nothing."""
    value = through_json(under_way().finished(NOW))
    del value["bookmarks"]
    state, warnings = resumed(value)
    assert warnings == [DAMAGED] and state.value() == FRESH


@pytest.mark.parametrize("value", [1, "true", None])
def test_only_true_is_true(value: object) -> None:
    """A run that did not say so has not gone back."""
    damaged = stopped()
    damaged["run"]["went_back"] = value
    assert resumed(damaged)[0].went_back is False


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
    st.sampled_from(["stream", "ids", "asks", "days", "place", "whole", "at", "selection", "started_at"]), inner, max_size=3)),
    st.sampled_from([("bookmarks",), ("run",), ("run", "places"), ("run", "places", "held"), OWED, (*OWED, 0), (*OWED, 2), ("run", "given_up"), ("run", "refused")]))  # fmt: skip
def test_whatever_stands_in_a_state_it_is_read_or_not(part: Any, path: tuple[Any, ...]) -> None:
    """At most one warning, and no exception; what is gone on from can be written again."""
    value = stopped()
    change(*path, to=part)(value)
    state, warnings = resumed(value)
    assert state.goes_on is not bool(warnings)
    assert resumed(state.value())[0].value() == state.value()


def test_a_selection_is_told_by_its_parts() -> None:
    """The same on every run and in every version, or a stopped run could not go on; in whichever order they come."""
    right = hashlib.sha256(b'{"a": 1, "b": "2026-03-01 12:00:00+00:00"}').hexdigest()[:16]
    assert digest(b=NOW, a=1) == digest(a=1, b=NOW) == right
    assert digest(a={"y": 1, "x": 2}) == digest(a={"x": 2, "y": 1})
    parts = [digest(start_date=start, schemas=fields) for start in (None, BEGUN, NOW) for fields in ({}, {"x": {}}, {"x": {"type": "null"}})]
    assert len(set(parts)) == 9
