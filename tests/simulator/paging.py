"""Page tokens: opaque, short-lived, and only valid for the request that they continue."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import NamedTuple


class Page(NamedTuple):
    """A page: its first row, its maximum number of rows, the requested page_size, and the token of the next page."""

    offset: int
    step: int
    size: int
    next_token: str | None


class PageTokens:
    """Issues and checks page tokens. A token may be used several times."""

    def __init__(self, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._issued: dict[str, tuple[object, int, float]] = {}

    def issue(self, request: object, offset: int) -> str:
        """Return a token for the rows of a request from `offset` on."""
        if len(self._issued) > 20_000:
            self._forget_expired()
        token = secrets.token_urlsafe(26)
        self._issued[token] = (request, offset, self._clock() + self.lifetime)
        return token

    def cut(
        self,
        path: str,
        query: dict[str, str],
        total: int,
        *,
        cap: int | None,
        default: int = 30,
        one_more: bool = False,
    ) -> Page | None:
        """Return the requested page of `total` rows, or None if its token is invalid.

        `cap`: maximum rows per page, even if page_size is larger; `one_more`: an empty page follows the last rows.
        """
        token = query.get("next_page_token", "")
        # A token is only valid with the same parameters, page_size included.
        rest = {name: value for name, value in query.items() if name != "next_page_token"}
        bound = (path, tuple(sorted(rest.items())))
        offset = self.offset(token, bound) if token else 0
        if offset is None:
            return None
        size = int(query.get("page_size", default))
        step = min(size, cap or size)
        goes_on = offset < total if one_more else offset + step < total
        return Page(offset, step, size, self.issue(bound, offset + step) if goes_on else None)

    def offset(self, token: str, request: object) -> int | None:
        """Return the offset of a token, or None if it is unknown, expired, or of another request."""
        found = self._issued.get(token)
        if found is None or found[0] != request or found[2] <= self._clock():
            return None
        return found[1]

    def _forget_expired(self) -> None:
        now = self._clock()
        self._issued = {token: value for token, value in self._issued.items() if value[2] > now}
