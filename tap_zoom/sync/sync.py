"""The loop of a run: tasks of the next contexts go to the dispatcher, records go out as answers arrive.

tasks of the next contexts  ->  dispatcher (a queue for each rate limit)  ->  answer, as it arrives
answer  ->  records to stdout; links to the traversal; the next page to the front of its queue
last page of a context's tasks  ->  its children are known, the checkpoint moves, a STATE may follow
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.responses import Page
from tap_zoom.errors import (
    DailyLimitReached,
    Exhausted,
    Incomplete,
    NothingHere,
    PageTokenExpired,
    RequestFailed,
    StreamRefused,
    TooEarly,
)
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.state import Run, State
from tap_zoom.streams import BY_NAME, replication_key_of
from tap_zoom.streams.model import ACCOUNT, Entity, Stream
from tap_zoom.sync.context import Context
from tap_zoom.sync.pages import Pages
from tap_zoom.sync.retries import Retries
from tap_zoom.sync.tasks import Task, Tasks
from tap_zoom.sync.traversal import Node, Traversal
from tap_zoom.sync.windows import Windows
from tap_zoom.times import stamp

WINDOWS_AHEAD = 2
CONTEXTS_AHEAD = 64  # of those that the account lists
MAX_RESTARTS = 5  # of a list whose page tokens expire
CHANGES_PER_STATE, SECONDS_PER_STATE = 8, 1.0

LOGGER = logging.getLogger(__name__)


class Sync:
    """Reads an account. `resumed`: `run` was stopped and goes on."""

    def __init__(
        self, tasks: Tasks, windows: Windows, pages: Pages, retries: Retries, dispatcher: Dispatcher, state: State,
        run: Run, resumed: bool, output: Output, report: Report,
    ) -> None:  # fmt: skip
        self._tasks = tasks
        self._windows = windows
        self._pages = pages
        self._retries = retries
        self._dispatcher = dispatcher
        self._state = state
        self._run = run
        self._resumed = resumed
        self._output = output
        self._report = report
        self._contexts: dict[Entity, list[str]] = {}  # entities that the account lists, once they are listed
        self._requested: set[Stream] = set()  # lists of the account
        self._traversals: dict[str, Traversal] = {}
        self._spent: DailyLimitReached | None = None
        self._last_state: object = None
        self._changes, self._state_at = 0, time.monotonic()

    # --- the loop

    def run(self) -> None:
        """Read everything. Raises RunStopped if it makes no sense to go on."""
        self._pages.emit_schemas()
        self._restart_late()
        self.emit_state()
        self._open_traversals()
        while True:
            self._fill()
            if not self._dispatcher.in_flight:
                if self._spent:
                    raise self._spent
                if not self._decide_refusals() and not self._retry_failures():
                    return
                continue
            self._report.tick(self._dispatcher, self._traversals)
            if taken := self._dispatcher.take(1.0):
                self._handle(*taken)
            self._emit_state_if_due()

    def close(self, start_date: str) -> None:
        """Move the bookmarks and emit the last STATE. Raises Incomplete if something is missing."""
        held = self._retries.finish()
        for name in sorted(self._tasks.selected):
            if (key := replication_key_of(BY_NAME[name])) and not held & self._tasks.depends_on(name):
                self._state.bookmarks[name] = {key: stamp(self._run.started_at)}
        self._state.unfinished = None
        self._state.start_date = start_date
        self._output.state(self._state.value())
        if problems := self._report.problems(held - self._tasks.refused):
            raise Incomplete(f"The run has reached its end, but data is missing: {'; '.join(problems)}.")

    def _decide_refusals(self) -> bool:
        """All tasks were asked: a stream with few tasks is refused if all of them were."""
        undecided = self._retries.undecided()
        for name, reason in undecided:
            self._refuse(BY_NAME[name], reason)
        return bool(undecided)

    def _retry_failures(self) -> bool:
        """Open a traversal for each failure to retry. False if there is none."""
        started = dict(self._retries.start())
        self._traversals |= started
        return bool(started)

    def _restart_late(self) -> None:
        """Say which days have left Zoom's reach since a run was stopped, and restart the traversals that can still find
        a part of what happened on them."""
        for stream in self._tasks.streams() if self._resumed else ():
            path = self._run.resume_at.get(stream.name, []) if stream.date_range else None
            if path is not None and (gone := self._windows.gone(stream, path)):
                older = self._tasks.lists_older_than(stream)
                for name in older:
                    self._run.resume_at.pop(name, None)
                self._report.gone(stream.name, *gone, bool(older))

    def _open_traversals(self) -> None:
        """Request the lists of the account, and open the traversals whose first contexts are known."""
        for stream in list(self._tasks.streams()):
            if stream.parent is ACCOUNT and stream.date_range is None and stream not in self._requested:
                self._requested.add(stream)
                node = Node(())
                for task in self._tasks.of_list(stream, node):
                    self._submit(task)
            elif stream.date_range and (stream.parent is ACCOUNT or stream.parent in self._contexts):
                self._open(stream.name, self._windows.names(stream), WINDOWS_AHEAD)
        for entity, names in self._contexts.items():
            if self._tasks.about(entity):
                self._open(entity.name, names, CONTEXTS_AHEAD)

    def _open(self, name: str, roots: Iterable[str], lists_ahead: int) -> None:
        if name in self._traversals:
            return
        resume_at = self._run.resume_at.get(name, [])
        if resume_at is not None:
            stream = BY_NAME.get(name)
            if stream and stream.date_range and stream.date_range.moving:
                lists_ahead = 0  # a row may move to the last window until that one is listed
            self._traversals[name] = Traversal(roots, tuple(resume_at), lists_ahead)

    def _fill(self) -> None:
        """Let the traversals that can feed a low queue visit further nodes, in turn.

        Each run gets further, also with a daily limit hardly above the cost of one context: until the checkpoint of a
        resumed traversal has moved, the next traversal waits.
        """
        visited = True
        while visited and not self._spent:
            visited = False
            for name, traversal in list(self._traversals.items()):
                retried = self._retries.by_traversal.get(name)
                top = retried.stream if retried else name
                if any(map(self._dispatcher.is_low, self._tasks.rate_limits(top))) and (node := traversal.next()):
                    self._visit(name, traversal, node)
                    visited = True
                if self._resumed and traversal.checkpoint and not traversal.has_moved:
                    break

    def _visit(self, name: str, traversal: Traversal, node: Node) -> None:
        node.pending = 1  # until all of its tasks are submitted
        for task in self._tasks_of(name, node):
            task.is_resumed = traversal.was_emitted(node.path)
            if task.stream.links or not task.is_resumed:
                self._submit(task)
        self._finish(name, node)

    def _tasks_of(self, name: str, node: Node) -> Iterable[Task]:
        retried, dated, depth = self._retries.by_traversal.get(name), BY_NAME.get(name), len(node.path)
        if retried and depth == 1:
            return [self._tasks.of_failure(retried, node, name, self._windows)]
        if dated and depth <= (1 if dated.parent is ACCOUNT else 2):
            if dated.name not in self._tasks.asked:
                return []
            if depth == 1 and dated.parent is not ACCOUNT:
                node.children = list(self._contexts[dated.parent])
                return []
            context = Context.parse(node.path[1]) if depth == 2 else Context()
            return self._tasks.of_window(dated, context, node, self._windows)
        context = Context.parse(node.path[-1])
        return self._tasks.of_context(context, node, name, self._windows, retried)

    def _submit(self, task: Task) -> None:
        task.node.pending += 1
        self._request(task)

    def _request(self, task: Task) -> None:
        """Of a traversal, lists that lead on go first, and next pages before all others: page tokens expire."""
        first = 0 if task.page > 1 else 1 if task.stream.links else 2
        self._dispatcher.submit(task.request, task.traversal, (first, task.node.path), task)

    # --- answers

    def _handle(self, task: Task, outcome: Page | Exception) -> None:
        if isinstance(outcome, DailyLimitReached):
            self._spent = self._spent or outcome  # its node stays open; what else is in flight is finished
            return
        if not isinstance(outcome, (Page, RequestFailed)):
            raise outcome
        self._report.request(task.stream.name)
        if isinstance(outcome, RequestFailed) and self._request_again(task, outcome):
            return
        if isinstance(outcome, TooEarly) and task.window and self._windows.is_gone(task.stream, task.window):
            outcome = NothingHere("too old", str(outcome))
        try:
            if self._read(task, outcome):
                return
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else error
            self._retries.fail(self._owner(task), f"{task}: {reason}")
        self._pages.emit_held(task)
        owner = self._owner(task)
        owner.unfinished -= 1
        if not owner.unfinished:
            self._retries.read(owner)
        self._finish(task.traversal, task.node, owner.stream)

    def _read(self, task: Task, outcome: Page | RequestFailed) -> bool:
        """Process an answer or a refusal. True if the next page is requested."""
        is_retry = task.traversal in self._retries.by_traversal
        if isinstance(outcome, NothingHere):
            self._report.empty(task.stream.name, str(outcome))
        if task.row_of is not None:
            self._enrich(task, outcome, is_retry)
        elif isinstance(outcome, Page):
            self._retries.answered(task)
            page = self._pages.read(task, outcome, is_retry)
            for enrichment in page.enrichments:
                task.unfinished += 1
                self._submit(enrichment)
            if page.missing:
                self._retries.fail(task, page.missing)
            if page.next_token:
                task.next_page(page.next_token)
                self._request(task)
                return True
        elif isinstance(outcome, NothingHere):
            self._retries.answered(task)
        elif isinstance(outcome, StreamRefused):
            if self._retries.refused(task, outcome):
                self._refuse(task.stream, str(outcome))
        else:
            self._retries.fail(task, str(outcome), is_fault=isinstance(outcome, Exhausted))
        return False

    def _request_again(self, task: Task, error: RequestFailed) -> bool:
        """Request a list again from its first page, if that can help."""
        if isinstance(error, PageTokenExpired) and task.page > 1 and task.restarts < MAX_RESTARTS:
            LOGGER.info("Reading a list again from its first page: %s", error)
            task.from_first_page()
        elif isinstance(error, TooEarly) and task.window and (later := self._windows.later(task.stream, task.window)):
            self._report.answers_from(task.stream.name, later.from_, str(error))
            task.from_first_page(later)
        else:
            return False
        self._request(task)
        return True

    def _enrich(self, task: Task, outcome: Page | RequestFailed, is_retry: bool) -> None:
        """Emit a row that lacked something, with what the answer adds, or as it is if Zoom has nothing to add."""
        owner = self._owner(task)
        if isinstance(outcome, StreamRefused) and outcome.scope_missing:
            if task.stream.name in self._tasks.asked:
                self._tasks.refuse(task.stream)
                LOGGER.warning(
                    "Rows of %s are emitted without the id or text that %s adds: %s",
                    owner.stream.name,
                    task.stream.name,
                    outcome,
                )
        elif not isinstance(outcome, (Page, NothingHere)):
            self._retries.fail(owner, str(outcome), is_fault=isinstance(outcome, Exhausted))
            return
        page = outcome if isinstance(outcome, Page) else None
        if missing := self._pages.emit_enriched(task, page, is_retry):
            self._retries.fail(owner, missing)

    def _refuse(self, stream: Stream, reason: str) -> None:
        if self._retries.refuse(stream, reason):
            self._open_traversals()  # of the fallback

    @staticmethod
    def _owner(task: Task) -> Task:
        return task.row_of or task

    def _finish(self, name: str, node: Node, stream: Stream | None = None) -> None:
        """A task of a node is finished, and with the last one the node."""
        node.pending -= 1
        if node.pending:
            return
        if name:
            self._traversals[name].done(node)
            if name in self._retries.by_traversal and self._traversals[name].checkpoint is None:
                self._retries.subtree_read(name)
                del self._traversals[name]
        elif stream is not None:
            entities = {each: Context.parse(each).entity for each in set(node.children)}
            for link in stream.links:
                self._contexts[link.entity] = sorted(each for each, entity in entities.items() if entity is link.entity)
            self._open_traversals()

    # --- state

    def emit_state(self) -> None:
        """A STATE with the checkpoint of each traversal, if anything has changed."""
        self._store_checkpoints()
        value = self._state.value()
        if value != self._last_state:
            self._last_state, self._changes, self._state_at = value, 0, time.monotonic()
            self._output.state(value)

    def _emit_state_if_due(self) -> None:
        self._changes += 1
        if self._changes >= CHANGES_PER_STATE or time.monotonic() - self._state_at >= SECONDS_PER_STATE:
            self.emit_state()

    def last_state(self) -> dict[str, object]:
        """The value of the last STATE of a run that is stopped."""
        self._store_checkpoints()
        return self._state.value()

    def _store_checkpoints(self) -> None:
        for name, traversal in self._traversals.items():
            if name in self._retries.by_traversal:
                self._retries.store_checkpoint(name, traversal)
            elif name in self._tasks.refused:
                self._run.resume_at.pop(name, None)  # when the run is resumed, the fallback follows from its refusal
            else:
                at = traversal.checkpoint
                self._run.resume_at[name] = None if at is None else list(at)
