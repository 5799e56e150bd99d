"""The result of each operation for a user, a number or an occurrence: rows, an object, or a refusal.

The server's answers and the expected records (`truth`) are both made from it.
The contents of an account are always the same; the time decides which of them are readable.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import attendance, fields, refusals, vocabulary
from .account import Account
from .dates import FORMS, instances_since, written, year_ago
from .making import Maker
from .model import Number, Occurrence, User
from .refusals import Refusal

Row = dict[str, Any]
STATUSES = ("approved", "pending", "denied")
# Numbers of the types _USED_ONCE do not recur. They expire so long after the time they are scheduled for.
_KEPT = timedelta(days=30)
_USED_ONCE = (2, 5)


class Contents:
    """The contents of one account that are readable at one moment (default: the one it was made for).

    Occurrences that are too old or haven't ended yet are left out, and so are numbers that have expired.
    """

    def __init__(self, account: Account, now: datetime | None = None) -> None:
        self.account = account
        self.now = now or account.now

    def was_held(self, held: Occurrence) -> bool:
        """True if the occurrence has ended: only then it is in lists."""
        return held.end <= self.now

    def held(self, number: Number) -> list[Occurrence]:
        """Return the past occurrences of a number, oldest first."""
        return list(filter(self.was_held, number.occurrences))

    def _state(self, number: Number) -> str:
        """Return the number's state at this moment."""
        scheduled = self._scheduled()
        return "expired" if number.type in _USED_ONCE and self.now > scheduled + _KEPT else number.state

    def _scheduled(self, week: int = 0) -> datetime:
        """Return the time a number is scheduled for: a day after the account was made, or so many weeks later."""
        return self.account.now + timedelta(days=1 + 7 * week)

    def _next_uuid(self, number: Number) -> str:
        """Return the UUID of the number's next occurrence. Zoom shows it as the number's own, so it changes."""
        return next((held.uuid for held in number.occurrences if not self.was_held(held)), number.next_uuid)

    def _maker(self, *purpose: object) -> Maker:
        return Maker(self.account.rng(*purpose), drift=self.account.drift)

    # Users

    def users(self, status: str) -> list[Row]:
        """Users of one status, with every field that Zoom can return."""
        return [user.row for user in self.account.users if user.status == status]

    def user(self, id_or_email: str) -> Row | Refusal:
        """One user by id or e-mail. Some pending users are listed without an id, which this returns."""
        user = self.account.user(id_or_email)
        if user is None or user.deleted or user.lookup == "gone":
            return refusals.user_missing(id_or_email)
        if user.lookup == "expired":
            return refusals.invitation_expired(id_or_email)
        shared = {name: value for name, value in user.row.items() if name in fields.USER_DETAIL}
        return self._maker("user", user.id).record(fields.USER_DETAIL, **{**shared, "id": user.id})

    def listed_meetings(self, id_or_email: str) -> list[Row] | Refusal:
        """A user's scheduled meetings. A series may have a row for each of its occurrences."""
        user = self.account.user(id_or_email)
        if user is None or user.deleted:
            return refusals.user_missing(id_or_email)
        if not user.may_host:
            return refusals.MAY_NOT_HOST
        return self._listed(user, "meeting", fields.MEETING_ROW)

    def listed_webinars(self, id_or_email: str) -> list[Row] | Refusal:
        """A user's scheduled webinars."""
        user = self.account.user(id_or_email)
        if user is None or user.deleted:
            return refusals.user_missing(id_or_email)
        if not user.webinar_plan:
            return refusals.no_webinar_plan(user.id)
        return self._listed(user, "webinar", fields.WEBINAR_ROW)

    def _listed(self, user: User, kind: str, table: fields.Fields) -> list[Row]:
        rows = []
        for number in user.numbers:
            if number.kind != kind or self._state(number) == "expired":
                continue
            maker = self._maker("listed", number.number)
            sent = self._sent_number(maker, number.number)
            for repeat in range(number.rows_in_list):
                rows.append(
                    maker.record(
                        table,
                        id=sent,
                        uuid=self._next_uuid(number),
                        type=number.type,
                        host_id=user.id,
                        start_time=written(self._scheduled(repeat)),
                        **_only(table, self._subject(number)),
                    )
                )
        return rows

    def _sent_number(self, maker: Maker, number: int) -> int | str:
        """A meeting number as sent: an integer, or sometimes a string if values drift."""
        return str(number) if self.account.drift and maker.rng.random() < 0.15 else number

    def _subject(self, number: Number) -> Row:
        """The topic of a number's meetings and the host's department; empty if values drift."""
        if self.account.drift:
            return {}
        topics = vocabulary.TOPICS if number.kind == "meeting" else vocabulary.WEBINAR_TOPICS
        topic = self.account.rng("topic", number.number).choice([*topics, *topics, *vocabulary.ODD_TOPICS[:3]])
        return {"topic": topic, "dept": number.host.row.get("dept"), "department": number.host.row.get("dept")}

    # Numbers

    def detail(self, number: Number, *, previous: bool = True) -> Row | Refusal:
        """The meeting or webinar itself. `previous`: with past occurrences."""
        if self._state(number) != "listed":
            return self._missing(number)
        maker = self._maker("detail", number.number)
        table = fields.MEETING if number.kind == "meeting" else fields.WEBINAR
        fixed: Row = {}
        if number.type in (8, 9):
            fixed["occurrences"] = self._occurrences(maker, number, previous=previous)
        made = maker.record(
            table,
            keep=("start_url",),
            id=self._sent_number(maker, number.number),
            uuid=self._next_uuid(number),
            type=number.type,
            host_id=number.host.id,
            host_email=number.host.email,
            **fixed,
            **_only(table, self._subject(number)),
        )
        # A start URL logs in as the host.
        made["start_url"] = f"https://example.com/s/{number.number}?zak=SECRET-{number.next_uuid}"
        return made

    def _occurrences(self, maker: Maker, number: Number, *, previous: bool) -> list[Row]:
        starts = [held.start for held in self.held(number)[-3:]] if previous else []
        starts += [self._scheduled(week) for week in range(3)]
        form = maker.rng.choice(FORMS)
        return [
            {
                "occurrence_id": str(int(start.timestamp() * 1000)),
                "start_time": written(start, form),
                "duration": 60,
                "status": "deleted" if start.day == 13 else "available",
            }
            for start in starts
        ]

    def _missing(self, number: Number) -> Refusal:
        if number.kind == "meeting":
            return refusals.meeting_missing(number.number)
        return refusals.webinar_missing(number.number)

    def registrants(self, number: Number, status: str) -> list[Row] | Refusal:
        """Registrants of one status."""
        if self._state(number) != "listed":
            return self._missing(number)
        if not number.registration:
            return self._registration_refusal(number)
        total = number.registrants
        counts = {"pending": total * 3 // 10, "denied": total // 10}
        counts["approved"] = total - sum(counts.values())
        table = fields.MEETING_REGISTRANT if number.kind == "meeting" else fields.WEBINAR_REGISTRANT
        maker = self._maker("registrants", number.number, status)
        return [maker.record(table, keep=("id", "email"), status=status) for _ in range(counts[status])]

    def _registration_refusal(self, number: Number) -> Refusal:
        variants: tuple[Refusal, ...]
        if number.kind == "meeting":
            variants = (
                refusals.registration_off(number.number),
                refusals.registration_off(number.number, 3000),
                refusals.registration_off(number.number, 404, 404),
                refusals.WEBINAR_INFO_300,
            )
        else:
            variants = (
                refusals.registration_off(number.number, kind="webinar"),
                refusals.registration_off(number.number, 3000, kind="webinar"),
            )
        return variants[number.number % len(variants)]

    def questions(self, number: Number) -> Row | Refusal:
        """The registration form."""
        if self._state(number) != "listed":
            return self._missing(number)
        if not number.registration:
            code = 3000 if number.kind == "webinar" or number.number % 2 else 300
            return refusals.registration_off(number.number, code, kind=number.kind)
        table = fields.MEETING_QUESTIONS if number.kind == "meeting" else fields.WEBINAR_QUESTIONS
        return self._maker("questions", number.number).record(table)

    def polls(self, number: Number) -> list[Row] | Refusal:
        """Poll definitions."""
        if self._state(number) != "listed":
            return self._missing(number)
        maker = self._maker("polls", number.number)
        choice = maker.rng.randrange(6)
        if choice == 0:
            return refusals.MEETING_POLLS_OFF if number.kind == "meeting" else refusals.WEBINAR_POLLS_OFF
        if choice == 1 and number.kind == "meeting":
            return refusals.POLL_NOT_FOUND
        return [maker.record(fields.POLL, keep=("id",)) for _ in range(choice)]

    def panelists(self, number: Number) -> list[Row] | Refusal:
        """Panelists of a webinar."""
        return self._webinar_rows(number, "panelists", fields.PANELIST)

    def tracking_sources(self, number: Number) -> list[Row] | Refusal:
        """Tracking sources of a webinar."""
        return self._webinar_rows(number, "tracking_sources", fields.TRACKING_SOURCE)

    def _webinar_rows(self, number: Number, what: str, table: fields.Fields) -> list[Row] | Refusal:
        if self._state(number) != "listed":
            return self._missing(number)
        maker = self._maker(what, number.number)
        # The host lost the webinar add-on after scheduling.
        if maker.rng.random() < 0.08:
            return refusals.no_webinar_plan(number.host.id)
        return [maker.record(table, keep=("id",)) for _ in range(maker.rng.randint(0, 4))]

    def instances(self, number: Number) -> list[Row] | Refusal:
        """Past occurrences of a number in the last fifteen months."""
        if self._state(number) == "gone":
            return self._missing(number) if number.kind == "meeting" else refusals.BARE_404
        since = instances_since(self.now)
        rows = [
            {"uuid": held.uuid, "start_time": written(held.start, held.date_form)}
            for held in self.held(number)
            if held.start >= since
        ]
        if not rows and number.number % 2:
            return self._missing(number) if number.kind == "meeting" else refusals.INVALID_WEBINAR
        return rows

    # Occurrences

    def report(self, held: Occurrence) -> Row | Refusal:
        """The report about an occurrence as a whole."""
        if held.start < year_ago(self.now):
            return refusals.MEETING_YEAR if held.of.kind == "meeting" else refusals.WEBINAR_YEAR
        maker = self._maker("report", held.uuid)
        if maker.rng.random() < 0.03:
            return refusals.report_missing(held.uuid)
        return maker.record(
            fields.REPORT,
            uuid=held.uuid,
            id=self._sent_number(maker, held.of.number),
            type=held.of.type,
            start_time=written(held.start, held.date_form),
            end_time=written(held.end, held.date_form),
            user_email=held.of.host.email,
            user_name=held.of.host.name,
            duration=held.minutes,
            participants_count=held.people,
            **_only(fields.REPORT, self._subject(held.of)),
        )

    def participants(self, held: Occurrence) -> list[Row] | Refusal:
        """Participants, with a row for every rejoin and breakout room."""
        if held.start < year_ago(self.now):
            return refusals.MEETING_YEAR if held.of.kind == "meeting" else refusals.WEBINAR_YEAR
        rng = self.account.rng("participants", held.uuid)
        if held.people == 1:
            if rng.random() < 0.5:
                return []
            return (
                refusals.report_missing(held.uuid)
                if held.of.kind == "meeting"
                else refusals.webinar_report_missing(held.uuid)
            )
        # At most 30 users near the host, so that the same people meet each other in a large account.
        first = self.account.users.index(held.of.host) if held.of.host in self.account.users else 0
        near = self.account.users[max(0, first - 15) : first + 15]
        colleagues = [user for user in near if user.status == "active"]
        return attendance.participants(rng, held, colleagues, drift=self.account.drift)

    def poll_results(self, held: Occurrence) -> list[Row] | Refusal:
        """Answers to polls, a row for each response."""
        rng = self.account.rng("poll results", held.uuid)
        if held.start < year_ago(self.now):
            return refusals.PAST_MEETING_YEAR if held.of.kind == "meeting" else refusals.NOT_ENDED
        return self._answers(rng, held, attendance.poll_results(rng, held))

    def qna_results(self, held: Occurrence) -> list[Row] | Refusal:
        """Questions and answers of a webinar."""
        rng = self.account.rng("q&a", held.uuid)
        if held.start < year_ago(self.now):
            return refusals.NOT_ENDED
        return self._answers(rng, held, attendance.qna_results(rng, held))

    def _answers(self, rng: Any, held: Occurrence, rows: list[Row]) -> list[Row] | Refusal:
        chance = rng.random()
        if chance < 0.6 or held.people > 100:
            return rows
        if chance < 0.8:
            return []
        return refusals.meeting_missing(held.uuid) if held.of.kind == "meeting" else refusals.NOT_ENDED

    def absentees(self, held: Occurrence) -> list[Row] | Refusal:
        """Registrants who did not attend."""
        if held.start < year_ago(self.now):
            return refusals.absentees_missing(held.uuid)
        if not held.of.registration:
            return refusals.no_registration_required(held.uuid)
        maker = self._maker("absentees", held.uuid)
        return [maker.record(fields.ABSENTEE, keep=("id", "email")) for _ in range(held.absentees)]

    # Lists of past meetings

    def history_row(self, held: Occurrence) -> Row:
        """A row of the account-wide history."""
        maker = self._maker("history", held.uuid)
        return maker.record(
            fields.HISTORY,
            meeting_uuid=held.uuid,
            meeting_id=self._sent_number(maker, held.of.number),
            type="Meeting" if held.of.kind == "meeting" else "Webinar",
            start_time=written(held.start, held.date_form),
            end_time=written(held.end, held.date_form),
            host_email=held.of.host.email,
            host_display_name=held.of.host.name,
            participants=held.people,
            duration=held.minutes,
            **_only(fields.HISTORY, self._subject(held.of)),
        )

    def user_report_row(self, held: Occurrence) -> Row:
        """A row of a host's report."""
        maker = self._maker("user report", held.uuid)
        return maker.record(
            fields.USER_REPORT,
            uuid=held.uuid,
            type=held.of.type,
            id=self._sent_number(maker, held.of.number),
            start_time=written(held.start, held.date_form),
            end_time=written(held.end, held.date_form),
            user_email=held.of.host.email,
            user_name=held.of.host.name,
            participants_count=held.people,
            duration=held.minutes,
        )


def _only(table: fields.Fields, row: Row) -> Row:
    """Keep the fields that the table has."""
    return {name: value for name, value in row.items() if name in table}
