"""State version 3: writing and reading it, and states that are ignored."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.state import Failure, Run, State, digest, merged

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
STARTED = NOW - timedelta(hours=3)
BOOKMARKS = {"report_meetings": {"start_time": "2026-02-01T00:00:00Z"}}
PATH = ["2026-01-05", "2026-01-07T08:00:00Z past_meeting abc== 7"]
HISTORY = Failure(
    "history_meetings", window="2026-01-05", days=["2026-01-05", "2026-02-01"], since="2026-02-25T02:00:00Z",
    last="2026-02-28T02:00:00Z", runs=2, resume_at=PATH,
)  # fmt: skip
REGISTRANTS = Failure(
    "meeting_registrants",
    "meeting 7",
    {"status": "denied"},
    since="2026-02-25T02:00:00Z",
    last="2026-02-28T02:00:00Z",
    runs=2,
)
USERS = Failure("users", hold=True, since="2026-02-28T02:00:00Z", last="2026-02-28T02:00:00Z", runs=1)
FROM_THE_START = "so everything is read from the start."
DAMAGED = f"The state is damaged, {FROM_THE_START}"
FOREIGN = f"The state is empty or not from this tap, {FROM_THE_START}"
OLDER = f"The state is from an older version of this tap, {FROM_THE_START}"
OTHER_ACCOUNT = f"The state belongs to another account, {FROM_THE_START}"
STOPPED_V2 = (
    "The state is from an interrupted run of an older version. Its bookmarks are used, and the run starts over."
)


def through_json(value: Any) -> Any:
    """Return the value as a caller gets it back after storing it as JSON."""
    return json.loads(json.dumps(value))


def read(value: object, *accounts: str, now: datetime = NOW) -> tuple[State, list[str]]:
    """Return the state and the warnings about it."""
    warnings: list[str] = []
    return State.read(value, accounts or ("a",), now, warnings.append), warnings


def unfinished() -> State:
    """Return the state of an unfinished run, with something in each part."""
    state = State("a")
    state.start_date = "2026-01-01T00:00:00Z"
    state.bookmarks = copy.deepcopy(BOOKMARKS)
    state.failures = copy.deepcopy([HISTORY, REGISTRANTS, USERS])
    state.given_up = {"2026-02-20": ["9be1c2d3"]}
    state.unfinished = Run(STARTED, "s", True, {"history_meetings": list(PATH), "user": None})
    return state


def written() -> Any:
    return through_json(unfinished().value())


def test_a_failure_of_survey_answers_can_be_read() -> None:
    """Their window begins in 1999."""
    state = State("a")
    failure = Failure("survey_answers", "survey s1", window="1999-09-03", days=["2024-04-19", "2026-02-19"])
    failure.since = failure.last = "2026-02-25T02:00:00Z"
    state.failures = [failure]
    again, warnings = read(through_json(state.value()))
    assert again.failures == [failure] and warnings == []


def test_the_time_of_a_context_does_not_identify_a_failure() -> None:
    """It changes with the last message of a conversation. The later one is kept."""
    older, newer = (Failure("phone_sms_messages", f"2026-02-0{day}T10:00:00Z phone_sms_session S") for day in (1, 2))
    assert older.key == newer.key and older.digest == newer.digest
    assert older.key != Failure("phone_sms_messages", "2026-02-01T10:00:00Z phone_sms_session T").key
    older.widen(newer)
    assert older.context == newer.context
    newer.widen(Failure("phone_sms_messages", "2026-02-01T10:00:00Z phone_sms_session S"))
    assert older.context == newer.context


def test_days_without_digests_are_left_out() -> None:
    """They are written once, for states that are merged."""
    state = State("a")
    state.given_up = {"2026-02-20": [], "2026-02-21": ["9be1c2d3"]}
    again, _ = read(through_json(state.value()))
    assert again.given_up == {"2026-02-21": ["9be1c2d3"]}


EMPTY = State("a").value()


# --- writing ----------------------------------------------------------------------------------------------------


def test_every_state_has_every_key() -> None:
    """A merge keeps keys that the newer state lacks, so none may be missing. Unused parts are empty."""
    assert EMPTY == {
        "version": 3, "account": "a", "start_date": "", "bookmarks": {}, "failures": {}, "given_up": {}, "unfinished": [],
    }  # fmt: skip
    assert written().keys() == EMPTY.keys()


def test_an_unfinished_run_is_written_in_full() -> None:
    """Failures are grouped by the run in which they first failed, and then by stream."""
    assert written() == {
        "version": 3, "account": "a", "start_date": "2026-01-01T00:00:00Z", "bookmarks": BOOKMARKS,
        "failures": {
            "2026-02-25T02:00:00Z": [
                {"stream": "history_meetings", "last": "2026-02-28T02:00:00Z", "runs": 2,
                 "tasks": [{"window": "2026-01-05", "days": ["2026-01-05", "2026-02-01"], "resume_at": PATH}]},
                {"stream": "meeting_registrants", "last": "2026-02-28T02:00:00Z", "runs": 2,
                 "tasks": [{"context": "meeting 7", "params": {"status": "denied"}}]},
            ],
            "2026-02-28T02:00:00Z": [{"stream": "users", "last": "2026-02-28T02:00:00Z", "runs": 1, "hold": True}],
        },
        "given_up": {"2026-02-20": ["9be1c2d3"]},
        "unfinished": [
            {"started_at": "2026-03-01T09:00:00Z", "selection": "s", "from_start": True,
             "bookmarks": unfinished().bookmarks_digest, "resume_at": {"history_meetings": PATH, "user": None}},
        ],
    }  # fmt: skip


def test_failures_of_the_same_stream_share_an_entry() -> None:
    """The state stays small when many meetings fail in the same way. Each count has an entry of its own."""
    state = State("a")
    about = {"since": "2026-02-28T02:00:00Z", "last": "2026-02-28T02:00:00Z"}
    state.failures = [
        Failure("report_meetings", f"past_meeting {n}== 7", runs=runs, **about) for n in range(3) for runs in (1, 2)
    ]  # type: ignore[arg-type]
    [first, second] = through_json(state.value())["failures"]["2026-02-28T02:00:00Z"]
    assert (first["runs"], len(first["tasks"])) == (1, 3) and (second["runs"], len(second["tasks"])) == (2, 3)
    assert sorted(read(state.value())[0].failures, key=str) == sorted(state.failures, key=str)


def test_a_resolved_failure_leaves_an_empty_list() -> None:
    """Without it, a merge would restore the failure. A list with other failures stays as it is."""
    state = unfinished()
    state.failures, state.resolved = [USERS], {HISTORY.since, USERS.since}
    value = through_json(state.value())
    assert value["failures"] == {HISTORY.since: [], USERS.since: written()["failures"][USERS.since]}
    after = merged(written(), value)
    assert [failure.stream for failure in read(after)[0].failures] == ["users"]
    assert [failure.stream for failure in read(value)[0].failures] == ["users"]


def test_a_value_shares_nothing_with_the_state() -> None:
    """A value that has been emitted doesn't change later."""
    state = unfinished()
    value = state.value()
    before = through_json(value)
    state.bookmarks["report_meetings"]["start_time"] = "later"
    state.given_up["2026-02-20"].append("x")
    assert state.unfinished is not None
    state.unfinished.resume_at["user"] = ["2026"]
    assert through_json(value) == before


