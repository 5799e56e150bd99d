"""Whiteboards and clips.

Source: https://developers.zoom.us/docs/api/whiteboard/ and https://developers.zoom.us/docs/api/clips/
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import MODIFIED, SESSIONS
from tap_zoom.streams.model import LIGHT, MEDIUM, Stream

STREAMS = (
    Stream(
        "whiteboards", "whiteboards", MEDIUM, ("whiteboard:read:list_whiteboards:admin", "whiteboard:read:admin"),
        date_range=MODIFIED, params={"date_filter_type": "modified_date"}, page_size=50, records="whiteboards",
        replication_key="modified_date",
        key=("whiteboard_id",),
        description="whiteboards",
        requires="role with Whiteboards: view",
    ),
    Stream(
        "whiteboard_sessions", "whiteboards/sessions", MEDIUM,
        ("whiteboard:read:list_sessions:admin", "whiteboard_content:read:admin"),
        date_range=SESSIONS, page_size=300, records="sessions", replication_key="start_time",
        key=("id",),
        description="sessions on whiteboards, with participants",
        requires="Whiteboard archiving; role with Whiteboards: view",
    ),
    Stream(
        "clips", "clips", LIGHT, ("clips:read:list_user_clips:admin", "clips:read:admin"),
        date_range=MODIFIED, params={"date_filter_type": "MODIFIED_DATE"}, page_size=300, records="data",
        replication_key="modified_date",
        key=("clip_id",),
        description="clips",
        requires="role with Clips: view",
    ),
)  # fmt: skip
