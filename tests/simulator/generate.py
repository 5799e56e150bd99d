"""Generates the contents of an account.

Cases in which taps lose rows are frequent: odd UUIDs, repeated rows, times at window edges, deleted users and meetings.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import model
from .dates import FORMS, day_start, instances_since, written
from .fields import USER
from .making import Maker, code
from .vocabulary import FIRST_NAMES, LAST_NAMES

if TYPE_CHECKING:
    from .account import Account
    from .model import Number, User

# Start hours (UTC) and minutes of meetings in accounts without edge cases.
_HOURS = (7, 8, 8, 9, 9, 9, 10, 10, 11, 12, 13, 13, 14, 14, 15, 15, 16, 17)
_LENGTHS = (15, 25, 30, 30, 45, 50, 60, 60, 90)
# UUIDs that need different encodings in a path, each of them frequent.
_UUID_STYLES = ("plain", "slash", "leading", "plus", "double", "plain", "leading_double", "slash", "plain")


def secret(rng: random.Random, what: str) -> str:
    """Return a random credential. It begins with `what`, which contains SECRET if it must never be shown."""
    return f"{what}-{code(rng, 24)}"


def fill(account: Account) -> None:
    """Add users, meeting and webinar numbers, and their occurrences."""
    _Generator(account).run()


class _Generator:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.rng = account.rng("generate")
        self.size = account.size
        self.serial = 0
        self.styles = 0
        self.emails: set[str] = set()
        # Start hours that several occurrences share.
        self.common_hours = [9, 9, 10, 14, 23]

    def run(self) -> None:
        self._users()
        self._departed_hosts()
        hosts = [user for user in self.account.users if user.status != "pending"] + self.account.departed
        for host in hosts:
            self._numbers(host)
        if self.account.edges:
            self._edges()
        self._crowds()
        self._future()
        for number in self.account.numbers.values():
            number.occurrences.sort(key=lambda held: (held.start, held.uuid))

    # Users

    def _users(self) -> None:
        count = self.size["users"]
        pending = min(count // 3, max(3, count // 8))
        inactive = min(count // 4, max(2, count // 8))
        statuses = ["active"] * (count - pending - inactive) + ["inactive"] * inactive + ["pending"] * pending
        for position, status in enumerate(statuses):
            self.account.users.append(self._user(status, position))
        active = [user for user in self.account.users if user.status == "active"]
        # By position, so that small accounts also have some of each.
        for position, user in enumerate(active):
            user.webinar_plan = position % 3 != 1
            user.may_host = position % 40 != 3
            user.deleted = position % 50 == 4
        waiting = [user for user in self.account.users if user.status == "pending"]
        for position, user in enumerate(waiting):
            user.lookup = ("ok", "gone", "expired", "ok", "ok", "ok", "ok")[position % 7]

    def _user(self, status: str, position: int) -> User:
        rng = self.account.rng("user", position)  # a separate generator, so that the vocabulary doesn't affect meetings
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        email = f"{first}.{last}@example.com".lower()
        if email in self.emails:
            email = f"{first}.{last}.{position}@example.com".lower()
        self.emails.add(email)
        id_ = code(rng)
        maker = Maker(rng, drift=self.account.drift)
        row = maker.record(
            USER,
            keep=("custom_attributes", "host_key"),
            id=id_,
            email=email,
            status=status,
            first_name=first,
            last_name=last,
            display_name=f"{first} {last}",
        )
        if row.get("last_login_time") and status == "active":
            row["last_login_time"] = written(self.account.now - timedelta(minutes=rng.randint(5, 60_000)))
        if status == "pending":
            # Zoom lists users who haven't accepted the invitation without an id.
            del row["id"]
        return model.User(id_, email, status, row)

    def _departed_hosts(self) -> None:
        for position in range(1 + self.size["users"] // 20):
            user = self._user("active", 100_000 + position)
            user.deleted = True
            self.account.departed.append(user)

    # Numbers

    def _numbers(self, host: User) -> None:
        departed = host in self.account.departed
        for _ in range(self.size["meetings_per_user"]):
            self.serial += 1
            type_ = (8, 2, 3, 2, 8, 3)[self.serial % 6]
            number = self._number("meeting", type_, host, "expired" if departed else self._state())
            self._hold(number, series=type_ != 2)
        for _ in range(self.rng.randint(0, 2)):
            type_ = self.rng.choice((1, 1, 1, 4, 7))
            self._hold(self._number("meeting", type_, host, "expired"), series=False, at_least=1)
        if not host.webinar_plan:
            return
        for _ in range(self.size["webinars_per_user"]):
            self.serial += 1
            type_ = (9, 5, 6)[self.serial % 3]
            number = self._number("webinar", type_, host, "expired" if departed else self._state())
            self._hold(number, series=type_ != 5)

    def _state(self) -> str:
        if self.serial % 7 == 5:
            return "expired"
        return "gone" if self.serial % 11 == 7 else "listed"

    def _number(self, kind: str, type_: int, host: User, state: str) -> Number:
        rng = self.rng
        value = rng.randint(3_000_000_000, 99_999_999_999)
        while value in self.account.numbers:
            value += 1
        number = model.Number(kind, value, type_, host, self._uuid(), state)
        if type_ in (3, 8, 6, 9) and self.serial % 2 == 0:
            number.rows_in_list = rng.randint(2, 4)
        number.registration = type_ not in (1, 4, 7) and rng.random() < 0.6
        number.registrants = rng.randint(0, 2 * self.size["registrants"])
        host.numbers.append(number)
        self.account.numbers[value] = number
        return number

    # Occurrences

    def _hold(self, number: Number, *, series: bool, at_least: int = 0) -> None:
        usual = self.size["occurrences"]
        recent = self.rng.randint(0, 2 * usual) if series else self.rng.randint(0, 2)
        for _ in range(max(recent, at_least)):
            self._held(number, self._recent())
        if series:
            for _ in range(self.rng.randint(0, usual)):
                self._held(number, self._older())

    def _held(self, number: Number, start: datetime, people: int | None = None) -> None:
        rng = self.rng
        account = self.account
        minutes = rng.randint(1, 90) if account.edges else rng.choice(_LENGTHS) + rng.choice((-2, 0, 0, 1, 3))
        if start < account.now:
            # Past occurrences must have ended, since lists contain no others.
            minutes = max(1, min(minutes, int((account.now - start).total_seconds() // 60) - 1))
        if people is None:
            people = 1 if rng.random() < 0.15 else rng.randint(2, max(2, 2 * self.size["participants"]))
        form = rng.choice(FORMS) if rng.random() < 0.3 else "Z"
        occurrence = model.Occurrence(self._uuid(), number, start, minutes, people, date_form=form)
        if number.kind == "webinar":
            occurrence.absentees = rng.randint(0, 2 * self.size["registrants"])
        account.occurrences[occurrence.uuid] = occurrence
        number.occurrences.append(occurrence)

    def _recent(self) -> datetime:
        account = self.account
        days = (account.now - account.first_day).days
        day = account.first_day + timedelta(days=self.rng.randint(1, max(1, days - 2)))
        if not account.edges:
            return self._office_hours(day)
        if self.rng.random() < 0.4:
            return day + timedelta(hours=self.rng.choice(self.common_hours))
        return day + timedelta(seconds=self.rng.randint(0, 86_399))

    def _older(self) -> datetime:
        account = self.account
        earliest = instances_since(account.now) + timedelta(days=2)
        span = int((account.first_day - earliest).total_seconds())
        start = earliest + timedelta(seconds=self.rng.randint(0, span - 1))
        if not account.edges and start < account.first_day - timedelta(days=4):
            start = self._office_hours(day_start(start.date()) + timedelta(days=1))
        # No occurrences near the end of report retention, where answers could change during a run.
        if 362 <= (account.now - start).days <= 368:
            start -= timedelta(days=10)
        return start

    def _office_hours(self, day: datetime) -> datetime:
        """Return a time in office hours, some seconds after a quarter hour. Weekends move to the Friday before."""
        day -= timedelta(days=max(0, day.weekday() - 4))
        quarter = self.rng.choice((0, 0, 0, 30, 30, 15, 45))
        return day + timedelta(hours=self.rng.choice(_HOURS), minutes=quarter, seconds=self.rng.randint(0, 59))

    def _edges(self) -> None:
        """Add occurrences at window edges to listed meetings, listed webinars and expired numbers."""
        account = self.account
        inside, outside = list(self._edges_inside()), list(self._edges_outside())
        listed = [number for number in account.numbers.values() if number.state == "listed"]
        listed = [number for number in listed if not number.host.deleted and number.host.may_host]
        for kind in ("meeting", "webinar"):
            for number in [number for number in listed if number.kind == kind and number.type != 2][:2]:
                for start in inside + outside:
                    self._held(number, start)
        expired = [number for number in account.numbers.values() if number.state == "expired"]
        for number in expired[:2]:
            for start in inside:
                self._held(number, start)

    def _edges_inside(self) -> Iterator[datetime]:
        first, now = self.account.first_day, self.account.now
        today = day_start(now.date())
        second, day = timedelta(seconds=1), timedelta(days=1)
        yield from (first, first + second, first + day - second, first + day)
        for days in (28, 56):
            yield from (first + days * day - second, first + days * day, today - days * day)
        for start in (today - second, today, now - timedelta(minutes=30)):
            if start + timedelta(minutes=3) < now:
                yield start

    def _edges_outside(self) -> Iterator[datetime]:
        first = self.account.first_day
        yield from (first - timedelta(seconds=1), first - timedelta(days=1), first - timedelta(days=31))

    def _crowds(self) -> None:
        """Add lists that need several pages."""
        crowd = self.size["crowd"]
        numbers = [number for number in self.account.numbers.values() if number.state == "listed"]
        numbers = [number for number in numbers if not number.host.deleted and number.host.may_host]
        for kind in ("meeting", "webinar"):
            of_kind = [number for number in numbers if number.kind == kind and number.type not in (2, 5)]
            if not crowd or not of_kind:
                continue
            number = of_kind[0]
            number.registration = True
            number.registrants = crowd
            for _ in range(self.size["occurrences"]):
                self._held(number, self._recent(), people=2)
            number.occurrences[0].people = crowd
            number.occurrences[0].absentees = crowd
            number.occurrences[-1].people = crowd // 2 + 1

    def _future(self) -> None:
        """Add future occurrences of series. No list contains them yet."""
        days = self.size["future"]
        for number in list(self.account.numbers.values()) if days else []:
            if number.type not in (2, 5) and number.state == "listed":
                for _ in range(self.rng.randint(1, 2)):
                    seconds = self.rng.randint(1, days * 86_400)
                    self._held(number, self.account.now + timedelta(seconds=seconds))

    def _uuid(self) -> str:
        style = _UUID_STYLES[self.styles % len(_UUID_STYLES)]
        self.styles += 1
        while True:
            text = code(self.rng, 21)
            if style == "slash":
                text = text[:9] + "/" + text[10:]
            elif style == "leading":
                text = "/" + text[1:]
            elif style == "plus":
                text = text[:5] + "+" + text[6:]
            elif style == "double":
                text = text[:11] + "//" + text[13:]
            elif style == "leading_double":
                text = "//" + text[2:8] + "+" + text[9:]
            # 16 bytes are 22 base64 characters. The last one has only two bits.
            uuid = text + self.rng.choice("AQgw") + "=="
            assert len(base64.b64decode(uuid)) == 16
            if uuid not in self.account.occurrences:
                return uuid
