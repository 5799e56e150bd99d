"""The run: what to ask next, what to do with an answer. One thread walks and writes; the frontier's workers fetch.

Answers are taken in an order that is known when they are asked for, and what to ask next is decided only then, by
counts, never by what happened to arrive. So the same data gives the same output in the same order, however slow single
answers are.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tap_zoom.access import sources
from tap_zoom.engine import lookups
from tap_zoom.engine.agenda import Agenda
from tap_zoom.engine.branch import Branch, Node
from tap_zoom.engine.debts import Debts
from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch, Plan, Record, cleaned, is_clean, rows_of
from tap_zoom.engine.routes import Routes
from tap_zoom.engine.windows import Window, later
from tap_zoom.errors import (
    DailyLimitReached,
    Incomplete,
    NothingHere,
    PageTokenExpired,
    RequestFailed,
    StreamRefused,
    TooEarly,
    TooManyLost,
)
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import State
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import Stream
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.frontier import Frontier
from tap_zoom.zoom.http import parse
from tap_zoom.zoom.request import Request

LOST_IN_A_ROW = 20
RESTARTS = 5  # of one list whose page tokens expire
MOVES_PER_STATE = 8
SECONDS_PER_STATE = 1.0

LOGGER = logging.getLogger(__name__)


class Sync:
    def __init__(
        self,
        plans: Mapping[str, Plan],
        routes: Routes,
        agenda: Agenda,
        state: State,
        frontier: Frontier,
        output: Output,
        report: Report,
        fail: bool,
    ) -> None:
        """`fail`: a stream that can't be read is an error, and not left out with a warning."""
        self._plans = plans
        self._routes = routes
        self._agenda = agenda
        self._state = state
        self._frontier = frontier
        self._output = output
        self._report = report
        self._fail = fail
        self._debts = Debts(state, routes)
        self._spent: DailyLimitReached | None = None
        self._blocked: set[Node] = set()  # places that miss an answer for it
        self._lost_in_a_row = 0
        self._told_of_later = False
        self._moved = 0
        self._state_at = time.monotonic()

    # --- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Read everything. Raises RunStopped where going on makes no sense."""
        for name, plan in self._plans.items():
            self._output.schema(name, plan.schema, plan.stream.key)
        self._debts.commit(self._state, self._state.refused)
        self._output.state(self._state.value())
        if self._routes.out_of_reach:
            LOGGER.warning(
                "The run was stopped so long ago that Zoom's reports no longer list what was held from %s to %s. What "
                "belongs to a number that is still listed is found by that: the numbers are read again.",
                *self._routes.out_of_reach,
            )
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
            self._report.tick(self._frontier)
            taken = self._frontier.take(patience=1.0)
            if taken is not None:
                self._handle(*taken)
                self._emit_state()

    def close(self, now: datetime) -> None:
        """The last STATE of a run that went to its end. Raises Incomplete if something is not out all the same."""
        read = [name for name in self._plans if name not in self._report.refused]
        self._state.bookmarks = self._debts.bookmarks(self._state, read)
        self._output.state(self._state.finished(now))
        report = self._report
        problems = []
        if self._debts.given_up:
            problems.append(
                f"{self._debts.given_up} losses of the stopped runs could not be asked for again (their ERROR lines "
                "name them; run again to try them again)"
            )
        if not report.complete:
            parts = [f"{report.lost_items} items"] * bool(report.lost_items)
            parts += [f"{report.lost_records} records"] * bool(report.lost_records)
            problems.append(f"{' and '.join(parts)} lost (the ERROR lines name them; run again to try them again)")
        if report.refused and self._fail:
            problems.append(
                f"not readable with this login: {', '.join(report.refused)} (give the app the scopes, the role or the "
                "plan that the ERROR lines name, or deselect these streams, or set on_missing_access to skip)"
            )
        if problems:
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
        for question in self._routes.questions(node):
            node.open += 1
            self._agenda.add(question)
        self._out(node)
        return True

    def _submit(self, request: Request, due: float, ahead: bool = False) -> None:
        node = request.question.node
        if node in self._blocked or node.branch.closed or request.stream.name not in self._routes.asked:
            self._agenda.taken(request, due, None)
            if node not in self._blocked and not node.branch.closed:  # refused since it was queued
                self._out(node)
            return
        self._frontier.submit(request, due, ahead)

    # --- what to do with an answer -----------------------------------------------------------------------------------

    def _handle(self, request: Request, due: float, outcome: Page | Exception) -> None:
        question: Question = request.question
        node, stream = question.node, question.stream
        self._agenda.taken(request, due, outcome.announcement if isinstance(outcome, Page) else None)
        tally = self._report.asked(stream.name)
        if node.branch.closed:
            return
        if isinstance(outcome, (Page, RequestFailed)):
            if self._take_in(request, question, outcome, tally.nothing):
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
        if isinstance(outcome, PageTokenExpired) and request.page > 1 and question.restarts < RESTARTS:
            LOGGER.info("Reading a list again from its start: %s", outcome)
            return self._again(question.from_its_start(restarts=question.restarts + 1))
        if isinstance(outcome, TooEarly) and question.window is not None and question.stream.over is not None:
            window = later(question.window, question.stream.over, datetime.now(timezone.utc).date())
            if window is not None:
                self._tell_of_later(question, window, outcome)
                return self._again(question.from_its_start(window=window))
        try:
            if question.origin is not None and isinstance(outcome, (Page, NothingHere, StreamRefused)):
                self._look_up(question, *question.origin, outcome, nothing)
            elif isinstance(outcome, Page):
                self._read(request, question, outcome)
            elif isinstance(outcome, NothingHere):
                nothing[str(outcome)] += 1
                self._lost_in_a_row = 0 if question.stream.emitted else self._lost_in_a_row
            elif isinstance(outcome, StreamRefused):
                self._refuse(question.stream, str(outcome))
            else:
                self._lose(question, str(outcome))
        except ValueError as error:
            self._lose(question, f"{request}: {error}")
        return not question.node.branch.closed

    def _read(self, request: Request, question: Question, page: Page) -> None:
        """Emit a page's records, note what they lead to, and ask for the next page. Raises ValueError for an answer
        that is not as documented."""
        stream = question.stream
        emails = lookups.missing(stream, page.body)
        patch: Patch | None = None
        if emails and stream.lookup in self._routes.asked:
            for each in lookups.questions(question, page.body, emails):
                question.node.open += 1
                self._agenda.add(each)
            patch = lookups.without(emails)
        elif emails:
            patch = lookups.with_emails(emails)
        content = self._emit(question, page, patch)
        if stream.finds:
            rows = rows_of(stream, content)
            for row in rows if is_clean(page.body) else cleaned(rows):
                if not self._routes.note(question, row):
                    self._note_nothing(question, row)
        if stream.emitted:
            self._lost_in_a_row = 0
        token = content.get("next_page_token") if stream.page else None
        if token:
            self._ask_at_once(question.next_page(token, request.page + 1))

    def _emit(self, question: Question, page: Page, patch: Patch | None) -> Record:
        plan = self._plans.get(question.stream.name)
        if plan is None:
            content: Record = parse(page.body)
            return content
        records, keyless, content = plan.records(page.body, question.place.ids, question.sequence, patch)
        self._write(question, plan, records, keyless, page.received)
        return content

    def _write(self, question: Question, plan: Plan, records: list[Record], keyless: int, received: datetime) -> None:
        name = plan.stream.name
        if records:
            self._output.records(name, records, received)
            self._report.tallies[name].records += len(records)
        if keyless:
            self._lose_records(question, keyless)
        for path in plan.new_misfits():
            LOGGER.warning(
                "%s.%s: a value did not fit the schema and went out as null. Further ones are counted.", name, path
            )
        for outcome in plan.new_unknown():
            LOGGER.warning("%s: Zoom sent fields that the schema lacks, %s.", name, outcome)

    def _note_nothing(self, question: Question, row: Any) -> None:
        """A row without an id leads nowhere. One that is looked up, or whose record has no key, was told of before."""
        row, stream = row if type(row) is dict else {}, question.stream
        if stream.lookup and not row.get("id") and (row.get("email") or stream.name in self._plans):
            return
        self._lose_records(question, 1)

    def _look_up(
        self,
        question: Question,
        origin: Question,
        row: Record,
        outcome: Page | NothingHere | StreamRefused,
        nothing: Counter[str],
    ) -> None:
        """Emit a row that had no id, with the one that was found, or with its e-mail where Zoom knows none."""
        if isinstance(outcome, NothingHere):
            nothing[str(outcome)] += 1
        elif isinstance(outcome, StreamRefused) and not outcome.scope_missing:
            self._lose(question, str(outcome))
            return
        elif isinstance(outcome, StreamRefused) and question.stream.name in self._routes.asked:
            self._routes.refuse(question.stream)
            LOGGER.warning("Pending users are keyed by their e-mail: %s", outcome)
        page = outcome if isinstance(outcome, Page) else None
        found = lookups.found_id(page)
        row = {**row, "id": found or question.place.ids["email"]}
        if found:
            self._routes.note(origin, row)
        plan = self._plans.get(origin.stream.name)
        if plan is not None:
            received = page.received if page else datetime.now(timezone.utc)
            self._write(origin, plan, *plan.record(row, origin.place.ids), received)

    def _refuse(self, stream: Stream, why: str) -> None:
        """A stream that this login can't read ends; where another one can take its place, that is asked instead."""
        if stream.name not in self._routes.asked:
            return
        if self._routes.refuse(stream):
            warn_of_stand_in(stream, why)
            return
        self._report.refused[stream.name] = why
        dependent = [name for name in self._plans if stream.name in sources(BY_NAME[name], older=True)]
        LOGGER.log(
            logging.ERROR if self._fail else logging.WARNING,
            "The stream %s can't be read with this login%s: %s",
            stream.name, f", and what hangs on it is missing ({', '.join(dependent)})" if dependent else "", why,
        )  # fmt: skip

    def _again(self, question: Question) -> bool:
        """Rows that are out come again, with the same keys."""
        self._ask_at_once(question.request())
        return False

    def _tell_of_later(self, question: Question, window: Window, error: TooEarly) -> None:
        if window.asked_from > max(self._routes.found_both_ways_until(question.stream), window.first):
            self._lose(question, f"what happened before {window.asked_from} and is not found by its number: {error}")
        elif not self._told_of_later:
            self._told_of_later = True
            LOGGER.warning(
                "Zoom's reports begin on %s by now. What was held before that is found by its number only, as far as "
                "that is still listed. %s", window.asked_from, error,
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
        else:
            found, node.found = node.found or set(), set()  # a roster: not to be asked about by this branch
            node.branch.finished(node)
            self._routes.listed(node, found)

    # --- what is lost, and the state ---------------------------------------------------------------------------------

    def _lose(self, question: Question, what: str) -> None:
        self._report.lose(what)
        self._debts.lose(question)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            raise TooManyLost(
                f"{LOST_IN_A_ROW} items were lost in a row, so something general is wrong; the last one: {what}. "
                "Mend that, then run again with the last STATE: it stands before these items."
            )

    def _lose_records(self, question: Question, count: int) -> None:
        self._report.lose_records(count, str(question))
        if question.node.branch.name:  # each run asks for the lists of the account
            self._debts.lose(question)

    def _emit_state(self) -> None:
        """STATE after finished work. While items are being lost in a row it stays before them."""
        if self._lost_in_a_row or not self._debts.commit(self._state, list(self._report.refused)):
            return
        self._moved += 1
        now = time.monotonic()
        if self._moved >= MOVES_PER_STATE or now - self._state_at >= SECONDS_PER_STATE:
            self._moved, self._state_at = 0, now
            self._output.state(self._state.value())


def warn_of_stand_in(stream: Stream, why: str) -> None:
    LOGGER.warning(
        "The account refuses %s, so occurrences are found user by user through %s: that takes two requests per user "
        "and month, and what was held by users who have left the account is not found. %s",
        stream.name, stream.instead, why,
    )  # fmt: skip
