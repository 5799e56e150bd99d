"""Zoom Phone: users, calls, recordings, voicemails, SMS, charges.

Source: https://developers.zoom.us/docs/api/phone/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import ALL_MOMENTS, CHARGES, DAYS, MODIFIED, MOMENTS, SINGLE_DAYS
from tap_zoom.streams.model import (
    LIGHT,
    NO_VALUE,
    PHONE_HEAVY,
    PHONE_LIGHT,
    PHONE_MEDIUM,
    SERVER_SIZE,
    Condition,
    Entity,
    Link,
    Stream,
    each,
)
from tap_zoom.streams.refusals import (
    ACCOUNT_UNKNOWN,
    NO_FILE,
    NOT_FOUND,
    NOT_FOUND_WITH_CODE,
    NOT_TRANSCRIBED,
    NOT_YET_TRANSCRIBED,
    SMS_SESSION_NOT_FOUND,
    TRANSCRIPTS_OFF,
    USER_ID_INVALID,
    USER_NOT_FOUND,
    VOICEMAIL_NOT_FOUND,
)

PHONE_USER = Entity("phone_user", {"user_id": str})
CALL_QUEUE = Entity("call_queue", {"call_queue_id": str})
CALL = Entity("call", {"call_history_uuid": str})
PHONE_RECORDING = Entity("phone_recording", {"recording_id": str})
VOICEMAIL = Entity("voicemail", {"voicemail_id": str})
SMS_SESSION = Entity("sms_session", {"session_id": str})
TRANSCRIBED_CALL = Entity("transcribed_call", {"recording_id": str})

STREAMS = (
    Stream(
        "phone_users", "phone/users", PHONE_MEDIUM, ("phone:read:list_users:admin", "phone:read:admin"),
        variants=each("status", "activate", "deactivate", "pending"), page_size=100, records="users",
        no_access=(ACCOUNT_UNKNOWN,),
        links=(Link(PHONE_USER, {"user_id": "id"}),),
        key=("id",),
        description="users of Zoom Phone",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_user_details", "phone/users/{user_id}", PHONE_LIGHT, ("phone:read:user:admin", "phone:read:admin"),
        parent=PHONE_USER, empty_answers=(USER_NOT_FOUND, USER_ID_INVALID),
        key=("id",),
        description="all details of a phone user: policies, emergency address",
        requires="Business with Zoom Phone",
        overlaps=(
            "`phone_users` has most of it, with a request for 100 users. This stream takes a request for each, and "
            "adds policies."
        ),
    ),
    Stream(
        "phone_sites", "phone/sites", PHONE_MEDIUM, ("phone:read:list_sites:admin", "phone:read:admin"),
        page_size=300, records="sites",
        key=("id",),
        description="sites of Zoom Phone",
        requires="Zoom Phone with multiple sites",
    ),
    Stream(
        "phone_common_areas", "phone/common_areas", PHONE_MEDIUM, ("phone:read:common_area:admin", "phone:read:admin"),
        page_size=100, records="common_areas",
        key=("id",),
        description="common area phones, which aren't assigned to a person",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_calling_plans", "phone/calling_plans", PHONE_MEDIUM,
        ("phone:read:list_calling_plans:admin", "phone:read:admin"),
        records="calling_plans",
        key=("type", "sequence"), context_columns=("sequence",),
        description="calling plans, with the number in use",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_devices", "phone/devices", PHONE_MEDIUM, ("phone:read:list_devices:admin", "phone:read:admin"),
        variants=each("type", "assigned", "unassigned"), page_size=300, records="devices",
        key=("id",),
        description="desk phones, assigned and unassigned",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_call_queues", "phone/call_queues", PHONE_MEDIUM,
        ("phone:read:list_call_queues:admin", "phone:read:admin"),
        page_size=100, records="call_queues", links=(Link(CALL_QUEUE, {"call_queue_id": "id"}),),
        key=("id",),
        description="call queues",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_call_queue_members", "phone/call_queues/{call_queue_id}/members", PHONE_MEDIUM,
        ("phone:read:list_call_queue_members:admin", "phone:read:admin"),
        parent=CALL_QUEUE, page_size=SERVER_SIZE, records="call_queue_members",
        key=("call_queue_id", "id"), context_columns=("call_queue_id",),
        description="members of a call queue",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_call_queue_analytics", "phone/call_queue_analytics", PHONE_MEDIUM,
        ("phone:read:list_call_queues:admin", "phone:read:admin"),
        date_range=SINGLE_DAYS, page_size=300, records="call_queues",
        key=("window_from", "call_queue_id"), context_columns=("window_from", "window_to"),
        description="call statistics of a queue, a row for each day: answered, missed, waiting time",
        requires="Zoom Phone", retention="two years",
    ),
    Stream(
        "phone_call_history", "phone/call_history", PHONE_HEAVY,
        ("phone:read:list_call_logs:admin", "phone:read:admin", "phone_call_log:read:admin"),
        date_range=MOMENTS, variants=each("recording_status", "recorded", "non_recorded"), page_size=300,
        records="call_history|call_logs", replication_key="start_time", last_page_empty=True,
        links=(Link(CALL, {"call_history_uuid": "call_history_uuid|id"}),),
        key=("call_history_uuid",), key_defaults={"call_history_uuid": "id"},
        description="calls",
        requires="Business with Zoom Phone", retention="six months",
        overlaps="A row for each call. `phone_call_elements` has its legs, with a request for each call.",
    ),
    Stream(
        "phone_call_elements", "phone/call_history/{call_history_uuid}", PHONE_LIGHT,
        ("phone:read:call_log:admin", "phone:read:admin", "phone_call_log:read:admin"),
        parent=CALL, records="call_elements|call_path", empty_answers=(NOT_FOUND, NOT_FOUND_WITH_CODE),
        key=("call_element_id",), context_columns=("call_history_uuid",), key_defaults={"call_element_id": "id"},
        description="every leg of a call: ringing, queue, hold, transfer, voicemail",
        requires="Business with Zoom Phone",
        overlaps=(
            "`phone_call_history` has the calls, with a request for 300. Choose this stream for the legs of calls: "
            "queues, transfers, holds."
        ),
    ),
    Stream(
        "phone_past_calls", "phone/metrics/past_calls", PHONE_HEAVY,
        ("phone:read:list_call_logs:admin", "phone:read:admin"),
        date_range=MOMENTS, page_size=100, records="call_logs", replication_key="date_time",
        key=("call_id", "date_time", "sequence"), context_columns=("sequence",),
        description="quality of calls",
        requires="Business with Zoom Phone", retention="six months",
        overlaps="`phone_call_history` has more of each call; this stream adds the quality (MOS).",
    ),
    Stream(
        "phone_recordings", "phone/recordings", PHONE_MEDIUM,
        ("phone:read:list_call_recordings:admin", "phone:read:admin", "phone_recording:read:admin"),
        date_range=ALL_MOMENTS, page_size=300, records="recordings", replication_key="date_time",
        links=(
            Link(PHONE_RECORDING, {"recording_id": "id"}),
            Link(
                TRANSCRIBED_CALL, {"recording_id": "id"},
                where=(Condition("transcript_download_url", NO_VALUE, is_in=False),),
            ),
        ),
        key=("id",),
        description="recorded calls",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_recording_transcripts", "phone/recording_transcript/download/{recording_id}", PHONE_LIGHT,
        ("phone:read:recording_transcript:admin", "phone:read:admin", "phone_recording:read:admin"),
        parent=TRANSCRIBED_CALL, empty_answers=(NO_FILE, NOT_TRANSCRIBED, TRANSCRIPTS_OFF, NOT_YET_TRANSCRIBED),
        redirects=True,
        key=("recording_id",), context_columns=("recording_id",), repeated_ids=("recording_id",),
        description="transcripts of recorded calls",
        requires="Business with Zoom Phone",
    ),
    Stream(
        "phone_voicemails", "phone/voice_mails", PHONE_HEAVY,
        ("phone:read:list_voicemails:admin", "phone:read:admin", "phone_voicemail:read:admin"),
        date_range=MOMENTS, variants=each("trashed", "false", "true"), page_size=300, records="voice_mails",
        replication_key="date_time",
        links=(Link(VOICEMAIL, {"voicemail_id": "id"}),),
        key=("id",),
        description="voicemails",
        requires="Business with Zoom Phone", retention="six months",
    ),
    Stream(
        "phone_voicemail_details", "phone/voice_mails/{voicemail_id}", PHONE_LIGHT,
        ("phone:read:voicemail:admin", "phone:read:admin", "phone_voicemail:read:admin"),
        parent=VOICEMAIL, empty_answers=(VOICEMAIL_NOT_FOUND,),
        key=("id",),
        description="all details of a voicemail, with its transcript",
        requires="Zoom Phone",
        overlaps="`phone_voicemails` has everything except the transcript and the task that it contains.",
    ),
    Stream(
        "phone_sms_sessions", "phone/sms/sessions", PHONE_MEDIUM,
        ("phone:read:list_sms_sessions:admin", "phone:read:admin", "phone_sms:read:admin"),
        date_range=MODIFIED, params={"session_type": "all"}, page_size=100, records="sms_sessions",
        replication_key="last_access_time",
        links=(Link(SMS_SESSION, {"session_id": "session_id"}),),
        key=("session_id",),
        description="SMS conversations",
        requires="Zoom Phone with SMS",
    ),
    Stream(
        "phone_sms_messages", "phone/sms/sessions/{session_id}", PHONE_MEDIUM,
        ("phone:read:sms_session:admin", "phone:read:admin", "phone_sms:read:admin"),
        parent=SMS_SESSION, date_range=ALL_MOMENTS, params={"sort": "1"}, page_size=100, records="sms_histories",
        replication_key="date_time",
        empty_answers=(SMS_SESSION_NOT_FOUND,), no_access=(ACCOUNT_UNKNOWN,),
        key=("session_id", "message_id"), context_columns=("session_id",),
        description="SMS messages",
        requires="Zoom Phone with SMS",
    ),
    Stream(
        "phone_call_charges", "phone/reports/call_charges", PHONE_HEAVY,
        ("phone:read:call_charges:admin", "phone:read:admin"),
        date_range=CHARGES, page_size=300, records="call_charges", replication_key="end_time",
        key=("call_log_id", "end_time", "sequence"), context_columns=("sequence",),
        description="charges of calls",
        requires="Zoom Phone", retention="13 months",
    ),
    Stream(
        "phone_sms_charges", "phone/reports/sms_charges", PHONE_HEAVY,
        ("phone:read:sms_charges:admin", "phone:read:admin"),
        date_range=CHARGES, page_size=300, records="sms_charges", replication_key="sent_time",
        key=("session_id", "message_id", "sequence"), context_columns=("sequence",),
        description="charges of SMS",
        requires="Zoom Phone with SMS", retention="13 months",
    ),
    Stream(
        "phone_operation_logs", "phone/reports/operationlogs", PHONE_HEAVY,
        ("phone:read:operation_logs:admin", "phone:read:admin"),
        date_range=DAYS, params={"category_type": "all"}, page_size=300, records="operation_logs",
        replication_key="time",
        key=("time", "sequence"), context_columns=("sequence",),
        description="changes by administrators of Zoom Phone",
        requires="Zoom Phone", retention="six months",
        overlaps=(
            "One of four logs with different events: `report_activities`, `report_operation_logs` and "
            "`report_meeting_activities` are the others."
        ),
    ),
    Stream(
        "phone_emergency_addresses", "phone/emergency_addresses", PHONE_MEDIUM,
        ("phone:read:list_emergency_addresses:admin", "phone:read:admin"),
        page_size=300, records="emergency_addresses",
        key=("id",),
        description="emergency addresses",
        requires="Zoom Phone",
    ),
    Stream(
        "phone_numbers", "number_management/numbers", LIGHT,
        ("number_management:read:list_numbers:admin", "number_management_numbers:read:admin"),
        page_size=200, records="numbers",
        key=("id",),
        description="phone numbers of Zoom Phone and Contact Center, assigned or free, with their assignees",
        requires="Zoom Phone or Zoom Contact Center; role with Phone System Management: view",
    ),
)  # fmt: skip
