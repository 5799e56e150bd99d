"""A single request: its URL and headers, the page in its answer, and the handling of refused tokens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
from requests.auth import AuthBase

from tap_zoom.api.auth import Token
from tap_zoom.api.client import Client
from tap_zoom.api.http import Answer, Connections
from tap_zoom.api.rate_limits import RateLimitHeaders
from tap_zoom.api.request import Request
from tap_zoom.config import Config
from tap_zoom.errors import ConfigError, TapZoomError, TokenRefused
from tap_zoom.streams import BY_NAME


class Zoom:
    """Stands in for the network and the login: records requests, and which tokens are accepted or refused."""

    accepts: Callable[[Token], bool]

    def __init__(self, status: int = 200, body: bytes = b'{"users":[]}', headers: dict[str, str] | None = None) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.refused: list[tuple[Token, bool]] = []
        self.accepted: list[Token] = []
        self.wait: float | None = None
        self.given = Token("the token", api_url="https://api-eu.example")
        self._answer = Answer(status, headers or {}, body)

    def exchange(self, method: str, url: str, headers: Mapping[str, str], auth: AuthBase, data: Any = None) -> Answer:
        sent = auth(requests.Request(method, url, headers=dict(headers), data=data).prepare())
        self.asked.append((method, sent.url or "", sent.headers, sent.body))
        return self._answer

    def token(self) -> Token:
        return self.given

    def accept(self, token: Token, left_at: float) -> None:
        self.accepted.append(token)

    def refuse(self, token: Token, why: TokenRefused, again: bool, accepts: Callable[[Token], bool]) -> float | None:
        self.refused.append((token, again))
        self.accepts = accepts
        return self.wait


def client_of(zoom: Zoom, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Client:
    monkeypatch.setattr(Connections, "exchange", zoom.exchange)
    return Client(Config(**settings), zoom, 3)  # type: ignore[arg-type]


ACTIVE = Request(BY_NAME["users"], {}, {"status": "active"})


def test_the_url_and_headers_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """GET with the token, for compressed JSON. No cookies or other headers."""
    zoom = Zoom()
    client_of(zoom, monkeypatch, user_agent="me/1").fetch(ACTIVE)
    [(method, url, headers, body)] = zoom.asked
    assert method == "GET" and body is None
    assert url == "https://api-eu.example/v2/users?include_fields=custom_attributes&status=active&page_size=300"
    assert headers == {
        "Accept": "application/json", "Accept-Encoding": "gzip, deflate", "Authorization": "Bearer the token", "User-Agent": "me/1",
    }  # fmt: skip


def test_a_user_agent_is_always_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some firewalls require one."""
    zoom = Zoom()
    client_of(zoom, monkeypatch).fetch(ACTIVE)
    assert zoom.asked[0][2]["User-Agent"].startswith("python-requests/")


