"""Expected contents of the marts, computed from an account's records without SQL.

Attendance is counted in seconds: a person's time is the set of seconds that their rows cover.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

Record = dict[str, Any]
Rows = dict[str, list[Record]]
EPOCH = datetime(2000, 1, 1)
DAY = 86_400
LARGEST_GAP = 300


def second(text: str) -> int:
    """Convert a time to seconds since EPOCH."""
    moment = datetime.fromisoformat(
        re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    )  # Python 3.10 accepts only 3 or 6 digits
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return int((moment - EPOCH).total_seconds())


def time_of(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def minutes(seconds: int) -> int:
    """Round to minutes, halves up."""
    return (seconds + 30) // 60


@dataclass
class Held:
    """A past meeting with its sessions, or a past webinar."""

    uuid: str
    number: int
    start: int
    end: int
    host: str | None
    topic: str | None = None
    sessions: set[str] = field(default_factory=set)


@dataclass
class Person:
    """A participant of a meeting or webinar."""

    held: Held
    key: str
    rows: list[Record] = field(default_factory=list)

    @cached_property
    def seconds(self) -> set[int]:
        return set().union(*(range(*_stay(row)) for row in self.rows))

    @property
    def joins(self) -> int:
        return len({(row["session"], row["user_id"], row["join_time"]) for row in self.rows})

    @property
    def name(self) -> str:
        """The e-mail address, else the name, else "guest"."""
        if not self.key.startswith(("id:", "registrant:", "guest:")):
            return self.key
        return _most(self.rows, "name") or "guest"

    @property
    def first(self) -> int:
        return min(_stay(row)[0] for row in self.rows)

    @property
    def last(self) -> int:
        return max(_stay(row)[1] for row in self.rows)


def occurrences(rows: Rows, kind: str) -> list[Held]:
    """Return every occurrence that some stream has a start time for, each UUID once. Sessions are not merged yet."""
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows.get(f"report_{kind}s", ()):
        found[row["uuid"]].append(
            {"number": row["id"], "start": row["start_time"], "end": row["end_time"], "host": row.get("user_email"),
             "topic": row.get("topic")}
        )  # fmt: skip
    for row in rows.get("history_meetings", ()):
        if row["type"].lower() == kind:
            found[row["meeting_uuid"]].append(
                {"number": row["meeting_id"], "start": row["start_time"], "end": row["end_time"], "host": row.get("host_email"),
                 "topic": row.get("topic")}
            )  # fmt: skip
    for row in rows.get(f"{kind}_poll_results", ()):
        found[row[f"{kind}_uuid"]].append({"number": row[f"{kind}_id"], "start": row["start_time"]})
    joined: dict[str, list[Record]] = defaultdict(list)
    for row in rows.get(f"report_{kind}_participants", ()):
        joined[row[f"{kind}_uuid"]].append(row)
    for uuid, stays in joined.items():
        last = max((row["leave_time"] for row in stays if row.get("leave_time")), default=None)
        found[uuid].append(
            {"number": stays[0][f"{kind}_id"], "start": min(row["join_time"] for row in stays), "end": last}
        )
    for row in rows.get("webinar_absentees", ()) if kind == "webinar" else ():
        found[row["webinar_uuid"]].append({"number": row["webinar_id"]})
    return [
        Held(
            uuid, int(said[0]["number"]), second(_first(said, "start")), second(_first(said, "end") or _first(said, "start")),
            (_first(said, "host") or "").lower() or None, _first(said, "topic"), {uuid},
        )
        for uuid, said in found.items()
        if _first(said, "start")
    ]  # fmt: skip


def meetings(rows: Rows) -> list[Held]:
    """Return the meetings. Sessions with one meeting number, at most LARGEST_GAP seconds apart, are merged into one."""
    found: list[Held] = []
    for session in sorted(occurrences(rows, "meeting"), key=lambda held: (held.number, held.start, held.uuid)):
        last = found[-1] if found else None
        if last and last.number == session.number and session.start - last.end <= LARGEST_GAP:
            last.end = max(last.end, session.end)
            last.sessions.add(session.uuid)
        else:
            found.append(session)
    return found


def people(rows: Rows, kind: str) -> list[Person]:
    """Return the participants of all meetings or webinars, each once per meeting."""
    held = meetings(rows) if kind == "meeting" else occurrences(rows, kind)
    of_session = {uuid: each for each in held for uuid in each.sessions}
    connections: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows[f"report_{kind}_participants"]:
        if row.get("status") != "in_waiting_room":
            connections[row[f"{kind}_uuid"], row["user_id"]].append({**row, "session": row[f"{kind}_uuid"]})
    named: dict[tuple[str, str], list[list[Record]]] = defaultdict(list)
    found: dict[tuple[str, str], Person] = {}
    emails = {
        (of_session[row["session"]].uuid, _id(stays)): email
        for stays in connections.values()
        for row in stays
        if _id(stays) and (email := _most(stays, "user_email"))
    }
    for (session, _), stays in connections.items():
        uuid, id_ = of_session[session].uuid, _id(stays)
        email = _most(stays, "user_email") or emails.get((uuid, id_), "")
        registrant = _most(stays, "registrant_id")
        key = email.lower() or (id_ and f"id:{id_}") or (registrant and f"registrant:{registrant}")
        if key:
            found.setdefault((uuid, key), Person(of_session[session], key)).rows += stays
        else:
            named[uuid, _most(stays, "name")].append(stays)
    for (uuid, name), groups in named.items():
        for number, stays in enumerate(groups):
            alone = not name or _meet(groups)
            key = f"guest:{name}:{number}" if alone else f"guest:{name}"
            found.setdefault((uuid, key), Person(of_session[stays[0]["session"]], key)).rows += stays
    return list(found.values())


def person_days(attended: list[Person]) -> dict[tuple[str, date], tuple[int, set[int]]]:
    """Return (number of meetings, seconds in them) by person and UTC day. Guests are left out."""
    met: dict[tuple[str, date], set[str]] = defaultdict(set)
    there: dict[tuple[str, date], set[int]] = defaultdict(set)
    for person in attended:
        if person.key.startswith("guest:"):
            continue
        for row in person.rows:
            start, end = _stay(row)
            for day in range(start // DAY, max(start, end - 1) // DAY + 1):
                key = (person.key, (EPOCH + timedelta(days=day)).date())
                met[key].add(person.held.uuid)
                there[key] |= set(range(max(start, day * DAY), min(end, (day + 1) * DAY)))
    return {key: (len(met[key]), there[key]) for key in met}


def poll_answers(rows: Rows) -> Counter[tuple[str, str | None, str]]:
    """Count the poll answers by respondent, question and answer."""
    return Counter(
        (row["respondent"], detail.get("question"), detail["answer"])
        for kind in ("meeting", "webinar")
        for row in rows[f"{kind}_poll_results"]
        for detail in row.get("question_details") or ()
        if detail.get("answer")
    )


def _stay(row: Record) -> tuple[int, int]:
    start = second(row["join_time"])
    end = second(row["leave_time"]) if row.get("leave_time") else start + (row.get("duration") or 0)
    return start, max(start, end)


def _meet(groups: list[list[Record]]) -> bool:
    """True if two of the connections overlap."""
    spans = [(min(_stay(row)[0] for row in stays), max(_stay(row)[1] for row in stays)) for stays in groups]
    return any(one[0] < other[1] and other[0] < one[1] for number, one in enumerate(spans) for other in spans[:number])


def _id(rows: list[Record]) -> str:
    return max((row.get("participant_user_id") or row.get("id") or "" for row in rows), default="")


def _most(rows: Iterable[Record], name: str) -> str:
    return max((row.get(name) or "" for row in rows), default="")


def _first(said: list[Record], name: str) -> Any:
    """Return the first value of a field that is not empty, or None."""
    return next((each[name] for each in said if each.get(name)), None)
