"""What an answer means: a page of data, or a refusal as one of our errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tap_zoom.api.bodies import is_bare_error, is_error, list_fault, read_error
from tap_zoom.api.http import Answer, parse, shortened
from tap_zoom.api.rate_limits import Announcement, seconds_to_midnight, server_time
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
PAGE_TOKEN_CODES = (300, 400, 1003100)  # each product has its own; the message names the token
WRONG_PATH = 2300
TOO_MANY = 429
LONGEST_SHORT_WAIT = 120.0  # seconds; a 429 that asks for more is no per-second one, whatever it says
MINUTE = 60.0  # seconds; dashboards are limited by the minute


@dataclass(slots=True)
class Page:
    """An answer that is no refusal, as bytes: who takes it parses it, so that waiting pages stay small."""

    body: bytes
    received: datetime
    announcement: Announcement


def judge(request: Request, answer: Answer, announcement: Announcement) -> None:
    """Raise what the answer means, or return when it is a page of data."""
    status, body = answer.status, answer.body
    if 300 <= status < 400:
        raise RequestRefused(f"{request} answered {status}, a redirect; these are not followed, to keep the token here")
    try:
        content = parse(body)
    except ValueError:
        content = None
        is_declared = not body.strip() and _declared(request.stream, status, None, "", "") is not None
        if not is_declared and not _says_something(status, body):
            raise _no_json(request, status, body, announcement.wait) from None
    if status == 200 and isinstance(content, dict) and not is_error(request.stream, content):
        fault = list_fault(request, content)
        if fault is None:
            return
        raise UnexpectedAnswer(f"{request} answered 200 {fault}", announcement.wait)
    code, message = read_error(content, body)
    message = shortened(message.strip().rstrip("."))
    said = f"{request} answered {status}" + (f" code {code}" if code is not None else "")
    if status == 200 and not isinstance(content, dict):
        said += " with JSON that is not an object"
    said += f": {message}" if message else ""
    if status == TOO_MANY or (code == TOO_MANY and status < 500):
        now = server_time(answer.headers, datetime.now(timezone.utc))
        raise _limit_reached(request, message, said, announcement, now)
    is_bare = is_bare_error(content, body, message)
    error: RequestFailed | RunStopped | None = None
    if code is not None or is_bare:
        error = _declared(request.stream, status, code, message, said)
    if isinstance(error, EmptyAnswer) and request.page > 1:
        error = RequestRefused(f"{said} (page {request.page} of a list whose earlier pages were read)")
    if error is None:
        error = _general(status, code, message, said, announcement.wait)
    if error is None:
        # An error in another form than Zoom's comes from something on the way, and may pass.
        is_zooms = is_bare or (code is not None and (not isinstance(content, dict) or "code" in content))
        error = RequestRefused(said) if is_zooms else UnexpectedAnswer(said, announcement.wait)
    raise error


def judge_file(request: Request, answer: Answer) -> None:
    """The same for a file, which is not the API's: only a status can be relied on, and no refusal is the account's."""
    status = answer.status
    said = f"{request} answered {status} for the file"
    if status == 429 or status >= 500:
        raise Retryable(said)
    if status == 401 and not answer.moved:
        raise TokenRefused(said)
    if status != 200:
        raise RequestRefused(said)


def _says_something(status: int, body: bytes) -> bool:
    """Whether a body that is no JSON still is Zoom's answer: a 429, a bare 404, or an error with unescaped quotes."""
    if status == 429 or (status in (400, 404) and not body.strip()):
        return True
    return 400 <= status < 500 and body.lstrip()[:1] == b"{" and re.search(rb'"code"\s*:', body) is not None


def _general(
    status: int, code: int | None, message: str, said: str, wait: float | None
) -> RequestFailed | RunStopped | None:
    """The error that a status and a code stand for whatever was asked; None for any other."""
    if code == TOKEN_INVALID:
        return TokenRefused(said)
    if status >= 500:
        return Retryable(said, wait)
    if code in SCOPE_CODES:
        return NoAccess(said, True, f"{status}/{code}")
    if code in NO_PERMISSION_CODES:
        return NoAccess(said, False, f"{status}/{code}")
    if code in PAGE_TOKEN_CODES and re.search(r"page.?token", message, re.IGNORECASE):
        return PageTokenExpired(said)
    if code == WRONG_PATH:
        return AccountRefused(f"{said}. Zoom does not know this path: check api_url, then look for a newer tap-zoom.")
    if status == 401:
        return TokenRefused(said)
    if status == 403 and code is None:
        return AccountRefused(
            f"{said}. Zoom denies API access to the whole account: its owner or an administrator has to allow the app."
        )
    return None


def _declared(stream: Stream, status: int, code: int | None, message: str, said: str) -> RequestFailed | None:
    """The error that the stream declares for a status, a code and a message. Source: Zoom's page of each operation."""
    if stream.date_range and any(refusal.matches(status, code, message) for refusal in stream.date_range.out_of_range):
        return DatesTooOld(said)
    for nothing in (*stream.empty_answers, *OTHER_ACCOUNT):
        if nothing.matches(status, code, message):
            answer = f"{status}/{code if code is not None else '-'}"
            return EmptyAnswer(nothing.reason or answer, answer)
    if any(refusal.matches(status, code, message) for refusal in stream.no_access):
        return NoAccess(said, False, f"{status}/{code}")
    return None


def _limit_reached(
    request: Request, message: str, said: str, announcement: Announcement, server_time: datetime
) -> RequestFailed | RunStopped:
    """A 429: of the second or the minute, which passes, or of the day."""
    rate_limit = request.stream.rate_limit
    label = announcement.label or rate_limit.category
    wait = announcement.wait or None  # a time that is over says nothing
    long = wait is not None and wait > LONGEST_SHORT_WAIT
    if not (announcement.daily or long or "daily" in message.lower()):
        by_minute = label == INTENSIVE.category or "per-minute" in message.lower()
        mine = announcement.label in (None, rate_limit.category)
        named = MINUTE if by_minute and wait is None else announcement.wait
        return RateLimited(said, named, announcement.limit if mine else None)
    limit = f" of {announcement.limit:g}" if announcement.daily and announcement.limit else ""
    wait = seconds_to_midnight(server_time) if wait is None else wait
    reset = (datetime.now(timezone.utc) + timedelta(seconds=wait)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return DailyLimitReached(
        f"The account's daily limit{limit} for {label} requests is reached and resets at {reset} ({said}). "
        "Run again after that with the last STATE to go on from here, or set on_daily_limit to wait.",
        wait,
    )


def _no_json(request: Request, status: int, body: bytes, wait: float | None) -> Retryable:
    """HTML, an empty or a broken body."""
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no valid JSON" if body.strip() else "an empty body"
    said = f"{request} answered {status} with {kind} in place of JSON"
    return Blocked(said, wait) if 400 <= status < 500 else Retryable(said, wait)
