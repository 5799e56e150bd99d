"""Windows begin on the same days in each run, have each day once, and request no day that Zoom doesn't have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.date_ranges import REPORTS
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.model import Stream
from tap_zoom.sync.context import Context
from tap_zoom.sync.windows import (
    BOTH_WAYS,
    MOST_DAYS_LATER,
    Windows,
    first_day,
    first_of_window,
    last_of_window,
    months_before,
    oldest_day,
)

DAYS = st.dates(date(2012, 1, 1), date(2090, 1, 1))
DAY = timedelta(days=1)
TODAY = date(2026, 11, 25)
HISTORY, LOGS = BY_NAME["history_meetings"], BY_NAME["report_operation_logs"]
DAILY = BY_NAME["report_daily"]
DATED = [stream for stream in STREAMS if stream.date_range is not None]
RANGES = list({id(stream.date_range): stream.date_range for stream in DATED}.values())


def alone(stream: Stream) -> tuple[Stream, ...]:
    return (stream,)


def windows_of(
    stream: Stream, since: Mapping[str, str | None] | str | None = None, started: date = TODAY, today: date | None = None,
    start: str | None = None,
) -> Windows:  # fmt: skip
    """Return the windows of a run that reads one stream from a given time."""
    times = since if isinstance(since, Mapping) else {stream.name: since}
    return Windows(times, start, started, lambda: today or started, alone)


def all_of(windows: Windows, stream: Stream) -> list[Any]:
    return [windows.window(stream, name) for name in windows.names(stream)]


# --- boundaries -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dates", RANGES, ids=lambda dates: f"{dates.days} {sorted(dates.params)}")
@given(day=DAYS)
@settings(max_examples=30)
def test_every_day_is_in_one_window(dates: Any, day: date) -> None:
    """All days of a window have the same first day, and the next window begins after its last day."""
    first = first_of_window(dates, day)
    last = last_of_window(dates, first)
    assert first <= day <= last
    assert first_of_window(dates, first) == first_of_window(dates, last) == first
    assert first_of_window(dates, last + DAY) == last + DAY
    assert (last - first).days + 1 == dates.days if dates.days else first.day == 1 == (last + DAY).day


@pytest.mark.parametrize("stream", DATED, ids=lambda stream: stream.name)
def test_windows_cover_all_available_days(stream: Stream) -> None:
    """They go from the first day that Zoom has to the last, without gaps or overlaps. Totals need whole windows."""
    dates = stream.date_range
    assert dates is not None
    for started in (TODAY, date(2026, 8, 31), date(2028, 2, 29)):
        found = all_of(windows_of(stream, None, started), stream)
        covered = [
            window.first + number * DAY for window in found for number in range((window.last - window.first).days + 1)
        ]
        first, last = first_day(dates, started, None), started + dates.ends_in * DAY
        assert covered == [covered[0] + number * DAY for number in range(len(covered))]
        if dates.totals:
            assert first <= covered[0] < last_of_window(dates, first_of_window(dates, first)) + 2 * DAY
        else:
            assert covered[0] == first or (not dates.days and covered[0] <= first)
        assert last <= covered[-1] <= last_of_window(dates, first_of_window(dates, last))
        assert all(window.name == first_of_window(dates, window.first).isoformat() for window in found)


@given(DAYS, st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=50)
def test_windows_begin_on_the_same_days_in_each_run(started: date, later: int, back: int) -> None:
    """Another start or bookmark only clips the requested days. The names of the windows stay the same."""
    runs = [windows_of(HISTORY, str(started - back * DAY), started), windows_of(HISTORY, None, started + later * DAY)]
    one, other = ({window.name: window for window in all_of(run, HISTORY)} for run in runs)
    first, last = max(min(one), min(other)), min(max(one), max(other))
    assert [name for name in one if first <= name <= last] == [name for name in other if first <= name <= last]
    for name in list(one.keys() & other.keys()):
        cut = date.fromisoformat(name)
        assert cut <= one[name].first and one[name].last <= cut + 27 * DAY
        assert one[name].last == min(cut + 27 * DAY, started) or one[name].first > started


@pytest.mark.parametrize("name", ["phone_sms_sessions", "chat_sessions"])
def test_lists_whose_rows_move_are_requested_up_to_tomorrow(name: str) -> None:
    """A row may move to the next day before a request that is sent shortly before midnight is answered."""
    stream = BY_NAME[name]
    last = all_of(windows_of(stream, None, TODAY), stream)[-1]
    assert last.first <= TODAY + DAY == last.last


@pytest.mark.parametrize(
    ("today", "months"), [("2026-11-30", 6), ("2026-11-01", 7), ("2027-02-28", 6), ("2026-08-31", 6)]
)
def test_daily_reports_go_back_to_the_month_of_the_oldest_day(today: str, months: int) -> None:
    """The month in which Zoom's 180 days begin is requested as a whole."""
    first, *others = windows_of(DAILY, None, date.fromisoformat(today)).names(DAILY)
    oldest = date.fromisoformat(today) - 180 * DAY
    assert date.fromisoformat(first) == oldest.replace(day=1)
    assert len(others) + 1 == months


