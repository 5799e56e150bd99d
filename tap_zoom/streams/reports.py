"""Reports and logs of the account, by date.

Source: https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import DAYS, MONTHS, MONTHS_BY_NUMBER, REPORTS, UNTIL_YESTERDAY
from tap_zoom.streams.model import HEAVY, Entity, Link, Stream, each
from tap_zoom.streams.refusals import BILLING_ID_INVALID, BILLING_REPORT_NOT_FOUND, HOST_GONE, MONTH_BEFORE_RETENTION
from tap_zoom.streams.users import MEMBER

BILLING_REPORT = Entity("billing_report", {"billing_id": str})

STREAMS = (
    Stream(
        "report_user_meetings", "report/users/{user_id}/meetings", HEAVY,
        ("report:read:user:admin", "report:read:admin"),
        parent=MEMBER, date_range=REPORTS, variants=each("type", "pastJoined", "pastOne"), page_size=300,
        records="meetings",
        replication_key="start_time", empty_answers=HOST_GONE,
        key=("user_id", "query_type", "uuid", "sequence"), context_columns=("user_id", "query_type", "sequence"),
        param_columns={"query_type": "type"},
        description="meetings that a user hosted or joined",
        requires="Pro; role with Usage Reports: view", retention="six months",
        overlaps=(
            "`history_meetings` has the same meetings with far fewer requests, and `report_meeting_participants` has "
            "the participants. This stream lists the meetings of each user, and adds waiting room and encryption."
        ),
    ),
    Stream(
        "report_users", "report/users", HEAVY, ("report:read:list_users:admin", "report:read:admin"),
        date_range=MONTHS, variants=each("type", "active", "inactive"), page_size=300, records="users",
        key=("window_from", "host_type", "id"), context_columns=("window_from", "window_to", "host_type"),
        param_columns={"host_type": "type"}, key_defaults={"id": "email"},
        description="meetings, participants and minutes of each host, a row for each month",
        requires="Pro; role with Usage Reports: view", retention="six complete months",
        overlaps="Totals of `report_meetings` and `report_meeting_participants`.",
    ),
    Stream(
        "report_daily", "report/daily", HEAVY, ("report:read:admin",),
        date_range=MONTHS_BY_NUMBER, records="dates", replication_key="date", empty_answers=(MONTH_BEFORE_RETENTION,),
        key=("date",),
        description="new users, meetings, participants and minutes of each day",
        requires="Pro; role with Usage Reports: view", retention="six months",
        overlaps="Totals of `report_meetings` and `report_meeting_participants`.",
    ),
    Stream(
        "report_cloud_recording", "report/cloud_recording", HEAVY, ("report:read:admin",),
        date_range=UNTIL_YESTERDAY, records="cloud_recording_storage", replication_key="date",
        key=("date",),
        description="storage used by recordings, day by day",
        requires="Pro; role with Usage Reports: view", retention="six months",
    ),
    Stream(
        "report_operation_logs", "report/operationlogs", HEAVY,
        ("report:read:operation_logs:admin", "report:read:admin"),
        date_range=DAYS, params={"category_type": "all"}, page_size=300, records="operation_logs",
        replication_key="time",
        key=("time", "sequence"), context_columns=("sequence",),
        description="changes by administrators",
        requires="Pro; role with Usage Reports: view", retention="six months",
        overlaps=(
            "One of four logs with different events: `report_activities`, `report_meeting_activities` and "
            "`phone_operation_logs` are the others."
        ),
    ),
    Stream(
        "report_activities", "report/activities", HEAVY, ("report:read:user_activities:admin", "report:read:admin"),
        date_range=DAYS, page_size=300, records="activity_logs", replication_key="time",
        key=("time", "sequence"), context_columns=("sequence",),
        description="sign-ins and sign-outs",
        requires="Pro; role with Usage Reports: view", retention="six months",
        overlaps=(
            "One of four logs with different events: `report_operation_logs`, `report_meeting_activities` and "
            "`phone_operation_logs` are the others."
        ),
    ),
    Stream(
        "report_telephone", "report/telephone", HEAVY, ("report:read:telephone:admin", "report:read:admin"),
        date_range=DAYS, variants=each("type", "1", "2", "3"), page_size=300, records="telephony_usage",
        replication_key="start_time",
        key=("audio_type", "uuid", "start_time", "sequence"), context_columns=("audio_type", "sequence"),
        param_columns={"audio_type": "type"}, key_defaults={"uuid": ""},
        description="dial-in and dial-out minutes",
        requires="Pro; role with Usage Reports: view", retention="six months",
    ),
    Stream(
        "report_meeting_activities", "report/meeting_activities", HEAVY,
        ("report:read:meeting_activity_log:admin", "report:read:admin"),
        date_range=DAYS, params={"activity_type": "All Activities"}, page_size=300, records="meeting_activity_logs",
        replication_key="activity_time",
        key=("activity_time", "meeting_number", "sequence"), context_columns=("sequence",),
        key_defaults={"meeting_number": ""},
        description="activities in meetings, with their users",
        requires="Meeting Activity Log, switched on by Zoom's support; role with Usage Reports: view",
        retention="six months",
        overlaps=(
            "One of four logs with different events: `report_activities`, `report_operation_logs` and "
            "`phone_operation_logs` are the others."
        ),
    ),
    Stream(
        "report_billing", "report/billing", HEAVY, ("report:read:billing:admin", "report:read:admin"),
        records="billing_reports", copied=("currency",), links=(Link(BILLING_REPORT, {"billing_id": "id"}),),
        key=("id",),
        description="billing reports of departments",
        requires="Pro with Department Billing, switched on by Zoom's support; role with Usage Reports: view",
    ),
    Stream(
        "report_billing_invoices", "report/billing/invoices", HEAVY,
        ("report:read:billing_invoice:admin", "report:read:admin"),
        parent=BILLING_REPORT, params={"billing_id": "{billing_id}"}, records="invoices", copied=("currency",),
        empty_answers=(BILLING_REPORT_NOT_FOUND, BILLING_ID_INVALID),
        key=("billing_id", "invoice_number", "sequence"), context_columns=("billing_id", "sequence"),
        description="invoices of a billing report, a row for each charge",
        requires="Pro with Department Billing, switched on by Zoom's support; role with Usage Reports: view",
    ),
)  # fmt: skip
