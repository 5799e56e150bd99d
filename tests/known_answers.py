"""Expected answers to the questions of docs/questions.md, computed from the account's records without SQL.

Each function takes the records by stream and today's date, and returns the rows of the answer in any order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests import known_marts
from tests.known_marts import minutes, time_of

Record = dict[str, Any]
Rows = dict[str, list[Record]]
Answer = Iterable[tuple[Any, ...]]


def attendance(rows: Rows, today: date) -> Answer:
    for person in known_marts.people(rows, "meeting"):
        if held_on(person.held) >= month_before(today):
            yield held_on(person.held), person.held.topic, person.name, person.joins, minutes(len(person.seconds))


def idle_licences(rows: Rows, today: date) -> Answer:
    last: dict[str | None, int] = {}
    for held in known_marts.meetings(rows) + known_marts.occurrences(rows, "webinar"):
        last[held.host] = max(last.get(held.host, held.start), held.start)
    for user in rows["users"]:
        hosted = last.get(user["email"].lower())
        since = None if hosted is None else str(time_of(hosted).date())
        if user.get("type") == 2 and user["status"] == "active" and not (since and since >= month_before(today)):
            yield user["email"].lower(), day(user.get("last_login_time")), since


def no_shows(rows: Rows, today: date) -> Answer:
    came = Counter(person.held.uuid for person in known_marts.people(rows, "webinar"))
    held = {each.uuid: each for each in known_marts.occurrences(rows, "webinar")}
    for uuid, missed in Counter(row["webinar_uuid"] for row in rows["webinar_absentees"]).items():
        yield (held_on(held[uuid]), held[uuid].topic, came[uuid], missed) if uuid in held else (None, None, 0, missed)


def polls(rows: Rows, today: date) -> Answer:
    counted: Counter[tuple[str | None, str]] = Counter()
    for (_, question, answer), count in known_marts.poll_answers(rows).items():
        counted[question, answer] += count
    return [(*each, count) for each, count in counted.items()]


def unrecorded(rows: Rows, today: date) -> Answer:
    recorded = {row["uuid"] for row in rows["recordings"]}
    people = Counter(person.held.uuid for person in known_marts.people(rows, "meeting"))
    for held in known_marts.meetings(rows):
        if held_on(held) >= month_before(today) and not held.sessions & recorded:
            yield held_on(held), held.topic, held.host, people[held.uuid]


def left_to_do(rows: Rows, today: date) -> Answer:
    for row in in_last_month(rows["meeting_summary_details"], "meeting_start_time", today):
        for step in row.get("next_steps") or ():
            yield day(row["meeting_start_time"]), row.get("meeting_host_email"), step


def busiest_hours(rows: Rows, today: date) -> Answer:
    people = Counter(person.held.uuid for person in known_marts.people(rows, "meeting"))
    hours: dict[int, list[int]] = defaultdict(list)
    for held in known_marts.meetings(rows):
        hours[time_of(held.start).hour].append(people[held.uuid])
    return [(hour, len(counts), sum(counts)) for hour, counts in hours.items()]


def time_to_join(rows: Rows, today: date) -> Answer:
    held: dict[str, known_marts.Held] = {}
    waits: dict[str, list[int]] = defaultdict(list)
    for person in known_marts.people(rows, "meeting"):
        held[person.held.uuid] = person.held
        waits[person.held.uuid].append(person.first - person.held.start)
    for uuid, seconds in waits.items():
        yield held_on(held[uuid]), held[uuid].topic, len(seconds), nearest(Fraction(sum(seconds), len(seconds)))


def left_with_meetings(rows: Rows, today: date) -> Answer:
    users = {user["id"]: user for user in rows["users"]}
    found: Counter[tuple[str, str]] = Counter()
    for meeting in rows["meetings"]:
        user = users.get(meeting["host_id"])
        if user is None or user["status"] != "active":
            host = user["email"] if user else meeting.get("host_email") or meeting["host_id"]
            found[host, user["status"] if user else "gone"] += 1
    return [(*who, count) for who, count in found.items()]


def storage(rows: Rows, today: date) -> Answer:
    email = {user["id"]: user["email"] for user in rows["users"]}
    host = {held.uuid: held.host for held in known_marts.occurrences(rows, "meeting")}
    sizes: dict[str, list[int]] = defaultdict(list)
    for row in rows["recordings"]:
        sizes[email.get(row["host_id"]) or host.get(row["uuid"]) or row["host_id"]].append(row["total_size"])
    return [(host, len(each), nearest(Fraction(sum(each), 10**6))) for host, each in sizes.items()]


def spoken(rows: Rows, today: date) -> Answer:
    email = {user["id"]: user["email"] for user in rows["users"]}
    text = {row["meeting_uuid"]: row.get("text") or "" for row in rows["meeting_transcripts"]}
    for row in rows["recordings"]:
        if "budget" in text.get(row["uuid"], "").lower():
            yield day(row["start_time"]), row.get("topic"), email.get(row["host_id"])


def missed_calls(rows: Rows, today: date) -> Answer:
    queues: dict[tuple[str, str | None], list[Record]] = defaultdict(list)
    for row in rows["phone_call_queue_analytics"]:
        queues[row["call_queue_id"], row.get("call_queue_name")].append(row)
    for (_, name), days in queues.items():
        yield (
            name or None,
            *(
                total(row.get(what) for row in days)
                for what in ("inbound_calls", "abandoned_calls", "overflowed_calls")
            ),
        )


def sign_ins(rows: Rows, today: date) -> Answer:
    days: dict[str | None, list[str | None]] = defaultdict(list)
    for row in rows["report_activities"]:
        if row.get("type") == "Sign in":
            days[day(row["time"])].append(row.get("email"))
    return [(each, len(emails), len({*emails} - {None})) for each, emails in days.items()]


ANSWERS: dict[str, Callable[[Rows, date], Answer]] = {
    "Who was in which meeting of the last month, and for how long?": attendance,
    "Who has a license and hosted nothing in the last month?": idle_licences,
    "Which webinars had the most no-shows?": no_shows,
    "What did people answer in polls?": polls,
    "Which meetings of the last month have no recording?": unrecorded,
    "What is left to do, by the summaries of the last month?": left_to_do,
    "Which hours are the busiest?": busiest_hours,
    "How long does it take until people have joined?": time_to_join,
    "Who has left, with meetings still scheduled?": left_with_meetings,
    "Whose recordings take how much storage?": storage,
    "In which meetings was a word spoken?": spoken,
    "How many calls does each queue miss?": missed_calls,
    "How many people sign in each day?": sign_ins,
}


# --- helpers ------------------------------------------------------------------------------------------------------


def held_on(held: known_marts.Held) -> str:
    return str(time_of(held.start).date())


def month_before(today: date) -> str:
    """Return the same day of the previous month, which must have such a day."""
    return today.replace(year=today.year - (today.month == 1), month=(today.month - 2) % 12 + 1).isoformat()


def in_last_month(rows: list[Record], name: str, today: date) -> Iterator[Record]:
    return (row for row in rows if row.get(name) and row[name][:10] >= month_before(today))


def day(text: str | None) -> str | None:
    return text[:10] if text else None


def nearest(number: Fraction) -> int:
    """Round like SQL: halves away from zero."""
    return floor(number + Fraction(1, 2)) if number >= 0 else -floor(-number + Fraction(1, 2))


def total(numbers: Iterable[int | None]) -> int | None:
    """Sum like SQL: None is ignored, and without numbers the sum is None."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
