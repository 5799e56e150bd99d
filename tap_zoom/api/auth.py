"""Three ways to a token: Server-to-Server OAuth, OAuth with a rotating refresh token, and a JSON Web Token.

Source: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ and https://developers.zoom.us/docs/integrations/oauth/
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from tap_zoom.api.http import Answer, Connections, TooLarge, in_time, parse, shortened
from tap_zoom.api.retry import delay
from tap_zoom.api.token_store import TokenStore, token_store
from tap_zoom.config import Config
from tap_zoom.errors import HostSilent, LoginRefused, NoThread, Passing, TapZoomError
from tap_zoom.interrupts import Interrupts

RENEW_BEFORE = 60.0  # seconds before its end, a token is no longer used
TIME_TO_BE_KNOWN = 30.0  # seconds: a new token is not known at once to all of Zoom


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `scopes` is None where the login names none (JWT)."""

    value: str = field(repr=False)
    expires_at: float = float("inf")  # on the monotonic clock
    scopes: frozenset[str] | None = None
    api_url: str | None = None


class Login:
    """Hands out one token to all threads and gets the next one when it ends, however many ask at once.

    `ask` gets a new token; `keep_secret` is told every secret that was received, so that no log line shows it.
    """

    def __init__(self, ask: Callable[[], Token]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._known_at = float("-inf")  # when the token is known to all of Zoom, on the monotonic clock
        self._failure: TapZoomError | None = None

    def token(self) -> Token:
        """The token to use now. Raises LoginRefused or HostSilent where there is none."""
        token = self._token
        return self._next(token) if token is None or time.monotonic() > token.expires_at else token

    def first_token(self, interrupts: Interrupts) -> Token:
        """The same, in a thread of its own: a signal must not come between a refresh token and its store.

        Raises NoThread where there is none for it.
        """
        results: SimpleQueue[Token | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                results.put(self.token())
            except Exception as error:
                results.put(error)

        try:
            threading.Thread(target=ask, daemon=True).start()
        except RuntimeError as error:
            raise NoThread(error) from None
        with interrupts.allowed():
            result = results.get()
        if isinstance(result, Exception):
            raise result
        return result

    def refuse(self, token: Token) -> None:
        """Zoom did not accept this one, so it is over: the next is asked for when one is needed.

        A token that has just taken another one's place stays, or each would be refused before all of Zoom knows it.
        """
        with self._lock:
            if token is self._token and time.monotonic() > self._known_at:
                self._token = replace(token, expires_at=float("-inf"))

    def settle(self, seconds: float) -> None:
        """Before the process ends: let a token that is being asked for be kept, and no other be asked for."""
        self._lock.acquire(timeout=seconds)

    def _next(self, former: Token | None) -> Token:
        """A token other than the one that is over; asked for once, whoever else waits for it."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            token = self._token
            if token is None or token is former:
                try:
                    token = self._ask()
                except TapZoomError as error:
                    self._failure = error
                    raise
                if former is not None:
                    self._known_at = time.monotonic() + TIME_TO_BE_KNOWN
                self._token = token
            return token


def login(config: Config, keep_secret: Callable[[str], None]) -> Login:
    """The login that the settings describe. Makes no request yet."""
    if config.jwt is not None:
        token = Token(config.jwt)
        return Login(lambda: token)
    endpoint = _TokenEndpoint(config, keep_secret)
    if config.account_id is not None:
        form = {"grant_type": "account_credentials", "account_id": config.account_id}
        return Login(lambda: endpoint.read(endpoint.ask(form)))
    store = token_store(config)
    return Login(lambda: _refreshed(endpoint, store, keep_secret))


def _refreshed(endpoint: _TokenEndpoint, store: TokenStore, keep_secret: Callable[[str], None]) -> Token:
    """Spend the refresh token, and keep the next one before the access token that came with it is used."""
    with store.rotation() as rotation:
        keep_secret(rotation.token)
        answer = endpoint.ask({"grant_type": "refresh_token", "refresh_token": rotation.token})
        following = answer.get("refresh_token")
        if isinstance(following, str) and following and following != rotation.token:
            keep_secret(following)
            try:
                rotation.keep(following)
            except OSError as error:
                raise LoginRefused(
                    f"The new refresh token can't be written ({error.strerror}), and the old one is spent: make room, "
                    "or the file writable; if the next run is refused, authorise the app again."
                ) from None
    return endpoint.read(answer)


class _TokenEndpoint:
    """POST {auth_url}, with the client's id and secret as Basic authentication."""

    def __init__(self, config: Config, keep_secret: Callable[[str], None]) -> None:
        self._url = config.auth_url
        self._client = (config.client_id or "", config.client_secret or "")
        self._headers = {"User-Agent": config.user_agent} if config.user_agent else {}
        self._keep_secret = keep_secret
        self._answered = False

    def read(self, answer: dict[str, Any]) -> Token:
        """The token in an answer; seconds to live, scopes and api_url where it names them."""
        value = answer["access_token"]
        self._keep_secret(value)
        lives = answer.get("expires_in")
        seconds = float(lives) if isinstance(lives, (int, float)) and lives > 0 else 3600.0
        scopes, api_url = answer.get("scope"), answer.get("api_url")
        if isinstance(scopes, list):
            scopes = " ".join(map(str, scopes))
        return Token(
            value,
            time.monotonic() + max(seconds - RENEW_BEFORE, seconds / 2),
            frozenset(re.split(r"[\s,]+", scopes.strip())) if isinstance(scopes, str) and scopes.strip() else None,
            api_url if isinstance(api_url, str) and api_url else None,
        )

    def ask(self, form: dict[str, str]) -> dict[str, Any]:
        """The token answer. What can pass is tried again here, since nothing else can go on without it."""
        started, tries = time.monotonic(), 0
        while True:
            try:
                return self._ask_once(form)
            except Passing as error:
                tries += 1
                wait = delay(error, tries, time.monotonic() - started, self._answered)
                if wait is None:
                    raise HostSilent(
                        f"Login failed: {self._url} gives no usable answer after {tries} tries. {error}. "
                        "Check auth_url, the network and https://status.zoom.us."
                    ) from None
                time.sleep(wait)

    def _ask_once(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            answer = in_time(
                lambda: Connections(1).exchange("POST", self._url, self._headers, self._client, form)
            )
        except TooLarge as error:
            raise Passing(str(error)) from None
        self._answered = True
        return self._judged(answer, form["grant_type"])

    def _judged(self, answer: Answer, grant: str) -> dict[str, Any]:
        try:
            content = parse(answer.body)
        except ValueError:
            content = None
        if answer.status == 429 or answer.status >= 500:
            raise Passing(f"It answered {answer.status}")
        if not isinstance(content, dict):
            raise Passing(f"It answered {answer.status} without JSON")
        token = content.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable() and token:
            return content
        raise LoginRefused(self._advice(answer.status, content, grant))

    def _advice(self, status: int, content: dict[str, Any], grant: str) -> str:
        error = str(content.get("error") or "")
        reason = content.get("reason") or content.get("message") or error or "no access_token"
        words = shortened(str(reason))
        said = f"Login refused by {self._url}: {status} {words}" + (f" ({error})" if error and error != words else "")
        if error == "invalid_client":
            return f"{said}. Check client_id and client_secret against the app's credentials page."
        if error == "invalid_grant" and grant == "refresh_token":
            return (
                f"{said}. The refresh token was used before, revoked or has expired, and trying again can't help: "
                "authorise the app again and set the new refresh_token."
            )
        if grant == "account_credentials":
            return f"{said}. Check account_id, and that the Server-to-Server OAuth app is activated."
        return f"{said}. Check the app on https://marketplace.zoom.us, then authorise it again."

