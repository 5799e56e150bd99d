"""HTTP requests to Zoom's API, with the login's token."""

from __future__ import annotations

import logging
import re
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from urllib.parse import urljoin, urlsplit

from requests.utils import default_user_agent, requote_uri

from tap_zoom.api.auth import Login
from tap_zoom.api.http import Answer, Bearer, Connections, TooLarge
from tap_zoom.api.rate_limits import RateLimitHeaders, read_headers
from tap_zoom.api.request import Request, query_of
from tap_zoom.api.responses import Page, judge, judge_file
from tap_zoom.api.token_endpoint import Token
from tap_zoom.config import DEFAULT_API_URL, Config, checked_api_url
from tap_zoom.errors import EmptyAnswer, NoAnswer, RequestRefused, Retryable, TapZoomError, TokenRefused

TRIES_BEFORE_PROBE = 4  # of a request without an answer, if the host answers no other request either
PROBE = "users?page_size=1"  # requested if the host has never answered; any answer counts, also a refusal

LOGGER = logging.getLogger(__name__)
_ZOOMS_HOST = re.compile(r"([a-z0-9-]+\.)*(zoom\.us|zoomgov\.com)", re.ASCII)


class Client:
    """Sends requests with the login's token over persistent connections. Thread-safe. Doesn't retry."""

    def __init__(self, config: Config, login: Login, workers: int) -> None:
        self._config = config
        self._login = login
        self._connections = Connections(workers)
        self._headers = {
            "Accept": "application/json", "Accept-Encoding": "gzip, deflate",
            "User-Agent": config.user_agent or default_user_agent(),
        }  # fmt: skip
        self._base = ""
        self._answered: Request | None = None
        self.last_answer: float | None = None  # on the monotonic clock

    def log_in(self) -> None:
        """Make sure that there is a token, so that `fetch` doesn't wait for one. Raises RunStopped if there is none."""
        self._login.token()

    def fetch(self, request: Request, tries: int = 1) -> Page:
        """Return the requested page. Raises RequestFailed or RunStopped for any other answer. `tries`: how often the
        request has been sent, including this time."""
        token, left_at = self._login.token(), time.monotonic()
        try:
            page = self._send(request, token, tries)
        except TokenRefused as refusal:
            refusal.wait = self._login.refuse(token, refusal, tries > 1, lambda other: self._accepts(other, request))
            refusal.elsewhere = refusal.wait == 0.0
            raise
        except EmptyAnswer:
            self._login.accept(token, left_at)
            raise
        except NoAnswer:
            if not request.stream.is_file and tries >= TRIES_BEFORE_PROBE and (self.last_answer or 0.0) < left_at:
                self._probe(token)
            raise
        if not request.stream.is_file:
            self._login.accept(token, left_at)
            self._answered = request
        return page

    def _probe(self, token: Token) -> None:
        """Find out if only one path gets no answer: any answer to another request sets `last_answer`."""
        other = self._answered
        path = f"{other.path}{query_of(other)}" if other else PROBE
        with suppress(NoAnswer, TooLarge):
            self._exchange(f"{self._base}/{path}", token.value)
            self.last_answer = time.monotonic()

    def _accepts(self, token: Token, refused: Request) -> bool:
        """True if Zoom accepts this token. Repeats the last request that it answered, or else the refused one."""
        try:
            self._send(self._answered or refused, token, 1)
        except Retryable:
            return False
        except TapZoomError:
            pass  # a refusal for another reason
        return True

    def _send(self, request: Request, token: Token, tries: int) -> Page:
        started = time.monotonic()
        try:
            answer = self._get(request, token.value)
        except NoAnswer:
            _log_request(request, "no answer", started, tries)
            raise
        except TooLarge as error:
            raise RequestRefused(f"{request}: {error}") from None
        self.last_answer = time.monotonic()
        now = datetime.now(timezone.utc)
        headers = read_headers(answer.headers, now)
        outcome = str(answer.status)
        try:
            if request.stream.text_column or answer.moved:
                judge_file(request, answer, headers.wait)
            else:
                judge(request, answer, headers)
        except EmptyAnswer as nothing:
            outcome = f"{nothing.answer} ({nothing})"
            raise
        finally:
            _log_request(request, outcome, started, tries, headers.wait)
        return Page(answer.body, now, RateLimitHeaders() if answer.moved else headers)  # another host's aren't Zoom's

    def _get(self, request: Request, token: str) -> Answer:
        """Send a GET request. Redirects aren't followed, so that no other host gets the token. Only for a file one
        redirect is followed, without the token."""
        self._base = self._base or self._find_base()
        if not request.stream.is_file:
            return self._exchange(f"{self._base}/{request.path}{query_of(request)}", token)
        url = request.path if request.stream.text_column else f"{self._base}/{request.path}"
        if not self._is_safe(url) or not self._is_zooms(url):
            raise RequestRefused(f"{request}: the file isn't on a host of Zoom, so the token isn't sent there")
        answer = self._exchange(requote_uri(url), token)
        location = answer.headers.get("Location") if 300 <= answer.status < 400 else None
        if not location:
            return answer
        if not self._is_safe(url, location):
            raise RequestRefused(f"{request}: redirects to an address without https, which isn't followed")
        target = urljoin(url, location)
        return replace(self._exchange(requote_uri(target), None), moved=True)

    def _exchange(self, url: str, token: str | None) -> Answer:
        return self._connections.exchange("GET", url, self._headers, Bearer(token))

    def _is_safe(self, url: str, location: str = "") -> bool:
        """True if the URL, or the location it redirects to, is valid and https. Plain http is allowed if the API uses
        it too."""
        try:
            parts = urlsplit(urljoin(url, location))
            host = (parts.hostname or "").encode("idna")
            return bool(host) and parts.port != 0 and parts.scheme in ("https", urlsplit(self._base).scheme)
        except ValueError:  # from any of these calls
            return False

    def _is_zooms(self, url: str) -> bool:
        parts = urlsplit(url)
        known = parts.hostname == urlsplit(self._base).hostname
        return "@" not in parts.netloc and (known or _ZOOMS_HOST.fullmatch(parts.hostname or "") is not None)

    def _find_base(self) -> str:
        """Return the base URL of the API: from the settings, the token response, or Zoom's default."""
        url = self._config.api_url or self._login.token().api_url
        base = checked_api_url(url, "The api_url of the token response") if url else DEFAULT_API_URL
        return f"{base}/v2"


def _log_request(request: Request, outcome: str, started: float, tries: int, wait: float | None = None) -> None:
    """Log a request and its outcome at DEBUG, without e-mails and tokens. `wait`: seconds, if the answer asks to."""
    if LOGGER.isEnabledFor(logging.DEBUG):
        params = {**request.ids, **request.params, **({"page": request.page} if request.page > 1 else {})}
        LOGGER.debug(
            "%s: %s in %.0f ms, try %d%s",
            " ".join([request.stream.name, *(f"{name}={_redacted(value)}" for name, value in params.items())]),
            outcome, 1000 * (time.monotonic() - started), tries, "" if wait is None else f", wait {wait:g} s",
        )  # fmt: skip


def _redacted(value: object) -> str:
    """Return an id as text, without e-mails and URLs."""
    return "***" if re.search("@|://", str(value)) else str(value)
