"""The loop of a run: tasks of the next contexts go to the dispatcher, records are emitted as answers arrive.

tasks of the next contexts  ->  dispatcher (a queue for each rate limit)  ->  answer, as it arrives
answer  ->  records to stdout; links to the traversal; the next page to the front of its queue
last page of a context's tasks  ->  its children are known, the checkpoint moves, a STATE may follow
"""

from __future__ import annotations

import logging
import time

from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.responses import Page
from tap_zoom.errors import (
    DailyLimitReached,
    DatesTooOld,
    EmptyAnswer,
    Incomplete,
    NoAccess,
    PageTokenExpired,
    RequestFailed,
    RetriesExhausted,
)
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import Run, State
from tap_zoom.streams import BY_NAME, replication_key_of
from tap_zoom.streams.model import Stream
from tap_zoom.streams.refusals import TOO_OLD
from tap_zoom.sync.pages import Pages
from tap_zoom.sync.retries import Retries
from tap_zoom.sync.tasks import Task, Tasks
from tap_zoom.sync.traversals import Traversals
from tap_zoom.sync.windows import Windows
from tap_zoom.times import stamp

MAX_RESTARTS = 5  # of a list whose page tokens expire
CHANGES_PER_STATE, SECONDS_PER_STATE = 8, 1.0

LOGGER = logging.getLogger(__name__)


