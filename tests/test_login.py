"""Access tokens: how they are asked for, what is read of the answer, and what a refusal says."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tap_zoom import auth
from tap_zoom.auth import TIME_TO_BE_KNOWN, Login, Token, login
from tap_zoom.config import Config
from tap_zoom.errors import HostSilent, LoginRefused, NoAnswer, NoThread, Stopped
from tap_zoom.http import Answer
from tap_zoom.interrupts import Interrupts
from tap_zoom.retry import TRIES, TRIES_AT_FIRST

URL = "https://zoom.example/oauth/token"
GOOD = b'{"access_token":"good"}'


class Clock:
    """The monotonic clock: it goes on only where somebody waits."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(auth, "time", made)
    return made


class Endpoint:
    """Gives one answer after the other (an exception is raised), the last one for ever; keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer | Exception) -> None:
        self.asked: list[requests.PreparedRequest] = []
        self._answers: Iterator[Answer | Exception] = iter(answers)
        self._last = answers[-1]
        monkeypatch.setattr(auth, "exchange", self.exchange)

    def exchange(self, adapter: object, prepared: requests.PreparedRequest, settings: object) -> Answer:
        self.asked.append(prepared)
        answer = next(self._answers, self._last)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: bytes = GOOD, status: int = 200) -> Answer:
    return Answer(status, {}, body)


def server_to_server(**settings: Any) -> Config:
    return Config(account_id="the account", client_id="id", client_secret="secret", auth_url=URL, **settings)


def token_of(body: bytes, monkeypatch: pytest.MonkeyPatch) -> Token:
    Endpoint(monkeypatch, ok(body))
    return login(server_to_server(), lambda _: None).token()


def refusal(answer: Answer, monkeypatch: pytest.MonkeyPatch, config: Config | None = None) -> str:
    endpoint = Endpoint(monkeypatch, answer)
    with pytest.raises(LoginRefused) as raised:
        login(config or server_to_server(), lambda _: None).token()
    assert len(endpoint.asked) == 1
    return str(raised.value)


# --- asking ---------------------------------------------------------------------------------------------------


def test_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """POST of a form, the client's id and secret as Basic authentication; only when a token is needed."""
    endpoint = Endpoint(monkeypatch, ok())
    secrets: list[str] = []
    log_in = login(server_to_server(user_agent="me/1"), secrets.append)
    assert endpoint.asked == []
    assert log_in.token().value == "good"
    [sent] = endpoint.asked
    assert (sent.method, sent.url) == ("POST", URL)
    assert sent.body == "grant_type=account_credentials&account_id=the+account"
    assert sent.headers["Authorization"] == f"Basic {b64encode(b'id:secret').decode()}"
    assert sent.headers["User-Agent"] == "me/1"
    assert secrets == ["good"]


def test_a_json_web_token_is_sent_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked, it has no scopes to look at, and it never ends."""
    endpoint = Endpoint(monkeypatch, ok())
    token = login(Config(jwt="a.b.c"), lambda _: None).token()
    assert token == Token("a.b.c", float("inf"), None, None)
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "passing", [NoAnswer("reset"), ok(b"", 500), ok(GOOD, 503), ok(b"{}", 429), ok(b"<html>"), ok(b"[]"), ok(b"", 200), ok(b"x", 403)],
    ids=str,
)  # fmt: skip
def test_what_can_pass_is_asked_again(passing: Answer | Exception, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """No answer, a busy server, somebody else's page: with time between."""
    endpoint = Endpoint(monkeypatch, passing, passing, ok())
    assert login(server_to_server(), lambda _: None).token().value == "good"
    assert len(endpoint.asked) == 3
    assert Clock.now < clock.now < Clock.now + 2