# --- reading ----------------------------------------------------------------------------------------------------


def test_no_state_means_an_empty_state() -> None:
    """There is no warning."""
    state, warnings = read(None)
    assert state.value() == EMPTY and warnings == []


def test_a_state_is_read_as_it_was_written() -> None:
    """Each part is the same, and there is no warning."""
    state, warnings = read(written())
    assert warnings == []
    was = unfinished()
    assert (state.account, state.start_date, state.bookmarks, state.given_up) == (
        "a",
        was.start_date,
        was.bookmarks,
        was.given_up,
    )
    assert state.failures == [HISTORY, REGISTRANTS, USERS]
    assert state.unfinished is not None and was.unfinished is not None
    assert state.unfinished.bookmarks == was.bookmarks_digest
    was.unfinished.bookmarks = was.bookmarks_digest
    assert state.unfinished == was.unfinished
    assert through_json(state.value()) == written()


def test_reading_does_not_change_the_callers_value() -> None:
    """A bookmark that moves later doesn't move in the caller's value."""
    value = written()
    state, _ = read(value)
    state.bookmarks["report_meetings"]["start_time"] = "later"
    state.given_up["2026-02-20"].append("x")
    assert value == written()


def test_a_run_that_starts_this_second_is_not_in_the_future() -> None:
    """Times in the state are whole seconds. A run that starts later than now means that the state is damaged."""
    value = written()
    value["unfinished"][0]["started_at"] = "2026-03-01T12:00:00Z"
    assert read(value)[1] == []
    assert read(value, now=NOW - timedelta(seconds=1))[1] == [DAMAGED]


