"""Three ways to get a token: Server-to-Server OAuth, OAuth with a rotating refresh token, and a JSON Web Token.

Source: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ and https://developers.zoom.us/docs/integrations/oauth/
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tap_zoom.api.http import ANSWER_TIMEOUT, CONNECT_TIMEOUT
from tap_zoom.api.token_endpoint import Token, TokenEndpoint
from tap_zoom.api.token_store import TokenStore, token_store
from tap_zoom.config import Config
from tap_zoom.errors import LoginRefused, NoWorker, Stopped, TapZoomError, TokenRefused
from tap_zoom.interrupts import Interrupts

PROPAGATION_TIME = 30.0  # seconds until all of Zoom accepts a new token
MAX_REFUSED_TOKENS = 3  # tokens in a row that Zoom never accepted, before the login counts as refused
REFUSALS_OF_ENDED = 2  # refusals in a row after which a new token that was once accepted counts as ended
MAX_QUICK_TOKENS = 5  # new tokens after an ended one that are replaced without waiting for PROPAGATION_TIME
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two tries while a token is new

LOGGER = logging.getLogger(__name__)


class Login:
    """Shares one token between all threads, and requests the next one once when it ends.

    Zoom may refuse a token for four reasons. `refuse` distinguishes them:

    * It has expired or was revoked: the next one is requested.
    * It is new, and not all of Zoom accepts it yet: it gets PROPAGATION_TIME. Until then, no request is sent.
    * Another program requested a token for the same app, which ended this one: the next one is requested.
    * Only one path is refused: Zoom accepts the token elsewhere.

    After MAX_REFUSED_TOKENS tokens in a row without an accepted request, the login counts as refused.
    """

    def __init__(self, request: Callable[[], Token], exchange_lock: threading.Lock | None = None) -> None:
        """`request` gets a new token. `exchange_lock` is held from sending a refresh token until the next is stored."""
        self._request = request
        self._exchange_lock = exchange_lock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._propagated_at = float("-inf")  # when all of Zoom accepts the token; all times are on the monotonic clock
        # A token that Zoom accepted, and when its latest accepted request was sent.
        self._accepted: tuple[Token | None, float] = (None, float("-inf"))
        self._refused_tokens = 0  # tokens in a row that were refused and never accepted
        self._failure: TapZoomError | None = None
        self._quick_tokens = 0  # further tokens to replace without waiting, since another program seems to end them
        self._propagates_slowly = False  # a new token was accepted, refused and accepted again
        self._warned_of_other_program = False

    def token(self) -> Token:
        """Return the current token. Blocks while Zoom doesn't accept it yet. Raises LoginRefused or HostUnreachable if
        there is none."""
        token = self._token
        if token is None or time.monotonic() > token.expires_at or self._lock.locked():
            return self._next(token)
        return token

    def first_token(self, interrupts: Interrupts) -> Token:
        """Return the token like `token`, but in a new thread, so that signals are handled meanwhile.

        Raises NoWorker if the system can't start a thread.
        """
        results: list[Token | Exception] = []

        def request() -> None:
            try:
                results.append(self.token())
            except Exception as error:
                results.append(error)
            interrupts.wake()

        try:
            threading.Thread(target=request, daemon=True).start()
        except RuntimeError as error:
            raise NoWorker(error) from None
        while not results:
            interrupts.wait(float("inf"))
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    def accept(self, token: Token, left_at: float) -> None:
        """Record that Zoom accepted the token for a request that was sent at this time."""
        if token is self._token:
            self._accepted = (token, left_at)
        self._refused_tokens = 0

    def refuse(self, token: Token, why: TokenRefused, again: bool, accepts: Callable[[Token], bool]) -> float | None:
        """Handle a request that Zoom refused because of its token. Returns None if the next token should be tried.

        Otherwise Zoom accepts the token elsewhere. Then returns the seconds until the next try of the request; 0 if all
        of Zoom accepts the token by now, so that the path is the cause.

        `why`: the refusal; `again`: the request was tried before; `accepts`: tries the token on a path where Zoom has
        accepted a token before. May block all requests for PROPAGATION_TIME. Raises LoginRefused after
        MAX_REFUSED_TOKENS.
        """
        refused_at = time.monotonic()
        with self._lock:
            if token is not self._token:
                return None
            if not again and refused_at > self._propagated_at:
                self._end(token, why)
                return None
            proven = self._accepted[0] is token and self._accepted[1] >= refused_at
            if not proven and not self._propagates(token, accepts):
                self._end(token, why)
                return None
            return max(min(self._propagated_at - time.monotonic(), LONGEST_PAUSE), 0.0)

    def _propagates(self, token: Token, accepts: Callable[[Token], bool]) -> bool:
        """True as soon as Zoom accepts the token. False after PROPAGATION_TIME, or if Zoom no longer accepts it. The
        latter means that the token was ended, unless only parts of Zoom accept it yet: then a refused token is accepted
        again."""
        accepted_before = self._accepted[0] is token
        pause, refusals = FIRST_PAUSE, 0
        while True:
            sent_at = time.monotonic()
            if accepts(token):
                self.accept(token, sent_at)
                if accepted_before and refusals:
                    self._propagates_slowly, self._quick_tokens = True, 0
                return True
            refusals += 1
            if sent_at > self._propagated_at:
                return False
            if accepted_before and refusals == REFUSALS_OF_ENDED and not self._propagates_slowly:
                self._quick_tokens = MAX_QUICK_TOKENS
                self._warn_of_other_program()
                return False
            if self._quick_tokens and refusals == REFUSALS_OF_ENDED:
                return False
            if refusals == 1 and not accepted_before and not self._quick_tokens:
                LOGGER.warning(
                    "Zoom doesn't accept a new access token yet. Waiting up to %.0f s, then requesting another one.",
                    self._propagated_at - sent_at,
                )
            time.sleep(max(min(pause, self._propagated_at - time.monotonic() + 0.1), 0.0))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _warn_of_other_program(self) -> None:
        if not self._warned_of_other_program:
            self._warned_of_other_program = True
            LOGGER.warning(
                "Zoom ended an access token soon after it was issued, so another one is requested. Another program may "
                "be using the same app: create a separate app for the tap."
            )

    def _end(self, token: Token, why: TokenRefused) -> None:
        """Stop using this token. Raises LoginRefused after MAX_REFUSED_TOKENS."""
        self._token = replace(token, expires_at=float("-inf"))
        if self._accepted[0] is not token and self._quick_tokens:
            self._quick_tokens -= 1
        elif self._accepted[0] is not token:
            self._refused_tokens += 1
        if self._refused_tokens >= MAX_REFUSED_TOKENS:
            self._failure = LoginRefused(
                f"Login refused: Zoom doesn't accept the access token ({why}), nor the {MAX_REFUSED_TOKENS - 1} before "
                "it. Check that the app is activated on https://marketplace.zoom.us and that no other program "
                "invalidates its tokens, then run again with the last STATE to resume."
            )
            raise self._failure

    def close(self, interrupts: Interrupts) -> None:
        """Call this before the process ends. If a refresh token was sent, waits for the answer, since the token can't
        be used again. A second signal ends the wait. No refresh token is sent afterwards."""
        if self._exchange_lock is None or self._exchange_lock.acquire(blocking=False):
            return
        LOGGER.warning(
            "Waiting for Zoom to return the next refresh token, since the current one can't be used again. A signal "
            "ends the tap at once, but then the app may need to be authorized again."
        )
        deadline = time.monotonic() + CONNECT_TIMEOUT + ANSWER_TIMEOUT
        try:
            while time.monotonic() < deadline and not self._exchange_lock.acquire(timeout=0.1):
                interrupts.check()
        except Stopped:
            pass

    def _next(self, former: Token | None) -> Token:
        """Return the token after the former one. It is requested once, even if several threads wait for it."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            token = self._token
            if token is None or time.monotonic() > token.expires_at:
                try:
                    token = self._request()
                except TapZoomError as error:
                    self._failure = error
                    raise
                if former is not None and former.value != token.value:
                    self._propagated_at = time.monotonic() + PROPAGATION_TIME
                self._token = token
            return token


