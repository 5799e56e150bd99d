"""Zoom Contact Center: agents, queues and flows, engagements, recordings, and the datasets of its analytics.

Contact Center reads times in the zone of the parameter `timezone`, and ignores a Z at their end. So UTC is sent.

Source: https://developers.zoom.us/docs/api/contact-center/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import DAYS, ENTERED, MOMENTS, SINGLE_DAYS_OF_SIX_MONTHS, STARTED
from tap_zoom.streams.model import (
    CENTER_HEAVY,
    CENTER_LIGHT,
    CENTER_MEDIUM,
    NO_VALUE,
    Condition,
    Entity,
    Join,
    Link,
    Stream,
)
from tap_zoom.streams.refusals import (
    AGENTS_FORBIDDEN,
    CONTACT_CENTER_FORBIDDEN,
    ENGAGEMENT_NOT_FOUND,
    NO_SURVEY_ANSWER,
    NO_SURVEY_SENT,
    NO_VOICE_OR_VIDEO,
    NOT_FOUND,
    NOT_FOUND_WITH_CODE,
    QUEUE_NOT_FOUND,
    TEAMS_UNAVAILABLE,
)

UTC = {"timezone": "UTC"}

QUEUE = Entity("contact_center_queue", {"cc_queue_id": str})
TEAM = Entity("contact_center_team", {"team_id": str})
ENGAGEMENT = Entity("engagement", {"engagement_id": str})
SURVEYED_ENGAGEMENT = Entity("surveyed_engagement", {"engagement_id": str})

STREAMS = (
    Stream(
        "contact_center_users", "contact_center/users", CENTER_MEDIUM,
        ("contact_center:read:list_users:admin", "contact_center_user:read:admin"),
        page_size=300, records="users",
        key=("user_id",),
        description="agents and supervisors, with role, teams, region and current status",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_queues", "contact_center/queues", CENTER_MEDIUM,
        ("contact_center:read:list_queues:admin", "contact_center_queue:read:admin"),
        page_size=300, records="queues", links=(Link(QUEUE, {"cc_queue_id": "cc_queue_id"}),),
        key=("cc_queue_id",),
        description="queues of the contact center",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_queue_agents", "contact_center/queues/{cc_queue_id}/agents", CENTER_MEDIUM,
        ("contact_center:read:list_queue_agents:admin", "contact_center_queue:read:admin"),
        parent=QUEUE, page_size=300, records="agents", empty_answers=(QUEUE_NOT_FOUND,),
        key=("cc_queue_id", "user_id"), context_columns=("cc_queue_id",),
        description="agents of a contact center queue",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_skills", "contact_center/skills", CENTER_MEDIUM,
        ("contact_center:read:list_skills:admin", "contact_center_skill:read:admin"),
        page_size=300, records="skills",
        key=("skill_id",),
        description="skills by which engagements are routed",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_teams", "contact_center/teams", CENTER_MEDIUM,
        ("contact_center:read:team:admin", "contact_center_team:read:admin"),
        page_size=300, records="teams", no_access=(TEAMS_UNAVAILABLE,), links=(Link(TEAM, {"team_id": "team_id"}),),
        key=("team_id",),
        description="teams of agents, as a tree",
        requires="Zoom Contact Center with teams",
    ),
    Stream(
        "contact_center_team_agents", "contact_center/teams/{team_id}/agents", CENTER_MEDIUM,
        ("contact_center:read:team:admin", "contact_center_team:read:admin"),
        parent=TEAM, page_size=300, records="agents", empty_answers=(NOT_FOUND, NOT_FOUND_WITH_CODE),
        no_access=(TEAMS_UNAVAILABLE,),
        key=("team_id", "user_id"), context_columns=("team_id",),
        description="agents of a team",
        requires="Zoom Contact Center with teams",
    ),
    Stream(
        "contact_center_system_statuses", "contact_center/system_statuses", CENTER_MEDIUM,
        ("contact_center:read:list_system_statues:admin", "contact_center_preference:read:admin"),
        page_size=300, records="statuses",
        key=("status_id",),
        description="statuses of agents, and reasons for not being ready",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_dispositions", "contact_center/dispositions", CENTER_MEDIUM,
        ("contact_center:read:list_dispositions:admin", "contact_center_disposition:read:admin"),
        page_size=300, records="dispositions",
        key=("disposition_id",),
        description="dispositions: possible outcomes of engagements",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_flows", "contact_center/flows", CENTER_MEDIUM,
        ("contact_center:read:list_flows:admin", "contact_center_flow:read:admin"),
        page_size=300, records="flows",
        key=("flow_id",),
        description="flows that engagements pass through, with entry points and versions",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_engagements", "contact_center/engagements", CENTER_MEDIUM,
        ("contact_center:read:list_engagements:admin", "contact_center_report:read:admin"),
        date_range=MOMENTS, params=UTC, page_size=100, records="engagements", replication_key="start_time",
        no_access=(AGENTS_FORBIDDEN, CONTACT_CENTER_FORBIDDEN),
        links=(
            Link(ENGAGEMENT, {"engagement_id": "engagement_id"}),
            Link(
                SURVEYED_ENGAGEMENT, {"engagement_id": "engagement_id"},
                where=(Condition("survey_id", NO_VALUE, is_in=False),),
            ),
        ),
        key=("engagement_id",),
        description="engagements: consumers, queues, agents, dispositions, notes",
        requires="Zoom Contact Center", retention="six months",
        overlaps=(
            "Prefer it: its requests are Medium. `contact_center_dataset_engagements` has more durations and counts, "
            "`contact_center_engagement_logs` has the most details; their requests are Heavy."
        ),
    ),
    Stream(
        "contact_center_engagement_events", "contact_center/engagements/{engagement_id}/events", CENTER_LIGHT,
        ("contact_center:read:engagement:admin", "contact_center_report:read:admin"),
        parent=ENGAGEMENT, records="events", empty_answers=(NO_VOICE_OR_VIDEO, ENGAGEMENT_NOT_FOUND),
        key=("engagement_id", "start_time", "sequence"), context_columns=("engagement_id", "sequence"),
        description="path of an engagement through flows, queues and agents; only voice and video",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_engagement_surveys", "contact_center/engagements/{engagement_id}/survey", CENTER_LIGHT,
        ("contact_center:read:engagement:admin", "contact_center_engagement:read:admin"),
        parent=SURVEYED_ENGAGEMENT, empty_answers=(NO_SURVEY_SENT, NO_SURVEY_ANSWER),
        key=("engagement_id",),
        description="answers of consumers to the survey after an engagement",
        requires="Zoom Contact Center",
    ),
    Stream(
        "contact_center_recordings", "contact_center/recordings", CENTER_MEDIUM,
        ("contact_center:read:list_recordings:admin", "contact_center_recording:read:admin"),
        date_range=MOMENTS, page_size=300, records="recordings", replication_key="recording_start_time",
        key=("recording_id",),
        description="recorded engagements",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        joins=(Join("engagement_id", "contact_center_engagements", "engagement_id"),),
    ),
    Stream(
        "contact_center_dataset_agent_performance", "contact_center/analytics/dataset/historical/agent_performance",
        CENTER_HEAVY, ("contact_center:read:dataset_agent_performance:admin", "contact_center_report:read:admin"),
        date_range=STARTED, params=UTC, page_size=100, records="users", replication_key="start_time",
        key=("engagement_id", "user_id", "start_time", "sequence"), context_columns=("sequence",),
        key_defaults={"engagement_id": ""},
        description="performance of agents, a row for each leg of an engagement: handled, refused, missed, held",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        joins=(Join("user_id", "contact_center_users", "user_id"),),
    ),
    Stream(
        "contact_center_dataset_agent_timecards", "contact_center/analytics/dataset/historical/agent_timecard",
        CENTER_HEAVY,
        ("contact_center:read:dataset_agent_timecard:admin", "contact_center_report:read:admin"),
        date_range=STARTED, params=UTC, page_size=100, records="users", replication_key="start_time",
        key=("work_session_id", "start_time", "sequence"), context_columns=("sequence",),
        key_defaults={"work_session_id": ""},
        description="work sessions of agents, a row for each status: ready, occupied, not ready",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        overlaps="`contact_center_agent_status_history` has the same statuses with queue and engagement.",
        joins=(Join("user_id", "contact_center_users", "user_id"),),
    ),
    Stream(
        "contact_center_dataset_dispositions", "contact_center/analytics/dataset/historical/disposition", CENTER_HEAVY,
        ("contact_center:read:dataset_disposition:admin", "contact_center_report:read:admin"),
        date_range=SINGLE_DAYS_OF_SIX_MONTHS, params=UTC, page_size=100, records="historical_dispositions",
        key=("engagement_id", "sequence", "window_from"), context_columns=("window_from", "sequence"),
        description="assigned dispositions by day, since Zoom's rows have no time",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        joins=(Join("engagement_id", "contact_center_engagements", "engagement_id"),),
    ),
    Stream(
        "contact_center_dataset_engagements", "contact_center/analytics/dataset/historical/engagement", CENTER_HEAVY,
        ("contact_center:read:dataset_engagement:admin", "contact_center_report:read:admin"),
        date_range=STARTED, params=UTC, page_size=100, records="engagements", replication_key="start_time",
        key=("engagement_id",),
        description="durations and counts of each engagement: handled, held, transferred, abandoned",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        overlaps=(
            "`contact_center_engagements` has the same engagements with consumers, notes and dispositions, in Medium "
            "requests."
        ),
        joins=(Join("engagement_id", "contact_center_engagements", "engagement_id"),),
    ),
    Stream(
        "contact_center_dataset_flow_performance", "contact_center/analytics/dataset/historical/flow_performance",
        CENTER_HEAVY, ("contact_center:read:dataset_flow_performance:admin", "contact_center_report:read:admin"),
        date_range=ENTERED, params=UTC, page_size=100, records="flows", replication_key="flow_enter_time",
        key=("engagement_id", "flow_id", "flow_enter_time", "sequence"), context_columns=("sequence",),
        description="performance of flows, a row each time an engagement enters one",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        joins=(Join("flow_id", "contact_center_flows", "flow_id"),),
    ),
    Stream(
        "contact_center_dataset_queue_performance", "contact_center/analytics/dataset/historical/queue_performance",
        CENTER_HEAVY, ("contact_center:read:dataset_queue_performance:admin", "contact_center_report:read:admin"),
        date_range=ENTERED, params=UTC, page_size=100, records="queues", replication_key="enter_time",
        key=("engagement_id", "queue_id", "enter_time", "sequence"), context_columns=("sequence",),
        description="performance of queues, a row each time an engagement enters one: waited, answered, abandoned",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        joins=(Join("engagement_id", "contact_center_engagements", "engagement_id"),),
    ),
    Stream(
        "contact_center_engagement_logs", "contact_center/analytics/log/historical/engagement", CENTER_HEAVY,
        ("contact_center:read:engagement_log:admin", "contact_center_report:read:admin"),
        date_range=STARTED, params=UTC, page_size=100, records="engagement_logs", replication_key="start_time",
        key=("engagement_id",),
        description="all details of engagements: events, voicemails, blocked calls, notes, dispositions",
        requires="Zoom Contact Center", retention="six months (assumed, not documented)",
        overlaps=(
            "The most detailed of three: `contact_center_engagements` has most of it with Medium requests, "
            "`contact_center_dataset_engagements` has only the durations."
        ),
        joins=(Join("engagement_id", "contact_center_engagements", "engagement_id"),),
    ),
    Stream(
        "contact_center_operation_logs", "contact_center/reports/operation_logs", CENTER_HEAVY,
        ("contact_center:read:operation_logs:admin", "contact_center_operation_logs:read:admin"),
        date_range=DAYS, page_size=300, records="operation_logs", replication_key="time",
        no_access=(CONTACT_CENTER_FORBIDDEN,),
        key=("operation_log_id",),
        description="changes by administrators of the contact center",
        requires="Zoom Contact Center", retention="six months",
    ),
    Stream(
        "contact_center_agent_status_history", "contact_center/analytics/agents/status_history", CENTER_HEAVY,
        ("contact_center:read:agent_status_report:admin", "contact_center_report:read:admin"),
        date_range=MOMENTS, params=UTC, page_size=100, records="statuses", replication_key="start_time",
        key=("user_id", "start_time", "sequence"), context_columns=("sequence",),
        description="status history of agents: ready, occupied or away",
        requires="Zoom Contact Center", retention="six months",
        overlaps="`contact_center_dataset_agent_timecards` has the same statuses by work session.",
        joins=(Join("user_id", "contact_center_users", "user_id"),),
    ),
)  # fmt: skip
