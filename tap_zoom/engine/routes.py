"""The ways through an account: rosters, the branches that hang on them, and who is asked about what.

A roster is the sorted list of the account's things of one kind. A branch hangs on each roster that something is asked
about, and on each stream that is asked for stretches of time: its windows, and in each of them the account or a roster.
Nothing of this is declared; it follows from what the streams are asked about and what they find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from tap_zoom.access import Access, sources
from tap_zoom.engine.branch import AFTER_NAME, Branch, Node, Places
from tap_zoom.engine.calendar import Calendar
from tap_zoom.engine.overlap import Overlap, found_before
from tap_zoom.engine.places import Place, found_in
from tap_zoom.engine.questions import Question
from tap_zoom.state import START, Bookmark
from tap_zoom.streams import BY_NAME, LOOKUPS, STAND_INS, STREAMS, is_listed
from tap_zoom.streams.model import ACCOUNT, Find, Lane, Stream, Thing

LISTINGS_AHEAD = 64  # places of a roster that are asked about before all that the first leads to is begun
WINDOWS_AHEAD = 2


class Routes:
    """`asked`: the names of the streams that are asked by now; `branches`: those that are open, lists first."""

    def __init__(
        self,
        access: Access,
        since: Mapping[str, str | None],
        started: date,
        today: date,
        places: Mapping[str, Bookmark],
    ) -> None:
        """`since`: of the selected streams, what happened before it is not asked for; `started`: when the run began
        that goes on today; `places`: where its branches stopped."""
        self.asked = set(access.asked)
        self.branches: list[Branch] = []
        self._spare = access.spare
        self.calendar = Calendar(since, started, today, self._below)
        self.overlap = Overlap(self.calendar)
        self._bookmarks = dict(places)
        self._passed: dict[str, Bookmark] = {}
        self._rosters: dict[Thing, list[str]] = {}
        self._opened: set[object] = set()
        self._about: dict[Thing, tuple[Stream, ...]] = {}
        self.out_of_reach = self._go_back()

    # --- branches ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open what can be opened by now: lists that were not asked yet, then the branches whose rosters are known."""
        lists = [s for s in self._streams() if s.about is ACCOUNT and s.over is None and s not in self._opened]
        if lists:
            self._opened.update(lists)
            lanes = frozenset(stream.lane for stream in lists)
            self.branches.insert(0, Branch("", [lambda _: _numbered(lists)], ahead=len(lists), lanes=lanes))
        for stream in self._streams():
            for find in stream.finds if stream in self._opened and stream.over is None else ():
                if find.thing in self._rosters and find.thing not in self._opened and self.about(find.thing):
                    self._opened.add(find.thing)
                    roster = partial(_each, self._rosters[find.thing])
                    self._add(_roster_of(stream, find), stream, [roster], LISTINGS_AHEAD)
            things = self._rosters.get(stream.about)
            if stream.over is None or stream in self._opened or (stream.about is not ACCOUNT and things is None):
                continue
            self._opened.add(stream)
            below = [] if things is None else [partial(_each_in_window, things)]
            levels: list[Callable[[Any], Places]] = [partial(self._windows, stream), *below]
            self._add(_name(stream), stream, levels, WINDOWS_AHEAD if stream.finds and not below else LISTINGS_AHEAD)

    def _add(self, name: str, stream: Stream, levels: list[Callable[[Any], Places]], ahead: int) -> None:
        lanes = self.lanes(stream)
        branch = Branch(name, levels, self._bookmarks.get(name, START), ahead, self._passed.get(name, START), lanes)
        self.branches.append(branch)

    def listed(self, node: Node, found: Iterable[str]) -> None:
        """A list of the account is whole: its rosters are known, so what hangs on them can begin."""
        rosters: dict[Thing, list[str]] = {find.thing: [] for find in node.what.stream.finds}
        for text in sorted(found):
            rosters[Place.of(text).thing].append(text)
        self._rosters |= rosters
        self.open()

    def refuse(self, stream: Stream) -> bool:
        """Ask a stream no more. True where another takes its place: then all its time is asked for by that."""
        self.asked.discard(stream.name)
        self._forget()
        if stream.instead not in self._spare:
            return False
        self.asked |= {stream.instead, *sources(BY_NAME[stream.instead], older=False)}
        for branch in self.branches:
            branch.closed = branch.closed or branch.name == _name(stream)
        self.branches = [branch for branch in self.branches if not branch.closed]
        self.open()
        return True

    def places(self) -> dict[str, Bookmark]:
        """Where each branch stands."""
        return self._bookmarks | {branch.name: branch.bookmark for branch in self.branches if branch.name}

    def hang_on(self, lister: Stream) -> list[str]:
        """The branches that hang on what a list of the account finds."""
        things = {find.thing for find in lister.finds}
        in_time = (_name(stream) for stream in STREAMS if stream.over and stream.about in things)
        return [*(_roster_of(lister, find) for find in lister.finds), *in_time]

    def lanes(self, stream: Stream) -> frozenset[Lane]:
        """Through which a stream is asked, and what its rows lead to."""
        return frozenset(each.lane for each in self._below(stream))

    def feeds(self, stream: Stream, name: str) -> bool:
        """Whether rows of the stream `name` are missing where those of `stream` are."""
        is_below = any(each.name == name for each in self._below(stream))
        return is_below or stream.name in sources(BY_NAME[name], older=True)

    def ask_too(self, stream: Stream) -> None:
        """Ask a stream that was asked before the run was stopped."""
        self.asked.add(stream.name)
        self._forget()

    def _forget(self) -> None:
        """What follows from who is asked."""
        self._about.clear()
        self.calendar.forget()

    # --- questions -----------------------------------------------------------------------------------------------

    def questions(self, node: Node) -> Iterator[Question]:
        """All that is asked about a place; about one that an earlier run had out, only what leads on."""
        place = node.what = node.what if isinstance(node.what, Place) else Place.of(node.what)
        streams = self.about(place.thing) if place.stream is None else (place.stream,)
        was_out = self._was_out(node, place)
        for stream in streams:
            is_out = was_out and not stream.finds
            if stream.about is not place.thing or is_out or not self.calendar.wants(stream, place):
                continue
            for asks in stream.asks if place.asks is None else (place.asks,):
                for window in self.calendar.windows_about(stream, place):
                    yield Question(stream, node, place, asks, window)

    def _was_out(self, node: Node, place: Place) -> bool:
        """Whether an earlier run had out what is asked about a place. What it was to find another way, it had not."""
        main = found_before(place.thing)
        if main and place.when is not None and place.when >= self.calendar.first_day(BY_NAME[main]).isoformat():
            return node.branch.start.passed(node.path)
        return node.branch.passed.passed(node.path)

    def about(self, thing: Thing) -> tuple[Stream, ...]:
        """The streams that are asked about each such thing. Of things in a roster those with windows are not: that is
        asked for time first."""
        if thing not in self._about:
            asked = (s for s in self._streams() if s.about is thing and s.name not in LOOKUPS)
            self._about[thing] = tuple(s for s in asked if s.over is None or not is_listed(thing))
        return self._about[thing]

    def note(self, question: Question, row: Any) -> bool:
        """Keep what a row leads to, as far as it is asked about. False where an id is missing for that."""
        whole = True
        for find, place in found_in(question.stream, row, question.place, question.asks, question.window):
            if place is None:
                whole = False
            elif question.node.found is not None and self._is_asked_about(find, place, question):
                question.node.found.add(place.text)
        return whole

    def _is_asked_about(self, find: Find, place: Place, question: Question) -> bool:
        if not question.node.branch.name:
            return True  # of a roster, which may be needed later
        if not any(self.calendar.wants(stream, place) for stream in self.about(place.thing)):
            return False
        return self.overlap.is_its_turn(find, place, question)

    # --- time ----------------------------------------------------------------------------------------------------

    def _windows(self, stream: Stream, _: object) -> Places:
        return ((each.name, Place(stream=stream, window=each)) for each in self.calendar.windows(stream))

    def _go_back(self) -> tuple[date, date] | None:
        """On another day a stream lists the first days no more. What was not out of them is found by what knows older
        ones, so that is asked again; gives the days."""
        for main in self._streams():
            lost = [self._bookmarks.get(_name(s), START) for s in (main, BY_NAME.get(main.instead, main))]
            leads = [s for s in self._streams() if s.over is None and s.about is ACCOUNT and self._knows_older(s, main)]
            if not leads:
                continue
            first, clip = self.calendar.first_day(main), self.calendar.clip(main)
            if first < clip and all(self._is_behind(main, bookmark) for bookmark in lost):
                for lister in leads:
                    self._passed[_name(lister)] = self._bookmarks.pop(_name(lister), START)
                return first, clip
        return None

    def _knows_older(self, lister: Stream, main: Stream) -> bool:
        return any(find.before == main.name for stream in self._below(lister) for find in stream.finds)

    def _is_behind(self, main: Stream, bookmark: Bookmark) -> bool:
        """Whether something before the first day that is still listed is not out."""
        clip = self.calendar.clip(main)
        edge = next(self.calendar.windows(main)).name
        return not bookmark.passed_whole((edge,)) and bookmark.path < (edge, clip.isoformat())

    # --- the table ------------------------------------------------------------------------------------------------

    def _streams(self) -> Iterator[Stream]:
        """Those that are asked, in the table's order; a stand-in only where it stands in."""
        spare = {stream.instead for stream in STREAMS if stream.name in self.asked} & STAND_INS
        return (stream for stream in STREAMS if stream.name in self.asked - spare)

    def _below(self, stream: Stream) -> list[Stream]:
        """A stream, and all that are asked about what its rows lead to."""
        streams = [stream]
        for each in streams:
            streams += [s for find in each.finds for s in self.about(find.thing) if s not in streams]
        return streams


def _name(stream: Stream) -> str:
    """What the branch is called that hangs on a stream."""
    return stream.branch or stream.name


def _roster_of(stream: Stream, find: Find) -> str:
    """What the branch is called that hangs on such things, of which a list of the account names all."""
    return _name(stream) if find is stream.finds[0] else f"{stream.name} {find.thing.name}"


def _numbered(lists: list[Stream]) -> Places:
    return ((f"{number:03} {stream.name}", Place(stream=stream)) for number, stream in enumerate(lists))


def _each(roster: list[str], _: object) -> Places:
    return ((text.partition(AFTER_NAME)[0], text) for text in roster)


def _each_in_window(roster: list[str], above: Place) -> Places:
    for text in roster:
        place = Place.of(text)
        yield place.name, Place(place.thing, place.ids, stream=above.stream, window=above.window)
