"""Reports and logs of the whole account, by time.

Source: https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from tap_zoom.streams.model import HEAVY, Stream, each
from tap_zoom.streams.refusals import HOST_GONE, MONTH_TOO_OLD
from tap_zoom.streams.spans import DAYS, MONTHS, MONTHS_BY_NUMBER, REPORTS, UNTIL_YESTERDAY
from tap_zoom.streams.users import MEMBER

STREAMS = (
    Stream(
        "report_user_meetings", "report/users/{user_id}/meetings", HEAVY,
        ("report:read:user:admin", "report:read:admin"),
        about=MEMBER, over=REPORTS, asks=each("type", "pastJoined", "pastOne"), page=300, rows="meetings",
        at="start_time", nothing=HOST_GONE,
        key=("user_id", "query_type", "uuid", "sequence"), adds=("user_id", "query_type", "sequence"),
        asked={"query_type": "type"},
        holds="what a user hosted or joined",
        needs="Pro; role with Usage Reports: view", keeps="six months",
        overlaps=(
            "`history_meetings` has the same meetings at a fraction of the price, and `report_meeting_participants` "
            "who was there. This says, user by user, what they hosted or joined, and adds waiting room and "
            "encryption."
        ),
    ),
    Stream(
        "report_users", "report/users", HEAVY, ("report:read:list_users:admin", "report:read:admin"),
        over=MONTHS, asks=each("type", "active", "inactive"), page=300, rows="users",
        key=("window_from", "host_type", "id"), adds=("window_from", "window_to", "host_type"),
        asked={"host_type": "type"}, fallback={"id": "email"},
        holds="meetings, participants and minutes of each host, a row for each month",
        needs="Pro; role with Usage Reports: view", keeps="six months, whole",
        overlaps="Sums of what `report_meetings` and `report_meeting_participants` hold, ready made.",
    ),
    Stream(
        "report_daily", "report/daily", HEAVY, ("report:read:admin",),
        over=MONTHS_BY_NUMBER, rows="dates", at="date", nothing=(MONTH_TOO_OLD,),
        key=("date",),
        holds="new users, meetings, participants and minutes of each day",
        needs="Pro; role with Usage Reports: view", keeps="six months",
        overlaps="Sums of what `report_meetings` and `report_meeting_participants` hold, ready made.",
    ),
    Stream(
        "report_cloud_recording", "report/cloud_recording", HEAVY, ("report:read:admin",),
        over=UNTIL_YESTERDAY, rows="cloud_recording_storage", at="date",
        key=("date",),
        holds="storage that recordings take, day by day",
        needs="Pro; role with Usage Reports: view", keeps="six months",
    ),
    Stream(
        "report_operation_logs", "report/operationlogs", HEAVY,
        ("report:read:operation_logs:admin", "report:read:admin"),
        over=DAYS, params={"category_type": "all"}, page=300, rows="operation_logs", at="time",
        key=("time", "sequence"), adds=("sequence",),
        holds="what administrators changed",
        needs="Pro; role with Usage Reports: view", keeps="six months",
        overlaps=(
            "One of four logs that share nothing: `report_activities`, `report_meeting_activities` and "
            "`phone_operation_logs` are the others."
        ),
    ),
    Stream(
        "report_activities", "report/activities", HEAVY, ("report:read:user_activities:admin", "report:read:admin"),
        over=DAYS, page=300, rows="activity_logs", at="time",
        key=("time", "sequence"), adds=("sequence",),
        holds="sign-ins and sign-outs",
        needs="Pro; role with Usage Reports: view", keeps="six months",
        overlaps=(
            "One of four logs that share nothing: `report_operation_logs`, `report_meeting_activities` and "
            "`phone_operation_logs` are the others."
        ),
    ),
    Stream(
        "report_telephone", "report/telephone", HEAVY, ("report:read:telephone:admin", "report:read:admin"),
        over=DAYS, asks=each("type", "1", "2", "3"), page=300, rows="telephony_usage", at="start_time",
        key=("audio_type", "uuid", "start_time", "sequence"), adds=("audio_type", "sequence"),
        asked={"audio_type": "type"}, fallback={"uuid": ""},
        holds="minutes dialled in and out",
        needs="Pro; role with Usage Reports: view", keeps="six months",
    ),
    Stream(
        "report_meeting_activities", "report/meeting_activities", HEAVY,
        ("report:read:meeting_activity_log:admin", "report:read:admin"),
        over=DAYS, params={"activity_type": "All Activities"}, page=300, rows="meeting_activity_logs",
        at="activity_time",
        key=("activity_time", "meeting_number", "sequence"), adds=("sequence",), fallback={"meeting_number": ""},
        holds="what happened in meetings: who did what",
        needs="Meeting Activity Log, switched on by Zoom's support; role with Usage Reports: view", keeps="six months",
        overlaps=(
            "One of four logs that share nothing: `report_activities`, `report_operation_logs` and "
            "`phone_operation_logs` are the others."
        ),
    ),
)  # fmt: skip
