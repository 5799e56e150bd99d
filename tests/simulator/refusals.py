"""Zoom's refusals: HTTP status and body, with Zoom's messages."""

from __future__ import annotations

from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """An answer that is not data."""

    status: int
    body: dict[str, Any]


def refusal(status: int, code: int, message: str) -> Refusal:
    """Return a refusal in the usual format."""
    return Refusal(status, {"code": code, "message": message})


def validation(field: str, message: str) -> Refusal:
    """A parameter is invalid."""
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
    """The access token lacks the scopes of the operation."""
    return refusal(400, 4711, f"Invalid access token, does not contain scopes:[{', '.join(scopes)}].")


def user_missing(user: str) -> Refusal:
    """The user doesn't exist, or no longer exists."""
    return refusal(404, 1001, f"User does not exist: {user}.")


def reported_user_missing(user: str) -> Refusal:
    """The user doesn't exist, with the message of reports."""
    return refusal(404, 1001, f"User {user} not exist or not belong to this account.")


def invitation_expired(user: str) -> Refusal:
    """The invitation of a pending user has expired."""
    return refusal(400, 1120, f"A valid invitation to join the Zoom account was not found for this user: {user}.")


def no_webinar_plan(user: str) -> Refusal:
    """The user has no webinar plan."""
    return refusal(
        400,
        200,
        "Webinar plan is missing. You must subscribe to the webinar plan and enable webinars for "
        f"this user in order to perform this action: {user}.",
    )


def meeting_missing(number: object) -> Refusal:
    """The meeting doesn't exist, or its UUID isn't encoded as Zoom requires."""
    return refusal(404, 3001, f"Meeting does not exist: {number}.")


def webinar_missing(number: object) -> Refusal:
    """The webinar doesn't exist."""
    return refusal(404, 3001, f"Webinar does not exist: {number}.")


def report_missing(number: object) -> Refusal:
    """The meeting has no report."""
    return refusal(404, 3001, f"Meeting {number} not found or has expired.")


def webinar_report_missing(number: object) -> Refusal:
    """The webinar has no report on participants."""
    return refusal(404, 3001, f'Webinar "{number}" not found or has expired')


def registration_off(number: object, code: int = 300, status: int = 400, kind: str = "meeting") -> Refusal:
    """Registration is off for the meeting or webinar."""
    return refusal(status, code, f"Registration has not been enabled for this {kind}: {number}.")


def no_registration_required(uuid: str) -> Refusal:
    """The webinar had no registration, so it has no absentees."""
    return refusal(400, 3000, f"This webinar doesn't have registration required: {uuid}.")


def absentees_missing(uuid: str) -> Refusal:
    """The past webinar doesn't exist."""
    return refusal(404, 3001, f"Webinar {uuid} not found or expired.")
