"""The pace of requests: even, never above the limit, and as Zoom says."""

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
    """When requests leave that are each so much later than they might be."""
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
def test_no_second_sees_more_than_the_limit(delays: list[float], share: int, limit: int) -> None:
    """However late single requests leave: in any second at most the limit, and in the long run our share of it."""
    pace = Pace(limit, share / 100)
    left = departures(pace, delays)
    for number, start in enumerate(left):
        assert sum(start <= other < start + 1 for other in left[number:]) <= max(limit, 1)
    if left[-1] - left[0] > 1:
        assert (len(left) - 2) / (left[-1] - left[0]) <= limit * share / 100 * 1.05 + 1


def test_requests_leave_evenly() -> None:
    """No burst at the start, none after a pause."""
    pace = Pace(10, 0.5)
    left = departures(pace, [0.0] * 10 + [30.0] + [0.0] * 10)
    gaps = [second - first for first, second in itertools.pairwise(left)]
    assert min(gaps) > 0.17
    assert math.isclose(sorted(gaps)[5], 0.2, rel_tol=1e-6)


def test_nothing_leaves_before_a_hold_is_over() -> None:
    """hold moves the next departure, and never brings it forward."""
    pace = Pace(10, 1)
    pace.pause_until(1010.0)
    pace.pause_until(1005.0)
    assert pace.free_at() == 1010.0


def test_a_429_holds_the_label_and_slows_it_down() -> None:
    """Once for all that were under way together; a thousand successes take it back."""
    pace = Pace(10, 0.8)
    before = pace.rate
    pace.refused(1000.0, None, None)
    slowed = pace.rate
    pace.refused(1000.1, None, None)  # under way as well when the first was answered
    assert slowed < before
    assert pace.rate == slowed
    assert pace.free_at() == 1000.1 + SECONDS_PER_429
    for _ in range(1000):
        pace.speed_up()
    assert pace.rate == before


def test_a_429_without_a_time_leaves_the_hold_of_one_that_named_it() -> None:
    """Stragglers neither shorten the wait nor slow the label down again; what is refused after it does."""
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
def test_a_429_costs_less_where_zoom_announced_the_limit(announced: float | None) -> None:
    """Whatever was assumed before: then it is others who ask as well, and not a limit that is lower than we think."""
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


def test_it_never_stands_still() -> None:
    """However often it is refused, a tenth of the pace is left."""
    pace = Pace(10, 0.8)
    for number in range(50):
        pace.refused(1000.0 + number, None, None)
    assert pace.rate == pytest.approx(0.8)


def test_an_announcement_takes_back_what_was_slowed_where_it_is_news() -> None:
    """The same limit again is none."""
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


def test_a_429_that_names_the_limit_sets_it() -> None:
    """Zoom knows better than the plan."""
    pace = Pace(80, 0.5)
    pace.refused(1000.0, 2.0, 30.0)
    assert pace.rate == 15.0
    assert pace.free_at() == 1002.0


def test_a_429_that_names_no_wait_at_all_holds_the_label_as_well() -> None:
    """Retry-After: 0 is as good as none."""
    pace = Pace(80, 0.5)
    pace.refused(1000.0, 0.0, None)
    assert pace.free_at() == 1000.0 + SECONDS_PER_429


@pytest.mark.parametrize(
    ("plan", "limits"), [("free", (4, 2, 1, 10)), ("pro", (30, 20, 10, 10)), ("business", (80, 60, 40, 20))]
)
def test_each_plan_has_a_limit_for_each_lane(plan: str, limits: tuple[int, ...]) -> None:
    """Per second; of the Resource-intensive ones per minute."""
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
def test_retry_after_in_all_its_forms(text: str, seconds: float | None) -> None:
    """Seconds, Unix time, HTTP date, ISO date-time. Anything else, or more than two days, is ignored."""
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[-+]?[\d_]+([.eE][\d_]+)?"))
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    """Never negative, never longer than two days, never an exception."""
    wait = retry_after(text, NOW)
    assert wait is None or 0 <= wait <= 172_800


