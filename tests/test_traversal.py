"""The traversal: every node is visited, whatever finishes first, wherever it is killed and whatever comes and goes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.sync import traversal
from tap_zoom.sync.traversal import Node, Path, Traversal

NAMES = "abcd"
TREES = 1000  # for each of the tests that read random trees
Tree = dict[Path, list[str]]  # the names of the children, by path; () has the roots


def tree_of(rng: random.Random, depth: int = 3) -> Tree:
    """A random tree."""
    tree: Tree = {(): sorted(rng.sample(NAMES, rng.randrange(1, len(NAMES) + 1)))}
    for path in list(paths(tree)):
        grow(rng, tree, path, depth)
    return tree


def grow(rng: random.Random, tree: Tree, path: Path, depth: int) -> None:
    tree[path] = rng.sample(NAMES, rng.randrange(len(NAMES))) if len(path) < depth else []
    for name in tree[path]:
        grow(rng, tree, (*path, name), depth)


def paths(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """The paths of all nodes."""
    for name in tree.get(path, []):
        yield (*path, name)
        yield from paths(tree, (*path, name))


def changed(rng: random.Random, tree: Tree) -> Tree:
    """The tree on another day: nodes have come and gone."""
    after: Tree = {}
    for path, names in tree.items():
        after[path] = [name for name in names if rng.random() < 0.8]
        for name in NAMES:
            if name not in names and rng.random() < 0.1:
                after[path].append(name)
                grow(rng, after, (*path, name), 3)
    after[()].sort()
    return after


class Reader:
    """Reads a tree as the sync does. `emitted`: the paths whose records are out."""

    def __init__(self, rng: random.Random, tree: Tree, resume_at: Path = (), lists_ahead: int = 2) -> None:
        self.rng, self.tree = rng, tree
        self.traversal = Traversal(tree[()], resume_at, lists_ahead)
        self.open: list[Node] = []
        self.visited: list[Path] = []
        self.emitted: set[Path] = set()
        self.checkpoints: list[Path | None] = [self.traversal.checkpoint]

    def step(self) -> bool:
        """Visit a node, or finish one of the open ones. False if there is nothing left to do."""
        node = self.traversal.next() if not self.open or self.rng.random() < 0.6 else None
        if node is not None:
            self.visited.append(node.path)
            self.open.append(node)
        elif self.open:
            node = self.open.pop(self.rng.randrange(len(self.open)))
            if not self.traversal.was_emitted(node.path):
                self.emitted.add(node.path)
            node.children = [*self.tree.get(node.path, []), *self.tree.get(node.path, [])[:1]]  # a row may come twice
            self.rng.shuffle(node.children)
            self.traversal.done(node)
        else:
            return False
        self.checkpoints.append(self.traversal.checkpoint)
        return True

    def run(self, steps: int = 10**9) -> None:
        while steps and self.step():
            steps -= 1


@given(st.integers(0, 10**9), st.integers(0, 3))
@settings(max_examples=TREES)
def test_every_node_is_visited_once(seed: int, lists_ahead: int) -> None:
    """In whatever order they finish; then there is no checkpoint."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    reader = Reader(rng, tree, (), lists_ahead)
    reader.run()
    assert sorted(reader.visited) == sorted(paths(tree))
    assert reader.emitted == set(paths(tree))
    assert reader.traversal.checkpoint is None


@given(st.integers(0, 10**9))
@settings(max_examples=TREES)
def test_what_sorts_before_a_checkpoint_was_emitted(seed: int) -> None:
    """At every step, also of a run that was resumed; and a checkpoint never moves back."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    emitted: set[Path] = set()
    resume_at: Path = ()
    for _ in range(3):
        reader = Reader(rng, tree, resume_at)
        before = resume_at
        for _ in range(rng.randrange(1, 60)):
            at = reader.traversal.checkpoint
            assert {path for path in paths(tree) if at is None or path < at} <= emitted | reader.emitted
            assert at is None or at >= before
            if at is None or not reader.step():
                break
            before = at
        emitted |= reader.emitted
        if reader.traversal.checkpoint is None:
            break
        resume_at = reader.traversal.checkpoint


@given(st.integers(0, 10**9))
@settings(max_examples=TREES)
def test_kills_lose_nothing_although_things_come_and_go(seed: int) -> None:
    """A node that is there all the time, with all above it, is emitted by one of the runs."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    always, emitted = set(paths(tree)), set()
    resume_at: Path = ()
    while True:
        reader = Reader(rng, tree, resume_at, rng.randrange(3))
        reader.run(rng.choice([1, 3, 10, 30, 10**9]))
        emitted |= reader.emitted
        at = rng.choice(
            [at for at in reader.checkpoints[-4:] if at is not None] or [None]
        )  # the last STATE may be older
        if reader.traversal.checkpoint is None:
            break
        assert at is not None
        resume_at = at
        tree = changed(rng, tree)
        always &= set(paths(tree))
    assert always <= emitted


