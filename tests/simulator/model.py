"""The contents of an account: users, meeting and webinar numbers, occurrences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(eq=False)
class User:
    """A user of the account, or a host who has left it."""

    id: str
    email: str
    status: str
    row: dict[str, Any]
    # Answer to a look-up by e-mail: "ok", "gone" (404/1001), "expired" (400/1120).
    lookup: str = "ok"
    may_host: bool = True
    webinar_plan: bool = True
    # Still listed, but other requests answer that the user doesn't exist.
    deleted: bool = False
    numbers: list[Number] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.email.partition("@")[0].replace(".", " ").title()


@dataclass(eq=False)
class Number:
    """A meeting or webinar number, with its schedule and its occurrences."""

    kind: str
    number: int
    type: int
    host: User
    next_uuid: str
    # "listed"; "gone": listed, but the request for its details answers 404; "expired": no longer listed.
    state: str = "listed"
    rows_in_list: int = 1
    registration: bool = True
    # Number of registrants. Large numbers need several pages.
    registrants: int = 0
    occurrences: list[Occurrence] = field(default_factory=list)


@dataclass(eq=False)
class Occurrence:
    """One occurrence of a meeting or webinar, past or future."""

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
