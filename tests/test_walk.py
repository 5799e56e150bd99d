"""The order of work: a bookmark never passes something that is not out."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.owing import Owed
from tap_zoom.streams import BY_NAME, Thing
from tap_zoom.walk import HeldWalk, Listing, OwedWalk, Piece, ScheduledWalk, Walk, sortable
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


def listed(walk: Walk, *found: Any) -> Listing:
    """The walk's next listing, whole."""
    listing = walk.next_listing()
    assert listing is not None and listing.walk is walk and listing.open == 0
    listing.found |= set(found)
    walk.listed(listing)
    return listing


def opened(walk: Walk) -> tuple[Piece, Thing, dict[str, Any]]:
    """The walk's next piece, with a request under way."""
    found = walk.next_piece()
    assert found is not None and found[0].walk is walk and found[0].open == 0
    found[0].open = 1
    return found


def end(piece: Piece) -> None:
    piece.open = 0
    piece.walk.finished(piece)


def test_so_many_listings_are_ahead() -> None:
    """Those whose pieces are not all opened, whole or not; an empty one is left behind when its turn comes."""
    walk = ScheduledWalk("scheduled", (), 2)
    assert (walk.name, walk.listings_ahead, walk.next_piece(), walk.next_listing()) == ("scheduled", 0, None, None)
    walk.start(["b", "a", "c", "d"])
    first, second = walk.next_listing(), walk.next_listing()
    assert first is not None and second is not None
    assert (first.source, second.source, walk.next_listing(), walk.listings_ahead) == ("a", "b", None, 2)
    second.found.add((5, "webinar"))
    walk.listed(second)
    assert (second.waiting, second.found, walk.next_piece(), walk.bookmark) == ([(5, "webinar")], set(), None, ())
    walk.listed(first)
    assert walk.bookmark == ("a", 2**63 - 1, "9999", "")
    piece, thing, ids = opened(walk)
    assert (piece.key, thing, ids, walk.open_pieces) == (("b", 5, "", ""), Thing.WEBINAR, {"webinar_id": 5}, 1)
    assert (walk.next_piece(), walk.listings_ahead) == (None, 0)
    end(piece)
    assert (walk.open_pieces, walk.bookmark) == (0, ("b", 2**63 - 1, "9999", ""))


def test_what_is_begun_has_its_number() -> None:
    """Listings and pieces in one count, from 1; an older occurrence has its number's; the list of users has 0."""
    walk = ScheduledWalk("scheduled", (), 2)
    walk.start("ab")
    assert [listed(walk, (2, "meeting"), (1, "meeting")).begun, listed(walk).begun] == [1, 2]
    first, second = opened(walk)[0], opened(walk)[0]
    older = walk.older_piece(first, "2024", "x")
    assert older is not None
    assert [first.begun, second.begun, older.begun] == [3, 4, 3]
    assert older.key == older.after == ("a", 1, "2024", "x") and walk.open_pieces == 3
    held = HeldWalk("held", (), 2)
    held.start(windows(date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 1)))
    listed(held, HeldWalk.item(Thing.PAST_MEETING, {"meeting_uuid": "m", "meeting_id": 1}, "2024"))
    assert opened(held)[0].begun == 2
    users = Listing(None, (), None)
    assert (users.begun, users.open, users.walk, users.waiting) == (0, 0, None, None)


def test_whom_a_walk_waits_for() -> None:
    """The first listing with pieces to open; and until the bookmark moves, the first piece or its first older occurrence."""
    walk = ScheduledWalk("scheduled", ("A", 1, "", ""), 2)
    walk.start("ab")
    first, second = walk.next_listing(), walk.next_listing()
    assert first is not None and second is not None
    assert walk.is_held_up_by(first) and not walk.is_held_up_by(second) and not walk.has_moved
    first.found |= {(1, "meeting"), (2, "meeting")}
    walk.listed(first)
    one, two = opened(walk)[0], opened(walk)[0]
    assert walk.is_held_up_by(one) and not walk.is_held_up_by(two)
    older = [walk.older_piece(one, "2024", uuid) for uuid in "xy"]
    assert [piece is not None and walk.is_held_up_by(piece) for piece in older] == [True, False]
    end(one)
    assert walk.has_moved
    assert not any(walk.is_held_up_by(piece) for piece in (one, two, *older) if piece is not None)
    assert walk.is_held_up_by(first)
    assert walk.next_piece() is None and walk.is_held_up_by(second) and not walk.is_held_up_by(first)


def test_a_walk_can_go_from_the_start_again() -> None:
    """Whatever was out, as if it had never moved."""
    walk = HeldWalk("held", ("2024-03-01", ""), 2)
    walk.restart()
    assert (walk.bookmark, walk.has_moved) == ((), False)
    cut = list(windows(date(2024, 1, 1), date(2024, 2, 10), date(2024, 1, 1)))
    walk.start(cut)
    assert [listed(walk).source, listed(walk).source] == cut
    assert walk.bookmark == ("2024-02-11", "")


