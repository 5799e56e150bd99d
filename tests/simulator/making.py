"""Random values for the tables in `fields`, from a seeded generator."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from . import vocabulary
from .dates import FORMS, UTC, written
from .fields import Fields
from .vocabulary import Person

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LONG_AGO = datetime(2019, 3, 1, tzinfo=UTC)
_ODD = 0.1  # share of texts with unusual characters if values drift


def text(rng: random.Random) -> str:
    """Return the text of a message."""
    return vocabulary.value(rng, "message")


def code(rng: random.Random, length: int = 22) -> str:
    """Letters and digits, as in Zoom's ids."""
    return "".join(rng.choices(_ALPHABET, k=length))


def uuid(rng: random.Random) -> str:
    """Return the UUID of an occurrence. Half of them begin with / or contain //, so they must be encoded twice."""
    made = base64.b64encode(rng.randbytes(16)).decode()
    return rng.choice((made, made, f"/{made[1:]}", f"{made[:8]}//{made[10:]}"))


class Maker:
    """Makes records from a table of fields.

    With `drift`, values sometimes differ from the documentation, as in real answers: numbers as strings, flags as 0
    and 1, unknown fields.
    """

    def __init__(self, rng: random.Random, *, drift: bool) -> None:
        self.rng = rng
        self.drift = drift

    def record(self, fields: Fields, *, keep: Iterable[str] = (), **fixed: Any) -> dict[str, Any]:
        """Return a record with the `fixed` values. Fields are sometimes missing, except those in `keep`."""
        kept = {*keep, *fixed}
        made = self._object({name: kind for name, kind in fields.items() if name not in fixed}, kept)
        made.update(fixed)
        if self.drift and self.rng.random() < 0.02:
            made["zz_unannounced"] = {"since": "next year"}
        return made

    def _object(self, fields: Fields, kept: set[str]) -> dict[str, Any]:
        made = {}
        someone = vocabulary.person(self.rng) if fields.get("email") == "email" or "first_name" in fields else None
        for name, kind in fields.items():
            if name in kept:
                made[name] = self._value(kind, name, someone, plain=True)
                continue
            chance = self.rng.random()
            if chance < 0.05:
                continue
            made[name] = None if chance < 0.065 else self._value(kind, name, someone, plain=False)
        return made

    def _value(self, kind: Any, name: str, someone: Person | None, *, plain: bool) -> Any:
        if isinstance(kind, dict):
            return self._object(kind, set())
        if isinstance(kind, list):
            return [self._value(kind[0], name, None, plain=plain) for _ in range(self.rng.choice((0, 1, 1, 2)))]
        value = self._leaf(kind, name, someone)
        if plain:
            return value
        if kind in ("text", "date", "url", "phone") and self.rng.random() < 0.04:
            return ""
        if self.drift and self.rng.random() < 0.03:
            return self._drifted(value, kind)
        return value

    def _leaf(self, kind: str, name: str, someone: Person | None) -> Any:
        rng = self.rng
        kind, _, choices = kind.partition(":")
        if kind == "text":
            return vocabulary.value(rng, name, someone, _ODD if self.drift else 0.01)
        if kind == "flag":
            return rng.random() < 0.5
        if kind == "one":
            return rng.choice(choices.split("|"))
        if kind == "int" or (kind == "number" and choices):
            return int(rng.choice(choices.split("|"))) if choices else rng.randint(1, 240)
        if kind == "id":
            return code(rng)
        if kind == "big":
            return rng.randint(3_000_000_000, 9_999_999_999)
        if kind == "date":
            moment = _LONG_AGO + timedelta(seconds=rng.randint(0, 150_000_000))
            return written(moment, rng.choice(FORMS))
        if kind == "url":
            return f"https://example.com/j/{code(rng, 12)}"
        if kind == "email":
            return someone.email if someone and name == "email" else vocabulary.person(rng).email
        if kind == "zip":
            return str(rng.randint(100_000, 999_999))
        if kind == "phone":
            return f"+1 {rng.randint(100_000_000, 999_999_999)}"
        if kind == "number":
            return rng.randint(1, 100_000) / 100
        if kind == "uuid":
            return uuid(rng)
        if kind == "moment":
            return written(_LONG_AGO + timedelta(seconds=rng.randint(0, 150_000_000)))
        if kind == "day":
            return (_LONG_AGO + timedelta(days=rng.randint(0, 1700))).date().isoformat()
        raise ValueError(f"unknown kind of field: {kind}")

    def _drifted(self, value: Any, kind: str) -> Any:
        choice = self.rng.randrange(3)
        if isinstance(value, bool):
            return (int(value), str(value).lower(), value)[choice]
        if isinstance(value, int):
            return (str(value), float(value) if value < 2**50 else str(value), "")[choice]
        if kind == "text":
            return (f"{value}\x00!", f"{value} \ud83d", self.rng.randint(1, 10_000))[choice]
        if kind in ("id", "zip"):
            return (self.rng.randint(1, 10**9), value, value)[choice]
        return value
