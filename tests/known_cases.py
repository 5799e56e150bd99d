"""Hand-written meetings and participants, and the attendance expected from them.

Days are in the time zone of New York, where clocks go forward on 8 March 2026 at 07:00 UTC.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

Record = dict[str, Any]
ZONE = "America/New_York"


def meeting(uuid: str, number: int, start: str, end: str, host: str = "host@example.com") -> Record:
    return {
        "uuid": uuid,
        "id": number,
        "topic": uuid,
        "start_time": f"2026-{start}Z",
        "end_time": f"2026-{end}Z",
        "user_email": host,
    }


def stay(uuid: str, number: int, connection: int, start: str, end: str | None, **more: Any) -> Record:
    """Return a row of participants without `sequence`, which participants() adds."""
    times = {"join_time": f"2026-{start}Z", "leave_time": f"2026-{end}Z" if end else None}
    return {
        "meeting_uuid": uuid,
        "meeting_id": number,
        "user_id": str(connection),
        **times,
        "status": "in_meeting",
        **more,
    }


ANA, BOB, CARL = ({"user_email": f"{name}@example.com", "name": name} for name in ("ana", "bob", "carl"))
PHONE, GUEST = {"name": "iPhone", "user_email": ""}, {"name": "Guest"}

MEETINGS = [
    meeting("two devices", 1, "02-02T10:00:00", "02-02T10:40:00"),
    meeting("guests", 2, "02-02T10:00:00", "02-02T10:45:00"),
    meeting("same second", 3, "02-03T10:00:00", "02-03T11:07:00"),
    meeting("midnight", 4, "03-08T04:30:00", "03-08T05:30:00"),
    meeting("clocks go forward", 5, "03-08T06:30:00", "03-08T07:30:00"),
    meeting("midnight in summer", 6, "03-09T03:30:00", "03-09T04:30:00"),
    meeting("first session", 7, "02-04T10:00:00", "02-04T10:20:00"),
    meeting("after 300 seconds", 7, "02-04T10:25:00", "02-04T10:40:00"),
    meeting("after 301 seconds", 7, "02-04T10:45:01", "02-04T11:00:00"),
    meeting("other number", 8, "02-04T10:41:00", "02-04T10:44:00"),
    meeting("waiting", 9, "02-05T10:00:00", "02-05T11:00:00"),
    meeting("three times forty seconds", 10, "02-05T10:00:00", "02-05T10:30:00", host="ANA@example.com"),
    meeting("hidden address", 11, "02-06T10:00:00", "02-06T10:30:00"),
    meeting("at the same time", 12, "02-02T10:20:00", "02-02T11:00:00"),
    meeting("alone", 13, "02-10T10:00:00", "02-10T10:05:00"),
]

ATTENDED = [
    stay("two devices", 1, 1, "02-02T10:00:00", "02-02T10:30:00", **ANA),
    stay("two devices", 1, 2, "02-02T10:10:00", "02-02T10:40:00", **ANA),
    stay("guests", 2, 1, "02-02T10:00:00", "02-02T10:30:00", **PHONE),
    stay("guests", 2, 2, "02-02T10:15:00", "02-02T10:45:00", **PHONE),
    stay("guests", 2, 3, "02-02T10:00:00", "02-02T10:10:00", **GUEST),
    stay("guests", 2, 4, "02-02T10:10:00", "02-02T10:30:00", **GUEST),
    stay("guests", 2, 5, "02-02T10:00:00", "02-02T10:01:00"),
    stay("guests", 2, 6, "02-02T10:02:00", "02-02T10:03:00"),
    stay("same second", 3, 1, "02-03T10:00:00", "02-03T10:20:00", **BOB),
    stay("same second", 3, 2, "02-03T10:20:00", "02-03T10:40:00", **BOB),
    stay("same second", 3, 3, "02-03T11:00:00", "02-03T11:05:00", **BOB),
    stay("same second", 3, 3, "02-03T11:00:00", "02-03T11:07:00", **BOB),
    stay("midnight", 4, 1, "03-08T04:30:00", "03-08T05:30:00", **ANA),
    stay("clocks go forward", 5, 1, "03-08T06:30:00", "03-08T07:30:00", **ANA),
    stay("midnight in summer", 6, 1, "03-09T03:30:00", "03-09T04:30:00", **ANA),
    stay("first session", 7, 1, "02-04T10:00:00", "02-04T10:20:00", **BOB),
    stay("after 300 seconds", 7, 1, "02-04T10:25:00", "02-04T10:40:00", **BOB),
    stay("after 301 seconds", 7, 1, "02-04T10:45:01", "02-04T11:00:00", **BOB),
    stay("other number", 8, 1, "02-04T10:41:00", "02-04T10:44:00", **BOB),
    stay("waiting", 9, 1, "02-05T10:00:00", "02-05T10:30:00", **CARL, status="in_waiting_room"),
    stay("waiting", 9, 2, "02-05T10:30:00", None, duration=900, **CARL),
    stay("waiting", 9, 3, "02-05T10:30:00", "02-05T10:50:00", duration=0, **BOB),
    stay("waiting", 9, 4, "02-05T10:30:00", "02-05T10:55:00", **PHONE, status="in_waiting_room"),
    stay("three times forty seconds", 10, 1, "02-05T10:00:00", "02-05T10:00:40", **ANA),
    stay("three times forty seconds", 10, 2, "02-05T10:10:00", "02-05T10:10:40", **ANA),
    stay("three times forty seconds", 10, 3, "02-05T10:20:00", "02-05T10:20:40", user_email="Ana@Example.com", name="ana"),
    stay("hidden address", 11, 1, "02-06T10:00:00", "02-06T10:10:00", id="u-carl", **CARL),
    stay("hidden address", 11, 2, "02-06T10:15:00", "02-06T10:20:00", id="u-carl", user_email="", name="carl"),
    stay("hidden address", 11, 3, "02-06T10:00:00", "02-06T10:20:00", participant_user_id="u-dora", name="dora"),
    stay("at the same time", 12, 1, "02-02T10:20:00", "02-02T11:00:00", **ANA),
    stay("without a report", 14, 1, "02-11T10:00:00", "02-11T10:30:00", **BOB),
    stay("without a report", 14, 2, "02-11T10:05:00", "02-11T10:45:00", **CARL),
]  # fmt: skip


def participants() -> list[Record]:
    seen: Counter[tuple[str, str, str]] = Counter()
    rows = []
    for row in ATTENDED:
        key = row["meeting_uuid"], row["user_id"], row["join_time"]
        rows.append({**row, "sequence": seen[key]})
        seen[key] += 1
    return rows


# (meeting, person) -> (joins, seconds present) of each person of that name. Guests have a name instead of an address.
ATTENDANCE = {
    ("two devices", "ana@example.com"): [(2, 2400)],
    ("guests", "iPhone"): [(1, 1800), (1, 1800)],  # overlapping: two people
    ("guests", "Guest"): [(2, 1800)],  # consecutive: one person who rejoined
    ("guests", None): [(1, 60), (1, 60)],
    ("same second", "bob@example.com"): [(3, 2400 + 420)],
    ("midnight", "ana@example.com"): [(1, 3600)],
    ("clocks go forward", "ana@example.com"): [(1, 3600)],
    ("midnight in summer", "ana@example.com"): [(1, 3600)],
    ("first session", "bob@example.com"): [(2, 1200 + 900)],
    ("after 301 seconds", "bob@example.com"): [(1, 899)],
    ("other number", "bob@example.com"): [(1, 180)],
    ("waiting", "carl@example.com"): [(1, 900)],
    ("waiting", "bob@example.com"): [(1, 1200)],
    ("three times forty seconds", "ana@example.com"): [(3, 120)],
    ("hidden address", "carl@example.com"): [(2, 900)],
    ("hidden address", "dora"): [(1, 1200)],
    ("at the same time", "ana@example.com"): [(1, 2400)],
    ("without a report", "bob@example.com"): [(1, 1800)],
    ("without a report", "carl@example.com"): [(1, 2400)],
}

# Meeting -> sessions, minutes, people, total minutes of all people.
HELD = {
    "two devices": (1, 40, 1, 40), "guests": (1, 45, 5, 92), "same second": (1, 67, 1, 47), "midnight": (1, 60, 1, 60),
    "clocks go forward": (1, 60, 1, 60), "midnight in summer": (1, 60, 1, 60), "first session": (2, 40, 1, 35),
    "after 301 seconds": (1, 15, 1, 15), "other number": (1, 3, 1, 3), "waiting": (1, 60, 2, 35),
    "three times forty seconds": (1, 30, 1, 2), "hidden address": (1, 30, 2, 35), "at the same time": (1, 40, 1, 40),
    "alone": (1, 5, 0, 0), "without a report": (1, 45, 2, 70),
}  # fmt: skip

# (person, day in New York) -> meetings attended, minutes, meetings organized. Overlapping minutes count once.
DAYS = {
    ("ana@example.com", "2026-02-02"): (2, 60, 0), ("ana@example.com", "2026-02-05"): (1, 2, 1),
    ("ana@example.com", "2026-03-07"): (1, 30, 0), ("ana@example.com", "2026-03-08"): (3, 30 + 60 + 30, 0),
    ("ana@example.com", "2026-03-09"): (1, 30, 0),
    ("bob@example.com", "2026-02-03"): (1, 47, 0), ("bob@example.com", "2026-02-04"): (3, 53, 0),
    ("bob@example.com", "2026-02-05"): (1, 20, 0), ("bob@example.com", "2026-02-11"): (1, 30, 0),
    ("carl@example.com", "2026-02-05"): (1, 15, 0), ("carl@example.com", "2026-02-06"): (1, 15, 0),
    ("carl@example.com", "2026-02-11"): (1, 40, 0), ("id:u-dora", "2026-02-06"): (1, 20, 0),
    **{("host@example.com", f"2026-{day}"): (0, 0, organised) for day, organised in {
        "02-02": 3, "02-03": 1, "02-04": 3, "02-05": 1, "02-06": 1, "02-10": 1, "03-07": 1, "03-08": 2,
    }.items()},
}  # fmt: skip
