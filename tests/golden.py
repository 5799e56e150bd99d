"""Digests of what the tap writes for accounts that never change, so that a change of structure is seen to change nothing.

    make golden        write tests/golden.json anew; the commit that does says why its digests differ

For each account and way to its occurrences: `lines`, per login, of all RECORD lines in the order in which they come,
and `streams`, of each stream's lines whatever their order. If only the first differ, the order has changed.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulator import Account, SimulatedZoom
from tests.tap import Run, run_tap

FILE = Path(__file__).with_name("golden.json")
# One with all its months alike, one at the end of a short month, one in a leap year, one over the turn of a year.
MOMENTS = {1: "2027-06-17", 2: "2026-08-31", 3: "2028-02-29", 4: "2027-01-03"}
LOGINS = ("server_to_server", "refresh_token", "jwt")
WAYS = {"history": "ok", "fallback": "no_permission"}
SIZE = {"users": 4, "meetings_per_user": 1, "occurrences": 1, "participants": 2, "registrants": 2, "crowd": 25}
PAGE = 20  # rows at most, so that lists have several pages


class Digests(NamedTuple):
    """Of one run: all lines in order; each stream's, sorted."""

    lines: str
    streams: dict[str, str]


def golden_run(seed: int, login: str, way: str, *, latency: float = 0.0, **settings: Any) -> Run:
    """A run over an account that is the same on every day."""
    now = datetime.fromisoformat(f"{MOMENTS[seed]}T12:00:00").replace(tzinfo=timezone.utc)
    account = Account(seed, now=now, **SIZE)  # type: ignore[arg-type]
    with SimulatedZoom(account, history=WAYS[way], page_cap=PAGE, latency=latency) as zoom:
        run = run_tap(zoom.config(login, **settings), zoom=zoom)
        assert run.exit_status == 0, run.stderr[-2000:]
        assert zoom.violations == []
    return run


def digests(run: Run) -> Digests:
    """Of the RECORD lines without the time at which they were read."""
    lines = [
        (message["stream"], re.sub(r',"time_extracted":"[^"]*"', "", line))
        for message, line in zip(run.messages, run.stdout.splitlines(), strict=True)
        if message["type"] == "RECORD"
    ]
    streams: dict[str, set[str]] = {}
    for stream, line in lines:
        streams.setdefault(stream, set()).add(line)
    return Digests(_sha256(line for _, line in lines), {name: _sha256(sorted(streams[name])) for name in sorted(streams)})


def _sha256(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def known() -> dict[str, Any]:
    """What is kept, by the name of the case."""
    return json.loads(FILE.read_text("utf-8"))


def case(seed: int, way: str) -> str:
    return f"account {seed}, {way}"


def write() -> None:
    """Make all runs and keep their digests."""
    made: dict[str, Any] = {}
    for seed in MOMENTS:
        for way in WAYS:
            found = {login: digests(golden_run(seed, login, way)) for login in LOGINS}
            first, *others = found.values()
            assert all(other.streams == first.streams for other in others), "a login changes what is read"
            lines = {login: each.lines for login, each in found.items()}
            made[case(seed, way)] = {"lines": lines, "streams": first.streams}
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tap-zoom-golden-") as directory:
        os.environ["TAP_ZOOM_TEST_FILES"] = directory
        write()
