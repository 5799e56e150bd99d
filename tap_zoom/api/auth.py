"""Three ways to a token: Server-to-Server OAuth, OAuth with a rotating refresh token, and a JSON Web Token.

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

TIME_TO_BE_KNOWN = 30.0  # seconds until all of Zoom knows a new token
TOKENS_IN_VAIN = 3  # tokens in a row, none of which Zoom accepts anywhere, before the login counts as refused
TRIES_OF_ENDED = 2  # refusals in a row, after which a new token that was accepted counts as ended
TOKENS_IN_HASTE = 5  # after that, new tokens that may have been ended as well, before one gets its time to be known
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two tries while a token is new

LOGGER = logging.getLogger(__name__)


class Login:
    """Hands out one token to all threads and gets the next one when it ends, however many ask at once.

    Zoom may refuse a token for four reasons, and `refuse` tells them apart:

    * It has expired or was revoked: the next one is asked for.
    * It is new, and not all of Zoom knows it: it gets TIME_TO_BE_KNOWN, and nothing leaves until Zoom accepts it.
    * Another program asked for a token of the same app, which ended ours: the next one is asked for.
    * The refusal is about one path: Zoom accepts the token elsewhere.

    After TOKENS_IN_VAIN tokens without one accepted answer in between, the login is refused.
    """

    def __init__(self, ask: Callable[[], Token], spending: threading.Lock | None = None) -> None:
        """`ask` gets a new token. `spending` is held while a refresh token is on its way and its successor not kept."""
        self._ask = ask
        self._spending = spending
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._known_at = float("-inf")  # when all of Zoom knows the token; on the monotonic clock, as all times here
        # A token that Zoom accepted, and when the latest request that it accepted with this token left.
        self._accepted: tuple[Token | None, float] = (None, float("-inf"))
        self._in_vain = 0  # tokens in a row that were refused and never accepted
        self._failure: TapZoomError | None = None
        self._in_haste = 0  # tokens left that get no time, since another program seems to end ours
        self._spreads_slowly = False  # a new token was accepted, refused and accepted again
        self._told_of_another_program = False

    def token(self) -> Token:
        """The token to use now. Blocks while Zoom does not accept it yet. Raises LoginRefused or HostUnreachable if
        there is none."""
        token = self._token
        if token is None or time.monotonic() > token.expires_at or self._lock.locked():
            return self._next(token)
        return token

    def first_token(self, interrupts: Interrupts) -> Token:
        """The same in a thread of its own, so that a signal is answered meanwhile.

        Raises NoWorker if the system starts none.
        """
        results: list[Token | Exception] = []

        def ask() -> None:
            try:
                results.append(self.token())
            except Exception as error:
                results.append(error)
            interrupts.wake()

        try:
            threading.Thread(target=ask, daemon=True).start()
        except RuntimeError as error:
            raise NoWorker(error) from None
        while not results:
            interrupts.wait(float("inf"))
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    def accept(self, token: Token, left_at: float) -> None:
        """Zoom accepted the token for a request that left at this time."""
        if token is self._token:
            self._accepted = (token, left_at)
        self._in_vain = 0

    def refuse(self, token: Token, why: TokenRefused, again: bool, accepts: Callable[[Token], bool]) -> float | None:
        """Zoom did not accept the token for one request. Returns None if the next token is to be tried. Otherwise Zoom
        accepts this one elsewhere: the seconds until the request should be tried again, which are 0 once all of Zoom
        knows the token, so that the path is at fault.

        `why` is the refusal. `again`: the request was tried before. `accepts` asks Zoom, at a path where it accepted a
        token before. May block for TIME_TO_BE_KNOWN, and holds up all requests meanwhile. Raises LoginRefused after
        TOKENS_IN_VAIN.
        """
        refused_at = time.monotonic()
        with self._lock:
            if token is not self._token:
                return None
            if not again and refused_at > self._known_at:
                self._end(token, why)
                return None
            proven = self._accepted[0] is token and self._accepted[1] >= refused_at
            if not proven and not self._becomes_known(token, accepts):
                self._end(token, why)
                return None
            return max(min(self._known_at - time.monotonic(), LONGEST_PAUSE), 0.0)

    def _becomes_known(self, token: Token, accepts: Callable[[Token], bool]) -> bool:
        """True as soon as Zoom accepts the token. False if the token had its time to be known, or if Zoom accepted it
        before and no longer does. In the latter case somebody ended it, unless parts of Zoom know it and others don't
        yet, which shows when a refused token is accepted again."""
        accepted_before = self._accepted[0] is token
        pause, refusals = FIRST_PAUSE, 0
        while True:
            asked_at = time.monotonic()
            if accepts(token):
                self.accept(token, asked_at)
                if accepted_before and refusals:
                    self._spreads_slowly, self._in_haste = True, 0
                return True
            refusals += 1
            if asked_at > self._known_at:
                return False
            if accepted_before and refusals == TRIES_OF_ENDED and not self._spreads_slowly:
                self._in_haste = TOKENS_IN_HASTE
                self._tell_of_another_program()
                return False
            if self._in_haste and refusals == TRIES_OF_ENDED:
                return False
            if refusals == 1 and not accepted_before and not self._in_haste:
                LOGGER.warning(
                    "Zoom does not accept a new access token yet. Waiting up to %.0f s for that, then asking for "
                    "another one.",
                    self._known_at - asked_at,
                )
            time.sleep(max(min(pause, self._known_at - time.monotonic() + 0.1), 0.0))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _tell_of_another_program(self) -> None:
        if not self._told_of_another_program:
            self._told_of_another_program = True
            LOGGER.warning(
                "Zoom ended an access token soon after it was issued, so another is asked for. Perhaps another program "
                "asks for tokens of the same app: give the tap an app of its own."
            )

    def _end(self, token: Token, why: TokenRefused) -> None:
        """Use this token no more. Raises LoginRefused after TOKENS_IN_VAIN."""
        self._token = replace(token, expires_at=float("-inf"))
        if self._accepted[0] is not token and self._in_haste:
            self._in_haste -= 1
        elif self._accepted[0] is not token:
            self._in_vain += 1
        if self._in_vain >= TOKENS_IN_VAIN:
            self._failure = LoginRefused(
                f"Login refused: Zoom does not accept the access token ({why}), nor the {TOKENS_IN_VAIN - 1} before "
                "it. Check that the app is activated on https://marketplace.zoom.us and that no other program "
                "invalidates its tokens, then run again with the last STATE to go on from here."
            )
            raise self._failure

    def settle(self, interrupts: Interrupts) -> None:
        """Call this before the process ends. A refresh token that was sent is spent, so its answer is waited for, as
        long as an exchange may take; a second signal cuts that short. No other refresh token is sent afterwards."""
        if self._spending is None or self._spending.acquire(blocking=False):
            return
        LOGGER.warning(
            "Waiting for Zoom's answer with the next refresh token, since the one that was sent can't be used again; a "
            "signal ends the tap at once, and the app may have to be authorised again."
        )
        deadline = time.monotonic() + CONNECT_TIMEOUT + ANSWER_TIMEOUT
        try:
            while time.monotonic() < deadline and not self._spending.acquire(timeout=0.1):
                interrupts.check()
        except Stopped:
            pass

    def _next(self, former: Token | None) -> Token:
        """A token other than the one that is over; asked for once, whoever else waits for it."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            token = self._token
            if token is None or time.monotonic() > token.expires_at:
                try:
                    token = self._ask()
                except TapZoomError as error:
                    self._failure = error
                    raise
                if former is not None and former.value != token.value:
                    self._known_at = time.monotonic() + TIME_TO_BE_KNOWN
                self._token = token
            return token


def login(config: Config, keep_secret: Callable[[str], None]) -> Login:
    """The login that the settings describe. Makes no request yet. `keep_secret` is told every secret that is received,
    so that no log line shows it."""
    if config.jwt is not None:
        jwt = config.jwt
        return Login(lambda: Token(jwt))
    endpoint = TokenEndpoint(config, keep_secret)
    if config.account_id is not None:
        form = {"grant_type": "account_credentials", "account_id": config.account_id}
        return Login(lambda: endpoint.read(endpoint.ask(form)))
    store, spending = token_store(config), threading.Lock()
    return Login(lambda: _refreshed(endpoint, store, spending, keep_secret), spending)


def _refreshed(
    endpoint: TokenEndpoint, store: TokenStore, spending: threading.Lock, keep_secret: Callable[[str], None]
) -> Token:
    """Spend the refresh token, and keep the next one before the access token that came with it is used."""
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
                        f"The new refresh token can't be written ({error.strerror}), and the old one is spent: make "
                        "room, or the file writable; if the next run is refused, authorise the app again."
                    ) from None

        form = {"grant_type": "refresh_token", "refresh_token": rotation.token}
        return endpoint.read(endpoint.ask(form, spending, keep))
