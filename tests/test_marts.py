"""The dbt package on DuckDB: its models match values that are computed from the simulated account without SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

import pytest

from tests import known_cases, known_marts
from tests.built import Built
from tests.known_marts import minutes, second, time_of
from tests.simulator.dates import UTC
from tests.warehouse import FINALS, described, examples

# --- building -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["core", "all", "full", "cases"])
def test_every_model_and_test_passes(built: Built, name: str) -> None:
    """Without errors and warnings: the core streams, all streams, a full refresh, and only report_meetings with its
    participants."""
    built.outcomes[name].assert_clean()


def test_an_incremental_build_equals_a_full_one(built: Built) -> None:
    """All tables are equal, even after a late row. Unchanged rows aren't built again."""
    assert built.kept
    for name in [each for each in described() if not each.startswith("stg_")]:
        columns = ", ".join(column["name"] for column in described()[name]["columns"])
        if name == "int_zoom__meeting_stays":  # not registrant_id, which marks unchanged rows
            columns = (
                "stay_key, unit, meeting_uuid, person_key, joins, started_at, ended_at, source_rows, source_loaded_at"
            )
        sql = f"SELECT {columns} FROM {name}"
        assert Counter(built.ask("all", sql)) == Counter(built.ask("full", sql)), name


def test_columns_are_as_described(built: Built) -> None:
    """Each model has the documented columns in the documented order. Every description ends with a period."""
    for name, model in described().items():
        assert built.columns("cases", name) == [column["name"] for column in model["columns"]], name
        assert all(part["description"].endswith(".") for part in [model, *model["columns"]]), name


@pytest.mark.parametrize("name", FINALS)
def test_the_example_question_of_a_model_has_an_answer(built: Built, name: str) -> None:
    """Its query returns rows."""
    assert built.ask("all", examples()[name])


# --- expected values from the account --------------------------------------------------------------------------------


def attendance(built: Built, kind: str) -> Counter[tuple[Any, ...]]:
    sql = (
        f"SELECT {kind}_uuid, person_key, joins, attended_seconds, attended_minutes, first_joined_at, last_left_at "
        f"FROM zoom__{kind}_attendance"
    )
    return Counter(without_guest(row) for row in built.ask("all", sql))