def test_users_that_are_out_are_not_listed_again() -> None:
    """A user whose last number is out is; one whose numbers are out up to some number is not."""
    for bookmark, first in ((("a", 2**63 - 1, "9999", ""), "b"), (("a", 2**63 - 2, "9999", ""), "a")):
        walk = ScheduledWalk("scheduled", bookmark, 2)
        walk.start("ab")
        assert listed(walk).source == first


def test_windows_that_are_out_are_not_listed_again() -> None:
    """Nor what of a window was out; the window in which the bookmark stands is."""
    cut = list(windows(date(2024, 1, 1), date(2024, 2, 10), date(2024, 1, 1)))
    for bookmark, first in ((("2024-01-28T23:00:00.000000Z", "x"), cut[0]), (("2024-01-29", ""), cut[1])):
        walk = HeldWalk("held", bookmark, 2)
        walk.start(cut)
        found = [HeldWalk.item(Thing.PAST_MEETING, {"meeting_uuid": uuid, "meeting_id": 7}, bookmark[0]) for uuid in "xy"]
        assert listed(walk, *found).source == first
        ids = [opened(walk)[2]["meeting_uuid"] for _ in range(1 if first == cut[0] else 2)]
        assert ids == (["y"] if first == cut[0] else ["x", "y"]) and walk.next_piece() is None


def test_a_piece_of_what_was_held_knows_its_ids() -> None:
    """UUID and number of a meeting or a webinar."""
    walk = HeldWalk("held", (), 1)
    walk.start(windows(date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 1)))
    webinar = {"webinar_uuid": "/b==", "webinar_id": 0}
    listed(walk, HeldWalk.item(Thing.PAST_MEETING, {"meeting_uuid": "a", "meeting_id": 85746065}, "1"), HeldWalk.item(Thing.PAST_WEBINAR, webinar, "2"))
    assert [opened(walk)[1:] for _ in range(2)] == [
        (Thing.PAST_MEETING, {"meeting_uuid": "a", "meeting_id": 85746065}),
        (Thing.PAST_WEBINAR, {"webinar_uuid": "/b==", "webinar_id": None}),
    ]  # fmt: skip


def test_owed_questions_are_walked_in_the_order_of_their_loss() -> None:
    """From the place where the first was left; what they lead to has its ids back."""
    place = (("2024", "m==", "past meeting", 5), "", "")
    questions = [Owed(BY_NAME["user_meetings"], {"user_id": "u"}, {}, place=place, number=3), Owed(BY_NAME["users"], {}, {}, number=4)]
    walk = OwedWalk("owed", (), 5)
    walk.start(questions)
    assert walk.bookmark == (3, *place) and not walk.has_moved
    ids: dict[str, Any] = {"meeting_uuid": "m==", "meeting_id": 5}
    before, same = OwedWalk.item(Thing.PAST_MEETING, ids, "2023"), OwedWalk.item(Thing.PAST_MEETING, ids, "2024")
    after = OwedWalk.item(Thing.PAST_WEBINAR, {"webinar_uuid": "w", "webinar_id": None}, "2025")
    assert after == ("2025", "w", "past webinar", -1)  # sorts beside one with a number
    assert listed(walk, before, same, after).source is questions[0]
    assert listed(walk, OwedWalk.item(Thing.MEETING, {"meeting_id": 9}, None)).source is questions[1]
    first, second, third = opened(walk), opened(walk), opened(walk)
    assert walk.next_piece() is None
    assert first[1:] == (Thing.PAST_MEETING, {"meeting_uuid": "m==", "meeting_id": 5})
    assert second[1:] == (Thing.PAST_WEBINAR, {"webinar_uuid": "w", "webinar_id": None})
    assert third[1:] == (Thing.MEETING, {"meeting_id": 9})
    older = walk.older_piece(third[0], "2020", "o==")
    assert older is not None and older.key == (4, ("", "", "meeting", 9), "2020", "o==")
    older.open = 1
    assert [first[0].begun, third[0].begun, third[0].after] == [4, 6, (4, ("", "", "meeting", 9), "9999", "")]
    for piece in (first[0], second[0]):
        end(piece)
    assert walk.bookmark == (4,)
    end(third[0])
    assert walk.bookmark == (4, ("", "", "meeting", 9), "", "")
    end(older)
    assert walk.bookmark == (5,)
    empty = OwedWalk("owed", (), 5)
    empty.start([])
    assert (empty.bookmark, empty.next_listing()) == ((), None)


@pytest.mark.parametrize(
    ("first", "second"),
    [("2024-01-01T10:00:00Z", "2024-01-01T10:00:00.5Z"), ("2024-01-01T23:00:00-02:00", "2024-01-02T02:00:00Z"),
     ("2024-01-01 10:00:00", "2024-01-01T10:00:01")],
)  # fmt: skip
def test_times_sort_as_text(first: str, second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever form Zoom sends them in, wherever the machine stands."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    one, other = sortable(first), sortable(second)
    assert one is not None and other is not None and one < other
    assert sortable("soon") is None
    assert sortable("2024-01-01T23:00:00-02:00") == "2024-01-02T01:00:00.000000Z"
    monkeypatch.undo()
    time.tzset()
