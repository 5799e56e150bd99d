"""The retry policy: how long to wait, how often to retry, and when to give up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.api.request import Request
from tap_zoom.api.retry import delay, given_up
from tap_zoom.errors import (
    Blocked,
    DailyLimitReached,
    HostUnreachable,
    NoAnswer,
    RateLimited,
    RequestRefused,
    RetriesExhausted,
    Retryable,
    TokenRefused,
    UnexpectedAnswer,
)
from tap_zoom.streams import BY_NAME


def refused_here(wait: float | None = None) -> TokenRefused:
    """Return the refusal of a token by one path. Others accept it."""
    error = TokenRefused("x", wait)
    error.elsewhere = True
    return error


KINDS = (Retryable, NoAnswer, Blocked, UnexpectedAnswer, RateLimited)


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the longest delay that the jitter allows."""
    monkeypatch.setattr("backoff.full_jitter", lambda seconds: seconds)


@pytest.mark.usefixtures("no_jitter")
def test_delays_double_up_to_half_a_minute() -> None:
    """They start at half a second, and stay at 30 seconds."""
    delays = [delay(RateLimited("x"), tries, 0.0, True) for tries in range(1, 11)]
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("error", "answered", "tries"),
    [
        (Retryable("x"), True, 8), (Retryable("x"), False, 8), (NoAnswer("x"), True, 8), (NoAnswer("x"), False, 5),
        (Blocked("x"), True, 4), (Blocked("x"), False, 4), (RateLimited("x"), True, 40), (RateLimited("x"), False, 40),
        (UnexpectedAnswer("x"), True, 6), (UnexpectedAnswer("x", 1.0), False, 6),
        (refused_here(), True, 4), (refused_here(), False, 4), (refused_here(0.0), True, 4), (TokenRefused("x"), True, 45), (TokenRefused("x"), False, 45),
        (Retryable("x", 1.0), True, 8), (NoAnswer("x", 1.0), False, 5), (Blocked("x", 1.0), True, 4), (RateLimited("x", 1.0), True, 40),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_its_number_of_tries(error: Retryable, answered: bool, tries: int) -> None:
    """It is small for a host that has never answered and for a firewall, and large for a rate limit. A delay from the
    server doesn't change it."""
    assert [delay(error, number, 0.0, answered) is not None for number in range(1, 45)] == [
        number < tries for number in range(1, 45)
    ]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(
    ("named", "waited"), [(7.0, 7.5), (119.0, 119.5), (120.0, 120.5), (121.0, 120.5), (3600.0, 120.5)]
)
def test_the_delay_from_the_server_is_respected(named: float, waited: float) -> None:
    """It is capped at two minutes, and the tap adds up to half a second. The number of tries doesn't matter."""
    for error in (kind("x", named) for kind in KINDS):
        assert delay(error, 1, 0.0, True) == delay(error, 3, 0.0, True) == waited


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("named", [0.0, 0.1, 1.0])
def test_a_short_delay_from_the_server_is_only_a_minimum(named: float) -> None:
    """The delays grow as they do without it, so the tries aren't used up within seconds."""
    for kind in KINDS:
        plain = [delay(kind("x"), tries, 0.0, True) for tries in range(1, 9)]
        assert [delay(kind("x", named), tries, 0.0, True) for tries in range(1, 9)] == [
            wait and max(wait, named + 0.5) for wait in plain
        ]
    assert sum(delay(Retryable("x", 0.0), tries, 0.0, True) or 0.0 for tries in range(1, 9)) > 60


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("seconds", "wait"), [(599.5, 0.5), (599.51, None), (600.0, None), (0.0, 0.5)])
def test_retries_end_after_ten_minutes(seconds: float, wait: float | None) -> None:
    """This is the time since the first try, including the next delay."""
    assert delay(Retryable("x"), 1, seconds, True) == wait


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("seconds", "wait"), [(489.5, 110.5), (489.51, None)])
def test_a_delay_from_the_server_beyond_ten_minutes_gives_up(seconds: float, wait: float | None) -> None:
    """The limit of ten minutes includes delays from the server."""
    assert delay(RateLimited("x", 110.0), 1, seconds, True) == wait


@pytest.mark.usefixtures("no_jitter")
def test_the_ten_minutes_do_not_apply_to_refused_tokens() -> None:
    """The time since the first try says nothing about the token. If the token is the cause, the login waits and gives
    up."""
    assert [delay(refused_here(), tries, 10_000.0, True) for tries in range(1, 5)] == [0.5, 1.0, 2.0, None]
    assert delay(refused_here(0.0), 1, 10_000.0, True) == 0.5
    assert [delay(TokenRefused("x", 4.0), tries, 10_000.0, True) for tries in (1, 4, 400)] == [4.5, 4.5, 4.5]
    assert [delay(TokenRefused("x"), tries, 10_000.0, True) for tries in (1, 4, 400)] == [0.5, 0.5, 0.5]


@given(st.sampled_from(KINDS), st.integers(1, 3), st.none() | st.floats(4, 500))
def test_jitter_spreads_the_delays(kind: type[Retryable], tries: int, named: float | None) -> None:
    """It covers the whole delay, or half a second after a delay from the server. Many workers must not retry at
    once."""
    delays = {delay(kind("x", named), tries, 0.0, True) for _ in range(30)}
    least, most = (0.0, 2.0 ** (tries - 2)) if named is None else (min(named, 120.0), min(named, 120.0) + 0.5)
    assert len(delays) > 20
    assert all(wait is not None and least <= wait <= most for wait in delays)


LIST = Request(BY_NAME["users"], {}, {"status": "active"})
FILE = Request(BY_NAME["ai_transcript_texts"], {"download_url": "https://zoom.us/x", "meeting_uuid": "a=="}, {})


@pytest.mark.parametrize(
    ("error", "request_", "host_answers", "kind", "words"),
    [
        (NoAnswer("No answer (X)"), LIST, False, HostUnreachable, "users: GET /v2/users?status=active: No answer (X) after 3 tries. Check api_url, the network and https://status.zoom.us, then run again with the last STATE to resume."),
        (NoAnswer("No answer (X)"), LIST, True, RetriesExhausted, "users: GET /v2/users?status=active: No answer (X) (3 tries)"),
        (NoAnswer("No answer (X)"), FILE, False, RetriesExhausted, "ai_transcript_texts: GET zoom.us for a==: No answer (X) (3 tries)"),
        (TokenRefused("it answered 401"), LIST, True, RequestRefused, "it answered 401. Zoom accepts the token elsewhere (3 tries)"),
        (TokenRefused("it answered 401"), FILE, True, RequestRefused, "it answered 401. Zoom accepts the token elsewhere (3 tries)"),
        (Retryable("it answered 500"), LIST, False, RetriesExhausted, "it answered 500 (3 tries)"),
        (RateLimited("it answered 429"), LIST, True, RetriesExhausted, "it answered 429 (3 tries)"),
    ],
)  # fmt: skip
def test_giving_up_ends_the_run_or_loses_an_item(
    error: Exception, request_: Request, host_answers: bool, kind: type[Exception], words: str
) -> None:
    """If the API host hasn't answered at all since the first try, the run ends. Any other error loses one item."""
    meant = given_up(error, request_, 3, host_answers)
    assert type(meant) is kind and str(meant) == words


def test_a_daily_limit_is_not_a_lost_item() -> None:
    """The error is returned unchanged."""
    error = DailyLimitReached("spent", None)
    assert given_up(error, LIST, 1, True) is error
