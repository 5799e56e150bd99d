"""The one retry policy: how long each failure is waited out, and when it is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.errors import Blocked, NoAnswer, Passing, RateLimited, TokenRefused
from tap_zoom.retry import delay

# How often each failure is tried, with a host that has answered in this run and with one that never has.
TRIES: dict[type[Passing], tuple[int, int]] = {
    Passing: (8, 8), NoAnswer: (8, 5), Blocked: (4, 4), RateLimited: (40, 40), TokenRefused: (4, 4),
}  # fmt: skip
CASES = [(kind, answered, TRIES[kind][not answered]) for kind in TRIES for answered in (True, False)]
LONGEST = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]  # seconds before the second try, the third ...


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each delay is the longest that it may be."""
    monkeypatch.setattr("tap_zoom.retry.backoff.full_jitter", lambda seconds: seconds)


@pytest.mark.parametrize(("kind", "answered", "most"), CASES)
def test_each_failure_has_its_tries(kind: type[Passing], answered: bool, most: int) -> None:
    """The last of them is given up, none before."""
    for tries in range(1, most + 3):
        assert (delay(kind("x"), tries, 0.0, answered) is None) == (tries >= most)


@pytest.mark.parametrize(("kind", "answered", "most"), CASES)
def test_the_delays_double_up_to_half_a_minute(kind: type[Passing], answered: bool, most: int, no_jitter: None) -> None:
    """For all alike, where the server names no time."""
    delays = [delay(kind("x"), tries, 0.0, answered) for tries in range(1, most)]
    assert delays == (LONGEST + [30] * 40)[: most - 1]


@given(st.integers(1, 7))
def test_a_delay_is_anywhere_below_that(tries: int) -> None:
    """So that requests that failed together do not come again together."""
    delays = [delay(Passing("x"), tries, 0.0, True) for _ in range(50)]
    longest = LONGEST[tries - 1]
    assert all(wait is not None and 0 <= wait <= longest for wait in delays)
    assert len(set(delays)) > 40
    assert min(filter(None, delays)) < longest / 2 < max(filter(None, delays))


@pytest.mark.parametrize("kind", TRIES)
@pytest.mark.parametrize(("named", "waited"), [(0.0, 0.5), (7.0, 7.5), (120.0, 120.5), (121.0, 120.5), (86400.0, 120.5)])
def test_a_time_that_is_named_is_kept(kind: type[Passing], named: float, waited: float, no_jitter: None) -> None:
    """Up to two minutes, and half a second at most later, however often it was tried before."""
    error = kind("x")
    error.wait = named
    for tries in (1, 3):
        assert delay(error, tries, 0.0, True) == waited


def test_the_jitter_of_a_named_time_is_random() -> None:
    """Never before that time."""
    delays = [delay(Passing("x", 3.0), 1, 0.0, True) for _ in range(50)]
    assert all(wait is not None and 3.0 <= wait <= 3.5 for wait in delays)
    assert len(set(delays)) > 40


@pytest.mark.parametrize("kind", [Passing, NoAnswer, Blocked, RateLimited])
def test_ten_minutes_are_enough(kind: type[Passing], no_jitter: None) -> None:
    """From the first try to the last."""
    assert delay(kind("x"), 1, 599.5, True) == 0.5
    assert delay(kind("x"), 1, 599.6, True) is None
    assert delay(kind("x"), 3, 598.0, True) == 2.0
    assert delay(kind("x"), 3, 598.1, True) is None


def test_the_time_of_a_request_says_nothing_about_its_token(no_jitter: None) -> None:
    """Else a long wait before it would end the run as a refused login."""
    assert delay(TokenRefused("x"), 1, 10_000.0, True) == 0.5
