"""The dashboards: quality, devices and networks of what was held; Zoom Rooms at the moment.

Source: https://developers.zoom.us/docs/api/accounts/
"""

from __future__ import annotations

from tap_zoom.streams.model import HEAVY, INTENSIVE, Find, Join, Stream, Thing, Uuid, each
from tap_zoom.streams.refusals import GONE, HOST_GONE, NO_DASHBOARD, TOO_OLD
from tap_zoom.streams.spans import DAYS, MONTHS

METERED_MEETING = Thing("metered_meeting", {"meeting_uuid": Uuid, "meeting_id": int, "type": str})
METERED_ROOM = Thing("metered_room", {"zoomroom_id": str})

STREAMS = (
    Stream(
        "metrics_meetings", "metrics/meetings", INTENSIVE,
        ("dashboard:read:list_meetings:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        over=DAYS, params={"include_fields": "tracking_fields"}, asks=each("type", "past", "pastOne"), page=300,
        rows="meetings", at="start_time", unavailable=(NO_DASHBOARD,),
        finds=(Find(METERED_MEETING, {"meeting_uuid": "uuid", "meeting_id": "id", "type": "?type"}),),
        key=("uuid",),
        holds="dashboard: meetings held, with quality, devices and features",
        needs="Business; dashboard; role with Dashboard: view", keeps="six months",
        overlaps=(
            "The same meetings as in `report_meetings` and `history_meetings`, without a request for each. It adds "
            "the quality of sound, picture and shared screen."
        ),
        joins=(Join("uuid", "report_meetings", "uuid"),),
    ),
    Stream(
        "metrics_meeting_participants", "metrics/meetings/{meeting_uuid}/participants", HEAVY,
        ("dashboard:read:list_meeting_participants:admin", "dashboard_meetings:read:admin", "dashboard:read:admin"),
        about=METERED_MEETING, params={"type": "{type}", "include_fields": "registrant_id"}, page=300,
        rows="participants", nothing=(GONE, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"), adds=("meeting_uuid", "meeting_id", "sequence"),
        holds="dashboard: who was in a meeting, with device, network, place and leave reason",
        needs="Business; dashboard; role with Dashboard: view",
        overlaps=(
            "`report_meeting_participants` has the same visits. Take this for devices, networks and places: it costs "
            "a Heavy request for each meeting once more."
        ),
    ),
    Stream(
        "metrics_webinars", "metrics/webinars", INTENSIVE,
        ("dashboard:read:list_webinars:admin", "dashboard_webinars:read:admin", "dashboard:read:admin"),
        over=DAYS, params={"type": "past"}, page=300, rows="webinars", at="start_time", unavailable=(NO_DASHBOARD,),
        key=("uuid",),
        holds="dashboard: webinars held, with quality and features",
        needs="Business with the webinar add-on; role with Dashboard: view", keeps="six months",
        overlaps=(
            "The same webinars as in `report_webinars` and `history_meetings`, without a request for each. It adds "
            "the quality of sound and picture."
        ),
        joins=(Join("uuid", "report_webinars", "uuid"),),
    ),
    Stream(
        "metrics_chat", "metrics/chat", INTENSIVE,
        ("dashboard:read:chat:admin", "dashboard_im:read:admin", "dashboard:read:admin"),
        over=MONTHS, page=300, rows="users",
        key=("window_from", "user_id"), adds=("window_from", "window_to"), fallback={"user_id": "email"},
        holds="dashboard: chat messages of each user, a row for each month",
        needs="Business; dashboard; role with Dashboard: view", keeps="six months, whole",
        overlaps="Counts of what `chat_messages` holds, without the messages.",
    ),
    Stream(
        "metrics_client_versions", "metrics/client_versions", HEAVY,
        ("dashboard:read:client_versions:admin", "dashboard_home:read:admin", "dashboard:read:admin"),
        rows="client_versions",
        key=("snapshot_date", "client_version"), adds=("snapshot_date",),
        holds="dashboard: how many use which version of the client, rows for each day of a run",
        needs="Business; dashboard; role with Dashboard: view",
    ),
    Stream(
        "metrics_quality", "metrics/quality", HEAVY,
        ("dashboard:read:meeting_quality_score:admin", "dashboard_home:read:admin", "dashboard:read:admin"),
        over=MONTHS, asks=each("type", "meeting", "participants"),
        key=("window_from", "type"), adds=("window_from", "window_to", "type"), asked={"type": "type"},
        holds="dashboard: how many meetings or participants had good quality, a row for each month",
        needs="Business; dashboard; role with Dashboard: view", keeps="six months, whole",
    ),
    Stream(
        "metrics_zoomrooms", "metrics/zoomrooms", INTENSIVE,
        ("dashboard:read:list_zoomrooms:admin", "dashboard_zr:read:admin", "dashboard:read:admin"),
        page=300, rows="zoom_rooms", finds=(Find(METERED_ROOM, {"zoomroom_id": "id"}),),
        key=("id",),
        holds="dashboard: state of Zoom Rooms at the moment",
        needs="Business with Zoom Rooms; role with Dashboard: view",
        overlaps="`rooms` has the rooms; this has their state at the moment.",
    ),
    Stream(
        "metrics_zoomroom_meetings", "metrics/zoomrooms/{zoomroom_id}", HEAVY,
        ("dashboard:read:zoomroom:admin", "dashboard_zr:read:admin", "dashboard:read:admin"),
        about=METERED_ROOM, over=DAYS, page=300, rows="past_meetings.meetings", at="start_time",
        key=("zoomroom_id", "uuid"), adds=("zoomroom_id",),
        holds="dashboard: meetings held in a Zoom Room",
        needs="Business with Zoom Rooms; role with Dashboard: view", keeps="six months",
    ),
)  # fmt: skip
