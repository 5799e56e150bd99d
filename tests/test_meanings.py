"""Which refusals are empty answers, for each stream. The messages are from Zoom's page of each operation."""

from __future__ import annotations

import json
import re

import pytest

from tap_zoom.api.http import Answer
from tap_zoom.api.rate_limits import RateLimitHeaders
from tap_zoom.api.request import Request
from tap_zoom.api.responses import judge
from tap_zoom.errors import DatesTooOld, EmptyAnswer, NoAccess, RequestRefused, TapZoomError
from tap_zoom.streams import BY_NAME
from tests.simulator import further
from tests.test_client import ids_of

# Source: the answers of each operation on https://developers.zoom.us/docs/api/meetings/ and .../users/
REFUSALS: dict[str, tuple[int, int | None, str]] = {
    "user missing": (404, 1001, "User does not exist: x."),
    "user not reported": (404, 1001, "User x not exist or not belong to this account."),
    "invitation over": (400, 1120, "A valid invitation to join the Zoom account was not found for this user."),
    "may not host": (400, 3161, "Meeting hosting and scheduling capabilities are not allowed for your user account."),
    "meeting gone": (404, 3001, "Meeting does not exist: 1."),
    "webinar gone": (404, 3001, "Webinar does not exist: 1."),
    "report gone": (404, 3001, "Meeting 1 not found or has expired."),
    "not ended": (404, 3001, "Webinar ID is invalid or not end."),
    "webinar info": (400, 300, "Cannot access webinar info."),
    "webinar id": (400, 300, "Invalid webinar ID."),
    "occurrence id": (
        400,
        300,
        "The request could not be completed because you have provided an invalid occurrence ID: 1.",
    ),
    "no registration 300": (400, 300, "Registration has not been enabled for this meeting: 1."),
    "webinar info 3000": (400, 3000, "Cannot access webinar info."),
    "no registration": (400, 3000, "Registration has not been enabled for this webinar: 1."),
    "none required": (400, 3000, "This webinar doesn't have registration required: x."),
    "not found": (404, 404, "Meeting Poll not found"),
    "others hidden": (403, 2306, "Display meetings scheduled for others is off."),
    "still pending": (400, 1000, "You can not access settings of users that are still in pending state."),
    "polls off": (
        400,
        4400,
        'Meeting polls disabled. To enable this feature, enable the "Meeting Polls/Quizzes" setting.',
    ),
    "too old": (400, 12702, "Can not access a meeting a year ago."),
    "bare 404": (404, None, ""),
    "no add-on": (
        400,
        200,
        "Webinar plan is missing. You must subscribe to the webinar plan and enable webinars for this user.",
    ),
    "no add-on yet": (
        400,
        200,
        "Webinar plan subscription is missing. Enable webinar for this user once the subscription is added: x.",
    ),
    "not paid": (400, 200, "Only available for paid account: x."),
    "other account": (400, 1010, "User does not belong to this account: x."),
    "other account 401": (401, 1010, "User does not belong to this account: x."),
    "other account 404": (404, 1010, "User does not belong to this account: x."),
    # Never an empty answer: a missing role, a wrong parameter or page token, or an unknown error.
    "no permission": (400, 200, "No permission."),
    "no permission, paid": (400, 200, "No permission. Only available for paid account: x."),
    "no permission, webinar": (400, 200, "No permission. You must subscribe to the webinar plan."),
    "validation": (400, 300, "Validation Failed."),
    "parameter": (400, 300, "Invalid parameter: meetingId."),
    "page token": (400, 300, "The next page token is invalid or expired. Its meeting does not exist."),
    "something else 300": (400, 300, "Something else."),
    "something else 3000": (400, 3000, "Something else."),
    "something else": (400, 9999, "Something else."),
}
GONE = {"meeting gone", "webinar gone", "report gone", "not ended"}
WRONG_KIND = {"webinar info", "webinar id", "occurrence id", "no registration 300"}
NOT_ENABLED = {"webinar info 3000", "no registration", "none required"}
NO_USER = {"user missing", "user not reported"}
HOST_GONE = NO_USER | {"invitation over"}  # for streams of the user's meetings and webinars
NO_ADD_ON = {"no add-on", "no add-on yet"}
NOT_PAID = NO_ADD_ON | {"not paid"}
OTHER_ACCOUNT = {"other account", "other account 401", "other account 404"}  # for all streams

