"""The pace of requests: evenly spaced, never above the limit, and adjusted to what Zoom reports."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.api.rate_limits import (
    SECONDS_PER_429,
    SLOWER,
    SLOWER_IF_REPORTED,
    Pace,
    RateLimitHeaders,
    limit_of,
    plan_of,
    read_headers,
    retry_after,
    seconds_to_midnight,
)
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, PHONE_HEAVY, RateLimit

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)


def departures(pace: Pace, delays: list[float]) -> list[float]:
    """Return the times at which requests are sent, each so many seconds later than allowed."""
    now, left = 1000.0, []
    for delay in delays:
        now = max(now, pace.free_at()) + delay
        pace.leave(now)
        left.append(now)
    return left


@given(
    st.lists(st.floats(0, 0.2), min_size=2, max_size=300),
    st.integers(1, 100),
    st.sampled_from([1, 4, 10, 20, 30, 40, 80]),
)
def test_no_second_has_more_requests_than_the_limit(delays: list[float], share: int, limit: int) -> None:
    """Requests may be sent late. On average they stay within the configured share of the limit."""
    pace = Pace(limit, share / 100)
    left = departures(pace, delays)
    for number, start in enumerate(left):
        assert sum(start <= other < start + 1 for other in left[number:]) <= max(limit, 1)
    if left[-1] - left[0] > 1:
        assert (len(left) - 2) / (left[-1] - left[0]) <= limit * share / 100 * 1.05 + 1


def test_requests_are_evenly_spaced() -> None:
    """There is no burst at the start or after a gap."""
    pace = Pace(10, 0.5)
    left = departures(pace, [0.0] * 10 + [30.0] + [0.0] * 10)
    gaps = [second - first for first, second in itertools.pairwise(left)]
    assert min(gaps) > 0.17
    assert math.isclose(sorted(gaps)[5], 0.2, rel_tol=1e-6)


def test_no_request_is_sent_during_a_pause() -> None:
    """A pause can be extended, but not shortened."""
    pace = Pace(10, 1)
    pace.pause_until(1010.0)
    pace.pause_until(1005.0)
    assert pace.free_at() == 1010.0


def test_a_429_pauses_and_slows_down_requests() -> None:
    """Once for all requests that were in flight together. A thousand successes restore the rate."""
    pace = Pace(10, 0.8)
    before = pace.rate
    pace.refused(1000.0, None, None)
    slowed = pace.rate
    pace.refused(1000.1, None, None)  # in flight when the first was answered
    assert slowed < before
    assert pace.rate == slowed
    assert pace.free_at() == 1000.1 + SECONDS_PER_429
    for _ in range(1000):
        pace.speed_up()
    assert pace.rate == before


def test_a_429_during_a_pause_does_not_slow_down_again() -> None:
    """It doesn't shorten the pause either. A 429 after the pause slows down again."""
    pace = Pace(10, 0.8)
    pace.refused(1000.0, 60.0, None)
    slowed = pace.rate
    for late in (1000.1, 1005.0, 1060.0):
        pace.refused(late, None, None)
        assert pace.rate == slowed
    assert pace.free_at() == 1060.5
    pace.refused(1060.6, None, None)
    assert pace.rate < slowed


@pytest.mark.parametrize("announced", [None, 10.0, 20.0])
def test_a_429_slows_down_less_if_zoom_reported_the_limit(announced: float | None) -> None:
    """If Zoom reported it, other programs probably share it. Otherwise the assumed limit may be too high."""
    pace = Pace(10, 0.8)
    if announced:
        pace.learn(announced)
    before = pace.rate
    assert before == (announced or 10) * 0.8
    pace.refused(1000.0, None, None)
    slower = SLOWER_IF_REPORTED if announced else SLOWER
    assert pace.rate == pytest.approx(before * slower)
    pace.refused(1001.0, None, None)
    assert pace.rate == pytest.approx(before * slower**2)
    pace.speed_up()
    assert pace.rate == pytest.approx(before * (slower**2 + 0.001))
    for _ in range(1000):
        pace.speed_up()
    assert pace.rate == before


