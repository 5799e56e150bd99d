"""The pace of requests: even, never above the limit, and as Zoom says."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.streams import Label
from tap_zoom.throttle import SECONDS_PER_429, Announcement, Throttle, read_headers, retry_after, throttles

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)


def departures(throttle: Throttle, delays: list[float]) -> list[float]:
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
    throttle = Throttle(Label.HEAVY, limit, share / 100)
    left = departures(throttle, delays)
    for number, start in enumerate(left):
        assert sum(start <= other < start + 1 for other in left[number:]) <= max(limit, 1)
    if left[-1] - left[0] > 1:
        assert (len(left) - 2) / (left[-1] - left[0]) <= limit * share / 100 * 1.05 + 1


def test_requests_leave_evenly() -> None:
    """No burst at the start, none after a pause."""
    throttle = Throttle(Label.LIGHT, 10, 0.5)
    left = departures(throttle, [0.0] * 10 + [30.0] + [0.0] * 10)
    gaps = [second - first for first, second in itertools.pairwise(left)]
    assert min(gaps) > 0.17
    assert math.isclose(sorted(gaps)[5], 0.2, rel_tol=1e-6)


def test_nothing_leaves_before_a_hold_is_over() -> None:
    """hold moves the next departure, and never brings it forward."""
    throttle = Throttle(Label.LIGHT, 10, 1)
    throttle.hold(1010.0)
    throttle.hold(1005.0)
    assert throttle.free_at() == 1010.0


def test_a_429_holds_the_label_and_slows_it_down() -> None:
    """Once for all that were under way together; a thousand successes take it back."""
    throttle = Throttle(Label.LIGHT, 10, 0.8)
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
    throttle = Throttle(Label.LIGHT, 10, 0.8)
    throttle.refused(1000.0, 60.0, None)
    slowed = throttle.rate
    for late in (1000.1, 1005.0, 1060.0):
        throttle.refused(late, None, None)
        assert throttle.rate == slowed
    assert throttle.free_at() == 1060.5
    throttle.refused(1060.6, None, None)
    assert throttle.rate < slowed


def test_a_429_that_names_the_limit_sets_it() -> None:
    """Zoom knows better than the plan."""
    throttle = Throttle(Label.LIGHT, 80, 0.5)
    throttle.refused(1000.0, 2.0, 30.0)
    assert throttle.rate == 15.0
    assert throttle.free_at() == 1002.0


@pytest.mark.parametrize(
    ("plan", "limits"), [("free", (4, 2, 1, 10 / 60)), ("pro", (30, 20, 10, 10 / 60)), ("business", (80, 60, 40, 20 / 60))]
)
def test_each_plan_has_its_limits(plan: str, limits: tuple[float, ...]) -> None:
    """As Zoom documents them: Light, Medium and Heavy per second, Resource-intensive per minute; of these our share."""
    made = throttles(plan, 50)
    assert [throttle.label for throttle in made.values()] == list(made) == list(Label)
    assert tuple(throttle.limit for throttle in made.values()) == limits
    assert [throttle.rate for throttle in made.values()] == pytest.approx([limit / 2 for limit in limits])


@pytest.mark.parametrize(("share", "rate"), [(0.01, 0.1), (0.5, 5.0), (0.95, 9.5), (0.96, 9.6), (0.97, 9.6), (1.0, 9.6)])
def test_a_share_of_the_limit_leaves_room_for_what_jitters(share: float, rate: float) -> None:
    """Never closer than 96 per cent."""
    assert Throttle(Label.LIGHT, 10, share).rate == pytest.approx(rate)


def test_lateness_is_caught_up_a_little() -> None:
    """By 25 ms, which is less than what is left of the limit; a request that is on time moves the next by one place."""
    throttle = Throttle(Label.LIGHT, 10, 0.5)
    assert throttle.free_at() < 0
    throttle.leave(1000.0)
    assert throttle.free_at() == pytest.approx(1000.175)
    for late, following in ((0.0, 0.2), (0.02, 0.2), (0.025, 0.2), (0.035, 0.21), (10.0, 10.175)):
        due = throttle.free_at()
        throttle.leave(due + late)
        assert throttle.free_at() == pytest.approx(due + following)


def test_how_much_a_429_slows_down() -> None:
    """A tenth, or three per cent where Zoom itself announced the limit; never to less than a tenth of it."""
    assumed, announced = Throttle(Label.LIGHT, 10, 0.5), Throttle(Label.LIGHT, 10, 0.5)
    announced.learn(10)
    for number in range(1, 100):
        for throttle in (assumed, announced):
            throttle.refused(1000.0 * number, None, None)
        assert assumed.rate == pytest.approx(5 * max(0.9**number, 0.1))
        assert announced.rate == pytest.approx(5 * max(0.97**number, 0.1))


def test_what_was_slowed_comes_back_step_by_step() -> None:
    """A thousandth of the limit with each success, and no further than the whole."""
    throttle = Throttle(Label.LIGHT, 10, 0.5)
    throttle.refused(1000.0, None, None)
    throttle.speed_up()
    assert throttle.rate == pytest.approx(5 * 0.901)
    for _ in range(98):
        throttle.speed_up()
    assert throttle.rate == pytest.approx(5 * 0.999)
    for _ in range(3):
        throttle.speed_up()
    assert throttle.rate == 5.0


def test_a_limit_that_is_learned_starts_afresh() -> None:
    """Another one than before; the same one again changes nothing but that Zoom has said it."""
    throttle = Throttle(Label.LIGHT, 10, 0.5)
    throttle.refused(1000.0, None, None)
    throttle.learn(10)
    assert throttle.rate == pytest.approx(4.5)
    throttle.refused(2000.0, None, 10)
    assert throttle.rate == pytest.approx(4.5 * 0.97)
    throttle.learn(20)
    assert throttle.rate == 10.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("1.5", 1.5), (" 3 ", 3.0), ("-5", 0.0),
        (str(int(NOW.timestamp()) + 60), 60.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("2024-05-06T08:08:09Z", 3600.0), ("2024-05-07T00:00:00Z", 60711.0), ("2024-05-06T09:08:09+01:00", 3600.0),
        ("2024-05-06 07:09:09", 60.0), ("2024-05-05T00:00:00Z", 0.0),
        ("1000000000", 1e9), (str(int(NOW.timestamp())), 0.0), ("1000000001", 0.0), ("99999999999", 99999999999 - NOW.timestamp()),
        (str(int(NOW.timestamp()) * 1000 + 60500), 60.5), ("100000000001", 0.0),
        ("", None), ("soon", None), ("nan", None), ("inf", None), ("-inf", None), ("1e999", None),
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
    assert read_headers(headers, NOW) == Announcement(Label.HEAVY, 40.0, False, None)


def test_a_daily_limit_is_told_from_one_per_second() -> None:
    """By the type; its Retry-After is a date-time."""
    headers = {
        "X-RateLimit-Category": "Heavy", "X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "60000",
        "Retry-After": "2024-05-07T00:00:00Z",
    }  # fmt: skip
    assert read_headers(headers, NOW) == Announcement(Label.HEAVY, 60000.0, True, 60711.0)


@pytest.mark.parametrize("limit", ["", "-1", "0", "many", "nan", "inf"])
def test_odd_limits_are_passed_over(limit: str) -> None:
    """What is no positive number teaches nothing."""
    headers = {"X-RateLimit-Category": "Light", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": limit}
    assert read_headers(headers, NOW) == Announcement(Label.LIGHT, None, False, None)


@pytest.mark.parametrize(
    ("category", "kind", "announced"),
    [
        ("Resource-intensive", "QPS", Announcement(Label.RESOURCE_INTENSIVE, 0.5, False)),  # per minute
        ("Resource-intensive", "Daily-limit", Announcement(Label.RESOURCE_INTENSIVE, 30.0, True)),
        ("Light", "", Announcement(Label.LIGHT, None, False)),  # it could be the day's
        ("MEDIUM", "daily", Announcement(Label.MEDIUM, 30.0, True)), ("", "QPS", Announcement(None, 30.0, False)),
        ("Massive", "QPS", Announcement(None, 30.0, False)),
    ],
)  # fmt: skip
def test_a_limit_is_read_with_its_category_and_its_type(category: str, kind: str, announced: Announcement) -> None:
    """In requests per second, or per day."""
    headers = {"X-RateLimit-Category": category, "X-RateLimit-Type": kind, "X-RateLimit-Limit": "30"}
    assert read_headers(headers, NOW) == announced


def test_an_answer_without_headers_announces_nothing() -> None:
    """Most of what stands in between has none."""
    assert read_headers({}, NOW) == Announcement()
    assert read_headers({"X-RateLimit-Limit": "30"}, NOW) == Announcement()


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