def test_failures_of_unknown_streams_are_dropped() -> None:
    """A later version of the tap may have written them."""
    value = written()
    value["failures"]["2026-02-25T02:00:00Z"].append(
        {"stream": "shoes", "last": "x", "runs": 1, "tasks": [{"context": "shoe 1"}]}
    )
    state, warnings = read(value)
    assert warnings == [] and state.failures == [HISTORY, REGISTRANTS, USERS]


# --- states that are not used -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        *((value, FOREIGN) for value in ({}, [], "x", 7, False, {"version": None}, {"bookmarks": {}}, {**written(), "version": "3"},
                                         {**written(), "version": 4}, {**written(), "version": True}, {**written(), "version": 3.0})),
        ({"version": 1}, OLDER), ({"version": 1, "started_at": "2026-03-01T09:00:00Z", "bookmarks": {}}, OLDER),
        ({"version": 2}, OTHER_ACCOUNT), ({"version": 3}, OTHER_ACCOUNT),
        ({**written(), "account": "b"}, OTHER_ACCOUNT), ({**written(), "account": None}, OTHER_ACCOUNT),
    ],
    ids=repr,
)  # fmt: skip
def test_a_foreign_state_is_ignored(value: object, warning: str) -> None:
    """There is one warning, and no part of the state is used."""
    state, warnings = read(value)
    assert warnings == [warning] and state.value() == EMPTY


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


ENTRIES = ("failures", "2026-02-25T02:00:00Z")
WINDOW, CONTEXT = (*ENTRIES, 0, "tasks", 0), (*ENTRIES, 1, "tasks", 0)
RUN = ("unfinished", 0)
DAMAGE: dict[str, Callable[[Any], None]] = {
    **{f"no {name}": drop(name) for name in ("bookmarks", "failures", "given_up", "unfinished")},
    **{f"{name} null": change(name, to=None) for name in ("bookmarks", "failures", "given_up", "unfinished")},
    "bookmarks a list": change("bookmarks", to=[]), "a bookmark that is a number": change("bookmarks", "report_meetings", to=7),
    "a bookmark that is text": change("bookmarks", "report_meetings", to="x"),
    "start_date a number": change("start_date", to=5), "start_date a word": change("start_date", to="now"), "start_date a list": change("start_date", to=["2026"]),
    "failures a list": change("failures", to=[]), "an entry null": change(*ENTRIES, 0, to=None), "entries a number": change(*ENTRIES, to=7),
    "an entry without stream": drop(*ENTRIES, 0, "stream"), "an entry of a list": change(*ENTRIES, 0, "stream", to=[]),
    "an entry without last": drop(*ENTRIES, 0, "last"), "last a number": change(*ENTRIES, 0, "last", to=7),
    "an entry without runs": drop(*ENTRIES, 0, "runs"), "runs text": change(*ENTRIES, 0, "runs", to="2"), "runs true": change(*ENTRIES, 0, "runs", to=True),
    "an entry without tasks": drop(*ENTRIES, 0, "tasks"), "tasks null": change(*ENTRIES, 0, "tasks", to=None), "hold 1": change("failures", "2026-02-28T02:00:00Z", 0, "hold", to=1),
    "a task that is text": change(*WINDOW, to="x"), "a task with an odd key": change(*CONTEXT, "more", to="x"), "context a number": change(*CONTEXT, "context", to=7),
    "params of nothing": change(*CONTEXT, "params", to={"status": "lost"}), "no params where there are some": drop(*CONTEXT, "params"),
    "params null": change(*CONTEXT, "params", to=None), "days null": change(*WINDOW, "days", to=None), "one day": change(*WINDOW, "days", to=["2026-01-05"]),
    "three days": change(*WINDOW, "days", to=["2026-01-05"] * 3), "days of text": change(*WINDOW, "days", to=["x", "y"]),
    "days of numbers": change(*WINDOW, "days", to=[1, 2]), "a window that is no day": change(*WINDOW, "window", to="x"),
    "a window null": change(*WINDOW, "window", to=None), "resume_at of a failure with numbers": change(*WINDOW, "resume_at", to=[1]),
    "a window without days": drop(*WINDOW, "days"), "days that are text": change(*WINDOW, "days", to=""), "days of an object": change(*WINDOW, "days", to={}),
    "days of the last year": change(*WINDOW, "days", to=["9999-12-31"] * 2), "a window of the first year": change(*WINDOW, "window", to="0001-01-01"),
    "days without a window": drop(*WINDOW, "window"), "a context where there is none": change(*WINDOW, "context", to="meeting 7"),
    "no context where there is one": drop(*CONTEXT, "context"), "a context of another kind": change(*CONTEXT, "context", to="user u1"),
    "a window of a stream without dates": change(*CONTEXT, "window", to="2026-01-05"),
    "resume_at of another task": change(*WINDOW, "resume_at", to=["2026-02-02"]), "resume_at behind everything": change(*WINDOW, "resume_at", to=["~"]),
    "start in the first year": change(*RUN, "started_at", to="0001-01-01T00:00:00Z"),
    "given up on no day": change("given_up", to={"soon": []}), "given up a number": change("given_up", "2026-02-20", to=7),
    "unfinished an object": change("unfinished", to={}), "unfinished text": change("unfinished", to="x"), "a run null": change(*RUN, to=None),
    "a run that is a list": change(*RUN, to=[]), "no selection": drop(*RUN, "selection"), "no start": drop(*RUN, "started_at"),
    "start null": change(*RUN, "started_at", to=None), "start soon": change(*RUN, "started_at", to="soon"), "start a number": change(*RUN, "started_at", to=7),
    "no from_start": drop(*RUN, "from_start"), "from_start 1": change(*RUN, "from_start", to=1), "from_start null": change(*RUN, "from_start", to=None),
    "no resume_at": drop(*RUN, "resume_at"), "resume_at null": change(*RUN, "resume_at", to=None), "resume_at a list": change(*RUN, "resume_at", to=[]),
    "a path of numbers": change(*RUN, "resume_at", "history_meetings", to=["a", 1]), "a path that is a number": change(*RUN, "resume_at", "history_meetings", to=7),
    "a path that is false": change(*RUN, "resume_at", "history_meetings", to=False),
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_state_is_ignored(how: str) -> None:
    """There is one warning, and everything is read: a state isn't used in part."""
    value = written()
    DAMAGE[how](value)
    state, warnings = read(value)
    assert warnings == [DAMAGED] and state.value() == EMPTY


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
    st.sampled_from(["stream", "last", "runs", "tasks", "context", "params", "window", "days", "hold", "selection", "started_at", "resume_at"]), inner, max_size=3)),
    st.sampled_from([("bookmarks",), ("failures",), ENTRIES, (*ENTRIES, 0), WINDOW, (*WINDOW, "days"), CONTEXT, ("given_up",), ("unfinished",), RUN, (*RUN, "resume_at")]))  # fmt: skip
