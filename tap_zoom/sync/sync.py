"""The run: what to ask next, what to do with an answer. One thread walks and writes; the frontier's workers fetch.

Answers are taken in an order that is known when they are asked for, and what to ask next is decided then, by counts,
never by what happened to arrive. So the same data gives the same output in the same order, however slow answers are.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timezone

from tap_zoom.access import sources, warn_of_stand_in
from tap_zoom.sync.again import Again
from tap_zoom.sync.agenda import Agenda
from tap_zoom.sync.branch import Branch, Node
from tap_zoom.sync.debts import Debts
from tap_zoom.sync.ledger import Ledger
from tap_zoom.sync.questions import Question
from tap_zoom.sync.reader import Reader
from tap_zoom.sync.routes import Routes
from tap_zoom.sync.writer import Writer
from tap_zoom.errors import DailyLimitReached, Incomplete, NothingHere, RequestFailed, StreamRefused, TooEarly
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import State
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.model import Stream
from tap_zoom.api.responses import Page
from tap_zoom.api.dispatcher import Frontier
from tap_zoom.api.request import Request

DAYS_GONE = (
    "The run was stopped so long ago that Zoom's reports no longer list what was held from %s to %s. What belongs to a "
    "number that is still listed is found by that: the numbers are read again."
)

LOGGER = logging.getLogger(__name__)


class Sync:
    def __init__(
        self,
        writer: Writer,
        routes: Routes,
        agenda: Agenda,
        state: State,
        frontier: Frontier,
        output: Output,
        report: Report,
        fail: bool,
    ) -> None:
        """`fail`: a stream that can't be read is an error."""
        self._writer = writer
        self._routes = routes
        self._agenda = agenda
        self._state = state
        self._frontier = frontier
        self._output = output
        self._report = report
        self._fail = fail
        self._debts = Debts(state, routes)
        self._ledger = Ledger(state, self._debts, output, report)
        self._reader = Reader(writer, routes, agenda, self._ledger)
        self._again = Again(routes, self._ledger)
        self._spent: DailyLimitReached | None = None
        self._blocked: set[Node] = set()  # places that miss an answer for it

    # --- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Read everything. Raises RunStopped where going on makes no sense."""
        self._writer.schemas()
        self._debts.commit(self._state, self._state.refused)
        self._output.state(self._state.value())
        if self._routes.out_of_reach:
            LOGGER.warning(DAYS_GONE, *self._routes.out_of_reach)
        for name in self._state.refused:
            self._refuse(BY_NAME[name], "it was refused before the run was stopped; that run's log says why.")
        self._routes.open()
        while True:
            self._fill()
            if not self._frontier:
                if self._spent is not None:
                    raise self._spent
                if self._debts.ask():
                    continue
                break
            self._report.tick(self._frontier, self._routes.branches)
            taken = self._frontier.take(patience=1.0)
            if taken is not None:
                self._handle(*taken)
                self._ledger.emit_state()

    def close(self, now: datetime) -> None:
        """The last STATE of a run that went to its end. Raises Incomplete if something is not out all the same."""
        refused = self._report.refused.keys()
        missing = {s.name for s in STREAMS if s.name in refused and s.instead not in self._routes.asked}
        missing |= {s.name for s in STREAMS if s.instead in refused}  # what was to stand in for it
        plans = self._writer.plans.keys() - refused
        read = [name for name in plans if not missing & sources(BY_NAME[name], older=True)]
        self._state.bookmarks = self._debts.bookmarks(self._state, read)
        self._output.state(self._state.finished(now))
        if problems := self._report.problems(self._debts.given_up, self._fail):
            raise Incomplete(f"The run is complete but for this: {'; '.join(problems)}.")

    # --- what to ask next ------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Ask as much as the lanes have room for; open more places for lanes that starve."""
        while True:
            while (turn := self._agenda.next()) is not None:
                self._submit(*turn)
            if self._spent is not None:
                return  # finish what is begun
            hungry = self._agenda.hungry([*self._routes.branches, *self._debts.branches])
            if not sum(map(self._open, hungry)):  # each of them, not only up to the first that opens something
                return

    def _open(self, branch: Branch) -> bool:
        # A run that goes on may have little of a day's limit left: it gets one place out before it opens more.
        one_first = self._state.goes_on and branch.name and not branch.has_moved
        if branch.open >= (1 if one_first else self._agenda.most_open(branch)):
            return False
        node = branch.next()
        if node is None:
            return False
        node.open = 1
        leads_on = False
        for question in self._routes.questions(node):
            node.open += 1
            self._agenda.add(question)
            leads_on |= bool(question.stream.finds)
        if not leads_on:
            branch.ends_at(node)
        self._out(node)
        return True

    def _submit(self, request: Request, due: float, ahead: bool = False) -> None:
        node = request.question.node
        dropped = node in self._blocked or node.branch.closed
        if not dropped and request.stream.name in self._routes.asked:
            self._frontier.submit(request, due, ahead)
            return
        self._agenda.taken(request, due, None)
        if not dropped:  # refused since it was queued
            self._out(node)

    # --- what to do with an answer -----------------------------------------------------------------------------------

    def _handle(self, request: Request, due: float, outcome: Page | Exception) -> None:
        question: Question = request.question
        node = question.node
        self._agenda.taken(request, due, outcome.announcement if isinstance(outcome, Page) else None)
        nothing = self._report.asked(question.stream.name).nothing
        if node.branch.closed:
            return
        if isinstance(outcome, (Page, RequestFailed)):
            if self._take_in(request, question, outcome, nothing):
                self._out(node)
        elif isinstance(outcome, DailyLimitReached):
            self._spent = self._spent or outcome
            self._blocked.add(node)
        else:
            raise outcome

    def _take_in(
        self, request: Request, question: Question, outcome: Page | RequestFailed, nothing: Counter[str]
    ) -> bool:
        """Do with an answer or a refusal what is to be done. Whether that is all for this request."""
        if isinstance(outcome, RequestFailed) and (again := self._again.request(request, question, outcome)):
            self._ask_at_once(again)
            return False
        if isinstance(outcome, TooEarly) and question.is_gone(datetime.now(timezone.utc).date()):
            outcome = NothingHere("too old", str(outcome))
        if isinstance(outcome, NothingHere):
            nothing[str(outcome)] += 1
        try:
            if not isinstance(outcome, Page):
                self._reader.rest(question)
            if question.origin is not None and isinstance(outcome, (Page, NothingHere, StreamRefused)):
                self._reader.look_up(question, *question.origin, outcome)
            elif isinstance(outcome, Page):
                if (following := self._reader.read(request, question, outcome)) is not None:
                    self._ask_at_once(following)
            elif isinstance(outcome, NothingHere):
                self._ledger.went_well(question)
            elif isinstance(outcome, StreamRefused):
                self._refuse(question.stream, str(outcome))
            else:
                self._ledger.lose(question.owner, str(outcome))
        except (ValueError, RecursionError) as error:
            self._reader.rest(question)
            why = "it is nested too deep" if isinstance(error, RecursionError) else error
            self._ledger.lose(question.owner, f"{request}: {why}")
        return not question.node.branch.closed

    def _refuse(self, stream: Stream, why: str) -> None:
        """A stream that this login can't read ends; where another one can take its place, that is asked instead."""
        if stream.name not in self._routes.asked:
            return
        if stood_in := self._routes.refuse(stream):
            warn_of_stand_in(stream, why)
            if stream.name not in self._writer.plans:
                return
        self._report.refused[stream.name] = why
        hanging = [name for name in self._writer.plans if stream.name in sources(BY_NAME[name], older=True)]
        dependent = [] if stood_in else hanging
        LOGGER.log(
            logging.ERROR if self._fail else logging.WARNING,
            "The stream %s can't be read with this login%s: %s",
            stream.name, f", and what hangs on it is missing ({', '.join(dependent)})" if dependent else "", why,
        )  # fmt: skip

    def _ask_at_once(self, request: Request) -> None:
        """Ask before anything else of its lane. What a branch waits for to get anywhere is also taken before anything
        else: each run gets further, also under a limit of the day that is hardly above the cost of one place."""
        node: Node = request.question.node
        first = not node.branch.name or (node.branch.holds_up(node) and not node.branch.has_moved)
        self._submit(request, self._agenda.at_once(request, first), ahead=True)

    def _out(self, node: Node) -> None:
        """One request about a place is done with."""
        node.open -= 1
        if node.open:
            return
        if node.branch.name:
            node.branch.finished(node)
            return
        found = node.found or set()
        node.branch.ends_at(node)  # a roster: other branches ask about it
        node.branch.finished(node)
        self._routes.listed(node, found)
