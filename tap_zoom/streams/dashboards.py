"""The dashboards: quality, devices and networks of past meetings and webinars; current state of Zoom Rooms.

Source: https://developers.zoom.us/docs/api/accounts/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import DAYS, MONTHS
from tap_zoom.streams.model import HEAVY, INTENSIVE, Entity, Join, Link, Stream, Uuid, each
from tap_zoom.streams.refusals import DASHBOARD_UNAVAILABLE, HOST_GONE, NO_MEETING, TOO_OLD

METERED_MEETING = Entity("metered_meeting", {"meeting_uuid": Uuid, "meeting_id": int, "type": str})
METERED_WEBINAR = Entity("metered_webinar", {"webinar_uuid": Uuid, "webinar_id": int})
METERED_ROOM = Entity("metered_room", {"zoomroom_id": str})

STREAMS = (
    Stream(
        "metrics_meetings", "metrics/meetings", INTENSIVE,
        ("dashboard:read:list_meetings:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        date_range=DAYS, params={"include_fields": "tracking_fields"}, variants=each("type", "past", "pastOne"),
        page_size=300,
        records="meetings", replication_key="start_time", no_access=(DASHBOARD_UNAVAILABLE,),
        links=(Link(METERED_MEETING, {"meeting_uuid": "uuid", "meeting_id": "id", "type": "?type"}),),
        key=("uuid",),
        description="dashboard: past meetings with quality, devices and features",
        requires="Business; dashboard; role with Dashboard: view", retention="six months",
        overlaps=(
            "The same meetings as in `report_meetings` and `history_meetings`, without a request for each. It adds "
            "the quality of audio, video and screen sharing."
        ),
        joins=(Join("uuid", "report_meetings", "uuid"),),
    ),
    Stream(
        "metrics_meeting_participants", "metrics/meetings/{meeting_uuid}/participants", HEAVY,
        ("dashboard:read:list_meeting_participants:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        parent=METERED_MEETING, params={"type": "{type}", "include_fields": "registrant_id"}, page_size=300,
        records="participants", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "sequence"),
        description="dashboard: participants of past meetings with device, network, location and leave reason",
        requires="Business; dashboard; role with Dashboard: view",
        overlaps=(
            "`report_meeting_participants` has the same participants. Choose this stream for devices, networks and "
            "locations. It takes another Heavy request for each meeting."
        ),
    ),
    Stream(
        "metrics_webinars", "metrics/webinars", INTENSIVE,
        ("dashboard:read:list_webinars:admin", "dashboard_webinars:read:admin", "dashboard:read:admin"),
        date_range=DAYS, params={"type": "past"}, page_size=300, records="webinars", replication_key="start_time",
        no_access=(DASHBOARD_UNAVAILABLE,),
        links=(Link(METERED_WEBINAR, {"webinar_uuid": "uuid", "webinar_id": "id"}),),
        key=("uuid",),
        description="dashboard: past webinars with quality and features",
        requires="Business with the webinar add-on; role with Dashboard: view", retention="six months",
        overlaps=(
            "The same webinars as in `report_webinars` and `history_meetings`, without a request for each. It adds "
            "the quality of audio and video."
        ),
        joins=(Join("uuid", "report_webinars", "uuid"),),
    ),
    Stream(
        "metrics_chat", "metrics/chat", INTENSIVE,
        ("dashboard:read:chat:admin", "dashboard_im:read:admin", "dashboard:read:admin"),
        date_range=MONTHS, page_size=300, records="users",
        key=("window_from", "user_id"), context_columns=("window_from", "window_to"), key_defaults={"user_id": "email"},
        description="dashboard: chat messages of each user, a row for each month",
        requires="Business; dashboard; role with Dashboard: view", retention="six complete months",
        overlaps="Totals of `chat_messages`, without the messages.",
    ),
    Stream(
        "metrics_client_versions", "metrics/client_versions", HEAVY,
        ("dashboard:read:client_versions:admin", "dashboard_home:read:admin", "dashboard:read:admin"),
        records="client_versions",
        key=("snapshot_date", "client_version"), context_columns=("snapshot_date",),
        description="dashboard: number of users by client version, rows for each day on which the tap runs",
        requires="Business; dashboard; role with Dashboard: view",
    ),
    Stream(
        "metrics_quality", "metrics/quality", HEAVY,
        ("dashboard:read:meeting_quality_score:admin", "dashboard_home:read:admin", "dashboard:read:admin"),
        date_range=MONTHS, variants=each("type", "meeting", "participants"),
        key=("window_from", "type"), context_columns=("window_from", "window_to", "type"),
        param_columns={"type": "type"},
        description="dashboard: number of meetings or participants by quality, a row for each month",
        requires="Business; dashboard; role with Dashboard: view", retention="six complete months",
    ),
    Stream(
        "metrics_zoomrooms", "metrics/zoomrooms", INTENSIVE,
        ("dashboard:read:list_zoomrooms:admin", "dashboard_zr:read:admin", "dashboard:read:admin"),
        page_size=300, records="zoom_rooms", links=(Link(METERED_ROOM, {"zoomroom_id": "id"}),),
        key=("id",),
        description="dashboard: current state of Zoom Rooms",
        requires="Business with Zoom Rooms; role with Dashboard: view",
        overlaps="`rooms` has the rooms; this stream has their current state.",
    ),
    Stream(
        "metrics_zoomroom_meetings", "metrics/zoomrooms/{zoomroom_id}", HEAVY,
        ("dashboard:read:zoomroom:admin", "dashboard_zr:read:admin", "dashboard:read:admin"),
        parent=METERED_ROOM, date_range=DAYS, page_size=300, records="past_meetings.meetings",
        replication_key="start_time",
        key=("zoomroom_id", "uuid"), context_columns=("zoomroom_id",),
        description="dashboard: past meetings in Zoom Rooms",
        requires="Business with Zoom Rooms; role with Dashboard: view", retention="six months",
    ),
)  # fmt: skip
