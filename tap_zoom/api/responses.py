"""The meaning of an answer: a page of data, or one of the errors of the tap."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tap_zoom.api.bodies import is_bare_error, is_error, list_fault, read_error
from tap_zoom.api.http import Answer, parse, shortened
from tap_zoom.api.rate_limits import RateLimitHeaders, seconds_to_midnight, server_time
from tap_zoom.api.request import Request
from tap_zoom.errors import (
    AccountRefused,
    Blocked,
    DailyLimitReached,
    DatesTooOld,
    EmptyAnswer,
    NoAccess,
    PageTokenExpired,
    RateLimited,
    RequestFailed,
    RequestRefused,
    Retryable,
    RunStopped,
    TokenRefused,
    UnexpectedAnswer,
)
from tap_zoom.streams.model import INTENSIVE, Stream
from tap_zoom.streams.refusals import OTHER_ACCOUNT

SCOPE_CODES = (4711, 4700, 104)
NO_PERMISSION_CODES = (200, 12703)
TOKEN_INVALID = 124
PAGE_TOKEN_CODES = (300, 400, 1003100)  # they differ by product; the message mentions the page token
WRONG_PATH = 2300
TOO_MANY = 429
LONGEST_SHORT_WAIT = 120.0  # seconds; a 429 that asks for more is about a daily limit, whatever its type
MINUTE = 60.0  # seconds; dashboards have a limit per minute


@dataclass(slots=True)
class Page:
    """A successful answer, as bytes. It is parsed later, so that waiting pages use less memory."""

    body: bytes
    received: datetime
    headers: RateLimitHeaders


def judge(request: Request, answer: Answer, headers: RateLimitHeaders) -> None:
    """Raise the error that an answer stands for. Returns if it is a page of data."""
    status, body = answer.status, answer.body
    if 300 <= status < 400:
        raise RequestRefused(f"{request} answered {status}, a redirect. It isn't followed, to protect the token")
    try:
        content = parse(body)
    except ValueError:
        content = None
        is_declared = not body.strip() and _declared(request.stream, status, None, "", "") is not None
        if not is_declared and not _is_zooms(status, body):
            raise _not_json(request, status, body, headers.wait) from None
    if status == 200 and isinstance(content, dict) and not is_error(request.stream, content):
        fault = list_fault(request, content)
        if fault is None:
            return
        raise UnexpectedAnswer(f"{request} answered 200 {fault}", headers.wait)
    code, message = read_error(content, body)
    message = shortened(message.strip().rstrip("."))
    text = f"{request} answered {status}" + (f" code {code}" if code is not None else "")
    if status == 200 and not isinstance(content, dict):
        text += " with JSON that is not an object"
    text += f": {message}" if message else ""
    if status == TOO_MANY or (code == TOO_MANY and status < 500):
        now = server_time(answer.headers, datetime.now(timezone.utc))
        raise _limit_reached(request, message, text, headers, now)
    is_bare = is_bare_error(content, body, message)
    error: RequestFailed | RunStopped | None = None
    if code is not None or is_bare:
        error = _declared(request.stream, status, code, message, text)
    if isinstance(error, (EmptyAnswer, DatesTooOld)) and request.page > 1:
        error = RequestRefused(f"{text} (page {request.page} of a list whose earlier pages were read)")
    if error is None:
        error = _general(status, code, message, text, headers.wait)
    if error is None:
        # An error that isn't in Zoom's format comes from a proxy or gateway, and may be temporary.
        is_zooms = is_bare or (code is not None and (not isinstance(content, dict) or "code" in content))
        error = RequestRefused(text) if is_zooms else UnexpectedAnswer(text, headers.wait)
    raise error


def judge_file(request: Request, answer: Answer, wait: float | None) -> None:
    """Like `judge`, for a file. It isn't from the API, so only the status counts, and no refusal is the account's.

    `wait`: seconds, if the answer asks to.
    """
    status = answer.status
    text = f"{request} answered {status} for the file"
    if status == 429:
        raise RateLimited(text, wait)
    if status >= 500:
        raise Retryable(text, wait)
    if status == 401 and not answer.moved:
        raise TokenRefused(text)
    if status != 200:
        raise RequestRefused(text)


def _is_zooms(status: int, body: bytes) -> bool:
    """True if a body that isn't JSON may be Zoom's: a 429, a 401 that isn't HTML, an empty 400 or 404, or an error with
    unescaped quotes. A body that is cut off isn't judged: its code may be complete, its message isn't."""
    if status == 429 or (status == 401 and body.lstrip()[:1] != b"<") or (status in (400, 404) and not body.strip()):
        return True
    is_whole = body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"
    return 400 <= status < 500 and is_whole and re.search(rb'"code"\s*:', body) is not None


def _general(
    status: int, code: int | None, message: str, text: str, wait: float | None
) -> RequestFailed | RunStopped | None:
    """Return the error for a status and a code that mean the same for all streams; None for others."""
    if code == TOKEN_INVALID:
        return TokenRefused(text)
    if status >= 500:
        return Retryable(text, wait)
    if code in SCOPE_CODES:
        return NoAccess(text, True, f"{status}/{code}")
    if code in NO_PERMISSION_CODES:
        return NoAccess(text, False, f"{status}/{code}")
    if code in PAGE_TOKEN_CODES and re.search(r"page.?token", message, re.IGNORECASE):
        return PageTokenExpired(text)
    if code == WRONG_PATH:
        return AccountRefused(f"{text}. Zoom doesn't know this path: check api_url, then look for a newer tap-zoom.")
    if status == 401:
        return TokenRefused(text)
    if status == 403 and code is None:
        return AccountRefused(
            f"{text}. Zoom denies API access to the whole account: its owner or an administrator must allow the app."
        )
    return None


def _declared(stream: Stream, status: int, code: int | None, message: str, text: str) -> RequestFailed | None:
    """Return the error that the stream declares for an answer, if any. Source: Zoom's page of each operation."""
    if stream.date_range and any(refusal.matches(status, code, message) for refusal in stream.date_range.out_of_range):
        return DatesTooOld(text)
    for nothing in (*stream.empty_answers, *OTHER_ACCOUNT):
        if nothing.matches(status, code, message):
            answer = f"{status}/{code if code is not None else '-'}"
            return EmptyAnswer(nothing.reason or answer, answer)
    if any(refusal.matches(status, code, message) for refusal in stream.no_access):
        return NoAccess(text, False, f"{status}/{code}")
    return None


