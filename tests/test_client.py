"""Requests: the encoding of ids in paths, and the meaning of Zoom's answers."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.api.bodies import read_error
from tap_zoom.api.http import Answer
from tap_zoom.api.rate_limits import RateLimitHeaders
from tap_zoom.api.request import Request, encoded, query_of
from tap_zoom.api.responses import judge
from tap_zoom.errors import (
    AccountRefused,
    Blocked,
    DailyLimitReached,
    DatesTooOld,
    EmptyAnswer,
    NoAccess,
    PageTokenExpired,
    RateLimited,
    RequestRefused,
    Retryable,
    TapZoomError,
    TokenRefused,
    UnexpectedAnswer,
)
from tap_zoom.streams import BY_NAME, STREAMS
from tests.each import for_each

IDS = {"user_id": "u", "email": "a@b.c", "meeting_id": 1, "webinar_id": 2, "meeting_uuid": "m", "webinar_uuid": "w"}
OTHER_IDS = {"download_url": "https://zoom.us/x"}
BASE64 = st.text("ABCyz019+/=", min_size=1, max_size=24)


def ids_of(stream: str) -> dict[str, Any]:
    """Return ids for the path of a stream."""
    return {name: IDS.get(name, OTHER_IDS.get(name, "x")) for name in BY_NAME[stream].parent.ids}


NO_HEADERS = RateLimitHeaders()


def raised(stream: str, status: int, body: Any, announced: RateLimitHeaders = NO_HEADERS) -> TapZoomError | None:
    """Return the error that judge raises for an answer; None if it is data."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        judge(Request(BY_NAME[stream], ids_of(stream), {}), Answer(status, {}, content), announced)
    except TapZoomError as error:
        return error
    return None


@pytest.mark.parametrize(("body", "kind"), [(b"", TokenRefused), (b"Unauthorized", TokenRefused), (b"<html>", Blocked)])
def test_a_401_is_about_the_token_unless_a_firewall_sends_it(body: bytes, kind: type[TapZoomError]) -> None:
    """Also with an empty body or plain text."""
    assert meaning("users", 401, body) is kind


def test_a_later_page_is_not_too_old() -> None:
    """The days of its list have been answered. On the first page, the list is requested again from a later day."""
    body = json.dumps(error(300, "Invalid parameter: from.")).encode()
    kinds = []
    for page in (1, 2):
        with pytest.raises(TapZoomError) as found:
            judge(Request(BY_NAME["report_activities"], {}, {}, page=page), Answer(400, {}, body), NO_HEADERS)
        kinds.append(found.type)
    assert kinds == [DatesTooOld, RequestRefused]


def meaning(stream: str, status: int, body: Any) -> type[TapZoomError] | None:
    """Return the type of that error."""
    error = raised(stream, status, body)
    return None if error is None else type(error)


def error(code: int, message: str = "") -> dict[str, Any]:
    return {"code": code, "message": message}


@given(BASE64)
def test_encoded_uuids_can_be_decoded(uuid: str) -> None:
    """An encoded UUID is one path segment. It must be decoded twice if it contains a slash, otherwise once."""
    segment = encoded(uuid, True)
    assert "/" not in segment
    assert (unquote(unquote(segment)) if "/" in uuid else unquote(segment)) == uuid


@given(BASE64)
def test_slashes_are_encoded_twice(uuid: str) -> None:
    """A UUID that begins with / or contains // has no slash after one decoding."""
    if uuid.startswith("/") or "//" in uuid:
        assert "/" not in unquote(encoded(uuid, True))


@pytest.mark.parametrize(
    ("value", "is_uuid", "segment"),
    [("4444AAAiAAAAAiAiAiiAii==", True, "4444AAAiAAAAAiAiAiiAii%3D%3D"), ("/ajXp112QmuoKj4854875==", True, "%252FajXp112QmuoKj4854875%253D%253D"),
     ("a//b==", True, "a%252F%252Fb%253D%253D"), ("a+b", True, "a%2Bb"), (93398114182, False, "93398114182"), ("j.ch+1/2@x.org", False, "j.ch%2B1%2F2%40x.org"),
     ("../users?x#y", True, "..%252Fusers%253Fx%2523y"), ("é", False, "%C3%A9"), ("x\ud800", False, "x%3F")],
)  # fmt: skip
def test_ids_are_encoded(value: object, is_uuid: bool, segment: str) -> None:
    """Known pairs of ids and path segments."""
    assert encoded(value, is_uuid) == segment


