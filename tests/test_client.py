"""One request: how ids go into its path, and what Zoom's answers mean."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.errors import (
    AccountRefused,
    Blocked,
    DailyLimitReached,
    ItemLost,
    NothingHere,
    PageTokenExpired,
    Passing,
    RateLimited,
    StreamRefused,
    TapZoomError,
    TokenRefused,
    TooEarly,
)
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.zoom.answers import judge, read_error
from tap_zoom.zoom.http import Answer
from tap_zoom.zoom.limits import Announcement
from tap_zoom.zoom.request import Request, encoded, query_of

IDS = {"user_id": "u", "email": "a@b.c", "meeting_id": 1, "webinar_id": 2, "meeting_uuid": "m", "webinar_uuid": "w"}
BASE64 = st.text("ABCyz019+/=", min_size=1, max_size=24)


def meaning(stream: str, status: int, body: Any) -> type[TapZoomError] | None:
    """What judge makes of an answer; None where it is data."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        judge(Request(BY_NAME[stream], IDS, {}), Answer(status, {}, content), Announcement())
    except TapZoomError as error:
        return type(error)
    return None


def error(code: int, message: str = "") -> dict[str, Any]:
    return {"code": code, "message": message}


@given(BASE64)
def test_a_uuid_comes_back_out_of_its_path(uuid: str) -> None:
    """Decoded once, or twice where it holds a slash, it is what it was; and it is one segment."""
    segment = encoded(uuid, True)
    assert "/" not in segment
    assert (unquote(unquote(segment)) if "/" in uuid else unquote(segment)) == uuid


@given(BASE64)
def test_slashes_survive_a_server_that_decodes_first(uuid: str) -> None:
    """After one decoding a UUID that begins with a slash or holds two still has none in it."""
    if uuid.startswith("/") or "//" in uuid:
        assert "/" not in unquote(encoded(uuid, True))


@pytest.mark.parametrize(
    ("value", "is_uuid", "segment"),
    [("4444AAAiAAAAAiAiAiiAii==", True, "4444AAAiAAAAAiAiAiiAii%3D%3D"), ("/ajXp112QmuoKj4854875==", True, "%252FajXp112QmuoKj4854875%253D%253D"),
     ("a//b==", True, "a%252F%252Fb%253D%253D"), ("a+b", True, "a%2Bb"), (93398114182, False, "93398114182"), ("j.ch+1/2@x.org", False, "j.ch%2B1%2F2%40x.org"),
     ("../users?x#y", True, "..%252Fusers%253Fx%2523y"), ("é", False, "%C3%A9"), ("x\ud800", False, "x%3F")],
)  # fmt: skip
def test_how_ids_are_written(value: object, is_uuid: bool, segment: str) -> None:
    """Known pairs."""
    assert encoded(value, is_uuid) == segment


def test_paging_parameters_stand_on_paged_lists_only() -> None:
    """page_size always, next_page_token from the second page on."""
    paged = Request(BY_NAME["users"], {}, {"status": "active"})
    assert query_of(paged) == "?include_fields=custom_attributes&status=active&page_size=300"
    paged.token = "a b"
    assert query_of(paged).endswith("&next_page_token=a+b")
    assert query_of(Request(BY_NAME["meeting_polls"], IDS, {})) == ""


NOTHING = [
    (stream.name, nothing.status, nothing.code, nothing.says) for stream in STREAMS for nothing in stream.nothing
]
WORDS = (
    "Cannot access webinar info.", "Registration has not been enabled for this meeting: 1.", "Invalid webinar ID.",
    "Webinar plan is missing. You must subscribe to the webinar plan.", "This webinar doesn't have registration required: x.",
    "Only available for paid account.", "Meeting does not exist: 1.",
)  # fmt: skip


@pytest.mark.parametrize(("stream", "status", "code", "says"), NOTHING)
def test_each_refusal_that_a_stream_declares_means_nothing_here(stream: str, status: int, code: int | None, says: Any) -> None:
    """With words that fit, under its own status, and under 200 as well."""
    words = [text for text in WORDS if says is None or says.search(text)]
    assert words
    for text in words:
        body = error(code, text) if code is not None else b""
        assert meaning(stream, status, body) is NothingHere
        if code is not None:
            assert meaning(stream, 200, body) is NothingHere


