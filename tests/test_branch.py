"""The order of work: any tree, any order of ending, a kill at any moment, things that come and go between the runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_zoom.engine.branch import Branch, Node
from tap_zoom.state import START, Bookmark, Path
from tap_zoom.streams.model import HEAVY, LIGHT, MEDIUM, PHONE_HEAVY

Tree = dict[str, Any]
MOST = st.sampled_from([1, 3, 50])
SEEDS = st.integers(0, 10**9)


def tree(rng: random.Random, depth: int) -> Tree:
    """Places by name, and below each of them others."""
    names = {f"{rng.choice('abcdefg')}{rng.randrange(4)}" for _ in range(rng.randrange(4))}
    return {name: tree(rng, depth - 1) if depth else {} for name in names}


def paths(places: Tree, above: Path = ()) -> Iterator[Path]:
    for name in sorted(places):
        yield (*above, name)
        yield from paths(places[name], (*above, name))


class Drive:
    """Drives a branch as the engine does: of each place, itself is asked for and what is below it; questions end in any
    order. `marks`: each bookmark, with what was out by then."""

    def __init__(self, places: Tree, levels: list[list[str]], mark: Bookmark, most: int, rng: random.Random) -> None:
        self.places = places
        self.known = levels or [sorted(places)]
        self.rng = rng
        self.most = most
        self.begun: list[Path] = []
        self.out: set[Path] = set()
        self.branch = Branch("x", [self.level(names) for names in self.known], mark)
        self.marks = [(self.branch.bookmark, frozenset(self.out))]
        self.under_way: list[tuple[Node, str]] = []

    @staticmethod
    def level(names: list[str]) -> Callable[[Any], Any]:
        return lambda _: ((name, None) for name in names)

    def run(self, steps: int | None = None) -> bool:
        """So many questions, or all. Whether that was the end."""
        while steps is None or steps > 0:
            while self.branch.open < self.most and (node := self.branch.next()) is not None:
                self.begin(node)
            if not self.under_way:
                return True
            self.end(*self.under_way.pop(self.rng.randrange(len(self.under_way))))
            steps = steps - 1 if steps is not None else None
        return False

    def begin(self, node: Node) -> None:
        self.begun.append(node.path)
        asks = [] if self.branch.start.passed(node.path) else ["itself"]
        is_known = len(node.path) < len(self.known)
        if (is_known or not self.below(node)) and self.rng.random() < 0.5:
            self.branch.ends_at(node)
        elif not is_known:
            asks.append("below")
        node.open = len(asks) + 1
        self.under_way += [(node, ask) for ask in (*asks, "begun")]

    def below(self, node: Node) -> Tree:
        """What there is below a place."""
        places = self.places
        for name in node.path:
            places = places.get(name, {})
        return places

    def end(self, node: Node, ask: str) -> None:
        if ask == "itself":
            self.out.add(node.path)
        if ask == "below":
            assert node.found is not None
            node.found |= {f"{name}\0more of it" for name in self.below(node)}
        before = self.branch.bookmark
        node.open -= 1
        if not node.open:
            self.branch.finished(node)
        assert before == START or self.branch.bookmark == before or self.branch.bookmark.passed(before.path)
        self.marks.append((self.branch.bookmark, frozenset(self.out)))


def windows_and_users(places: Tree) -> tuple[Tree, list[list[str]]]:
    """The same users in each of the windows, known beforehand."""
    levels = [sorted(places), sorted({user for window in places.values() for user in window})]
    return {window: {user: places[window].get(user, {}) for user in levels[1]} for window in places}, levels


@settings(max_examples=400)
@given(SEEDS, st.integers(1, 3), st.booleans(), MOST)
def test_every_place_is_begun_once_and_the_branch_gets_to_its_end(seed: int, depth: int, known: bool, most: int) -> None:
    """Whatever ends first; and the first place in order that is known is begun first."""
    rng = random.Random(seed)
    places, levels = windows_and_users(tree(rng, depth)) if known else (tree(rng, depth), [])
    drive = Drive(places, levels, START, most, rng)
    assert drive.run()
    assert sorted(drive.begun) == list(paths(places))
    assert drive.out == set(paths(places))
    assert drive.branch.open == 0
    assert all(drive.branch.bookmark.passed_whole(path) for path in paths(places))
    if most == 1:
        assert drive.begun == list(paths(places))


@settings(max_examples=400)
@given(SEEDS, st.integers(1, 3), st.booleans(), MOST)
def test_from_any_bookmark_the_rest_is_out(seed: int, depth: int, known: bool, most: int) -> None:
    """What was out at a bookmark, and what a run from it has out, is all that was there throughout."""
    rng = random.Random(seed)
    places, levels = windows_and_users(tree(rng, depth)) if known else (tree(rng, depth), [])
    drive = Drive(places, levels, START, most, rng)
    drive.run()
    for mark, before in rng.sample(drive.marks, min(len(drive.marks), 6)):
        assert all(path in before for path in paths(places) if mark.passed(path))
        now = places
        if not levels:  # things appear and vanish
            stay = {name: below for name, below in places.items() if rng.random() > 0.2}
            now = stay | {f"z{rng.randrange(3)}": {}, f"a{rng.randrange(9)}x": {}}
        again = Drive(now, levels, mark, most, rng)
        assert again.run()
        assert set(paths(now)) & set(paths(places)) <= before | again.out


@settings(max_examples=200)
@given(SEEDS, st.booleans())
def test_kill_after_kill_it_gets_to_the_end(seed: int, known: bool) -> None:
    """One place at a time, each run gets a little further than the one before; and together everything."""
    rng = random.Random(seed)
    places, levels = windows_and_users(tree(rng, 2)) if known else (tree(rng, 2), [])
    mark, together = START, set()
    for _ in range(200):
        drive = Drive(places, levels, mark, 1, rng)
        done = drive.run(rng.randrange(4, 12))
        together |= drive.out
        mark = drive.branch.bookmark
        if done:
            break
    assert done and together == set(paths(places))


def test_no_more_is_listed_ahead_than_wanted() -> None:
    """Of the places that are known beforehand, one more is begun than `ahead` while none has all its own begun."""
    branch = Branch("x", [lambda _: [(name, None) for name in "abcdef"]], ahead=2)
    nodes = [branch.next() for _ in range(6)]
    assert [node.path for node in nodes if node] == [("a",), ("b",), ("c",)]
    assert nodes[0]
    branch.finished(nodes[0])  # leads to nothing
    following = branch.next()
    assert following and following.path == ("d",) and branch.next() is None


def test_the_lanes_of_a_branch_stand_in_one_order() -> None:
    """That of a set differs from process to process."""
    lanes = (HEAVY, LIGHT, MEDIUM, PHONE_HEAVY)
    assert Branch("x", [lambda _: ()], lanes=frozenset(lanes)).lanes == tuple(sorted(lanes))


def test_what_leads_nowhere_is_not_listed_ahead() -> None:
    """However many such places are begun, the next window is; and it ends when they are out."""
    branch = Branch("x", [lambda _: [(name, None) for name in "abc"]], ahead=0)
    window = begin(branch)
    out(window, "m", "n")
    below = [begin(branch), begin(branch)]
    assert [node.path for node in below] == [("a", "m"), ("a", "n")] and branch.next() is None
    for node in below:
        branch.ends_at(node)
    assert begin(branch).path == ("b",) and branch.next() is None
    out(below[1])
    assert branch.bookmark == Bookmark(("a",))
    out(below[0])
    assert branch.bookmark == Bookmark(("a",), whole=True)


def test_a_name_that_is_found_twice_is_one_place() -> None:
    """The rest of what is known of it may differ."""
    branch = Branch("x", [lambda _: [("a", None)]])
    node = branch.next()
    assert node and node.found is not None
    node.found |= {"n\0one", "n\0other", "m"}
    branch.finished(node)
    assert [below.path for below in iter(branch.next, None) if below] == [("a", "m"), ("a", "n")]


def begin(branch: Branch) -> Node:
    node = branch.next()
    assert node
    node.open = 1
    return node


def out(node: Node, *found: str) -> None:
    """All that is asked about a place is out, and led to these."""
    if node.found is not None:
        node.found |= set(found)
    node.open = 0
    node.branch.finished(node)


def test_no_more_is_listed_ahead_in_any_window() -> None:
    """A window whose places are all begun makes no room: theirs are not."""
    names = {f"w{number}": "abcde"[number] for number in range(5)}
    levels: list[Callable[[Any], Any]] = [lambda _: names.items(), lambda name: [(name, None)]]
    branch = Branch("x", levels, ahead=1)
    nodes = [begin(branch) for _ in range(4)]
    assert [node.path for node in nodes] == [("w0",), ("w0", "a"), ("w1",), ("w1", "b")]
    assert [(node.what, node.number) for node in nodes] == [("a", 1), (None, 2), ("b", 3), (None, 4)]
    assert branch.next() is None
    out(nodes[1], "found")
    below = begin(branch)
    assert below.path == ("w0", "a", "found") and branch.next() is None
    out(below)
    assert begin(branch).path == ("w2",)


def test_the_bookmark_waits_for_the_first_place_that_is_not_out() -> None:
    """The deepest of those that are begun."""
    branch = Branch("x", [lambda _: [(name, None) for name in "ab"]])
    first, second = begin(branch), begin(branch)
    assert branch.holds_up(first) and not branch.holds_up(second)
    out(second)
    assert branch.bookmark == START and not branch.has_moved
    out(first, "m", "n")
    assert branch.bookmark == Bookmark(("a",)) and branch.has_moved
    below, last = begin(branch), begin(branch)
    assert (below.path, last.path) == (("a", "m"), ("a", "n"))
    assert branch.holds_up(below) and not branch.holds_up(first) and not branch.holds_up(last)
    out(below)
    assert branch.bookmark == Bookmark(("a", "m"), whole=True) and branch.holds_up(last)
    out(last)
    assert branch.bookmark == Bookmark(("b",), whole=True) and branch.open == 0


def test_what_an_earlier_run_passed_is_known() -> None:
    """That is where this one begins, unless it begins before that."""
    mark, further = Bookmark(("b",)), Bookmark(("d",), whole=True)
    assert Branch("x", [lambda _: []], mark).passed == mark
    assert Branch("x", [lambda _: []], mark, passed=further).passed == further
    assert Branch("x", [lambda _: []], passed=further).bookmark == START
