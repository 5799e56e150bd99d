"""Refusals that mean "nothing here", as the pages of Zoom's operations list them; everything else is an error."""

from __future__ import annotations

import re

from tap_zoom.streams.model import Nothing


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


# The first day asked for is out of reach: Zoom documents "Invalid parameter: {0}" and no words for it.
TOO_EARLY = Nothing(400, 300, _says(r"^(?!.*(page.?token|validation failed))"))
NO_USER = Nothing(404, 1001)
NO_INVITATION = Nothing(400, 1120)
MAY_NOT_HOST = Nothing(400, 3161)
GONE = Nothing(404, 3001)
WRONG_KIND = Nothing(
    400,
    300,
    _says(
        r"^(?!.*(page.?token|validation failed|invalid parameter))"
        r".*(\bid\b|(meeting|webinar)id\b|can ?not access|registration|does not exist|not found|month)"
    ),
)
NOT_ENABLED = Nothing(400, 3000, _says(r"not (been )?enabled|registration|survey|cannot access|can not access"))
NO_REGISTRATION = Nothing(404, 404)
NO_POLL = Nothing(404, 404)
POLLS_OFF = Nothing(400, 4400)
TOO_OLD = Nothing(400, 12702)
NEVER_HELD = Nothing(404, None)
# The add-on that one user lacks. "No permission" carries the same code and is about the role of who logged in.
NO_WEBINAR_PLAN = Nothing(400, 200, _says(r"^(?!.*no permission).*(webinar plan|webinar.*subscri|subscri.*webinar)"))
NOT_PAID = Nothing(400, 200, _says(r"^(?!.*no permission).*(plan|subscri|paid)"))

# A user or a meeting that belongs to another account, wherever it is met (401 here is not about the token).
OTHER_ACCOUNT = (Nothing(400, 1010), Nothing(401, 1010), Nothing(404, 1010))
