"""Parsing of times, and the text form that sorts in order of time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.times import parse_time, sortable, stamp


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
    """Time zones are respected, no zone means UTC, and fractions are cut to six digits."""
    assert parse_time(text) == datetime.fromisoformat(iso + "+00:00")


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "12/22/2021 16:20", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-02T25:00:00Z", "2024", "20240102",
     "2024-01-02T03:04:05+99:00", "2024-01-02T03:04:05+24:00", "2024-01-02T03:04:05-24:00", "٢٠٢٤-01-02", "0001-01-01T00:00:00+14:00", None, 7, ["2024-01-02"]],
)  # fmt: skip
def test_text_that_is_not_a_time(text: object) -> None:
    """parse_time returns None, and raises no exception."""
    assert parse_time(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """parse_time raises no exception, and times are in UTC."""
    moment = parse_time(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
)
def test_sortable_times_sort_in_order_of_time(one: datetime, other: datetime) -> None:
    """The text of an earlier second is smaller. It only has a fraction if the time has one."""
    texts = [sortable(moment.isoformat()) for moment in (one, other)]
    assert all(text and len(text) in (20, 27) for text in texts)
    one, other = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (str(texts[0])[:19] < str(texts[1])[:19]) == (one < other)


def test_sortable_is_none_for_text_that_is_not_a_time() -> None:
    """None stays None."""
    assert sortable("soon") is None and sortable(None) is None


def test_a_stamp_is_utc_in_whole_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone of the time and that of the machine don't matter."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    moment = datetime(2026, 3, 1, 1, 2, 9, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(moment) == stamp(moment.astimezone(timezone.utc)) == "2026-02-28T23:02:09Z"
    monkeypatch.undo()
    time.tzset()
    assert stamp(datetime(1, 1, 1, tzinfo=timezone.utc)) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "form"),
    [("2026-03-01T01:02:09+02:00", "2026-02-28T23:02:09Z"), ("2026-03-01T01:02:09.5Z", "2026-03-01T01:02:09.500000Z"),
     ("2026-03-01T01:02:09.0000004Z", "2026-03-01T01:02:09Z"), ("2026-03-01", "2026-03-01T00:00:00Z")],
)  # fmt: skip
def test_sortable_times_are_in_utc(text: str, form: str) -> None:
    """A fraction has six digits. It is omitted if it is zero."""
    assert sortable(text) == form
