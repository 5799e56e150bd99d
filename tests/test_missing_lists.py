"""Answers with HTTP 200 whose list is missing or truncated: retried, then a failure. Zoom's empty pages are valid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

from tap_zoom.api.bodies import list_fault
from tap_zoom.api.request import Request
from tap_zoom.streams import BY_NAME
from tests.scripted import ACTIVE, says, scripted
from tests.simulator import Fault, SimulatedZoom, truth
from tests.tap import Record, Run, account, assert_exact, catalog_of, copy_of, expected, run_tap, windows_of

STREAMS = ("users", "meetings", "report_meetings")
SIZE = "lists"
FIRST_DAY = account(1, SIZE).first_day.date()
WINDOWS = windows_of(account(1, SIZE))
HISTORY = "report/history_meetings"
NUMBERS = f"users/{account(1, SIZE).users[0].id}/meetings"
TRIES = 6
AT_ONCE = "import backoff; backoff.full_jitter = lambda _: 0.0"  # retries don't wait
ENVELOPE = {"page_count": 0, "page_size": 0, "total_records": 0, "next_page_token": ""}


def without_active_users() -> dict[str, list[Record]]:
    """Return the records of the account without its active users."""
    seen = copy_of(1, SIZE)
    seen.users = [user for user in seen.users if user.status != "active"]
    return truth.expected(seen)


def without_numbers_of_one() -> dict[str, list[Record]]:
    """Return the records if the meetings of one user aren't listed."""
    seen = copy_of(1, SIZE)
    for number in seen.users[0].numbers:
        number.state = "expired"
    return truth.expected(seen)


def without_second_window() -> dict[str, list[Record]]:
    """Return the records if history_meetings has no rows in its second window."""
    rows = expected(1, SIZE)["report_meetings"]
    kept = [row for row in rows if not f"{WINDOWS[1].first}" <= row["start_time"][:10] <= f"{WINDOWS[1].last}"]
    assert 0 < len(kept) < len(rows)
    return {**expected(1, SIZE), "report_meetings": kept}


class List(NamedTuple):
    """A list with child streams. `left`: the records without it."""

    match: str
    name: str
    request: str
    left: Callable[[], Mapping[str, list[Record]]]


LISTS = {
    "users": List(ACTIVE, "users", "users: GET /v2/users?status=active", without_active_users),
    "numbers": List(rf"/v2/{NUMBERS}", "meetings", f"user_meetings: GET /v2/{NUMBERS}", without_numbers_of_one),
    "history": List(
        rf"/v2/{HISTORY}\?.*from={WINDOWS[1].from_}", "history_meetings",
        f"history_meetings: GET /v2/{HISTORY}?from={WINDOWS[1].from_}&to={WINDOWS[1].to}", without_second_window,
    ),
}  # fmt: skip


def run_with(answer: Any, match: str, times: int | None, *streams: str, patch: str = AT_ONCE) -> tuple[Run, int]:
    """Return a run that gets this answer up to `times` times (None: always), and how often it got it."""
    fault = Fault.answer(200, json.dumps(answer).encode(), match=match, times=times)
    with SimulatedZoom(account(1, SIZE), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*streams), patch=patch)
    return run, fault.happened


# --- empty lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [ENVELOPE, {"next_page_token": ""}, {"page_size": 300, "from": "2026-01-01", "to": "2026-01-28"}, {"NAME": None}, {"NAME": []}],
    ids=["the envelope", "a token that is empty", "size and days", "null", "a list"],
)  # fmt: skip
@pytest.mark.parametrize("which", LISTS)
@pytest.mark.few(5)
def test_an_empty_page_is_an_empty_list(which: str, answer: Any) -> None:
    """Zoom omits the list, or sends null or an empty one. It is requested once and isn't a failure."""
    of = LISTS[which]
    run, asked = run_with(
        {name.replace("NAME", of.name): value for name, value in answer.items()}, of.match, 1, *STREAMS, patch=""
    )
    assert (run.exit_status, asked, run.logged("ERROR")) == (0, 1, [])
    assert not any("asked again" in line for line in run.log)
    assert_exact({stream: of.left()[stream] for stream in STREAMS}, run.records)


