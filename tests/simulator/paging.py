"""Page tokens: opaque, alive for a quarter of an hour, bound to the very request they continue."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import NamedTuple


class Page(NamedTuple):
    """Where a page begins, how many rows it has at most, how many were asked for, and what leads on."""

    offset: int
    step: int
    size: int
    next_token: str | None


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
        """The page of `total` rows that a query asks for, or None if its token is no good.

        `cap`: pages hold no more rows, whatever is asked; `one_more`: the last page leads to an empty one.
        """
        token = query.get("next_page_token", "")
        # Another page size or any other parameter makes it another list.
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
        """Where to go on, or None if the token is unknown, too old, or another request's."""
        found = self._issued.get(token)
        if found is None or found[0] != request or found[2] <= self._clock():
            return None
        return found[1]

    def _forget_expired(self) -> None:
        now = self._clock()
        self._issued = {token: value for token, value in self._issued.items() if value[2] > now}