@pytest.mark.parametrize("stream", [stream.name for stream in STREAMS])
def test_what_stops_a_stream_or_the_run_is_never_taken_for_nothing(stream: str) -> None:
    """The same codes with other words, and the codes of scopes, tokens and limits."""
    assert meaning(stream, 400, error(200, "No permission.")) is StreamRefused
    assert meaning(stream, 200, error(200, "No permission.")) is StreamRefused
    for code in (4711, 4700, 104):
        assert meaning(stream, 400, error(code, "Invalid access token, does not contain scopes:[x].")) is StreamRefused
    assert meaning(stream, 400, error(300, "The next page token is invalid or expired.")) is PageTokenExpired
    assert meaning(stream, 400, error(300, "Validation Failed.")) is ItemLost
    assert meaning(stream, 400, error(2300, "This API endpoint is not recognized.")) is AccountRefused
    assert meaning(stream, 401, error(124, "Invalid access token.")) is TokenRefused
    assert meaning(stream, 400, error(124, "Invalid access token.")) is TokenRefused
    assert meaning(stream, 403, {"message": "Forbidden"}) is AccountRefused
    assert meaning(stream, 403, b"<html>blocked</html>") is Blocked
    assert meaning(stream, 401, error(1010, "User does not belong to this account: x.")) is NothingHere
    assert meaning(stream, 429, error(429, "maximum per-second rate limit")) is RateLimited
    assert meaning(stream, 429, error(429, "You have reached the maximum daily rate limit")) is DailyLimitReached
    assert meaning(stream, 400, error(7777, "new")) is ItemLost
    assert meaning(stream, 200, error(7777, "new")) is ItemLost
    for status in (500, 502, 503, 504):
        assert meaning(stream, status, error(status, "Internal error.")) is Passing
    for body in (b"", b"{", b"<html></html>", b'{"users":[{"id"'):
        assert meaning(stream, 200, body) is Passing


def test_a_bare_404_is_nothing_only_where_it_is_declared() -> None:
    """Elsewhere it is a wrong path."""
    assert meaning("webinar_instances", 404, b"") is NothingHere
    assert meaning("meetings", 404, b"") is ItemLost


def test_an_html_404_is_not_taken_for_nothing() -> None:
    """A proxy's page says nothing about Zoom."""
    for stream in STREAMS:
        assert meaning(stream.name, 404, b"<html>not found</html>") is Blocked


@pytest.mark.parametrize(
    "body",
    [{"users": []}, {"users": [], "code": 200, "message": "x"}, {"users": None}, {"page_size": 30}],
)
def test_a_list_is_data(body: Any) -> None:
    """Whatever else stands beside it."""
    assert meaning("users", 200, body) is None


def test_an_object_with_a_code_of_its_own_is_data() -> None:
    """A tracking code is no error body."""
    assert meaning("meetings", 200, {"id": 1, "code": "x", "topic": "y"}) is None


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"code":4711,"message":"no scopes:["a","b"]."}', 4711, 'no scopes:["a","b"].'),
        (b'{"code":"300","message":"x"}', 300, "x"), (b'{"code":300,"error_message":"y"}', 300, "y"),
        (b'{"code":null}', None, ""), (b'{"code":true}', None, ""), (b'{"code":[1]}', None, ""), (b"[]", None, ""),
        (b'{"reason":"z"}', None, "z"), (b'{"reason":7}', None, ""), (b'{"message":"m","reason":"z"}', None, "m"), (b'{"message":"m","error_message":"y"}', None, "m"),
        (b'{"code":-1}', -1, ""), (b'{"code":"x","message":7}', None, "7"), (b'{"code" : "-17", "error_message" : "say "hi"" } ', -17, 'say "hi"'),
        (b'{"code":1,"message":"a "b", c"\n}\n', 1, 'a "b", c'), (b'{"code": x "1"}', None, ""), (b'{"code":3,"message":"a\n"b"."}', 3, 'a\n"b".'), (b'{"code":2,"message":"\xff "x"}', 2, '\ufffd "x'), (b"\xff", None, ""), (b'{"code":1e999}', None, ""),
    ],
)  # fmt: skip
def test_error_bodies_are_read_whatever_their_shape(body: bytes, code: int | None, message: str) -> None:
    """Code and message, also out of a body that is no valid JSON."""
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    assert read_error(content, body) == (code, message)


