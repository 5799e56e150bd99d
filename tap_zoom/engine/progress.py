"""How far the branches are: which of the places that are known beforehand are out, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tap_zoom.engine.branch import Branch
from tap_zoom.engine.places import Place
from tap_zoom.times import parse_time

LEAST = 0.02  # of a branch has to be out before that says anything about the rest


class Course:
    """One branch: `done` of the `known` places of its first level are out."""

    def __init__(self, branch: Branch, now: float) -> None:
        self.known = sum(1 for _ in branch.levels[0](None))
        self.done = 0
        self._branch = branch
        self._left = iter(branch.levels[0](None))
        self._next = next(self._left, None)
        self._began = now
        self._before = self.move()

    def move(self) -> float:
        """Follow the bookmark; gives the part that is out, 0 to 1."""
        mark = self._branch.bookmark
        while self._next is not None and mark.passed_whole((self._next[0],)):
            self.done += 1
            self._next = next(self._left, None)
        return (self.done + self._of_window()) / self.known if self._next else 1.0

    def _of_window(self) -> float:
        """How far it is in a stretch of time that is not out: what happens there is read in the order of time."""
        name, place = self._next or ("", None)
        path = self._branch.bookmark.path
        if not isinstance(place, Place) or place.window is None or len(path) < 2 or path[0] != name:
            return 0.0
        moment = parse_time(path[1].partition(" ")[0])
        if moment is None:
            return 0.0
        past = moment.date() - place.window.first
        return min(max(past / (place.window.last - place.window.first + timedelta(days=1)), 0.0), 1.0)

    def seconds_left(self, now: float) -> float | None:
        """At the pace so far; None where that can't be said yet."""
        part = self.move()
        if part == 1.0:
            return 0.0
        moved = part - self._before
        return (now - self._began) * (1 - part) / moved if moved >= LEAST else None


class Progress:
    def __init__(self) -> None:
        self._courses: dict[Branch, Course] = {}

    def look(self, branches: Iterable[Branch], now: float) -> tuple[dict[str, Course], float | None]:
        """The branches that are not out, by name, and the seconds that they may take, None where that can't be said.
        `now`: on one clock."""
        unfinished: dict[str, Course] = {}
        seconds: list[float | None] = []
        for branch in branches:
            if branch.name:
                if branch not in self._courses:
                    self._courses[branch] = Course(branch, now)
                course = self._courses[branch]
                seconds.append(course.seconds_left(now))
                if seconds[-1] != 0.0:
                    unfinished[branch.name] = course
            elif branch.open:  # lists of the account: who knows what they will lead to
                seconds.append(None)
        known = [each for each in seconds if each is not None]
        return unfinished, max(known) if known and len(known) == len(seconds) else None
