"""What was held, by UUID: each occurrence. Source: https://developers.zoom.us/docs/api/meetings/

The history of the account lists the last six months, whoever the host was; what is older is found by the numbers that
are still listed.
"""

from __future__ import annotations

from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, Find, Join, Row, Stream, Thing, Uuid, Where, each
from tap_zoom.streams.refusals import (
    GONE,
    HOST_GONE,
    NEVER_HELD,
    NO_REGISTRATION,
    NO_WEBINAR_PLAN,
    NOT_ENABLED,
    TOO_OLD,
    WRONG_KIND,
)
from tap_zoom.streams.spans import REPORTS
from tap_zoom.streams.users import USER
from tap_zoom.streams.webinars import WEBINAR

PAST_MEETING = Thing("past_meeting", {"meeting_uuid": Uuid, "meeting_id": int})
PAST_WEBINAR = Thing("past_webinar", {"webinar_uuid": Uuid, "webinar_id": int})
# The same, as far as the history of the account lists it.
LISTED_MEETING = Thing("listed_meeting", PAST_MEETING.ids)
LISTED_WEBINAR = Thing("listed_webinar", PAST_WEBINAR.ids)

# In words, or as the types of webinars.
_WEBINAR = frozenset({"webinar", "5", "6", "9", "5.0", "6.0", "9.0"})
_MEETING_IDS = {"meeting_uuid": "meeting_uuid|uuid", "meeting_id": "meeting_id|id"}
_WEBINAR_IDS = {"webinar_uuid": "meeting_uuid|uuid", "webinar_id": "meeting_id|id"}
_IS_WEBINAR, _IS_MEETING = (Where("type", _WEBINAR),), (Where("type", _WEBINAR, is_one=False),)
_OCCURRENCES = (
    *(Find(thing, _MEETING_IDS, where=_IS_MEETING) for thing in (PAST_MEETING, LISTED_MEETING)),
    *(Find(thing, _WEBINAR_IDS, where=_IS_WEBINAR) for thing in (PAST_WEBINAR, LISTED_WEBINAR)),
)
_GUESTS = "empty for guests"
_NO_FORM = "empty without registration"
_LEFT = "the host; one who left the account has no user"


def respondent(row: Row) -> str:
    """Who answered a poll or asked a question: guests have no e-mail, and anonymous people no name either."""
    for name in ("email", "name"):
        value = row.get(name)
        if value not in (None, ""):
            return str(value)
    return "anonymous"


