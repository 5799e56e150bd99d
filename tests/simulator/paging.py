"""Page tokens: opaque, alive for a quarter of an hour, bound to the very request they continue."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable


class PageTokens:
    """Gives out tokens and takes them back, as often as they are shown."""

    def __init__(self, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._issued: dict[str, tuple[object, int, float]] = {}

    def issue(self, request: object, offset: int) -> str:
        """A token for the rows of a request from `offset` on."""
        if len(self._issued) > 20_000:
            self._forget_expired()
        token = secrets.token_urlsafe(26)
        self._issued[token] = (request, offset, self._clock() + self.lifetime)
        return token

    def offset(self, token: str, request: object) -> int | None:
        """Where to go on, or None if the token is unknown, too old, or another request's."""
        found = self._issued.get(token)
        if found is None or found[0] != request or found[2] <= self._clock():
            return None
        return found[1]

    def _forget_expired(self) -> None:
        now = self._clock()
        self._issued = {token: value for token, value in self._issued.items() if value[2] > now}
