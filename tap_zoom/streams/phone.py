"""Zoom Phone: people, calls, recordings, voicemails, SMS, charges.

Source: https://developers.zoom.us/docs/api/phone/
"""

from __future__ import annotations

from tap_zoom.streams.model import (
    NO_VALUE,
    OWN_SIZE,
    PHONE_HEAVY,
    PHONE_LIGHT,
    PHONE_MEDIUM,
    Find,
    Stream,
    Thing,
    Where,
    each,
)
from tap_zoom.streams.refusals import (
    NO_ACCOUNT,
    NO_FILE,
    NO_SMS,
    NO_USER,
    NO_USER_ID,
    NO_VOICEMAIL,
    NOT_FOUND,
    NOT_FOUND_WITH_CODE,
    NOT_TRANSCRIBED,
    NOT_YET_TRANSCRIBED,
    TRANSCRIPTS_OFF,
)
from tap_zoom.streams.spans import ALL_MOMENTS, CHARGES, DAYS, MOMENTS, SINGLE_DAYS

PHONE_USER = Thing("phone_user", {"user_id": str})
CALL_QUEUE = Thing("call_queue", {"call_queue_id": str})
CALL = Thing("call", {"call_history_uuid": str})
PHONE_RECORDING = Thing("phone_recording", {"recording_id": str})
VOICEMAIL = Thing("voicemail", {"voicemail_id": str})
SMS_SESSION = Thing("sms_session", {"session_id": str})
TRANSCRIBED_CALL = Thing("transcribed_call", {"recording_id": str})

