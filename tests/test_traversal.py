"""The traversal visits every node, in whatever order nodes finish, after kills, and if the tree changes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.sync import traversal
from tap_zoom.sync.traversal import Node, Path, Traversal

NAMES = "abcd"
TREES = 1000  # examples for the main tests on random trees
Tree = dict[Path, list[str]]  # the names of the children by path; the roots are at ()


def tree_of(rng: random.Random, depth: int = 3) -> Tree:
    """Return a random tree."""
    tree: Tree = {(): sorted(rng.sample(NAMES, rng.randrange(1, len(NAMES) + 1)))}
    for path in list(paths(tree)):
        grow(rng, tree, path, depth)
    return tree


def grow(rng: random.Random, tree: Tree, path: Path, depth: int) -> None:
    tree[path] = rng.sample(NAMES, rng.randrange(len(NAMES))) if len(path) < depth else []
    for name in tree[path]:
        grow(rng, tree, (*path, name), depth)


def paths(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all nodes."""
    for name in tree.get(path, []):
        yield (*path, name)
        yield from paths(tree, (*path, name))


def changed(rng: random.Random, tree: Tree) -> Tree:
    """Return the tree on another day: some nodes are gone, and others are new."""
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
    """Reads a tree as the sync does. `emitted`: the paths of nodes whose records have been emitted."""

    def __init__(self, rng: random.Random, tree: Tree, resume_at: Path = (), one_by_one: bool = False) -> None:
        self.rng, self.tree = rng, tree
        self.traversal = Traversal(tree[()], resume_at, one_by_one)
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


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=TREES)
def test_every_node_is_visited_once(seed: int, one_by_one: bool) -> None:
    """Nodes may finish in any order. At the end, there is no checkpoint."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    reader = Reader(rng, tree, (), one_by_one)
    reader.run()
    assert sorted(reader.visited) == sorted(paths(tree))
    assert reader.emitted == set(paths(tree))
    assert reader.traversal.checkpoint is None


@given(st.integers(0, 10**9))
@settings(max_examples=TREES)
def test_everything_before_a_checkpoint_was_emitted(seed: int) -> None:
    """This holds at every step, also in resumed runs. A checkpoint never moves back."""
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
def test_kills_and_changes_of_the_tree_lose_nothing(seed: int) -> None:
    """A node that always exists, with all its ancestors, is emitted by one of the runs."""
    rng = random.Random(seed)
    tree = tree_of(rng)
    always, emitted = set(paths(tree)), set()
    resume_at: Path = ()
    while True:
        reader = Reader(rng, tree, resume_at, rng.random() < 0.3)
        reader.run(rng.choice([1, 3, 10, 30, 10**9]))
        emitted |= reader.emitted
        at = rng.choice(
            [at for at in reader.checkpoints[-4:] if at is not None] or [None]
        )  # the last STATE may be older than the kill
        if reader.traversal.checkpoint is None:
            break
        assert at is not None
        resume_at = at
        tree = changed(rng, tree)
        always &= set(paths(tree))
    assert always <= emitted


@given(st.integers(0, 10**9))
def test_a_finished_subtree_is_not_visited_again(seed: int) -> None:
    """A resumed run only reads the lists above its checkpoint again."""
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


@given(st.integers(0, 10**9), st.booleans())
def test_the_number_of_open_nodes_grows_slowly(seed: int, one_by_one: bool) -> None:
    """It is at most the number of finished nodes plus one."""
    rng = random.Random(seed)
    reader = Reader(rng, tree_of(rng), (), one_by_one)
    finished = 0
    while True:
        before = len(reader.open)
        if not reader.step():
            break
        finished += len(reader.open) < before
        assert len(reader.open) <= finished + 1


@given(st.integers(0, 10**9))
def test_the_smallest_known_path_is_visited_next(seed: int) -> None:
    """Nodes are known once their parent is done; of the roots, only the next one is known."""
    rng = random.Random(seed)
    reader = Reader(rng, tree_of(rng))
    known = set()
    while reader.open or reader.traversal.checkpoint is not None:
        known |= {(root,) for root in reader.tree[()]}
        known |= {path for path in paths(reader.tree) if path[:-1] in reader.emitted}
        before = len(reader.visited)
        reader.step()
        if len(reader.visited) > before:
            assert reader.visited[-1] == min(known - set(reader.visited[:before]))


@pytest.mark.parametrize("one_by_one", [False, True])
def test_further_roots_are_visited_while_a_list_is_read(one_by_one: bool) -> None:
    """Unless they are visited one by one. Then they wait for the list, but not for its children."""
    reader = Traversal(["0", "1", "2"], (), one_by_one)
    first = reader.next()
    assert first is not None and reader.next() is None  # nothing is finished yet
    reader.done(first)
    ahead = [node for node in iter(reader.next, None) if node]
    assert [node.path for node in ahead] == ([("1",)] if one_by_one else [("1",), ("2",)])
    ahead[0].children = ["x"]
    reader.done(ahead[0])
    opened = [node.path for node in iter(reader.next, None)]
    assert opened == ([("1", "x"), ("2",)] if one_by_one else [("1", "x")])


@pytest.mark.parametrize("most", [1, 5])
def test_the_number_of_open_nodes_is_limited(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Nodes that are done but follow an unfinished one count too, because a kill would repeat them."""
    monkeypatch.setattr(traversal, "MAX_OPEN", most)
    reader = Traversal([str(number) for number in range(1000, 1100)])
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


def test_a_resumed_traversal_moves_before_it_opens_more() -> None:
    """Each run gets further, even if the daily limit is hardly above the cost of one node and its lists."""
    reader = Traversal(["1", "2", "3"], ("1", "b"))
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


def test_a_traversal_resumes_after_a_checkpoint_that_is_gone() -> None:
    """If the node or its root no longer exists, the traversal resumes at the next node that does."""
    reader = Traversal(["1", "3"], ("2", "x"))
    assert reader.checkpoint == ("3",)
    reader = Traversal(["1", "2"], ("2", "x"))
    root = reader.next()
    assert root is not None and root.path == ("2",) and reader.checkpoint == ("2", "x")
    root.children = ["a", "y"]
    reader.done(root)
    assert reader.checkpoint == ("2", "y")


def test_a_traversal_without_roots_is_finished() -> None:
    """It is also finished if all roots are before the checkpoint."""
    assert Traversal([]).checkpoint is None and Traversal([]).next() is None
    assert Traversal(["1"], ("2",)).checkpoint is None


def test_roots_that_appear_during_the_traversal_are_visited() -> None:
    """Roots are read one by one. After midnight, a list whose rows move may have a new window."""
    roots = ["a", "b"]
    walk = Traversal(iter_growing(roots), one_by_one=True)
    visited = []
    while node := walk.next():
        visited.append(node.path)
        if node.path == ("a",):
            roots.append("c")
        walk.done(node)
    assert visited == [("a",), ("b",), ("c",)]


def iter_growing(names: list[str]) -> Iterator[str]:
    """Yield the names, including those that are added meanwhile."""
    number = 0
    while number < len(names):
        yield names[number]
        number += 1