@given(st.integers(0, 172_800))
def test_every_form_means_the_same(seconds: int) -> None:
    """The same wait, however it is written."""
    moment = NOW + timedelta(seconds=seconds)
    forms = (
        str(seconds),
        format_datetime(moment, usegmt=True),
        moment.isoformat(),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    assert {retry_after(form, NOW) for form in forms} == {float(seconds)}


def test_headers_are_read_whatever_their_case() -> None:
    """As requests hands them over, the lookup takes any case; values are trimmed."""
    headers = {"X-RateLimit-Category": " heavy ", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "40"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", 40.0, False, None)


def test_a_daily_limit_is_told_from_one_per_second() -> None:
    """By the type; its Retry-After is a date-time."""
    headers = {
        "X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "60000",
        "Retry-After": "2024-05-07T00:00:00Z",
    }  # fmt: skip
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", 60000.0, True, 60711.0)


def test_a_limit_per_minute_is_one_per_second() -> None:
    """That is how resource-intensive requests are counted; those of a day are not."""
    headers = {"X-RateLimit-Category": "Resource-intensive", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "30"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Resource-intensive", 0.5)
    assert read_headers({**headers, "X-RateLimit-Type": "Daily-limit"}, NOW) == RateLimitHeaders(
        "Resource-intensive", 30.0, True
    )
    assert read_headers({**headers, "X-RateLimit-Limit": ""}, NOW) == RateLimitHeaders("Resource-intensive")


def test_what_is_not_named_is_not_known() -> None:
    """Without a type a limit could be the day's; a small one is one as well."""
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
def test_odd_limits_are_passed_over(limit: str) -> None:
    """Only a plain positive number is a limit, and no larger one than an API can have."""
    headers = {"X-RateLimit-Category": "Light", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW) == RateLimitHeaders("Light")


@pytest.mark.parametrize("limit", [*ODD_LIMITS, "10000001"])
@pytest.mark.parametrize("kind", ["", "Daily-limit"])
def test_odd_limits_of_the_day_are_passed_over(kind: str, limit: str) -> None:
    """With the type, and without, as ordinary answers name it."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": kind, "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy", None, bool(kind))


@pytest.mark.parametrize("kind", ["QPM", "per-user", "non-daily", "Daily-limit-2", "QPS, Daily-limit", "0"])
def test_another_type_changes_no_rate(kind: str) -> None:
    """It is not known what its limit counts."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": kind, "X-RateLimit-Limit": "30000"}
    assert read_headers(headers, NOW) == RateLimitHeaders("Heavy")


@pytest.mark.parametrize("kind", ["QPS", " qps ", "Daily-limit", "daily limit", "DAILY_LIMIT", "daily"])
def test_the_known_types_may_be_spelt_differently(kind: str) -> None:
    """In any case, with a hyphen, an underscore or a space."""
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
def test_the_limit_of_the_day_tells_the_plan(category: str, limit: str, plan: str | None, kind: str | None) -> None:
    """Ordinary answers carry category, the day's limit and what remains, and no type."""
    headers = {"X-RateLimit-Category": category, "X-RateLimit-Limit": limit, "X-RateLimit-Remaining": "7"}
    said = read_headers({**headers, "X-RateLimit-Type": kind} if kind else headers, NOW)
    assert plan_of(HEAVY, said) == plan
    assert said.limit is None or said.daily
    assert plan_of(PHONE_HEAVY, said) is None  # Phone has limits of its own


def test_a_limit_of_the_second_tells_no_plan() -> None:
    """It is taken as it is."""
    headers = {"X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "6000"}
    assert plan_of(HEAVY, read_headers(headers, NOW)) is None


def test_a_limit_that_zoom_named_comes_before_that_of_the_plan() -> None:
    """A plan changes a pace that was only assumed, and what was slowed is taken back then."""
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
def test_limits_of_the_day_reset_at_midnight_utc(now: str, seconds: float) -> None:
    """Whatever the zone of the clock."""
    assert seconds_to_midnight(datetime.fromisoformat(now)) == seconds


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset"])
@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=10), timedelta(minutes=-10), 200 * HOUR])
def test_a_time_is_read_by_the_clock_of_who_names_it(name: str, off: timedelta) -> None:
    """Where the answer has a Date, that is the clock, however far ours is off; a number of seconds needs none."""
    server = NOW + off
    date = format_datetime(server, usegmt=True)
    then = server + timedelta(seconds=6)
    for text in (format_datetime(then, usegmt=True), then.isoformat(), str(int(then.timestamp())), "6"):
        assert read_headers({name: text, "Date": date}, NOW).wait == 6.0


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 May 2024 07:08:09 GMT"])
def test_without_a_date_that_can_be_read_our_clock_has_to_do(date: str) -> None:
    """A proxy may have taken it away, or made it up."""
    then = format_datetime(NOW + timedelta(seconds=6), usegmt=True)
    assert read_headers({"Retry-After": then, "Date": date}, NOW).wait == 6.0


def test_the_reset_is_read_where_retry_after_says_nothing() -> None:
    """Retry-After comes first."""
    assert read_headers({"Retry-After": "5", "X-RateLimit-Reset": "7"}, NOW).wait == 5.0
    assert read_headers({"Retry-After": "soon", "X-RateLimit-Reset": "7"}, NOW).wait == 7.0
    assert read_headers({"X-RateLimit-Reset": "7"}, NOW).wait == 7.0
    assert read_headers({"Date": format_datetime(NOW)}, NOW).wait is None
    assert read_headers({"Retry-After": "soon", "X-RateLimit-Reset": "never"}, NOW).wait is None


def test_a_request_waits_no_longer_than_what_is_known_by_now_demands() -> None:
    """A limit of ten a minute is assumed and a thousand a second announced: the next one leaves at once."""
    pace = Pace(10 / 60, 1.0)
    pace.leave(100.0)
    assert pace.free_at() > 105.0
    pace.learn(1000.0)
    assert pace.free_at() < 100.1
