"""Depth-first traversal of a tree that is discovered while it is read, with a checkpoint to resume at.

A node is identified by its path: the names of its ancestors and its own. The smallest known path is visited next; while
a list is read, that may be a node after it. Nodes may finish in any order. The checkpoint is the smallest path that
isn't finished: everything that sorts before it has been emitted. So a path must mean the same in each run.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Path = tuple[str, ...]
MAX_OPEN = 1000  # nodes that are visited but not done, or done but after one that isn't; a kill repeats them


@dataclass(eq=False, slots=True)
class Node:
    """`pending`: number of its unfinished tasks; `children`: the names of the nodes that its rows link to."""

    path: Path
    pending: int = 0
    children: list[str] = field(default_factory=list)  # names only: a window may hold 200,000


class Traversal:
    """Visits the nodes below `roots`, the sorted names of the first level.

    `resume_at`: the checkpoint of an earlier run, () to begin. `one_by_one`: a root isn't visited while another one is
    being read.
    """

    def __init__(self, roots: Iterable[str], resume_at: Path = (), one_by_one: bool = False) -> None:
        self.resume_at = resume_at
        self._roots = iter(roots)  # read one by one: after midnight, a stream whose rows move may have another window
        self._one_by_one = one_by_one
        self._roots_in_progress = 0
        self._unvisited: list[tuple[Path, Iterator[str]]] = []  # heap: the next child of each finished parent
        self._open: list[Path] = []  # heap: visited nodes; done ones are removed lazily
        self._done: set[Path] = set()
        self._finished = 0  # nodes done by this process
        self._next_root = self._next_in((), self._roots)
        self._start = self.checkpoint

    def next(self) -> Node | None:
        """Visit the next node. Returns None if none is known, or enough are open.

        As many nodes are open as this process has finished, plus one. So if a daily limit stops the run, at most half
        of its requests are repeated later.
        """
        more = self._finished if self.has_moved else 0
        if len(self._open) >= MAX_OPEN or len(self._open) - len(self._done) > more:
            return None
        if self._unvisited:
            path, siblings = heapq.heappop(self._unvisited)
            self._queue_next(path[:-1], siblings)
        elif self._next_root and not (self._one_by_one and self._roots_in_progress):
            path, self._next_root = self._next_root, self._next_in((), self._roots)
            self._roots_in_progress += 1
        else:
            return None
        heapq.heappush(self._open, path)
        return Node(path)

    def was_emitted(self, path: Path) -> bool:
        """True if an earlier run emitted the records of this node. Those of its children may be missing."""
        return path < self.resume_at

    def done(self, node: Node) -> None:
        """Mark a node as done: its records are emitted, and its children are known."""
        self._finished += 1
        self._done.add(node.path)
        self._roots_in_progress -= len(node.path) == 1
        self._queue_next(node.path, iter(sorted(set(node.children))))
        node.children = []
        while self._open and self._open[0] in self._done:
            self._done.remove(heapq.heappop(self._open))

    @property
    def checkpoint(self) -> Path | None:
        """The first path that isn't done, never before `resume_at`; None if all are done."""
        heads = [*self._open[:1], *(path for path, _ in self._unvisited[:1]), *filter(None, [self._next_root])]
        return max(min(heads), self.resume_at) if heads else None

    @property
    def has_moved(self) -> bool:
        """True if this process has moved the checkpoint."""
        return self.checkpoint != self._start

    def _queue_next(self, parent: Path, siblings: Iterator[str]) -> None:
        if path := self._next_in(parent, siblings):
            heapq.heappush(self._unvisited, (path, siblings))

    def _next_in(self, parent: Path, siblings: Iterator[str]) -> Path | None:
        """Return the next sibling that an earlier run hasn't finished with its subtree."""
        paths = ((*parent, name) for name in siblings)
        return next((path for path in paths if path >= self.resume_at[: len(path)]), None)
