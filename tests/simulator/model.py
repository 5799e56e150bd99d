"""What an account consists of: users, numbers, occurrences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(eq=False)
class User:
    """Somebody in the account, or a host who has left it."""

    id: str
    email: str
    status: str
    row: dict[str, Any]
    # What a look-up by e-mail answers: "ok", "gone" (404/1001), "expired" (400/1120).
    lookup: str = "ok"
    may_host: bool = True
    webinar_plan: bool = True
    # Still in the listing, but gone when something is asked about it.
    deleted: bool = False
    numbers: list[Number] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.email.partition("@")[0].replace(".", " ").title()


@dataclass(eq=False)
class Number:
    """A meeting or webinar number: what is scheduled under it and what was held under it."""

    kind: str
    number: int
    type: int
    host: User
    next_uuid: str
    # "listed"; "gone": listed, but deleted when its detail is asked for; "expired": in no list any more.
    state: str = "listed"
    rows_in_list: int = 1
    registration: bool = True
    # How many registered; a crowd needs several pages.
    registrants: int = 0
    occurrences: list[Occurrence] = field(default_factory=list)


@dataclass(eq=False)
class Occurrence:
    """One held meeting or webinar."""

    uuid: str
    of: Number
    start: datetime
    minutes: int
    people: int
    absentees: int = 0
    date_form: str = "Z"

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)
