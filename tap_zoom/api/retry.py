"""The retry policy: how long to wait before each retry, when to give up, and with which error.

`backoff` provides the jitter. The caller waits: the queue of the rate limit, or the login.
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

TRIES = 8  # 5xx, invalid JSON, no answer
TRIES_AT_FIRST = 5  # if the host has never answered, to report a wrong URL soon
TRIES_IF_LIMITED = 40
TRIES_IF_TOKEN_REFUSED = 4  # for one path, with tokens that Zoom accepts for others
TRIES_BY_ERROR = {  # TRIES for others
    Blocked: 4, UnexpectedAnswer: 6, RateLimited: TRIES_IF_LIMITED, TokenRefused: TRIES_IF_TOKEN_REFUSED,
}  # fmt: skip
LONGEST_DELAY_FOR_TOKEN = 0.5  # seconds, in addition to the delay from the login
LONGEST_DELAY = 30.0
LONGEST_NAMED_DELAY = 120.0  # if the server names a delay
LONGEST_TIME = 600.0  # from the first try to the last


def delay(error: Retryable, tries: int, seconds: float, host_answered: bool) -> float | None:
    """Return the seconds to wait before the next try, None to give up.

    `tries`: how often this request has failed, including now (429s and refused tokens are counted apart);
    `seconds`: time since its first try; `host_answered`: the host has answered in this run.
    """
    if isinstance(error, TokenRefused):
        if not error.elsewhere:  # the login decides when to give up
            return (error.wait or 0.0) + backoff.full_jitter(LONGEST_DELAY_FOR_TOKEN)
        seconds = 0.0  # the time until then is unrelated to the token
    is_first = isinstance(error, NoAnswer) and not host_answered
    most = TRIES_AT_FIRST if is_first else TRIES_BY_ERROR.get(type(error), TRIES)
    wait = backoff.full_jitter(min(0.5 * 2 ** (tries - 1), LONGEST_DELAY))
    if error.wait is not None:  # as a minimum: a server may always name 0
        wait = max(wait, min(error.wait, LONGEST_NAMED_DELAY) + backoff.full_jitter(0.5))
    if tries >= most or seconds + wait > LONGEST_TIME:
        return None
    return wait


def given_up(error: Exception, request: Request, tries: int, host_answers: bool) -> Exception:
    """Return the error for a request that isn't retried. `host_answers`: the host has answered since the first try."""
    is_file = request.stream.is_file
    if isinstance(error, NoAnswer) and not is_file and not host_answers:
        return HostUnreachable(
            f"{request}: {error} after {tries} tries. Check api_url, the network and https://status.zoom.us, then run "
            "again with the last STATE to resume."
        )
    if isinstance(error, TokenRefused):
        return RequestRefused(f"{error}. Zoom accepts the token elsewhere ({tries} tries)")
    if isinstance(error, Retryable):
        where = f"{request}: " if isinstance(error, NoAnswer) else ""
        return RetriesExhausted(f"{where}{error} ({tries} tries)")
    return error