class Sync:
    """Reads an account."""

    def __init__(
        self, tasks: Tasks, windows: Windows, traversals: Traversals, pages: Pages, retries: Retries,
        dispatcher: Dispatcher, state: State, run: Run, output: Output, report: Report,
    ) -> None:  # fmt: skip
        self._tasks = tasks
        self._windows = windows
        self._traversals = traversals
        self._pages = pages
        self._retries = retries
        self._dispatcher = dispatcher
        self._state = state
        self._run = run
        self._output = output
        self._report = report
        self._spent: DailyLimitReached | None = None
        self._last_state: object = None
        self._changes, self._state_at = 0, time.monotonic()

    # --- the loop

    def run(self) -> None:
        """Read everything. Raises RunStopped if further requests can't succeed."""
        self._pages.emit_schemas()
        self._traversals.restart_expired()
        self.emit_state()
        self._traversals.open_ready()
        while True:
            if not self._spent:
                self._traversals.fill()
            if not self._dispatcher.in_flight:
                if self._spent:
                    raise self._spent
                undecided = self._retries.undecided()
                for name, reason in undecided:
                    self._refuse(BY_NAME[name], reason)
                if not undecided and not self._traversals.retry_failures():
                    return
                continue
            self._report.tick(self._dispatcher, self._traversals.progress)
            if taken := self._dispatcher.take(1.0):
                self._handle(*taken)
            self._emit_state_if_due()

    def close(self, start_date: str) -> None:
        """Move the bookmarks and emit the last STATE. Raises Incomplete if something is missing."""
        held = self._retries.finish()
        for name in sorted(self._tasks.selected - self._tasks.refused):  # also of those that a fallback replaced
            if (key := replication_key_of(BY_NAME[name])) and not held & self._tasks.depends_on(name):
                self._state.bookmarks[name] = {key: stamp(self._run.started_at)}
        self._state.unfinished = None
        self._state.start_date = start_date
        self._output.state(self._state.value())
        if problems := self._report.problems(held - self._tasks.refused):
            raise Incomplete(f"The run has reached its end, but data is missing: {'; '.join(problems)}.")

    # --- answers

    def _handle(self, task: Task, outcome: Page | Exception) -> None:
        if isinstance(outcome, DailyLimitReached):
            self._spent = self._spent or outcome  # its node stays open; other requests in flight are finished
            return
        if not isinstance(outcome, (Page, RequestFailed)):
            raise outcome
        self._report.request(task.stream.name)
        if isinstance(outcome, RequestFailed) and self._request_again(task, outcome):
            return
        if isinstance(outcome, DatesTooOld) and task.window and self._windows.is_expired(task.stream, task.window):
            outcome = EmptyAnswer(TOO_OLD.reason, str(outcome))
        try:
            if self._read(task, outcome):
                return
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else error
            self._retries.fail(task.owner, f"{task}: {reason}")
        self._pages.emit_pending(task)
        owner = task.owner
        owner.unfinished -= 1
        if not owner.unfinished:
            self._retries.read(owner)
        self._traversals.finish(task.traversal, task.node, owner.stream)

    def _read(self, task: Task, outcome: Page | RequestFailed) -> bool:
        """Process an answer or a refusal. True if the next page is requested."""
        if isinstance(outcome, EmptyAnswer):
            self._report.empty(task.stream.name, str(outcome))
        if task.row_of is not None:
            self._enrich(task, outcome)
        elif isinstance(outcome, Page):
            self._retries.answered(task)
            if task.window is not None and task.stream.date_range is not None:
                self._windows.answered(task.stream, task.window)
            page = self._pages.read(task, outcome)
            for enrichment in page.enrichments:
                task.unfinished += 1
                self._traversals.submit(enrichment)
            if page.missing:
                self._retries.fail(task, page.missing)
            if page.next_token:
                task.next_page(page.next_token)
                self._traversals.request(task)
                return True
        elif isinstance(outcome, EmptyAnswer):
            self._retries.answered(task)
            if str(outcome) == TOO_OLD.reason:
                self._retries.expired(task)
        elif isinstance(outcome, NoAccess):
            if self._retries.refused(task, outcome):
                self._refuse(task.stream, str(outcome))
        else:
            self._retries.fail(task, str(outcome), is_fault=isinstance(outcome, RetriesExhausted))
        return False

    def _request_again(self, task: Task, error: RequestFailed) -> bool:
        """Request a list again from its first page, if that can help."""
        if isinstance(error, PageTokenExpired) and task.page > 1 and task.restarts < MAX_RESTARTS:
            LOGGER.info("Reading a list again from its first page: %s", error)
            task.from_first_page()
        elif not isinstance(error, DatesTooOld) or task.window is None:
            return False
        elif later := self._windows.later(task.stream, task.window):
            self._report.answers_from(task.stream.name, later.from_, str(error))
            task.from_first_page(later)
        else:
            return False
        self._traversals.request(task)
        return True

    def _enrich(self, task: Task, outcome: Page | RequestFailed) -> None:
        """Emit a row with the values that the answer adds, or unchanged if Zoom has nothing to add."""
        owner = task.owner
        if isinstance(outcome, NoAccess) and outcome.scope_missing:
            if task.stream.name in self._tasks.requested:
                self._tasks.refuse(task.stream)
                where = f"Rows of {owner.stream.name} are emitted without the id or text from {task.stream.name}"
                LOGGER.warning("%s: %s", where, outcome)
        elif not isinstance(outcome, (Page, EmptyAnswer)):
            self._retries.fail(owner, str(outcome), is_fault=isinstance(outcome, RetriesExhausted))
            return
        page = outcome if isinstance(outcome, Page) else None
        if missing := self._pages.emit_enriched(owner, task, page):
            self._retries.fail(owner, missing)

    def _refuse(self, stream: Stream, reason: str) -> None:
        if self._retries.refuse(stream, reason):
            self._traversals.open_ready()  # of the fallback

    # --- state

    def emit_state(self) -> None:
        """Emit a STATE with the checkpoint of each traversal, if anything has changed."""
        value = self.last_state()
        if value != self._last_state:
            self._last_state, self._changes, self._state_at = value, 0, time.monotonic()
            self._output.state(value)

    def _emit_state_if_due(self) -> None:
        self._changes += 1
        if self._changes >= CHANGES_PER_STATE or time.monotonic() - self._state_at >= SECONDS_PER_STATE:
            self.emit_state()

    def last_state(self) -> dict[str, object]:
        """Return the value of the last STATE of an interrupted run."""
        self._traversals.store_checkpoints()
        return self._state.value()