def test_the_tolerance_for_older_contexts_is_larger_until_the_first_window_is_answered() -> None:
    """Zoom may refuse the first days of six months, since it counts 180 days."""
    windows = windows_of(HISTORY)
    first, second, *_ = all_of(windows, HISTORY)
    edge = first.first
    assert windows.older_than(HISTORY) == str(edge + MOST_DAYS_LATER)
    windows.answered(HISTORY, second)
    assert windows.older_than(HISTORY) == str(edge + MOST_DAYS_LATER)
    windows.answered(HISTORY, first)
    assert windows.older_than(HISTORY) == str(edge + BOTH_WAYS)


# --- requested days ---------------------------------------------------------------------------------------------


@given(DAYS, st.integers(0, 300))
@settings(max_examples=50)
def test_a_window_is_requested_with_an_extra_day_on_both_sides(started: date, later: int) -> None:
    """A call requests at most 30 days, and none that has left Zoom's retention."""
    today = started + later * DAY
    windows = windows_of(HISTORY, None, started, today)
    oldest = oldest_day(REPORTS, today)
    assert oldest is not None
    for window in all_of(windows, HISTORY):
        assert window.from_ == max(window.first - DAY, min(oldest, window.last))
        assert window.to == window.last + DAY
        assert (window.to - window.from_).days + 1 <= 30
        assert window.from_ >= oldest or window.last < oldest  # Zoom refuses the latter, and `later` shortens it


def test_parameters_have_the_requested_days() -> None:
    """They include the extra days around the window, in the operation's format. A total adds columns with its days."""
    window = windows_of(HISTORY, "2026-06-01").window(HISTORY, "2026-07-28")
    assert window.params(REPORTS) == {"from": "2026-07-27", "to": "2026-08-25"}
    rooms = BY_NAME["phone_call_queue_analytics"]
    assert rooms.date_range is not None
    [day, *_] = all_of(windows_of(rooms, None), rooms)
    assert day.params(rooms.date_range) == {"from": f"{day.first}T00:00:00Z", "to": f"{day.first}T23:59:59Z"}
    assert day.columns() == {"window_from": str(day.first), "window_to": str(day.first)}


def test_a_resumed_run_only_requests_retained_days() -> None:
    """It has the same windows, without those that have completely left Zoom's retention."""
    first, *_ = windows_of(HISTORY, None).names(HISTORY)
    later = windows_of(HISTORY, None, TODAY, TODAY + 40 * DAY)
    names = list(later.names(HISTORY))
    assert first not in names and date.fromisoformat(names[0]) > date.fromisoformat(first)
    [window] = [later.window(HISTORY, names[0])]
    assert window.from_ == later.retained_from(HISTORY) == months_before(TODAY + 40 * DAY, 6)


def test_a_failed_window_is_requested_with_its_own_days() -> None:
    """The look-back and the start of this run don't matter."""
    windows = windows_of(HISTORY, str(TODAY))
    days = (date(2026, 7, 28), date(2026, 8, 10))
    window = windows.window(HISTORY, "2026-07-28", days)
    assert (window.first, window.last, window.from_, window.to) == (*days, date(2026, 7, 27), date(2026, 8, 11))


# --- retention --------------------------------------------------------------------------------------------------


@given(DAYS)
def test_six_months_are_calendar_months(today: date) -> None:
    """The day of the month stays the same, or is the last one of a shorter month."""
    oldest = oldest_day(REPORTS, today)
    assert oldest is not None
    months = (today.year - oldest.year) * 12 + today.month - oldest.month
    assert months == 6
    assert oldest.day == today.day or (oldest.day < today.day and (oldest + DAY).month != oldest.month)


