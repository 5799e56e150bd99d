"""Zoom's refusals: HTTP status and body, in the words Zoom uses."""

from __future__ import annotations

from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """An answer that is not data."""

    status: int
    body: dict[str, Any]


def refusal(status: int, code: int, message: str) -> Refusal:
    """The usual shape of a refusal."""
    return Refusal(status, {"code": code, "message": message})


def validation(field: str, message: str) -> Refusal:
    """A parameter that Zoom doesn't take."""
    body = {"code": 300, "message": "Validation Failed.", "errors": [{"field": field, "message": message}]}
    return Refusal(400, body)


TOKEN_EXPIRED = refusal(401, 124, "Access token is expired.")
TOKEN_INVALID = refusal(401, 124, "Invalid access token.")
PAGE_TOKEN = refusal(400, 300, "The next page token is invalid or expired.")
NUMBERS_PAGE_TOKEN = refusal(400, 1003100, "The next page token is either invalid or has expired")
UNKNOWN_PATH = refusal(400, 2300, "This API endpoint is not recognized.")
NO_PERMISSION = refusal(400, 200, "No permission.")
INVALID_WEBINAR = refusal(400, 300, "Invalid webinar ID.")
WEBINAR_INFO = refusal(400, 3000, "Cannot access webinar info.")
WEBINAR_INFO_300 = refusal(400, 300, "Cannot access webinar info.")
MEETING_YEAR = refusal(400, 12702, "Can not access meeting a year ago.")
PAST_MEETING_YEAR = refusal(400, 12702, "Can not access a meeting a year ago.")
WEBINAR_YEAR = refusal(400, 12702, "Can not access a webinar a year ago.")
NOT_ENDED = refusal(404, 3001, "Webinar ID is invalid or not end.")
POLL_NOT_FOUND = refusal(404, 404, "Meeting Poll not found")
MEETING_POLLS_OFF = refusal(
    400,
    4400,
    'Meeting polls disabled. To enable this feature, enable the "Meeting Polls/Quizzes" setting '
    'in the Zoom web portal\'s "Settings" interface.',
)
WEBINAR_POLLS_OFF = refusal(
    400,
    4400,
    "Webinar polls disabled. To enable this feature, enable the **Webinar Polls/Quizzes** setting "
    "in the Zoom web portal's **Settings** interface.",
)
MAY_NOT_HOST = refusal(400, 3161, "Meeting hosting and scheduling capabilities are not allowed for your user account.")
BARE_404 = Refusal(404, {})


def missing_scopes(scopes: tuple[str, ...]) -> Refusal:
    """The access token lacks what the operation needs."""
    return refusal(400, 4711, f"Invalid access token, does not contain scopes:[{', '.join(scopes)}].")


def user_missing(user: str) -> Refusal:
    """No such user, or not any more."""
    return refusal(404, 1001, f"User does not exist: {user}.")


def reported_user_missing(user: str) -> Refusal:
    """The same in the words of the reports."""
    return refusal(404, 1001, f"User {user} not exist or not belong to this account.")


def invitation_expired(user: str) -> Refusal:
    """A pending user who didn't accept in time."""
    return refusal(400, 1120, f"A valid invitation to join the Zoom account was not found for this user: {user}.")


def no_webinar_plan(user: str) -> Refusal:
    """A user without the webinar add-on."""
    return refusal(
        400,
        200,
        "Webinar plan is missing. You must subscribe to the webinar plan and enable webinars for "
        f"this user in order to perform this action: {user}.",
    )


def meeting_missing(number: object) -> Refusal:
    """No such meeting, or a UUID that wasn't encoded as Zoom wants it."""
    return refusal(404, 3001, f"Meeting does not exist: {number}.")


def webinar_missing(number: object) -> Refusal:
    """No such webinar."""
    return refusal(404, 3001, f"Webinar does not exist: {number}.")


def report_missing(number: object) -> Refusal:
    """No report for this meeting."""
    return refusal(404, 3001, f"Meeting {number} not found or has expired.")


def webinar_report_missing(number: object) -> Refusal:
    """No participants for this webinar."""
    return refusal(404, 3001, f'Webinar "{number}" not found or has expired')


def registration_off(number: object, code: int = 300, status: int = 400, kind: str = "meeting") -> Refusal:
    """People can't register for this one."""
    return refusal(status, code, f"Registration has not been enabled for this {kind}: {number}.")


def no_registration_required(uuid: str) -> Refusal:
    """Nobody had to register, so nobody can have been absent."""
    return refusal(400, 3000, f"This webinar doesn't have registration required: {uuid}.")


def absentees_missing(uuid: str) -> Refusal:
    """No such held webinar."""
    return refusal(404, 3001, f"Webinar {uuid} not found or expired.")
