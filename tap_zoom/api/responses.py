"""What an answer means: a page of data, or a refusal as one of our errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_zoom.api.http import Answer, parse, shortened
from tap_zoom.api.rate_limits import Announcement
from tap_zoom.api.request import Request
from tap_zoom.errors import (
    AccountRefused,
    Blocked,
    DailyLimitReached,
    ItemLost,
    NothingHere,
    PageTokenExpired,
    Passing,
    RateLimited,
    RequestFailed,
    RunStopped,
    StreamRefused,
    TokenRefused,
    TooEarly,
)
from tap_zoom.streams.model import Stream
from tap_zoom.streams.refusals import OTHER_ACCOUNT

SCOPE_CODES = (4711, 4700, 104)
NO_PERMISSION_CODES = (200, 12703)
TOKEN_INVALID = 124
WRONG_PATH = 2300
LONGEST_SHORT_WAIT = 120.0  # seconds; a 429 that asks for more is no per-second one, whatever it says


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
        raise ItemLost(f"{request} answered {status}: a redirect, which is not followed: the token would go along")
    try:
        content = parse(body)
    except ValueError:
        content = None
        if not _says_something(status, body):
            raise _no_json(request, status, body, announcement.wait) from None
    if status == 200 and isinstance(content, dict) and not _is_error(request.stream, content):
        return
    code, message = read_error(content, body)
    message = shortened(message.strip().rstrip("."))
    said = f"{request} answered {status}" + (f" code {code}" if code is not None else "")
    raise _meaning(request, status, code, message, said + (f": {message}" if message else ""), announcement)


def judge_file(request: Request, answer: Answer) -> None:
    """The same for a file, which is not the API's: only a status can be relied on, and no refusal is the account's."""
    status = answer.status
    said = f"{request} answered {status} for the file"
    if status == 429 or status >= 500:
        raise Passing(said)
    if status == 401 and not answer.moved:
        raise TokenRefused(said)
    if status != 200:
        raise ItemLost(said)


def _says_something(status: int, body: bytes) -> bool:
    """Whether a body that is no JSON still is Zoom's answer: a 429, a bare 404, or an error with unescaped quotes."""
    if status == 429 or (status in (400, 404) and not body.strip()):
        return True
    return 400 <= status < 500 and body.lstrip()[:1] == b"{" and re.search(rb'"code"\s*:', body) is not None


def _meaning(
    request: Request, status: int, code: int | None, message: str, said: str, announcement: Announcement
) -> RequestFailed | RunStopped:
    """The error that Zoom's status, code and message stand for. Source: Zoom's page of each operation."""
    if status == 429:
        return _limit_reached(request, message, said, announcement)
    if code == TOKEN_INVALID:
        return TokenRefused(said)
    declared = _declared(request.stream, status, code, message, said)
    if declared is not None:
        return declared
    if status >= 500:
        return Passing(said, announcement.wait)
    if code in SCOPE_CODES:
        return StreamRefused(said, True, f"{status}/{code}")
    if code in NO_PERMISSION_CODES:
        return StreamRefused(said, False, f"{status}/{code}")
    if code == 300 and re.search(r"page.?token", message, re.IGNORECASE):
        return PageTokenExpired(said)
    if code == WRONG_PATH:
        return AccountRefused(f"{said}. Zoom does not know this path: check api_url, then look for a newer tap-zoom.")
    if status == 401:
        return TokenRefused(said)
    if status == 403 and code is None:
        return AccountRefused(
            f"{said}. Zoom denies API access to the whole account: its owner or an administrator has to allow the app."
        )
    return ItemLost(said)


def _declared(stream: Stream, status: int, code: int | None, message: str, said: str) -> RequestFailed | None:
    """What the stream itself says about such a refusal."""
    if stream.date_range and any(refusal.matches(status, code, message) for refusal in stream.date_range.out_of_range):
        return TooEarly(said)
    for nothing in (*stream.empty_answers, *OTHER_ACCOUNT):
        if nothing.matches(status, code, message):
            answer = f"{status}/{code if code is not None else '-'}"
            return NothingHere(nothing.reason or answer, answer)
    if any(refusal.matches(status, code, message) for refusal in stream.no_access):
        return StreamRefused(said, False, f"{status}/{code}")
    return None


def _limit_reached(request: Request, message: str, said: str, announcement: Announcement) -> RequestFailed | RunStopped:
    rate_limit = request.stream.rate_limit
    label = announcement.label or rate_limit.category
    long = announcement.wait is not None and announcement.wait > LONGEST_SHORT_WAIT
    if not (announcement.daily or long or "daily" in message.lower()):
        mine = announcement.label in (None, rate_limit.category)
        return RateLimited(said, announcement.wait, announcement.limit if mine else None)
    limit = f" of {announcement.limit:g}" if announcement.daily and announcement.limit else ""
    reset = "at the time that Zoom's dashboard names"
    if announcement.wait is not None:
        reset = (datetime.now(timezone.utc) + timedelta(seconds=announcement.wait)).strftime("at %Y-%m-%dT%H:%M:%SZ")
    return DailyLimitReached(
        f"The account's daily limit{limit} for {label} requests is reached and resets {reset} ({said}). "
        "Run again after that with the last STATE to go on from here, or set on_daily_limit to wait.",
        announcement.wait,
    )


def _no_json(request: Request, status: int, body: bytes, wait: float | None) -> Passing:
    """HTML, an empty or a broken body."""
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no valid JSON" if body.strip() else "an empty body"
    said = f"{request} answered {status} with {kind} in place of JSON"
    return Blocked(said, wait) if 400 <= status < 500 else Passing(said, wait)


def _is_error(stream: Stream, content: dict[str, Any]) -> bool:
    """Whether an answer under HTTP 200 is an error body: a code, or a message of one, in the place of the data."""
    lists = (*stream.record_lists, *stream.records.partition(".")[0].split("|"))
    if any(content.get(name) is not None for name in lists if name):
        return False
    if not stream.records and ("id" in content or "uuid" in content or "questions" in content):
        return False
    code = content.get("code")
    return code not in (None, 0, "0") or (code is None and "error_message" in content)


def read_error(content: Any, body: bytes) -> tuple[int | None, str]:
    """Zoom's code and message. A message with unescaped quotes makes the body invalid JSON: then by pattern."""
    if isinstance(content, dict):
        code, message = content.get("code"), content.get("message") or content.get("error_message") or ""
        if not message and isinstance(content.get("reason"), str):
            message = content["reason"]
    else:
        text = body.decode("utf-8", "replace")
        found = re.search(r'"code"\s*:\s*"?(-?\d+)', text)
        code = found.group(1) if found else None
        words = re.search(r'"(?:error_)?message"\s*:\s*"(.*?)"?\s*[,}]?\s*\}?\s*$', text, re.DOTALL)
        message = words.group(1) if words else ""
    try:
        return (int(code) if code is not None and not isinstance(code, bool) else None), str(message)
    except (ValueError, TypeError, OverflowError):
        return None, str(message)