@pytest.mark.parametrize(
    ("today", "oldest"),
    [("2024-08-31", "2024-02-29"), ("2025-08-31", "2025-02-28"), ("2025-08-28", "2025-02-28"), ("2025-01-15", "2024-07-15"),
     ("2025-12-31", "2025-06-30"), ("2025-06-30", "2024-12-30"), ("2024-02-29", "2023-08-29")],
)  # fmt: skip
def test_month_ends(today: str, oldest: str) -> None:
    """Months have different lengths."""
    assert months_before(date.fromisoformat(today), 6) == date.fromisoformat(oldest)


def test_a_window_begins_later_if_zoom_refuses_its_first_day() -> None:
    """It begins a day later each time, since Zoom may count six months differently, up to MOST_DAYS_LATER."""
    windows = windows_of(HISTORY, None)
    [window, *_] = all_of(windows, HISTORY)
    steps, later = 0, windows.later(HISTORY, window)
    while later is not None:
        assert (later.from_, later.name, later.first, later.last, later.to) == (
            window.from_ + DAY,
            window.name,
            window.first,
            window.last,
            window.to,
        )
        window, steps = later, steps + 1
        later = windows.later(HISTORY, window)
    assert steps == MOST_DAYS_LATER.days
    assert windows.retained_from(HISTORY) < window.from_
    windows.answered(HISTORY, window)
    assert windows.retained_from(HISTORY) == window.from_  # the windows of other hosts begin there right away
    middle = windows.window(HISTORY, "2026-08-25")
    assert windows.later(HISTORY, middle) is None


def test_a_total_can_not_begin_later() -> None:
    """A total needs a whole window. At the edge of Zoom's retention it counts as expired."""
    queue = BY_NAME["phone_call_queue_analytics"]
    windows = windows_of(queue, None)
    [window, *more] = all_of(windows, queue)
    assert windows.later(queue, window) is None
    assert windows.is_expired(queue, window) and not windows.is_expired(queue, more[5])
    assert not windows_of(HISTORY, None).is_expired(HISTORY, all_of(windows_of(HISTORY, None), HISTORY)[0])


@pytest.mark.parametrize(
    ("resume_at", "expired"),
    [([], (date(2026, 5, 25), date(2026, 6, 3))), (["2026-06-02"], (date(2026, 6, 2), date(2026, 6, 3))),
     (["2026-05-05", "2026-05-28T10:00:00Z past_meeting x 1"], (date(2026, 5, 28), date(2026, 6, 3))),
     (["2026-05-05", "member u1"], (date(2026, 5, 25), date(2026, 6, 3))), (["2026-06-30"], None)],
    ids=["nothing read", "at a window", "in a window", "at a user in a window", "in time"],
)  # fmt: skip
def test_days_that_expired_since_a_run_was_stopped(resume_at: list[str], expired: Any) -> None:
    """They go from its checkpoint, or its first day, to the day before Zoom's retention."""
    windows = windows_of(HISTORY, None, TODAY, date(2026, 12, 4))
    assert windows.expired(HISTORY, resume_at) == expired


def test_each_context_of_a_window_may_have_expired_days() -> None:
    """The checkpoint is in the first user's part of a window. Other users may miss days from its start."""
    stream = BY_NAME["user_past_meetings"]
    windows = windows_of(stream, None, TODAY, date(2026, 12, 4))
    resume_at = ["2026-05-05", "user u0", "2026-06-20T10:00:00Z past_meeting x 1"]
    assert windows.expired(stream, resume_at) == (date(2026, 5, 25), date(2026, 6, 3))


def test_a_start_date_in_the_future_has_no_windows() -> None:
    """The window of today would end before it begins, so it is omitted too."""
    for stream in (HISTORY, BY_NAME["report_cloud_recording"]):
        assert list(windows_of(stream, f"{TODAY + 3 * DAY}T00:00:00Z").names(stream)) == []


def test_no_days_expire_outside_of_the_requested_range() -> None:
    """The start is in Zoom's retention, or the stream has no known retention."""
    assert windows_of(HISTORY, "2026-09-01", TODAY, TODAY + 30 * DAY).expired(HISTORY, []) is None
    assert windows_of(BY_NAME["recordings"], None, TODAY, TODAY + 30 * DAY).expired(BY_NAME["recordings"], []) is None


def test_a_failure_with_expired_days_is_detected() -> None:
    """A retry can't read all of its days."""
    windows = windows_of(HISTORY, None)
    assert windows.has_expired(HISTORY, ["2026-05-24", "2026-06-10"])
    assert not windows.has_expired(HISTORY, ["2026-05-25", "2026-06-10"]) and not windows.has_expired(HISTORY, [])


# --- start dates and windows ------------------------------------------------------------------------------------


