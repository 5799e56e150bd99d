"""Access tokens that end during a run: one new token for all, and the pace is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_zoom.errors import LoginRefused
from tap_zoom.zoom import auth
from tap_zoom.zoom.auth import TIME_TO_BE_KNOWN, Login, Token
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, assert_exact, expected, run_tap


def busy(*faults: Fault, **how: Any) -> SimulatedZoom:
    """A run comes close to its limits, with a dozen requests in flight, and a login takes its time."""
    limits = dict.fromkeys(("Light", "Medium", "Heavy"), 50)
    slow = Fault("late", "/oauth/token", times=None, seconds=0.6)
    return SimulatedZoom(account(), per_second=limits, latency=0.3, faults=[slow, *faults], **how)


def exact(zoom: SimulatedZoom) -> None:
    """The run is whole, and breaks no limit."""
    run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    assert_exact(expected(), run.records)
    assert not +zoom.throttled


def test_a_revoked_token_is_renewed_once_and_the_pace_is_kept() -> None:
    """All that was under way comes again, each in its turn."""
    with busy(Fault("tokens_end", "/participants", after=20), one_token=True) as zoom:
        exact(zoom)
        assert sum(asked.status == 401 for asked in zoom.requests) > 5
        assert len(zoom.oauth.grants) == 2


def test_while_a_token_is_renewed_nothing_piles_up() -> None:
    """Tokens that end on time: what waits for the next one does not leave all at once."""
    with busy(token_lifetime=2) as zoom:
        exact(zoom)
        assert len(zoom.oauth.grants) > 2


def test_a_run_that_is_stopped_keeps_the_refresh_token_that_is_on_its_way(tmp_path: Path) -> None:
    """Zoom denies the account while the token is being replaced: the next one is in the store before the run ends."""
    store = tmp_path / "token.json"
    denied = Fault.answer(403, {"message": "Forbidden"}, match="/history_meetings", times=None, seconds=1.0)
    revoked = Fault("tokens_end", "%40")  # a pending user, looked up
    replaced = Fault("late", "/oauth/token", after=1, seconds=1.6)
    with SimulatedZoom(account(), faults=[denied, revoked, replaced]) as zoom:
        run = run_tap({**zoom.config("refresh_token"), "token_store": str(store)}, zoom=zoom)
        assert zoom.oauth.grants == ["refresh_token"] * 2
        assert zoom.refresh_token in store.read_text("utf-8")
    assert run.exit_status == 1
    assert "403" in run.critical


# --- who asks for a token, and when ---------------------------------------------------------------------------


class Clock:
    """The monotonic clock, moved by hand."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(auth, "time", made)
    return made


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
