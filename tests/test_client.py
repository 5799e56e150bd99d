"""One request: how ids go into its path, and what Zoom's answers mean."""

from __future__ import annotations

import json
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
        (b'{"reason":"z"}', None, "z"), (b"\xff", None, ""), (b'{"code":1e999}', None, ""),
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