@given(st.integers(0, 10**9))
def test_a_subtree_that_was_finished_is_not_visited_again(seed: int) -> None:
    """Nor its lists: of a resumed run only the lists above its checkpoint are read again."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    first = Reader(rng, tree)
    first.run(rng.randrange(1, 80))
    at = first.traversal.checkpoint
    if at is None:
        return
    second = Reader(rng, tree, at)
    second.run()
    assert all(path >= at or path == at[: len(path)] for path in second.visited)
    assert not second.emitted & {path for path in paths(tree) if path < at}


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_it_starts_slowly(seed: int, lists_ahead: int) -> None:
    """As many nodes are open as are finished, plus one; those that are done behind an open one count as open."""
    rng = random.Random(seed)
    reader = Reader(rng, tree_of(rng), (), lists_ahead)
    finished = 0
    while True:
        before = len(reader.open)
        if not reader.step():
            break
        finished += len(reader.open) < before
        assert len(reader.open) <= finished + 1


@pytest.mark.parametrize("lists_ahead", [0, 1, 2, 5])
def test_lists_are_read_ahead_up_to_a_bound(lists_ahead: int) -> None:
    """A window is listed while earlier ones are not finished, but not more than so many."""
    reader = Traversal([str(number) for number in range(9)], (), lists_ahead)
    first = reader.next()
    assert first is not None and reader.next() is None  # nothing is finished yet
    first.children = ["x", "y"]
    reader.done(first)
    opened = [node.path for node in iter(reader.next, None)]
    assert opened == [[("0", "x"), ("0", "y")], [("1",), ("0", "x")], [("1",), ("2",)]][min(lists_ahead, 2)]


def test_with_enough_to_visit_nothing_is_listed_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window may lead to 200,000 contexts."""
    monkeypatch.setattr(traversal, "FEW_UNVISITED", 3)
    reader = Traversal(["1", "2"], (), 2)
    first = reader.next()
    assert first is not None
    first.children = list("abcd")
    reader.done(first)
    assert [node.path for node in (reader.next(), reader.next()) if node] == [("1", "a"), ("1", "b")]


@pytest.mark.parametrize("most", [1, 5])
def test_no_more_than_so_many_are_open(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Also of those that are done and stand behind one that is not: after a kill they would be read again."""
    monkeypatch.setattr(traversal, "MAX_OPEN", most)
    reader = Traversal([str(number) for number in range(1000, 1100)], (), 100)
    slow = reader.next()
    assert slow is not None
    visited = 1
    if most > 1:
        reader.done(slow)
        slow = reader.next()
        assert slow is not None
        while (node := reader.next()) is not None:
            visited += 1
            reader.done(node)
        assert visited == most
    assert reader.next() is None and reader.checkpoint == slow.path
    reader.done(slow)
    assert reader.next() is not None


def test_a_resumed_traversal_moves_before_it_looks_ahead() -> None:
    """A daily limit hardly above the cost of one node and its lists is enough for each run to get further."""
    reader = Traversal(["1", "2", "3"], ("1", "b"), 2)
    root = reader.next()
    assert root is not None and root.path == ("1",) and reader.was_emitted(root.path)
    assert reader.next() is None
    root.children = ["a", "b", "c"]
    reader.done(root)
    assert reader.checkpoint == ("1", "b") and not reader.has_moved
    node = reader.next()
    assert node is not None and node.path == ("1", "b") and not reader.was_emitted(node.path)
    assert reader.next() is None
    reader.done(node)
    assert reader.has_moved and reader.checkpoint == ("1", "c")
    assert {other.path for other in iter(reader.next, None)} == {("1", "c"), ("2",), ("3",)}


def test_a_checkpoint_that_is_gone_is_no_reason_to_read_again() -> None:
    """The node, or the root of it, has vanished: the next one that is there is where it goes on."""
    reader = Traversal(["1", "3"], ("2", "x"))
    assert reader.checkpoint == ("3",)
    reader = Traversal(["1", "2"], ("2", "x"))
    root = reader.next()
    assert root is not None and root.path == ("2",) and reader.checkpoint == ("2", "x")
    root.children = ["a", "y"]
    reader.done(root)
    assert reader.checkpoint == ("2", "y")


def test_without_roots_it_is_finished() -> None:
    """So it is with all of them before the checkpoint."""
    assert Traversal([]).checkpoint is None and Traversal([]).next() is None
    assert Traversal(["1"], ("2",)).checkpoint is None


def test_roots_that_come_while_the_traversal_lasts_are_visited() -> None:
    """As the window of a new day does, of a list whose rows move: roots are drawn when it is their turn."""
    roots = ["a", "b"]
    walk = Traversal(iter_growing(roots), lists_ahead=0)
    visited = []
    while node := walk.next():
        visited.append(node.path)
        if node.path == ("a",):
            roots.append("c")
        walk.done(node)
    assert visited == [("a",), ("b",), ("c",)]


def iter_growing(names: list[str]) -> Iterator[str]:
    """The names that are there when the next one is asked for."""
    number = 0
    while number < len(names):
        yield names[number]
        number += 1
