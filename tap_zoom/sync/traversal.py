"""The order of work, and what is out: one kind of branch, of any depth. Pure bookkeeping; nothing is asked here."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tap_zoom.state import START, Bookmark, Path

Places = Iterable[tuple[str, Any]]  # in order: what each is called among its like, and what is known of it
AFTER_NAME = "\0"  # ends the name in what a node found: the rest of the text is no part of it


@dataclass(eq=False, slots=True)
class Node:
    """One place of a branch. `open`: its questions that are not out; `found`: what they led to so far, as text of which
    the name is the first part (see AFTER_NAME), so that a window of 100,000 occurrences stays small."""

    branch: Branch
    path: Path
    what: Any
    number: int  # in the order in which the branch began them
    open: int = 0
    found: set[str] | None = field(default_factory=set)  # None where its places are known beforehand, or by now
    places: Iterator[tuple[str, Any]] | None = None  # those below it that are not begun, once they are known
    begun: deque[Node] = field(default_factory=deque)  # those that are begun and not out


@dataclass(eq=False)
class Branch:
    """Places in order, depth first: what comes first is begun first, and only what is whole moves the bookmark.

    `levels`: the places that are known beforehand, level by level, given the place above (windows of time, then users);
    further down they are found. `ahead`: how many places may be begun whose own places are not all begun. `bookmark`:
    where to go on; `passed`: what was out when an earlier run went further than that.
    """

    name: str
    levels: list[Callable[[Any], Places]]
    bookmark: Bookmark = START
    ahead: int = 2
    passed: Bookmark = START
    lanes: Collection[Any] = ()  # whatever its places are asked through
    open: int = field(default=0, init=False)  # nodes that are begun and not out
    closed: bool = field(default=False, init=False)  # something else took its place

    def __post_init__(self) -> None:
        self.lanes = tuple(sorted(self.lanes))  # a set has another order in each process
        self.start = self.bookmark
        self.passed = self.bookmark if self.passed == START else self.passed
        self._count = 0
        self._listing = 0  # nodes that are begun, and whose places are not all begun
        self._next: list[tuple[Path, int, Any, Node]] = []  # the next place of each node, the first in order on top
        self._root = Node(self, (), None, 0)
        self._lists(self._root, self.levels[0](None))

    @property
    def has_moved(self) -> bool:
        """Whether this run got any further."""
        return self.bookmark != self.start

    def next(self) -> Node | None:
        """Begin the first place in order that is not begun; None while none is known, or while enough is begun."""
        if not self._next or (len(self._next[0][0]) <= len(self.levels) and self._listing > self.ahead):
            return None
        path, _, what, above = heapq.heappop(self._next)
        self._push(above)
        self._listing -= above.places is None and len(above.path) >= len(self.levels)
        self._count += 1
        node = Node(self, path, what, self._count)
        above.begun.append(node)
        self.open += 1
        if len(path) < len(self.levels):
            self._lists(node, self.levels[len(path)](what))
        else:
            self._listing += 1
        return node

    def ends_at(self, node: Node) -> None:
        """What leads on from a place is no matter of this branch: below it is nothing but what is known beforehand."""
        self._found_out(node, ())

    def finished(self, node: Node) -> None:
        """All its questions are out, so all that they lead to is known."""
        self.open -= 1
        self._found_out(node, _named(node.found or ()))
        self._settle(self._root)

    def holds_up(self, node: Node) -> bool:
        """Whether the bookmark waits for this place before any other."""
        first = self._root
        while first.begun:
            first = first.begun[0]
        return node is first

    def _found_out(self, node: Node, places: Places) -> None:
        """The places below one, where they were not known beforehand."""
        if node.found is not None:
            self._lists(node, places)
            self._listing -= node.places is None

    def _lists(self, node: Node, places: Places) -> None:
        node.places, node.found = iter(places), None
        self._push(node)

    def _push(self, node: Node) -> None:
        """Queue the node's next place that is not out since an earlier run."""
        for name, what in node.places or ():
            path = (*node.path, name)
            if not self.start.passed_whole(path):
                heapq.heappush(self._next, (path, node.number, what, node))
                return
        node.places = None

    def _settle(self, node: Node) -> bool:
        """Move the bookmark over what is out at and below a node, in order; whether that is all of it."""
        if node.open:
            return False
        self._mark(Bookmark(node.path))
        while node.begun:
            if not self._settle(node.begun[0]):
                return False
            node.begun.popleft()
        if node.places is not None:
            return False
        self._mark(Bookmark(node.path, whole=True))
        return True

    def _mark(self, mark: Bookmark) -> None:
        """Never backwards: what was passed before stays passed."""
        passed = self.bookmark.passed_whole if mark.whole else self.bookmark.passed
        if mark.path and not passed(mark.path):
            self.bookmark = mark


def _named(found: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What was found, in order, each name once."""
    last = None
    for item in sorted(found):
        name = item.partition(AFTER_NAME)[0]
        if name != last:
            yield name, item
        last = name