@pytest.mark.parametrize(
    ("setting", "named", "asked"),
    [
        (None, None, "https://api.zoom.us/v2/"), (None, "https://a.example", "https://a.example/v2/"),
        (None, "https://a.example/v2", "https://a.example/v2/"), ("https://b.example", "https://a.example", "https://b.example/v2/"),
        ("https://b.example/v2", None, "https://b.example/v2/"), ("http://127.0.0.1:9/v2", None, "http://127.0.0.1:9/v2/"),
    ],
)  # fmt: skip
def test_the_api_url_comes_from_the_setting_or_the_token(
    setting: str | None, named: str | None, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting, else the URL in the token response, else Zoom's default. /v2 is optional. It never changes."""
    zoom = Zoom()
    zoom.given = Token("t", api_url=named)
    client = client_of(zoom, monkeypatch, api_url=setting)
    client.fetch(ACTIVE)
    zoom.given = Token("t", api_url="https://other.example")
    client.fetch(ACTIVE)
    assert all(url.startswith(f"{asked}users?") for _, url, _, _ in zoom.asked)


def test_the_api_url_of_a_token_response_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over plain http, others could read the token."""
    zoom = Zoom()
    zoom.given = Token("t", api_url="http://a.example")
    with pytest.raises(ConfigError, match="api_url of the token response"):
        client_of(zoom, monkeypatch).fetch(ACTIVE)
    assert zoom.asked == []


def test_a_page_has_body_time_and_rate_limit_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client also records when the host last answered."""
    headers = {"X-RateLimit-Category": "Medium", "X-RateLimit-Type": "QPS", "X-RateLimit-Limit": "20"}
    client = client_of(Zoom(headers=headers), monkeypatch)
    assert client.last_answer is None
    before, at = datetime.now(timezone.utc), time.monotonic()
    page = client.fetch(ACTIVE)
    assert page.body == b'{"users":[]}'
    assert page.headers == RateLimitHeaders("Medium", 20.0, False, None)
    assert before <= page.received <= datetime.now(timezone.utc)
    assert client.last_answer is not None and at <= client.last_answer <= time.monotonic()


@pytest.mark.parametrize(
    ("status", "code", "refused"), [(401, 124, 1), (400, 124, 1), (401, None, 1), (401, 1010, 0), (400, 9, 0)]
)
def test_refused_tokens_are_reported_to_the_login(
    status: int, code: int | None, refused: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other refusals aren't. All of them count as answers of the host."""
    zoom = Zoom(status, json.dumps({"code": code, "message": "x"}).encode())
    client = client_of(zoom, monkeypatch)
    with pytest.raises(TapZoomError) as found:
        client.fetch(ACTIVE)
    assert isinstance(found.value, TokenRefused) == bool(refused)
    assert zoom.refused == [(zoom.given, False)] * refused
    assert zoom.accepted == [zoom.given] * (code == 1010)  # an empty answer
    assert client.last_answer is not None


@pytest.mark.parametrize("wait", [None, 0.0, 12.5])
def test_a_refused_token_error_has_the_wait_of_the_login(wait: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait of 0 means that the path is the cause. The login is told that the request was tried before."""
    zoom = Zoom(401, b'{"code":124}')
    zoom.wait = wait
    with pytest.raises(TokenRefused) as found:
        client_of(zoom, monkeypatch).fetch(ACTIVE, tries=2)
    assert (found.value.wait, found.value.elsewhere) == (wait, wait == 0.0)
    assert zoom.refused == [(zoom.given, True)]


@pytest.mark.parametrize(
    ("status", "body", "accepted"),
    [(200, b'{"users":[]}', True), (404, b'{"code":1001}', True), (400, b'{"code":4711,"message":"x"}', True),
     (401, b'{"code":124}', False), (400, b'{"code":124}', False), (500, b"", False), (403, b"<html>", False)],
)  # fmt: skip
def test_a_token_is_tried_on_a_path_that_zoom_answered_before(
    status: int, body: bytes, accepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data and refusals for other reasons show that Zoom accepts it. Temporary errors don't."""
    zoom = Zoom()
    client = client_of(zoom, monkeypatch)
    client.fetch(ACTIVE)
    assert zoom.accepted == [zoom.given]
    zoom._answer = Answer(401, {}, b'{"code":124}')
    with pytest.raises(TokenRefused):
        client.fetch(Request(BY_NAME["groups"], {}, {}))
    zoom._answer = Answer(status, {}, body)
    assert zoom.accepts(Token("another")) is accepted
    asked = zoom.asked[-1]
    assert asked[1] == zoom.asked[0][1] != zoom.asked[1][1]
    assert asked[2]["Authorization"] == "Bearer another"


def test_before_any_answer_a_token_is_tried_on_the_refused_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other path has been answered. "Does not exist" is an answer that accepts the token."""
    zoom = Zoom(401, b'{"code":124}')
    client = client_of(zoom, monkeypatch)
    with pytest.raises(TokenRefused):
        client.fetch(ACTIVE)
    assert zoom.accepts(zoom.given) is False
    assert zoom.asked[1][1] == zoom.asked[0][1]
    zoom._answer = Answer(404, {}, b'{"code":3001,"message":"Meeting does not exist: 1."}')
    with pytest.raises(TapZoomError):
        client.fetch(Request(BY_NAME["meeting_registrants"], {"meeting_id": 1}, {"status": "approved"}))
    assert zoom.accepted == [zoom.given]