STREAMS = (
    Stream(
        "phone_users", "phone/users", PHONE_MEDIUM, ("phone:read:list_users:admin", "phone:read:admin"),
        asks=each("status", "activate", "deactivate", "pending"), page=100, rows="users", unavailable=(NO_ACCOUNT,),
        finds=(Find(PHONE_USER, {"user_id": "id"}),),
        key=("id",),
        holds="people with Zoom Phone",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_user_details", "phone/users/{user_id}", PHONE_LIGHT, ("phone:read:user:admin", "phone:read:admin"),
        about=PHONE_USER, nothing=(NO_USER, NO_USER_ID),
        key=("id",),
        holds="a phone user in full: policies, emergency address",
        needs="Business with Zoom Phone",
        overlaps=(
            "`phone_users` has most of it, at a request for 100 people. This costs one for each, and adds policies."
        ),
    ),
    Stream(
        "phone_sites", "phone/sites", PHONE_MEDIUM, ("phone:read:list_sites:admin", "phone:read:admin"),
        page=300, rows="sites",
        key=("id",),
        holds="sites of Zoom Phone",
        needs="Zoom Phone with multiple sites",
    ),
    Stream(
        "phone_common_areas", "phone/common_areas", PHONE_MEDIUM, ("phone:read:common_area:admin", "phone:read:admin"),
        page=100, rows="common_areas",
        key=("id",),
        holds="phones that belong to no person",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_calling_plans", "phone/calling_plans", PHONE_MEDIUM,
        ("phone:read:list_calling_plans:admin", "phone:read:admin"),
        rows="calling_plans",
        key=("type", "sequence"), adds=("sequence",),
        holds="calling plans, and how many of them are in use",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_devices", "phone/devices", PHONE_MEDIUM, ("phone:read:list_devices:admin", "phone:read:admin"),
        asks=each("type", "assigned", "unassigned"), page=300, rows="devices",
        key=("id",),
        holds="desk phones, assigned and not",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_call_queues", "phone/call_queues", PHONE_MEDIUM,
        ("phone:read:list_call_queues:admin", "phone:read:admin"),
        page=100, rows="call_queues", finds=(Find(CALL_QUEUE, {"call_queue_id": "id"}),),
        key=("id",),
        holds="call queues",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_call_queue_members", "phone/call_queues/{call_queue_id}/members", PHONE_MEDIUM,
        ("phone:read:list_call_queue_members:admin", "phone:read:admin"),
        about=CALL_QUEUE, page=OWN_SIZE, rows="call_queue_members",
        key=("call_queue_id", "id"), adds=("call_queue_id",),
        holds="who answers a call queue",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_call_queue_analytics", "phone/call_queue_analytics", PHONE_MEDIUM,
        ("phone:read:list_call_queues:admin", "phone:read:admin"),
        over=SINGLE_DAYS, page=300, rows="call_queues",
        key=("window_from", "call_queue_id"), adds=("window_from", "window_to"),
        holds="calls of a queue, a row for each day: answered, missed, waited",
        needs="Zoom Phone", keeps="two years",
    ),
    Stream(
        "phone_call_history", "phone/call_history", PHONE_HEAVY,
        ("phone:read:list_call_logs:admin", "phone:read:admin", "phone_call_log:read:admin"),
        over=MOMENTS, asks=each("recording_status", "recorded", "non_recorded"), page=300,
        rows="call_history|call_logs", at="start_time", ends_empty=True,
        finds=(Find(CALL, {"call_history_uuid": "call_history_uuid|id"}),),
        key=("call_history_uuid",), fallback={"call_history_uuid": "id"},
        holds="calls",
        needs="Business with Zoom Phone", keeps="six months",
        overlaps="A row for each call. `phone_call_elements` has its legs, at a request for each call.",
    ),
    Stream(
        "phone_call_elements", "phone/call_history/{call_history_uuid}", PHONE_LIGHT,
        ("phone:read:call_log:admin", "phone:read:admin", "phone_call_log:read:admin"),
        about=CALL, rows="call_elements|call_path", nothing=(NOT_FOUND, NOT_FOUND_WITH_CODE),
        key=("call_element_id",), adds=("call_history_uuid",), fallback={"call_element_id": "id"},
        holds="every leg of a call: ringing, queue, hold, transfer, voicemail",
        needs="Business with Zoom Phone",
        overlaps=(
            "`phone_call_history` has the calls themselves at a request for 300. Take this where legs matter: queues, "
            "transfers, holds."
        ),
    ),
    Stream(
        "phone_past_calls", "phone/metrics/past_calls", PHONE_HEAVY,
        ("phone:read:list_call_logs:admin", "phone:read:admin"),
        over=MOMENTS, page=100, rows="call_logs", at="date_time",
        key=("call_id", "date_time", "sequence"), adds=("sequence",),
        holds="quality of calls",
        needs="Business with Zoom Phone", keeps="six months",
        overlaps="`phone_call_history` has more of each call; this adds its quality (MOS).",
    ),
    Stream(
        "phone_recordings", "phone/recordings", PHONE_MEDIUM,
        ("phone:read:list_call_recordings:admin", "phone:read:admin", "phone_recording:read:admin"),
        over=ALL_MOMENTS, page=300, rows="recordings", at="date_time",
        finds=(
            Find(PHONE_RECORDING, {"recording_id": "id"}),
            Find(
                TRANSCRIBED_CALL, {"recording_id": "id"},
                where=(Where("transcript_download_url", NO_VALUE, is_one=False),),
            ),
        ),
        key=("id",),
        holds="recorded calls",
        needs="Zoom Phone",
    ),
    Stream(
        "phone_recording_transcripts", "phone/recording_transcript/download/{recording_id}", PHONE_LIGHT,
        ("phone:read:recording_transcript:admin", "phone:read:admin", "phone_recording:read:admin"),
        about=TRANSCRIBED_CALL, nothing=(NO_FILE, NOT_TRANSCRIBED, TRANSCRIPTS_OFF, NOT_YET_TRANSCRIBED), moved=True,
        key=("recording_id",), adds=("recording_id",),
        holds="the words of a recorded call",
        needs="Business with Zoom Phone",
    ),
    Stream(
        "phone_voicemails", "phone/voice_mails", PHONE_HEAVY,
        ("phone:read:list_voicemails:admin", "phone:read:admin", "phone_voicemail:read:admin"),
        over=MOMENTS, asks=each("trashed", "false", "true"), page=300, rows="voice_mails", at="date_time",
        finds=(Find(VOICEMAIL, {"voicemail_id": "id"}),),
        key=("id",),
        holds="voicemails",
        needs="Business with Zoom Phone", keeps="six months",
    ),
    Stream(
        "phone_voicemail_details", "phone/voice_mails/{voicemail_id}", PHONE_LIGHT,
        ("phone:read:voicemail:admin", "phone:read:admin", "phone_voicemail:read:admin"),
        about=VOICEMAIL, nothing=(NO_VOICEMAIL,),
        key=("id",),
        holds="a voicemail in full, with its words",
        needs="Zoom Phone",
        overlaps="`phone_voicemails` has all but the words and what was made of them.",
    ),
    Stream(
        "phone_sms_sessions", "phone/sms/sessions", PHONE_MEDIUM,
        ("phone:read:list_sms_sessions:admin", "phone:read:admin", "phone_sms:read:admin"),
        over=ALL_MOMENTS, params={"session_type": "all"}, page=100, rows="sms_sessions", at="last_access_time",
        finds=(Find(SMS_SESSION, {"session_id": "session_id"}),),
        key=("session_id",),
        holds="SMS conversations",
        needs="Zoom Phone with SMS",
    ),
    Stream(
        "phone_sms_messages", "phone/sms/sessions/{session_id}", PHONE_MEDIUM,
        ("phone:read:sms_session:admin", "phone:read:admin", "phone_sms:read:admin"),
        about=SMS_SESSION, over=ALL_MOMENTS, params={"sort": "1"}, page=100, rows="sms_histories", at="date_time",
        nothing=(NO_SMS,), unavailable=(NO_ACCOUNT,),
        key=("session_id", "message_id"), adds=("session_id",),
        holds="SMS messages",
        needs="Zoom Phone with SMS",
    ),
    Stream(
        "phone_call_charges", "phone/reports/call_charges", PHONE_HEAVY,
        ("phone:read:call_charges:admin", "phone:read:admin"),
        over=CHARGES, page=300, rows="call_charges", at="end_time",
        key=("call_log_id", "end_time", "sequence"), adds=("sequence",),
        holds="what calls cost",
        needs="Zoom Phone", keeps="13 months",
    ),
    Stream(
        "phone_sms_charges", "phone/reports/sms_charges", PHONE_HEAVY,
        ("phone:read:sms_charges:admin", "phone:read:admin"),
        over=CHARGES, page=300, rows="sms_charges", at="sent_time",
        key=("session_id", "message_id", "sequence"), adds=("sequence",),
        holds="what SMS cost",
        needs="Zoom Phone with SMS", keeps="13 months",
    ),
    Stream(
        "phone_operation_logs", "phone/reports/operationlogs", PHONE_HEAVY,
        ("phone:read:operation_logs:admin", "phone:read:admin"),
        over=DAYS, params={"category_type": "all"}, page=300, rows="operation_logs", at="time",
        key=("time", "sequence"), adds=("sequence",),
        holds="what administrators of Zoom Phone changed",
        needs="Zoom Phone", keeps="six months",
        overlaps=(
            "One of four logs that share nothing: `report_activities`, `report_operation_logs` and "
            "`report_meeting_activities` are the others."
        ),
    ),
    Stream(
        "phone_emergency_addresses", "phone/emergency_addresses", PHONE_MEDIUM,
        ("phone:read:list_emergency_addresses:admin", "phone:read:admin"),
        page=300, rows="emergency_addresses",
        key=("id",),
        holds="emergency addresses",
        needs="Zoom Phone",
    ),
)  # fmt: skip
