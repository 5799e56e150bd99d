"""Failures of requests, on demand. A fault changes an answer, never the account's data."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import refusals
from .wire import Request, Response, answer, dumps

_PAGE = b"<html><head><title>%d</title></head><body><h1>%s</h1></body></html>"
# The correct answer, delivered in part or slowly.
_SPOILING = {"truncate": "truncate", "slow_body": "slow"}
# No answer, or one that never ends: single bytes of a header or of the body.
_SILENT = ("reset", "close", "hang", "drip_head", "drip_body")
KINDS = (
    "reset",
    "close",
    "truncate",
    "invalid_json",
    "html_200",
    "html_403",
    "html_502",
    "500",
    "502",
    "503",
    "504",
    "429",
    "401_124",
    "hang",
    "drip_head",
    "drip_body",
    "slow_body",
    "late",
    "error_200",
    "page_token_expired",
    "tokens_end",
    "answer",
    "changed",
)


@dataclass
class Fault:
    """A failure of requests whose path and query, as sent, match the regular expression `match` (None: all requests).

    `times`: how many requests fail (None: no limit); `after`: how many matching requests succeed first; `probability`:
    the chance that a matching request fails. The kind tokens_end expires all access tokens issued so far. The
    request is then answered as usual.
    """

    kind: str
    match: str | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    # For 5xx and 429: the value of a Retry-After header; None: no such header.
    retry_after: str | int | None = None
    # For 429: with Zoom's headers or without.
    headers: bool = True
    # For late and answer: the delay.
    seconds: float = 0.0
    # For error_200.
    code: int = 300
    message: str = "Something is wrong, and the status doesn't show it."
    response: Response | None = None
    # For changed: content of the correct answer -> content to send.
    change: Callable[[Any], Any] | None = None
    # How many requests have failed so far.
    happened: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        self._pattern = re.compile(self.match or "")
        self._rng = random.Random(self.seed)

    @classmethod
    def answer(cls, status: int, body: Any = b"", headers: dict[str, str] | None = None, **when: Any) -> Fault:
        """Return a fault that sends this answer. `body`: bytes, or a value to send as JSON."""
        made = answer(status, body, (headers or {}).items())
        if isinstance(body, bytes) and body[:1] == b"<":
            made.content_type = "text/html"
        return cls("answer", response=made, **when)

    @classmethod
    def changed(cls, change: Callable[[Any], Any], **when: Any) -> Fault:
        """Return a fault that changes the content of a successful answer; by default that of the first one."""
        return cls("changed", change=change, **when)

    def strikes(self, request: Request) -> bool:
        """True if this request fails; it is then counted."""
        if self.times is not None and self.happened >= self.times:
            return False
        if not self._pattern.search(request.target):
            return False
        if self.kind == "page_token_expired" and "next_page_token=" not in request.raw_query:
            return False
        if self.probability < 1 and self._rng.random() >= self.probability:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.happened += 1
        return True

    @property
    def spoils(self) -> bool:
        """True if the fault changes the correct answer; False if it replaces it."""
        return self.kind in _SPOILING or self.kind in ("invalid_json", "changed", "late")

    def spoil(self, response: Response) -> Response:
        """Apply the fault to the correct answer."""
        if self.change is not None and response.status != 200:
            self.happened -= 1  # not the answer to change: wait for the next one
        elif self.change is not None:
            response.body = dumps(self.change(json.loads(response.body)))
        elif self.kind == "invalid_json":
            response.body = response.body[: max(1, len(response.body) * 2 // 3)]
        elif self.kind == "late":
            response.delay = self.seconds
        else:
            response.delivery = _SPOILING[self.kind]
        return response

    def replacement(self) -> Response:
        """Return the response sent in place of an answer. 429s are made by `limits`, which has their headers."""
        if self.response is not None:
            made = self.response
            return Response(made.status, made.body, list(made.headers), made.content_type, delay=self.seconds)
        if self.kind in _SILENT:
            return Response(0, b"", delivery=self.kind)
        if self.kind.startswith("html_"):
            status = int(self.kind.removeprefix("html_"))
            return Response(status, _PAGE % (status, b"Not Zoom"), content_type="text/html")
        if self.kind == "401_124":
            return answer(*refusals.TOKEN_EXPIRED)
        if self.kind == "page_token_expired":
            return answer(*refusals.PAGE_TOKEN)
        if self.kind == "error_200":
            return answer(200, {"code": self.code, "message": self.message})
        status = int(self.kind)
        headers = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
        return answer(status, {"code": status, "message": "Internal error."}, headers)