def test_only_paged_lists_have_paging_parameters() -> None:
    """page_size on all pages, next_page_token from the second page on."""
    paged = Request(BY_NAME["users"], {}, {"status": "active"})
    assert query_of(paged) == "?include_fields=custom_attributes&status=active&page_size=300"
    paged.token = "a b"
    assert query_of(paged).endswith("&next_page_token=a+b")
    assert query_of(Request(BY_NAME["meeting_polls"], ids_of("meeting_polls"), {}, token="x")) == ""
    small = Request(BY_NAME["meeting_registrants"], ids_of("meeting_registrants"), {"status": "a&b"}, most=30)
    assert query_of(small) == "?status=a%26b&page_size=30"


def test_messages_name_the_stream_path_and_parameters() -> None:
    """Parameters that the stream always sends are omitted."""
    assert str(Request(BY_NAME["users"], {}, {"status": "active"})) == "users: GET /v2/users?status=active"
    assert (
        str(Request(BY_NAME["webinar_polls"], ids_of("webinar_polls"), {})) == "webinar_polls: GET /v2/webinars/2/polls"
    )
    assert Request(BY_NAME["report_meetings"], {"meeting_uuid": "/a="}, {}).path == "report/meetings/%252Fa%253D"
    assert Request(BY_NAME["user_lookup"], {"email": "a/b@c.d"}, {}).path == "users/a%2Fb%40c.d"


@for_each(stream=[stream.name for stream in STREAMS])
def test_errors_mean_the_same_for_all_streams(stream: str) -> None:
    """Errors about scopes, tokens or limits are never empty answers. Only 1010 (another account) is one."""
    assert meaning(stream, 400, error(200, "No permission.")) is NoAccess
    assert meaning(stream, 200, error(200, "No permission.")) is NoAccess
    for code in (4711, 4700, 104):
        assert meaning(stream, 400, error(code, "Invalid access token, does not contain scopes:[x].")) is NoAccess
    assert meaning(stream, 400, error(300, "The next page token is invalid or expired.")) is PageTokenExpired
    assert meaning(stream, 400, error(300, "Validation Failed.")) is RequestRefused
    assert meaning(stream, 400, error(2300, "This API endpoint is not recognized.")) is AccountRefused
    assert meaning(stream, 401, error(124, "Invalid access token.")) is TokenRefused
    assert meaning(stream, 400, error(124, "Invalid access token.")) is TokenRefused
    assert meaning(stream, 403, {"message": "Forbidden"}) is AccountRefused
    assert meaning(stream, 403, b"<html>blocked</html>") is Blocked
    assert meaning(stream, 401, error(1010, "User does not belong to this account: x.")) is EmptyAnswer
    assert meaning(stream, 429, error(429, "maximum per-second rate limit")) is RateLimited
    assert meaning(stream, 429, error(429, "You have reached the maximum daily rate limit")) is DailyLimitReached
    assert meaning(stream, 400, error(7777, "new")) is RequestRefused
    assert meaning(stream, 200, error(7777, "new")) is RequestRefused
    for status in (500, 502, 503, 504):
        assert meaning(stream, status, error(status, "Internal error.")) is Retryable
    for body in (b"", b"{", b"<html></html>", b'{"users":[{"id"'):
        assert meaning(stream, 200, body) is Retryable


def test_an_html_404_is_not_an_empty_answer() -> None:
    """The page is from a proxy, not from Zoom."""
    for stream in STREAMS:
        assert meaning(stream.name, 404, b"<html>not found</html>") is Blocked


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        ("users", {"users": []}), ("users", {"users": [{}], "code": 200, "message": "x"}), ("users", {"users": None}),
        ("users", {"page_size": 30}), ("users", {"code": 0, "users": []}), ("users", {"code": "0", "page_size": 30}),
        ("users", {"code": None, "users": None}), ("users", {"users": [], "code": 0, "error_message": "fine"}),
        ("meetings", {"id": 1, "code": "x", "topic": "y"}), ("report_meetings", {"uuid": "u", "code": 3}),
        ("meeting_questions", {"questions": [], "code": 3}),
    ],
)  # fmt: skip
def test_data_with_http_200_is_accepted(stream: str, body: Any) -> None:
    """An answer with records or an id is data, even if it has a code. The codes 0 and null mean success."""
    assert meaning(stream, 200, body) is None


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        ("users", {"code": 9}), ("users", {"users": None, "code": 9}), ("users", {"users": [], "code": 9}),
        ("users", {"id": 1, "code": 9}), ("meetings", {"code": 9}), ("meetings", {"topic": "y", "code": 9}),
    ],
)  # fmt: skip
def test_an_error_with_http_200_is_a_refusal(stream: str, body: Any) -> None:
    """It has Zoom's code, so a retry would get the same answer."""
    assert meaning(stream, 200, body) is RequestRefused


