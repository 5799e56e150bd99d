"""Refusals that mean "nothing here" or "no access", from Zoom's documentation. All others are errors."""

from __future__ import annotations

import re

from tap_zoom.streams.model import Refusal


def _matching(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# The first requested day is before Zoom's retention. Zoom only documents "Invalid parameter: {0}" for it.
BEFORE_RETENTION = Refusal(400, 300, _matching(r"^(?!.*(page.?token|validation failed))"))
START_BEFORE_RETENTION = Refusal(400, 400, _matching(r"start date"))
USER_NOT_FOUND = Refusal(404, 1001, reason="no such user")
NO_INVITATION = Refusal(400, 1120, reason="no invitation")
HOST_GONE = (USER_NOT_FOUND, NO_INVITATION)  # for meetings of a host who has left the account
USER_PENDING = Refusal(400, 1000, reason="still pending")  # a user who hasn't accepted the invitation
OTHERS_MEETINGS_HIDDEN = Refusal(403, 2306, reason="others hidden")  # meetings that someone else scheduled for the user
MAY_NOT_HOST = Refusal(400, 3161, reason="may not host")
NO_MEETING = Refusal(404, 3001, reason="not found or not ended")  # deleted, or a past meeting that hasn't ended
# A webinar instead of a meeting or the reverse, or a meeting without registration.
OTHER_KIND = Refusal(
    400,
    300,
    _matching(
        r"^(?!.*(page.?token|validation failed|invalid parameter))"
        r".*(\bid\b|(meeting|webinar)id\b|can ?not access|registration|does not exist|not found|month)"
    ),
    reason="another kind",
)
NOT_ENABLED = Refusal(
    400, 3000, _matching(r"not (been )?enabled|registration|survey|cannot access|can not access"), reason="not enabled"
)
NO_REGISTRATION = Refusal(404, 404, reason="no registration")
NO_POLL = Refusal(404, 404, reason="no poll")
POLLS_OFF = Refusal(400, 4400, reason="polls off")
TOO_OLD = Refusal(400, 12702, reason="too old")
NEVER_HELD = Refusal(404, None, reason="never held")
# A user without the add-on. "No permission" has the same code, but is about the role of the user who logged in.
NO_WEBINAR_PLAN = Refusal(
    400,
    200,
    _matching(r"^(?!.*no permission).*(webinar plan|webinar.*subscri|subscri.*webinar)"),
    reason="no webinar plan",
)
NOT_IN_PLAN = Refusal(400, 200, _matching(r"^(?!.*no permission).*(plan|subscri|paid)"), reason="not in the plan")

# Objects that were deleted after they were listed, or never existed.
NOT_FOUND = Refusal(404, None, reason="not found")
NOT_FOUND_WITH_CODE = Refusal(404, 404, reason="not found")  # Zoom documents only the message
GROUP_NOT_FOUND = Refusal(404, 4130, reason="no such group")
ROLE_NOT_FOUND = Refusal(400, 1034, reason="no such role")
NO_SURVEY = Refusal(404, 6701, reason="no survey")
NO_RECORDING = Refusal(404, 3301, reason="no recording")
NO_TRANSCRIPT = Refusal(404, 3322, reason="no transcript")
ROOM_NOT_FOUND = Refusal(404, 1012, reason="no such room")
LOCATION_NOT_FOUND = Refusal(404, 4801, reason="no location")
SMS_SESSION_NOT_FOUND = Refusal(404, 7013, reason="no such session")
VOICEMAIL_NOT_FOUND = Refusal(400, 300, _matching(r"does not exist"), reason="deleted")
USER_ID_INVALID = Refusal(400, 300, _matching(r"invalid user.?id"), reason="no such user")
MEETING_ID_INVALID = Refusal(400, 300, _matching(r"invalid meeting.?id"), reason="deleted")
MEETING_INACCESSIBLE = Refusal(400, 300, _matching(r"can ?not access meeting"), reason="no access")
MONTH_BEFORE_RETENTION = Refusal(400, 300, _matching(r"recent 6 months"), reason="too old")
SUMMARY_IN_TRASH = Refusal(403, 2305, _matching(r"trash"), reason="in the trash")
BILLING_REPORT_NOT_FOUND = Refusal(404, 5010, reason="no such report")
BILLING_ID_INVALID = Refusal(400, 300, _matching(r"billing_id"), reason="no such report")
QUEUE_NOT_FOUND = Refusal(404, 1201, reason="no such queue")
ENGAGEMENT_NOT_FOUND = Refusal(404, 2901, reason="no such engagement")
NO_VOICE_OR_VIDEO = Refusal(400, 7001, reason="no voice or video")
NO_SURVEY_SENT = Refusal(404, 404, reason="no survey sent")
NO_SURVEY_ANSWER = Refusal(444, 444, reason="no answer to it")  # not a standard HTTP status
EVENT_NOT_FOUND = Refusal(404, 2002, reason="no such event")
EVENT_SESSION_NOT_FOUND = Refusal(404, 2003, reason="no such session")
CONVERSATION_NOT_FOUND = Refusal(404, 1005, reason="not found")
CONVERSATION_HIDDEN = Refusal(403, 1004, reason="hidden")
# For a recorded call: no file, no transcript, or not yet.
NO_FILE = Refusal(400, 404, reason="no file")
NOT_TRANSCRIBED = Refusal(400, 12000, reason="no transcript")
TRANSCRIPTS_OFF = Refusal(400, 12001, reason="transcripts off")
NOT_YET_TRANSCRIBED = Refusal(400, 12002, reason="not ready yet")

# Missing plans, features and permissions of an account. 400/200 and 403/200 mean this for all operations.
ACCOUNT_UNKNOWN = Refusal(404, 2001)
ACCOUNT_UNKNOWN_400 = Refusal(400, 2001)
SURVEYS_FORBIDDEN = Refusal(403, 6720)
DASHBOARD_UNAVAILABLE = Refusal(400, 400, _matching(r"only available|dashboard"))
SUMMARIES_UNAVAILABLE = Refusal(400, 3000, _matching(r"summary"))
SUMMARIES_FORBIDDEN = Refusal(403, 2305)
DEVICES_FORBIDDEN = Refusal(400, 30055008)
TEAMS_UNAVAILABLE = Refusal(400, 4101)
AGENTS_FORBIDDEN = Refusal(401, 1601)
CONTACT_CENTER_FORBIDDEN = Refusal(403, 9001)
EVENTS_FORBIDDEN = Refusal(403, 260200)
FORBIDDEN = Refusal(403, None)

# A user or meeting of another account, for all operations. (401 isn't about the token here.)
OTHER_ACCOUNT = tuple(Refusal(status, 1010, reason="another account") for status in (400, 401, 404))
