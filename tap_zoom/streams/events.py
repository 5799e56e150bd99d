"""Zoom Events: hubs, events and their sessions, tickets and registrants, attendance, surveys.

Source: https://developers.zoom.us/docs/api/events/
"""

from __future__ import annotations

from tap_zoom.streams.model import HEAVY, LIGHT, Condition, Entity, Join, Link, Stream, each
from tap_zoom.streams.refusals import (
    EVENT_NOT_FOUND,
    EVENT_SESSION_NOT_FOUND,
    EVENTS_FORBIDDEN,
    FORBIDDEN,
    NOT_FOUND,
    NOT_FOUND_WITH_CODE,
)

EVENT = Entity("event", {"event_id": str})
PUBLISHED_EVENT = Entity("published_event", {"event_id": str})  # also past or canceled, but not a draft
EVENT_SESSION = Entity("event_session", {"session_id": str, "event_id": str})

STREAMS = (
    Stream(
        "zoom_event_hubs", "zoom_events/hubs", LIGHT,
        ("zoom_events:read:list_hubs:admin", "zoom_events_hubs:read:admin"),
        params={"role_type": "host"}, records="hubs",
        key=("hub_id",),
        description="hubs that present events",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_events", "zoom_events/events", LIGHT,
        ("zoom_events:read:list_events:admin", "zoom_events_basic:read:admin"),
        params={"role_type": "host"}, variants=each("event_status_type", "upcoming", "past", "draft", "cancelled"),
        page_size=300, records="events",
        links=(
            Link(EVENT, {"event_id": "event_id"}),
            Link(
                PUBLISHED_EVENT, {"event_id": "event_id"},
                where=(Condition("status", frozenset({"draft"}), is_in=False),),
            ),
        ),
        key=("event_id",),
        description="events: upcoming, past, canceled and drafts",
        requires="Pro with Zoom Events or Webinars Plus",
        joins=(Join("hub_id", "zoom_event_hubs", "hub_id"),),
    ),
    Stream(
        "zoom_event_sessions", "zoom_events/events/{event_id}/sessions", LIGHT,
        ("zoom_events:read:list_sessions:admin", "zoom_events_sessions:read:admin"),
        parent=EVENT, records="sessions", empty_answers=(EVENT_NOT_FOUND,), no_access=(EVENTS_FORBIDDEN,),
        links=(Link(EVENT_SESSION, {"session_id": "session_id"}),),
        key=("event_id", "session_id"), context_columns=("event_id",),
        description="sessions of an event, with speakers and their meetings or webinars",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_speakers", "zoom_events/events/{event_id}/speakers", LIGHT,
        ("zoom_events:read:list_speakers:admin", "zoom_events_speakers:read:admin"),
        parent=EVENT, records="speakers", empty_answers=(EVENT_NOT_FOUND,), no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "speaker_id"), context_columns=("event_id",),
        description="speakers of an event",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_ticket_types", "zoom_events/events/{event_id}/ticket_types", LIGHT,
        ("zoom_events:read:list_ticket_types:admin", "zoom_events_ticket_types:read:admin"),
        parent=EVENT, records="ticket_types", empty_answers=(NOT_FOUND, NOT_FOUND_WITH_CODE),
        no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "ticket_type_id"), context_columns=("event_id",),
        description="ticket types of an event: price, quantity, number sold",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_tickets", "zoom_events/events/{event_id}/tickets", LIGHT,
        ("zoom_events:read:list_tickets:admin", "zoom_events_tickets:read:admin"),
        parent=EVENT, page_size=300, records="tickets", empty_answers=(EVENT_NOT_FOUND,), no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "ticket_id"), context_columns=("event_id",),
        description="tickets for an event, with holders and their answers",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_registrants", "zoom_events/events/{event_id}/registrants", LIGHT,
        ("zoom_events:read:list_registrants:admin", "zoom_events_registrants:read:admin"),
        parent=EVENT, page_size=300, records="registrants", empty_answers=(EVENT_NOT_FOUND,),
        no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "email"), context_columns=("event_id",),
        description="registrants of an event",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_registrations", "zoom_events/events/{event_id}/reports/ticket_registration", HEAVY,
        ("zoom_events:read:event_registration:admin", "zoom_events_reports:read:admin"),
        parent=EVENT, page_size=300, records="registrations", empty_answers=(EVENT_NOT_FOUND,),
        no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "email", "sequence"), context_columns=("event_id", "sequence"), key_defaults={"email": ""},
        description="registration report of an event: source, method, answers, attendance",
        requires="Pro with Zoom Events or Webinars Plus",
        overlaps=(
            "`zoom_event_registrants` has the people and `zoom_event_tickets` has the tickets, with Light requests. "
            "This stream adds source, method and attendance."
        ),
    ),
    Stream(
        "zoom_event_attendance", "zoom_events/events/{event_id}/reports/event_attendance", HEAVY,
        ("zoom_events:read:event_attendance:admin", "zoom_events_reports:read:admin"),
        parent=PUBLISHED_EVENT, page_size=300, records="attendees", empty_answers=(NOT_FOUND, NOT_FOUND_WITH_CODE),
        no_access=(FORBIDDEN,),
        key=("event_id", "email", "sequence"), context_columns=("event_id", "sequence"), key_defaults={"email": ""},
        description="attendance report of an event: sessions joined, chats, polls, recordings watched",
        requires="Pro with Zoom Events or Webinars Plus",
        overlaps="`zoom_event_session_attendance` has each visit to a session, with a request for each session.",
    ),
    Stream(
        "zoom_event_session_attendance", "zoom_events/events/{event_id}/reports/sessions/{session_id}/attendance",
        LIGHT, ("zoom_events:read:session_attendance:admin", "zoom_events_reports:read:admin"),
        parent=EVENT_SESSION, page_size=300, records="attendees",
        empty_answers=(EVENT_NOT_FOUND, EVENT_SESSION_NOT_FOUND),
        no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "session_id", "email", "sequence"), context_columns=("event_id", "session_id", "sequence"),
        repeated_ids=("session_id",), key_defaults={"email": ""},
        description="attendance of an event's session, a row for each visit",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
    Stream(
        "zoom_event_survey_answers", "zoom_events/events/{event_id}/reports/survey", HEAVY,
        ("zoom_events:read:list_session_surveys:admin", "zoom_events_reports:read:admin"),
        parent=EVENT, page_size=300, records="surveys", empty_answers=(NOT_FOUND_WITH_CODE,),
        no_access=(EVENTS_FORBIDDEN,),
        key=("event_id", "session_id", "email", "sequence"), context_columns=("event_id", "sequence"),
        key_defaults={"session_id": "", "email": ""},
        description="answers to the surveys of an event and its sessions",
        requires="Pro with Zoom Events or Webinars Plus",
    ),
)  # fmt: skip
