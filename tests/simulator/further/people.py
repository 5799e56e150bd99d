"""What Zoom has further of users, groups, roles and the account, and its dashboards and surveys."""

from __future__ import annotations

from .model import MONTHS, REPORTS, SURVEYS, Further, each

STREAMS = (
    Further("groups", "/groups", "groups", "id", page=300),
    Further(
        "group_members", "/groups/{groupId}/members", "members", "group_id id", parent="groups", by="id",
        adds="group_id=parent:id", instead={"id": "email"}, page=300,
        nothing=((404, 4130, "A group with this {groupId} does not exist."),),
    ),
    Further(
        "group_settings", "/groups/{groupId}/settings", "", "group_id option", parent="groups", by="id",
        asks=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        adds="group_id=parent:id option=ask:option|'default'",
        nothing=((404, 4130, "Group does not exist: {groupId}."),),
    ),
    Further(
        "user_settings", "/users/{userId}/settings", "", "user_id option", parent="users", by="id",
        asks=({}, *each("option", "meeting_authentication", "recording_authentication", "meeting_security")),
        adds="user_id=parent:id option=ask:option|'default'", nothing=((404, 1001, "User does not exist: $userId."),),
    ),
    Further(
        "user_assistants", "/users/{userId}/assistants", "assistants", "user_id id", parent="users", by="id",
        adds="user_id=parent:id", instead={"id": "email"}, nothing=((404, 1001, "User does not exist: $userId."),),
    ),
    Further("users_summary", "/users/summary", "", "snapshot_date", adds="snapshot_date=run:date"),
    Further(
        "account_settings", "/accounts/{accountId}/settings", "", "option",
        asks=({}, *each("option", "meeting_authentication", "recording_authentication", "security", "meeting_security")),
        adds="option=ask:option|'default'",
    ),
    Further("roles", "/roles", "roles", "id", asks=each("type", "common", "iq")),
    Further(
        "role_details", "/roles/{roleId}", "", "id", parent="roles", by="id",
        nothing=((400, 1034, "Provided `role_id` does not exist."),),
    ),
    Further(
        "role_members", "/roles/{roleId}/members", "members", "role_id id", parent="roles", by="id",
        adds="role_id=parent:id", instead={"id": "email"}, page=300,
        nothing=((400, 1034, "Provided `role_id` does not exist."),),
    ),
    Further(
        "metrics_meetings", "/metrics/meetings", "meetings", "uuid", asks=each("type", "past", "pastOne"),
        params={"include_fields": "tracking_fields"}, window=REPORTS, time="start_time", page=300,
    ),
    Further(
        "metrics_meeting_participants", "/metrics/meetings/{meetingId}/participants", "participants",
        "meeting_uuid user_id join_time sequence", parent="metrics_meetings", by="uuid",
        params={"type": "@type", "include_fields": "registrant_id"},
        adds="meeting_uuid=parent:uuid meeting_id=parent:id sequence=sequence", page=300,
        nothing=((404, 3001, "Meeting ID is invalid or has not ended."), (400, 12702, "Can not access a meeting a year ago."),),
    ),
    Further(
        "metrics_webinars", "/metrics/webinars", "webinars", "uuid", params={"type": "past"}, window=REPORTS,
        time="start_time", page=300,
    ),
    Further(
        "metrics_chat", "/metrics/chat", "users", "window_from user_id", window=MONTHS,
        adds="window_from=window:from window_to=window:to", instead={"user_id": "email"}, page=300,
    ),
    Further(
        "metrics_client_versions", "/metrics/client_versions", "client_versions", "snapshot_date client_version",
        adds="snapshot_date=run:date",
    ),
    Further(
        "metrics_quality", "/metrics/quality", "", "window_from type", asks=each("type", "meeting", "participants"),
        window=MONTHS, adds="window_from=window:from window_to=window:to type=ask:type",
    ),
    Further("metrics_zoomrooms", "/metrics/zoomrooms", "zoom_rooms", "id", page=300),
    Further(
        "metrics_zoomroom_meetings", "/metrics/zoomrooms/{zoomroomId}", "past_meetings.meetings", "zoomroom_id uuid",
        parent="metrics_zoomrooms", by="id", window=REPORTS, time="start_time", adds="zoomroom_id=parent:id",
        page=300,
    ),
    Further("surveys", "/surveys", "surveys", "survey_id", page=30),
    Further(
        "survey_details", "/surveys/{surveyId}", "", "survey_id", parent="surveys", by="survey_id",
        nothing=((404, 6701, "Invalid parameter survey id."),),
    ),
    Further(
        "survey_instances", "/surveys/{surveyId}/instances", "survey_instances", "survey_id instance_id",
        parent="surveys", by="survey_id", page=30, nothing=((404, 6701, "Invalid parameter survey id."),),
    ),
    Further(
        "survey_answers", "/surveys/{surveyId}/answers", "survey_answers",
        "survey_id instance_id submit_time sequence", parent="surveys", by="survey_id", window=SURVEYS,
        time="submit_time", adds="survey_id=parent:survey_id sequence=sequence", may_lack=("instance_id",), page=30,
        nothing=((404, 6701, "Invalid parameter survey id."),),
    ),
)
