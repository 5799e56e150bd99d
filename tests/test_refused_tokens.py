"""Access tokens that Zoom refuses: ended by another program, not accepted yet, never accepted, or refused by one
path."""

from __future__ import annotations

from typing import Any

import pytest

from tap_zoom.api import auth
from tap_zoom.api.auth import LONGEST_PAUSE, MAX_QUICK_TOKENS, MAX_REFUSED_TOKENS, PROPAGATION_TIME, Login, Token
from tap_zoom.errors import LoginRefused, TokenRefused
from tests.simulator import Fault, SimulatedZoom
from tests.simulator.server import Asked
from tests.tap import Run, account, assert_exact, expected, run_tap
from tests.test_refusals import PARTICIPANTS, crowded, lost_only

REFUSED = {"code": 124, "message": "Invalid access token."}
QUICK = """
from tap_zoom.api import auth
auth.PROPAGATION_TIME, auth.FIRST_PAUSE, auth.LONGEST_PAUSE = {known}, 0.01, 0.05
"""


def quick(zoom: SimulatedZoom, login: str = "server_to_server", known: float = 0.5, **how: Any) -> Run:
    """A run in which Zoom needs up to `known` seconds to accept a new token, with short pauses."""
    return run_tap(zoom.config(login), zoom=zoom, patch=QUICK.format(known=known), **how)


def test_a_run_completes_although_another_program_ends_its_tokens() -> None:
    """Each token lasts for a dozen requests. All records are emitted, and one WARNING explains the delay."""
    with SimulatedZoom(account(), one_token=True) as zoom:
        answered = 0

        def another_program(asked: Asked) -> None:
            nonlocal answered
            answered += asked.status == 200 and asked.path.startswith("/v2/")
            if answered == 12:
                answered = 0
                zoom.oauth.issue()

        zoom.watchers.append(another_program)
        run = quick(zoom)
        assert len(zoom.oauth.grants) > 5
    assert run.exit_status == 0
    assert_exact(expected(), run.records)
    assert sum("Another program" in line for line in run.logged("WARNING")) == 1


def test_the_run_waits_until_zoom_accepts_a_new_token() -> None:
    """The second token is refused several times, then accepted. No third token is requested, and all records are
    emitted."""
    fault = Fault("401_124", "/v2/", times=15)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = quick(zoom, known=60.0)
        assert len(zoom.oauth.grants) == 2
    assert fault.happened == 15
    assert run.exit_status == 0
    assert_exact(expected(), run.records)
    assert sum("doesn't accept a new access token yet" in line for line in run.logged("WARNING")) == 1


@pytest.mark.parametrize("status", [401, 400])
@pytest.mark.few(1)
def test_several_refused_tokens_in_a_row_end_the_run(status: int) -> None:
    """The run requests MAX_REFUSED_TOKENS tokens. The CRITICAL line has Zoom's message."""
    fault = Fault.answer(status, REFUSED, match="/v2/", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = quick(zoom)
        assert len(zoom.oauth.grants) == MAX_REFUSED_TOKENS
    assert run.exit_status == 1
    assert "Login refused" in run.critical and f"{status} code 124: Invalid access token" in run.critical


def test_tokens_that_are_no_longer_accepted_end_the_run_with_a_state() -> None:
    """If this happens during a run, the next run resumes from its STATE."""
    with SimulatedZoom(account(), faults=[Fault("401_124", "/v2/", after=40, times=None)]) as zoom:
        run = quick(zoom)
        assert run.exit_status == 1
        assert "Login refused" in run.critical
        assert run.messages[-1]["type"] == "STATE"
        zoom.faults.clear()
        assert quick(zoom, state=run.states[-1]).exit_status == 0


@pytest.mark.parametrize("body", [REFUSED, {"message": "Unauthorized"}], ids=["with a code", "without a code"])
@pytest.mark.parametrize("login", ["server_to_server", pytest.param("jwt", marks=pytest.mark.long)])
def test_a_path_that_refuses_valid_tokens_is_lost(login: str, body: dict[str, Any]) -> None:
    """An ERROR line names that item, and everything else is emitted."""
    path, rows = crowded()
    with SimulatedZoom(account(), faults=[Fault.answer(401, body, match=path, times=None)]) as zoom:
        run = quick(zoom, login)
    assert run.exit_status == 1
    assert lost_only(run, "report_meeting_participants") == rows
    [error] = run.logged("ERROR")
    assert f"{path} answered 401" in error and "accepts the token elsewhere" in error


@pytest.mark.long
def test_a_stream_that_refuses_valid_tokens_loses_its_items() -> None:
    """The other streams are complete, although many paths are refused at once."""
    with SimulatedZoom(account(), faults=[Fault.answer(401, REFUSED, match=PARTICIPANTS, times=None)]) as zoom:
        run = quick(zoom)
    meetings = {row["meeting_uuid"] for row in expected()["report_meeting_participants"]}
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) >= len(meetings) > 1
    assert lost_only(run, "report_meeting_participants") > 0


