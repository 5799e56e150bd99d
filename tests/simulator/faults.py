"""What can go wrong with a request, on demand. A fault changes an answer, never the data."""

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
# These take the right answer and spoil it.
_SPOILING = {"truncate": "truncate", "slow_body": "slow"}
# No answer, or one that never ends: a byte of a header or of the body now and then.
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
    """One thing that goes wrong, with the requests that `match` finds (path and query as sent, no host).

    `times`: how often (None: for ever); `after`: how many matching requests it lets pass first; `probability`: of each
    matching request. With tokens_end all access tokens given out so far end when the request comes.
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
    # For late and answer: how much later it comes.
    seconds: float = 0.0
    # For error_200.
    code: int = 300
    message: str = "Something is wrong, and the status doesn't show it."
    response: Response | None = None
    # For changed: the content of the right answer -> what is sent.
    change: Callable[[Any], Any] | None = None
    # How often it has happened.
    happened: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")
        self._pattern = re.compile(self.match or "")
        self._rng = random.Random(self.seed)

    @classmethod
    def answer(cls, status: int, body: Any = b"", headers: dict[str, str] | None = None, **when: Any) -> Fault:
        """Any answer at all: `body` bytes or something for JSON."""
        made = answer(status, body, (headers or {}).items())
        if isinstance(body, bytes) and body[:1] == b"<":
            made.content_type = "text/html"
        return cls("answer", response=made, **when)

    @classmethod
    def changed(cls, change: Callable[[Any], Any], **when: Any) -> Fault:
        """The first right answer, with its content changed."""
        return cls("changed", change=change, **when)

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts it."""
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
        """Whether it needs the right answer first."""
        return self.kind in _SPOILING or self.kind in ("invalid_json", "changed", "late")

    def spoil(self, response: Response) -> Response:
        """The right answer, spoiled."""
        if self.change is not None and response.status != 200:
            self.happened -= 1  # a refusal has no such content: the next answer is changed
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
        """What comes in place of an answer (a 429 is made by the limits, which know their headers)."""
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