def test_the_rate_never_falls_below_a_tenth() -> None:
    """Even after fifty 429s in a row."""
    pace = Pace(10, 0.8)
    for number in range(50):
        pace.refused(1000.0 + number, None, None)
    assert pace.rate == pytest.approx(0.8)


def test_a_new_reported_limit_restores_the_full_rate() -> None:
    """The same limit again doesn't."""
    pace = Pace(10, 0.8)
    pace.refused(1000.0, None, None)
    slowed = pace.rate
    pace.learn(10.0)
    pace.refused(1000.1, None, 10.0)
    assert pace.rate == slowed
    pace.learn(20.0)
    assert pace.rate == 16.0
    pace.refused(1010.0, None, 20.0)
    assert pace.rate == pytest.approx(16.0 * SLOWER_IF_REPORTED)


def test_a_429_with_a_limit_sets_it() -> None:
    """It replaces the assumed limit of the plan."""
    pace = Pace(80, 0.5)
    pace.refused(1000.0, 2.0, 30.0)
    assert pace.rate == 15.0
    assert pace.free_at() == 1002.0


def test_a_429_with_a_wait_of_zero_still_pauses() -> None:
    """Retry-After: 0 is handled like a missing one."""
    pace = Pace(80, 0.5)
    pace.refused(1000.0, 0.0, None)
    assert pace.free_at() == 1000.0 + SECONDS_PER_429


