"""Refusals that mean "nothing here", as the pages of Zoom's operations list them; everything else is an error."""

from __future__ import annotations

import re

from tap_zoom.streams.model import Nothing


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# The first day asked for is out of reach: Zoom documents "Invalid parameter: {0}" and no words for it.
TOO_EARLY = Nothing(400, 300, _says(r"^(?!.*(page.?token|validation failed))"))
START_TOO_EARLY = Nothing(400, 400, _says(r"start date"))
NO_USER = Nothing(404, 1001, words="no such user")
NO_INVITATION = Nothing(400, 1120, words="no invitation")
HOST_GONE = (NO_USER, NO_INVITATION)  # of what a user hosts, once the user has left the account
STILL_PENDING = Nothing(400, 1000, words="still pending")  # a user who has not accepted the invitation
OTHERS_HIDDEN = Nothing(403, 2306, words="others hidden")  # meetings that somebody else scheduled for the user
MAY_NOT_HOST = Nothing(400, 3161, words="may not host")
GONE = Nothing(404, 3001, words="not found or not ended")
WRONG_KIND = Nothing(
    400,
    300,
    _says(
        r"^(?!.*(page.?token|validation failed|invalid parameter))"
        r".*(\bid\b|(meeting|webinar)id\b|can ?not access|registration|does not exist|not found|month)"
    ),
    words="another kind",
)
NOT_ENABLED = Nothing(
    400, 3000, _says(r"not (been )?enabled|registration|survey|cannot access|can not access"), words="not enabled"
)
NO_REGISTRATION = Nothing(404, 404, words="no registration")
NO_POLL = Nothing(404, 404, words="no poll")
POLLS_OFF = Nothing(400, 4400, words="polls off")
TOO_OLD = Nothing(400, 12702, words="too old")
NEVER_HELD = Nothing(404, None, words="never held")
# The add-on that one user lacks. "No permission" carries the same code and is about the role of who logged in.
NO_WEBINAR_PLAN = Nothing(
    400,
    200,
    _says(r"^(?!.*no permission).*(webinar plan|webinar.*subscri|subscri.*webinar)"),
    words="no webinar plan",
)
NOT_PAID = Nothing(400, 200, _says(r"^(?!.*no permission).*(plan|subscri|paid)"), words="not in the plan")

# What is gone since it was listed, or never was.
NOT_FOUND = Nothing(404, None, words="not found")
NOT_FOUND_WITH_CODE = Nothing(404, 404, words="not found")  # Zoom documents the words alone
NO_GROUP = Nothing(404, 4130, words="no such group")
NO_ROLE = Nothing(400, 1034, words="no such role")
NO_SURVEY = Nothing(404, 6701, words="no survey")
NO_RECORDING = Nothing(404, 3301, words="no recording")
NO_TRANSCRIPT = Nothing(404, 3322, words="no transcript")
NO_ROOM = Nothing(404, 1012, words="no such room")
NO_LOCATION = Nothing(404, 4801, words="no location")
NO_SMS = Nothing(404, 7013, words="no such session")
NO_VOICEMAIL = Nothing(400, 300, _says(r"does not exist"), words="deleted")
NO_USER_ID = Nothing(400, 300, _says(r"invalid user.?id"), words="no such user")
NO_MEETING_ID = Nothing(400, 300, _says(r"invalid meeting.?id"), words="deleted")
NO_ACCESS = Nothing(400, 300, _says(r"can ?not access meeting"), words="no access")
MONTH_TOO_OLD = Nothing(400, 300, _says(r"recent 6 months"), words="too old")
SUMMARY_IN_TRASH = Nothing(403, 2305, _says(r"trash"), words="in the trash")
# Of a recorded call: no file, no words in it, or none yet.
NO_FILE = Nothing(400, 404, words="no file")
NOT_TRANSCRIBED = Nothing(400, 12000, words="no transcript")
TRANSCRIPTS_OFF = Nothing(400, 12001, words="transcripts off")
NOT_YET_TRANSCRIBED = Nothing(400, 12002, words="not ready yet")

# Plans, features and rights that an account lacks; 400/200 and 403/200 mean that wherever they come.
NO_ACCOUNT = Nothing(404, 2001)
NO_ACCOUNT_400 = Nothing(400, 2001)
NO_SURVEY_RIGHT = Nothing(403, 6720)
NO_DASHBOARD = Nothing(400, 400, _says(r"only available|dashboard"))
NO_SUMMARIES = Nothing(400, 3000, _says(r"summary"))
SUMMARIES_CLOSED = Nothing(403, 2305)
NO_DEVICE_RIGHT = Nothing(400, 30055008)

# A user or a meeting that belongs to another account, wherever it is met (401 here is not about the token).
OTHER_ACCOUNT = tuple(Nothing(status, 1010, words="another account") for status in (400, 401, 404))