NOTHING: dict[str, set[str]] = {
    "users": set(),
    "user_lookup": NO_USER | {"invitation over"},
    "user_meetings": HOST_GONE | {"may not host", "others hidden"},
    "meetings": GONE | WRONG_KIND | NOT_ENABLED | {"may not host"} | HOST_GONE,
    "meeting_registrants": GONE | WRONG_KIND | NOT_ENABLED | {"not found", "may not host"} | HOST_GONE,
    "meeting_questions": GONE | WRONG_KIND | NOT_ENABLED | {"may not host"} | {"not found"} | HOST_GONE,
    "meeting_polls": GONE | {"not found", "polls off", "may not host"} | HOST_GONE,
    "meeting_instances": GONE | HOST_GONE,
    "user_webinars": HOST_GONE | NOT_PAID,
    "webinars": GONE | WRONG_KIND | NO_ADD_ON | HOST_GONE,
    "webinar_registrants": GONE | WRONG_KIND | NOT_ENABLED | NOT_PAID | {"not found"} | HOST_GONE,
    "webinar_panelists": GONE | WRONG_KIND | NOT_PAID | HOST_GONE,
    "webinar_questions": GONE | WRONG_KIND | NOT_ENABLED | NOT_PAID | {"not found"} | HOST_GONE,
    "webinar_polls": GONE | WRONG_KIND | NOT_PAID | {"polls off"} | HOST_GONE,
    "webinar_tracking_sources": GONE | WRONG_KIND | NOT_PAID | {"not found"} | HOST_GONE,
    "webinar_instances": GONE | WRONG_KIND | NO_ADD_ON | {"bare 404"} | HOST_GONE,
    "history_meetings": set(),
    "user_past_meetings": HOST_GONE,
    "report_meetings": GONE | WRONG_KIND | {"too old"} | HOST_GONE,
    "report_meeting_participants": GONE | WRONG_KIND | {"too old"} | HOST_GONE,
    "meeting_poll_results": GONE | {"too old"} | HOST_GONE,
    "report_webinars": GONE | WRONG_KIND | NO_ADD_ON | {"too old"} | HOST_GONE,
    "report_webinar_participants": GONE | WRONG_KIND | NO_ADD_ON | {"too old"} | HOST_GONE,
    "webinar_absentees": GONE | WRONG_KIND | NOT_ENABLED | NO_ADD_ON | {"too old"} | {"not found"} | HOST_GONE,
    "webinar_poll_results": GONE | NO_ADD_ON | {"too old"} | HOST_GONE,
    "webinar_qna_results": GONE | NO_ADD_ON | {"too old"} | HOST_GONE,
}


def meaning(stream: str, status: int, code: int | None, message: str) -> TapZoomError:
    """Return the error that judge raises for a refusal."""
    body = b"" if code is None else json.dumps({"code": code, "message": message}).encode()
    with pytest.raises(TapZoomError) as raised:
        judge(Request(BY_NAME[stream], ids_of(stream), {}), Answer(status, {}, body), RateLimitHeaders())
    return raised.value


def test_every_stream_has_an_entry() -> None:
    """A new stream needs an entry in NOTHING, or one in test_further_access.py."""
    assert set(NOTHING) == set(BY_NAME) - (further.KEYS.keys() - NOTHING.keys()) - {"ai_transcript_texts"}


@pytest.mark.parametrize("stream", NOTHING)
def test_empty_answers_of_each_stream(stream: str) -> None:
    """Exactly the refusals in its entry, each with the tap's own reason and Zoom's status and code."""
    found = {name for name, refusal in REFUSALS.items() if type(meaning(stream, *refusal)) is EmptyAnswer}
    assert found == NOTHING[stream] | OTHER_ACCOUNT
    for name in found:
        status, code, _ = REFUSALS[name]
        nothing = meaning(stream, *REFUSALS[name])
        assert isinstance(nothing, EmptyAnswer)
        assert nothing.answer == (f"{status}/-" if code is None else f"{status}/{code}")
        assert re.fullmatch("[a-z ]{4,22}", str(nothing))


@pytest.mark.parametrize("stream", NOTHING)
def test_empty_answers_with_http_200(stream: str) -> None:
    """Zoom documents error bodies with status 200. Only their code counts."""
    for name, (_, code, message) in REFUSALS.items():
        if code is not None:
            assert (type(meaning(stream, 200, code, message)) is EmptyAnswer) == (
                name in NOTHING[stream] | OTHER_ACCOUNT
            )


@pytest.mark.parametrize("stream", NOTHING)
def test_other_refusals_are_errors(stream: str) -> None:
    """Code 200 means no access. Code 300 may mean that the dates are too old if the stream has a date range, since Zoom
    documents no message for that. All others fail only the request."""
    for name, refusal in REFUSALS.items():
        if name not in NOTHING[stream] | OTHER_ACCOUNT and name != "page token":
            early = refusal[1] == 300 and name != "validation" and BY_NAME[stream].date_range
            kind = NoAccess if refusal[1] == 200 else DatesTooOld if early else RequestRefused
            assert type(meaning(stream, *refusal)) is kind, name


def test_empty_answers_depend_on_the_status() -> None:
    """404/3001 is an empty answer, 403/3001 isn't. A 404 without a code may be one, a 400 without a code isn't."""
    assert type(meaning("meetings", 403, 3001, "Meeting does not exist: 1.")) is RequestRefused
    assert type(meaning("webinar_instances", 400, None, "")) is RequestRefused