@given(st.binary(max_size=60), st.integers(200, 599))
def test_any_answer_means_something(body: bytes, status: int) -> None:
    """No body makes judge fail in another way than with one of our errors."""
    for stream in ("users", "meetings", "webinar_instances"):
        outcome = meaning(stream, status, body)
        assert outcome is None or issubclass(outcome, TapZoomError)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["code", "message", "errors", "users", "reason"]), inner)))  # fmt: skip
def test_any_json_means_something(body: Any) -> None:
    """Odd types in an error body are no crash."""
    for status in (200, 400, 401, 403, 404, 429):
        outcome = meaning("users", status, body)
        assert outcome is None or issubclass(outcome, TapZoomError)


# --- what is said of an answer ----------------------------------------------------------------------------------

ACTIVE = "users: GET /v2/users?status=active answered"


def refusal(status: int, body: Any, stream: str = "users", **announced: Any) -> Any:
    """The error that an answer stands for."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(BY_NAME[stream], IDS, {"status": "active"} if stream == "users" else {})
    with pytest.raises(TapZoomError) as caught:
        judge(request, Answer(status, {}, content), Announcement(**announced))
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, error(7777, " New and  odd. "), ItemLost, f"{ACTIVE} 400 code 7777: New and odd"), (400, error(7777), ItemLost, f"{ACTIVE} 400 code 7777"),
        (400, error(7777, 'say "hi" X.'), ItemLost, f'{ACTIVE} 400 code 7777: say "hi" X'), (400, error(200, "No permission."), StreamRefused, f"{ACTIVE} 400 code 200: No permission"),
        (400, {"message": "No code."}, ItemLost, f"{ACTIVE} 400: No code"), (404, b"", ItemLost, f"{ACTIVE} 404"), (400, b" \n", ItemLost, f"{ACTIVE} 400"),
        (400, [], ItemLost, f"{ACTIVE} 400"), (418, {}, ItemLost, f"{ACTIVE} 418"), (400, error(7777, "long " * 100), ItemLost, f"{ACTIVE} 400 code 7777: {'long ' * 59}long ..."),
        (403, error(7777, "x"), ItemLost, f"{ACTIVE} 403 code 7777: x"), (400, error(12702, "x"), ItemLost, f"{ACTIVE} 400 code 12702: x"),
        (300, b"", ItemLost, f"{ACTIVE} 300: a redirect, which is not followed: the token would go along"),
        (399, {"users": []}, ItemLost, f"{ACTIVE} 399: a redirect, which is not followed: the token would go along"),
        (400, b"<html>", Blocked, f"{ACTIVE} 400 with HTML in place of JSON"), (499, b"  <html>", Blocked, f"{ACTIVE} 499 with HTML in place of JSON"),
        (401, b"", Blocked, f"{ACTIVE} 401 with an empty body in place of JSON"), (403, b"x", Blocked, f"{ACTIVE} 403 with no valid JSON in place of JSON"),
        (400, b'["code":', Blocked, f"{ACTIVE} 400 with no valid JSON in place of JSON"), (400, b'{"kode":', Blocked, f"{ACTIVE} 400 with no valid JSON in place of JSON"),
        (200, b"<html>", Passing, f"{ACTIVE} 200 with HTML in place of JSON"), (500, b" ", Passing, f"{ACTIVE} 500 with an empty body in place of JSON"),
        (500, b'{"code":1', Passing, f"{ACTIVE} 500 with no valid JSON in place of JSON"), (200, b'{"code":1', Passing, f"{ACTIVE} 200 with no valid JSON in place of JSON"),
        (500, error(4711), Passing, f"{ACTIVE} 500 code 4711"), (599, error(500, "Down."), Passing, f"{ACTIVE} 599 code 500: Down"),
        (200, [], ItemLost, f"{ACTIVE} 200"), (201, {"users": []}, ItemLost, f"{ACTIVE} 201"), (200, error(7777, "x"), ItemLost, f"{ACTIVE} 200 code 7777: x"),
        (400, b' {"code" : 4711, "message": "no scopes: ["a"]."}', StreamRefused, f'{ACTIVE} 400 code 4711: no scopes: ["a"]'),
        (401, {"message": "x"}, TokenRefused, f"{ACTIVE} 401: x"), (401, error(7777, "x"), TokenRefused, f"{ACTIVE} 401 code 7777: x"), (200, error(124), TokenRefused, f"{ACTIVE} 200 code 124"),
        (500, error(124), TokenRefused, f"{ACTIVE} 500 code 124"),
        (400, error(300, "The page token"), PageTokenExpired, f"{ACTIVE} 400 code 300: The page token"), (400, error(300, "PAGETOKEN"), PageTokenExpired, f"{ACTIVE} 400 code 300: PAGETOKEN"),
        (400, error(301, "The page token"), ItemLost, f"{ACTIVE} 400 code 301: The page token"),
        (400, error(2300, "Not recognized."), AccountRefused,
         f"{ACTIVE} 400 code 2300: Not recognized. Zoom does not know this path: check api_url, then look for a newer tap-zoom."),
        (403, {"message": "Forbidden"}, AccountRefused,
         f"{ACTIVE} 403: Forbidden. Zoom denies API access to the whole account: its owner or an administrator has to allow the app."),
        (404, error(1010, "x"), NothingHere, "404/1010"),
        (429, b"", RateLimited, f"{ACTIVE} 429"), (429, b"<html>", RateLimited, f"{ACTIVE} 429"), (429, error(124, "slow down"), RateLimited, f"{ACTIVE} 429 code 124: slow down"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_request_and_what_zoom_said(status: int, body: Any, kind: type[TapZoomError], words: str) -> None:
    """The path and what was asked, status and code, and Zoom's words on one line."""
    found = refusal(status, body)
    assert (type(found), str(found)) == (kind, words)


