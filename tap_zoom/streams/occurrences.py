"""More about past meetings and webinars, for each occurrence in the account's history.

Source: https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from tap_zoom.streams.held import LISTED_MEETING, LISTED_WEBINAR, respondent
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, Stream
from tap_zoom.streams.refusals import HOST_GONE, MEETING_INACCESSIBLE, NO_MEETING, TOO_OLD

STREAMS = (
    Stream(
        "past_meetings", "past_meetings/{meeting_uuid}", LIGHT,
        ("meeting:read:past_meeting:admin", "meeting:read:admin"),
        parent=LISTED_MEETING, empty_answers=(NO_MEETING, TOO_OLD, MEETING_INACCESSIBLE, *HOST_GONE),
        key=("uuid",),
        description="past meetings in brief, with a Light request for each",
        requires="Pro; role with User: view",
        overlaps=(
            "`report_meetings` has more. Choose this stream if the daily limit is too small: its requests are Light."
        ),
    ),
    Stream(
        "past_meeting_participants", "past_meetings/{meeting_uuid}/participants", MEDIUM,
        ("meeting:read:list_past_participants:admin", "meeting:read:admin"),
        parent=LISTED_MEETING, page_size=300, records="participants", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "user_id", "join_time", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "sequence"),
        description="participants of past meetings, without a daily limit",
        requires="Pro; role with User: view",
        overlaps=(
            "`report_meeting_participants` has all columns. Choose this stream if the daily limit is too small: its "
            "requests are Medium, which have none."
        ),
    ),
    Stream(
        "past_webinar_participants", "past_webinars/{webinar_uuid}/participants", MEDIUM,
        ("webinar:read:list_past_participants:admin", "webinar:read:admin"),
        parent=LISTED_WEBINAR, page_size=300, records="participants", empty_answers=(NO_MEETING, *HOST_GONE),
        key=("webinar_uuid", "user_id", "join_time", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "sequence"),
        description="participants of past webinars, without a daily limit",
        requires="Pro with the webinar add-on; role with User: view",
        overlaps=(
            "`report_webinar_participants` has all columns. Choose this stream if the daily limit is too small: its "
            "requests are Medium, which have none."
        ),
    ),
    Stream(
        "meeting_qna_results", "past_meetings/{meeting_uuid}/qa", MEDIUM,
        ("meeting:read:past_qa:admin", "meeting:read:admin"),
        parent=LISTED_MEETING, records="questions", empty_answers=(NO_MEETING, *HOST_GONE),
        key=("meeting_uuid", "respondent", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "respondent", "sequence"),
        copied=("start_time",), computed={"respondent": respondent},
        description="questions asked in past meetings, a row for each person who asked",
        requires="Pro; role with User: view",
        overlaps=(
            "`report_meeting_qa` has the same questions. Prefer this stream: its requests are Medium, which have no "
            "daily limit."
        ),
    ),
    Stream(
        "report_meeting_qa", "report/meetings/{meeting_uuid}/qa", HEAVY,
        ("report:read:meeting_qna:admin", "report:read:admin"),
        parent=LISTED_MEETING, records="questions.question_details", empty_answers=(NO_MEETING, *HOST_GONE),
        key=("meeting_uuid", "question_id"), context_columns=("meeting_uuid", "meeting_id"),
        copied=("start_time", "user_id", "email", "name"),
        description="questions asked in past meetings, with their ids, times and answers",
        requires="Pro; role with Usage Reports: view",
        overlaps=(
            "`meeting_qna_results` has the same questions with cheaper requests. Choose this stream only for ids and "
            "times of questions."
        ),
    ),
    Stream(
        "report_meeting_survey", "report/meetings/{meeting_uuid}/survey", HEAVY,
        ("report:read:meeting_survey:admin", "report:read:admin"),
        parent=LISTED_MEETING, records="survey_answers", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("meeting_uuid", "respondent", "sequence"),
        context_columns=("meeting_uuid", "meeting_id", "respondent", "sequence"),
        copied=("survey_id", "survey_name", "start_time"), computed={"respondent": respondent},
        description="answers to the survey of a meeting",
        requires="Pro; role with Usage Reports: view",
        overlaps=(
            "`survey_answers` has the answers to the account's surveys with a list for each survey. This stream takes "
            "a Heavy request for each meeting."
        ),
    ),
    Stream(
        "report_webinar_qa", "report/webinars/{webinar_uuid}/qa", HEAVY,
        ("report:read:webinar_qna:admin", "report:read:admin"),
        parent=LISTED_WEBINAR, records="questions.question_details", empty_answers=(NO_MEETING, *HOST_GONE),
        key=("webinar_uuid", "question_id"), context_columns=("webinar_uuid", "webinar_id"),
        copied=("start_time", "user_id", "email", "name"),
        description="questions asked in past webinars, with their ids, times and answers",
        requires="Pro with the webinar add-on; role with Usage Reports: view",
        overlaps=(
            "`webinar_qna_results` has the same questions with cheaper requests. Choose this stream only for ids and "
            "times of questions."
        ),
    ),
    Stream(
        "report_webinar_survey", "report/webinars/{webinar_uuid}/survey", HEAVY,
        ("report:read:webinar_survey:admin", "report:read:admin"),
        parent=LISTED_WEBINAR, records="survey_answers", empty_answers=(NO_MEETING, TOO_OLD, *HOST_GONE),
        key=("webinar_uuid", "respondent", "sequence"),
        context_columns=("webinar_uuid", "webinar_id", "respondent", "sequence"),
        copied=("survey_id", "survey_name", "start_time"), computed={"respondent": respondent},
        description="answers to the survey of a webinar",
        requires="Pro with the webinar add-on; role with Usage Reports: view",
        overlaps=(
            "`survey_answers` has the answers to the account's surveys with a list for each survey. This stream takes "
            "a Heavy request for each webinar."
        ),
    ),
)  # fmt: skip
