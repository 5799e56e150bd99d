"""The login: when tokens are requested, with which requests, and the meaning of each answer."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from tap_zoom.api import auth, token_endpoint, token_store
from tap_zoom.api.auth import Login, Token, login
from tap_zoom.api.http import Answer, Connections
from tap_zoom.config import Config
from tap_zoom.errors import HostUnreachable, LoginRefused, NoAnswer, NoWorker, TokenRefused
from tap_zoom.interrupts import Interrupts


class Clock:
    """A monotonic clock that only moves when a test moves it."""

    now = 1000.0

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(auth, "time", made)
    monkeypatch.setattr(token_endpoint, "time", made)
    monkeypatch.setattr("backoff.full_jitter", lambda seconds: seconds)
    return made


# --- when tokens are requested --------------------------------------------------------------------------------


def tokens(*lives: float) -> tuple[Login, list[Token]]:
    """Return a login and its tokens. They expire so many seconds after the clock's start, further ones never."""
    given: list[Token] = []

    def ask() -> Token:
        given.append(
            Token(f"token {len(given)}", Clock.now + lives[len(given)] if len(given) < len(lives) else float("inf"))
        )
        return given[-1]

    return Login(ask), given


def test_a_token_is_used_until_it_expires(clock: Clock) -> None:
    """The next one is requested only then."""
    login, given = tokens(60.0)
    assert login.token() is login.token() is given[0]
    clock.now += 60.0
    assert login.token() is given[0]
    clock.now += 0.1
    assert login.token() is login.token() is given[1]


def test_threads_that_wait_for_the_next_token_share_it(clock: Clock) -> None:
    """Several threads may notice that a token has expired. The next one is requested once."""
    login, given = tokens(60.0)
    former = login.token()
    clock.now += 61.0
    assert login.token() is login._next(former) is login._next(former) is given[1]
    assert len(given) == 2


def test_a_failed_login_is_not_repeated() -> None:
    """A refresh token may be used up, so every caller gets the first error."""
    asked = []

    def ask() -> Token:
        asked.append(1)
        raise LoginRefused("no")

    login = Login(ask)
    for _ in range(3):
        with pytest.raises(LoginRefused, match="no"):
            login.token()
    assert len(asked) == 1


def test_the_first_token_is_requested_in_a_new_thread() -> None:
    """Any exception of that thread is raised to the caller."""
    threads = []

    def ask() -> Token:
        threads.append(threading.current_thread())
        if len(threads) > 1:
            raise KeyError("odd")
        return Token("t")

    assert Login(ask).first_token(Interrupts()) == Token("t")
    assert threads[0] is not threading.main_thread() and threads[0].daemon
    with pytest.raises(KeyError, match="odd"):
        Login(ask).first_token(Interrupts())


def test_an_error_says_that_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error includes the system's message."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(NoWorker, match="can't start new thread"):
        Login(lambda: Token("t")).first_token(Interrupts())


def test_close_does_not_wait_without_a_refresh_token(clock: Clock) -> None:
    """An access token isn't needed after the run."""
    asked, end = threading.Event(), threading.Event()

    def ask() -> Token:
        asked.set()
        end.wait()
        return Token("t")

    login = Login(ask)
    thread = threading.Thread(target=login.token, daemon=True)
    thread.start()
    assert asked.wait(20)
    login.close(Interrupts())
    assert thread.is_alive()
    end.set()


# --- requests and the meaning of their answers ------------------------------------------------------------------

URL = "https://zoom.example/oauth/token"
TOKEN = {
    "access_token": "SECRET-access",
    "expires_in": 3599,
    "scope": "a:read b:read",
    "api_url": "https://api-eu.example",
}


@dataclass
class Sent:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any


