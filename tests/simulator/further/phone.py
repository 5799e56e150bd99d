"""What Zoom Phone has."""

from __future__ import annotations

from .model import CHARGES, DAYS, HOURS, PHONE, REPORTS, Further, each

STREAMS = (
    Further(
        "phone_users", "/phone/users", "users", "id", asks=each("status", "activate", "deactivate", "pending"),
        page=100,
    ),
    Further(
        "phone_user_details", "/phone/users/{userId}", "", "id", parent="phone_users", by="id",
        nothing=((404, 1001, "User does not exist: {userId}."), (400, 300, "Invalid user id."),),
    ),
    Further("phone_sites", "/phone/sites", "sites", "id", page=300),
    Further("phone_common_areas", "/phone/common_areas", "common_areas", "id", page=100),
    Further(
        "phone_calling_plans", "/phone/calling_plans", "calling_plans", "type sequence", adds="sequence=sequence",
    ),
    Further(
        "phone_devices", "/phone/devices", "devices", "id", asks=each("type", "assigned", "unassigned"), page=300,
    ),
    Further("phone_call_queues", "/phone/call_queues", "call_queues", "id", page=100),
    Further(
        "phone_call_queue_members", "/phone/call_queues/{callQueueId}/members", "call_queue_members",
        "call_queue_id id", parent="phone_call_queues", by="id", adds="call_queue_id=parent:id",
    ),
    Further(
        "phone_call_queue_analytics", "/phone/call_queue_analytics", "call_queues", "window_from call_queue_id",
        window=DAYS, adds="window_from=window:from window_to=window:to", page=300,
    ),
    Further(
        "phone_call_history", "/phone/call_history", "call_history", "call_history_uuid",
        asks=each("recording_status", "recorded", "non_recorded"), window=PHONE, time="start_time", page=300,
        older=("call_logs", "id"),
    ),
    Further(
        "phone_call_elements", "/phone/call_history/{callHistoryUuid}", "call_elements", "call_element_id",
        parent="phone_call_history", by="call_history_uuid", adds="call_history_uuid=parent:call_history_uuid",
        older=("call_path", "id"),
        nothing=((404, None, "Not Found"),),
    ),
    Further(
        "phone_past_calls", "/phone/metrics/past_calls", "call_logs", "call_id date_time sequence", window=PHONE,
        time="date_time", adds="sequence=sequence", page=100,
    ),
    Further("phone_recordings", "/phone/recordings", "recordings", "id", window=HOURS, time="date_time", page=300),
    Further(
        "phone_recording_transcripts", "/phone/recording_transcript/download/{recordingId}", "", "recording_id",
        parent="phone_recordings", by="id", adds="recording_id=parent:id",
        nothing=((400, 404, "File does not exist."), (400, 12000, "Unable to transcribe this recording."),),
    ),
    Further(
        "phone_voicemails", "/phone/voice_mails", "voice_mails", "id", asks=each("trashed", "false", "true"),
        window=PHONE, time="date_time", page=300,
    ),
    Further(
        "phone_voicemail_details", "/phone/voice_mails/{voicemailId}", "", "id", parent="phone_voicemails", by="id",
        nothing=((400, 300, "Voice mail does not exist: {voicemailId}."),),
    ),
    Further(
        "phone_sms_sessions", "/phone/sms/sessions", "sms_sessions", "session_id", params={"session_type": "all"},
        window=HOURS, time="last_access_time", page=100,
    ),
    Further(
        "phone_sms_messages", "/phone/sms/sessions/{sessionId}", "sms_histories", "session_id message_id",
        parent="phone_sms_sessions", by="session_id", params={"sort": "1"}, window=HOURS, time="date_time",
        adds="session_id=parent:session_id", page=100, nothing=((404, 7013, "Error retrieving SMS history."),),
    ),
    Further(
        "phone_call_charges", "/phone/reports/call_charges", "call_charges", "call_log_id end_time sequence",
        window=CHARGES, time="end_time", adds="sequence=sequence", page=300,
    ),
    Further(
        "phone_sms_charges", "/phone/reports/sms_charges", "sms_charges", "session_id message_id sequence",
        window=CHARGES, time="sent_time", adds="sequence=sequence", page=300,
    ),
    Further(
        "phone_operation_logs", "/phone/reports/operationlogs", "operation_logs", "time sequence",
        params={"category_type": "all"}, window=REPORTS, time="time", adds="sequence=sequence", page=300,
    ),
    Further("phone_emergency_addresses", "/phone/emergency_addresses", "emergency_addresses", "id", page=300),
)