def test_a_refusal_without_a_code_is_counted_by_its_status() -> None:
    """A dash stands for the code."""
    assert str(refusal(404, b"", "webinar_instances")) == "404/-"
    assert str(refusal(404, error(3001), "meetings")) == "404/3001"


def test_a_scope_that_is_missing_is_told_from_a_role() -> None:
    """Only with a scope another login is needed."""
    assert [refusal(400, error(code, "x")).scope_missing for code in (4711, 4700, 104, 200, 12703)] == [True, True, True, False, False]


def test_days_that_are_out_of_reach() -> None:
    """Where a stream is asked for days, and only there."""
    assert type(refusal(400, error(300, "Invalid parameter: from."), "history_meetings")) is TooEarly
    assert type(refusal(400, error(300, "Invalid parameter: from."))) is ItemLost
    assert str(refusal(200, error(300, "odd"), "history_meetings")) == "history_meetings: GET /v2/report/history_meetings answered 200 code 300: odd"


@pytest.mark.parametrize(("status", "body"), [(503, error(503)), (503, b""), (200, b"<html>"), (403, b"<html>"), (429, b"")])
def test_what_can_pass_says_how_long_to_wait(status: int, body: Any) -> None:
    """As the headers say, or not."""
    assert refusal(status, body, wait=7.5).wait == 7.5
    assert refusal(status, body).wait is None


def test_a_limit_is_learnt_for_its_own_label() -> None:
    """Where none is named it is that of the request; another label's limit says nothing about ours."""
    assert refusal(429, b"", limit=30.0).limit == 30.0
    assert refusal(429, b"", limit=30.0, label="Medium").limit == 30.0
    assert refusal(429, b"", limit=30.0, label="Heavy").limit is None


