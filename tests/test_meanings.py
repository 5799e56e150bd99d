"""What Zoom's refusals mean, operation by operation: the words stand on Zoom's page of each, the meanings are ours."""

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
    # Never nothing: the role is too small, a parameter or a page token is wrong, or nobody knows.
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
HOST_GONE = NO_USER | {"invitation over"}  # of what the user hosts
NO_ADD_ON = {"no add-on", "no add-on yet"}
NOT_PAID = NO_ADD_ON | {"not paid"}
OTHER_ACCOUNT = {"other account", "other account 401", "other account 404"}  # everywhere

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
    """What judge makes of a refusal."""
    body = b"" if code is None else json.dumps({"code": code, "message": message}).encode()
    with pytest.raises(TapZoomError) as raised:
        judge(Request(BY_NAME[stream], ids_of(stream), {}), Answer(status, {}, body), RateLimitHeaders())
    return raised.value


def test_every_operation_stands_here() -> None:
    """A new one needs its row, here or where the further streams have theirs (test_further_access.py)."""
    assert set(NOTHING) == set(BY_NAME) - (further.KEYS.keys() - NOTHING.keys()) - {"ai_transcript_texts"}


@pytest.mark.parametrize("stream", NOTHING)
def test_what_means_nothing_here_and_what_does_not(stream: str) -> None:
    """Exactly the refusals of that row; each with words of ours, and with Zoom's status and code."""
    found = {name for name, refusal in REFUSALS.items() if type(meaning(stream, *refusal)) is EmptyAnswer}
    assert found == NOTHING[stream] | OTHER_ACCOUNT
    for name in found:
        status, code, _ = REFUSALS[name]
        nothing = meaning(stream, *REFUSALS[name])
        assert isinstance(nothing, EmptyAnswer)
        assert nothing.answer == (f"{status}/-" if code is None else f"{status}/{code}")
        assert re.fullmatch("[a-z ]{4,22}", str(nothing))


@pytest.mark.parametrize("stream", NOTHING)
def test_the_same_under_http_200(stream: str) -> None:
    """Zoom documents error bodies under 200; the code is what counts there."""
    for name, (_, code, message) in REFUSALS.items():
        if code is not None:
            assert (type(meaning(stream, 200, code, message)) is EmptyAnswer) == (
                name in NOTHING[stream] | OTHER_ACCOUNT
            )


@pytest.mark.parametrize("stream", NOTHING)
def test_what_is_not_nothing_is_an_error_of_its_kind(stream: str) -> None:
    """A role or a plan ends the stream, days that are out of reach are asked again from a later one, all else is one
    item. Zoom documents no words for those days, so a 300 of what is asked for days may be about them."""
    for name, refusal in REFUSALS.items():
        if name not in NOTHING[stream] | OTHER_ACCOUNT and name != "page token":
            early = refusal[1] == 300 and name != "validation" and BY_NAME[stream].date_range
            kind = NoAccess if refusal[1] == 200 else DatesTooOld if early else RequestRefused
            assert type(meaning(stream, *refusal)) is kind, name


def test_a_status_of_another_refusal_is_not_taken_for_it() -> None:
    """404/3001 is nothing, 403/3001 is not; the same for the one without a code."""
    assert type(meaning("meetings", 403, 3001, "Meeting does not exist: 1.")) is RequestRefused
    assert type(meaning("webinar_instances", 400, None, "")) is RequestRefused
