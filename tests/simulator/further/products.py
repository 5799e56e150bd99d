"""What Contact Center, Events, Revenue Accelerator, billing and quality of service have."""

from __future__ import annotations

from .model import ENTERED, HOURS, PHONE, REPORTS, SIX_MONTHS_BY_DAY, STARTED, Further, each

_MEETING = "meeting_uuid=parent:uuid meeting_id=parent:id sequence=sequence"
_WEBINAR = "webinar_uuid=parent:uuid webinar_id=parent:id sequence=sequence"
_MEETING_GONE = (
    (404, 3001, "This meeting's detail info is not available. The meeting ID is not valid or the meeting has not ended yet."),
    (400, 12702, "Can not access a meeting a year ago."),
)
_WEBINAR_GONE = (
    (404, 3001, "This webinar's detail is not available or the Webinar ID is not valid. This webinar has not ended yet."),
    (400, 12702, "Can not access a webinar a year ago."),
)
_UTC = {"timezone": "UTC"}
_CENTER, _DATASET = "/contact_center", "/contact_center/analytics/dataset/historical"
_EVENT, _OF_EVENT = "/zoom_events/events/{eventId}", "event_id=parent:event_id"
_NO_EVENT = (404, 2002, "Event not found.")
_TALK, _OF_TALK = "/zra/conversations/{conversationId}", "conversation_id=parent:conversation_id"
_NO_TALK = (404, 1005, "Conversation does not exist: {$conversationId}")

