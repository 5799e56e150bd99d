"""The records that a correct tap emits for an account, and the comparison of an output with them.

They are derived from the account's contents, without requests to the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from . import conversion, fields
from .account import Account
from .compare import compare
from .contents import STATUSES, Contents, Row
from .dates import UTC, day_start, first_report_day, written
from .model import Number, Occurrence, User
from .operations import OPERATIONS
from .refusals import Refusal

__all__ = ["KEYS", "LOGIN_SECRETS", "compare", "expected"]

KEYS = {operation.stream: operation.key for operation in OPERATIONS if operation.stream}
# Login secrets, which aren't selected by default.
LOGIN_SECRETS = ("start_url", "host_key", "dynamic_host_key")


def expected(
    account: Account,
    *,
    start_date: str | date | None = None,
    history: bool = True,
    at: datetime | None = None,
) -> dict[str, list[Row]]:
    """Return the records of each stream.

    `history=False`: past meetings come from the report of each user. `at`: the time at which the account is read;
    default: the time for which it was made.
    """
    return _Truth(account, _moment(start_date), history, at or account.now).streams()


def _moment(start: str | date | None) -> datetime | None:
    if start is None:
        return None
    if isinstance(start, str):
        start = datetime.fromisoformat(start.replace("Z", "+00:00"))
    if not isinstance(start, datetime):
        return day_start(start)
    return start if start.tzinfo else start.replace(tzinfo=UTC)


class _Truth:
    def __init__(self, account: Account, start: datetime | None, history: bool, at: datetime) -> None:
        self.account = account
        self.contents = Contents(account, at)
        self.first_day = day_start(first_report_day(at.date()))
        self.start = start
        self.history = history
        self.out: dict[str, list[Row]] = {stream: [] for stream in KEYS}

    def streams(self) -> dict[str, list[Row]]:
        for user in self.account.users:
            self._user(user)
        for number in self.listed_numbers():
            self._number(number)
        for held in self.occurrences():
            self._occurrence(held)
        return self.out

    def _emit(self, stream: str, table: fields.Fields, rows: list[Row] | Row | Refusal, **added: Any) -> None:
        if isinstance(rows, Refusal):
            return
        for row in [rows] if isinstance(rows, dict) else rows:
            made = conversion.record(table, row)
            for secret in LOGIN_SECRETS:
                made.pop(secret, None)
            self.out[stream].append({**made, **added})

    # Users and scheduled meetings

    def _user(self, user: User) -> None:
        added = {}
        if user.status == "pending":
            # The list has no id for pending users. The tap looks it up, or uses the e-mail instead.
            added["id"] = user.id if user.lookup == "ok" else user.email
        self._emit("users", fields.USER, user.row, **added)

    def listed_numbers(self) -> Iterator[Number]:
        """Yield each number in the lists of users once."""
        for user in self.account.users:
            if user.status == "pending":
                continue
            for list_of in (self.contents.listed_meetings, self.contents.listed_webinars):
                rows = list_of(user.id)
                if not isinstance(rows, Refusal):
                    for number in dict.fromkeys(int(row["id"]) for row in rows):
                        yield self.account.numbers[number]

    def _number(self, number: Number) -> None:
        kind, contents = number.kind, self.contents
        key = {f"{kind}_id": number.number}
        is_meeting = kind == "meeting"
        self._emit(f"{kind}s", fields.MEETING if is_meeting else fields.WEBINAR, contents.detail(number))
        table = fields.MEETING_REGISTRANT if is_meeting else fields.WEBINAR_REGISTRANT
        for status in STATUSES:
            self._emit(f"{kind}_registrants", table, contents.registrants(number, status), **key)
        table = fields.MEETING_QUESTIONS if is_meeting else fields.WEBINAR_QUESTIONS
        self._emit(f"{kind}_questions", table, contents.questions(number), **key)
        self._emit(f"{kind}_polls", fields.POLL, contents.polls(number), **key)
        if not is_meeting:
            self._emit("webinar_panelists", fields.PANELIST, contents.panelists(number), **key)
            sources = contents.tracking_sources(number)
            self._emit("webinar_tracking_sources", fields.TRACKING_SOURCE, sources, **key)

    # Past meetings

    def occurrences(self) -> Iterator[Occurrence]:
        """Yield those of the last six months from the history or the hosts' reports, older ones from their numbers."""
        for held in self.account.held:
            if held.start >= self.first_day and self._found(held) and self._wanted(held):
                yield held
        for number in self.listed_numbers():
            rows = self.contents.instances(number)
            for row in [] if isinstance(rows, Refusal) else rows:
                held = self.account.occurrences[row["uuid"]]
                if held.start < self.first_day and self._wanted(held):
                    yield held

    def _found(self, held: Occurrence) -> bool:
        host = held.of.host
        listed = self.history or (host in self.account.users and not host.deleted)
        return listed and self.contents.was_held(held)

    def _wanted(self, held: Occurrence) -> bool:
        return self.start is None or held.start >= self.start

    def _occurrence(self, held: Occurrence) -> None:
        kind, contents = held.of.kind, self.contents
        key = {f"{kind}_uuid": held.uuid, f"{kind}_id": held.of.number}
        self._emit(f"report_{kind}s", fields.REPORT, contents.report(held))
        stream = f"report_{kind}_participants"
        self._emit(stream, fields.PARTICIPANT, contents.participants(held), **key)
        self._count(stream, held, "user_id", "join_time")
        results = contents.poll_results(held)
        self._answers(f"{kind}_poll_results", fields.POLL_RESULT, results, held, key)
        if kind == "webinar":
            questions = contents.qna_results(held)
            self._answers("webinar_qna_results", fields.QNA_RESULT, questions, held, key)
            self._emit("webinar_absentees", fields.ABSENTEE, contents.absentees(held), **key)

    def _answers(
        self, stream: str, table: fields.Fields, rows: list[Row] | Refusal, held: Occurrence, key: Row
    ) -> None:
        """Emit the rows of an unpaged list, sorted by canonical JSON, since Zoom's order varies."""
        if isinstance(rows, Refusal):
            return
        start = conversion.date_time(written(held.start, held.date_form))
        for row in sorted(rows, key=conversion.canonical):
            respondent = row.get("email") or row.get("name") or "anonymous"
            self._emit(stream, table, row, **key, start_time=start, respondent=respondent)
        self._count(stream, held, "respondent")

    def _count(self, stream: str, held: Occurrence, *names: str) -> None:
        """Add `sequence`, which numbers the rows of an occurrence that share the rest of the key."""
        seen: Counter[tuple[Any, ...]] = Counter()
        uuid = f"{held.of.kind}_uuid"
        rows = []
        for row in reversed(self.out[stream]):
            if row[uuid] != held.uuid or "sequence" in row:
                break
            rows.append(row)
        for row in reversed(rows):
            shared = tuple(row[name] for name in names)
            row["sequence"] = seen[shared]
            seen[shared] += 1
