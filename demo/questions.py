# ruff: noqa: S608
"""Questions to a loaded account, in SQL: the demo asks them, and they are a start for your own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    align: str  # l or r for each column of the answer
    sql: str


# One row of participants is one stay: who leaves and comes back has several, each with a user_id of its own. Breakout
# rooms are further rows of the same stay; waiting rooms are rows too, and no attendance.
STAYS = """stays AS (
    SELECT meeting_uuid, user_id, join_time, max(duration) AS seconds,
           coalesce(nullif(max(user_email), ''), nullif(max(name), '') || ' (guest)', '(guest)') AS person
    FROM report_meeting_participants WHERE status = 'in_meeting'
    GROUP BY meeting_uuid, user_id, join_time
)"""
QUESTIONS = (
    Question(
        "Who was in the biggest meeting of the last month, and for how long?",
        "llrr",
        f"""
WITH {STAYS}, biggest AS (
    SELECT uuid, topic FROM report_meetings JOIN stays ON meeting_uuid = uuid
    WHERE start_time :: TIMESTAMP > now() :: TIMESTAMP - INTERVAL 1 MONTH
    GROUP BY ALL ORDER BY count(*) DESC, uuid LIMIT 1
)
SELECT coalesce(nullif(topic, ''), '(no topic)') AS meeting, person, count(*) AS joins,
       round(sum(seconds) / 60) :: INTEGER AS minutes
FROM stays JOIN biggest ON meeting_uuid = uuid
GROUP BY ALL ORDER BY minutes DESC, person LIMIT 8
""",
    ),
    Question(
        "Who hosts the most? Participants joined to meetings, and meetings to users.",
        "llrrr",
        f"""
WITH {STAYS}
SELECT coalesce(display_name, user_name) AS host, coalesce(users.status, 'no longer there') AS account,
       count(DISTINCT uuid) AS meetings, count(stays.user_id) AS joins, round(sum(seconds) / 3600) :: INTEGER AS hours
FROM report_meetings
LEFT JOIN stays ON meeting_uuid = uuid
LEFT JOIN users ON lower(email) = lower(user_email)
GROUP BY ALL ORDER BY hours DESC NULLS LAST, host LIMIT 8
""",
    ),
    Question(
        "Which webinars had the most no-shows?",
        "llrrr",
        """
WITH came AS (
    SELECT webinar_uuid, count(DISTINCT coalesce(nullif(user_email, ''), user_id :: VARCHAR)) AS people
    FROM report_webinar_participants WHERE status = 'in_meeting' GROUP BY webinar_uuid
), missed AS (
    SELECT webinar_uuid, count(*) AS people FROM webinar_absentees GROUP BY webinar_uuid
)
SELECT coalesce(nullif(w.topic, ''), '(no topic)') AS webinar, strftime(w.start_time :: TIMESTAMP, '%Y-%m-%d') AS held,
       coalesce(came.people, 0) AS came, missed.people AS no_shows,
       round(100.0 * missed.people / (missed.people + coalesce(came.people, 0))) :: INTEGER AS per_cent
FROM report_webinars w
JOIN missed ON missed.webinar_uuid = w.uuid
LEFT JOIN came ON came.webinar_uuid = w.uuid
ORDER BY no_shows DESC, held LIMIT 8
""",
    ),
)
