"""What is shown of a run under way: the part of each branch that is out, and how long the rest may take."""

from __future__ import annotations

from datetime import date

import pytest

from tap_zoom.engine.branch import Branch, Places
from tap_zoom.engine.places import Place
from tap_zoom.engine.progress import Progress
from tap_zoom.engine.windows import Window
from tap_zoom.state import START, Bookmark

WINDOWS = [(day.isoformat(), Place(window=Window(day, day.replace(day=10), day, day))) for day in (date(2026, 5, 1), date(2026, 6, 1))]


def branch(places: Places, name: str = "users", bookmark: Bookmark = START) -> Branch:
    return Branch(name, [lambda _: places], bookmark)


def shown(progress: Progress, *branches: Branch, now: float) -> tuple[dict[str, str], float | None]:
    courses, left = progress.look(branches, now)
    return {name: f"{course.done}/{course.known}" for name, course in courses.items()}, left


def test_what_is_out_is_counted_and_the_rest_takes_as_long() -> None:
    """At the pace since the branch was opened, also where a run goes on in its middle; what is out is shown no more."""
    users, progress = branch([(f"{number:02}", None) for number in range(20)], bookmark=Bookmark(("03",), whole=True)), Progress()
    assert shown(progress, users, now=100.0) == ({"users": "4/20"}, None)
    users.bookmark = Bookmark(("08",))
    assert shown(progress, users, now=108.0) == ({"users": "8/20"}, pytest.approx(24.0))
    users.bookmark = Bookmark(("08",), whole=True)
    assert shown(progress, users, now=110.0) == ({"users": "9/20"}, pytest.approx(22.0))
    users.bookmark = Bookmark(("19",), whole=True)
    assert shown(progress, users, now=130.0) == ({}, 0.0)


def test_inside_a_stretch_of_time_the_moment_counts() -> None:
    """Half of the first of two: a quarter is out."""
    held, progress = branch(WINDOWS, "held"), Progress()
    assert shown(progress, held, now=0.0) == ({"held": "0/2"}, None)
    held.bookmark = Bookmark(("2026-05-01", "2026-05-06T23:59:59Z abc past_meeting"))
    assert shown(progress, held, now=10.0) == ({"held": "0/2"}, pytest.approx(30.0))
    held.bookmark = Bookmark(("2026-05-01", "2027-05-06T23:59:59Z of_a_clock_that_is_wrong past_meeting"))
    assert shown(progress, held, now=10.0) == ({"held": "0/2"}, pytest.approx(10.0))
    held.bookmark = Bookmark(("2026-06-01", "a_user user"))
    assert shown(progress, held, now=10.0) == ({"held": "1/2"}, pytest.approx(10.0))


def test_the_slowest_branch_says_how_long_the_run_takes() -> None:
    """And none does while one has hardly begun, or while lists of the account are under way."""
    progress = Progress()
    lists, fast, slow = branch([], ""), branch([("1", None), ("2", None)], "fast"), branch([(f"{n:03}", None) for n in range(100)], "slow")
    assert shown(progress, lists, fast, slow, now=0.0)[1] is None
    fast.bookmark, slow.bookmark = Bookmark(("1",), whole=True), Bookmark(("000",), whole=True)
    assert shown(progress, lists, fast, slow, now=10.0) == ({"fast": "1/2", "slow": "1/100"}, None)
    slow.bookmark = Bookmark(("009",), whole=True)
    assert shown(progress, lists, fast, slow, now=10.0)[1] == pytest.approx(90.0)
    lists.open = 1
    assert shown(progress, lists, fast, slow, now=10.0)[1] is None


def test_a_branch_without_places_is_out() -> None:
    """An account without users."""
    assert shown(Progress(), branch([]), now=0.0) == ({}, 0.0)
