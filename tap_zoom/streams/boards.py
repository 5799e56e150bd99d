"""Whiteboards and clips.

Source: https://developers.zoom.us/docs/api/whiteboard/ and https://developers.zoom.us/docs/api/clips/
"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Stream
from tap_zoom.streams.spans import ALL_MOMENTS, SESSIONS

STREAMS = (
    Stream(
        "whiteboards", "whiteboards", MEDIUM, ("whiteboard:read:list_whiteboards:admin", "whiteboard:read:admin"),
        over=ALL_MOMENTS, params={"date_filter_type": "modified_date"}, page=50, rows="whiteboards", at="modified_date",
        key=("whiteboard_id",),
        holds="whiteboards",
        needs="role with Whiteboards: view",
    ),
    Stream(
        "whiteboard_sessions", "whiteboards/sessions", MEDIUM,
        ("whiteboard:read:list_sessions:admin", "whiteboard_content:read:admin"),
        over=SESSIONS, page=300, rows="sessions", at="start_time",
        key=("id",),
        holds="sessions on whiteboards: who joined and left",
        needs="Whiteboard archiving; role with Whiteboards: view",
    ),
    Stream(
        "clips", "clips", LIGHT, ("clips:read:list_user_clips:admin", "clips:read:admin"),
        over=ALL_MOMENTS, params={"date_filter_type": "MODIFIED_DATE"}, page=300, rows="data", at="modified_date",
        key=("clip_id",),
        holds="clips",
        needs="role with Clips: view",
    ),
)  # fmt: skip
