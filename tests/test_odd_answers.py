"""Answers that Zoom should never give end in a defined way: a warning, a lost item with its ERROR line, nothing worse."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, catalog_of, expected, key_of, run_tap

TODAY = datetime.now(timezone.utc).date()
SELECTED = catalog_of("users", "meetings", "report_meetings")
USERS, NUMBERS, HISTORY = r"/v2/users\?", r"/v2/users/[^/]+/meetings\?", rf"/v2/report/history_meetings\?.*to={TODAY + timedelta(days=1)}"


def held(**changes: Any) -> dict[str, Any]:
    row = {"meeting_uuid": "x==", "meeting_id": 5, "type": "Meeting", "start_time": f"{TODAY}T00:00:00Z"}
    return {"history_meetings": [{**row, **changes}]}


ODD: list[tuple[str, Any]] = [
    (USERS, {"users": None}), (USERS, {"users": {}}), (USERS, {"users": [None, 7, "x", []]}), (USERS, {"users": [{"id": 5}]}),
    (USERS, {"users": [{"id": "a/../b"}]}), (USERS, {"users": [{"id": "x\ud800", "email": "e"}]}), (USERS, {"users": [{"email": 7}]}),
    (USERS, {"users": [{"email": "p\ud800@x.org"}]}), (USERS, {"users": [{"id": "\0"}]}), (USERS, {"users": [{"id": "x" * 100_000}]}),
    (USERS, {"users": [], "next_page_token": 7}), (USERS, {"users": [], "next_page_token": {"x": 1}}), (USERS, []), (USERS, None),
    (USERS, {"users": [{"id": "a", "custom_attributes": "none", "dept": 2**70, "created_at": [1]}]}),
    (NUMBERS, {"meetings": [{"id": 2**70}]}), (NUMBERS, {"meetings": [{"id": "1" * 30}]}), (NUMBERS, {"meetings": [{"id": -5}]}),
    (NUMBERS, {"meetings": [{"id": 1.0}]}), (NUMBERS, {"meetings": [{"id": True}]}), (NUMBERS, {"meetings": [{"id": None}]}),
    (NUMBERS, {"meetings": [{"id": "12\u0663"}]}), (NUMBERS, {"meetings": "none"}),
    (HISTORY, held(meeting_uuid=7)), (HISTORY, held(meeting_uuid=None)), (HISTORY, held(meeting_uuid="")), (HISTORY, held(meeting_id="x")),
    (HISTORY, held(meeting_uuid="a\tb\nc")), (HISTORY, held(meeting_uuid="x\ud800")), (HISTORY, held(meeting_uuid="\0")),
    (HISTORY, held(start_time=None)), (HISTORY, held(start_time=7)), (HISTORY, held(start_time="soon")), (HISTORY, held(type=None)),
    (HISTORY, held(type={"x": []})), (HISTORY, held(meeting_id=2**70)), (HISTORY, {"history_meetings": [[]]}), (HISTORY, {}),
    (r"/v2/report/meetings/[^/]+$", []), (r"/v2/report/meetings/[^/]+$", {}), (r"/v2/meetings/\d+", {"id": [1]}),
    (r"/v2/meetings/\d+", {"id": 1, "settings": 7, "occurrences": {"x": 1}, "tracking_fields": [7]}),
]  # fmt: skip


@pytest.mark.parametrize(("match", "body"), ODD, ids=lambda value: ascii(value)[:60])
def test_an_odd_answer_has_a_defined_outcome(match: str, body: Any) -> None:
    """Once, in place of the right answer: what else is read comes out right, and what is lost is named."""
    fault = Fault.answer(200, json.dumps(body).encode(), match=match)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=SELECTED)
    assert fault.happened == 1
    if run.exit_status:
        assert run.logged("ERROR")
        assert "lost" in run.critical
    assert "finished_at" in run.states[-1]
    right = {stream: {key_of(stream, row): row for row in expected()[stream]} for stream in ("users", "meetings", "report_meetings")}
    for stream, records in run.records.items():
        for record in records:
            true = right[stream].get(key_of(stream, record))
            assert true is None or true == record


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"users":' * 5_000, b"\xff\xfe", b"\x00", b'{"users":[]}garbage', b'"', b"1" * 5_000])
def test_a_body_that_is_no_json_is_asked_for_again(body: bytes) -> None:
    """Whatever it is, the next answer may be right."""
    with SimulatedZoom(account(), faults=[Fault.answer(200, body, match=USERS)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert len(run.records["users"]) == len(expected()["users"])
