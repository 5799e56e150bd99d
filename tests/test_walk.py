"""The order of work: a bookmark never passes something that is not out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.streams import Thing
from tap_zoom.walk import HeldWalk, Listing, Piece, ScheduledWalk, sortable
from tap_zoom.windows import windows


class Run:
    """Drives a walk as the sync does, finishing things in any order."""

    def __init__(self, walk: Any, content: dict[Any, list[Any]], data: st.DataObject) -> None:
        self.walk = walk
        self.content = content
        self.data = data
        self.listings: list[Listing] = []
        self.pieces: list[Piece] = []
        self.opened: list[Any] = []
        self.finished: set[Any] = set()
        self.marks = [walk.bookmark]

    def go(self) -> None:
        while True:
            while self.ask():
                pass
            under_way: list[Any] = [*self.listings, *self.pieces]
            if not under_way:
                return
            self.end(self.data.draw(st.sampled_from(under_way)))
            self.marks.append(self.walk.bookmark)
            self.check()

    def ask(self) -> bool:
        """Ask for what there is room for; whether there was any."""
        known = len(self.listings) + len(self.opened)
        while (opened := self.walk.next_piece()) is not None:
            piece, thing, ids = opened
            piece.open = 1
            self.opened.append((piece.key, thing, ids))
            self.pieces.append(piece)
        while (listing := self.walk.next_listing()) is not None:
            listing.open = 1
            self.listings.append(listing)
        return len(self.listings) + len(self.opened) > known

    def end(self, owner: Any) -> None:
        owner.open = 0
        if isinstance(owner, Listing):
            self.listings.remove(owner)
            owner.found |= set(self.content.get(owner.source, []))
            self.walk.listed(owner)
        else:
            self.pieces.remove(owner)
            self.finished.add(owner.key)
            self.walk.finished(owner)

    def check(self) -> None:
        for piece in self.pieces:
            assert not self.marks[-1] or piece.key > self.marks[-1]
        assert self.marks[-1] >= self.marks[-2]


USERS = st.dictionaries(
    st.text("abcdeXYZ", min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["meeting", "webinar"])), max_size=6, unique_by=lambda n: n[0]),
    max_size=6,
)


@settings(deadline=None)
@given(USERS, st.integers(1, 3), st.data())
def test_every_number_is_opened_once_and_the_bookmark_stays_behind(
    users: dict[str, list[Any]], ahead: int, data: st.DataObject
) -> None:
    """Users by id, numbers in order; whatever ends first, nothing below the bookmark is open."""
    walk = ScheduledWalk("scheduled", (), ahead)
    walk.start(list(users))
    run = Run(walk, users, data)
    run.go()
    right = [((user, number), Thing(kind)) for user in sorted(users) for number, kind in sorted(users[user])]
    assert [(key[:2], thing) for key, thing, _ in run.opened] == right
    if users:
        assert walk.bookmark[0] == max(users)


@settings(deadline=None)
@given(USERS, st.data())
def test_from_any_bookmark_the_rest_is_opened(users: dict[str, list[Any]], data: st.DataObject) -> None:
    """What a run had finished at a bookmark and what the next opens from there is everything."""
    walk = ScheduledWalk("scheduled", (), 2)
    walk.start(list(users))
    first = Run(walk, users, data)
    finished_at: dict[Any, set[Any]] = {(): set()}
    check = first.check

    def remember() -> None:
        check()
        finished_at.setdefault(walk.bookmark, set(first.finished))

    first.check = remember  # type: ignore[method-assign]
    first.go()
    for bookmark, finished in finished_at.items():
        resumed = ScheduledWalk("scheduled", bookmark, 2)
        resumed.start(list(users))
        second = Run(resumed, users, data)
        second.go()
        everything = {(user, number) for user, numbers in users.items() for number, _ in numbers}
        assert {key[:2] for key in finished} | {key[:2] for key, _, _ in second.opened} == everything


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 80), st.sampled_from(["a", "b", "/c"])), max_size=12, unique=True), st.data())
def test_occurrences_are_opened_by_time(held: list[tuple[int, str]], data: st.DataObject) -> None:
    """The oldest window first, in it by start time and UUID."""
    first = date(2024, 1, 1)
    cut = list(windows(first, first + timedelta(days=80), first))
    content: dict[Any, list[str]] = {window: [] for window in cut}
    right = []
    for day, uuid in held:
        start = f"{first + timedelta(days=day)}T10:00:00.000000Z"
        [window] = [window for window in cut if window.first <= first + timedelta(days=day) <= window.last]
        ids = {"webinar_uuid": uuid, "webinar_id": None}
        content[window].append(HeldWalk.item(Thing.PAST_WEBINAR, ids, start))
        right.append((start, uuid))
    walk = HeldWalk("held", (), 2)
    walk.start(cut)
    run = Run(walk, content, data)
    run.go()
    assert [key for key, _, _ in run.opened] == sorted(right)
    assert all(ids == {"webinar_uuid": key[1], "webinar_id": None} for key, _, ids in run.opened)
    assert walk.bookmark > max(right, default=("", ""))


def test_older_occurrences_come_between_a_number_and_the_next() -> None:
    """The bookmark stands at each of them in turn, and a run that goes on from there skips what was out."""
    walk = ScheduledWalk("scheduled", (), 5)
    walk.start(["a"])
    listing = walk.next_listing()
    assert listing is not None
    listing.found |= {(1, "meeting"), (2, "meeting")}
    walk.listed(listing)
    opened = walk.next_piece()
    assert opened is not None
    number = opened[0]
    older = [walk.older_piece(number, "2024-01-01", uuid) for uuid in ("x", "y")]
    for piece in (number, *older):
        assert piece is not None
        piece.open = 1
    marks = []
    for piece in (older[1], number, older[0]):
        assert piece is not None
        piece.open = 0
        walk.finished(piece)
        marks.append(walk.bookmark)
    assert marks == [(), ("a", 1, "", ""), ("a", 1, "9999", "")]
    resumed = ScheduledWalk("scheduled", ("a", 1, "2024-01-01", "x"), 5)
    resumed.start(["a"])
    listing = resumed.next_listing()
    assert listing is not None
    listing.found.add((1, "meeting"))
    resumed.listed(listing)
    again = resumed.next_piece()
    assert again is not None
    assert [resumed.older_piece(again[0], "2024-01-01", uuid) is None for uuid in ("x", "y")] == [True, False]


@pytest.mark.parametrize(
    ("first", "second"),
    [("2024-01-01T10:00:00Z", "2024-01-01T10:00:00.5Z"), ("2024-01-01T23:00:00-02:00", "2024-01-02T02:00:00Z"),
     ("2024-01-01 10:00:00", "2024-01-01T10:00:01")],
)  # fmt: skip
def test_times_sort_as_text(first: str, second: str) -> None:
    """Whatever form Zoom sends them in."""
    one, other = sortable(first), sortable(second)
    assert one is not None and other is not None and one < other
    assert sortable("soon") is None
