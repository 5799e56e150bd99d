"""Which days are asked for."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.sync.windows import later, oldest_day, windows
from tap_zoom.streams.date_ranges import REPORTS

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))
DAY = timedelta(days=1)


def the_oldest(today: date) -> date:
    """The first day of the reports."""
    oldest = oldest_day(REPORTS, today)
    assert oldest is not None
    return oldest


@given(DAYS, st.integers(0, 800), st.integers(-300, 800))
def test_every_day_is_in_one_window(first: date, length: int, clip: int) -> None:
    """From first, or the window that the clip is in, to last; in order, without a gap and without a day twice."""
    last, oldest = first + length * DAY, first + clip * DAY
    covered = []
    for window in windows(REPORTS, first, last, oldest):
        assert window.first <= window.last
        covered += [window.first + number * DAY for number in range((window.last - window.first).days + 1)]
    assert covered == [first + number * DAY for number in range(length + 1)][-len(covered) or length + 1 :]
    assert set(covered) >= {day for day in (first + number * DAY for number in range(length + 1)) if day >= oldest}


@given(DAYS, st.integers(0, 800), st.integers(-300, 800))
def test_a_window_is_asked_with_a_day_more_on_both_sides(first: date, length: int, clip: int) -> None:
    """Never more than a month in a call, and never before what Zoom takes."""
    oldest = first + clip * DAY
    for window in windows(REPORTS, first, first + length * DAY, oldest):
        assert window.asked_from == max(window.first - DAY, oldest)
        assert window.asked_to == window.last + DAY
        assert (window.asked_to - window.asked_from).days + 1 <= 30
        assert window.last - window.first == 27 * DAY or window.last == first + length * DAY


@given(DAYS)
def test_the_oldest_day_is_half_a_year_back(today: date) -> None:
    """The same day of the month where there is one, otherwise the month's last."""
    oldest = the_oldest(today)
    months = (today.year - oldest.year) * 12 + today.month - oldest.month
    assert months == 6
    assert oldest.day == today.day or (oldest.day < today.day and (oldest + DAY).month != oldest.month)


@pytest.mark.parametrize(
    ("today", "oldest"),
    [("2024-08-31", "2024-02-29"), ("2025-08-31", "2025-02-28"), ("2025-08-28", "2025-02-28"), ("2025-01-15", "2024-07-15"),
     ("2025-12-31", "2025-06-30"), ("2025-06-30", "2024-12-30"), ("2024-02-29", "2023-08-29")],
)  # fmt: skip
def test_month_ends(today: str, oldest: str) -> None:
    """Months of unlike lengths."""
    assert the_oldest(date.fromisoformat(today)) == date.fromisoformat(oldest)


@given(DAYS, st.integers(0, 400), st.datetimes(datetime(2000, 1, 1), datetime(2091, 1, 1)))
def test_a_window_holds_what_starts_on_its_days(first: date, length: int, start: datetime) -> None:
    """Each start is held by the one window of its day."""
    last = first + length * DAY
    moment = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    holding = [window for window in windows(REPORTS, first, last, first) if window.holds(moment)]
    assert len(holding) == (1 if first <= start.date() <= last else 0)


@given(DAYS, st.integers(0, 200), st.integers(0, 40))
def test_windows_are_the_same_on_another_day(first: date, length: int, days: int) -> None:
    """What Zoom lists has moved on: the days that are gone are not asked for, and the cuts stay where they were."""
    last = first + length * DAY
    before = {window.first: window.last for window in windows(REPORTS, first, last, first)}
    for window in windows(REPORTS, first, last, first + days * DAY):
        assert before[window.first] == window.last
        assert window.asked_from >= first + days * DAY


def test_a_window_is_asked_from_a_later_day_where_zoom_wants_that() -> None:
    """A day later each time, at once as late as our own clock says; and no further than two days ahead of that."""
    today = date(2026, 11, 25)
    [window, *_] = windows(REPORTS, the_oldest(today), today, the_oldest(today))
    second = later(window, REPORTS, today)
    third = later(second, REPORTS, today) if second else None
    assert second and third
    assert [each.asked_from - window.asked_from for each in (second, third)] == [DAY, 2 * DAY]
    assert (second.first, second.asked_to) == (window.first, window.asked_to)
    assert later(third, REPORTS, today) is None
    later_on = later(window, REPORTS, today + 9 * DAY)
    assert later_on and later_on.asked_from == the_oldest(today + 9 * DAY)
    assert later(window, REPORTS, today + 60 * DAY) is None


def test_the_days_of_a_window_are_sent_as_the_operation_wants_them() -> None:
    """Those that are asked, not those that are kept."""
    [window] = windows(REPORTS, date(2026, 1, 5), date(2026, 2, 1), date(2025, 9, 1))
    assert window.params(REPORTS) == {"from": "2026-01-04", "to": "2026-02-02"}