STREAMS = (
    # --- the ways to occurrences -----------------------------------------------------------------------------
    Stream(
        "meeting_instances", "past_meetings/{meeting_id}/instances", MEDIUM,
        ("meeting:read:list_past_instances:admin", "meeting:read:admin"),
        about=MEETING, rows="meetings", at="start_time", nothing=(GONE, *HOST_GONE),
        finds=(Find(PAST_MEETING, {"meeting_uuid": "uuid"}, before="history_meetings"),),
    ),
    Stream(
        "webinar_instances", "past_webinars/{webinar_id}/instances", LIGHT,
        ("webinar:read:list_past_instances:admin", "webinar:read:admin"),
        about=WEBINAR, rows="webinars", at="start_time",
        nothing=(WRONG_KIND, NEVER_HELD, GONE, NO_WEBINAR_PLAN, *HOST_GONE),
        finds=(Find(PAST_WEBINAR, {"webinar_uuid": "uuid"}, before="history_meetings"),),
    ),
    Stream(
        "history_meetings", "report/history_meetings", HEAVY,
        ("report:read:list_history_meetings:admin", "report:read:admin"),
        # Zoom names no default of the two.
        over=REPORTS, params={"meeting_type": "all", "report_type": "all"}, page=300,
        rows="history_meetings", at="start_time", finds=_OCCURRENCES, instead="user_past_meetings", branch="held",
        key=("meeting_uuid",),
        holds="all meetings and webinars held: department, features used, most viewers",
        needs="Pro; role with Usage Reports: view", keeps="six months",
        overlaps=(
            "The same meetings as in `report_meetings` and `report_webinars`, without a request for each: read anyway "
            "to find them. It adds department, group and features used; it goes back six months."
        ),
        joins=(
            Join("meeting_id", "meetings", "id", "while Zoom knows the number; instant meetings have none"),
            Join("meeting_id", "webinars", "id", "while Zoom knows the number"),
            Join("host_email", "users", "email", _LEFT),
        ),
    ),
    # Takes the place of history_meetings where the account refuses that.
    Stream(
        "user_past_meetings", "report/users/{user_id}/meetings", HEAVY,
        ("report:read:user:admin", "report:read:admin"),
        about=USER, over=REPORTS, asks=each("type", "past", "pastOne"), page=300,  # two or more people; one person
        rows="meetings", at="start_time", nothing=HOST_GONE, finds=_OCCURRENCES,
    ),
    # --- meetings --------------------------------------------------------------------------------------------
    Stream(
        "report_meetings", "report/meetings/{meeting_uuid}", HEAVY, ("report:read:meeting:admin", "report:read:admin"),
        about=PAST_MEETING, nothing=(GONE, TOO_OLD, WRONG_KIND, *HOST_GONE), key=("uuid",),
        core=True,
        holds="meetings held, each occurrence: when, how long, how many people",
        needs="Pro; role with Usage Reports: view", keeps="one year",
        joins=(
            Join("id", "meetings", "id", "while Zoom knows the number; instant meetings have none"),
            Join("user_email", "users", "email", _LEFT),
        ),
    ),
    Stream(
        "report_meeting_participants", "report/meetings/{meeting_uuid}/participants", HEAVY,
        ("report:read:list_meeting_participants:admin", "report:read:admin"),
        about=PAST_MEETING, params={"include_fields": "registrant_id"}, page=300, rows="participants",
        nothing=(GONE, TOO_OLD, WRONG_KIND, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"), adds=("meeting_uuid", "meeting_id", "sequence"),
        core=True,
        holds="who was in a meeting, a row for each time somebody joined",
        needs="Pro; role with Usage Reports: view", keeps="one year",
        joins=(
            Join("participant_user_id", "users", "id", _GUESTS),
            Join("registrant_id", "meeting_registrants", "id", _NO_FORM),
        ),
    ),
    Stream(
        "meeting_poll_results", "past_meetings/{meeting_uuid}/polls", MEDIUM,
        ("meeting:read:list_poll_results:admin", "meeting:read:admin"),
        about=PAST_MEETING, rows="questions", nothing=(TOO_OLD, GONE, *HOST_GONE),
        key=("meeting_uuid", "respondent", "sequence"),
        adds=("meeting_uuid", "meeting_id", "respondent", "sequence"), beside=("start_time",),
        made={"respondent": respondent},
        core=True,
        holds="poll answers in a meeting, a row for each respondent",
        needs="Pro host", keeps="one year",
    ),
    # --- webinars --------------------------------------------------------------------------------------------
    Stream(
        "report_webinars", "report/webinars/{webinar_uuid}", HEAVY, ("report:read:webinar:admin", "report:read:admin"),
        about=PAST_WEBINAR, nothing=(GONE, TOO_OLD, WRONG_KIND, NO_WEBINAR_PLAN, *HOST_GONE), key=("uuid",),
        core=True,
        holds="webinars held, each occurrence: when, how long, how many people",
        needs="Pro with the webinar add-on; role with Usage Reports: view", keeps="one year",
        joins=(
            Join("id", "webinars", "id", "while Zoom knows the number"),
            Join("user_email", "users", "email", _LEFT),
        ),
    ),
    Stream(
        "report_webinar_participants", "report/webinars/{webinar_uuid}/participants", HEAVY,
        ("report:read:list_webinar_participants:admin", "report:read:admin"),
        about=PAST_WEBINAR, params={"include_fields": "registrant_id"}, page=300, rows="participants",
        nothing=(GONE, TOO_OLD, WRONG_KIND, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "user_id", "join_time", "sequence"), adds=("webinar_uuid", "webinar_id", "sequence"),
        core=True,
        holds="who was in a webinar, a row for each time somebody joined",
        needs="Pro with the webinar add-on; role with Usage Reports: view", keeps="six months to one year",
        joins=(
            Join("participant_user_id", "users", "id", _GUESTS),
            Join("registrant_id", "webinar_registrants", "id", _NO_FORM),
        ),
    ),
    Stream(
        "webinar_absentees", "past_webinars/{webinar_uuid}/absentees", HEAVY,
        ("webinar:read:list_absentees:admin", "webinar:read:admin"),
        about=PAST_WEBINAR, page=300, rows="registrants",
        nothing=(GONE, NOT_ENABLED, NO_REGISTRATION, WRONG_KIND, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "id"), adds=("webinar_uuid", "webinar_id"),
        core=True,
        holds="who registered for a webinar and did not come",
        needs="Pro with the webinar add-on, registration on", keeps="not stated",
        joins=(Join("id", "webinar_registrants", "id"),),
    ),
    Stream(
        "webinar_poll_results", "past_webinars/{webinar_uuid}/polls", MEDIUM,
        ("webinar:read:list_past_polls:admin", "webinar:read:admin"),
        about=PAST_WEBINAR, rows="questions", nothing=(GONE, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "respondent", "sequence"),
        adds=("webinar_uuid", "webinar_id", "respondent", "sequence"), beside=("start_time",),
        made={"respondent": respondent},
        core=True,
        holds="poll answers in a webinar, a row for each respondent",
        needs="Pro with the webinar add-on", keeps="not stated",
    ),
    Stream(
        "webinar_qna_results", "past_webinars/{webinar_uuid}/qa", MEDIUM,
        ("webinar:read:past_qa:admin", "webinar:read:admin"),
        about=PAST_WEBINAR, rows="questions", nothing=(GONE, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "respondent", "sequence"),
        adds=("webinar_uuid", "webinar_id", "respondent", "sequence"), beside=("start_time",),
        made={"respondent": respondent},
        core=True,
        holds="questions asked in a webinar, a row for each asker",
        needs="Pro with the webinar add-on", keeps="not stated",
    ),
)  # fmt: skip
