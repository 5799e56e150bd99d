"""What the tap writes is what it wrote when tests/golden.json was made, byte for byte."""

from __future__ import annotations

import pytest

from tests.golden import LOGINS, MOMENTS, WAYS, case, digests, golden_run, known


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("seed", MOMENTS)
def test_the_lines_are_as_they_were(seed: int, login: str, way: str) -> None:
    """Every RECORD line, in order; a failure says whether contents changed or only their order."""
    right = known()[case(seed, way)]
    lines, streams = digests(golden_run(seed, login, way))
    names = sorted(streams.keys() | right["streams"].keys())
    changed = [name for name in names if streams.get(name) != right["streams"].get(name)]
    assert not changed, f"the lines of these streams have changed: {', '.join(changed)} ('make golden' if they should)"
    assert lines == right["lines"][login], "the same lines come in another order ('make golden' if they should)"