class Zoom:
    """Replaces the network: returns or raises the next of `answers`, and records each request in `sent`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers: list[Answer | Exception] = []
        self.sent: list[Sent] = []
        self.secrets: list[str] = []

    def says(self, *bodies: Any, status: int = 200) -> None:
        self.answers += [
            Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode()) for body in bodies
        ]

    def exchange(self, method: str, url: str, headers: Mapping[str, str], auth: Any, data: Any) -> Answer:
        sent = requests.Request(method, url, headers=dict(headers), auth=auth, data=data).prepare()
        self.sent.append(Sent(method, url, sent.headers, sent.body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def login(self, **settings: Any) -> Login:
        config = {"account_id": "acc", "client_id": "id", "client_secret": "SECRET-client", "auth_url": URL} | settings
        return login(Config(**config), self.secrets.append)

    def forms(self) -> list[dict[str, list[str]]]:
        return [parse_qs(str(each.body)) for each in self.sent]


@pytest.fixture
def zoom(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Zoom:
    made = Zoom(clock)
    monkeypatch.setattr(Connections, "exchange", made.exchange)
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    return made


def test_a_json_web_token_is_used_as_it_is(zoom: Zoom) -> None:
    """Nothing is requested. Its expiry and its scopes are unknown."""
    token = zoom.login(account_id=None, jwt="SECRET-jwt").token()
    assert token == Token("SECRET-jwt", float("inf"), None, None)
    assert zoom.sent == []


def test_server_to_server_oauth_sends_the_account_id(zoom: Zoom) -> None:
    """The client id and secret are sent as Basic authentication. Nothing is requested before a token is needed."""
    zoom.says(TOKEN)
    login = zoom.login(user_agent="mine")
    assert zoom.sent == []
    login.token()
    [sent] = zoom.sent
    assert (sent.method, sent.url) == ("POST", URL)
    assert zoom.forms() == [{"grant_type": ["account_credentials"], "account_id": ["acc"]}]
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(b"id:SECRET-client").decode()
    assert sent.headers["User-Agent"] == "mine"
    assert zoom.secrets == ["SECRET-access"]


def test_user_agent_and_client_are_optional(zoom: Zoom) -> None:
    """Without user_agent no header is set. Missing client_id and client_secret are sent as empty strings."""
    zoom.says(TOKEN)
    zoom.login(client_id=None, client_secret=None).token()
    assert "User-Agent" not in zoom.sent[0].headers
    assert zoom.sent[0].headers["Authorization"] == "Basic " + base64.b64encode(b":").decode()


@pytest.mark.parametrize(
    ("answer", "lives", "scopes", "api_url"),
    [
        ({}, 3540.0, None, None), ({"expires_in": 3599}, 3539.0, None, None), ({"expires_in": 120.5}, 60.5, None, None),
        ({"expires_in": 100}, 50.0, None, None), ({"expires_in": 1}, 0.5, None, None), ({"expires_in": 0}, 3540.0, None, None),
        ({"expires_in": 10**400}, 1e9 - 60, None, None), ({"expires_in": -5}, 3540.0, None, None), ({"expires_in": "3599"}, 3540.0, None, None),
        ({"scope": "a:read b:read"}, 3540.0, "a:read b:read", None), ({"scope": " a:read,b:read, c "}, 3540.0, "a:read b:read c", None),
        ({"scope": ["a:read", "b:read"]}, 3540.0, "a:read b:read", None), ({"scope": ["a", 7]}, 3540.0, "a 7", None),
        ({"scope": ""}, 3540.0, None, None), ({"scope": "  "}, 3540.0, None, None), ({"scope": []}, 3540.0, None, None), ({"scope": 7}, 3540.0, None, None),
        ({"api_url": "https://api-eu.example"}, 3540.0, None, "https://api-eu.example"), ({"api_url": ""}, 3540.0, None, None), ({"api_url": 7}, 3540.0, None, None),
    ],
    ids=repr,
)  # fmt: skip
def test_answers_with_a_token_are_parsed(
    zoom: Zoom, answer: dict[str, Any], lives: float, scopes: str | None, api_url: str | None
) -> None:
    """A token is replaced a minute before it expires, a short one after half its lifetime. The default is an hour."""
    zoom.says({"access_token": "t", **answer})
    assert zoom.login().token() == Token(
        "t", zoom.clock.now + lives, frozenset(scopes.split()) if scopes else None, api_url
    )


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"error": "invalid_client", "reason": "Invalid client_id or client_secret"},
         ["400 Invalid client_id or client_secret (invalid_client). Check client_id and client_secret against"]),
        (400, {"error": "invalid_grant", "reason": "Invalid account"}, ["Invalid account (invalid_grant). Check account_id, and that"]),
        (401, {"error": "unsupported"}, ["401 unsupported. Check account_id"]), (400, {"message": "Bad request"}, ["400 Bad request. Check account_id"]),
        (200, {}, ["200 no access_token. Check"]), (200, {"access_token": ""}, ["no access_token"]), (200, {"access_token": 7}, ["no access_token"]),
        (200, {"access_token": "a\nb"}, ["no access_token"]), (200, {"access_token": "é"}, ["no access_token"]), (404, TOKEN, ["404 no access_token"]),
        (400, {"reason": "long " * 100}, ["long long ..."]),
        (200, {"status": False, "errorCode": 300, "errorMessage": "Account does not exist.", "result": None}, ["200 Account does not exist. (300). Check account_id"]),
        (200, {"status": False, "errorCode": 3001, "errorMessage": None}, ['200 no access_token in {"status": false, "errorCode": 3001, "errorMessage": null}. Check']),
        (200, {"error": "invalid_client", "error_description": "Unknown app"}, ["200 Unknown app (invalid_client). Check client_id and client_secret"]),
        (400, {"error": {"code": "E7", "message": "Deep down"}}, ['"message": "Deep down"']), (403, {"errors": [{"detail": "In a list"}]}, ["In a list"]),
        (401, {"code": 124, "message": "Invalid access token."}, ["401 Invalid access token. (124)"]), (400, {"reason": True, "code": 7}, ['{"reason": true, "code": 7}']),
        (200, {"token_type": "bearer", "scope": "a:read"}, ['no access_token in {"token_type": "***", "scope": "a:read"}']),
        (404, {"data": [{"access_token": "SECRET-other"}]}, ['{"data": [{"access_token": "***"}]}']),
    ],
)  # fmt: skip
def test_a_refused_login_gives_the_reason_and_advice(zoom: Zoom, status: int, body: Any, words: list[str]) -> None:
    """It isn't retried."""
    zoom.says(body, status=status)
    with pytest.raises(LoginRefused) as caught:
        zoom.login().token()
    said = str(caught.value)
    assert said.startswith(f"Login refused by {URL}: {status} ") and all(each in said for each in words)
    assert len(zoom.sent) == 1 and not zoom.clock.slept


