"""Random accounts over some nights. See random_accounts.py for the events and the rules that are checked."""

from __future__ import annotations

import pytest

from tests.random_accounts import play

SMALL, IN_A_TEST = 2000, 50
LONG = 120


@pytest.mark.few(6)
@pytest.mark.parametrize("first", range(10_000, 10_000 + SMALL, IN_A_TEST))
def test_small_accounts(first: int) -> None:
    """Many accounts of three days, in about three runs each. No bookmark passes a missing record, unless it was kept or
    given up by name. In the end, only records that were given up are missing. The state stays below 4 KB."""
    for seed in range(first, first + IN_A_TEST):
        story = play(seed, nights=2, days=3, recent=seed % 5 > 0)
        assert story.got and story.largest < 4096


@pytest.mark.parametrize("seed", range(6))
def test_larger_accounts(seed: int) -> None:
    """The same with three weeks of data."""
    story = play(seed, nights=5)
    assert story.got and story.largest < 4096


@pytest.mark.nights
@pytest.mark.parametrize("seed", range(1000, 1000 + LONG))
def test_many_nights(seed: int) -> None:
    """The same over up to thirty nights."""
    play(seed)


def test_random_accounts_cover_all_events() -> None:
    """Kills, daily limits, merged states, resumed runs, failures that are given up and complete runs all occur."""
    total = sum((play(seed, nights=12).counts for seed in (5, 6, 7)), start=play(4, nights=12).counts)
    assert all(total[what] for what in ("kills", "limited", "merges", "resumed", "given up", "exit 0")), total