def test_a_refused_json_web_token_ends_the_run_soon() -> None:
    """No other token can be requested. The test would time out if the run waited as for a new token."""
    with SimulatedZoom(account(), faults=[Fault("401_124", "/v2/", times=None)]) as zoom:
        run = quick(zoom, "jwt", known=1e6)
        assert len(zoom.requests) < 10 + 2 * 64
    assert run.exit_status == 1
    assert "Login refused" in run.critical


# --- the login alone ------------------------------------------------------------------------------------------


class Zoom:
    """A clock that the test moves, any number of tokens, and whether Zoom accepts a token."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.given: list[Token] = []
        self.asked: list[float] = []  # when a token was tried
        self.known_from = float("-inf")
        self.login = Login(self.ask)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def ask(self) -> Token:
        self.given.append(Token(f"token {len(self.given)}"))
        return self.given[-1]

    def accepts(self, token: Token) -> bool:
        self.asked.append(self.now)
        return self.now >= self.known_from

    def refuse(self, token: Token, again: bool = False) -> float | None:
        return self.login.refuse(token, TokenRefused("the words of Zoom"), again, self.accepts)

    def second(self) -> Token:
        """Return the second token of a run, which is new."""
        self.refuse(self.login.token())
        return self.login.token()


@pytest.fixture
def zoom(monkeypatch: pytest.MonkeyPatch) -> Zoom:
    made = Zoom()
    monkeypatch.setattr(auth, "time", made)
    return made


def test_a_refused_token_is_replaced_once(zoom: Zoom) -> None:
    """Any number of requests may have been sent with it. It isn't tried on another path first."""
    refused = zoom.login.token()
    assert zoom.refuse(refused) is None
    assert len(zoom.given) == 1
    assert zoom.login.token() is zoom.given[1]
    assert zoom.refuse(refused) is None and zoom.refuse(refused, again=True) is None
    assert zoom.login.token() is zoom.given[1]
    assert zoom.asked == []


def test_a_new_token_that_is_accepted_elsewhere_is_kept(zoom: Zoom) -> None:
    """The path is retried until PROPAGATION_TIME has passed. After that, the path itself is the cause."""
    token = zoom.second()
    known_at = zoom.now + PROPAGATION_TIME
    for left, wait in ((20.0, LONGEST_PAUSE), (1.5, 1.5), (0.0, 0.0)):
        zoom.now = known_at - left
        assert zoom.refuse(token) == wait
        assert zoom.refuse(token, again=True) == wait
    assert zoom.login.token() is token


def test_an_old_token_is_kept_for_a_path_that_was_tried_before(zoom: Zoom) -> None:
    """A path that is refused for the first time gets a new token."""
    token = zoom.second()
    zoom.now += PROPAGATION_TIME + 1.0
    assert zoom.refuse(token, again=True) == 0.0
    assert zoom.login.token() is token
    assert zoom.refuse(token) is None
    assert zoom.login.token() is zoom.given[2]


def test_a_token_that_was_just_accepted_is_not_tried_elsewhere(zoom: Zoom) -> None:
    """The accepted request must have been sent after the refusal. An earlier one doesn't show that Zoom still accepts
    it."""
    token = zoom.second()
    zoom.login.accept(token, zoom.now)
    zoom.refuse(token)
    assert zoom.asked == []
    zoom.login.accept(token, zoom.now - 0.1)
    zoom.refuse(token)
    assert len(zoom.asked) == 1
    zoom.refuse(token)  # accepted by the last try
    assert len(zoom.asked) == 1


def test_a_new_token_is_tried_until_zoom_accepts_it(zoom: Zoom) -> None:
    """The pauses double up to LONGEST_PAUSE."""
    token = zoom.second()
    start, zoom.known_from = zoom.now, zoom.now + 20.0
    assert zoom.refuse(token) == LONGEST_PAUSE
    assert [when - start for when in zoom.asked] == [0.0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5]
    assert zoom.login.token() is token


