"""Permanent refusals: an item is lost, a stream is skipped or the run stops, and each is logged."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from tests.scripted import says, scripted
from tests.simulator import Fault, SimulatedZoom, truth
from tests.tap import FEW, Run, account, assert_complete, catalog_of, expected, run_tap

MEETINGS = catalog_of("users", "meetings")
REGISTRANTS = catalog_of("users", "meetings", "meeting_registrants")
STOPPING: dict[str, tuple[int, Any]] = {
    "a JSON 403 without a code": (403, {"message": "Forbidden"}),
    "a JSON 403 in other words": (403, {"error": "access denied"}),
    "an unknown path": (400, {"code": 2300, "message": "This API endpoint is not recognized."}),
    "an unknown path under another status": (404, {"code": 2300, "message": "This API endpoint is not recognized."}),
}
LOSING: dict[str, tuple[int, Any]] = {
    "an unknown code": (400, {"code": 9999, "message": "Something new."}),
    "a validation error": (400, {"code": 300, "message": "Validation Failed."}),
    "another status": (405, {"code": 405, "message": "Method not allowed."}),
    "a bare 404": (404, b""),
    "an error under 200": (200, {"code": 9999, "message": "Something new."}),
    "a 403 with a code": (403, {"code": 2305, "message": "Restricted."}),
    "a redirect": (302, {"message": "over there"}),
}
PARTICIPANTS = r"/v2/report/meetings/[^/]+/participants"


def lost_only(run: Run, stream: str, of: tuple[int, str] = FEW) -> int:
    """Return the number of missing rows of this stream. Checks that all other streams are exact."""
    right = expected(*of)
    difference = truth.compare(right, run.records)
    others = {name: count for name, count in difference.items() if name not in ("missing", "examples", "duplicated")}
    assert not any(others.values()), difference
    missing = len(right[stream]) - len(run.records.get(stream, []))
    assert difference["missing"] == missing
    return missing


@pytest.mark.parametrize("name", STOPPING)
def test_account_wide_refusals_stop_the_run(name: str) -> None:
    """The CRITICAL line has the status. The next run resumes from the last STATE and emits the rest."""
    status, body = STOPPING[name]
    fault = Fault.answer(status, body, match=PARTICIPANTS, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert run.exit_status == 1
        assert str(status) in run.critical
        assert run.messages[-1]["type"] == "STATE"
        zoom.faults.clear()
        rest = run_tap(zoom.config(), zoom=zoom, state=run.states[-1])
    assert rest.exit_status == 0
    assert_complete(expected(), run, rest)


def crowded() -> tuple[str, int]:
    """Return the path of one meeting's participants, and how many there are."""
    rows = Counter(row["meeting_uuid"] for row in expected()["report_meeting_participants"])
    uuid = next(uuid for uuid, count in rows.items() if count > 1 and "/" not in uuid)
    return f"report/meetings/{quote(uuid, safe='')}/participants", rows[uuid]


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_path_without_an_answer_loses_one_item_even_if_nothing_else_is_requested(kind: str) -> None:
    """The next run retries it at its end, when no other request can show that Zoom answers. It isn't stopped."""
    path, _ = crowded()
    faults = [Fault(kind, path, times=None)]
    at_once = "import backoff; backoff.full_jitter = lambda _: 0.0"
    with SimulatedZoom(account(), faults=faults) as zoom:
        state, catalog = None, catalog_of("report_meeting_participants")
        for number in range(2):
            config = zoom.config(replication_method="INCREMENTAL")
            run = run_tap(config, zoom=zoom, catalog=catalog, state=state, patch=at_once)
            assert run.exit_status == 1 and run.critical.startswith("CRITICAL The run has reached its end"), number
            assert len(run.logged("ERROR")) == 1
            state = run.states[-1]
            zoom.travel(days=1)
    [[entry]] = state["failures"].values()
    assert entry["runs"] == 2


@pytest.mark.parametrize("name", LOSING)
@pytest.mark.few(4)
def test_other_refusals_lose_one_item(name: str) -> None:
    """An ERROR line and the report name the item. All other items are emitted, and the exit status is 1."""
    status, body = LOSING[name]
    path, rows = crowded()
    fault = Fault.answer(status, body, match=path)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert fault.happened == 1
    assert run.exit_status == 1
    assert lost_only(run, "report_meeting_participants") == rows
    [error] = run.logged("ERROR")
    assert error.startswith(f"ERROR Lost: report_meeting_participants: GET /v2/{path}")
    assert error.replace("ERROR Lost:", "INFO Missing:") in run.log
    assert "1 item" in run.critical