def test_a_parent_is_read_as_far_back_as_its_children_need() -> None:
    """It starts at the earliest start of the stream and its descendants, or has no start if one of them has none."""
    details = BY_NAME["report_meetings"]

    def below(stream: Stream) -> tuple[Stream, ...]:
        return (HISTORY, details) if stream is HISTORY else (stream,)

    def since(**times: str | None) -> str | None:
        return Windows(times, None, TODAY, lambda: TODAY, below).since(HISTORY)

    assert (
        since(history_meetings="2026-10-01T00:00:00Z", report_meetings="2026-09-01T00:00:00Z") == "2026-09-01T00:00:00Z"
    )
    assert since(history_meetings="2026-10-01T00:00:00Z", report_meetings=None) is None
    assert since(report_meetings="2026-09-01T00:00:00Z") == "2026-09-01T00:00:00Z"
    assert (
        Windows({"history_meetings": "x", "report_meetings": None}, None, TODAY, lambda: TODAY, below).emitted_since(
            HISTORY
        )
        == "x"
    )


def test_a_context_before_the_start_is_not_requested() -> None:
    """The time is its own, or the end of the window in which it was found. A context without either is requested."""
    windows = windows_of(LOGS, "2026-10-01T12:00:00Z")
    old, new, unknown = (
        Context(PAST_MEETING, {}, time) for time in ("2026-10-01T11:59:59Z", "2026-10-01T12:00:00Z", None)
    )
    assert [windows.includes(LOGS, each, None) for each in (old, new, unknown)] == [False, True, True]
    assert windows.includes(LOGS, Context(PAST_MEETING, {}, "2026-10-01T12:00:00.500000Z"), None)
    before, holding = (windows_of(LOGS, None).window(LOGS, name) for name in ("2026-08-25", "2026-09-22"))
    assert not windows.includes(LOGS, unknown, before) and windows.includes(LOGS, unknown, holding)
    assert windows_of(LOGS, None).includes(LOGS, old, None)


def test_a_context_is_requested_in_all_windows_up_to_its_time() -> None:
    """A conversation without new messages since May needs no request for June."""
    messages = BY_NAME["phone_sms_messages"]
    windows = windows_of(messages, "2026-03-01T00:00:00Z")
    late = Context(messages.parent, {"session_id": "s"}, "2026-05-02T10:00:00Z")
    found = [window for window in windows.of_context(messages, late, None, False) if window]
    assert found[0].first == date(2026, 3, 1) and found[-1].first <= date(2026, 5, 2) <= found[-1].last
    in_all = [
        window
        for window in windows.of_context(messages, Context(messages.parent, {"session_id": "s"}), None, False)
        if window
    ]
    assert in_all[-1].last >= TODAY and len(in_all) > len(found)
    only = windows.window(messages, "2026-05-05")
    assert list(windows.of_context(messages, late, only, False)) == [only]
    assert list(windows.of_context(BY_NAME["report_meetings"], late, None, False)) == [None]


def test_windows_of_moving_rows_go_up_to_today() -> None:
    """A row that is listed by its last access may move to a later window during a run, or before the run resumes."""
    chats, logs = BY_NAME["chat_sessions"], LOGS
    later = TODAY + 40 * DAY
    assert all_of(windows_of(chats, None, TODAY, later), chats)[-1].last >= later
    assert all_of(windows_of(logs, None, TODAY, later), logs)[-1].last == TODAY


def test_older_contexts_and_windows_overlap() -> None:
    """For two days, a meeting may be in both."""
    windows = windows_of(HISTORY, None)
    windows.answered(HISTORY, all_of(windows, HISTORY)[0])
    assert windows.older_than(HISTORY) == str(months_before(TODAY, 6) + BOTH_WAYS)
    assert windows_of(HISTORY, "2026-09-01T00:00:00Z").older_than(HISTORY) == "2026-09-03"


def test_a_window_without_retained_days_is_expired() -> None:
    """The oldest window may have few days, and Zoom may count them differently. A larger window is a failure."""
    for number in range(28):
        started = TODAY + number * DAY
        windows = windows_of(HISTORY, None, started)
        [window, *_] = all_of(windows, HISTORY)
        days = (window.to - window.from_).days + 1
        refused: Any = window
        while refused is not None:
            last, refused = refused, windows.later(HISTORY, refused)
        assert windows.is_expired(HISTORY, window) is (days <= MOST_DAYS_LATER.days + 1)
        assert last.from_ == min(window.to, window.from_ + MOST_DAYS_LATER)