@pytest.mark.parametrize(
    ("plan", "limits"), [("free", (4, 2, 1, 10)), ("pro", (30, 20, 10, 10)), ("business", (80, 60, 40, 20))]
)
def test_each_plan_has_a_limit_for_each_label(plan: str, limits: tuple[int, ...]) -> None:
    """Limits are per second, those of Resource-intensive per minute."""
    lanes = (LIGHT, MEDIUM, HEAVY, RateLimit("Resource-intensive"))
    assert [limit_of(lane, plan) for lane in lanes] == [*limits[:3], limits[3] / 60]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("1.5", 1.5), (" 3 ", 3.0), ("172800", 172800.0),
        (str(int(NOW.timestamp()) + 60), 60.0), (str(int(NOW.timestamp()) * 1000 + 60_000), 60.0), (str(int(NOW.timestamp()) - 60), 0.0),
        ("1000000001", 0.0), ("100000000001", 0.0),
        ("Mon, 06 May 2024 07:09:39 -0000", 90.0), ("Mon, 06 May 2024 08:09:39 +0100", 90.0), ("Mon, 06 May 2024 06:09:39 -0100", 90.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("2024-05-06T08:08:09Z", 3600.0), ("2024-05-07T00:00:00Z", 60711.0), ("2024-05-06T09:08:09+01:00", 3600.0),
        ("2024-05-06 07:09:09", 60.0), ("2024-05-05T00:00:00Z", 0.0),
        ("", None), ("soon", None), ("nan", None), ("inf", None), ("1e999", None), ("-5", None), ("+5", None), ("5e1", None),
        ("1_0", None), ("\u0661\u0662", None), ("\uff15", None), ("\u00b2", None), ("0x10", None), ("5,0", None), ("5 s", None),
        ("172801", None), ("1000000000", None), ("100000000000", None), ("9" * 400, None), ("9999-12-31T00:00:00Z", None),
        ("Mon, 06 May 2_024 07:09:39 GMT", None), ("Mon, \u0660\u0666 May 2024 07:09:39 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_all_formats(text: str, seconds: float | None) -> None:
    """Seconds, Unix time, HTTP date, ISO date-time. Anything else, or more than two days, is ignored."""
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[-+]?[\d_]+([.eE][\d_]+)?"))
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    """Never negative, never longer than two days, never an exception."""
    wait = retry_after(text, NOW)
    assert wait is None or 0 <= wait <= 172_800


@given(st.integers(0, 172_800))
def test_all_formats_of_retry_after_give_the_same_wait(seconds: int) -> None:
    """Seconds, HTTP date, and ISO date-time with either notation of UTC."""
    moment = NOW + timedelta(seconds=seconds)
    forms = (
        str(seconds),
        format_datetime(moment, usegmt=True),
        moment.isoformat(),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    assert {retry_after(form, NOW) for form in forms} == {float(seconds)}


def test_header_values_may_have_other_case_and_spaces() -> None:
    """The label is recognized in lower case and between spaces."""
    headers = {"X-RateLimit-Category": " heavy ", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "40"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", 40.0, False, None)


def test_a_daily_limit_is_recognized_by_its_type() -> None:
    """Its Retry-After is a date-time."""
    headers = {
        "X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "60000",
        "Retry-After": "2024-05-07T00:00:00Z",
    }  # fmt: skip
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", 60000.0, True, 60711.0)


def test_resource_intensive_limits_are_converted_to_per_second() -> None:
    """Zoom reports them per minute. Their daily limits aren't converted."""
    headers = {"X-RateLimit-Category": "Resource-intensive", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "30"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Resource-intensive", 0.5)
    assert read_headers({**headers, "X-RateLimit-Type": "Daily-limit"}, NOW) == RateLimitHeaders(
        "Resource-intensive", 30.0, True
    )
    assert read_headers({**headers, "X-RateLimit-Limit": ""}, NOW) == RateLimitHeaders("Resource-intensive")


def test_missing_headers_are_none() -> None:
    """A limit without a type is ignored, since it may be the daily one. A limit below 1 is valid."""
    assert read_headers({}, NOW) == RateLimitHeaders()
    assert read_headers({"X-RateLimit-Type": "QPS"}, NOW) == RateLimitHeaders()
    assert read_headers({"X-RateLimit-Limit": "40", "X-RateLimit-Category": "Huge"}, NOW) == RateLimitHeaders()
    assert read_headers({"X-RateLimit-Limit": "0.5", "X-RateLimit-Type": "QPS"}, NOW) == RateLimitHeaders(limit=0.5)


ODD_LIMITS = [
    "",
    "-1",
    "0",
    "+3",
    "many",
    "nan",
    "inf",
    "-inf",
    "1e309",
    "1e2",
    "1_000",
    "\u0663\u0660",
    "\uff11",
    "0.0001",
    "30/s",
    "9" * 400,
]


@pytest.mark.parametrize("limit", [*ODD_LIMITS, "10001", "30000000"])
def test_invalid_limits_are_ignored(limit: str) -> None:
    """A limit is a plain positive number, and not larger than an API can have."""
    headers = {"X-RateLimit-Category": "Light", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW) == RateLimitHeaders("Light")


@pytest.mark.parametrize("limit", [*ODD_LIMITS, "10000001"])
@pytest.mark.parametrize("kind", ["", "Daily-limit"])
def test_invalid_daily_limits_are_ignored(kind: str, limit: str) -> None:
    """With the type, and without it as in successful answers."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": kind, "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", None, bool(kind))


@pytest.mark.parametrize("kind", ["QPM", "per-user", "non-daily", "Daily-limit-2", "QPS, Daily-limit", "0"])
def test_limits_of_unknown_types_are_ignored(kind: str) -> None:
    """The tap doesn't know what they count."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": kind, "X-RateLimit-Limit": "30000"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy")


@pytest.mark.parametrize("kind", ["QPS", " qps ", "Daily-limit", "daily limit", "DAILY_LIMIT", "daily"])
def test_known_types_may_be_spelled_differently(kind: str) -> None:
    """In any case, and with a hyphen, an underscore or a space."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": kind, "X-RateLimit-Limit": "30"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", 30.0, "d" in kind.lower())


# --- the plan -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "limit", "plan"),
    [
        ("Heavy", "30000", "pro"), ("Heavy", "60000", "business"), ("Heavy", "1000", "free"), ("Light", "6000", "free"),
        ("Medium", "2000", "free"), ("Resource-intensive", "60000", "business"), ("Resource-intensive", "30000", None),
        ("Heavy", "40", None), ("Heavy", "30001", None), ("Light", "30000", None), ("Huge", "30000", None), ("Heavy", "30_000", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [None, "Daily-limit"])
def test_the_daily_limit_reveals_the_plan(category: str, limit: str, plan: str | None, kind: str | None) -> None:
    """Successful answers have the label, the daily limit and the remaining requests, but no type."""
    headers = {"X-RateLimit-Category": category, "X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "7"}
    said = read_headers({**headers, "X-RateLimit-Type": kind} if kind else headers, NOW)
    assert plan_of(HEAVY, said) == plan
    assert said.limit is None or said.daily
    assert plan_of(PHONE_HEAVY, said) is None  # Phone has separate limits


def test_a_limit_per_second_does_not_reveal_the_plan() -> None:
    """Only daily limits do."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "6000"}
    assert plan_of(HEAVY, read_headers(headers, NOW)) is None


def test_a_reported_limit_overrides_the_limit_of_the_plan() -> None:
    """The limit of the plan only replaces an assumed one. That restores the full rate."""
    pace = Pace(10, 0.5)
    pace.refused(1000.0, None, None)
    assert pace.assume(40)
    assert pace.rate == 20.0
    assert not pace.assume(40)
    pace.learn(30)
    assert not pace.assume(40)
    assert pace.rate == 15.0


@pytest.mark.parametrize(
    ("now", "seconds"),
    [("2024-05-06T00:00:00+00:00", 86_400.0), ("2024-05-06T23:59:59+00:00", 1.0), ("2024-05-06T07:08:09+00:00", 60_711.0),
     ("2024-05-06T23:30:00-02:00", 81_000.0)],
)  # fmt: skip
def test_daily_limits_reset_at_midnight_utc(now: str, seconds: float) -> None:
    """In any time zone of the clock."""
    assert seconds_to_midnight(datetime.fromisoformat(now)) == seconds


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset"])
@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=10), timedelta(minutes=-10), 200 * HOUR])
def test_times_are_relative_to_the_servers_clock(name: str, off: timedelta) -> None:
    """The Date of the answer is the server's time, however wrong the local clock is. A number of seconds needs none."""
    server = NOW + off
    date = format_datetime(server, usegmt=True)
    then = server + timedelta(seconds=6)
    for text in (format_datetime(then, usegmt=True), then.isoformat(), str(int(then.timestamp())), "6"):
        assert read_headers({name: text, "Date": date}, NOW).wait == 6.0


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 May 2024 07:08:09 GMT"])
def test_without_a_valid_date_the_local_clock_is_used(date: str) -> None:
    """A proxy may have removed or changed the header."""
    then = format_datetime(NOW + timedelta(seconds=6), usegmt=True)
    assert read_headers({"Retry-After": then, "Date": date}, NOW).wait == 6.0


def test_the_reset_header_is_used_without_a_valid_retry_after() -> None:
    """Otherwise Retry-After takes precedence."""
    assert read_headers({"Retry-After": "5", "X-RateLimit-Reset": "7"}, NOW).wait == 5.0
    assert read_headers({"Retry-After": "soon", "X-RateLimit-Reset": "7"}, NOW).wait == 7.0
    assert read_headers({"X-RateLimit-Reset": "7"}, NOW).wait == 7.0
    assert read_headers({"Date": format_datetime(NOW)}, NOW).wait is None
    assert read_headers({"Retry-After": "soon", "X-RateLimit-Reset": "never"}, NOW).wait is None


def test_a_new_reported_limit_shortens_the_wait() -> None:
    """Ten requests per minute are assumed. Once Zoom reports a thousand per second, the next one is sent at once."""
    pace = Pace(10 / 60, 1.0)
    pace.leave(100.0)
    assert pace.free_at() > 105.0
    pace.learn(1000.0)
    assert pace.free_at() < 100.1