@pytest.mark.parametrize(("answer", "tries"), [(NoAnswer("reset"), TRIES_AT_FIRST), (ok(b"", 500), TRIES)], ids=["silent", "500"])
def test_a_host_that_gives_no_usable_answer(answer: Answer | Exception, tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its tries the line names the URL, the reason and what to check; one that never answered is tried less."""
    endpoint = Endpoint(monkeypatch, answer)
    with pytest.raises(HostSilent) as raised:
        login(server_to_server(), lambda _: None).token()
    assert len(endpoint.asked) == tries
    for words in (URL, f"after {tries} tries", "reset" if isinstance(answer, Exception) else "It answered 500", "auth_url"):
        assert words in str(raised.value)


def test_a_host_that_has_answered_is_tried_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is no wrong URL."""
    endpoint = Endpoint(monkeypatch, ok(b"", 500), NoAnswer("reset"))
    with pytest.raises(HostSilent):
        login(server_to_server(), lambda _: None).token()
    assert len(endpoint.asked) == TRIES


def test_a_login_is_not_tried_for_more_than_ten_minutes(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """However long each try takes."""
    endpoint = Endpoint(monkeypatch, ok(b"", 500))
    exchange = endpoint.exchange

    def slow(*what: Any) -> Answer:
        clock.now += 250
        return exchange(*what)

    monkeypatch.setattr(auth, "exchange", slow)
    with pytest.raises(HostSilent, match="after 3 tries"):
        login(server_to_server(), lambda _: None).token()


# --- what is read of an answer --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "lives"),
    [(b"3600", 3540.0), (b"61", 30.5), (b"120", 60.0), (b"121", 61.0), (b"1", 0.5), (b"3599.5", 3539.5), (b"0", 3540.0),
     (b"-5", 3540.0), (b'"x"', 3540.0), (b"null", 3540.0)],
)  # fmt: skip
def test_how_long_a_token_is_used(named: bytes, lives: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute less than it lives, but at least half of that; an hour where the answer does not say."""
    token = token_of(b'{"access_token":"good","expires_in":%s}' % named, monkeypatch)
    assert token.expires_at == Clock.now + lives


@pytest.mark.parametrize(
    ("named", "scopes"),
    [(b'"a:b c:d"', {"a:b", "c:d"}), (b'" a,b , c\\nd "', {"a", "b", "c", "d"}), (b'["a","b c"]', {"a", "b", "c"}), (b'"a"', {"a"}),
     (b'""', None), (b'" "', None), (b"null", None), (b"[]", None), (b"7", None), (b"{}", None)],
)  # fmt: skip
def test_the_scopes_of_a_token(named: bytes, scopes: set[str] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text with spaces or commas, or a list; None where the answer names none."""
    assert token_of(b'{"access_token":"good","scope":%s}' % named, monkeypatch).scopes == scopes


@pytest.mark.parametrize(("named", "url"), [(b'"https://x"', "https://x"), (b'""', None), (b"null", None), (b"5", None)])
def test_the_api_url_of_a_token(named: bytes, url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """None where the answer names none."""
    assert token_of(b'{"access_token":"good","api_url":%s}' % named, monkeypatch).api_url == url


@pytest.mark.parametrize("token", ["", "\u00e9", "a\nb", "a\x7f", None, 5, ["a"]], ids=repr)
def test_a_token_that_no_header_can_carry_is_none(token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The login is refused; a token of printable ASCII is taken."""
    assert "no access_token" in refusal(ok(json.dumps({"access_token": token}).encode()), monkeypatch)
    assert token_of(b'{"access_token":"a b~!"}', monkeypatch).value == "a b~!"


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404])
def test_a_token_under_another_status_is_none(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the body says."""
    assert f"{status} no access_token" in refusal(ok(GOOD, status), monkeypatch)


# --- refusals -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"reason":"Bad things","error":"bad"}', "Bad things (bad)"), (b'{"error":"bad"}', "bad"), (b'{"message":"m"}', "m"),
        (b'{"message":"m","error":"m"}', "m"), (b'{"reason":"r","message":"m"}', "r"), (b"{}", "no access_token"),
        (b'{"reason":" two \\n lines "}', "two lines"),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_zooms_words(body: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL, the status, the reason and the error's name, once."""
    assert refusal(ok(body, 400), monkeypatch).startswith(f"Login refused by {URL}: 400 {words}. Check account_id")


@pytest.mark.parametrize(
    ("error", "login_with", "advice"),
    [
        ("invalid_client", "account", "Check client_id and client_secret"), ("invalid_client", "refresh", "Check client_id and client_secret"),
        ("invalid_grant", "refresh", "authorise the app again and set the new refresh_token"), ("invalid_grant", "account", "Check account_id"),
        ("invalid_request", "account", "Check account_id"), ("invalid_request", "refresh", "Check the app on https://marketplace.zoom.us"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(error: str, login_with: str, advice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Depending on the error's name and on the way to log in."""
    config = server_to_server()
    if login_with == "refresh":
        config = Config(client_id="id", client_secret="s", refresh_token="r", auth_url=URL, token_store=tmp_path / "store.json")
    assert advice in refusal(ok(b'{"error":"%s"}' % error.encode(), 400), monkeypatch, config)


# --- who asks for a token, and when ---------------------------------------------------------------------------


def tokens(*lives: float) -> tuple[Login, list[Token]]:
    """A login, and what it gave out: tokens that end so many seconds after the clock's start, then everlasting ones."""
    given: list[Token] = []

    def ask() -> Token:
        given.append(Token(f"token {len(given)}", Clock.now + lives[len(given)] if len(given) < len(lives) else float("inf")))
        return given[-1]

    return Login(ask), given


def test_a_token_is_used_until_it_ends(clock: Clock) -> None:
    """And the next one is asked for only then."""
    login, given = tokens(60.0)
    assert login.token() is login.token() is given[0]
    clock.now += 60.0
    assert login.token() is given[0]
    clock.now += 0.1
    assert login.token() is login.token() is given[1]


def test_a_refused_token_is_replaced_when_one_is_needed(clock: Clock) -> None:
    """Once, however many requests had left with it."""
    login, given = tokens()
    refused = login.token()
    login.refuse(refused)
    assert len(given) == 1
    assert login.token() is given[1]
    login.refuse(refused)
    login.refuse(refused)
    assert login.token() is given[1]
    assert len(given) == 2


def test_a_new_token_has_time_to_be_known_to_all_of_zoom(clock: Clock) -> None:
    """Refused before that it stays, refused later it is replaced; the first of a run is not given that time."""
    login, given = tokens()
    login.refuse(login.token())
    new = login.token()
    clock.now += TIME_TO_BE_KNOWN
    login.refuse(new)
    assert login.token() is new
    clock.now += 0.1
    login.refuse(new)
    assert login.token() is given[2]


def test_a_token_that_took_the_place_of_one_that_had_ended_has_that_time_as_well(clock: Clock) -> None:
    """It is as new."""
    login, given = tokens(60.0)
    login.token()
    clock.now += 61.0
    login.refuse(login.token())
    assert login.token() is given[1]


def test_a_login_that_failed_is_not_tried_again() -> None:
    """A refresh token may be spent: everybody hears what the first was told."""
    asked = []

    def ask() -> Token:
        asked.append(1)
        raise LoginRefused("no")

    login = Login(ask)
    for _ in range(3):
        with pytest.raises(LoginRefused, match="no"):
            login.token()
    assert len(asked) == 1


def test_a_token_is_asked_for_once_however_many_want_one(clock: Clock) -> None:
    """All of them wait for it, and get it."""
    asked, go = [], threading.Event()

    def ask() -> Token:
        asked.append(1)
        go.wait(20)
        return Token("the one")

    log_in, got = Login(ask), []
    threads = [threading.Thread(target=lambda: got.append(log_in.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(20)
    assert len(got) == 8 and len(asked) == 1
    assert all(token is got[0] for token in got)


@pytest.mark.parametrize("error", [LoginRefused("no"), ValueError("a bug")], ids=str)
def test_the_first_token_brings_its_error_along(error: Exception) -> None:
    """From the thread in which it was asked for."""

    def ask() -> Token:
        raise error

    with pytest.raises(type(error), match=str(error)):
        Login(ask).first_token(Interrupts())
    assert Login(lambda: Token("t")).first_token(Interrupts()) == Token("t")


def test_a_signal_does_not_wait_for_the_first_token() -> None:
    """But settle does, for as long as it is told; afterwards no other one is asked for."""
    asked, begun, go = [], threading.Event(), threading.Event()

    def ask() -> Token:
        begun.set()
        go.wait(20)
        asked.append(1)
        return Token("t", expires_at=0.0)

    interrupts, log_in = Interrupts(), Login(ask)
    interrupts._handle(15, None)
    with pytest.raises(Stopped):
        log_in.first_token(interrupts)
    begun.wait(20)
    log_in.settle(0.001)
    assert asked == []
    go.set()
    log_in.settle(20)
    assert asked == [1]
    late = threading.Thread(target=log_in.token, daemon=True)
    late.start()
    late.join(0.01)
    assert late.is_alive() and asked == [1]


def test_without_a_thread_there_is_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's words, and which limit to raise."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(NoThread, match=r"can't start new thread.*ulimit -u"):
        Login(lambda: Token("t")).first_token(Interrupts())


def test_a_token_does_not_show() -> None:
    """In whatever message it might get into."""
    assert "secret-value" not in repr(Token("secret-value"))