def login(config: Config, keep_secret: Callable[[str], None]) -> Login:
    """Return the login that the settings describe. Makes no request yet. `keep_secret` is called with each secret that
    Zoom returns, so that no log line shows it."""
    if config.jwt is not None:
        jwt = config.jwt
        return Login(lambda: Token(jwt))
    endpoint = TokenEndpoint(config, keep_secret)
    if config.account_id is not None:
        form = {"grant_type": "account_credentials", "account_id": config.account_id}
        return Login(lambda: endpoint.read(endpoint.ask(form)))
    store, exchange_lock = token_store(config), threading.Lock()
    return Login(lambda: _refreshed(endpoint, store, exchange_lock, keep_secret), exchange_lock)


def _refreshed(
    endpoint: TokenEndpoint, store: TokenStore, exchange_lock: threading.Lock, keep_secret: Callable[[str], None]
) -> Token:
    """Use the refresh token, and store the next one before the new access token is used."""
    with store.rotation() as rotation:
        keep_secret(rotation.token)

        def keep(answer: dict[str, Any]) -> None:
            following = answer.get("refresh_token")
            if isinstance(following, str) and following and following != rotation.token:
                keep_secret(following)
                try:
                    rotation.keep(following)
                except OSError as error:
                    raise LoginRefused(
                        f"The new refresh token can't be written ({error.strerror}), and the old one is used up. Free "
                        "disk space or make the file writable. If the next run is refused, authorize the app again."
                    ) from None

        form = {"grant_type": "refresh_token", "refresh_token": rotation.token}
        return endpoint.read(endpoint.ask(form, exchange_lock, keep))
