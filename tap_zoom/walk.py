"""The order of work: walks over listings and the pieces of work that they lead to. Pure bookkeeping.

A listing is drained before work hangs on it (its page tokens live 15 minutes); of its rows only ids and start times are
kept. Then its pieces are opened in the order of their keys. The bookmark is the key of the last piece below which
everything is out.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from tap_zoom.owing import Owed
from tap_zoom.state import Key
from tap_zoom.streams import Thing
from tap_zoom.windows import UTC, Window, parse_time

WHOLE_USER = 2**63 - 1  # above every meeting number
WHOLE_NUMBER = "9999"  # after every start time


class Piece:
    """One number, one of its older occurrences, or one occurrence. `open`: its requests that are not out yet; `begun`:
    its place among all that its walk began.

    `older`: the older occurrences of a number, in order; `after`: the bookmark once these are out as well.
    """

    __slots__ = ("after", "begun", "key", "older", "open", "walk")

    def __init__(self, key: Key, walk: Walk, begun: int, after: Key | None = None) -> None:
        self.key = key
        self.walk = walk
        self.begun = begun
        self.open = 0
        self.after = after or key
        self.older: deque[Piece] = deque()


class Listing:
    """The way to some pieces: a user's meetings and webinars, or the occurrences of a window.

    `open`: its requests that are not out yet; `found`: what they led to so far; `after`: the bookmark once all that is
    out as well.
    """

    __slots__ = ("after", "begun", "found", "open", "pieces", "source", "waiting", "walk")

    def __init__(self, source: Any, after: Key, walk: Walk | None) -> None:
        self.begun = walk.begin() if walk is not None else 0
        self.source = source
        self.after = after
        self.walk = walk
        self.open = 0
        self.found: set[Any] = set()
        self.waiting: list[Any] | None = None  # what it found, the first at the end, once all is found
        self.pieces: deque[Piece] = deque()


class Walk:
    """Listings in order, at most `ahead` of them with pieces that are not opened yet."""

    def __init__(self, name: str, bookmark: Key, ahead: int) -> None:
        self.name = name
        self.bookmark = self._start = bookmark
        self.open_pieces = 0
        self._ahead = ahead
        self._begun = itertools.count(1)
        self._sources: Iterator[Listing] = iter(())
        self._listings: deque[Listing] = deque()  # with something not out
        self._to_open: deque[Listing] = deque()  # with pieces not opened

    def begin(self) -> int:
        return next(self._begun)

    @property
    def listings_ahead(self) -> int:
        """How many listings have pieces that are not opened, or are not whole themselves."""
        return len(self._to_open)

    @property
    def has_moved(self) -> bool:
        """Whether this run got any further."""
        return self.bookmark != self._start

    def restart(self) -> None:
        """Go from the start, whatever was out before."""
        self.bookmark = self._start = ()

    def next_listing(self) -> Listing | None:
        """A listing to ask for now, None while enough are under way."""
        if len(self._to_open) >= self._ahead:
            return None
        listing = next(self._sources, None)
        if listing is not None:
            self._listings.append(listing)
            self._to_open.append(listing)
        return listing

    def next_piece(self) -> tuple[Piece, Thing, dict[str, Any]] | None:
        """A piece to open now and what to ask about; None while its listing is not whole."""
        while self._to_open:
            listing = self._to_open[0]
            if listing.waiting is None:
                return None
            if not listing.waiting:
                self._to_open.popleft()
                continue
            piece, thing, ids = self._piece(listing, listing.waiting.pop())
            if piece.after <= self.bookmark:
                continue  # out before this run was resumed
            listing.pieces.append(piece)
            self.open_pieces += 1
            return piece, thing, ids
        return None

    def is_held_up_by(self, owner: Listing | Piece) -> bool:
        """Whether the walk waits for this listing before it can go on, or for this piece to get anywhere at all.

        The latter so that each run gets further, also under a limit of the day that is hardly above a piece's cost.
        """
        if isinstance(owner, Listing):
            return bool(self._to_open) and self._to_open[0] is owner
        pieces = self._listings[0].pieces
        return not self.has_moved and bool(pieces) and owner in (pieces[0], *list(pieces[0].older)[:1])

    def listed(self, listing: Listing) -> None:
        """All requests of a listing are out."""
        listing.waiting = sorted(listing.found, reverse=True)
        listing.found = set()
        self.advance()

    def finished(self, piece: Piece) -> None:
        """All requests of a piece are out."""
        self.open_pieces -= 1
        self.advance()

    def advance(self) -> None:
        """Move the bookmark over everything that is out, in order."""
        while self._listings:
            listing = self._listings[0]
            while listing.pieces and listing.pieces[0].open == 0:
                piece = listing.pieces[0]
                self.bookmark = max(self.bookmark, piece.key)
                while piece.older and piece.older[0].open == 0:
                    self.bookmark = max(self.bookmark, piece.older.popleft().key)
                if piece.older:
                    return
                self.bookmark = max(self.bookmark, listing.pieces.popleft().after)
            if listing.pieces or listing.waiting is None or listing.waiting:
                return
            self._listings.popleft()
            self.bookmark = max(self.bookmark, listing.after)

    def older_piece(self, number: Piece, start_time: str, uuid: str) -> Piece | None:
        """An older occurrence of a number, None if it was out before this run was resumed. In order of the two."""
        key = (*number.key[:-2], start_time, uuid)
        if key <= self.bookmark:
            return None
        piece = Piece(key, self, number.begun)
        number.older.append(piece)
        self.open_pieces += 1
        return piece

    def _piece(self, listing: Listing, item: Any) -> tuple[Piece, Thing, dict[str, Any]]:
        raise NotImplementedError


class ScheduledWalk(Walk):
    """Users sorted by id, then their numbers."""

    def start(self, user_ids: Iterable[str]) -> None:
        self._sources = (
            Listing(user_id, after, self)
            for user_id in sorted(user_ids)
            if (after := (user_id, WHOLE_USER, WHOLE_NUMBER, "")) > self.bookmark
        )

    @staticmethod
    def item(thing: Thing, ids: dict[str, Any]) -> tuple[int, str]:
        return ids[f"{thing.value}_id"], thing.value

    def _piece(self, listing: Listing, item: tuple[int, str]) -> tuple[Piece, Thing, dict[str, Any]]:
        number, thing = item
        key = (listing.source, number)
        piece = Piece((*key, "", ""), self, self.begin(), after=(*key, WHOLE_NUMBER, ""))
        return piece, Thing(thing), {f"{thing}_id": number}


class HeldWalk(Walk):
    """Windows of days, the oldest first, because that expires next; then occurrences by start time and UUID."""

    def start(self, windows: Iterable[Window]) -> None:
        self._sources = (
            Listing(window, key, self)
            for window in windows
            if (key := ((window.last + timedelta(days=1)).isoformat(), "")) > self.bookmark
        )

    @staticmethod
    def item(thing: Thing, ids: dict[str, Any], start_time: str) -> str:
        """One string each: a busy account holds tens of thousands of occurrences in a window."""
        return "\0".join((start_time, ids[f"{thing.kind}_uuid"], thing.value, str(ids[f"{thing.kind}_id"] or "")))

    def _piece(self, listing: Listing, item: str) -> tuple[Piece, Thing, dict[str, Any]]:
        start_time, uuid, value, number = item.split("\0")
        thing = Thing(value)
        ids = {f"{thing.kind}_uuid": uuid, f"{thing.kind}_id": int(number) if number else None}
        return Piece((start_time, uuid), self, self.begin()), thing, ids


class OwedWalk(Walk):
    """Questions in the order in which they were lost, then what these lead to."""

    def start(self, questions: Iterable[Owed]) -> None:
        questions = list(questions)
        if questions and questions[0].place:
            self.bookmark = self._start = (questions[0].number, *questions[0].place)
        self._sources = (Listing(question, (question.number + 1,), self) for question in questions)

    @staticmethod
    def item(thing: Thing, ids: dict[str, Any], start_time: str | None) -> tuple[str, str, str, int]:
        number = ids[f"{thing.kind}_id"]
        return start_time or "", ids.get(f"{thing.kind}_uuid", ""), thing.value, -1 if number is None else number

    def _piece(self, listing: Listing, item: tuple[str, str, str, int]) -> tuple[Piece, Thing, dict[str, Any]]:
        _, uuid, value, number = item
        thing, key = Thing(value), (listing.source.number, item)
        ids: dict[str, Any] = {f"{thing.kind}_id": None if number == -1 else number}
        if uuid:
            ids[f"{thing.kind}_uuid"] = uuid
        return Piece((*key, "", ""), self, self.begin(), after=(*key, WHOLE_NUMBER, "")), thing, ids


def sortable(start_time: object) -> str | None:
    """A start time in the one form in which text sorts as time does; None for what is no time."""
    moment = parse_time(start_time)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
