"""Unexpected rows in lists with child streams (users, meetings, past meetings): they affect no other rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.scripted import USERS, paths
from tests.simulator import Fault, SimulatedZoom
from tests.tap import Record, Run, account, assert_exact, catalog_of, expected, run_tap, windows_of

STREAMS = ("users", "meetings", "report_meetings")
SIZE = "lists"
FIRST_DAY = account(1, SIZE).first_day.date()
HOSTS = [user.id for user in account(1, SIZE).users[:3]]
WINDOWS = windows_of(account(1, SIZE))
HISTORY = "report/history_meetings"
FIRST_WINDOW = rf"/v2/{HISTORY}\?.*from={FIRST_DAY}"
LARGE = 2**70


def numbers_of(user_id: str) -> str:
    return f"users/{user_id}/meetings"


def held(uuid: Any, **changes: Any) -> Record:
    """Return a row of history_meetings in its first window."""
    row = {"meeting_uuid": uuid, "meeting_id": 5, "type": "Meeting", "start_time": f"{FIRST_DAY}T12:00:00Z"}
    return {**row, **changes}


class Odd(NamedTuple):
    """Rows that are appended to the answer of one request that matches `where`.

    `record`: the record of users that results from them; `asked`: the path that is requested because of them.
    """

    where: str
    rows: list[Any]
    asked: str = ""
    record: Record | None = None


ANY_NUMBERS = r"/v2/" + numbers_of(HOSTS[0])
USABLE: dict[str, Odd] = {
    "a user's id is a number": Odd(USERS, [{"id": 5}], "users/5/meetings", {"id": "5"}),
    "a user's id is a path": Odd(USERS, [{"id": "a/../b"}], "users/a%2F..%2Fb/meetings", {"id": "a/../b"}),
    "a user's id holds half a character": Odd(
        USERS, [{"id": "x\ud800", "email": "e"}], "users/x%EF%BF%BD/meetings", {"id": "x\ufffd", "email": "e"}
    ),
    "a user's id is long": Odd(USERS, [{"id": "x" * 100_000}], f"users/{'x' * 100_000}/meetings", {"id": "x" * 100_000}),
    "an e-mail is a number": Odd(USERS, [{"email": 7}], "users/7", {"id": "7", "email": "7"}),
    "an e-mail holds half a character": Odd(
        USERS, [{"email": "p\ud800@x.org"}], "users/p%EF%BF%BD%40x.org", {"id": "p\ufffd@x.org", "email": "p\ufffd@x.org"}
    ),
    "a user's fields are of other types": Odd(
        USERS, [{"id": "a", "custom_attributes": "none", "dept": LARGE, "created_at": [1]}], "users/a/meetings",
        {"id": "a", "custom_attributes": None, "dept": str(LARGE), "created_at": None},
    ),
    "a number is huge": Odd(ANY_NUMBERS, [{"id": LARGE}], f"meetings/{LARGE}"),
    "a number is a long text": Odd(ANY_NUMBERS, [{"id": "1" * 30}], f"meetings/{'1' * 30}"),
    "a number is negative": Odd(ANY_NUMBERS, [{"id": -5}], "meetings/-5"),
    "a number is a float": Odd(ANY_NUMBERS, [{"id": 1.0}], "meetings/1"),
    "a UUID holds white space": Odd(FIRST_WINDOW, [held("a\tb\nc")], "report/meetings/a%09b%0Ac"),
    "a UUID holds half a character": Odd(FIRST_WINDOW, [held("x\ud800")], "report/meetings/x%EF%BF%BD"),
    "an occurrence's number is none": Odd(FIRST_WINDOW, [held("n", meeting_id="x")], "report/meetings/n"),
    "an occurrence's number is huge": Odd(FIRST_WINDOW, [held("h", meeting_id=LARGE)], "report/meetings/h"),
    "a start time is null": Odd(FIRST_WINDOW, [held("s1", start_time=None)], "report/meetings/s1"),
    "a start time is a number": Odd(FIRST_WINDOW, [held("s2", start_time=7)], "report/meetings/s2"),
    "a start time is a word": Odd(FIRST_WINDOW, [held("s3", start_time="soon")], "report/meetings/s3"),
    "a type is null": Odd(FIRST_WINDOW, [held("t1", type=None)], "report/meetings/t1"),
    "a type is an object": Odd(FIRST_WINDOW, [held("t2", type={"x": []})], "report/meetings/t2"),
}  # fmt: skip
# Each in a separate list, which the ERROR line names.
USELESS: dict[str, Odd] = {
    "users are no objects": Odd("users?status=active", [None, 7, "x", []]),
    "a user's id is empty": Odd("users?status=inactive", [{"id": "\0"}]),
    "a user has neither id nor e-mail": Odd("users?status=pending", [{"first_name": "x"}]),
    "a number is a flag": Odd(numbers_of(HOSTS[0]), [{"id": True}]),
    "a number is null": Odd(numbers_of(HOSTS[1]), [{"id": None}]),
    "a number is in other digits": Odd(numbers_of(HOSTS[2]), [{"id": "12\u0663"}]),
    "a UUID is a number": Odd(f"to={WINDOWS[0].to}", [held(7)]),
    "a UUID is null": Odd(f"to={WINDOWS[1].to}", [held(None)]),
    "a UUID is empty": Odd(f"to={WINDOWS[2].to}", [held("")]),
    "a UUID is empty without its NUL": Odd(f"to={WINDOWS[3].to}", [held("\0")]),
    "an occurrence is a list": Odd(f"to={WINDOWS[4].to}", [[]]),
}


def add(rows: list[Any]) -> Callable[[Any], Any]:
    """Return a function that appends rows to the lists of an answer."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        return {name: [*part, *rows] if isinstance(part, list) else part for name, part in content.items()}

    return change


