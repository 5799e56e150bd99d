"""A simulated Zoom account: users, scheduled meetings, past and future occurrences. All follow from a seed and a time.

`contents` makes the registrants, participants and answers of a meeting when they are requested, always the same for
the same account. It also decides which of them are readable at a later time.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import jwt as pyjwt

from . import generate
from .dates import UTC, day_start, first_report_day
from .model import Number, Occurrence, User

SIZES: dict[str, dict[str, int]] = {
    "small": {},
    # Few odd cases, as in most accounts, for demos.
    "demo": {
        "users": 30,
        "meetings_per_user": 2,
        "occurrences": 3,
        "registrants": 8,
        "crowd": 120,
        "edges": False,
        "drift": False,
    },
    "medium": {"users": 60, "meetings_per_user": 4, "occurrences": 8, "participants": 12, "registrants": 12},
    "large": {"users": 700, "meetings_per_user": 3, "occurrences": 8, "participants": 12, "registrants": 10},
}


class Account:
    """The account, its credentials and its contents."""

    def __init__(
        self,
        seed: int = 1,
        *,
        users: int = 12,
        meetings_per_user: int = 3,
        webinars_per_user: int = 1,
        occurrences: int = 4,
        participants: int = 6,
        registrants: int = 6,
        crowd: int = 650,
        future: int = 0,
        edges: bool = True,
        drift: bool = True,
        now: datetime | None = None,
    ) -> None:
        """`users`: number of users, in all statuses; the other counts are averages; `crowd`: rows of the longest lists.

        `future`: how many days after `now` have occurrences, which are readable once the clock has reached them.
        `edges`: add series with occurrences at the edges of windows, which are many.
        `drift`: send some values in another type than the documented one, as Zoom does.
        `now`: the time for which the account is made, and at which the server's clock starts; default: the real time.
        """
        self.seed = seed
        self.size = {
            "users": users,
            "meetings_per_user": meetings_per_user,
            "webinars_per_user": webinars_per_user,
            "occurrences": occurrences,
            "participants": participants,
            "registrants": registrants,
            "crowd": crowd,
            "future": future,
        }
        self.edges = edges
        self.drift = drift
        self.in_real_time = now is None
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self.first_day = day_start(first_report_day(self.now.date()))
        rng = self.rng("credentials")
        self.account_id = generate.secret(rng, "account")
        self.client_id = generate.secret(rng, "client")
        self.client_secret = generate.secret(rng, "SECRET-client")
        self.refresh_token = generate.secret(rng, "SECRET-refresh")
        self.jwt_secret = generate.secret(rng, "SECRET-jwt-key") + "0" * 32
        self.users: list[User] = []
        self.departed: list[User] = []
        self.numbers: dict[int, Number] = {}
        self.occurrences: dict[str, Occurrence] = {}
        # Cached answers, shared by all servers of this account. They never change.
        self.made: dict[tuple[object, ...], Any] = {}
        generate.fill(self)

    @classmethod
    def sized(cls, size: str = "small", seed: int = 1, **changes: Any) -> Account:
        """Return an account of a named size."""
        return cls(seed, **{**SIZES[size], **changes})

    def rng(self, *purpose: object) -> random.Random:
        """Return a separate random generator for each purpose, so that they don't affect each other."""
        return random.Random(f"{self.seed}/" + "/".join(map(str, purpose)))

    def jwt(self, expires_in: int = 3600, now: datetime | None = None) -> str:
        """Return a JSON Web Token of this account, like those of Zoom's former JWT apps."""
        claims = {"iss": self.client_id, "exp": int((now or datetime.now(UTC)).timestamp()) + expires_in}
        return pyjwt.encode(claims, self.jwt_secret, algorithm="HS256")

    @property
    def held(self) -> list[Occurrence]:
        """All occurrences, past and future, oldest first."""
        return sorted(self.occurrences.values(), key=lambda held: (held.start, held.uuid))

    def user(self, id_or_email: str) -> User | None:
        """Find a user of the account by id or e-mail."""
        for user in self.users:
            # Zoom's API does not know the id of a pending user who can't be looked up.
            if user.email == id_or_email or (user.id == id_or_email and user.lookup == "ok"):
                return user
        return None

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{len(things)} {name}"
            for name, things in (("users", self.users), ("numbers", self.numbers), ("occurrences", self.occurrences))
        )
        return f"Account(seed={self.seed}: {counts})"
