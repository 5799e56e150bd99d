"""Random accounts over many nights, each a story that follows from its seed: see random_accounts.py."""

from __future__ import annotations

import pytest

from tests.random_accounts import play


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_missing_without_a_name(seed: int) -> None:
    """Over five nights of kills, limits, faults and merged states, and in the end."""
    play(seed, nights=5)


@pytest.mark.nights
@pytest.mark.parametrize("seed", range(100, 160))
def test_nothing_is_missing_after_many_nights(seed: int) -> None:
    """The same over up to thirty nights."""
    play(seed)