def test_no_value_in_a_state_raises_an_error(part: Any, path: tuple[Any, ...]) -> None:
    """There is at most one warning, and a state that was read can be written and read again."""
    value = written()
    change(*path, to=part)(value)
    state, warnings = read(value)
    assert len(warnings) <= 1
    assert read(through_json(state.value()))[0].value() == state.value()


# --- version 2 --------------------------------------------------------------------------------------------------

V2 = {"version": 2, "account": "a", "start_date": "2026-01-01T00:00:00Z", "bookmarks": BOOKMARKS}
V2_STOPPED = {
    **V2,
    "run": {
        "started_at": "2026-03-01T09:00:00Z",
        "selection": "s",
        "places": {"held": {"place": PATH, "whole": False}},
    },
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [({**V2, "finished_at": "2026-02-28T09:00:00Z"}, []), (V2_STOPPED, [STOPPED_V2])],
    ids=["finished", "stopped"],
)
def test_bookmarks_of_version_2_are_used(value: Any, expected: list[str]) -> None:
    """The checkpoints of an interrupted run aren't used, and a warning says so."""
    state, warnings = read(value)
    assert warnings == expected
    assert state.value() == {**EMPTY, "bookmarks": BOOKMARKS, "start_date": "2026-01-01T00:00:00Z"}


def test_version_2_may_identify_the_account_by_an_older_digest() -> None:
    """With a refresh token, an older version used the client_id to identify the account. Version 3 never did."""
    old = {**V2, "account": "client", "finished_at": "2026-02-28T09:00:00Z"}
    assert read(old, "a", "client")[1] == []
    assert read(old, "a")[1] == [OTHER_ACCOUNT]
    assert read({**written(), "account": "client"}, "a", "client")[1] == [OTHER_ACCOUNT]


