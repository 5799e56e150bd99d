"""Failures: which ones are kept, for how long, and which bookmarks they hold."""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.state import Failure, State
from tap_zoom.sync import failures
from tap_zoom.sync.failures import (
    FIRST_TASKS,
    GIVEN_UP,
    KEPT,
    MAX_BYTES,
    MAX_GIVEN_UP_BYTES,
    MAX_KEPT,
    MAX_RUNS,
    NOT_KEPT,
    SKIPPED,
    STILL_GIVEN_UP,
    Failures,
    time_of,
)

EVERYTHING = ("users", "report_meetings", "meeting_poll_results", "report_meeting_participants", "history_meetings")
BELOW = ("report_meetings", "meeting_poll_results", "report_meeting_participants")  # their tasks have no parameters
NO_ACCESS = "400/4711"
BEGAN = datetime(2026, 3, 1, 2, tzinfo=timezone.utc)


class Night(Failures):
    """The failures of one run, with the outcomes that it reported."""

    def __init__(
        self, state: State | None = None, day: int = 0, started: int | None = None, skips: bool = False
    ) -> None:
        """`day`: when this process began; `started`: when the run began."""
        self.told: list[tuple[str, str]] = []  # stream and outcome
        super().__init__(state or State("a"), at(day if started is None else started), at(day), self._note, skips)

    def _note(self, failure: Failure, reason: str, outcome: str) -> None:
        assert reason == "x" or reason.startswith(failure.stream)
        self.told.append((failure.stream, outcome))

    @property
    def state(self) -> State:
        """The state as the next run reads it."""
        value = json.loads(json.dumps(self._state.value()))
        return State.read(value, ["a"], BEGAN + timedelta(days=999), lambda text: pytest.fail(text))

    @property
    def kept(self) -> list[Failure]:
        return self._state.failures


