"""The one retry policy: how long is waited, how often, and when it is given up."""

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
    """By one path; others accept the token."""
    error = TokenRefused("x", wait)
    error.elsewhere = True
    return error


KINDS = (Retryable, NoAnswer, Blocked, UnexpectedAnswer, RateLimited)


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest delay that chance could give."""
    monkeypatch.setattr("backoff.full_jitter", lambda seconds: seconds)


@pytest.mark.usefixtures("no_jitter")
def test_delays_double_up_to_half_a_minute() -> None:
    """From half a second on, and stay there."""
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
    """A host that never answered and a firewall are given up soon, a limit late; a named delay changes nothing about it."""
    assert [delay(error, number, 0.0, answered) is not None for number in range(1, 45)] == [
        number < tries for number in range(1, 45)
    ]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(
    ("named", "waited"), [(7.0, 7.5), (119.0, 119.5), (120.0, 120.5), (121.0, 120.5), (3600.0, 120.5)]
)
def test_what_the_server_names_is_waited_and_a_little_more(named: float, waited: float) -> None:
    """Up to two minutes, however often it was tried."""
    for error in (kind("x", named) for kind in KINDS):
        assert delay(error, 1, 0.0, True) == delay(error, 3, 0.0, True) == waited


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("named", [0.0, 0.1, 1.0])
def test_a_short_wait_that_is_named_each_time_does_not_spend_the_tries_in_seconds(named: float) -> None:
    """The delays grow as they do where none is named."""
    for kind in KINDS:
        plain = [delay(kind("x"), tries, 0.0, True) for tries in range(1, 9)]
        assert [delay(kind("x", named), tries, 0.0, True) for tries in range(1, 9)] == [
            wait and max(wait, named + 0.5) for wait in plain
        ]
    assert sum(delay(Retryable("x", 0.0), tries, 0.0, True) or 0.0 for tries in range(1, 9)) > 60


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("seconds", "wait"), [(599.5, 0.5), (599.51, None), (600.0, None), (0.0, 0.5)])
def test_ten_minutes_are_the_longest(seconds: float, wait: float | None) -> None:
    """From the first try to the last, with the delay before that."""
    assert delay(Retryable("x"), 1, seconds, True) == wait


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("seconds", "wait"), [(489.5, 110.5), (489.51, None)])
def test_a_named_delay_is_given_up_where_it_leads_too_far(seconds: float, wait: float | None) -> None:
    """The ten minutes hold for it as well."""
    assert delay(RateLimited("x", 110.0), 1, seconds, True) == wait


@pytest.mark.usefixtures("no_jitter")
def test_a_refused_token_is_tried_again_however_long_the_request_has_been_under_way() -> None:
    """The time until then says nothing about the token. Where the token is at fault, the login waits and gives up."""
    assert [delay(refused_here(), tries, 10_000.0, True) for tries in range(1, 5)] == [0.5, 1.0, 2.0, None]
    assert delay(refused_here(0.0), 1, 10_000.0, True) == 0.5
    assert [delay(TokenRefused("x", 4.0), tries, 10_000.0, True) for tries in (1, 4, 400)] == [4.5, 4.5, 4.5]
    assert [delay(TokenRefused("x"), tries, 10_000.0, True) for tries in (1, 4, 400)] == [0.5, 0.5, 0.5]


@given(st.sampled_from(KINDS), st.integers(1, 3), st.none() | st.floats(4, 500))
def test_chance_spreads_the_delays(kind: type[Retryable], tries: int, named: float | None) -> None:
    """Over all of the delay, or half a second after the named moment: many workers must not come back at once."""
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
def test_what_it_means_to_give_up(
    error: Exception, request_: Request, host_answers: bool, kind: type[Exception], words: str
) -> None:
    """A host that answers nothing at all ends the run; all else costs an item."""
    meant = given_up(error, request_, 3, host_answers)
    assert type(meant) is kind and str(meant) == words


def test_a_limit_of_the_day_stays_one() -> None:
    """Nothing is lost by it."""
    error = DailyLimitReached("spent", None)
    assert given_up(error, LIST, 1, True) is error