@pytest.mark.parametrize("status", [201, 204, 299, 400, 405, 499])
def test_data_with_another_status_is_unexpected(status: int) -> None:
    """UnexpectedAnswer is retried."""
    assert meaning("users", status, {"users": []}) is UnexpectedAnswer


def test_messages_of_refusals() -> None:
    """One line with the request, the status, Zoom's code and Zoom's message."""
    asked = "meetings: GET /v2/meetings/1 answered"
    assert str(raised("meetings", 400, error(9, "  Some\nwords.  "))) == f"{asked} 400 code 9: Some words"
    assert str(raised("meetings", 400, error(9))) == f"{asked} 400 code 9"
    assert str(raised("meetings", 405, {"message": "x"})) == f"{asked} 405: x"
    assert str(raised("meetings", 404, b"")) == f"{asked} 404"
    assert str(raised("meetings", 302, b"")).startswith(f"{asked} 302, a redirect")
    assert str(raised("meetings", 403, {})).startswith(f"{asked} 403. Zoom denies API access to the whole account")
    assert str(raised("meetings", 400, error(2300, "x"))).startswith(
        f"{asked} 400 code 2300: x. Zoom doesn't know this path"
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (299, RequestRefused),
        (300, RequestRefused),
        (399, RequestRefused),
        (499, RequestRefused),
        (500, Retryable),
        (501, Retryable),
        (599, Retryable),
    ],
)
def test_errors_from_status_500_on_are_retryable(status: int, kind: type[TapZoomError]) -> None:
    """Whatever the code is, even that of a missing scope."""
    assert meaning("meetings", status, error(9)) is kind
    if status >= 500:
        assert meaning("meetings", status, error(4711)) is Retryable


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (200, b"", Retryable, "an empty body"), (200, b" \n", Retryable, "an empty body"), (200, b"{", Retryable, "invalid JSON"),
        (200, b"  <html>", Retryable, "HTML"), (500, b"<html>", Retryable, "HTML"), (399, b"<html>", RequestRefused, "redirect"),
        (401, b"<html>", Blocked, "HTML"), (400, b"<html>", Blocked, "HTML"), (499, b"<html>", Blocked, "HTML"),
        (403, b"", Blocked, "an empty body"), (405, b"text", Blocked, "invalid JSON"), (400, b"[", Blocked, "invalid JSON"),
        (400, b'"code": 300', Blocked, "invalid JSON"), (500, b'{"code":300,"message":"a"b"}', Retryable, "invalid JSON"),
        (200, b'{"code":300,"message":"a"b"}', Retryable, "invalid JSON"), (400, b'{"kode":300,"message":"a"b"}', Blocked, "invalid JSON"),
        (400, b'{"code":300,"message":"Cannot acce', Blocked, "invalid JSON"), (404, b'{"code":3001,"mess', Blocked, "invalid JSON"),
    ],
)  # fmt: skip
def test_answers_that_are_not_json(status: int, body: bytes, kind: type[TapZoomError], words: str) -> None:
    """They are truncated, or from a proxy; with 4xx usually from a firewall. All but redirects are retryable."""
    found = raised("meetings", status, body)
    assert type(found) is kind
    assert words in str(found) and str(status) in str(found)


@pytest.mark.parametrize("status", [400, 401, 404, 499])
def test_messages_with_unescaped_quotes_are_read(status: int) -> None:
    """The body isn't JSON, but has Zoom's code."""
    body = b' {"code" : 4711,"message":"no scopes:["a","b"]."}'
    assert str(raised("users", status, body)).endswith(f'{status} code 4711: no scopes:["a","b"]')


@pytest.mark.parametrize("status", [400, 404])
def test_an_empty_400_or_404_is_a_refusal(status: int) -> None:
    """Zoom refuses some requests with an empty body."""
    assert meaning("users", status, b"") is meaning("users", status, b"\n ") is RequestRefused


@pytest.mark.parametrize("status", [503, 500])
@pytest.mark.parametrize("body", [b"<html>", b"{}", b""])
def test_retry_after_of_an_error_is_kept(status: int, body: bytes) -> None:
    """For JSON, HTML or an empty body, from Zoom or from a proxy."""
    for code in (status, 403 if body == b"<html>" else status):
        found = raised("users", code, body, RateLimitHeaders(wait=7.0))
        assert isinstance(found, Retryable) and found.wait == 7.0


