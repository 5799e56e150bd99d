"""Refusals that mean "nothing here" or "no access", from Zoom's documentation. All others are errors."""

from __future__ import annotations

import re

from tap_zoom.streams.model import Refusal


def _matching(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# The first requested day is before Zoom's retention. Zoom only documents "Invalid parameter: {0}" for it.
TOO_EARLY = Refusal(400, 300, _matching(r"^(?!.*(page.?token|validation failed))"))
START_TOO_EARLY = Refusal(400, 400, _matching(r"start date"))
NO_USER = Refusal(404, 1001, reason="no such user")
NO_INVITATION = Refusal(400, 1120, reason="no invitation")
HOST_GONE = (NO_USER, NO_INVITATION)  # for meetings of a host who has left the account
STILL_PENDING = Refusal(400, 1000, reason="still pending")  # a user who hasn't accepted the invitation
OTHERS_HIDDEN = Refusal(403, 2306, reason="others hidden")  # meetings that someone else scheduled for the user
MAY_NOT_HOST = Refusal(400, 3161, reason="may not host")
GONE = Refusal(404, 3001, reason="not found or not ended")
WRONG_KIND = Refusal(
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
NOT_PAID = Refusal(400, 200, _matching(r"^(?!.*no permission).*(plan|subscri|paid)"), reason="not in the plan")

# Objects that were deleted after they were listed, or never existed.
NOT_FOUND = Refusal(404, None, reason="not found")
NOT_FOUND_WITH_CODE = Refusal(404, 404, reason="not found")  # Zoom documents only the message
NO_GROUP = Refusal(404, 4130, reason="no such group")
NO_ROLE = Refusal(400, 1034, reason="no such role")
NO_SURVEY = Refusal(404, 6701, reason="no survey")
NO_RECORDING = Refusal(404, 3301, reason="no recording")
NO_TRANSCRIPT = Refusal(404, 3322, reason="no transcript")
NO_ROOM = Refusal(404, 1012, reason="no such room")
NO_LOCATION = Refusal(404, 4801, reason="no location")
NO_SMS = Refusal(404, 7013, reason="no such session")
NO_VOICEMAIL = Refusal(400, 300, _matching(r"does not exist"), reason="deleted")
NO_USER_ID = Refusal(400, 300, _matching(r"invalid user.?id"), reason="no such user")
NO_MEETING_ID = Refusal(400, 300, _matching(r"invalid meeting.?id"), reason="deleted")
NO_ACCESS = Refusal(400, 300, _matching(r"can ?not access meeting"), reason="no access")
MONTH_TOO_OLD = Refusal(400, 300, _matching(r"recent 6 months"), reason="too old")
SUMMARY_IN_TRASH = Refusal(403, 2305, _matching(r"trash"), reason="in the trash")
NO_BILLING_REPORT = Refusal(404, 5010, reason="no such report")
NO_BILLING_ID = Refusal(400, 300, _matching(r"billing_id"), reason="no such report")
NO_QUEUE = Refusal(404, 1201, reason="no such queue")
ENGAGEMENT_GONE = Refusal(404, 2901, reason="no such engagement")
NO_CHANNEL = Refusal(400, 7001, reason="no voice or video")
NO_SURVEY_SENT = Refusal(404, 404, reason="no survey sent")
NO_SURVEY_ANSWER = Refusal(444, 444, reason="no answer to it")  # not a standard HTTP status
NO_EVENT = Refusal(404, 2002, reason="no such event")
NO_EVENT_SESSION = Refusal(404, 2003, reason="no such session")
NO_CONVERSATION = Refusal(404, 1005, reason="not found")
CONVERSATION_HIDDEN = Refusal(403, 1004, reason="hidden")
# For a recorded call: no file, no transcript, or not yet.
NO_FILE = Refusal(400, 404, reason="no file")
NOT_TRANSCRIBED = Refusal(400, 12000, reason="no transcript")
TRANSCRIPTS_OFF = Refusal(400, 12001, reason="transcripts off")
NOT_YET_TRANSCRIBED = Refusal(400, 12002, reason="not ready yet")

# Missing plans, features and permissions of an account. 400/200 and 403/200 mean this for all operations.
NO_ACCOUNT = Refusal(404, 2001)
NO_ACCOUNT_400 = Refusal(400, 2001)
NO_SURVEY_RIGHT = Refusal(403, 6720)
NO_DASHBOARD = Refusal(400, 400, _matching(r"only available|dashboard"))
NO_SUMMARIES = Refusal(400, 3000, _matching(r"summary"))
SUMMARIES_CLOSED = Refusal(403, 2305)
NO_DEVICE_RIGHT = Refusal(400, 30055008)
NO_TEAMS = Refusal(400, 4101)
NO_AGENT_RIGHT = Refusal(401, 1601)
NO_CONTACT_CENTER_RIGHT = Refusal(403, 9001)
EVENT_DENIED = Refusal(403, 260200)
FORBIDDEN = Refusal(403, None)

# A user or meeting of another account, for all operations. (401 isn't about the token here.)
OTHER_ACCOUNT = tuple(Refusal(status, 1010, reason="another account") for status in (400, 401, 404))