@cache
def run_with(which: str) -> tuple[Run, list[str]]:
    """Return a run that reads all these rows, each kind from a separate answer, and the requested paths."""
    odds = USABLE if which == "usable" else USELESS
    faults = []
    for odd in odds.values():
        match = odd.where if which == "usable" else re.escape(odd.where).replace(r"\?", r"\?.*")
        faults.append(Fault.changed(add(odd.rows), match=match))
    with SimulatedZoom(account(1, SIZE), page_cap=1, faults=faults) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*STREAMS))
        assert [fault.happened for fault in faults] == [1] * len(faults)
        assert len(zoom.violations) == 0
        return run, paths(zoom)


def right() -> dict[str, list[Record]]:
    return {stream: expected(1, SIZE)[stream] for stream in STREAMS}


@pytest.mark.parametrize("name", USABLE)
def test_an_odd_row_is_read_as_far_as_possible(name: str) -> None:
    """Its readable fields are emitted, and its child streams are requested."""
    run, asked = run_with("usable")
    odd = USABLE[name]
    assert odd.asked in asked
    if odd.record is not None:
        assert [record for record in run.records["users"] if record["id"] == odd.record["id"]] == [odd.record]


def test_readable_odd_rows_are_not_errors() -> None:
    """There is no ERROR, the exit status is 0, and all other records are exact."""
    run, _ = run_with("usable")
    assert run.exit_status == 0
    assert run.logged("ERROR") == []
    own = [odd.record for odd in USABLE.values() if odd.record is not None]
    assert_exact({**right(), "users": right()["users"] + own}, run.records)


@pytest.mark.parametrize("name", USELESS)
def test_an_unusable_row_is_an_error_that_names_its_list(name: str) -> None:
    """One ERROR line with the request and the number of rows."""
    run, _ = run_with("useless")
    odd = USELESS[name]
    [error] = [line for line in run.logged("ERROR") if odd.where in line]
    count, is_user = len(odd.rows), odd.where.startswith("users?")
    plural = "s" * (count > 1)
    right = (
        f": {count} row{plural} without a complete key"
        if is_user
        else f": {count} row{plural} without the id for their child streams"
    )
    assert error.startswith("ERROR Lost: ") and error.endswith(right)


def test_unusable_rows_affect_nothing_else() -> None:
    """The exit status is 1, the CRITICAL line counts their lists, and all other records are exact."""
    run, _ = run_with("useless")
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == len(USELESS)
    assert f"{len(USELESS)} items missing" in run.critical
    assert_exact(right(), run.records)
