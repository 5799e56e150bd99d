"""What is scheduled, by number: meetings. Source: https://developers.zoom.us/docs/api/meetings/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Find, Join, Stream, Thing, each
from tap_zoom.streams.refusals import (
    GONE,
    HOST_GONE,
    MAY_NOT_HOST,
    NO_POLL,
    NO_REGISTRATION,
    NOT_ENABLED,
    OTHERS_HIDDEN,
    POLLS_OFF,
    WRONG_KIND,
)
from tap_zoom.streams.users import USER

MEETING = Thing("meeting", {"meeting_id": int})

STREAMS = (
    Stream(
        "user_meetings", "users/{user_id}/meetings", MEDIUM,
        ("meeting:read:list_meetings:admin", "meeting:read:admin"),
        about=USER, page=300, rows="meetings", nothing=(*HOST_GONE, MAY_NOT_HOST, OTHERS_HIDDEN),
        finds=(Find(MEETING, {"meeting_id": "id"}),),
    ),
    Stream(
        "meetings", "meetings/{meeting_id}", LIGHT, ("meeting:read:meeting:admin", "meeting:read:admin"),
        about=MEETING, params={"show_previous_occurrences": "true"},
        # 3161 is about the host, who may not schedule any more; the meetings of such a user are not listed either.
        nothing=(GONE, NOT_ENABLED, WRONG_KIND, MAY_NOT_HOST, *HOST_GONE),
        key=("id",),
        core=True,
        holds="scheduled meetings, a series once, with settings and occurrences",
        needs="any plan", keeps="30 days after the number's last use",
        joins=(Join("host_id", "users", "id"),),
    ),
    Stream(
        "meeting_registrants", "meetings/{meeting_id}/registrants", MEDIUM,
        ("meeting:read:list_registrants:admin", "meeting:read:admin"),
        about=MEETING, asks=each("status", "approved", "pending", "denied"), page=300, rows="registrants",
        nothing=(GONE, WRONG_KIND, NO_REGISTRATION, MAY_NOT_HOST, NOT_ENABLED, *HOST_GONE),
        key=("meeting_id", "id"), adds=("meeting_id",),
        core=True,
        holds="who registered for a meeting: approved, pending and denied",
        needs="Pro host, registration on", keeps="as meetings",
    ),
    Stream(
        "meeting_questions", "meetings/{meeting_id}/registrants/questions", LIGHT,
        ("meeting:read:list_registration_questions:admin", "meeting:read:admin"),
        about=MEETING, nothing=(GONE, NOT_ENABLED, NO_REGISTRATION, WRONG_KIND, MAY_NOT_HOST, *HOST_GONE),
        key=("meeting_id",), adds=("meeting_id",),
        core=True,
        holds="what a meeting's registration form asks",
        needs="Pro host, registration on", keeps="as meetings",
    ),
    Stream(
        "meeting_polls", "meetings/{meeting_id}/polls", LIGHT,
        ("meeting:read:list_polls:admin", "meeting:read:admin"),
        about=MEETING, rows="polls", nothing=(POLLS_OFF, NO_POLL, GONE, MAY_NOT_HOST, *HOST_GONE),
        key=("meeting_id", "id"), adds=("meeting_id",),
        core=True,
        holds="polls prepared for a meeting",
        needs="Pro host", keeps="as meetings",
    ),
)  # fmt: skip
