"""What goes well and what is lost, and the STATE that follows from both."""

from __future__ import annotations

import time

from tap_zoom.engine.debts import Debts
from tap_zoom.engine.questions import Question
from tap_zoom.errors import TooManyLost
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import State

LOST_IN_A_ROW = 20
MOVES_PER_STATE = 8
SECONDS_PER_STATE = 1.0


class Ledger:
    def __init__(self, state: State, debts: Debts, output: Output, report: Report) -> None:
        self._state = state
        self._debts = debts
        self._output = output
        self._report = report
        self._lost_in_a_row = 0
        self._moved = 0
        self._state_at = time.monotonic()

    def went_well(self, question: Question) -> None:
        if question.stream.emitted:
            self._lost_in_a_row = 0

    def lose(self, question: Question, what: str) -> None:
        """An item is lost. Raises TooManyLost where too many are in a row."""
        self._report.lose(what)
        self._debts.lose(question)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            raise TooManyLost(
                f"{LOST_IN_A_ROW} items were lost in a row, so something general is wrong; the last one: {what}. "
                "Mend that, then run again with the last STATE: it stands before these items."
            )

    def lose_records(self, question: Question, count: int) -> None:
        """Rows of an answer are lost."""
        self._report.lose_records(count, str(question))
        if question.node.branch.name:  # each run asks for the lists of the account
            self._debts.lose(question)

    def emit_state(self) -> None:
        """STATE after finished work. While items are being lost in a row it stays before them."""
        if self._lost_in_a_row or not self._debts.commit(self._state, list(self._report.refused)):
            return
        self._moved += 1
        now = time.monotonic()
        if self._moved >= MOVES_PER_STATE or now - self._state_at >= SECONDS_PER_STATE:
            self._moved, self._state_at = 0, now
            self._output.state(self._state.value())