def at(day: int) -> str:
    return (BEGAN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meeting(number: int = 1, stream: str = "report_meetings") -> Failure:
    return Failure(stream, f"2026-02-20T10:00:00Z past_meeting uuid{number}== {number}")


def window(first: str = "2026-02-01", last: str = "2026-02-27") -> Failure:
    return Failure("history_meetings", window="2026-02-01", days=[first, last])


# --- keeping and giving up --------------------------------------------------------------------------------------


def test_a_failure_is_given_up_after_runs_on_five_days() -> None:
    """Each run reports it. After that it stays given up, until its task is read once."""
    state, outcomes = State("a"), []
    for day in range(7):
        night = Night(state, day)
        night.failed(meeting(), "x")
        outcomes += [outcome for _, outcome in night.told]
        assert not night.finish(EVERYTHING, ())
        state = night.state
    assert outcomes == [KEPT] * (MAX_RUNS - 1) + [GIVEN_UP, STILL_GIVEN_UP, STILL_GIVEN_UP]
    assert state.failures == [] and state.given_up == {at(4)[:10]: [meeting().digest]}
    last = Night(state, 7)
    last.forget(meeting())
    assert last._state.given_up == {at(4)[:10]: []}  # a merge of states would restore the day otherwise
    assert last.state.given_up == {}
    last.failed(meeting(), "x")
    assert last.told == [("report_meetings", KEPT)] and last.kept[0].runs == 1


def test_runs_on_the_same_day_count_once() -> None:
    """Running again at once doesn't give up the failure sooner."""
    state = State("a")
    for _ in range(9):
        night = Night(state, 0)
        night.failed(meeting(), "x")
        state = night.state
    assert [failure.runs for failure in state.failures] == [1]
    assert (state.failures[0].since, state.failures[0].last) == (at(0), at(0))


def test_a_failure_keeps_the_time_of_its_first_run() -> None:
    """It also has the time of its last run and the number of runs."""
    first = Night()
    first.failed(meeting(), "x")
    second = Night(first.state, 3)
    second.failed(meeting(), "x")
    assert [(each.since, each.last, each.runs) for each in second.kept] == [(at(0), at(3), 2)]


def test_failures_in_the_same_window_are_merged() -> None:
    """The failure has the days of both. Reading only some of them doesn't resolve it."""
    night = Night()
    night.failed(window(), "x")
    night = Night(night.state, 1)
    night.failed(window("2026-02-10", "2026-02-28"), "x")
    [kept] = night.kept
    assert kept.days == ["2026-02-01", "2026-02-28"]
    assert not night.resolve(window()) and night.resolve(window("2026-01-31", "2026-02-28")) and night.kept == []


def test_a_failure_is_resolved_when_its_task_is_read() -> None:
    """The list of its run is empty in the next state, and missing in the one after that."""
    first = Night()
    first.failed(meeting(), "x")
    second = Night(first.state, 1)
    assert not second.resolve(meeting(2)) and second.resolve(meeting()) and not second.resolve(meeting())
    assert second._state.value()["failures"] == {at(0): []}
    assert Night(second.state, 2)._state.value()["failures"] == {}


def test_failures_are_retried_longest_untried_first() -> None:
    """Once in each run, so not if this run has already tried them. Holds aren't retried."""
    night = Night()
    night.failed(meeting(1), "x")
    night.failed(meeting(2), "x")
    night.hold("users", "x")
    night = Night(night.state, 1)
    night.failed(meeting(1), "x")
    night.failed(meeting(3), "x")
    night = Night(night.state, 2)
    order = [failure.context for failure in night.untried(EVERYTHING)]
    assert order == [meeting(number).context for number in (2, 1, 3)]
    assert night.untried(("users",)) == []
    night.failed(meeting(1), "x")
    assert [failure.context for failure in night.untried(EVERYTHING)] == [meeting(2).context, meeting(3).context]


def test_a_kept_failure_that_was_given_up_is_dropped() -> None:
    """A merged state may contain it in both lists."""
    state = State("a")
    kept = meeting()
    kept.since = kept.last = at(0)
    kept.runs, state.failures, state.given_up = 2, [kept], {at(0)[:10]: [kept.digest]}
    night = Night(state, 1)
    assert night.kept == [] and night.told == [("report_meetings", STILL_GIVEN_UP)]
    assert night.is_known(meeting()) and not night.is_known(meeting(2))


def test_only_failures_of_earlier_runs_are_known() -> None:
    """Faults of a task that failed in an earlier run aren't counted as faults in a row."""
    first = Night()
    assert first.failed(meeting(), "x") and not first.is_known(meeting()) and meeting() in first
    second = Night(first.state, 1)
    assert second.is_known(meeting()) and meeting() in second and meeting(2) not in second
    second.resolve(meeting())
    assert second.is_known(meeting()) and meeting() not in second


# --- room in the state ------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["failed", "hold", "refuse", "answered", "settle", "next night"]),
            st.integers(0, 99),
            st.sampled_from(BELOW),
        ),
        max_size=100,
    )
)
@settings(max_examples=30)
def test_the_state_stays_small(steps: list[tuple[str, int, str]]) -> None:
    """Even after many nights with any events. A failure without room becomes a hold."""
    night, day = Night(), 0
    for step, number, stream in steps:
        failure = meeting(number, stream)
        if step == "failed":
            assert night.failed(failure, "x") or any(each.hold and each.stream == stream for each in night.kept)
        elif step == "hold":
            night.hold(stream, "x")
        elif step == "refuse":
            night.refuse(failure, "x", NO_ACCESS)
        elif step == "answered":
            night.answered(failure.stream)
        elif step == "settle":
            night.resolve(failure)
        else:
            for name, _ in night.undecided():
                night.refuse_stream(name)
            night.finish(EVERYTHING, ())
            day += 1
            night = Night(night.state, day)
        value = night._state.value()
        holds = sum(each.hold for each in night.kept)
        size = len(json.dumps({name: value[name] for name in ("failures", "given_up")}))
        assert len(night.kept) - holds <= MAX_KEPT and size <= MAX_BYTES + 600 * (1 + holds)
        assert len({each.key for each in night.kept}) == len(night.kept)


def test_a_failure_without_room_becomes_a_hold() -> None:
    """It is reported as not kept. The next run that reads the whole stream again drops the hold."""
    night = Night()
    assert not night.overflowed
    outcomes = [night.failed(meeting(number), "x") for number in range(100)]
    assert outcomes == sorted(outcomes, reverse=True) and 10 < sum(outcomes) <= MAX_KEPT and night.overflowed
    assert Counter(outcome for _, outcome in night.told) == {KEPT: sum(outcomes), NOT_KEPT: 100 - sum(outcomes)}
    assert night.finish(EVERYTHING, ()) == {"report_meetings"}
    again = Night(night.state, 1)
    assert again.finish(EVERYTHING, ()) == set() and not any(each.hold for each in again.kept)


