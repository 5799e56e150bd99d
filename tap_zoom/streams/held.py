"""Past meetings and webinars, by the UUID of each occurrence. Source: https://developers.zoom.us/docs/api/meetings/

The account's history lists the last six months, for all hosts. Older occurrences are found through the numbers that are
still listed.
"""

from __future__ import annotations

from tap_zoom.streams.date_ranges import REPORTS
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, Condition, Entity, Join, Link, Row, Stream, Uuid, each
from tap_zoom.streams.refusals import (
    HOST_GONE,
    NEVER_HELD,
    NO_MEETING,
    NO_REGISTRATION,
    NO_WEBINAR_PLAN,
    NOT_ENABLED,
    OTHER_KIND,
    TOO_OLD,
)
from tap_zoom.streams.users import USER
from tap_zoom.streams.webinars import WEBINAR

PAST_MEETING = Entity("past_meeting", {"meeting_uuid": Uuid, "meeting_id": int})
PAST_WEBINAR = Entity("past_webinar", {"webinar_uuid": Uuid, "webinar_id": int})
# The same, but only those in the account's history.
LISTED_MEETING = Entity("listed_meeting", PAST_MEETING.ids)
LISTED_WEBINAR = Entity("listed_webinar", PAST_WEBINAR.ids)

# The type as a word, or as a number of webinars.
_WEBINAR = frozenset({"webinar", "5", "6", "9", "5.0", "6.0", "9.0"})
_MEETING_IDS = {"meeting_uuid": "meeting_uuid|uuid", "meeting_id": "meeting_id|id"}
_WEBINAR_IDS = {"webinar_uuid": "meeting_uuid|uuid", "webinar_id": "meeting_id|id"}
_IS_WEBINAR, _IS_MEETING = (Condition("type", _WEBINAR),), (Condition("type", _WEBINAR, is_in=False),)
_OCCURRENCES = (
    *(Link(entity, _MEETING_IDS, where=_IS_MEETING) for entity in (PAST_MEETING, LISTED_MEETING)),
    *(Link(entity, _WEBINAR_IDS, where=_IS_WEBINAR) for entity in (PAST_WEBINAR, LISTED_WEBINAR)),
)
_GUESTS = "empty for guests"
_NO_FORM = "empty without registration"
_LEFT = "the host; no match if the host has left the account"


def respondent(row: Row) -> str:
    """Return who answered a poll or asked a question: e-mail, or else name (guests), or else "anonymous"."""
    for name in ("email", "name"):
        value = row.get(name)
        if value not in (None, ""):
            return str(value)
    return "anonymous"


