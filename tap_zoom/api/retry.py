"""The one retry policy: how long to wait before asking again, or not at all, and what that means then.

`backoff` gives the jitter; waiting is done by whoever owns the request (the label's queue, or the login).
"""

from __future__ import annotations

import backoff

from tap_zoom.api.request import Request
from tap_zoom.errors import (
    Blocked,
    HostUnreachable,
    NoAnswer,
    RateLimited,
    RequestRefused,
    RetriesExhausted,
    Retryable,
    TokenRefused,
    UnexpectedAnswer,
)

TRIES = 8
TRIES_AT_FIRST = 5  # of a host that has never answered: a wrong URL should be said soon
TRIES_IF_BLOCKED = 4
TRIES_IF_NOT_AS_DOCUMENTED = 6
TRIES_IF_LIMITED = 40
TRIES_IF_TOKEN_REFUSED = 4  # of one path, with tokens that Zoom accepts at others
LONGEST_DELAY_FOR_TOKEN = 0.5  # seconds besides those that the login names
LONGEST_DELAY = 30.0
LONGEST_NAMED_DELAY = 120.0  # where the server names one
LONGEST_TIME = 600.0  # from the first try to the last


def delay(error: Retryable, tries: int, seconds: float, host_answered: bool) -> float | None:
    """Seconds to wait before the next try, None to give up.

    `tries`: how often this request failed in this way, the latest included (see `Job.failed`); `seconds`: since its
    first try; `host_answered`: in this run, ever.
    """
    if isinstance(error, TokenRefused) and not error.elsewhere:
        return (error.wait or 0.0) + backoff.full_jitter(LONGEST_DELAY_FOR_TOKEN)  # the login gives up in time
    if isinstance(error, RateLimited):
        most = TRIES_IF_LIMITED
    elif isinstance(error, TokenRefused):
        most, seconds = TRIES_IF_TOKEN_REFUSED, 0.0  # the time until then says nothing about the token
    elif isinstance(error, Blocked):
        most = TRIES_IF_BLOCKED
    elif isinstance(error, UnexpectedAnswer):
        most = TRIES_IF_NOT_AS_DOCUMENTED
    elif isinstance(error, NoAnswer) and not host_answered:
        most = TRIES_AT_FIRST
    else:
        most = TRIES
    wait = backoff.full_jitter(min(0.5 * 2 ** (tries - 1), LONGEST_DELAY))
    if error.wait is not None:  # at least: a server may name 0 each time
        wait = max(wait, min(error.wait, LONGEST_NAMED_DELAY) + backoff.full_jitter(0.5))
    if tries >= most or seconds + wait > LONGEST_TIME:
        return None
    return wait


def given_up(error: Exception, request: Request, tries: int, host_answers: bool) -> Exception:
    """What an error stands for that is not tried again. `host_answers`: whatever else was asked since the first try."""
    is_file = request.stream.is_file
    if isinstance(error, NoAnswer) and not is_file and not host_answers:
        return HostUnreachable(
            f"{request}: {error} after {tries} tries. Check api_url, the network and https://status.zoom.us, then run "
            "again with the last STATE to go on from here."
        )
    if isinstance(error, TokenRefused):
        return RequestRefused(f"{error}. Zoom accepts the token elsewhere ({tries} tries)")
    if isinstance(error, Retryable):
        where = f"{request}: " if isinstance(error, NoAnswer) else ""
        return RetriesExhausted(f"{where}{error} ({tries} tries)")
    return error
