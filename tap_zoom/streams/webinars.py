"""Scheduled webinars, by number. Source: https://developers.zoom.us/docs/api/meetings/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Entity, Join, Link, Stream, each
from tap_zoom.streams.refusals import (
    HOST_GONE,
    NO_MEETING,
    NO_REGISTRATION,
    NO_WEBINAR_PLAN,
    NOT_ENABLED,
    NOT_IN_PLAN,
    OTHER_KIND,
    POLLS_OFF,
)
from tap_zoom.streams.users import USER

WEBINAR = Entity("webinar", {"webinar_id": int})

STREAMS = (
    Stream(
        "user_webinars", "users/{user_id}/webinars", MEDIUM,
        ("webinar:read:list_webinars:admin", "webinar:read:admin"),
        parent=USER, params={"include_events_webinar": "true"},  # the default, set in case it changes
        page_size=300, records="webinars", empty_answers=(*HOST_GONE, NOT_IN_PLAN),
        links=(Link(WEBINAR, {"webinar_id": "id"}),),
    ),
    Stream(
        "webinars", "webinars/{webinar_id}", LIGHT, ("webinar:read:webinar:admin", "webinar:read:admin"),
        parent=WEBINAR, params={"show_previous_occurrences": "true"},
        empty_answers=(NO_MEETING, OTHER_KIND, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("id",),
        core=True,
        description="scheduled webinars, a row for each series, with settings and occurrences",
        requires="Pro with the webinar add-on", retention="as meetings",
        joins=(Join("host_id", "users", "id"),),
    ),
    Stream(
        "webinar_registrants", "webinars/{webinar_id}/registrants", MEDIUM,
        ("webinar:read:list_registrants:admin", "webinar:read:admin"),
        parent=WEBINAR, variants=each("status", "approved", "pending", "denied"), page_size=300, records="registrants",
        empty_answers=(NO_MEETING, OTHER_KIND, NO_REGISTRATION, NOT_ENABLED, NOT_IN_PLAN, *HOST_GONE),
        key=("webinar_id", "id"), context_columns=("webinar_id",),
        core=True,
        description="registrants of webinars: approved, pending and denied",
        requires="Pro with the webinar add-on", retention="as meetings",
    ),
    Stream(
        "webinar_panelists", "webinars/{webinar_id}/panelists", MEDIUM,
        ("webinar:read:list_panelists:admin", "webinar:read:admin"),
        parent=WEBINAR, records="panelists", empty_answers=(NO_MEETING, OTHER_KIND, NOT_IN_PLAN, *HOST_GONE),
        key=("webinar_id", "id"), context_columns=("webinar_id",),
        core=True,
        description="panelists of webinars",
        requires="Pro with the webinar add-on", retention="as meetings",
    ),
    Stream(
        "webinar_questions", "webinars/{webinar_id}/registrants/questions", LIGHT,
        ("webinar:read:list_registration_questions:admin", "webinar:read:admin"),
        parent=WEBINAR, empty_answers=(NO_MEETING, NOT_ENABLED, NO_REGISTRATION, OTHER_KIND, NOT_IN_PLAN, *HOST_GONE),
        key=("webinar_id",), context_columns=("webinar_id",),
        core=True,
        description="questions of a webinar's registration form",
        requires="Pro with the webinar add-on, registration on", retention="as meetings",
    ),
    Stream(
        "webinar_polls", "webinars/{webinar_id}/polls", LIGHT,
        ("webinar:read:list_polls:admin", "webinar:read:admin"),
        parent=WEBINAR, records="polls", empty_answers=(NO_MEETING, POLLS_OFF, OTHER_KIND, NOT_IN_PLAN, *HOST_GONE),
        key=("webinar_id", "id"), context_columns=("webinar_id",),
        core=True,
        description="polls prepared for a webinar",
        requires="Pro with the webinar add-on", retention="as meetings",
    ),
    Stream(
        "webinar_tracking_sources", "webinars/{webinar_id}/tracking_sources", MEDIUM,
        ("webinar:read:list_tracking_sources:admin", "webinar:read:admin"),
        parent=WEBINAR, records="tracking_sources",
        empty_answers=(NO_MEETING, NO_REGISTRATION, OTHER_KIND, NOT_IN_PLAN, *HOST_GONE),
        key=("webinar_id", "id"), context_columns=("webinar_id",),
        core=True,
        description="tracking sources of registrations, with counts",
        requires="Pro with the webinar add-on, registration on", retention="as meetings",
    ),
)  # fmt: skip