@pytest.mark.parametrize(
    "answer", [ENVELOPE, {"total_records": 0}, {"id": 1, "uuid": "x", "start_time": "2026-01-01T00:00:00Z"}]
)
def test_an_unpaged_list_may_be_left_out(answer: Any) -> None:
    """The answer then has other documented fields, such as those of a past meeting."""
    with scripted(says("/v2/meetings/111/polls", answer), says("/v2/users/u1/assistants", answer)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_polls", "user_assistants"))
    assert (run.exit_status, run.logged("ERROR"), run.of_type("RECORD")) == (0, [], [])


# --- missing lists ----------------------------------------------------------------------------------------------

WITHOUT = " answered 200 without its list (NAME)"
MISSING: dict[str, tuple[Any, str]] = {
    "nothing": ({}, WITHOUT),
    "another name": ({"items": []}, WITHOUT),
    "another name beside null": ({"data": None}, WITHOUT),
    "a count of rows": ({**ENVELOPE, "total_records": 301}, WITHOUT),
    "a count of rows as text": ({**ENVELOPE, "total_records": "301", "NAME": None}, WITHOUT),
    "a next page": ({"next_page_token": "t"}, WITHOUT),
    "an object": ({"NAME": {}}, " answered 200 and NAME is not a list"),
    "a text": ({"NAME": "none", "next_page_token": ""}, " answered 200 and NAME is not a list"),
    "a number": ({"NAME": 0}, " answered 200 and NAME is not a list"),
    "a list around it": ([{"NAME": []}], " answered 200 with JSON that is not an object"),
    "null for all": (None, " answered 200 with JSON that is not an object"),
    "words for all": ("Service\nUnavailable", " answered 200 with JSON that is not an object: Service Unavailable"),
    "words": ({"message": "Service is temporarily unavailable."}, " answered 200: Service is temporarily unavailable"),
    "words in an envelope": ({**ENVELOPE, "message": "Try later."}, " answered 200: Try later"),
    "words beside an empty list": ({"NAME": [], "message": "Try later."}, " answered 200: Try later"),
    "status and errorCode": (
        {"status": False, "errorCode": 5010, "errorMessage": "System busy", "result": None}, " answered 200 code 5010: System busy"
    ),
    "status alone": ({"status": False, **ENVELOPE}, " answered 200"),
    "success and errors": ({"success": False, "errors": ["one", "two"]}, " answered 200: one; two"),
    "OAuth's form": ({"error": "server_error", "error_description": "try later"}, " answered 200: try later (server_error)"),
    "an error inside": ({"error": {"code": 503, "message": "backend"}}, " answered 200: backend"),
    "a gateway's fault": (
        {"fault": {"faultstring": "Body buffer overflow", "detail": {"errorcode": "protocol.http.TooBigBody"}}},
        " answered 200: Body buffer overflow",
    ),
    "problem+json": ({"type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": "upstream"}, " answered 200: upstream"),
}  # fmt: skip


def named(value: Any, name: str) -> Any:
    """Return the same value with NAME replaced by the name of the list."""
    return json.loads(json.dumps(value).replace("NAME", name))


@cache
def run_with_all(times: int | None) -> Run:
    """Return a run that gets each of these answers up to `times` times, each for the registrants of another meeting."""
    faults = []
    for number, (answer, _) in enumerate(MISSING.values(), 500):
        body = json.dumps(named(answer, "registrants")).encode()
        faults.append(Fault.answer(200, body, match=f"/v2/meetings/{number}/registrants.*approved", times=times))
    meetings = [{"id": number} for number in range(500, 500 + len(faults))]
    right = [says("/registrants.*approved", {"registrants": [{"id": "r"}]}), says("/registrants", {"registrants": []})]
    with scripted(*faults, *right, says(r"/v2/users/[^/]+/meetings", {"meetings": meetings})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_registrants"), patch=AT_ONCE)
    assert [fault.happened for fault in faults] == [times or TRIES] * len(faults)
    return run


@pytest.mark.parametrize("name", MISSING)
def test_an_answer_without_its_list_is_a_failure(name: str) -> None:
    """After the retries there is one ERROR line, with the message of the answer."""
    number, words = 500 + list(MISSING).index(name), MISSING[name][1].replace("NAME", "registrants")
    asked = f"meeting_registrants: GET /v2/meetings/{number}/registrants?status=approved"
    [error] = [line for line in run_with_all(None).logged("ERROR") if asked in line]
    assert error == f"ERROR Lost: {asked}{words} ({TRIES} tries)"


def test_answers_without_their_lists_have_no_records() -> None:
    """The exit status is 1, and the CRITICAL line counts them."""
    run = run_with_all(None)
    assert run.exit_status == 1
    assert f"{len(MISSING)} items missing" in run.critical
    assert run.of_type("RECORD") == []


def test_an_answer_without_its_list_is_retried() -> None:
    """The next answer has the list, so nothing is missing."""
    run = run_with_all(1)
    assert (run.exit_status, run.logged("ERROR")) == (0, [])
    numbers = [row["meeting_id"] for row in run.records["meeting_registrants"]]
    assert sorted(numbers) == [500 + number for number in range(len(MISSING))]


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.few(1)
def test_a_missing_list_with_child_streams_is_a_failure(which: str) -> None:
    """The ERROR line names the request, the exit status is 1, and all other records are complete."""
    of = LISTS[which]
    run, asked = run_with({"message": "Try later."}, of.match, None, *STREAMS)
    assert asked == TRIES
    assert run.logged("ERROR") == [f"ERROR Lost: {of.request} answered 200: Try later ({TRIES} tries)"]
    assert run.exit_status == 1
    assert_exact({stream: of.left()[stream] for stream in STREAMS}, run.records)


def test_an_error_code_next_to_an_empty_list_is_an_error() -> None:
    """The code is Zoom's, so the request isn't retried."""
    run, asked = run_with({"users": [], "code": 9999, "message": "Something new."}, ACTIVE, None, *STREAMS)
    assert asked == 1
    assert run.logged("ERROR") == [
        "ERROR Lost: users: GET /v2/users?status=active answered 200 code 9999: Something new"
    ]
    assert run.exit_status == 1


def test_code_429_with_http_200_is_a_rate_limit() -> None:
    """The request is retried."""
    run, asked = run_with({"code": 429, "message": "maximum per-second rate limit"}, ACTIVE, 3, *STREAMS)
    assert (asked, run.exit_status) == (3, 0)
    assert_exact({stream: expected(1, SIZE)[stream] for stream in STREAMS}, run.records)


@pytest.mark.parametrize(
    ("body", "words"),
    [({}, "without its list (past_meetings)"), ({"past_meetings": {}}, "without its list (meetings)"),
     ({"past_meetings": {"meetings": "none"}}, "and meetings is not a list"), ({"past_meetings": "none"}, "and past_meetings is not a list"),
     ({"past_meetings": {"meetings": [{}], "page_size": 1, "total_records": 2}}, "with a full page of 1 records"),
     ({"past_meetings": {"page_size": 300, "next_page_token": ""}}, None), ({"past_meetings": {"meetings": []}}, None), ({"id": "r"}, None)],
)  # fmt: skip
def test_a_list_inside_an_object_is_checked_there(body: Any, words: str | None) -> None:
    """The answer for a Zoom Room has its meetings in an object next to its details."""
    fault = list_fault(Request(BY_NAME["metrics_zoomroom_meetings"], {"zoomroom_id": "r"}, {}), body)
    assert fault is None if words is None else (fault or "").startswith(words)


# --- later pages ----------------------------------------------------------------------------------------------

FIRST = {"users": [{"id": "u0", "email": "b@x.org"}], "next_page_token": "t", "page_size": 300}
LATER = ACTIVE + ".*next_page_token="


def pages(*answers: Any, status: int = 200) -> Run:
    """Return a run that gets FIRST as the first page of active users, and these answers for the second."""
    with scripted(*(says(LATER, answer, status) for answer in answers), says(ACTIVE, FIRST)) as zoom:
        return run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), patch=AT_ONCE)


