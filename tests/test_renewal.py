"""Access tokens that end during a run: one new token for all threads, within the rate limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, assert_exact, expected, run_tap


def busy(*faults: Fault, **how: Any) -> SimulatedZoom:
    """A Zoom with which a run comes close to its rate limits, with a dozen requests in flight and a slow login."""
    limits = dict.fromkeys(("Light", "Medium", "Heavy"), 50)
    slow = Fault("late", "/oauth/token", times=None, seconds=0.6)
    return SimulatedZoom(account(1, "tiny"), per_second=limits, latency=0.3, faults=[slow, *faults], **how)


def exact(zoom: SimulatedZoom) -> None:
    """Check that the run is complete and exceeds no rate limit."""
    run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 0
    assert_exact(expected(1, "tiny"), run.records)
    assert not +zoom.throttled


def test_a_revoked_token_is_renewed_once_within_the_rate_limits() -> None:
    """All requests that were in flight are sent again, at the pace of their rate limit."""
    with busy(Fault("tokens_end", "/participants", after=20), one_token=True) as zoom:
        exact(zoom)
        assert sum(asked.status == 401 for asked in zoom.requests) > 5
        assert len(zoom.oauth.grants) == 2


@pytest.mark.long
def test_requests_do_not_pile_up_while_a_token_is_renewed() -> None:
    """Tokens expire during the run. Requests that wait for the next token aren't sent all at once."""
    with busy(token_lifetime=2) as zoom:
        exact(zoom)
        assert len(zoom.oauth.grants) > 2


def test_a_run_that_fails_stores_the_next_refresh_token(tmp_path: Path) -> None:
    """Zoom denies the account while the token is exchanged. The next refresh token is in the store before the run
    ends."""
    store = tmp_path / "token.json"
    denied = Fault.answer(403, {"message": "Forbidden"}, match="/history_meetings", times=None, seconds=1.0)
    revoked = Fault("tokens_end", "status=inactive")
    replaced = Fault("late", "/oauth/token", after=1, seconds=1.6)
    with SimulatedZoom(account(), faults=[denied, revoked, replaced]) as zoom:
        run = run_tap({**zoom.config("refresh_token"), "token_store": str(store)}, zoom=zoom)
        assert zoom.oauth.grants == ["refresh_token"] * 2
        assert zoom.refresh_token in store.read_text("utf-8")
    assert run.exit_status == 1
    assert "403" in run.critical
