"""A simulated Zoom with answers defined by a test; all other requests see one user with one meeting."""

from __future__ import annotations

import json
from typing import Any

from tests.simulator import Fault, SimulatedZoom
from tests.tap import account

USERS = r"/v2/users\?"
ACTIVE, PENDING = USERS + ".*status=active", USERS + ".*status=pending"


def says(match: str, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Fault:
    """Answer every request that matches. `body`: bytes, or a value to send as JSON, which may be empty."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Fault.answer(status, content, headers, match=match, times=None)


def scripted(*answers: Fault, **how: Any) -> SimulatedZoom:
    """Return a simulated Zoom with user u1 and meeting 111. `answers` take precedence; `how`: other settings."""
    return SimulatedZoom(
        account(),
        faults=[
            *answers,
            says(ACTIVE, {"users": [{"id": "u1", "email": "a@x.org"}]}),
            says(USERS, {"users": []}),
            says(r"/v2/users/[^/]+/meetings", {"meetings": [{"id": 111}]}),
            says(r"/v2/users/[^/]+/webinars", {"webinars": []}),
            says("/v2/report/history_meetings", {"history_meetings": []}),
            says(r"/v2/report/users/", {"meetings": []}),
            says(r"/v2/meetings/111\?", {"id": 111, "topic": "there"}),
            says("/v2/", {"code": 3001, "message": "Meeting does not exist: 1."}, 404),
        ],
        **how,
    )


def paths(zoom: SimulatedZoom) -> list[str]:
    """Return the paths requested so far, without the leading /v2/."""
    return [asked.path.removeprefix("/v2/") for asked in zoom.requests]
