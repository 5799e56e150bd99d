"""The pace of requests: even, never above the limit, and as Zoom says."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, RateLimit
from tap_zoom.api.rate_limits import (
    SECONDS_PER_429,
    SLOWER,
    SLOWER_IF_ANNOUNCED,
    Announcement,
    Pace,
    limit_of,
    read_headers,
    retry_after,
)

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)


def departures(throttle: Pace, delays: list[float]) -> list[float]:
    """When requests leave that are each so much later than they might be."""
    now, left = 1000.0, []
    for delay in delays:
        now = max(now, throttle.free_at()) + delay
        throttle.leave(now)
        left.append(now)
    return left


@given(st.lists(st.floats(0, 0.2), min_size=2, max_size=300), st.integers(1, 100), st.sampled_from([1, 4, 10, 20, 30, 40, 80]))
def test_no_second_sees_more_than_the_limit(delays: list[float], share: int, limit: int) -> None:
    """However late single requests leave: in any second at most the limit, and in the long run our share of it."""
    throttle = Pace(limit, share / 100)
    left = departures(throttle, delays)
    for number, start in enumerate(left):
        assert sum(start <= other < start + 1 for other in left[number:]) <= max(limit, 1)
    if left[-1] - left[0] > 1:
        assert (len(left) - 2) / (left[-1] - left[0]) <= limit * share / 100 * 1.05 + 1


def test_requests_leave_evenly() -> None:
    """No burst at the start, none after a pause."""
    throttle = Pace(10, 0.5)
    left = departures(throttle, [0.0] * 10 + [30.0] + [0.0] * 10)
    gaps = [second - first for first, second in itertools.pairwise(left)]
    assert min(gaps) > 0.17
    assert math.isclose(sorted(gaps)[5], 0.2, rel_tol=1e-6)


def test_nothing_leaves_before_a_hold_is_over() -> None:
    """hold moves the next departure, and never brings it forward."""
    throttle = Pace(10, 1)
    throttle.hold(1010.0)
    throttle.hold(1005.0)
    assert throttle.free_at() == 1010.0


def test_a_429_holds_the_label_and_slows_it_down() -> None:
    """Once for all that were under way together; a thousand successes take it back."""
    throttle = Pace(10, 0.8)
    before = throttle.rate
    throttle.refused(1000.0, None, None)
    slowed = throttle.rate
    throttle.refused(1000.1, None, None)  # under way as well when the first was answered
    assert slowed < before
    assert throttle.rate == slowed
    assert throttle.free_at() == 1000.1 + SECONDS_PER_429
    for _ in range(1000):
        throttle.speed_up()
    assert throttle.rate == before


def test_a_429_without_a_time_leaves_the_hold_of_one_that_named_it() -> None:
    """Stragglers neither shorten the wait nor slow the label down again; what is refused after it does."""
    throttle = Pace(10, 0.8)
    throttle.refused(1000.0, 60.0, None)
    slowed = throttle.rate
    for late in (1000.1, 1005.0, 1060.0):
        throttle.refused(late, None, None)
        assert throttle.rate == slowed
    assert throttle.free_at() == 1060.5
    throttle.refused(1060.6, None, None)
    assert throttle.rate < slowed


@pytest.mark.parametrize("announced", [None, 10.0, 20.0])
def test_a_429_costs_less_where_zoom_announced_the_limit(announced: float | None) -> None:
    """Whatever was assumed before: then it is others who ask as well, and not a limit that is lower than we think."""
    throttle = Pace(10, 0.8)
    if announced:
        throttle.learn(announced)
    before = throttle.rate
    assert before == (announced or 10) * 0.8
    throttle.refused(1000.0, None, None)
    slower = SLOWER_IF_ANNOUNCED if announced else SLOWER
    assert throttle.rate == pytest.approx(before * slower)
    throttle.refused(1001.0, None, None)
    assert throttle.rate == pytest.approx(before * slower**2)
    throttle.speed_up()
    assert throttle.rate == pytest.approx(before * (slower**2 + 0.001))
    for _ in range(1000):
        throttle.speed_up()
    assert throttle.rate == before


def test_it_never_stands_still() -> None:
    """However often it is refused, a tenth of the pace is left."""
    throttle = Pace(10, 0.8)
    for number in range(50):
        throttle.refused(1000.0 + number, None, None)
    assert throttle.rate == pytest.approx(0.8)


def test_an_announcement_takes_back_what_was_slowed_where_it_is_news() -> None:
    """The same limit again is none."""
    throttle = Pace(10, 0.8)
    throttle.refused(1000.0, None, None)
    slowed = throttle.rate
    throttle.learn(10.0)
    throttle.refused(1000.1, None, 10.0)
    assert throttle.rate == slowed
    throttle.learn(20.0)
    assert throttle.rate == 16.0
    throttle.refused(1010.0, None, 20.0)
    assert throttle.rate == pytest.approx(16.0 * SLOWER_IF_ANNOUNCED)


def test_a_429_that_names_the_limit_sets_it() -> None:
    """Zoom knows better than the plan."""
    throttle = Pace(80, 0.5)
    throttle.refused(1000.0, 2.0, 30.0)
    assert throttle.rate == 15.0
    assert throttle.free_at() == 1002.0


@pytest.mark.parametrize(("plan", "limits"), [("free", (4, 2, 1, 10)), ("pro", (30, 20, 10, 10)), ("business", (80, 60, 40, 20))])
def test_each_plan_has_a_limit_for_each_lane(plan: str, limits: tuple[int, ...]) -> None:
    """Per second; of the Resource-intensive ones per minute."""
    lanes = (LIGHT, MEDIUM, HEAVY, RateLimit("Resource-intensive"))
    assert [limit_of(lane, plan) for lane in lanes] == [*limits[:3], limits[3] / 60]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("1.5", 1.5), (" 3 ", 3.0), ("-5", 0.0),
        (str(int(NOW.timestamp()) + 60), 60.0), (str(int(NOW.timestamp()) * 1000 + 60_000), 60.0), (str(int(NOW.timestamp()) - 60), 0.0),
        ("1000000000", 1e9), ("1000000001", 0.0), ("100000000000", 1e11 - NOW.timestamp()), ("100000000001", 0.0),
        ("Mon, 06 May 2024 07:09:39 -0000", 90.0), ("Mon, 06 May 2024 08:09:39 +0100", 90.0), ("Mon, 06 May 2024 06:09:39 -0100", 90.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("2024-05-06T08:08:09Z", 3600.0), ("2024-05-07T00:00:00Z", 60711.0), ("2024-05-06T09:08:09+01:00", 3600.0),
        ("2024-05-06 07:09:09", 60.0), ("2024-05-05T00:00:00Z", 0.0),
        ("", None), ("soon", None), ("nan", None), ("inf", None), ("1e999", None),
    ],
)  # fmt: skip
def test_retry_after_in_all_its_forms(text: str, seconds: float | None) -> None:
    """Seconds, Unix time, HTTP date, ISO date-time; anything else is no answer."""
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    """Never negative, never endless, never an exception."""
    wait = retry_after(text, NOW)
    assert wait is None or 0 <= wait < math.inf


@given(st.integers(0, 10**6))
def test_every_form_means_the_same(seconds: int) -> None:
    """The same wait, however it is written."""
    moment = NOW + timedelta(seconds=seconds)
    forms = (str(seconds), format_datetime(moment, usegmt=True), moment.isoformat(), moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert {retry_after(form, NOW) for form in forms} == {float(seconds)}


def test_headers_are_read_whatever_their_case() -> None:
    """As requests hands them over, the lookup takes any case; values are trimmed."""
    headers = {"X-RateLimit-Category": " heavy ", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "40"}
    assert read_headers(headers, NOW) == Announcement("Heavy", 40.0, False, None)


def test_a_daily_limit_is_told_from_one_per_second() -> None:
    """By the type; its Retry-After is a date-time."""
    headers = {
        "X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "60000",
        "Retry-After": "2024-05-07T00:00:00Z",
    }  # fmt: skip
    assert read_headers(headers, NOW) == Announcement("Heavy", 60000.0, True, 60711.0)


def test_a_limit_per_minute_is_one_per_second() -> None:
    """That is how resource-intensive requests are counted; those of a day are not."""
    headers = {"X-RateLimit-Category": "Resource-intensive", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "30"}
    assert read_headers(headers, NOW) == Announcement("Resource-intensive", 0.5)
    assert read_headers({**headers, "X-RateLimit-Type": "Daily-limit"}, NOW) == Announcement("Resource-intensive", 30.0, True)
    assert read_headers({**headers, "X-RateLimit-Limit": ""}, NOW) == Announcement("Resource-intensive")


def test_what_is_not_named_is_not_known() -> None:
    """Without a type a limit could be the day's; a small one is one as well."""
    assert read_headers({}, NOW) == Announcement()
    assert read_headers({"X-RateLimit-Type": "QPS"}, NOW) == Announcement()
    assert read_headers({"X-RateLimit-Limit": "40", "X-RateLimit-Category": "Huge"}, NOW) == Announcement()
    assert read_headers({"X-RateLimit-Limit": "0.5", "X-RateLimit-Type": "QPS"}, NOW) == Announcement(limit=0.5)


@pytest.mark.parametrize("limit", ["", "-1", "0", "many", "nan", "inf"])
def test_odd_limits_are_passed_over(limit: str) -> None:
    """What is no positive number teaches nothing."""
    headers = {"X-RateLimit-Category": "Light", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW).limit is None


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
    throttle = Pace(10 / 60, 1.0)
    throttle.leave(100.0)
    assert throttle.free_at() > 105.0
    throttle.learn(1000.0)
    assert throttle.free_at() < 100.1
