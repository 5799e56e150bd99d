"""Nightly runs of the sync in this process, against answers that a test defines."""

from __future__ import annotations

import copy
import json
import logging
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from tap_zoom import run
from tap_zoom.api.rate_limits import RateLimitHeaders
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.config import Config
from tap_zoom.discover import schema_of
from tap_zoom.errors import DailyLimitReached, DatesTooOld, NoAccess, RequestRefused, RetriesExhausted, TapZoomError
from tap_zoom.state import State
from tap_zoom.streams import BY_NAME, STREAMS
from tests.random_zoom import DAY0, RATES, Dispatcher

ALL_RATES = {**dict.fromkeys((stream.rate_limit for stream in STREAMS), 40), **RATES}
FIRST_NIGHT = 20  # days after DAY0
Answer = Callable[[Request], dict[str, Any]]


@dataclass
class Night:
    """The result of one run. `status`: 0, or 1 if it failed with `error`."""

    status: int = 0
    error: str = ""
    records: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


class _Output:
    """Stands in for tap_zoom.output.Output; collects records and states."""

    def __init__(self, night: Night) -> None:
        self._night = night

    def schema(self, *_: Any) -> None:
        pass

    def state(self, value: dict[str, Any]) -> None:
        self._night.states.append(json.loads(json.dumps(value)))

    def records(self, stream: str, records: list[dict[str, Any]], _: Any) -> None:
        self._night.records += [(stream, record) for record in records]


class _Zoom:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, request: Request) -> Page | Exception:
        try:
            body = self._answer(request)
        except TapZoomError as error:
            return error
        return Page(json.dumps(body).encode(), datetime.now(timezone.utc), RateLimitHeaders())


class _Log(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.getMessage()}")


def night(
    answer: Answer, selected: Collection[str], state: Any, number: int, *, incremental: Collection[str] = (),
    skip: bool = False, scopes: frozenset[str] | None = None, lookback: int = 7, budget: int = 10**9, seed: int = 1,
    start: datetime | None = None,
) -> Night:  # fmt: skip
    """Run the sync on night `number`, counted from 0. `answer` returns a response body or raises the request's error;
    `incremental`: the streams to sync incrementally; `budget`: the number of requests before the daily limit;
    `start`: the start_date."""
    result = Night()
    now = datetime.combine(DAY0, datetime.min.time(), timezone.utc) + timedelta(days=FIRST_NIGHT + number)
    handler, logger = _Log(result.log), logging.getLogger("tap_zoom")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    settings = Config(
        replication_method="INCREMENTAL" if incremental else "FULL_TABLE",
        on_missing_access="skip" if skip else "fail",
        lookback_days=lookback,
        start_date=start,
    )
    left = iter(range(budget))

    def limited(request: Request) -> dict[str, Any]:
        if next(left, None) is None:
            raise DailyLimitReached("The daily limit is reached", None)
        return answer(request)

    try:
        run.sync(
            settings, {name: schema_of(BY_NAME[name]) for name in BY_NAME if name in selected}, frozenset(incremental),
            scopes, State.read(copy.deepcopy(state), ["a"], now, result.log.append),
            Dispatcher(_Zoom(limited), ALL_RATES, {}, random.Random(seed)), _Output(result), now, now.date,  # type: ignore[arg-type]
        )  # fmt: skip
    except TapZoomError as error:
        result.status, result.error = 1, str(error)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return result


# --- answers ---


def day(number: float) -> str:
    """Return the time so many days after the first night, as Zoom writes it."""
    moment = datetime(DAY0.year, DAY0.month, DAY0.day, tzinfo=timezone.utc) + timedelta(days=FIRST_NIGHT + number)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(request: Request, code: int = 9999) -> RequestRefused:
    return RequestRefused(f"{request} answered 400 code {code}")


def no_access(request: Request) -> NoAccess:
    return NoAccess(f"{request} answered 400 code 4711", True, "400/4711")


def fault(request: Request) -> RetriesExhausted:
    return RetriesExhausted(f"{request} answered 500 (8 tries)")


def too_old(request: Request) -> DatesTooOld:
    return DatesTooOld(f"{request} answered 400 code 300: Invalid parameter: from")


def usual(request: Request, meetings: dict[str, str]) -> dict[str, Any]:
    """Answer for an account with one user and these past meetings, given by UUID and start time."""
    name, params = request.stream.name, request.params
    held = [
        (uuid, start)
        for uuid, start in meetings.items()
        if params.get("from", "") <= start[:10] <= params.get("to", "")
    ]
    answers: dict[str, Any] = {
        "users": {"users": [{"id": "u0", "status": "active"}] if params.get("status") == "active" else []},
        "history_meetings": {"history_meetings": [
            {"meeting_uuid": uuid, "meeting_id": 1, "type": "Meeting", "start_time": start} for uuid, start in held
        ]},
        "user_past_meetings": {"meetings": [
            {"uuid": uuid, "id": 1, "type": 2, "start_time": start} for uuid, start in held if params.get("type") == "past"
        ]},
        "user_meetings": {"meetings": []}, "meeting_instances": {"meetings": []},
        "report_meetings": {"uuid": request.ids.get("meeting_uuid"), "id": 1},
        "meeting_poll_results": {"questions": [{"name": "a", "question_details": []}]},
        "report_meeting_participants": {"participants": [{"user_id": "1", "join_time": "2026-01-01T00:00:00Z"}]},
    }  # fmt: skip
    answer: dict[str, Any] = answers[name]
    return answer


def kept(result: Night) -> list[str]:
    """Return the streams of the failures and holds in the last state."""
    return [entry["stream"] for entries in result.states[-1]["failures"].values() for entry in entries]
