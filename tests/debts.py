"""Everything that a run's debts lie in, without a process: its state, its ways through the account, its branches."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from tap_zoom.access import Access
from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.debts import Debts
from tap_zoom.engine.places import Place
from tap_zoom.engine.questions import Question
from tap_zoom.engine.routes import Routes
from tap_zoom.state import Owed, State
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import Stream
from tap_zoom.streams.users import USER

STARTED = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
TODAY = STARTED.date()
USERS, NUMBERS, MEETINGS, HISTORY, DETAILS, WEBINARS = (
    BY_NAME[name] for name in ("users", "user_meetings", "meetings", "history_meetings", "report_meetings", "webinars")
)
# The core, and what leads to it.
ALL = frozenset(s.name for s in STREAMS if s.core or s.finds or not s.emitted) - {"user_past_meetings", "user_lookup"}
IN_TIME = ("report_meetings", "report_meeting_participants", "meeting_poll_results", "report_webinars")
OLD = {"report_meetings": {"start_time": "2026-01-01T00:00:00Z"}, "meeting_poll_results": {"start_time": "2025-12-01T00:00:00Z"}}


class Run:
    """Everything that a run's debts lie in: its state, its ways through the account, and these."""

    def __init__(self, state: State | None = None, asked: frozenset[str] = ALL) -> None:
        self.state = state or State("a", "s", STARTED)
        access = Access(selected=asked, asked=asked, spare=frozenset({"user_past_meetings"}))
        self.routes = Routes(access, {}, self.state.started_at.date(), TODAY, self.state.places)
        self.debts = Debts(self.state, self.routes)
        self.routes.open()

    def begin(self, name: str) -> Node:
        """The next place of a branch."""
        [branch] = [branch for branch in (*self.routes.branches, *self.debts.branches) if branch.name == name]
        node = branch.next()
        assert node is not None
        node.open = 1
        return node

    def question(self, name: str, stream: Stream | None = None) -> Question:
        """The first question about the next place of a branch."""
        node = self.begin(name)
        return next(each for each in self.routes.questions(node) if stream in (None, each.stream))

    def users(self, *ids: str) -> Question:
        """The list of users has been read: what hangs on it can begin."""
        question = self.question("")
        self.routes.listed(question.node, [Place(USER, {"user_id": name}).text for name in ids])
        return question

    def commit(self) -> State:
        """What the state says after that, as the run that goes on reads it."""
        self.debts.commit(self.state, [])
        warnings: list[str] = []
        state = State.resumed(self.state.value(), "a", "s", STARTED, warnings.append)
        assert not warnings
        return state

    def lose_meetings(self, first: int, last: int) -> None:
        for number in range(first, last + 1):
            self.debts.lose(meeting(number))


def meeting(number: int, branch: str = "scheduled", when: str | None = None, stream: Stream = MEETINGS) -> Question:
    """A question about a number, somewhere below a user."""
    node = Node(Branch(branch, [lambda _: []]), ("u1", f"{number:020} meeting"), None, number)
    return Question(stream, node, Place(MEETING, {"meeting_id": number}, when), stream.asks[0])


def owed(number: int, **how: Any) -> Owed:
    return Owed(MEETINGS, {"meeting_id": number}, {}, **how)


def owing(*debts: Owed, **how: Any) -> State:
    """The state of a run that was stopped with these."""
    state = State("a", "s", STARTED)
    state.owing = list(debts)
    for name, value in how.items():
        setattr(state, name, value)
    return state


def numbers(state: State) -> list[int]:
    return [each.ids["meeting_id"] for each in state.owing]


def out(node: Node) -> None:
    """All that is asked about a place is out."""
    node.open = 0
    node.branch.finished(node)


def window_owed() -> Owed:
    return Owed(HISTORY, {}, {}, (date(2026, 1, 5), date(2026, 2, 1)))
