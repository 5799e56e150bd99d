"""Which days are asked for, and what counts as a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.windows import oldest_report_day, parse_time, windows

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))
DAY = timedelta(days=1)


@given(DAYS, st.integers(0, 800), st.integers(-300, 800))
def test_every_day_is_in_one_window(first: date, length: int, clip: int) -> None:
    """From the later of first and clip to last, in order, without a gap and without a day twice."""
    last, oldest = first + length * DAY, first + clip * DAY
    covered = []
    for window in windows(first, last, oldest):
        assert window.first <= window.last
        covered += [window.first + number * DAY for number in range((window.last - window.first).days + 1)]
    begin = max(first, oldest)
    assert covered == [begin + number * DAY for number in range((last - begin).days + 1)]


@given(DAYS, st.integers(0, 800), st.integers(-300, 800))
def test_a_window_is_asked_with_a_day_more_on_both_sides(first: date, length: int, clip: int) -> None:
    """Never more than a month in a call, and never before what Zoom takes."""
    oldest = first + clip * DAY
    for window in windows(first, first + length * DAY, oldest):
        assert window.asked_from == max(window.first - DAY, oldest)
        assert window.asked_to == window.last + DAY
        assert (window.asked_to - window.asked_from).days + 1 <= 30
        assert window.last - window.first == 27 * DAY or window.last == first + length * DAY


@given(DAYS)
def test_the_oldest_day_is_half_a_year_back(today: date) -> None:
    """The same day of the month where there is one, otherwise the month's last."""
    oldest = oldest_report_day(today)
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
    assert oldest_report_day(date.fromisoformat(today)) == date.fromisoformat(oldest)


@given(DAYS, st.integers(0, 400), st.datetimes(datetime(2000, 1, 1), datetime(2091, 1, 1)))
def test_a_window_holds_what_starts_on_its_days(first: date, length: int, start: datetime) -> None:
    """Each start is held by the one window of its day."""
    last = first + length * DAY
    moment = start.replace(tzinfo=timezone.utc)
    holding = [window for window in windows(first, last, first) if window.holds(moment)]
    assert len(holding) == (1 if first <= start.date() <= last else 0)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05z", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04Z", "2024-01-02T03:04:00"),
        ("2024-01-02", "2024-01-02T00:00:00"),
        ("2024-01-02T03:04:05.1234567Z", "2024-01-02T03:04:05.123456"),
        ("2024-01-02T03:04:05.5+05:30", "2024-01-01T21:34:05.500000"),
        ("2024-01-02T03:04:05-0800", "2024-01-02T11:04:05"),
        ("2024-01-02T03:04:05-03:30", "2024-01-02T06:34:05"),
        ("2024-01-02T00:00:00+23:59", "2024-01-01T00:01:00"),
    ],
)
def test_times_are_read_as_utc(text: str, iso: str) -> None:
    """Zones are honoured, no zone means UTC, fractions are cut to six digits."""
    assert parse_time(text) == datetime.fromisoformat(iso + "+00:00")


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "12/22/2021 16:20", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-02T25:00:00Z", "2024", "20240102",
     "2024-01-02T03:04:05+99:00", "2024-01-02T03:04:05+24:00", "2024-01-02T03:04:05-24:00", "٢٠٢٤-01-02", "0001-01-01T00:00:00+14:00", None, 7, ["2024-01-02"]],
)  # fmt: skip
def test_what_is_no_time(text: object) -> None:
    """None, and no exception."""
    assert parse_time(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Whatever it is, it raises nothing."""
    moment = parse_time(text)
    assert moment is None or moment.utcoffset() == timedelta(0)
