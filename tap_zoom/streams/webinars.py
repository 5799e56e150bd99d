"""What is scheduled, by number: webinars. Source: https://developers.zoom.us/docs/api/meetings/"""

from __future__ import annotations

from tap_zoom.streams.model import LIGHT, MEDIUM, Find, Join, Stream, Thing, each
from tap_zoom.streams.refusals import (
    GONE,
    HOST_GONE,
    NO_REGISTRATION,
    NO_WEBINAR_PLAN,
    NOT_ENABLED,
    NOT_PAID,
    POLLS_OFF,
    WRONG_KIND,
)
from tap_zoom.streams.users import USER

WEBINAR = Thing("webinar", {"webinar_id": int})

STREAMS = (
    Stream(
        "user_webinars", "users/{user_id}/webinars", MEDIUM,
        ("webinar:read:list_webinars:admin", "webinar:read:admin"),
        about=USER, params={"include_events_webinar": "true"},  # the default, said so that another one changes nothing
        page=300, rows="webinars", nothing=(*HOST_GONE, NOT_PAID),
        finds=(Find(WEBINAR, {"webinar_id": "id"}),),
    ),
    Stream(
        "webinars", "webinars/{webinar_id}", LIGHT, ("webinar:read:webinar:admin", "webinar:read:admin"),
        about=WEBINAR, params={"show_previous_occurrences": "true"},
        nothing=(GONE, WRONG_KIND, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("id",),
        core=True,
        holds="scheduled webinars, a series once, with settings and occurrences",
        needs="Pro with the webinar add-on", keeps="as meetings",
        joins=(Join("host_id", "users", "id"),),
    ),
    Stream(
        "webinar_registrants", "webinars/{webinar_id}/registrants", MEDIUM,
        ("webinar:read:list_registrants:admin", "webinar:read:admin"),
        about=WEBINAR, asks=each("status", "approved", "pending", "denied"), page=300, rows="registrants",
        nothing=(GONE, WRONG_KIND, NO_REGISTRATION, NOT_ENABLED, NOT_PAID, *HOST_GONE),
        key=("webinar_id", "id"), adds=("webinar_id",),
        core=True,
        holds="who registered for a webinar: approved, pending and denied",
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_panelists", "webinars/{webinar_id}/panelists", MEDIUM,
        ("webinar:read:list_panelists:admin", "webinar:read:admin"),
        about=WEBINAR, rows="panelists", nothing=(GONE, WRONG_KIND, NOT_PAID, *HOST_GONE),
        key=("webinar_id", "id"), adds=("webinar_id",),
        core=True,
        holds="who was invited to speak at a webinar",
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_questions", "webinars/{webinar_id}/registrants/questions", LIGHT,
        ("webinar:read:list_registration_questions:admin", "webinar:read:admin"),
        about=WEBINAR, nothing=(GONE, NOT_ENABLED, NO_REGISTRATION, WRONG_KIND, NOT_PAID, *HOST_GONE),
        key=("webinar_id",), adds=("webinar_id",),
        core=True,
        holds="what a webinar's registration form asks",
        needs="Pro with the webinar add-on, registration on", keeps="as meetings",
    ),
    Stream(
        "webinar_polls", "webinars/{webinar_id}/polls", LIGHT,
        ("webinar:read:list_polls:admin", "webinar:read:admin"),
        about=WEBINAR, rows="polls", nothing=(GONE, POLLS_OFF, WRONG_KIND, NOT_PAID, *HOST_GONE),
        key=("webinar_id", "id"), adds=("webinar_id",),
        core=True,
        holds="polls prepared for a webinar",
        needs="Pro with the webinar add-on", keeps="as meetings",
    ),
    Stream(
        "webinar_tracking_sources", "webinars/{webinar_id}/tracking_sources", MEDIUM,
        ("webinar:read:list_tracking_sources:admin", "webinar:read:admin"),
        about=WEBINAR, rows="tracking_sources",
        nothing=(GONE, NO_REGISTRATION, WRONG_KIND, NOT_PAID, *HOST_GONE),
        key=("webinar_id", "id"), adds=("webinar_id",),
        core=True,
        holds="links that bring registrants, with their counts",
        needs="Pro with the webinar add-on, registration on", keeps="as meetings",
    ),
)  # fmt: skip
