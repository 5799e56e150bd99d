"""What Zoom has further of meetings, recordings, summaries and reports."""

from __future__ import annotations

from .model import HOURS, MONTHS, RECORDINGS, REPORTS, UNTIL_YESTERDAY, WEEKS, YEAR_AND_MONTH, Further, each

_MEETING = "meeting_uuid=parent:meeting_uuid meeting_id=parent:meeting_id"
_WEBINAR = "webinar_uuid=parent:meeting_uuid webinar_id=parent:meeting_id"
_RESPONDENT = "respondent=row:email|name|'anonymous' sequence=sequence"
_ASKER = "user_id=outer:user_id email=outer:email name=outer:name"

STREAMS = (
    Further(
        "archive_files", "/archive_files", "meetings", "uuid", params={"query_date_type": "archive_complete_time"},
        window=WEEKS, time="complete_time", page=300,
    ),
    Further(
        "recordings", "/users/{userId}/recordings", "meetings", "uuid", parent="users", by="id", window=RECORDINGS,
        time="start_time", page=300,
        nothing=((404, 1001, "User {userId} does not exist, or does not belong to this account."), (404, 3301, "There is no recording for this session."),),
    ),
    Further(
        "meeting_recordings", "/meetings/{meetingId}/recordings", "", "uuid", parent="recordings", by="uuid",
        nothing=((404, 3301, "There is no recording for this meeting."), (404, 1001, "User \"{userId}\" does not exist or does not belong to this account."),),
    ),
    Further(
        "recording_settings", "/meetings/{meetingId}/recordings/settings", "", "meeting_uuid",
        parent="recordings", by="uuid", adds="meeting_uuid=parent:uuid meeting_id=parent:id",
        nothing=((404, None, "Not Found"),),
    ),
    Further(
        "meeting_ai_transcripts", "/meetings/{meetingId}/transcript", "", "meeting_uuid", parent="history_meetings",
        by="meeting_uuid", kind="meeting", adds="meeting_uuid=parent:meeting_uuid text=download",
        nothing=((404, 3322, "This meeting transcript does not exist."),),
    ),
    Further(
        "meeting_summaries", "/meetings/meeting_summaries", "summaries", "meeting_uuid summary_created_time",
        params={"time_filter_field": "summary_created_time"}, window=HOURS, time="summary_created_time", page=300,
    ),
    Further(
        "meeting_summary_details", "/meetings/{meetingId}/meeting_summary", "", "meeting_uuid",
        parent="meeting_summaries", by="meeting_uuid",
        nothing=((404, 3001, "Meeting does not exist: {meetingId}."), (400, 300, "Invalid meeting ID."),),
    ),
    Further(
        "devices", "/devices", "devices", "device_id",
        asks=(
            *each("is_enrolled_in_zdm", "true", "false"), {"is_enrolled_in_zdm": "true", "device_type": "5"},
            {"is_enrolled_in_zdm": "false", "device_type": "5"},
        ),
        page=300,
    ),
    Further(
        "past_meetings", "/past_meetings/{meetingId}", "", "uuid", parent="history_meetings", by="meeting_uuid",
        kind="meeting",
        nothing=((404, 3001, "Meeting does not exist: {meetingId}."), (400, 12702, "Cannot access a meeting a year ago."),),
    ),
    Further(
        "past_meeting_participants", "/past_meetings/{meetingId}/participants", "participants",
        "meeting_uuid user_id join_time sequence", parent="history_meetings", by="meeting_uuid", kind="meeting",
        adds=f"{_MEETING} sequence=sequence", page=300,
        nothing=((404, 3001, "Meeting does not exist: {meetingId}."), (400, 12702, "Can not access a meeting a year ago."),),
    ),
    Further(
        "past_webinar_participants", "/past_webinars/{webinarId}/participants", "participants",
        "webinar_uuid user_id join_time sequence", parent="history_meetings", by="meeting_uuid", kind="webinar",
        adds=f"{_WEBINAR} sequence=sequence", page=300,
        nothing=((404, 3001, "Webinar does not exist."),),
    ),
    Further(
        "meeting_qna_results", "/past_meetings/{meetingId}/qa", "questions", "meeting_uuid respondent sequence",
        parent="history_meetings", by="meeting_uuid", kind="meeting", beside=("start_time",),
        adds=f"{_MEETING} {_RESPONDENT}",
        nothing=((404, 3001, "Meeting ID is invalid or not end."), (401, 1010, "User does not belong to this account:{accountId}."),),
    ),
    Further("tracking_fields", "/tracking_fields", "tracking_fields", "id"),
    Further(
        "report_users", "/report/users", "users", "window_from host_type id", asks=each("type", "active", "inactive"),
        window=MONTHS, adds="window_from=window:from window_to=window:to host_type=ask:type", instead={"id": "email"},
        page=300,
    ),
    Further(
        "report_meeting_qa", "/report/meetings/{meetingId}/qa", "questions.question_details",
        "meeting_uuid question_id", parent="history_meetings", by="meeting_uuid", kind="meeting",
        beside=("start_time",),
        adds=f"{_MEETING} {_ASKER}",
        nothing=((404, 3001, "Meeting {meetingId} not found or has expired."), (404, 1001, "User does not exist: {userId}."),),
    ),
    Further(
        "report_meeting_survey", "/report/meetings/{meetingId}/survey", "survey_answers",
        "meeting_uuid respondent sequence", parent="history_meetings", by="meeting_uuid", kind="meeting",
        beside=("survey_id", "survey_name", "start_time"),
        adds=f"{_MEETING} {_RESPONDENT}",
        nothing=((404, 3001, "Webinar {webinarId} not found or has expired."), (400, 12702, "Can not access a webinar a year ago."),),
    ),
    Further(
        "report_webinar_qa", "/report/webinars/{webinarId}/qa", "questions.question_details",
        "webinar_uuid question_id", parent="history_meetings", by="meeting_uuid", kind="webinar",
        beside=("start_time",),
        adds=f"{_WEBINAR} {_ASKER}",
        nothing=((404, 3001, "Webinar {webinarId} not found or has expired."), (404, 1001, "User does not exist: {userId}."),),
    ),
    Further(
        "report_webinar_survey", "/report/webinars/{webinarId}/survey", "survey_answers",
        "webinar_uuid respondent sequence", parent="history_meetings", by="meeting_uuid", kind="webinar",
        beside=("survey_id", "survey_name", "start_time"),
        adds=f"{_WEBINAR} {_RESPONDENT}",
        nothing=((404, 3001, "Webinar {webinarId} not found or has expired."), (400, 12702, "Can not access a webinar a year ago."),),
    ),
    Further(
        "report_daily", "/report/daily", "dates", "date", window=YEAR_AND_MONTH, time="date",
        nothing=((400, 300, "Daily report can only be provided for a month that falls within the recent 6 months."),),
    ),
    Further(
        "report_cloud_recording", "/report/cloud_recording", "cloud_recording_storage", "date", window=UNTIL_YESTERDAY,
        time="date",
    ),
    Further(
        "report_operation_logs", "/report/operationlogs", "operation_logs", "time sequence",
        params={"category_type": "all"}, window=REPORTS, time="time", adds="sequence=sequence", page=300,
    ),
    Further(
        "report_activities", "/report/activities", "activity_logs", "time sequence", window=REPORTS, time="time",
        adds="sequence=sequence", page=300,
    ),
    Further(
        "report_telephone", "/report/telephone", "telephony_usage", "audio_type uuid start_time sequence",
        asks=each("type", "1", "2", "3"), window=REPORTS, time="start_time",
        adds="audio_type=ask:type sequence=sequence", may_lack=("uuid",), page=300,
    ),
    Further(
        "report_meeting_activities", "/report/meeting_activities", "meeting_activity_logs",
        "activity_time meeting_number sequence", params={"activity_type": "All Activities"}, window=REPORTS,
        time="activity_time", adds="sequence=sequence", may_lack=("meeting_number",), page=300,
    ),
)