def test_the_room_for_failures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in bytes. Digests of failures that were given up take room, too."""
    monkeypatch.setattr(failures, "MAX_KEPT", 3)
    night = Night()
    assert [night.failed(meeting(number), "x") for number in range(5)] == [True] * 3 + [False] * 2
    size = len(json.dumps(meeting().task())) + 110
    monkeypatch.setattr(failures, "MAX_BYTES", size)
    assert Night().failed(meeting(), "x")
    monkeypatch.setattr(failures, "MAX_BYTES", size - 1)
    assert not Night().failed(meeting(), "x")
    for room, fits in ((size + 26, False), (size + 27, True)):
        state = State("a")
        state.given_up = {at(0)[:10]: ["9be1c2d3"]}
        monkeypatch.setattr(failures, "MAX_BYTES", room)
        assert Night(state).failed(meeting(), "x") is fits


def test_old_digests_are_removed_for_new_ones() -> None:
    """The oldest are removed first, so that all of them take no more than MAX_GIVEN_UP_BYTES."""
    state = State("a")
    for number in range(200):
        night = Night(state, number // 10)
        failure = meeting(number)
        night.failed(failure, "x")
        night.give_up(night.kept[-1], "x")
        state = night.state
    digests = [digest for day in sorted(state.given_up) for digest in state.given_up[day]]
    assert len(digests) > 100 and digests == [meeting(number).digest for number in range(200 - len(digests), 200)]
    assert MAX_GIVEN_UP_BYTES - 50 < len(json.dumps(state.given_up, separators=(",", ":"))) <= MAX_GIVEN_UP_BYTES


def test_one_digest_a_day_takes_no_more_room() -> None:
    """Days take room, too."""
    state = State("a")
    for number in range(120):
        night = Night(state, number)
        night.failed(meeting(number), "x")
        night.give_up(night.kept[-1], "x")
        state = night.state
    assert len(json.dumps(state.given_up, separators=(",", ":"))) <= MAX_GIVEN_UP_BYTES


# --- holds ------------------------------------------------------------------------------------------------------


def test_a_hold_lasts_until_the_next_run() -> None:
    """It is kept when the run resumes, and dropped by the next run."""
    night = Night()
    night.hold("users", "x")
    assert night.told == [("users", KEPT)] and [each.since for each in night.kept] == [at(0)]
    assert night.finish(EVERYTHING, ()) == {"users"}
    resumed = Night(night.state, 1, started=0)  # the rest of the same run
    assert resumed.finish(EVERYTHING, ()) == {"users"}
    after = Night(night.state, 1)
    assert after.finish(EVERYTHING, ()) == set() and after._state.value()["failures"] == {at(0): []}


def test_a_hold_ends_after_five_days() -> None:
    """Then it is given up, and the bookmark moves. A later hold starts again."""
    state, held = State("a"), []
    for day in range(7):
        night = Night(state, day)
        night.hold("users", "x")
        held.append(night.finish(EVERYTHING, ()) == {"users"})
        if day == MAX_RUNS - 1:
            assert night.told[-1] == ("users", GIVEN_UP)
        state = night.state
    assert held == [True] * (MAX_RUNS - 1) + [False] + [True] * 2


def test_a_hold_of_an_unselected_stream_stays() -> None:
    """A run with another selection hasn't read the stream again."""
    night = Night()
    night.hold("users", "x")
    other = Night(night.state, 1)
    assert other.finish(("report_meetings",), ()) == set()
    assert [each.stream for each in other.kept] == ["users"]


# --- refusals ---------------------------------------------------------------------------------------------------


def test_a_stream_is_refused_if_all_its_first_tasks_are() -> None:
    """Ten tasks are enough. The stream has a hold until then, in case the run is killed."""
    night = Night()
    for number in range(FIRST_TASKS):
        assert not night.is_decided("report_meetings")
        night.refuse(meeting(number), "x", NO_ACCESS)
        assert [each.hold for each in night.kept] == [True]
    assert night.is_decided("report_meetings") and night.undecided() == [("report_meetings", "x")]
    night.refuse_stream("report_meetings")
    assert night.undecided() == [] and night.refused == {"report_meetings"}
    assert night.finish(EVERYTHING, ()) == {"report_meetings"} and night.told == []
    assert [(each.stream, each.hold) for each in night.kept] == [("report_meetings", True)]