def _limit_reached(
    request: Request, message: str, text: str, headers: RateLimitHeaders, server_time: datetime
) -> RequestFailed | RunStopped:
    """Return the error for a 429: a temporary one per second or minute, or a daily limit."""
    rate_limit = request.stream.rate_limit
    label = headers.label or rate_limit.category
    wait = headers.wait or None  # ignore a time in the past
    long = wait is not None and wait > LONGEST_SHORT_WAIT
    if not (headers.daily or long or "daily" in message.lower()):
        by_minute = label == INTENSIVE.category or "per-minute" in message.lower()
        is_same = headers.label in (None, rate_limit.category)
        seconds = MINUTE if by_minute and wait is None else headers.wait
        return RateLimited(text, seconds, headers.limit if is_same else None)
    limit = f" of {headers.limit:g}" if headers.daily and headers.limit else ""
    wait = seconds_to_midnight(server_time) if wait is None else wait
    reset = (datetime.now(timezone.utc) + timedelta(seconds=wait)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return DailyLimitReached(
        f"The account's daily limit{limit} for {label} requests is reached and resets at {reset} ({text}). "
        "Run again after that with the last STATE to resume, or set on_daily_limit to wait.",
        wait,
    )


def _not_json(request: Request, status: int, body: bytes, wait: float | None) -> Retryable:
    """Return the error for HTML, an empty body or invalid JSON."""
    kind = "HTML" if body.lstrip()[:1] == b"<" else "invalid JSON" if body.strip() else "an empty body"
    text = f"{request} answered {status} with {kind}{'' if kind == 'invalid JSON' else ' instead of JSON'}"
    return Blocked(text, wait) if 400 <= status < 500 else Retryable(text, wait)