def test_a_new_token_is_replaced_after_its_propagation_time(zoom: Zoom) -> None:
    """It is tried once more after PROPAGATION_TIME. If Zoom accepts it then, it is kept."""
    token = zoom.second()
    start, zoom.known_from = zoom.now, zoom.now + PROPAGATION_TIME
    assert zoom.refuse(token) == 0.0
    assert zoom.asked[-1] > start + PROPAGATION_TIME
    assert zoom.login.token() is token
    zoom.known_from = float("inf")
    token = zoom.second()
    assert zoom.refuse(token) is None
    assert zoom.login.token() is not token


def test_a_new_token_that_was_ended_is_replaced_soon(zoom: Zoom) -> None:
    """Zoom accepted it before, so another program ended it: it is replaced after a second try. The next
    MAX_QUICK_TOKENS tokens may be ended before their first use, so they are replaced as quickly."""
    token = zoom.second()
    zoom.known_from = float("inf")
    for _ in range(4):
        zoom.now += 3.0
        zoom.login.accept(token, zoom.now - 0.1)
        start, before = zoom.now, len(zoom.asked)
        assert zoom.refuse(token) is None
        assert [when - start for when in zoom.asked[before:]] == [0.0, 0.5]
        token = zoom.login.token()
    assert len(zoom.given) == 6
    for _ in range(MAX_QUICK_TOKENS):
        start = zoom.now
        assert zoom.refuse(zoom.login.token()) is None
        assert zoom.now - start == 0.5
    zoom.refuse(zoom.login.token())
    assert zoom.now - start > PROPAGATION_TIME


def test_a_token_that_zoom_accepts_only_sometimes_gets_its_full_time(zoom: Zoom) -> None:
    """Only parts of Zoom accept it yet: an ended token would never be accepted again. The next tokens get their full
    time as well."""
    token = zoom.second()
    for seconds in (0.4, 8.0, 8.0):
        zoom.login.accept(token, zoom.now - 0.1)
        zoom.known_from = zoom.now + seconds
        assert zoom.refuse(token) is not None
        assert zoom.login.token() is token
    zoom.now += PROPAGATION_TIME
    zoom.refuse(token)
    token = zoom.login.token()
    zoom.login.accept(token, zoom.now - 0.1)
    zoom.known_from = float("inf")
    start = zoom.now
    assert zoom.refuse(token) is None
    assert zoom.now - start == pytest.approx(PROPAGATION_TIME, abs=1.0)


def test_the_login_is_refused_after_several_refused_tokens(zoom: Zoom) -> None:
    """All threads get the error, with Zoom's message. No more tokens are requested."""
    zoom.known_from = float("inf")
    start = zoom.now
    for _ in range(MAX_REFUSED_TOKENS - 1):
        assert zoom.refuse(zoom.login.token()) is None
    last = zoom.login.token()
    with pytest.raises(
        LoginRefused, match=r"doesn't accept the access token .the words of Zoom., nor the 2 before it\. .* last STATE"
    ):
        zoom.refuse(last)
    with pytest.raises(LoginRefused):
        zoom.login.token()
    assert len(zoom.given) == MAX_REFUSED_TOKENS
    assert zoom.now - start == pytest.approx((MAX_REFUSED_TOKENS - 1) * PROPAGATION_TIME, abs=1.0)


def test_an_accepted_request_resets_the_count_of_refused_tokens(zoom: Zoom) -> None:
    """It may have been sent with a token that has been replaced since."""
    zoom.known_from = float("inf")
    for number in range(10):
        token = zoom.login.token()
        zoom.refuse(token)
        if number % 2:
            zoom.login.accept(token, zoom.now)
    assert len(zoom.given) == 10


def test_a_token_that_is_issued_again_is_not_new(zoom: Zoom) -> None:
    """Some hosts issue the same token until it expires. It gets no PROPAGATION_TIME."""
    zoom.login = Login(lambda: Token("the same"))
    zoom.known_from = float("inf")
    start = zoom.now
    for _ in range(MAX_REFUSED_TOKENS - 1):
        zoom.refuse(zoom.login.token())
    with pytest.raises(LoginRefused):
        zoom.refuse(zoom.login.token(), again=True)
    assert zoom.now == start


def test_the_repr_of_a_token_hides_its_value(zoom: Zoom) -> None:
    """Logs and tracebacks can't show it."""
    assert "token 0" not in repr(zoom.login.token())
