"""The requests that lead to a record: the one that returns it, and those that list its parents.

If one of them fails, the tap may miss the record, but must report the failed request.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from .account import Account
from .model import Number, Occurrence
from .operations import OPERATIONS, Routes
from .parameters import parse

_ROUTES = Routes()
# Operations are named after their handlers, most of which are named after the stream that they fill.
_HANDLERS = {
    "meetings": "meeting",
    "webinars": "webinar",
    "report_meetings": "report_meeting",
    "report_webinars": "report_webinar",
}
_PATHS = {operation.handler: operation.template for operation in OPERATIONS}
_REQUEST = re.compile(r"GET /v2(/\S+?):?(?=\s|$)")


class Question(NamedTuple):
    """A request: its operation, the id in its path, and the status or the day that it requests."""

    handler: str
    about: str = ""
    status: str | None = None
    # A day in its date range.
    day: date | None = None

    @classmethod
    def of(cls, stream: str) -> Question:
        """Return the request of a stream, without an id."""
        return cls(_HANDLERS.get(stream, stream))

    @property
    def path(self) -> str:
        """The path of its operation."""
        return _PATHS[self.handler]

    @property
    def pattern(self) -> str:
        """A regular expression that matches the request as sent, with any date range."""
        # The id may be encoded once or twice.
        once = re.escape(quote(self.about, safe=""))
        path = re.sub(r"\{.*?\}", lambda _: once.replace("%", "%(?:25)?"), self.path)
        return rf"^/v2{path}(?:$|\?{'' if self.status is None else f'.*status={self.status}'})"

    def is_in(self, text: str) -> bool:
        """True if a text, such as a log line, names the request."""
        return any(self._is(*target.partition("?")[::2]) for target in _REQUEST.findall(text))

    def _is(self, path: str, raw_query: str) -> bool:
        found = _ROUTES.find(path)
        if found is None or (found[0].handler, unquote(unquote(found[1]))) != (self.handler, self.about):
            return False
        query = parse(raw_query)[0]
        if self.status is not None and query.get("status") != self.status:
            return False
        return self.day is None or query["from"] <= self.day.isoformat() <= query["to"]


def leading_to(account: Account, stream: str, record: dict[str, Any]) -> list[Question]:
    """Return the requests that lead to a record, its own first, with all alternatives."""
    if stream == "users":
        return [Question("users", status=record["status"]), Question("user", record["email"])]
    own = Question.of(stream)
    held = _occurrence(account, stream, record)
    if held is not None:
        return [own._replace(about=held.uuid), *_finding(held), *_listing(held.of)]
    number = account.numbers[record.get("meeting_id") or record.get("webinar_id") or record["id"]]
    status = record["status"] if stream.endswith("registrants") else None
    return [own._replace(about=str(number.number), status=status), *_listing(number)]


def _occurrence(account: Account, stream: str, record: dict[str, Any]) -> Occurrence | None:
    uuid = record.get("meeting_uuid") or record.get("webinar_uuid")
    return account.occurrences.get(record["uuid"] if stream in ("report_meetings", "report_webinars") else uuid or "")


def _finding(held: Occurrence) -> list[Question]:
    """Return the requests whose lists may contain a past occurrence."""
    day = held.start.date()
    return [
        Question("history", day=day),
        Question("user_report", held.of.host.id, day=day),
        Question(f"{held.of.kind}_instances", str(held.of.number)),
    ]


def _listing(number: Number) -> list[Question]:
    """Return the requests that list a number and its host."""
    return [Question(f"listed_{number.kind}s", number.host.id), Question("users", status=number.host.status)]