# --- 429 ------------------------------------------------------------------------------------------------------

TOO_MANY = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}


@pytest.mark.parametrize(
    ("wait", "kind"), [(None, RateLimited), (0.0, RateLimited), (120.0, RateLimited), (120.1, DailyLimitReached)]
)
def test_a_429_with_a_long_wait_is_a_daily_limit(wait: float | None, kind: type[Any]) -> None:
    """Limits per second have waits of two minutes at most."""
    found = raised("users", 429, TOO_MANY, RateLimitHeaders(wait=wait))
    assert type(found) is kind and found.wait == wait


@pytest.mark.parametrize("label", ["Light", "Medium", "Heavy", "Resource-intensive"])
def test_a_429_only_sets_the_limit_of_its_label(label: str) -> None:
    """A reported limit of another label is ignored."""
    found = raised("users", 429, TOO_MANY, RateLimitHeaders(label, 5.0, False, 1.0))
    assert isinstance(found, RateLimited)
    assert found.limit == (5.0 if label == "Medium" else None)
    unnamed = raised("users", 429, TOO_MANY, RateLimitHeaders(None, 5.0, False, 1.0))
    assert isinstance(unnamed, RateLimited) and unnamed.limit == 5.0


def test_the_message_of_a_daily_limit() -> None:
    """It has the label, the limit, the reset, and the setting on_daily_limit."""
    words = str(raised("users", 429, TOO_MANY, RateLimitHeaders("Heavy", 60000.0, True, None)))
    assert "daily limit of 60000 for Heavy requests" in words
    tomorrow = datetime.now(timezone.utc).date() + timedelta(days=1)
    assert f"resets at {tomorrow}T00:00:00Z" in words and "on_daily_limit" in words
    before = datetime.now(timezone.utc).replace(microsecond=0)
    words = str(raised("users", 429, {"message": "Daily limit"}, RateLimitHeaders(None, 5.0, False, 3600.0)))
    assert "daily limit for Medium requests" in words
    reset = re.search(r"resets at (\S+) ", words)
    assert reset
    late = datetime.strptime(reset[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc) - before
    assert timedelta(hours=1) <= late <= timedelta(hours=1, minutes=1)


# --- error bodies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"code":4711,"message":"no scopes:["a","b"]."}', 4711, 'no scopes:["a","b"].'),
        (b'{"code":"300","message":"x"}', 300, "x"), (b'{"code":300,"error_message":"y"}', 300, "y"),
        (b'{"code":null}', None, ""), (b'{"code":true}', None, ""), (b'{"code":[1]}', None, ""), (b"[]", None, ""),
        (b'{"reason":"z"}', None, "z"), (b'{"reason":"z","message":"m"}', None, "m"), (b'{"reason":["z"]}', None, "z"),
        (b'{"message":"m","error_message":"e"}', None, "m"), (b'{"code":-1}', -1, ""), (b'{"code":7.0}', 7, ""),
        (b"\xff", None, ""), (b'{"code":1e999}', None, ""), (b'{"code":false}', None, ""), (b'{"code":"x"}', None, ""),
        (b'{"code":"-5","message":"a"b"}', -5, 'a"b'), (b'{"code" : 5 , "error_message" : "a"b" }', 5, 'a"b'),
        (b'{"code":5,"message":"cut', 5, "cut"), (b'{"code":5', 5, ""),
        (b'{"code":5,"message":"two\nlines"}', 5, "two\nlines"), (b'{"code":5,"message":"\xff"}', 5, "\ufffd"),
    ],
)  # fmt: skip
def test_error_bodies_of_any_format_are_read(body: bytes, code: int | None, message: str) -> None:
    """Code and message are found, even if the body isn't valid JSON."""
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    assert read_error(content, body) == (code, message)


@given(st.binary(max_size=60), st.integers(200, 599))
def test_any_answer_is_data_or_an_error_of_the_tap(body: bytes, status: int) -> None:
    """judge raises no other exceptions, whatever the body and the status."""
    for stream in ("users", "meetings", "webinar_instances"):
        outcome = meaning(stream, status, body)
        assert outcome is None or issubclass(outcome, TapZoomError)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["code", "message", "errors", "users", "reason"]), inner)))  # fmt: skip
def test_any_json_is_data_or_an_error_of_the_tap(body: Any) -> None:
    """Unexpected types in an error body raise no other exceptions."""
    for status in (200, 400, 401, 403, 404, 429):
        outcome = meaning("users", status, body)
        assert outcome is None or issubclass(outcome, TapZoomError)