def test_a_firewall_page_for_one_uuid_loses_one_item() -> None:
    """Each request gets 403 with HTML. One ERROR line names the item, all other items are emitted, and the exit status
    is 1."""
    path, rows = crowded()
    fault = Fault("html_403", path, times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert fault.happened > 1
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert path in error
    assert lost_only(run, "report_meeting_participants") == rows
    assert run.states[-1]["unfinished"] == []


def test_twenty_failed_requests_in_a_row_stop_the_run() -> None:
    """There is probably a general problem. The last STATE has the unfinished run."""
    catalog = catalog_of("report_meetings", "report_webinars")
    fault = Fault.answer(500, b"", match=r"/v2/report/(meetings|webinars)", times=None)
    with SimulatedZoom(account(1, "tiny"), faults=[fault]) as zoom:
        run = run_tap(
            zoom.config(), zoom=zoom, catalog=catalog, patch="from tap_zoom.api import retry\nretry.TRIES = 1"
        )
        assert run.exit_status == 1
        assert len(run.logged("ERROR")) >= 20
        assert "20 requests in a row" in run.critical
    assert run.messages[-1]["type"] == "STATE" and run.states[-1]["unfinished"]


def test_refusals_in_a_row_do_not_stop_the_run() -> None:
    """Each of them concerns only its own path, however many there are."""
    fault = Fault.answer(400, {"code": 9999, "message": "Something new."}, match=PARTICIPANTS, times=None)
    of = (1, "tiny")
    with SimulatedZoom(account(*of), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert len(run.logged("ERROR")) > 20
    assert run.exit_status == 1
    assert run.states[-1]["unfinished"] == []
    assert lost_only(run, "report_meeting_participants", of) == len(expected(*of)["report_meeting_participants"])


@pytest.mark.parametrize("body", [b"", b"<html>Moved</html>", b'{"message":"Found"}'], ids=["empty", "HTML", "JSON"])
@pytest.mark.parametrize("status", [302, 307])
def test_redirects_are_not_followed(status: int, body: bytes) -> None:
    """The item is requested once and lost, with any body. The other host gets no request, and so no token."""
    with SimulatedZoom(account()) as other:
        redirect = says(r"/v2/meetings/111\?", body, status, {"Location": f"{other.url}/v2/meetings/111"})
        with scripted(redirect) as zoom:
            run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
        assert other.requests == []
    assert run.exit_status == 1
    assert redirect.happened == 1
    [error] = run.logged("ERROR")
    assert str(status) in error and "redirect" in error


def test_an_answer_that_is_nested_too_deep_loses_one_item() -> None:
    """The answer is valid JSON, but removing its NUL exceeds Python's recursion limit. One ERROR line names the item,
    and all others are emitted."""
    levels = sys.getrecursionlimit() + 10
    deep = b'{"id":111,"topic":"a\\u0000","settings":%s{}%s}' % (b'{"a":' * levels, b"}" * levels)
    assert orjson.loads(deep)["id"] == 111
    with scripted(says(r"/v2/users/[^/]+/meetings", {"meetings": [{"id": 111}, {"id": 112}]}),
                  says(r"/v2/meetings/111\?", deep), says(r"/v2/meetings/112\?", {"id": 112})) as zoom:  # fmt: skip
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert run.exit_status == 1
    assert [record["id"] for record in run.records["meetings"]] == [112]
    [error] = run.logged("ERROR")
    assert "GET /v2/meetings/111" in error and error.endswith(": it is nested too deep")
    assert run.states[-1]["unfinished"] == []


def test_empty_answers_are_counted_and_shown() -> None:
    """Refusals that mean an empty list are in the table of the report, with reason and number. They aren't errors."""
    with SimulatedZoom(account()) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    assert run.logged("ERROR") == []
    assert any(re.search(r"^INFO meeting_poll_results .* not found or not ended \d", line) for line in run.log)
    assert any(re.search(r"^INFO   user_webinars +- .* not in the plan \d", line) for line in run.log)


NO_KEY = r"(.+): 1 rows? without a complete key"
REPORT, MEETING = r"/v2/report/meetings/[^/]+$", r"/v2/meetings/\d+\?"


@pytest.mark.parametrize(
    ("where", "body", "stream", "said"),
    [(REPORT, {"uuid": None, "id": 1, "topic": "no key"}, "report_meetings", NO_KEY), (REPORT, b"{}", "report_meetings", NO_KEY),
     (MEETING, {"id": [1]}, "meetings", NO_KEY)],
    ids=["null for the key", "nothing at all", "a list for the key"],
)  # fmt: skip
def test_a_row_without_a_complete_key_is_lost(where: str, body: Any, stream: str, said: str) -> None:
    """It isn't emitted with null in its key. One ERROR line names the request, and the exit status is 1."""
    fault = Fault.answer(200, body, match=where)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert fault.happened == 1
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    named = re.fullmatch(f"ERROR Lost: {said}", error)
    assert (
        named and re.search(where.rstrip("$").replace(r"\?", "$"), named[1]) and named[1].startswith(f"{stream}: GET ")
    )
    assert lost_only(run, stream) == 1


def test_values_of_the_wrong_type_become_null() -> None:
    """The record keeps its key, and each such field gets one WARNING. This includes values in lists."""
    body = {"id": 1, "settings": 7, "occurrences": {"x": 1}, "tracking_fields": [7]}
    with SimulatedZoom(account(), faults=[Fault.answer(200, body, match=MEETING)]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert run.exit_status == 0
    [odd] = [record for record in run.records["meetings"] if record["id"] == 1]
    assert odd == {"id": 1, "settings": None, "occurrences": None, "tracking_fields": [None]}
    for field in ("settings", "occurrences", "tracking_fields"):
        assert sum(line.startswith(f"WARNING meetings.{field}: a value did not fit") for line in run.log) == 1
    difference = truth.compare({name: expected()[name] for name in ("users", "meetings")}, run.records)
    assert {name: count for name, count in difference.items() if count and name != "examples"} == {
        "missing": 1,
        "extra": 1,
    }


def test_an_unreachable_host_stops_the_run_with_a_state() -> None:
    """No answer after all retries: the CRITICAL line mentions api_url, and the last message is a STATE."""
    with SimulatedZoom(account()) as zoom:
        config = zoom.config("jwt", api_url="http://127.0.0.1:9/v2")
        run = run_tap(config, zoom=zoom)
    assert run.exit_status == 1
    assert "api_url" in run.critical
    assert run.of_type("RECORD") == []
    assert run.messages[-1]["type"] == "STATE"


# --- errors under HTTP 200 ------------------------------------------------------------------------------------


def registrants(body: Any) -> Run:
    with scripted(says("/v2/meetings/111/registrants", body)) as zoom:
        return run_tap(zoom.config(), zoom=zoom, catalog=REGISTRANTS)


@pytest.mark.parametrize(
    "body",
    [{"code": 200}, {"code": "200"}, {"code": 200, "message": "No permission.", "registrants": None}],
    ids=["code", "code as text", "null for the list"],
)
def test_a_refused_stream_is_not_an_empty_list(body: Any) -> None:
    """No permission under HTTP 200, in each form: the CRITICAL line names the stream, and the exit status is 1."""
    run = registrants(body)
    assert run.exit_status == 1
    assert "meeting_registrants" in run.critical
    assert [record["id"] for record in run.records["meetings"]] == [111]


def test_a_code_without_a_message_can_be_an_empty_answer() -> None:
    """3001 under HTTP 200 without a message is counted, and isn't an error."""
    run = registrants({"code": 3001})
    assert run.exit_status == 0
    [row] = [line for line in run.logged("INFO") if line.startswith("INFO meeting_registrants ")]
    assert row.endswith("  not found or not ended 3")  # one for each requested status


def test_an_error_message_without_a_code_loses_the_item() -> None:
    """The answer has the message instead of the list, so the list wasn't read."""
    run = registrants({"error_message": "Something went wrong."})
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 3  # one for each requested status
    assert all("Something went wrong" in line for line in run.logged("ERROR"))