def without_guest(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without the name or number of a guest."""
    return (row[0], "guest" if row[1].startswith("guest:") else row[1], *row[2:])


@pytest.mark.parametrize("kind", ["meeting", "webinar"])
def test_attendance_is_right_to_the_second(built: Built, kind: str) -> None:
    """Joins, attended seconds, first join and last leave of each person in each meeting and webinar."""
    right = Counter(
        without_guest(
            (
                each.held.uuid, each.key, each.joins, len(each.seconds), minutes(len(each.seconds)), time_of(each.first), time_of(each.last),
            )
        )
        for each in built.people(kind)
    )  # fmt: skip
    assert len(right) > 450
    assert attendance(built, kind) == right


def test_meetings_are_right(built: Built) -> None:
    """Sessions, start, duration, host, attendees and attended minutes of each meeting. Some have several sessions."""
    held = known_marts.meetings(built.rows)
    there: dict[str, list[int]] = defaultdict(list)
    for each in built.people("meeting"):
        there[each.held.uuid].append(len(each.seconds))
    right = {
        (each.uuid, len(each.sessions), time_of(each.start), minutes(each.end - each.start), each.host,
         len(there[each.uuid]), minutes(sum(there[each.uuid])))
        for each in held
    }  # fmt: skip
    sql = "SELECT meeting_uuid, sessions, started_at, duration_minutes, host_email, attendees, attended_minutes FROM zoom__meetings"
    assert set(built.ask("all", sql)) == right
    assert any(len(each.sessions) > 1 for each in held)


def test_person_days_are_right(built: Built) -> None:
    """Meetings, seconds and organized meetings of each person and day, and meeting-free days of each active user."""
    days = known_marts.person_days(built.people("meeting"))
    sql = "SELECT person, day, meetings, meeting_seconds FROM zoom__person_days WHERE meetings > 0"
    assert set(built.ask("all", sql)) == {(*key, met, len(there)) for key, (met, there) in days.items()}
    organised = Counter(
        (each.host, time_of(each.start).date()) for each in known_marts.meetings(built.rows) if each.host
    )
    sql = "SELECT person, day, meetings_organised FROM zoom__person_days WHERE meetings_organised > 0"
    assert set(built.ask("all", sql)) == {(*key, count) for key, count in organised.items()}
    active = {user["email"] for user in built.rows["users"] if user["status"] == "active"}
    span = [time_of(each.start).date() for each in known_marts.meetings(built.rows)]
    reach = (max(span) - min(span)).days + 1
    free = dict(
        built.ask("all", "SELECT person, count(*) FROM zoom__person_days WHERE is_meeting_free GROUP BY person")
    )
    busy = Counter(person for person, _ in days.keys() | organised.keys())
    assert active & busy.keys()
    assert free == {person: reach - busy[person] for person in active}


def test_webinar_funnel_is_right(built: Built) -> None:
    """Registered, attended, stayed, no-shows, questions and poll answers of each webinar."""
    rows = built.rows
    approved = Counter(row["webinar_id"] for row in rows["webinar_registrants"] if row["status"] == "approved")
    missed = Counter(row["webinar_uuid"] for row in rows["webinar_absentees"])
    asked = Counter(
        row["webinar_uuid"] for row in rows["webinar_qna_results"] for _ in row.get("question_details") or ()
    )
    answered = Counter(
        row["webinar_uuid"]
        for row in rows["webinar_poll_results"]
        for each in row.get("question_details") or ()
        if each.get("answer")
    )
    came: dict[str, list[known_marts.Person]] = defaultdict(list)
    for each in built.people("webinar"):
        came[each.held.uuid].append(each)
    right = set()
    for held in known_marts.occurrences(rows, "webinar"):
        persons = came[held.uuid]
        # One registration for each person: the greatest id, if an address has several.
        registered = {
            max(ids) for each in persons if (ids := {row.get("registrant_id") or "" for row in each.rows} - {""})
        }
        stayed = sum(2 * len(each.seconds) >= held.end - held.start for each in persons)
        right.add((
            held.uuid, approved[held.number] or len(registered) + missed[held.uuid], len(persons), len(registered), stayed,
            missed[held.uuid], asked[held.uuid], answered[held.uuid],
        ))  # fmt: skip
    sql = "SELECT webinar_uuid, registered, attended, attended_registrants, stayed, no_shows, questions, poll_answers FROM zoom__webinar_funnel"
    assert set(built.ask("all", f"{sql} WHERE started_at IS NOT NULL")) == right
    assert sum(missed.values()) > 100


def test_licences_and_hosts_are_right(built: Built) -> None:
    """License, last login and last hosting of users, meetings and webinars of hosts. Hosts who left are "gone"."""
    held = [*known_marts.meetings(built.rows), *known_marts.occurrences(built.rows, "webinar")]
    last: dict[str, int] = {}
    for each in held:
        if each.host:
            last[each.host] = max(last.get(each.host, 0), each.start)
    right = set()
    for user in built.rows["users"]:
        hosted = last.get(user["email"].lower())
        login = second(user["last_login_time"]) if user.get("last_login_time") else None
        idle = max((each for each in (hosted, login) if each is not None), default=None)
        right.add(
            (
                user["id"],
                user.get("type") == 2,
                *(None if each is None else time_of(each) for each in (login, hosted, idle)),
            )
        )
    assert (
        set(
            built.ask(
                "all", "SELECT user_id, is_licensed, last_login_at, last_hosted_at, idle_since FROM zoom__licences"
            )
        )
        == right
    )
    hosts = Counter(each.host for each in known_marts.meetings(built.rows))
    webinars = Counter(each.host for each in known_marts.occurrences(built.rows, "webinar"))
    users = {user["email"].lower(): user["status"] for user in built.rows["users"]}
    sql = "SELECT host_email, status, meetings, webinars FROM zoom__hosts WHERE meetings + webinars > 0"
    assert set(built.ask("all", sql)) == {
        (host, users.get(host, "gone"), hosts[host], webinars[host]) for host in (hosts | webinars) if host
    }


def test_poll_answers_are_right(built: Built) -> None:
    """Each answer of each respondent to each question, as often as it was given."""
    right = known_marts.poll_answers(built.rows)
    assert Counter(built.ask("all", "SELECT respondent, question, answer FROM zoom__poll_answers")) == Counter(
        {(who, question or None, answer): count for (who, question, answer), count in right.items()}
    )


def test_recordings_and_calls_are_right(built: Built) -> None:
    """Size, age and file types of recordings; outcomes of calls; missed calls of call queues."""
    today = datetime.now(UTC).date()
    right = set()
    for row in built.rows["recordings"]:
        kinds = [file["file_type"] for file in row["recording_files"]]
        age = (today - date.fromisoformat(row["start_time"][:10])).days
        right.add((row["uuid"], row["total_size"], len(kinds), "MP4" in kinds, "TRANSCRIPT" in kinds, age))
    sql = "SELECT recording_uuid, size_bytes, files, has_video, has_transcript, age_days FROM zoom__recordings"
    assert set(built.ask("all", sql)) == right
    calls = {row["call_history_uuid"]: row.get("call_result") for row in built.rows["phone_call_history"]}
    found = {
        row[0]: row[1:] for row in built.ask("all", "SELECT call_uuid, call_result, outcome FROM zoom__phone_calls")
    }
    assert {uuid: row[0] for uuid, row in found.items()} == calls
    assert all(
        outcome == "answered" for result, outcome in found.values() if result in ("answered", "accepted", "connected")
    )
    assert all(
        outcome == "missed"
        for result, outcome in found.values()
        if result in ("no_answer", "abandoned", "ring_timeout")
    )
    queues = {
        (
            row["call_queue_id"],
            date.fromisoformat(row["window_from"]),
            (row.get("abandoned_calls") or 0) + (row.get("overflowed_calls") or 0),
        )
        for row in built.rows["phone_call_queue_analytics"]
    }
    assert set(built.ask("all", "SELECT call_queue_id, called_on, missed_calls FROM zoom__phone_queues")) == queues


# --- expected values of fixed cases ----------------------------------------------------------------------------------


def test_attendance_of_known_meetings(built: Built) -> None:
    """Two devices, guests with the same name, rejoins in the same second, waiting rooms, hidden addresses."""
    found: dict[tuple[str, str | None], list[tuple[int, int]]] = defaultdict(list)
    for uuid, email, name, joins, seconds in built.ask(
        "cases", "SELECT meeting_uuid, email, name, joins, attended_seconds FROM zoom__meeting_attendance"
    ):
        found[uuid, email or name].append((joins, seconds))
    assert found == known_cases.ATTENDANCE


def test_known_meetings(built: Built) -> None:
    """Sessions 300 seconds apart are one meeting, 301 seconds apart two. A meeting without a report is included."""
    found = built.ask(
        "cases", "SELECT meeting_uuid, sessions, duration_minutes, attendees, attended_minutes FROM zoom__meetings"
    )
    assert {row[0]: row[1:] for row in found} == known_cases.HELD


def test_days_of_known_meetings(built: Built) -> None:
    """Days start at midnight of the time zone, in winter and summer. Time in two meetings at once counts once."""
    sql = "SELECT person, day, meetings, meeting_minutes, meetings_organised FROM zoom__person_days"
    assert {(person, str(day)): rest for person, day, *rest in map(list, built.ask("cases", sql))} == {
        key: list(value) for key, value in known_cases.DAYS.items()
    }


def test_without_users_only_hosts_are_members(built: Built) -> None:
    """The users stream isn't loaded. Other identified attendees are unknown, not external."""
    found = set(built.ask("cases", "SELECT DISTINCT email, attendee_type, is_external FROM zoom__meeting_attendance"))
    assert found == {
        ("ana@example.com", "member", False), ("bob@example.com", "unknown", None), ("carl@example.com", "unknown", None),
        (None, "guest", True), (None, "unknown", None),
    }  # fmt: skip


def test_department_weeks_equal_the_sum_of_person_days(built: Built) -> None:
    """Their working days and, up to rounding, their minutes. Weeks start on Monday."""
    sql = "SELECT meeting_seconds, is_weekend FROM zoom__person_days WHERE is_member"
    days = built.ask("all", sql)
    weeks = built.ask("all", "SELECT meeting_minutes, working_days FROM zoom__departments_weekly")
    assert sum(row[1] for row in weeks) == sum(not row[1] for row in days)
    assert abs(60 * sum(row[0] for row in weeks) - sum(row[0] for row in days)) <= 30 * len(weeks)
    assert all(row[0].weekday() == 0 for row in built.ask("all", "SELECT week FROM zoom__departments_weekly"))