@pytest.mark.parametrize(
    ("status", "body", "tries", "words"),
    [
        (200, b"<html><head><title>Sign in &amp; go</title><style>x{}</style></head><body><h1>Hotel</h1> <script>var a</script></body></html>", 8, "200 without JSON: Sign in & go Hotel."),
        (403, b"<html><body>Blocked by the firewall<!-- 7 --></body></html>", 4, "403 without JSON: Blocked by the firewall."), (404, b"", 4, "404 without JSON: an empty body."),
        (301, b"<h1>Moved</h1>", 4, "301 without JSON: Moved."), (400, b"Bad Request", 4, "400 without JSON: Bad Request."), (200, b'["no", {"my_secret": "x"}]', 8, '200 without a JSON object: no access_token in ["no", {"my_secret": "***"}].'),
        (503, b'{"reason": "Maintenance", "error": "busy"}', 8, "503: Maintenance (busy)."), (429, b'{"message": "Too many requests"}', 8, "429: Too many requests."),
        (200, b'{"access_token": "SECRET-cut', 8, '200 without JSON: {"access_token": "***.'),
    ],
    ids=repr,
)  # fmt: skip
def test_unusable_answers_are_quoted_without_secrets(
    status: int, body: bytes, tries: int, words: str, zoom: Zoom
) -> None:
    """HTML is reduced to its text, and possible tokens are removed. Answers that are unlikely to be temporary are given
    up sooner."""
    zoom.says(*[body] * 9, status=status)
    with pytest.raises(HostUnreachable) as caught:
        zoom.login().token()
    assert f"after {tries} tries. It answered {words} Check auth_url" in str(caught.value)
    assert len(zoom.sent) == tries


def test_temporary_failures_are_retried(zoom: Zoom) -> None:
    """Server errors, a rate limit and answers that aren't a JSON object, with the delays of the retry policy."""
    zoom.says(b"", status=500)
    zoom.says({"message": "limit"}, status=429)
    zoom.says(b"<html>")
    zoom.says(b"[]")
    zoom.says(TOKEN)
    assert zoom.login().token().value == "SECRET-access"
    assert zoom.clock.slept == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [429, 503])
def test_the_token_endpoint_may_name_a_wait(zoom: Zoom, status: int) -> None:
    """No request is sent before."""
    zoom.answers = [Answer(status, {"Retry-After": "45"}, b"{}")]
    zoom.says(TOKEN)
    assert zoom.login().token().value == "SECRET-access"
    [slept] = zoom.clock.slept
    assert slept >= 45


