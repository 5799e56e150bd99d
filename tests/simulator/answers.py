"""Answers of the operations: the rows and objects of `contents` as JSON.

Rows are cached with the account, as bytes, since making them costs more than sending them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote

from . import refusals
from .account import Account
from .contents import Contents, Row
from .dates import day_start, written
from .model import Number, Occurrence
from .refusals import Refusal
from .wire import dumps

_CACHE_BYTES = 400_000_000


class Listing(NamedTuple):
    """Rows to be paged, the name of their list, and further fields of the envelope."""

    name: str
    rows: list[bytes]
    envelope: dict[str, Any] = {}


Answer = Listing | Refusal | bytes


class Answers:
    """One method for each operation: (variable part of the path, still encoded; query) -> answer."""

    def __init__(self, account: Account, now: datetime, undocumented: bytes = b"") -> None:
        """`now`: the time at which the account is read. Answers stay the same while real time passes."""
        self.account = account
        self.undocumented = undocumented
        self.contents = Contents(account, now)
        # Numbers that were requested in place of a UUID, for which Zoom returns the latest occurrence only.
        self.by_number: list[str] = []
        # UUIDs that needed to be encoded twice, and were not.
        self.badly_encoded: list[str] = []
        self._held = list(filter(self.contents.was_held, account.held))
        self._cache = account.made.setdefault((now, undocumented), {})
        self._cached_bytes = 0
        # Not seeded, because each request should return another order.
        self._shuffle = random.Random().shuffle

    # Cache

    def _kept(self, make: Callable[[], Any], *key: object) -> Any:
        found = self._cache.get(key)
        if found is None:
            made = make()
            found = made if isinstance(made, Refusal) else self._as_bytes(made)
            if self._cached_bytes < _CACHE_BYTES:
                self._cache[key] = found
                self._cached_bytes += _size(found)
        return found

    def _as_bytes(self, made: Any) -> Any:
        return [self.with_more(dumps(row)) for row in made] if isinstance(made, list) else self.with_more(dumps(made))

    def with_more(self, content: bytes) -> bytes:
        """Add the undocumented members to the JSON of an object."""
        return b"%s,%s}" % (content[:-1], self.undocumented) if self.undocumented else content

    def _listing(self, name: str, make: Callable[[], list[Row] | Refusal], *key: object) -> Answer:
        found = self._kept(make, *key)
        return found if isinstance(found, Refusal) else Listing(name, found)

    # Users

    def users(self, _: str, query: dict[str, str]) -> Answer:
        status, include = query.get("status", "active"), query.get("include_fields", "")
        hidden = {"custom_attributes", "host_key"} - {include}

        def rows() -> list[Row]:
            return [_without(row, hidden) for row in self.contents.users(status)]

        return self._listing("users", rows, "users", status, include)

    def user(self, raw: str, query: dict[str, str]) -> Answer:
        name = unquote(raw)
        return self._kept(lambda: self.contents.user(name), "user", name)

    def listed_meetings(self, raw: str, query: dict[str, str]) -> Answer:
        name, type_ = unquote(raw), query.get("type", "scheduled")
        found = self._kept(lambda: self.contents.listed_meetings(name), "meetings of", name)
        if isinstance(found, Refusal):
            return found
        return Listing("meetings", [] if type_ in ("live", "previous_meetings") else found)

    def listed_webinars(self, raw: str, query: dict[str, str]) -> Answer:
        name = unquote(raw)
        return self._listing("webinars", lambda: self.contents.listed_webinars(name), "webinars of", name)

    # Numbers

    def _number(self, raw: str, kind: str) -> Number | Refusal:
        text = unquote(raw)
        number = self.account.numbers.get(int(text)) if text.isascii() and text.isdigit() else None
        if number is None:
            return refusals.meeting_missing(text) if kind == "meeting" else refusals.webinar_missing(text)
        if number.kind != kind:
            return refusals.WEBINAR_INFO if kind == "meeting" else refusals.INVALID_WEBINAR
        return number

    def _of_number(self, raw: str, kind: str, name: str, make: Callable[[Number], Any], *key: object) -> Any:
        number = self._number(raw, kind)
        if isinstance(number, Refusal):
            return number
        return self._kept(lambda: make(number), number.number, name, *key)

    def _detail(self, raw: str, query: dict[str, str], kind: str) -> Answer:
        previous = query.get("show_previous_occurrences") == "true"
        return self._of_number(
            raw, kind, "detail", lambda number: self.contents.detail(number, previous=previous), previous
        )

    def meeting(self, raw: str, query: dict[str, str]) -> Answer:
        return self._detail(raw, query, "meeting")

    def webinar(self, raw: str, query: dict[str, str]) -> Answer:
        return self._detail(raw, query, "webinar")

    def _registrants(self, raw: str, query: dict[str, str], kind: str) -> Answer:
        status = query.get("status", "approved")
        found = self._of_number(
            raw, kind, "registrants", lambda number: self.contents.registrants(number, status), status
        )
        return found if isinstance(found, Refusal) else Listing("registrants", found)

    def meeting_registrants(self, raw: str, query: dict[str, str]) -> Answer:
        return self._registrants(raw, query, "meeting")

    def webinar_registrants(self, raw: str, query: dict[str, str]) -> Answer:
        return self._registrants(raw, query, "webinar")

    def meeting_questions(self, raw: str, query: dict[str, str]) -> Answer:
        return self._of_number(raw, "meeting", "questions", self.contents.questions)

    def webinar_questions(self, raw: str, query: dict[str, str]) -> Answer:
        return self._of_number(raw, "webinar", "questions", self.contents.questions)

    def _whole(self, raw: str, kind: str, name: str, make: Callable[[Number], Any]) -> Answer:
        """A list that Zoom doesn't page."""
        found = self._of_number(raw, kind, name, make)
        return found if isinstance(found, Refusal) else _envelope(name, found, {"total_records": len(found)})

    def meeting_polls(self, raw: str, query: dict[str, str]) -> Answer:
        return self._whole(raw, "meeting", "polls", self.contents.polls)

    def webinar_polls(self, raw: str, query: dict[str, str]) -> Answer:
        return self._whole(raw, "webinar", "polls", self.contents.polls)

    def webinar_panelists(self, raw: str, query: dict[str, str]) -> Answer:
        return self._whole(raw, "webinar", "panelists", self.contents.panelists)

    def webinar_tracking_sources(self, raw: str, query: dict[str, str]) -> Answer:
        return self._whole(raw, "webinar", "tracking_sources", self.contents.tracking_sources)

    def meeting_instances(self, raw: str, query: dict[str, str]) -> Answer:
        found = self._of_number(raw, "meeting", "instances", self.contents.instances)
        return found if isinstance(found, Refusal) else _envelope("meetings", found, {})

    def webinar_instances(self, raw: str, query: dict[str, str]) -> Answer:
        found = self._of_number(raw, "webinar", "instances", self.contents.instances)
        return found if isinstance(found, Refusal) else _envelope("webinars", found, {})

    # Occurrences

    def occurrence(self, raw: str, kind: str) -> Occurrence | Refusal:
        """Find the occurrence of a path segment: a UUID, encoded once or twice, or a meeting number."""
        once = unquote(raw)
        if once.isascii() and once.isdigit():
            number = self._number(raw, kind)
            if isinstance(number, Refusal):
                return number
            self.by_number.append(once)
            occurrences = self.contents.held(number)
            return occurrences[-1] if occurrences else refusals.report_missing(once)
        uuid = unquote(once)
        if once == uuid and (uuid.startswith("/") or "//" in uuid):
            # Encoded only once: Zoom decodes it before it splits the path at slashes.
            self.badly_encoded.append(raw)
            return refusals.meeting_missing(uuid.lstrip("/"))
        held = self.account.occurrences.get(uuid)
        if held is None or not self.contents.was_held(held):
            return refusals.meeting_missing(uuid)
        if held.of.kind != kind:
            return refusals.WEBINAR_INFO_300 if kind == "meeting" else refusals.INVALID_WEBINAR
        return held

    def _of_occurrence(
        self, raw: str, kind: str, name: str, make: Callable[[Occurrence], Any], *key: object
    ) -> tuple[Occurrence, Any] | Refusal:
        held = self.occurrence(raw, kind)
        if isinstance(held, Refusal):
            return held
        found = self._kept(lambda: make(held), held.uuid, name, *key)
        return found if isinstance(found, Refusal) else (held, found)

    def _report(self, raw: str, kind: str) -> Answer:
        found = self._of_occurrence(raw, kind, "report", self.contents.report)
        return found if isinstance(found, Refusal) else found[1]

    def report_meeting(self, raw: str, query: dict[str, str]) -> Answer:
        return self._report(raw, "meeting")

    def report_webinar(self, raw: str, query: dict[str, str]) -> Answer:
        return self._report(raw, "webinar")

    def _participants(self, raw: str, query: dict[str, str], kind: str) -> Answer:
        hidden = {"registrant_id"} - {query.get("include_fields", "")}

        def rows(held: Occurrence) -> list[Row] | Refusal:
            found = self.contents.participants(held)
            return found if isinstance(found, Refusal) else [_without(row, hidden) for row in found]

        found = self._of_occurrence(raw, kind, "participants", rows, bool(hidden))
        return found if isinstance(found, Refusal) else Listing("participants", found[1])

    def report_meeting_participants(self, raw: str, query: dict[str, str]) -> Answer:
        return self._participants(raw, query, "meeting")

    def report_webinar_participants(self, raw: str, query: dict[str, str]) -> Answer:
        return self._participants(raw, query, "webinar")

    def _results(self, raw: str, kind: str, name: str, make: Callable[[Occurrence], Any]) -> Answer:
        found = self._of_occurrence(raw, kind, name, make)
        if isinstance(found, Refusal):
            return found
        held, rows = found
        rows = list(rows)
        self._shuffle(rows)
        envelope = {"id": held.of.number, "uuid": held.uuid, "start_time": written(held.start, held.date_form)}
        return _envelope("questions", rows, envelope)

    def meeting_poll_results(self, raw: str, query: dict[str, str]) -> Answer:
        return self._results(raw, "meeting", "poll results", self.contents.poll_results)

    def webinar_poll_results(self, raw: str, query: dict[str, str]) -> Answer:
        return self._results(raw, "webinar", "poll results", self.contents.poll_results)

    def webinar_qna_results(self, raw: str, query: dict[str, str]) -> Answer:
        return self._results(raw, "webinar", "q&a", self.contents.qna_results)

    def webinar_absentees(self, raw: str, query: dict[str, str]) -> Answer:
        found = self._of_occurrence(raw, "webinar", "absentees", self.contents.absentees)
        return found if isinstance(found, Refusal) else Listing("registrants", found[1])

    # Lists of past meetings

    def history(self, _: str, query: dict[str, str]) -> Answer:
        kind = query.get("meeting_type", "all")
        by_end = query.get("date_type") == "end_time"
        rows = [
            self._row(held, "history", self.contents.history_row)
            for held in self._between(query, by_end=by_end)
            if kind in ("all", held.of.kind)
        ]
        return Listing("history_meetings", rows)

    def user_report(self, raw: str, query: dict[str, str]) -> Answer:
        user = self.account.user(unquote(raw))
        if user is None or user.deleted:
            return refusals.reported_user_missing(unquote(raw))
        type_ = query.get("type", "past")
        rows = [
            self._row(held, "user report", self.contents.user_report_row)
            for held in self._between(query)
            if held.of.host is user and (type_ == "pastJoined" or (held.people == 1) == (type_ == "pastOne"))
        ]
        return Listing("meetings", rows, {"from": query["from"], "to": query["to"]})

    def _between(self, query: dict[str, str], *, by_end: bool = False) -> list[Occurrence]:
        """Return the past occurrences between two days, both included, latest first."""
        first = day_start(date.fromisoformat(query["from"]))
        last = day_start(date.fromisoformat(query["to"])) + timedelta(days=1)
        if by_end:
            return [held for held in reversed(self._held) if first <= held.end < last]
        return [held for held in reversed(self._held) if first <= held.start < last]

    def _row(self, held: Occurrence, what: str, make: Callable[[Occurrence], Row]) -> bytes:
        return self._kept(lambda: make(held), held.uuid, what)

    def prepare(self) -> None:
        """Make all rows of occurrences in advance, for benchmarks."""
        ask = {"include_fields": "registrant_id"}
        for held in self._held:
            self._row(held, "history", self.contents.history_row)
            raw, kind = held.uuid.replace("/", "%252F"), held.of.kind
            self._report(raw, kind)
            self._participants(raw, ask, kind)
            if kind == "meeting":
                self.meeting_poll_results(raw, {})
            else:
                self.webinar_poll_results(raw, {})
                self.webinar_qna_results(raw, {})
                self.webinar_absentees(raw, {})


def _envelope(name: str, rows: list[bytes], around: dict[str, Any]) -> bytes:
    head = dumps(around)[:-1]
    comma = b"," if around else b""
    return b'%s%s"%s":[%s]}' % (head, comma, name.encode(), b",".join(rows))


def _without(row: Row, hidden: set[str]) -> Row:
    return {name: value for name, value in row.items() if name not in hidden}


def _size(found: Any) -> int:
    if isinstance(found, list):
        return sum(map(len, found)) + 100 * len(found)
    return len(found)