STREAMS = (
    Further(
        "metrics_meeting_participants_qos", "/metrics/meetings/{meetingId}/participants/qos", "participants",
        "meeting_uuid user_id join_time sequence", parent="metrics_meetings", by="uuid", params={"type": "past"},
        adds=_MEETING, page=10, nothing=_MEETING_GONE,
    ),
    Further(
        "metrics_meeting_participants_qos_summary", "/metrics/meetings/{meetingId}/participants/qos_summary", "participants",
        "meeting_uuid participant_id sequence", parent="metrics_meetings", by="uuid", adds=_MEETING, page=10, nothing=_MEETING_GONE,
    ),
    Further(
        "metrics_webinar_participants_qos", "/metrics/webinars/{webinarId}/participants/qos", "participants",
        "webinar_uuid user_id join_time sequence", parent="metrics_webinars", by="uuid", params={"type": "past"},
        adds=_WEBINAR, page=10, nothing=_WEBINAR_GONE,
    ),
    Further(
        "metrics_webinar_participants_qos_summary", "/metrics/webinars/{webinarId}/participants/qos_summary", "participants",
        "webinar_uuid participant_id sequence", parent="metrics_webinars", by="uuid", adds=_WEBINAR, page=10, nothing=_WEBINAR_GONE,
    ),
    Further("report_billing", "/report/billing", "billing_reports", "id", beside=("currency",)),
    Further(
        "report_billing_invoices", "/report/billing/invoices", "invoices", "billing_id invoice_number sequence",
        parent="report_billing", by="id", asked_as="billing_id", beside=("currency",),
        adds="billing_id=parent:id sequence=sequence",
        nothing=((404, 5010, "Report does not exist."), (400, 300, 'Invalid parameter "billing_id"')),
    ),
    Further("phone_numbers", "/number_management/numbers", "numbers", "id", page=200),
    Further("contact_center_users", f"{_CENTER}/users", "users", "user_id", page=300),
    Further("contact_center_queues", f"{_CENTER}/queues", "queues", "cc_queue_id", page=300),
    Further(
        "contact_center_queue_agents", f"{_CENTER}/queues/{{queueId}}/agents", "agents", "cc_queue_id user_id",
        parent="contact_center_queues", by="cc_queue_id", adds="cc_queue_id=parent:cc_queue_id", page=300,
        nothing=((404, 1201, "Queue does not exist: $queueId."),),
    ),
    Further("contact_center_skills", f"{_CENTER}/skills", "skills", "skill_id", page=300),
    Further("contact_center_teams", f"{_CENTER}/teams", "teams", "team_id", page=300),
    Further(
        "contact_center_team_agents", f"{_CENTER}/teams/{{teamId}}/agents", "agents", "team_id user_id",
        parent="contact_center_teams", by="team_id", adds="team_id=parent:team_id", page=300, nothing=((404, None, "Not Found"),),
    ),
    Further("contact_center_system_statuses", f"{_CENTER}/system_statuses", "statuses", "status_id", page=300),
    Further("contact_center_dispositions", f"{_CENTER}/dispositions", "dispositions", "disposition_id", page=300),
    Further("contact_center_flows", f"{_CENTER}/flows", "flows", "flow_id", page=300),
    Further(
        "contact_center_engagements", f"{_CENTER}/engagements", "engagements", "engagement_id", params=_UTC, window=PHONE,
        time="start_time", page=100,
    ),
    Further(
        "contact_center_engagement_events", f"{_CENTER}/engagements/{{engagementId}}/events", "events",
        "engagement_id start_time sequence", parent="contact_center_engagements", by="engagement_id",
        adds="engagement_id=parent:engagement_id sequence=sequence",
        nothing=(
            (400, 7001, "Only voice and video channels are currently supported."),
            (404, 2901, "Engagement does not exist: $engagementId."),
        ),
    ),
    Further(
        "contact_center_engagement_surveys", f"{_CENTER}/engagements/{{engagementId}}/survey", "", "engagement_id",
        parent="contact_center_engagements", by="engagement_id", where="survey_id",
        nothing=((404, 404, "The engagement does not trigger survey."), (444, 444, "The survey for this engagement has no answer.")),
    ),
    Further(
        "contact_center_recordings", f"{_CENTER}/recordings", "recordings", "recording_id", window=PHONE,
        time="recording_start_time", page=300,
    ),
    Further(
        "contact_center_dataset_agent_performance", f"{_DATASET}/agent_performance", "users",
        "engagement_id user_id start_time sequence", params=_UTC, window=STARTED, time="start_time",
        adds="sequence=sequence", may_lack=("engagement_id",), page=100,
    ),
    Further(
        "contact_center_dataset_agent_timecards", f"{_DATASET}/agent_timecard", "users",
        "work_session_id start_time sequence", params=_UTC, window=STARTED, time="start_time",
        adds="sequence=sequence", may_lack=("work_session_id",), page=100,
    ),
    Further(
        "contact_center_dataset_dispositions", f"{_DATASET}/disposition", "historical_dispositions",
        "engagement_id sequence window_from", params=_UTC, window=SIX_MONTHS_BY_DAY,
        adds="window_from=window:from sequence=sequence", page=100,
    ),
    Further(
        "contact_center_dataset_engagements", f"{_DATASET}/engagement", "engagements", "engagement_id", params=_UTC,
        window=STARTED, time="start_time", page=100,
    ),
    Further(
        "contact_center_dataset_flow_performance", f"{_DATASET}/flow_performance", "flows",
        "engagement_id flow_id flow_enter_time sequence", params=_UTC, window=ENTERED, time="flow_enter_time",
        adds="sequence=sequence", page=100,
    ),
    Further(
        "contact_center_dataset_queue_performance", f"{_DATASET}/queue_performance", "queues",
        "engagement_id queue_id enter_time sequence", params=_UTC, window=ENTERED, time="enter_time",
        adds="sequence=sequence", page=100,
    ),
    Further(
        "contact_center_engagement_logs", f"{_CENTER}/analytics/log/historical/engagement", "engagement_logs",
        "engagement_id", params=_UTC, window=STARTED, time="start_time", page=100,
    ),
    Further(
        "contact_center_operation_logs", f"{_CENTER}/reports/operation_logs", "operation_logs", "operation_log_id",
        window=REPORTS, time="time", page=300,
    ),
    Further(
        "contact_center_agent_status_history", f"{_CENTER}/analytics/agents/status_history", "statuses",
        "user_id start_time sequence", params=_UTC, window=PHONE, time="start_time", adds="sequence=sequence", page=100,
    ),
    Further("zoom_event_hubs", "/zoom_events/hubs", "hubs", "hub_id", params={"role_type": "host"}),
    Further(
        "zoom_events", "/zoom_events/events", "events", "event_id", params={"role_type": "host"},
        asks=each("event_status_type", "upcoming", "past", "draft", "cancelled"), page=300,
    ),
    Further(
        "zoom_event_sessions", f"{_EVENT}/sessions", "sessions", "event_id session_id", parent="zoom_events",
        by="event_id", adds=_OF_EVENT, nothing=(_NO_EVENT,),
    ),
    Further(
        "zoom_event_speakers", f"{_EVENT}/speakers", "speakers", "event_id speaker_id", parent="zoom_events",
        by="event_id", adds=_OF_EVENT, nothing=(_NO_EVENT,),
    ),
    Further(
        "zoom_event_ticket_types", f"{_EVENT}/ticket_types", "ticket_types", "event_id ticket_type_id",
        parent="zoom_events", by="event_id", adds=_OF_EVENT, nothing=((404, None, "Not Found"),),
    ),
    Further(
        "zoom_event_tickets", f"{_EVENT}/tickets", "tickets", "event_id ticket_id", parent="zoom_events",
        by="event_id", adds=_OF_EVENT, page=300, nothing=(_NO_EVENT,),
    ),
    Further(
        "zoom_event_registrants", f"{_EVENT}/registrants", "registrants", "event_id email", parent="zoom_events",
        by="event_id", adds=_OF_EVENT, page=300, nothing=(_NO_EVENT,),
    ),
    Further(
        "zoom_event_registrations", f"{_EVENT}/reports/ticket_registration", "registrations", "event_id email sequence",
        parent="zoom_events", by="event_id", adds=f"{_OF_EVENT} sequence=sequence", may_lack=("email",), page=300,
        nothing=(_NO_EVENT,),
    ),
    Further(
        "zoom_event_attendance", f"{_EVENT}/reports/event_attendance", "attendees", "event_id email sequence",
        parent="zoom_events", by="event_id", where="status!draft", adds=f"{_OF_EVENT} sequence=sequence",
        may_lack=("email",), page=300, nothing=((404, None, "Not Found"),),
    ),
    Further(
        "zoom_event_session_attendance", f"{_EVENT}/reports/sessions/{{sessionId}}/attendance", "attendees",
        "event_id session_id email sequence", parent="zoom_event_sessions", by="session_id",
        adds=f"{_OF_EVENT} session_id=parent:session_id sequence=sequence", may_lack=("email",), page=300,
        nothing=(_NO_EVENT, (404, 2003, "Session not found.")),
    ),
    Further(
        "zoom_event_survey_answers", f"{_EVENT}/reports/survey", "surveys", "event_id session_id email sequence",
        parent="zoom_events", by="event_id", adds=f"{_OF_EVENT} sequence=sequence", may_lack=("session_id", "email"),
        page=300, nothing=((404, 404, "Event not found."),),
    ),
    Further(
        "zra_conversations", "/zra/conversations", "conversations", "conversation_id",
        params={"period_type": "iqProcessedTime"}, window=HOURS, time="iq_processed_time", page=300,
    ),
    Further(
        "zra_conversation_details", _TALK, "", "conversation_id", parent="zra_conversations", by="conversation_id",
        nothing=(_NO_TALK, (403, 1004, "You don't have the permission.")),
    ),
    Further(
        "zra_interactions", f"{_TALK}/interactions", "participants", "conversation_id sequence",
        parent="zra_conversations", by="conversation_id", adds=f"{_OF_TALK} sequence=sequence", page=300,
        nothing=(_NO_TALK,),
    ),
    Further(
        "zra_content_analysis", f"{_TALK}/content_analysis", "", "conversation_id", parent="zra_conversations",
        by="conversation_id", params={"analysis_type": "all"}, adds=_OF_TALK, page=300, nothing=(_NO_TALK,),
    ),
    Further(
        "zra_scorecards", f"{_TALK}/scorecards", "scorecards", "conversation_id scorecard_id sequence",
        parent="zra_conversations", by="conversation_id", adds=f"{_OF_TALK} sequence=sequence", page=300,
        nothing=(_NO_TALK,),
    ),
    Further("zra_deals", "/zra/deals", "deals", "deal_id", page=300),
    Further(
        "zra_deal_activities", "/zra/deals/{dealId}/activities", "activities", "deal_id start_date sequence",
        parent="zra_deals", by="deal_id", adds="deal_id=parent:deal_id sequence=sequence", may_lack=("start_date",),
        page=300, nothing=((404, 1005, "Deal does not exist: {dealId}."),),
    ),
)