@pytest.mark.parametrize(
    "page", [{}, {"next_page_token": ""}, ENVELOPE, {"users": None}, {"users": None, "next_page_token": ""}]
)
@pytest.mark.few(2)
def test_a_later_page_without_its_list_is_a_failure(page: Any) -> None:
    """Only a first page may lack its list. The pages before are emitted."""
    run = pages(page)
    assert run.exit_status == 1
    assert run.logged("ERROR") == [
        f"ERROR Lost: users: GET /v2/users?status=active answered 200 without its list (users) ({TRIES} tries)"
    ]
    assert [row["id"] for row in run.records["users"]] == ["u0"]


@pytest.mark.parametrize("page", [{"users": []}, {"users": [], "next_page_token": "", "total_records": 1}])
def test_a_later_page_with_an_empty_list_ends_the_list(page: Any) -> None:
    """This happens if the rows exactly fill the pages before."""
    run = pages(page)
    assert (run.exit_status, run.logged("ERROR")) == (0, [])
    assert [row["id"] for row in run.records["users"]] == ["u0"]


def test_a_later_page_that_is_refused_is_a_failure() -> None:
    """Even by a refusal that would be an empty answer for the first page."""
    gone = says(
        "/v2/meetings/111/registrants.*next_page_token=", {"code": 3001, "message": "Meeting does not exist: 111."}, 404
    )
    first = says("/v2/meetings/111/registrants.*approved", {"registrants": [{"id": "r"}], "next_page_token": "t"})
    with scripted(gone, first) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_registrants"))
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert "404 code 3001: Meeting does not exist: 111 (page 2 of a list" in error
    assert [row["id"] for row in run.records["meeting_registrants"]] == ["r"]


