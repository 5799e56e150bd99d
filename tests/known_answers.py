"""The answers to the questions of docs/questions.md, from what an account holds and without SQL.

Each takes the records of each stream and the day that it is, and gives the rows of the answer in any order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from fractions import Fraction
from math import floor
from typing import Any

Record = dict[str, Any]
Rows = dict[str, list[Record]]
Answer = Iterable[tuple[Any, ...]]


def attendance(rows: Rows, today: date) -> Answer:
    held = {row["uuid"]: row for row in in_last_month(rows["report_meetings"], "start_time", today)}
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (uuid, _, _), stay in stays(rows["report_meeting_participants"], "meeting_uuid").items():
        if uuid in held:
            person = most(stay, "user_email") or most(stay, "name") or "guest"
            found[uuid, person].append(max(row["duration"] for row in stay))
    for (uuid, person), seconds in found.items():
        meeting = held[uuid]
        yield day(meeting["start_time"]), meeting.get("topic"), person, len(seconds), nearest(Fraction(sum(seconds), 60))


def idle_licences(rows: Rows, today: date) -> Answer:
    last: dict[str, str] = {}
    for held in rows["report_meetings"] + rows["report_webinars"]:
        host = (held.get("user_email") or "").lower()
        last[host] = max(last.get(host, ""), held["start_time"])
    for user in rows["users"]:
        hosted = last.get(user["email"].lower())
        if user.get("type") == 2 and user["status"] == "active" and not (hosted and day(hosted) >= month_before(today)):
            yield user["email"], day(user.get("last_login_time")), day(hosted)


def no_shows(rows: Rows, today: date) -> Answer:
    missed = Counter(row["webinar_uuid"] for row in rows["webinar_absentees"])
    came: dict[str, set[str]] = defaultdict(set)
    for row in attending(rows["report_webinar_participants"]):
        came[row["webinar_uuid"]].add(row.get("user_email") or row["user_id"])
    for held in rows["report_webinars"]:
        if uuid := missed[held["uuid"]] and held["uuid"]:
            yield day(held["start_time"]), held.get("topic"), len(came[uuid]), missed[uuid]


def polls(rows: Rows, today: date) -> Answer:
    details = [detail for row in rows["meeting_poll_results"] for detail in row.get("question_details") or ()]
    counted = Counter((detail.get("question"), detail.get("answer")) for detail in details)
    return [(question, answer, count) for (question, answer), count in counted.items() if answer]


def unrecorded(rows: Rows, today: date) -> Answer:
    recorded = {row["uuid"] for row in rows["recordings"]}
    for held in in_last_month(rows["report_meetings"], "start_time", today):
        if held["uuid"] not in recorded:
            yield day(held["start_time"]), held.get("topic"), held.get("user_email"), held.get("participants_count")


def left_to_do(rows: Rows, today: date) -> Answer:
    for row in in_last_month(rows["meeting_summary_details"], "meeting_start_time", today):
        for step in row.get("next_steps") or ():
            yield day(row["meeting_start_time"]), row.get("meeting_host_email"), step


def busiest_hours(rows: Rows, today: date) -> Answer:
    hours: dict[int, list[int]] = defaultdict(list)
    for held in rows["report_meetings"]:
        hours[datetime.fromisoformat(held["start_time"][:19]).hour].append(held.get("participants_count") or 0)
    return [(hour, len(counts), sum(counts)) for hour, counts in hours.items()]


def time_to_join(rows: Rows, today: date) -> Answer:
    first: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in attending(rows["report_meeting_participants"]):
        person, joined = row.get("user_email") or row["user_id"], moment(row["join_time"])
        people = first[row["meeting_uuid"]]
        people[person] = min(people.get(person, joined), joined)
    for held in rows["report_meetings"]:
        if people := first[held["uuid"]]:
            seconds = [int((joined - moment(held["start_time"])).total_seconds()) for joined in people.values()]
            yield day(held["start_time"]), held.get("topic"), len(people), nearest(Fraction(sum(seconds), len(seconds)))


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
    sizes: dict[str, list[int]] = defaultdict(list)
    for row in rows["recordings"]:
        sizes[email.get(row["host_id"], row["host_id"])].append(row["total_size"])
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
        yield name, *(total(row.get(what) for row in days) for what in ("inbound_calls", "abandoned_calls", "overflowed_calls"))


def sign_ins(rows: Rows, today: date) -> Answer:
    days: dict[str | None, list[str | None]] = defaultdict(list)
    for row in rows["report_activities"]:
        if row.get("type") == "Sign in":
            days[day(row["time"])].append(row.get("email"))
    return [(each, len(emails), len({*emails} - {None})) for each, emails in days.items()]


ANSWERS: dict[str, Callable[[Rows, date], Answer]] = {
    "Who was in which meeting of the last month, and for how long?": attendance,
    "Who has a licence and hosted nothing in the last month?": idle_licences,
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


# --- what several of them need ------------------------------------------------------------------------------------


def attending(rows: list[Record]) -> Iterator[Record]:
    return (row for row in rows if row.get("status") == "in_meeting")


def stays(rows: list[Record], uuid: str) -> dict[tuple[str, str, str], list[Record]]:
    """The rows of each stay: the same person in the meeting, joined at the same time."""
    found: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for row in attending(rows):
        found[row[uuid], row["user_id"], row["join_time"]].append(row)
    return found


def most(rows: list[Record], name: str) -> str:
    return max((row.get(name) or "" for row in rows), default="")


def month_before(today: date) -> str:
    """The day a month ago; today is one that every month has."""
    return today.replace(year=today.year - (today.month == 1), month=(today.month - 2) % 12 + 1).isoformat()


def in_last_month(rows: list[Record], name: str, today: date) -> Iterator[Record]:
    return (row for row in rows if row.get(name) and row[name][:10] >= month_before(today))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def day(text: str | None) -> str | None:
    return text[:10] if text else None


def nearest(number: Fraction) -> int:
    """As SQL rounds: halves away from zero."""
    return floor(number + Fraction(1, 2)) if number >= 0 else -floor(-number + Fraction(1, 2))


def total(numbers: Iterable[int | None]) -> int | None:
    """As SQL sums: of nothing there is no sum."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
