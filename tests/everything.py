"""A small simulated account with every stream, and rate limits so high that runs don't wait."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from tests.simulator import SimulatedZoom, further, truth, truth_of
from tests.simulator.limits import LABELS
from tests.tap import Record, account

Zoom = TypeVar("Zoom", bound=SimulatedZoom)
EVERYTHING = (*truth.KEYS, *further.KEYS)
SMALL = (52, "few")
BY_HAND = {  # further streams that are not in the simulator's table -> their parent
    "history_meetings": "", "user_details": "users", "report_user_meetings": "users",
    "meeting_transcripts": "recordings", "meeting_transcript_cues": "recordings",
}  # fmt: skip
USERS = {"/users"}  # only the list: ids of pending users are looked up for `users` itself, not for its child streams


def zoom_with_everything(make: type[Zoom] = SimulatedZoom, **how: Any) -> Zoom:  # type: ignore[assignment]
    """Return a simulated Zoom with all scopes, classic and granular: a few operations have no granular scope."""
    settings = {"plan": "business", "page_cap": 4, "per_second": dict.fromkeys(LABELS, 9_000)}
    scopes = [scope for form in ("granular", "classic") for scope in further.SCOPES[form]]
    return make(**{"account": account(*SMALL), **settings, "scopes": scopes, **how})


def config(zoom: SimulatedZoom, **changes: Any) -> dict[str, Any]:
    return zoom.config(plan="business", rate_limit_share=100, **changes)


def right(zoom: SimulatedZoom, *streams: str, start_date: str | None = None) -> dict[str, list[Record]]:
    """Return the expected records of these streams."""
    core = _core(start_date) if set(streams) & set(truth.KEYS) else {}
    return {name: core[name] if name in core else truth_of(zoom, name, start_date) for name in streams}


@cache
def _core(start_date: str | None) -> dict[str, list[Record]]:
    return truth.expected(account(*SMALL), start_date=start_date)


def template_of(stream: str) -> str:
    return further.HAND_MADE.get(stream) or further.STREAMS[stream].path


def parents_of(stream: str) -> list[str]:
    """Return a stream's parent, the parent's parent and so on, up to "users", by the simulator's own table."""
    parent = BY_HAND[stream] if stream in BY_HAND else further.STREAMS[stream].parent
    if not parent:
        return []
    return [parent, *(parents_of(parent) if parent in further.KEYS else [])]


def needed_for(*streams: str) -> set[str]:
    """Return the operations that are requested if only these streams are selected."""
    lead = {parent for stream in streams for parent in parents_of(stream)}
    own = {template_of(stream) for stream in {*streams, *lead} - {"users"}}
    return own | (USERS if "users" in lead else set())