def test_an_unpaged_list_that_names_a_next_page_is_a_failure() -> None:
    """The tap doesn't request that page, so the list is incomplete."""
    with scripted(says("/v2/meetings/111/polls", {"polls": [{"id": "p"}], "next_page_token": "t"})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_polls"), patch=AT_ONCE)
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert (
        "meeting_polls: GET /v2/meetings/111/polls answered 200 with a next page" in error
        and f"({TRIES} tries)" in error
    )


# --- full last pages --------------------------------------------------------------------------------------------


def users(count: int, first: int = 0, **beside: Any) -> dict[str, Any]:
    return {"users": [{"id": f"u{number:03}"} for number in range(first, first + count)], **beside}


@pytest.mark.parametrize(
    "page",
    [users(300, total_records=301), users(300, total_records="301", next_page_token=""), users(30, page_size=30, total_records=45),
     users(30, page_size="30", total_records=45), users(1, page_size=1, total_records=2, next_page_token=None)],
    ids=["as asked", "as text", "Zoom's own size", "a size as text", "one"],
)  # fmt: skip
@pytest.mark.few(2)
def test_a_full_last_page_below_total_records_is_a_failure(page: Any) -> None:
    """The page has as many rows as fit, total_records is larger, and there is no next page."""
    with scripted(says(ACTIVE, page)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), patch=AT_ONCE)
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert (
        f"with a full page of {len(page['users'])} records and no next page, but counts {page['total_records']}"
        in error
    )


@pytest.mark.parametrize(
    "page",
    [users(300, total_records=300), users(299, total_records=301), users(300), users(300, total_records=0), users(300, total_records=None),
     users(29, page_size=30, total_records=45), users(2, page_size=0, total_records=1), users(3, page_size=-1, total_records=9)],
)  # fmt: skip
def test_total_records_alone_is_not_a_failure(page: Any) -> None:
    """It isn't exact. It only shows that a list is truncated if the last page is full."""
    with scripted(says(ACTIVE, page)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"))
    assert (run.exit_status, run.logged("ERROR")) == (0, [])
    assert len(run.records["users"]) == len(page["users"])


@pytest.mark.parametrize(("total", "failed"), [(600, False), (601, True)])
def test_total_records_is_compared_with_all_pages(total: int, failed: bool) -> None:
    """The list has two full pages of 300 rows."""
    last = says(LATER, users(300, 300, total_records=total))
    with scripted(last, says(ACTIVE, users(300, total_records=total, next_page_token="t"))) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), patch=AT_ONCE)
    assert run.exit_status == failed
    assert len(run.records["users"]) == (300 if failed else 600)