STREAMS = (
    # --- lists of occurrences --------------------------------------------------------------------------------
    Stream(
        "meeting_instances", "past_meetings/{meeting_id}/instances", MEDIUM,
        ("meeting:read:list_past_instances:admin", "meeting:read:admin"),
        parent=MEETING, records="meetings", replication_key="start_time", empty_answers=(NO_MEETING, *HOST_GONE),
        links=(Link(PAST_MEETING, {"meeting_uuid": "uuid"}, older_than="history_meetings"),),
    ),
    Stream(
        "webinar_instances", "past_webinars/{webinar_id}/instances", LIGHT,
        ("webinar:read:list_past_instances:admin", "webinar:read:admin"),
        parent=WEBINAR, records="webinars", replication_key="start_time",
        empty_answers=(OTHER_KIND, NEVER_HELD, NO_MEETING, NO_WEBINAR_PLAN, *HOST_GONE),
        links=(Link(PAST_WEBINAR, {"webinar_uuid": "uuid"}, older_than="history_meetings"),),
    ),
    Stream(
        "history_meetings", "report/history_meetings", HEAVY,
        ("report:read:list_history_meetings:admin", "report:read:admin"),
        # Zoom doesn't document the defaults of these parameters.
        date_range=REPORTS, params={"meeting_type": "all", "report_type": "all"}, page_size=300,
        records="history_meetings", replication_key="start_time", links=_OCCURRENCES,
        fallback_stream="user_past_meetings",
        key=("meeting_uuid",),
        description="past meetings and webinars: topic, host, duration, number of participants, department, features",
        requires="Pro; role with Usage Reports: view", retention="six months",
        overlaps=(
            "The same meetings as in `report_meetings` and `report_webinars`, without a request for each. The tap "
            "reads it anyway to find them. It adds department, group and features used, and goes back six months."
        ),
        joins=(
            Join("meeting_id", "meetings", "id", "until the number expires; no match for instant meetings"),
            Join("meeting_id", "webinars", "id", "until the number expires"),
            Join("host_email", "users", "email", _LEFT),
        ),
    ),
    # Replaces history_meetings if Zoom refuses that.
    Stream(
        "user_past_meetings", "report/users/{user_id}/meetings", HEAVY,
        ("report:read:user:admin", "report:read:admin"),
        parent=USER, date_range=REPORTS, variants=each("type", "past", "pastOne"), page_size=300,
         # two or more people; one person
        records="meetings", replication_key="start_time", empty_answers=HOST_GONE, links=_OCCURRENCES,
    ),
    # --- meetings --------------------------------------------------------------------------------------------
    Stream(
        "report_meetings", "report/meetings/{meeting_uuid}", HEAVY, ("report:read:meeting:admin", "report:read:admin"),
        parent=PAST_MEETING, empty_answers=(NO_MEETING, TOO_OLD, OTHER_KIND, *HOST_GONE), key=("uuid",),
        core=True,
        description="past meetings, a row for each occurrence: start, duration, number of participants",
        requires="Pro; role with Usage Reports: view", retention="one year",
        joins=(
            Join("id", "meetings", "id", "until the number expires; no match for instant meetings"),
            Join("user_email", "users", "email", _LEFT),
        ),
    ),
    Stream(
        "report_meeting_participants", "report/meetings/{meeting_uuid}/participants", HEAVY,
        ("report:read:list_meeting_participants:admin", "report:read:admin"),
        parent=PAST_MEETING, params={"include_fields": "registrant_id"}, page_size=300, records="participants",
        empty_answers=(NO_MEETING, TOO_OLD, OTHER_KIND, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "sequence"),
        core=True,
        description="participants of past meetings, a row for each join",
        requires="Pro; role with Usage Reports: view", retention="one year",
        joins=(
            Join("participant_user_id", "users", "id", _GUESTS),
            Join("registrant_id", "meeting_registrants", "id", _NO_FORM),
        ),
    ),
    Stream(
        "meeting_poll_results", "past_meetings/{meeting_uuid}/polls", MEDIUM,
        ("meeting:read:list_poll_results:admin", "meeting:read:admin"),
        parent=PAST_MEETING, records="questions", empty_answers=(TOO_OLD, NO_MEETING, *HOST_GONE),
        key=("meeting_uuid", "respondent", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "respondent", "sequence"), copied=("start_time",),
        computed={"respondent": respondent},
        core=True,
        description="poll answers of past meetings, a row for each respondent",
        requires="Pro host", retention="one year",
    ),
    # --- webinars --------------------------------------------------------------------------------------------
    Stream(
        "report_webinars", "report/webinars/{webinar_uuid}", HEAVY, ("report:read:webinar:admin", "report:read:admin"),
        parent=PAST_WEBINAR, empty_answers=(NO_MEETING, TOO_OLD, OTHER_KIND, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("uuid",),
        core=True,
        description="past webinars, a row for each occurrence: start, duration, number of participants",
        requires="Pro with the webinar add-on; role with Usage Reports: view", retention="one year",
        joins=(
            Join("id", "webinars", "id", "until the number expires"),
            Join("user_email", "users", "email", _LEFT),
        ),
    ),
    Stream(
        "report_webinar_participants", "report/webinars/{webinar_uuid}/participants", HEAVY,
        ("report:read:list_webinar_participants:admin", "report:read:admin"),
        parent=PAST_WEBINAR, params={"include_fields": "registrant_id"}, page_size=300, records="participants",
        empty_answers=(NO_MEETING, TOO_OLD, OTHER_KIND, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "user_id", "join_time", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "sequence"),
        core=True,
        description="participants of past webinars, a row for each join",
        requires="Pro with the webinar add-on; role with Usage Reports: view", retention="six months to one year",
        joins=(
            Join("participant_user_id", "users", "id", _GUESTS),
            Join("registrant_id", "webinar_registrants", "id", _NO_FORM),
        ),
    ),
    Stream(
        "webinar_absentees", "past_webinars/{webinar_uuid}/absentees", HEAVY,
        ("webinar:read:list_absentees:admin", "webinar:read:admin"),
        parent=PAST_WEBINAR, page_size=300, records="registrants",
        empty_answers=(NO_MEETING, NOT_ENABLED, NO_REGISTRATION, OTHER_KIND, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "id"), context_columns=("webinar_uuid", "webinar_id"),
        core=True,
        description="registrants of past webinars who did not attend",
        requires="Pro with the webinar add-on, registration on", retention="not stated",
        joins=(Join("id", "webinar_registrants", "id"),),
    ),
    Stream(
        "webinar_poll_results", "past_webinars/{webinar_uuid}/polls", MEDIUM,
        ("webinar:read:list_past_polls:admin", "webinar:read:admin"),
        parent=PAST_WEBINAR, records="questions", empty_answers=(NO_MEETING, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "respondent", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "respondent", "sequence"), copied=("start_time",),
        computed={"respondent": respondent},
        core=True,
        description="poll answers of past webinars, a row for each respondent",
        requires="Pro with the webinar add-on", retention="not stated",
    ),
    Stream(
        "webinar_qna_results", "past_webinars/{webinar_uuid}/qa", MEDIUM,
        ("webinar:read:past_qa:admin", "webinar:read:admin"),
        parent=PAST_WEBINAR, records="questions", empty_answers=(NO_MEETING, TOO_OLD, NO_WEBINAR_PLAN, *HOST_GONE),
        key=("webinar_uuid", "respondent", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "respondent", "sequence"), copied=("start_time",),
        computed={"respondent": respondent},
        core=True,
        description="questions of webinar attendees, a row for each person who asked",
        requires="Pro with the webinar add-on", retention="not stated",
    ),
)  # fmt: skip