@pytest.mark.parametrize(
    ("answers", "tries", "why"),
    [([NoAnswer("No answer (x)")] * 9, 5, "No answer (x)"), ([Answer(502, {}, b"")] * 9, 8, "It answered 502: an empty body"), ([Answer(500, {}, b"")] * 9, 8, "It answered 500: an empty body"),
     ([Answer(200, {}, b"{")] * 9, 8, "It answered 200 without JSON: {"),
     ([Answer(500, {}, b""), *[NoAnswer("No answer (x)")] * 9], 8, "No answer (x)")],
    ids=["never answered", "answers with faults", "answers with one fault", "answers no JSON", "answered once"],
)  # fmt: skip
def test_a_host_without_usable_answers_is_given_up(zoom: Zoom, answers: list[Any], tries: int, why: str) -> None:
    """After five tries if it has never answered, else after eight."""
    zoom.answers = list(answers)
    with pytest.raises(HostUnreachable) as caught:
        zoom.login().token()
    assert str(caught.value).startswith(
        f"Login failed: no usable answer from {URL} after {tries} tries. {why}. Check auth_url"
    )
    assert len(zoom.sent) == tries and len(zoom.clock.slept) == tries - 1


def test_the_login_is_given_up_after_ten_minutes(zoom: Zoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if there were only a few tries in that time."""
    zoom.answers = [Answer(502, {}, b"")] * 9
    monkeypatch.setattr(zoom.clock, "sleep", lambda seconds: setattr(zoom.clock, "now", zoom.clock.now + 400))
    with pytest.raises(HostUnreachable, match="after 3 tries"):
        zoom.login().token()


# --- a refresh token --------------------------------------------------------------------------------------------


def refreshing(zoom: Zoom, path: Path) -> Login:
    path.write_text(json.dumps({"refresh_token": "SECRET-1"}), "utf-8")
    return zoom.login(account_id=None, refresh_token="SECRET-1", refresh_token_file=path)


def kept(path: Path) -> str:
    token: str = json.loads(path.read_text("utf-8"))["refresh_token"]
    return token


def test_the_next_refresh_token_is_stored_and_used(zoom: Zoom, tmp_path: Path) -> None:
    """All refresh and access tokens are registered as secrets."""
    path = tmp_path / "config.json"
    login = refreshing(zoom, path)
    zoom.says({**TOKEN, "refresh_token": "SECRET-2"}, {**TOKEN, "refresh_token": "SECRET-3"})
    first = login.token()
    assert kept(path) == "SECRET-2"
    login.refuse(first, TokenRefused("x"), False, lambda _: False)
    login.token()
    assert kept(path) == "SECRET-3"
    assert zoom.forms() == [
        {"grant_type": ["refresh_token"], "refresh_token": [f"SECRET-{number}"]} for number in (1, 2)
    ]
    assert set(zoom.secrets) == {"SECRET-1", "SECRET-2", "SECRET-3", "SECRET-access"}


@pytest.mark.parametrize(
    "following",
    [{}, {"refresh_token": ""}, {"refresh_token": 7}, {"refresh_token": None}, {"refresh_token": "SECRET-1"}],
    ids=repr,
)
def test_the_old_refresh_token_stays_without_a_new_one(following: dict[str, Any], zoom: Zoom, tmp_path: Path) -> None:
    """The answer has none, an invalid one or the same one. The file isn't written."""
    path = tmp_path / "config.json"
    login = refreshing(zoom, path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    zoom.says({**TOKEN, **following})
    assert login.token().value == "SECRET-access"
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_a_used_refresh_token_has_its_own_advice(zoom: Zoom, tmp_path: Path) -> None:
    """The advice is to set a new refresh token, and for other refusals to check the app. The file isn't changed."""
    path = tmp_path / "config.json"
    for error, advice in (
        ("invalid_grant", "authorize the app again and set the new refresh_token\\.$"),
        ("invalid_scope", "Check the app on https://marketplace.zoom.us"),
    ):
        zoom.says({"error": error, "reason": "Invalid Token!"}, status=400)
        with pytest.raises(LoginRefused, match=f"Invalid Token! .{error}.. .*{advice}"):
            refreshing(zoom, path).token()
        assert kept(path) == "SECRET-1"


def test_a_refresh_token_that_can_not_be_written_is_an_error(
    zoom: Zoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one is used up, so the run ends before it uses the new access token."""
    login = refreshing(zoom, tmp_path / "config.json")

    def full(file: Any, content: bytes, size: int) -> None:
        if b"SECRET-2" in content:
            raise OSError(28, "No space left on device")
        write(file, content, size)

    write = token_store._write
    monkeypatch.setattr(token_store, "_write", full)
    zoom.says({**TOKEN, "refresh_token": "SECRET-2"})
    with pytest.raises(
        LoginRefused,
        match=r"can't be written .No space left on device., and the old one is used up. Free disk space or make the file writable. If .* authorize the app again\.$",
    ):
        login.token()
    assert "SECRET-2" in zoom.secrets
