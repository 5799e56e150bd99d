"""What a run owes: questions that were lost before it was stopped. The run that goes on asks them once more at its end.

Kept by identity: the stream, the ids in its path, and what else was asked. Of MOST_OWED losses at the most, and not of
those that hide how much they lead to (a page of users): for these the run that goes on also goes back to before them.
That is done once, or one loss for good and a limit of the day would never end; what is lost after that is counted.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterable
from dataclasses import replace

from tap_zoom.sync.branch import Branch
from tap_zoom.sync.places import Place
from tap_zoom.sync.questions import Question
from tap_zoom.sync.routes import Routes
from tap_zoom.state import START, Bookmark, Owed, State
from tap_zoom.streams import BY_NAME, time_field
from tap_zoom.streams.model import Stream
from tap_zoom.times import stamp

MOST_OWED = 20
MOST_BYTES = 3000  # of them in the state, which stays under 4 KB with all that it says besides
OWING = "owing"  # what the branch is called
LOGGER = logging.getLogger(__name__)


class Debts:
    """`branches`: what is being asked once more. What is owed by now goes into the state when it is committed."""

    def __init__(self, state: State, routes: Routes) -> None:
        self.branches: list[Branch] = []
        self.went_back = state.went_back
        self.given_up = state.given_up
        self._routes = routes
        self._numbers = itertools.count(1)
        self._questions = {f"{next(self._numbers):06}": owed for owed in state.owing}  # in the order of their loss
        self._to_ask = dict(self._questions)
        self._lost_again: set[str] = set()
        self._unlisted: list[Stream] = []  # lists of the account that were not read whole
        self._may_go_back = not state.went_back
        self._goes_back_to: dict[str, Bookmark] = {}  # by branch: where the run that goes on begins

    def ask(self) -> bool:
        """Ask once more, at the end of a run that went on, what was lost before. False where there is nothing."""
        owed, self._to_ask = self._to_ask, {}
        if not owed:
            return False
        LOGGER.info("%d items that were lost before the run was stopped are asked for once more.", len(owed))
        for each in owed.values():
            self._routes.ask_too(each.stream)
        name, first = next(iter(owed.items()))
        mark = START if first.done == START else Bookmark((name, *first.done.path), first.done.whole)
        lanes = frozenset(lane for each in owed.values() for lane in self._routes.lanes(each.stream))
        places = [(name, self._place(each)) for name, each in owed.items()]
        self.branches = [Branch(OWING, [lambda _: places], mark, len(owed), lanes=lanes)]
        return True

    def _place(self, owed: Owed) -> Place:
        window = self._routes.calendar.window(owed.stream, *owed.days) if owed.days else None
        return Place(owed.stream.about, owed.ids, owed.at, owed.stream, window, owed.asks)

    def lose(self, question: Question) -> None:
        """Keep a question that was lost for the run that goes on, should this one be stopped."""
        node = question.node
        if not node.branch.name:  # a list of the account: each run asks it, but who was not listed was not asked about
            self._unlisted.append(node.what.stream)
            self._go_back(self._routes.hang_on(node.what.stream))
        elif node.branch.name == OWING and len(node.path) == 1:
            self._lost_again.add(node.path[0])
        else:
            place, window = question.place, question.window
            days = (window.first, window.last) if window else None
            if not self._keep(Owed(question.stream, place.ids, question.asks, days, place.when)):
                self._go_back([node.branch.name])

    def commit(self, state: State, refused: list[str]) -> bool:
        """Write into the state where its run stands and what it owes. Whether that is anything new."""
        self._settle()
        was = state.places, state.owing, state.went_back, state.given_up, state.refused
        state.places = self._routes.places() | self._goes_back_to
        state.owing, state.refused = list(self._questions.values()), refused
        state.went_back, state.given_up = self.went_back, self.given_up
        return was != (state.places, state.owing, state.went_back, state.given_up, state.refused)

    def bookmarks(self, state: State, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Those of a run that reached its end: what its streams hold from before is out, but for what was lost."""
        self._settle()
        moved = {}
        unknown = self.given_up or self._goes_back_to  # what was lost beyond that which is owed by name
        for name in () if unknown else names:
            field = time_field(BY_NAME[name])
            mark = state.read_from(name, field)
            lost = [_since(owed, mark) for owed in self._questions.values() if self._routes.feeds(owed.stream, name)]
            if field and None not in lost and not any(self._routes.feeds(stream, name) for stream in self._unlisted):
                moved[name] = {field: min([stamp(state.started_at), *filter(None, lost)])}
        return state.bookmarks | moved

    def _settle(self) -> None:
        """Forget what is out by now; what was lost once more waits for the next run."""
        mark = self.branches[0].bookmark if self.branches else START
        for name, owed in tuple(self._questions.items()) if mark != START else ():
            if mark.passed_whole((name,)):
                del self._questions[name]
                if name in self._lost_again:
                    self._keep(replace(owed, done=START))
            elif name == mark.path[0]:
                self._questions[name] = replace(owed, done=Bookmark(mark.path[1:], mark.whole))

    def _keep(self, owed: Owed) -> bool:
        if any(each.is_like(owed) for each in self._questions.values()):
            return True
        size = len(json.dumps([each.value() for each in (*self._questions.values(), owed)]))
        if len(self._questions) >= MOST_OWED or size > MOST_BYTES:
            return False
        self._questions[f"{next(self._numbers):06}"] = owed
        return True

    def _go_back(self, branches: list[str]) -> None:
        """Let the run that goes on begin before what was lost now; once, and not in what it asks again."""
        if not branches:
            return
        if not self._may_go_back or OWING in branches:
            self.given_up += 1
            return
        self.went_back = True
        for name in branches:
            self._goes_back_to.setdefault(name, self._routes.places().get(name, START))


def _since(owed: Owed, mark: str) -> str | None:
    """Since when something of a stream may be missing. Days begin before the bookmark from which it was read, by the
    look-back: what they hold from before it is out, and else a list that is lost on each night would move it back."""
    return max(owed.when or "", mark) if owed.days else owed.when