def test_version_3_merged_into_version_2_is_read_as_version_3() -> None:
    """The interrupted run of version 2 is ignored."""
    state, warnings = read(merged(V2_STOPPED, written()))
    assert warnings == [] and through_json(state.value()) == written()


# --- merged states ----------------------------------------------------------------------------------------------


def test_states_are_merged_as_meltano_does() -> None:
    """Objects are merged key by key, lists and other values are replaced. Keys of only one state are kept."""
    assert merged({"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"a": {"y": [3], "z": None}, "c": {}}) == {
        "a": {"x": 1, "y": [3], "z": None}, "b": 1, "c": {},
    }  # fmt: skip
    assert merged(None, {"a": 1}) == {"a": 1} and merged({"a": 1}, None) is None


def test_no_object_is_merged_into_null() -> None:
    """That is an error in Meltano, and the state is not stored. Any state may be merged into any other."""
    finished = unfinished()
    finished.unfinished, finished.failures, finished.resolved = None, [], {HISTORY.since}
    other = unfinished()
    other.unfinished = Run(NOW, "t", False, {"history_meetings": None, "user": list(PATH)})

    def check(below: Any, above: Any) -> None:
        assert not (below is None and isinstance(above, dict))
        if isinstance(below, dict) and isinstance(above, dict):
            for name in below.keys() & above.keys():
                check(below[name], above[name])

    values = [EMPTY, written(), through_json(finished.value()), through_json(other.value())]
    for below in values:
        for above in values:
            check(below, above)
            state, warnings = read(merged(below, above))
            assert warnings == []
            assert through_json(state.value())["unfinished"] == above["unfinished"]


def test_a_failure_duplicated_by_a_merge_is_one_failure() -> None:
    """It has the days of both, the later time and the larger count. Its resume_at is cleared if the days grow."""
    one = copy.deepcopy(HISTORY)
    one.widen(
        Failure(
            "history_meetings",
            window="2026-01-05",
            days=["2026-01-07", "2026-01-31"],
            last="2026-03-01T02:00:00Z",
            runs=1,
        )
    )
    assert (one.days, one.last, one.runs, one.resume_at) == (
        ["2026-01-05", "2026-02-01"],
        "2026-03-01T02:00:00Z",
        2,
        PATH,
    )
    one.widen(
        Failure(
            "history_meetings",
            window="2026-01-05",
            days=["2026-01-07", "2026-02-02"],
            last="2026-02-01T02:00:00Z",
            runs=4,
        )
    )
    assert (one.days, one.last, one.runs, one.resume_at) == (
        ["2026-01-05", "2026-02-02"],
        "2026-03-01T02:00:00Z",
        4,
        [],
    )


# --- failures and digests ---------------------------------------------------------------------------------------


def test_a_task_is_identified_by_stream_context_params_and_window() -> None:
    """Its days and counts don't matter, so a window whose days change is still the same failure."""
    keys = [each.key for each in (HISTORY, REGISTRANTS, USERS)]
    assert len(set(keys)) == 3
    again = copy.deepcopy(HISTORY)
    again.days, again.runs, again.last, again.since, again.resume_at = ["2026-01-06", "2026-01-07"], 9, "x", "y", []
    assert again.key == HISTORY.key and again.digest == HISTORY.digest
    assert len({each.digest for each in (HISTORY, REGISTRANTS, USERS)}) == 3
    assert all(len(each.digest) == 8 for each in (HISTORY, REGISTRANTS, USERS))


def test_a_failure_covers_its_days() -> None:
    """A failure without days covers itself, but no failure with days."""
    inner = Failure("history_meetings", window="2026-01-05", days=["2026-01-06", "2026-01-31"])
    assert HISTORY.covers(inner) and HISTORY.covers(HISTORY) and not inner.covers(HISTORY)
    assert REGISTRANTS.covers(REGISTRANTS) and not REGISTRANTS.covers(HISTORY)


def test_a_digest_depends_only_on_its_parts() -> None:
    """It is the same in every run and version, and the order of the parts doesn't matter."""
    right = hashlib.sha256(b'{"a": 1, "b": "2026-03-01 12:00:00+00:00"}').hexdigest()[:16]
    assert digest(b=NOW, a=1) == digest(a=1, b=NOW) == right
    assert digest(a={"y": 1, "x": 2}) == digest(a={"x": 2, "y": 1})
    parts = [
        digest(start_date=start, streams=names) for start in (None, STARTED, NOW) for names in ([], ["x"], ["x", "y"])
    ]
    assert len(set(parts)) == 9
