"""A Zoom account: who is in it, what is scheduled, what was held. Everything follows from a seed and a time.

What a single meeting or occurrence holds (registrants, participants, answers) is made when it is asked for,
by `contents`, always the same for the same account. What of it can be read at a later time, `contents` knows too.
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
    # As calm as an account is on most days, for people to look at.
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
        """`users` in all statuses; the other counts are averages; `crowd`: rows where there are many.

        `future`: the days after `now` on which there will be more occurrences, to be read once it is their time.
        `edges`: series with occurrences at the edges of windows of time, which are many; `drift` lets values come in
        other types than documented, as they do now and then.
        `now`: the moment for which it is made, and at which the server's clock begins; default: real time.
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
        # Answers that were made already, for all servers of this account, which nobody changes from then on.
        self.made: dict[tuple[object, ...], Any] = {}
        generate.fill(self)

    @classmethod
    def sized(cls, size: str = "small", seed: int = 1, **changes: Any) -> Account:
        """An account of a named size."""
        return cls(seed, **{**SIZES[size], **changes})

    def rng(self, *purpose: object) -> random.Random:
        """A random generator of its own for each purpose, so that one thing doesn't shift the others."""
        return random.Random(f"{self.seed}/" + "/".join(map(str, purpose)))

    def jwt(self, expires_in: int = 3600, now: datetime | None = None) -> str:
        """A JSON Web Token of this account, as the former JWT apps made them."""
        claims = {"iss": self.client_id, "exp": int((now or datetime.now(UTC)).timestamp()) + expires_in}
        return pyjwt.encode(claims, self.jwt_secret, algorithm="HS256")

    @property
    def held(self) -> list[Occurrence]:
        """All that was held and will be, the oldest first."""
        return sorted(self.occurrences.values(), key=lambda held: (held.start, held.uuid))

    def user(self, id_or_email: str) -> User | None:
        """Somebody of the account, by id or e-mail."""
        for user in self.users:
            # Nobody knows the id of a pending user who can't be looked up.
            if user.email == id_or_email or (user.id == id_or_email and user.lookup == "ok"):
                return user
        return None

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{len(things)} {name}"
            for name, things in (("users", self.users), ("numbers", self.numbers), ("occurrences", self.occurrences))
        )
        return f"Account(seed={self.seed}: {counts})"
