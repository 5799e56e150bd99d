"""One request to Zoom's API: its URL, the HTTP exchange, and Zoom's refusals as our errors."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode

import requests
from requests.structures import CaseInsensitiveDict

from tap_zoom.auth import Login
from tap_zoom.config import DEFAULT_API_URL, Config, checked_url
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
)
from tap_zoom.http import Adapter, Answer, exchange, parse, shortened
from tap_zoom.records import Sequence
from tap_zoom.streams import Stream
from tap_zoom.throttle import Announcement, read_headers

PAGE_SIZE = 300  # what every list takes; users documents 2000 now, but 300 in the years before
SCOPE_CODES = (4711, 4700, 104)
NO_PERMISSION_CODES = (200, 12703)
TOKEN_INVALID = 124
WRONG_PATH = 2300
LONGEST_SHORT_WAIT = 120.0  # seconds; a 429 that asks for more is no per-second one, whatever it says


@dataclass(slots=True)
class Request:
    """One question. `ids` fill the path and become columns; `extra` is carried along for who asked."""

    stream: Stream
    ids: Mapping[str, Any]
    params: Mapping[str, str]
    owner: Any = None
    page_token: str = ""
    page_size: int = PAGE_SIZE
    page_number: int = 1
    sequence: Sequence = field(default_factory=Sequence)  # goes on over all pages of a list
    extra: Any = None
    restarts: int = 0

    @property
    def path(self) -> str:
        return path_of(self.stream, self.ids)

    def __str__(self) -> str:
        params = urlencode(self.params)
        return f"{self.stream.name}: GET /v2/{self.path}" + (f"?{params}" if params else "")


@dataclass(slots=True)
class Page:
    """An answer that is no refusal, as bytes: who takes it parses it, so that waiting pages stay small."""

    body: bytes
    received: datetime
    announcement: Announcement


def path_of(stream: Stream, ids: Mapping[str, Any]) -> str:
    """The stream's path below /v2 with its placeholders filled."""
    return stream.path.format_map({name: encoded(value, "uuid" in name) for name, value in ids.items()})


def encoded(value: object, is_uuid: bool) -> str:
    """An id as one segment of a path. A UUID with a slash is encoded twice, or Zoom cuts it there.

    Zoom asks for it where a UUID begins with a slash or holds two in a row; the others are found that way as well.
    Source: https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
    """
    once = quote(str(value), safe="", errors="replace")
    return quote(once, safe="") if is_uuid and "%2F" in once else once


class Client:
    """Asks over kept-alive connections with the login's token. Thread-safe; retries nothing."""

    def __init__(self, config: Config, login: Login, workers: int) -> None:
        self._config = config
        self._login = login
        self._adapter = Adapter(pool_connections=2, pool_maxsize=workers)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        if config.user_agent:
            self._headers["User-Agent"] = config.user_agent
        self._base = ""
        self._settings: Mapping[str, Any] = {}
        self.last_answer: float | None = None  # on the monotonic clock

    def log_in(self) -> None:
        """Have a token to ask with, so that `fetch` need not wait for one. Raises RunStopped where there is none."""
        self._login.token()

    def fetch(self, request: Request) -> Page:
        """The page that answers the request. Raises RequestFailed or RunStopped for anything else."""
        token = self._login.token()
        answer = self._get(request, token.value)
        self.last_answer = time.monotonic()
        now = datetime.now(timezone.utc)
        announcement = read_headers(answer.headers, now)
        try:
            judge(request, answer, announcement)
        except TokenRefused:
            self._login.refuse(token)
            raise
        return Page(answer.body, now, announcement)

    def _get(self, request: Request, token: str) -> Answer:
        """The HTTP exchange. Environment proxies are looked up once; redirects are not followed, so that the token
        goes to no other host."""
        if not self._base:
            self._connect()
        prepared = requests.PreparedRequest()
        prepared.method = "GET"
        prepared.url = f"{self._base}/{request.path}{query_of(request)}"
        prepared.headers = CaseInsensitiveDict(self._headers, Authorization=f"Bearer {token}")
        prepared.hooks = {}
        return exchange(self._adapter, prepared, self._settings)

    def _connect(self) -> None:
        """Where the API is: our setting, what the token answer said, or Zoom's default."""
        url = self._config.api_url or self._login.token().api_url
        base = checked_url(url, "The api_url of the token answer").removesuffix("/v2") if url else DEFAULT_API_URL
        with requests.Session() as session:
            self._settings = dict(session.merge_environment_settings(base, {}, True, None, None), stream=True)
            self._headers.setdefault("User-Agent", str(session.headers["User-Agent"]))
        self._base = f"{base}/v2"


def query_of(request: Request) -> str:
    """The query string: what the stream always sends, what this question asks, and paging."""
    params = {**request.stream.params, **request.params}
    if request.stream.paged:
        params["page_size"] = str(request.page_size)
        if request.page_token:
            params["next_page_token"] = request.page_token
    return f"?{urlencode(params)}" if params else ""


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
    for nothing in request.stream.nothing:
        if nothing.matches(status, code, message):
            return NothingHere(f"{status}/{code if code is not None else '-'}")
    if status >= 500:
        return Passing(said, announcement.wait)
    if code in SCOPE_CODES:
        return StreamRefused(said, scope_missing=True)
    if code in NO_PERMISSION_CODES:
        return StreamRefused(said, scope_missing=False)
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


def _limit_reached(request: Request, message: str, said: str, announcement: Announcement) -> RequestFailed | RunStopped:
    label = (announcement.label or request.stream.label).value
    long = announcement.wait is not None and announcement.wait > LONGEST_SHORT_WAIT
    if not (announcement.daily or long or "daily" in message.lower()):
        mine = announcement.label in (None, request.stream.label)
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
    if stream.records is not None and content.get(stream.records) is not None:
        return False
    if stream.records is None and ("id" in content or "uuid" in content or "questions" in content):
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