def test_an_answer_shows_that_refusals_of_one_stream_only_are_about_tasks() -> None:
    """Another stream with refused tasks stays undecided, and keeps its hold."""
    night = Night()
    night.refuse(meeting(1), "x", NO_ACCESS)
    night.refuse(meeting(1, "meeting_poll_results"), "x", "400/200")
    night.answered("report_meetings")
    assert night.undecided() == [("meeting_poll_results", "x")]
    assert [(each.stream, each.hold) for each in night.kept] == [
        ("meeting_poll_results", True),
        ("report_meetings", False),
    ]
    night.answered("meeting_poll_results")
    assert night.undecided() == [] and not any(each.hold for each in night.kept)


def test_a_refused_list_of_the_account_is_a_hold() -> None:
    """Its missing contexts are unknown."""
    night = Night()
    night.answered("users")
    assert night.no_access(Failure("users"), "x")
    assert [(each.stream, each.hold) for each in night.kept] == [("users", True)] and night.told == [("users", KEPT)]


def test_with_skip_a_refused_task_is_no_longer_kept() -> None:
    """Nor does it take room in the state."""
    first = Night()
    first.failed(meeting(), "x")
    night = Night(first.state, 1, skips=True)
    night.answered("report_meetings")
    assert night.no_access(meeting(), "x") and night.kept == [] and night.told == [("report_meetings", SKIPPED)]


def test_the_failures_of_a_replaced_stream_are_dropped() -> None:
    """They are returned, since the stream that replaces it reads their days again. Those of other streams stay."""
    night = Night()
    night.failed(window(), "x")
    night.failed(meeting(), "x")
    night.hold("history_meetings", "x")
    assert [(each.stream, each.days) for each in night.drop("history_meetings")] == [
        ("history_meetings", window().days)
    ]
    assert [(each.stream, each.hold) for each in night.kept] == [("report_meetings", False), ("history_meetings", True)]


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("how", ["answered", "refused otherwise"])
def test_refusals_of_a_readable_stream_are_failures_of_their_tasks(how: str, skips: bool) -> None:
    """An answer or another refusal shows that it is readable. With skip, they aren't kept. The hold is removed."""
    night = Night(skips=skips)
    night.refuse(meeting(1), "x", NO_ACCESS)
    if how == "answered":
        night.answered(meeting(2).stream)
    else:
        night.refuse(meeting(2), "x", "400/200")
    night.refuse(meeting(3), "x", NO_ACCESS)
    count = 2 if how == "answered" else 3
    assert night.told == [("report_meetings", SKIPPED if skips else KEPT)] * count
    assert len(night.kept) == (0 if skips else count) and not any(each.hold for each in night.kept)
    assert night.finish(EVERYTHING, ()) == set()


def test_a_stream_replaced_by_a_fallback_has_no_hold() -> None:
    """The fallback stream reads everything that it lists."""
    night = Night()
    night.refuse_stream("history_meetings", replaced=True)
    assert night.kept == [] and night.finish(EVERYTHING, ("history_meetings",)) == set()
    night = Night()
    night.refuse(window(), "x", NO_ACCESS)
    assert [each.hold for each in night.kept] == [True]
    night.refuse_stream("history_meetings", replaced=True)
    assert night.kept == [] and night.finish(EVERYTHING, ("history_meetings",)) == set()


def test_an_earlier_hold_is_kept_when_the_stream_is_readable() -> None:
    """It is about rows that were missing in an earlier part of the run."""
    first = Night()
    first.hold("report_meetings", "x")
    night = Night(first.state, 1, started=0)
    night.refuse(meeting(), "x", NO_ACCESS)
    night.answered(meeting(2).stream)
    assert any(each.hold for each in night.kept)
    assert night.finish(EVERYTHING, ()) == {"report_meetings"}


# --- other ------------------------------------------------------------------------------------------------------


def test_the_time_from_which_data_may_be_missing() -> None:
    """The first day of the failure's window, or the time of its context."""
    assert time_of(window()) == "2026-02-01T00:00:00Z"
    assert time_of(meeting()) == "2026-02-20T10:00:00Z"
    assert time_of(Failure("meeting_registrants", "meeting 7")) == time_of(Failure("users")) == ""


def test_duplicate_failures_in_a_merged_state_become_one() -> None:
    """It has the days of both, the later time and the larger count."""
    state = State("a")
    one, other = window(), window("2026-02-05", "2026-02-28")
    one.since, one.last, one.runs = at(0), at(2), 2
    other.since, other.last, other.runs = at(1), at(1), 3
    state.failures = [copy.copy(one), other]
    [kept] = Night(state, 3).kept
    assert (kept.days, kept.last, kept.runs) == (["2026-02-01", "2026-02-28"], at(2), 3)