# --- errors in other formats and with other statuses ---------------------------------------------------------------

FOREIGN = [
    (400, {"fault": {"faultstring": "Bad thing"}}, "400: Bad thing"), (404, {"error": "no route", "status": 404, "path": "/v2/x"}, "404: no route"),
    (404, {"message": "no Route matched with those values"}, "404: no Route matched with those values"), (404, ["x"], "404: x"),
    (404, "gone", "404: gone"), (400, {"status": False, "errorCode": 77, "errorMessage": "Odd"}, "400 code 77: Odd"),
    (201, {"questions": []}, "201"), (405, {"errors": [{"field": "from", "message": "wrong"}]}, "405: from: wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "words"), FOREIGN)
@pytest.mark.few(3)
def test_an_error_that_is_not_from_zoom_is_retried(status: int, body: Any, words: str) -> None:
    """It comes from a proxy or gateway. It is a failure after the retries, never an empty answer like a bare 404."""
    with scripted(says("/v2/past_webinars/9/instances", body, status), says("/v2/users/u1/webinars", {"webinars": [{"id": 9}]}),
                  says("/v2/meetings/111/polls", body, status)) as zoom:  # fmt: skip
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_polls", "report_webinars"), patch=AT_ONCE)
    assert run.exit_status == 1
    assert sorted(run.logged("ERROR")) == [
        f"ERROR Lost: meeting_polls: GET /v2/meetings/111/polls answered {words} ({TRIES} tries)",
        f"ERROR Lost: webinar_instances: GET /v2/past_webinars/9/instances answered {words} ({TRIES} tries)",
    ]


@pytest.mark.parametrize("body", [b"", b" ", {}, {"message": "Webinar was not found."}])
def test_a_bare_404_may_be_an_empty_answer(body: Any) -> None:
    """If Zoom documents a 404 without a code: with an empty body, or a message like "not found"."""
    with scripted(
        says("/v2/past_webinars/9/instances", body, 404), says("/v2/users/u1/webinars", {"webinars": [{"id": 9}]})
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("report_webinars"))
    assert (run.exit_status, run.logged("ERROR")) == (0, [])


@pytest.mark.parametrize(
    ("body", "words"),
    [({"status": False, "errorCode": 5010, "errorMessage": "System busy"}, "200 code 5010: System busy"), ({"message": "Try later."}, "200: Try later"),
     ({"error": {"reason": "busy"}, "meta": {"node": 1}}, "200: busy"), ({"errors": [{"field": "a", "message": "b"}], "meta": {}}, "200: a: b")],
)  # fmt: skip
@pytest.mark.few(2)
def test_an_error_is_not_emitted_as_a_record(body: Any, words: str) -> None:
    """If no key column comes from the answer, the record would have no values."""
    with scripted(says("/v2/meetings/111/registrants/questions", body)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("meeting_questions"), patch=AT_ONCE)
    assert (run.exit_status, run.of_type("RECORD")) == (1, [])
    [error] = run.logged("ERROR")
    assert f"answered {words} (" in error


@pytest.mark.parametrize(
    ("stream", "path", "body"),
    [("meetings", r"meetings/111\?", {"id": 111, "status": "waiting", "message": "Hello"}), ("role_details", "roles/7", {"id": "7", "description": "Reads"}),
     ("meeting_questions", "meetings/111/registrants/questions", {"questions": [], "custom_questions": []})],
)  # fmt: skip
def test_a_record_may_have_fields_that_errors_have(stream: str, path: str, body: Any) -> None:
    """An answer with an id or with its documented lists is data."""
    with scripted(says(f"/v2/{path}", body), says(r"/v2/roles\?", {"roles": [{"id": "7"}]})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(stream))
    assert (run.exit_status, run.logged("ERROR"), len(run.records[stream])) == (0, [], 1)


def test_documented_answers_are_not_taken_for_errors() -> None:
    """No page of a core stream is retried."""
    with SimulatedZoom(account(), page_cap=2) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert (run.exit_status, run.logged("ERROR")) == (0, [])
    assert not any("asked again" in line for line in run.log)
    assert_exact(expected(), run.records)