@pytest.mark.parametrize(
    ("announced", "body", "daily"),
    [({}, {}, False), ({"wait": 120.0}, {}, False), ({"wait": 120.5}, {}, True), ({"daily": True}, {}, True), ({"daily": True, "wait": 1.0}, {}, True),
     ({}, error(429, "You have reached the maximum DAILY rate limit"), True), ({"wait": 3.0}, error(429, "daily"), True)],
)  # fmt: skip
def test_how_a_limit_of_the_day_is_told(announced: dict[str, Any], body: Any, daily: bool) -> None:
    """By the headers, by the words, or by a wait that no limit per second asks for."""
    assert type(refusal(429, body, **announced)) is (DailyLimitReached if daily else RateLimited)


def test_a_limit_of_the_day_says_which_and_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as Zoom names them, in UTC wherever the machine stands; and what to do."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    before = datetime.now(timezone.utc).replace(microsecond=0)
    found = refusal(429, error(429, "Enough."), daily=True, limit=6000.0, label="Heavy", wait=3600.0)
    assert found.wait == 3600.0
    said = re.fullmatch(
        r"The account's daily limit of 6000 for Heavy requests is reached and resets at (\S+Z) "
        r"\(users: GET /v2/users\?status=active answered 429 code 429: Enough\)\. "
        r"Run again after that with the last STATE to go on from here, or set on_daily_limit to wait\.", str(found),
    )  # fmt: skip
    assert said
    reset = datetime.strptime(said[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc) - timedelta(hours=1)
    assert before <= reset <= datetime.now(timezone.utc)
    monkeypatch.undo()
    time.tzset()
    unnamed = refusal(429, error(429, "daily"), limit=30.0)
    assert unnamed.wait is None
    assert str(unnamed).startswith("The account's daily limit for Medium requests is reached and resets at the time that Zoom's dashboard names (")
    assert "limit for Medium" in str(refusal(429, {}, daily=True))


@pytest.mark.parametrize(
    ("stream", "body", "is_data"),
    [
        ("users", {"users": [], "code": 1}, True), ("users", {"users": None, "code": 1}, False), ("users", {"code": 0}, True), ("users", {"code": "0"}, True),
        ("users", {"code": None, "message": "x"}, True), ("users", {"error_message": "x"}, False), ("users", {"code": 0, "error_message": "x"}, True),
        ("users", {"id": 1, "code": 7}, False), ("users", {"code": "7"}, False), ("users", {"message": "x"}, True),
        ("meetings", {"id": 1, "code": 7}, True), ("meetings", {"code": 7}, False), ("meetings", {}, True), ("meetings", {"": 1, "code": 7}, False),
        ("report_meetings", {"uuid": "x", "code": 7}, True), ("meeting_questions", {"questions": [], "code": 7}, True), ("meeting_questions", {"rows": [], "code": 7}, False),
    ],
)  # fmt: skip
def test_an_error_body_under_200_is_told_from_data(stream: str, body: Any, is_data: bool) -> None:
    """Where there are rows, or the one row has an id, a code is the row's own."""
    assert (meaning(stream, 200, body) is None) is is_data


def test_a_request_is_named_by_its_path_and_what_is_asked() -> None:
    """Without what every request has, and without the token of a page."""
    assert str(Request(BY_NAME["report_meetings"], {"meeting_uuid": "/a=="}, {})) == "report_meetings: GET /v2/report/meetings/%252Fa%253D%253D"
    assert str(Request(BY_NAME["meeting_registrants"], IDS, {"status": "denied"}, "t", 2)) == (
        "meeting_registrants: GET /v2/meetings/1/registrants?status=denied"
    )  # fmt: skip


def test_how_many_rows_are_asked_for() -> None:
    """As many as the operation gives, unless fewer are wanted; what a question asks goes before what its stream always sends."""
    request = Request(BY_NAME["users"], {}, {"include_fields": "x"}, most=1)
    assert query_of(request) == "?include_fields=x&page_size=1"
    assert query_of(Request(BY_NAME["meetings"], IDS, {}, "t")) == "?show_previous_occurrences=true"
