"""Scheduled meetings, by number. Source: https://developers.zoom.us/docs/api/meetings/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Entity, Join, Link, Stream, each
from tap_zoom.streams.refusals import (
    HOST_GONE,
    MAY_NOT_HOST,
    NO_MEETING,
    NO_POLL,
    NO_REGISTRATION,
    NOT_ENABLED,
    OTHER_KIND,
    OTHERS_MEETINGS_HIDDEN,
    POLLS_OFF,
)
from tap_zoom.streams.users import USER

MEETING = Entity("meeting", {"meeting_id": int})

STREAMS = (
    Stream(
        "user_meetings", "users/{user_id}/meetings", MEDIUM,
        ("meeting:read:list_meetings:admin", "meeting:read:admin"),
        parent=USER, page_size=300, records="meetings",
        empty_answers=(*HOST_GONE, MAY_NOT_HOST, OTHERS_MEETINGS_HIDDEN),
        links=(Link(MEETING, {"meeting_id": "id"}),),
    ),
    Stream(
        "meetings", "meetings/{meeting_id}", LIGHT, ("meeting:read:meeting:admin", "meeting:read:admin"),
        parent=MEETING, params={"show_previous_occurrences": "true"},
        # 3161 means that the host may no longer schedule meetings. Their meetings aren't listed either.
        empty_answers=(NO_MEETING, NOT_ENABLED, OTHER_KIND, MAY_NOT_HOST, *HOST_GONE),
        key=("id",),
        core=True,
        description="scheduled meetings, a row for each series, with settings and occurrences",
        requires="any plan", retention="30 days after the number's last use",
        joins=(Join("host_id", "users", "id"),),
    ),
    Stream(
        "meeting_registrants", "meetings/{meeting_id}/registrants", MEDIUM,
        ("meeting:read:list_registrants:admin", "meeting:read:admin"),
        parent=MEETING, variants=each("status", "approved", "pending", "denied"), page_size=300, records="registrants",
        empty_answers=(NO_MEETING, OTHER_KIND, NO_REGISTRATION, MAY_NOT_HOST, NOT_ENABLED, *HOST_GONE),
        key=("meeting_id", "id"), context_columns=("meeting_id",),
        core=True,
        description="registrants of meetings: approved, pending and denied",
        requires="Pro host, registration on", retention="as meetings",
    ),
    Stream(
        "meeting_questions", "meetings/{meeting_id}/registrants/questions", LIGHT,
        ("meeting:read:list_registration_questions:admin", "meeting:read:admin"),
        parent=MEETING, empty_answers=(NO_MEETING, NOT_ENABLED, NO_REGISTRATION, OTHER_KIND, MAY_NOT_HOST, *HOST_GONE),
        key=("meeting_id",), context_columns=("meeting_id",),
        core=True,
        description="questions of a meeting's registration form",
        requires="Pro host, registration on", retention="as meetings",
    ),
    Stream(
        "meeting_polls", "meetings/{meeting_id}/polls", LIGHT,
        ("meeting:read:list_polls:admin", "meeting:read:admin"),
        parent=MEETING, records="polls", empty_answers=(POLLS_OFF, NO_POLL, NO_MEETING, MAY_NOT_HOST, *HOST_GONE),
        key=("meeting_id", "id"), context_columns=("meeting_id",),
        core=True,
        description="polls prepared for a meeting",
        requires="Pro host", retention="as meetings",
    ),
)  # fmt: skip
