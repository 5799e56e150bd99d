"""Tasks that could not be read: whether only the task or its stream is refused, and retries by later runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from tap_zoom.errors import NoAccess, TooManyFaults
from tap_zoom.report import Report
from tap_zoom.state import Failure, Run, State
from tap_zoom.streams import BY_NAME, replaced_by, replication_key_of
from tap_zoom.streams.model import Stream
from tap_zoom.sync.failures import Failures, time_of
from tap_zoom.sync.tasks import Task, Tasks
from tap_zoom.sync.traversal import Traversal
from tap_zoom.sync.windows import Windows
from tap_zoom.times import stamp

MAX_FAULTS = 20  # in a row
MAX_LISTS = 8  # failed lists that are retried at the same time, since each adds its checkpoint to the state
LONG_AGO = "2011-01-01T00:00:00Z"  # instead of deleting a bookmark, since a merge of states would restore it

LOGGER = logging.getLogger(__name__)


class Retries:
    """`by_traversal`: the failures that are being retried, by the name of their traversal. `now`: start of this
    process, in the state's format."""

    def __init__(
        self, tasks: Tasks, windows: Windows, failures: Failures, state: State, run: Run, now: str, report: Report
    ) -> None:  # fmt: skip
        self.by_traversal: dict[str, Failure] = {}
        self._tasks = tasks
        self._windows = windows
        self._failures = failures
        self._state = state
        self._run = run
        self._now = now
        self._report = report
        self._lists_read: list[Failure] = []  # failed lists whose subtree this run reads
        self._faults_in_a_row = 0
        self._number = 0

    # --- tasks that fail

    def fail(self, task: Task, reason: str, is_fault: bool = False) -> None:
        """Keep a task that could not be read. `is_fault`: Zoom gave no reason. Raises TooManyFaults after 20 of these
        in a row, not counting tasks that failed in earlier runs."""
        if is_fault:
            self._faults_in_a_row += not self._failures.is_known(task.failure)
        else:  # Zoom answered
            self._faults_in_a_row = 0
        self._mark_incomplete(task)
        if not task.traversal:
            self._failures.hold(task.stream.name, reason)  # the missing contexts are unknown
        else:
            self._hold_if_full(task, self._failures.failed(task.failure, reason))
        if self._faults_in_a_row >= MAX_FAULTS:
            raise TooManyFaults(
                f"{MAX_FAULTS} requests in a row failed; stopping. The last error: {reason}. Fix its cause, then run "
                "again with the last STATE."
            )

    def refused(self, task: Task, error: NoAccess) -> bool:
        """Handle a task without access. True if its whole stream is refused."""
        self._mark_incomplete(task)
        stream = task.stream
        if stream.name in self._tasks.refused:
            return False
        if task.is_retry or (task.page > 1 and not self._tasks.has_fallback(stream)):
            self._hold_if_full(task, self._failures.no_access(task.failure, str(error)))
            return False
        if self._tasks.has_fallback(stream):
            return True
        self._failures.refuse(task.failure, str(error), error.answer)
        return self._failures.is_decided(stream.name)

    def refuse(self, stream: Stream, reason: str) -> Stream | None:
        """Stop requesting a stream. Returns the fallback stream that replaces it, if any."""
        below = [name for name in self._tasks.selected if stream.name in self._tasks.depends_on(name) - {name}]
        fallback = self._tasks.refuse(stream)
        if fallback:  # it reads from the bookmarks, so the next run reads what an earlier one could not
            for failure in self._failures.drop(stream.name):
                self._go_back(self._tasks.all_below(stream)[1:], failure)
        self._failures.refuse_stream(stream.name, replaced=fallback is not None)
        self._report.refuse(stream, reason, fallback, [] if fallback else below)
        return fallback

    def undecided(self) -> list[tuple[str, str]]:
        """Return the streams whose tasks were all refused, with the reason. Call this after the last task."""
        return self._failures.undecided()

    # --- tasks that are read

    def answered(self, task: Task) -> None:
        """Handle an answered task, also with an empty answer. Streams that aren't emitted don't reset the count of
        faults, since their lists are easier to read than the rest."""
        if task.stream.emitted:
            self._faults_in_a_row = 0
        self._failures.answered(task.stream.name)

    def read(self, task: Task) -> None:
        """Handle a task whose pages were all read, which may have failed in an earlier run.

        A failed list is only resolved once its subtree has been read too. If this run starts from bookmarks, or resumes
        below the list, the failure is retried instead.
        """
        if task.is_complete:
            self._failures.forget(task.failure)
        if not task.traversal or not task.is_complete or task.is_retry:
            return
        if not task.stream.links:
            self._resolve(task.failure)
        elif task.failure in self._failures and self._run.from_start and not task.is_resumed:
            self._lists_read.append(task.failure)

    def expired(self, task: Task) -> None:
        """Handle a task that Zoom answers as too old. If it failed in an earlier run, it is given up."""
        if self._failures.expire(task.failure, f"{task}: Zoom no longer has it"):
            task.is_complete = False

    def subtree_read(self, name: str) -> None:
        """Handle the end of a retry, which has read a failed task and its subtree."""
        failure = self.by_traversal.pop(name)
        if failure.last < self._now:  # otherwise it failed again
            self._resolve(failure)

    def start(self) -> Iterator[tuple[str, Traversal]]:
        """Yield a traversal for each failure of earlier runs that this run hasn't tried. Call this at its end."""
        while self._lists_read and not self._failures.overflowed:  # otherwise a retry finds what is missing below
            self._resolve(self._lists_read.pop())
        untried = self._failures.untried(self._tasks.retried)
        untried = [each for each in untried if not self._gave_up_expired(each, wholly=True)]
        if untried and not self._number:
            LOGGER.info("Retrying %d requests that failed in earlier runs.", len(untried))
        lists = [each for each in untried if BY_NAME[each.stream].links]
        for failure in untried:
            if failure in lists[MAX_LISTS:]:
                continue  # the next call starts it
            self._number += 1
            name = f"retry {self._number}"
            self.by_traversal[name] = failure
            root = failure.context or failure.window or failure.stream
            yield name, Traversal([root], tuple(failure.resume_at))

    def _gave_up_expired(self, failure: Failure, wholly: bool = False) -> bool:
        """Give up a failure whose days have left Zoom's retention, in part or `wholly`. True if it did."""
        expired = self._windows.has_expired(BY_NAME[failure.stream], failure.days, wholly)
        if expired:
            days_text = " to ".join(failure.days)
            self._failures.give_up(failure, f"{failure.stream}: Zoom no longer has all of the days from {days_text}")
        return expired

    def store_checkpoint(self, name: str, traversal: Traversal) -> None:
        failure, at = self.by_traversal[name], traversal.checkpoint or ()
        if failure.last < self._now:  # its list hasn't failed again
            failure.resume_at = list(at) if len(at) > 1 else []
            if failure.resume_at:  # another run may continue with streams that this one doesn't read
                move_back(self._state, self._unread_below(failure), failure)

    def finish(self) -> set[str]:
        """Return the streams whose bookmarks stay, with those of the streams below them."""
        return self._failures.finish(self._tasks.requested | self._tasks.refused, self._tasks.replaced)

    def _resolve(self, failure: Failure) -> None:
        """Resolve a failure. The bookmarks of streams below it that this run doesn't read move back to it."""
        kept = self._failures.covered_by(failure)  # None if it was given up or skipped meanwhile
        if kept is not None and not self._gave_up_expired(kept):
            self._failures.resolve(failure)
            stream = BY_NAME[failure.stream]
            if stream.date_range and stream.date_range.moving and kept.last >= stamp(self._run.started_at):
                # A row may have moved to a window that an earlier part of this run had read.
                self._go_back(self._tasks.all_below(stream)[1:], failure)
            self._go_back(self._unread_below(failure), failure)

    def _unread_below(self, failure: Failure) -> list[Stream]:
        """Return the stream of a failure and its descendants, as far as this run doesn't read them: they aren't
        selected, or they or a stream above them are refused."""
        below = self._tasks.all_below(BY_NAME[failure.stream])
        refused = [
            each for stream in below if stream.name in self._tasks.refused for each in self._tasks.all_below(stream)
        ]
        emitted = self._tasks.selected & self._tasks.requested
        return [each for each in below if each in refused or each.name not in emitted]

    def _mark_incomplete(self, task: Task) -> None:
        """An interrupted retry of the same list starts over: bookmarks of streams that it didn't read move past it."""
        task.is_complete = False
        if not task.is_retry:
            self._failures.start_over(task.failure)

    def _hold_if_full(self, task: Task, is_kept: bool) -> None:
        """Handle a failure for which the state may have no room. Its stream has a hold then, and so have the streams
        below it if it is in a retry, which reads more than this run does otherwise."""
        if not is_kept and (retried := self.by_traversal.get(task.traversal)):
            self._go_back(self._tasks.all_below(task.stream), retried)

    def _go_back(self, streams: list[Stream], failure: Failure) -> None:
        """Let the next run read streams from a failure on."""
        for each in streams:
            if each.name in self._tasks.selected:
                self._failures.hold(each.name, f"{each.name}: rows below a failed list are missing until the next run")
        move_back(self._state, streams, failure)


def move_back(state: State, streams: Iterable[Stream], failure: Failure) -> None:
    """Move the bookmarks of streams back to a failure. Below a list whose rows move, rows may be of any time."""
    dates = BY_NAME[failure.stream].date_range
    go_back(state, streams, LONG_AGO if dates and dates.moving else time_of(failure) or LONG_AGO)


def go_back(state: State, streams: Iterable[Stream], since: str = LONG_AGO) -> None:
    """Move the bookmarks of streams back to a time."""
    for each in streams:
        key, bookmark = replication_key_of(each), state.bookmarks.get(each.name, {})
        if isinstance(bookmark.get(key), str):
            state.bookmarks[each.name] = {key: min(since, bookmark[key])}


def drop_replaced(state: State, tasks: Tasks) -> None:
    """Drop failures of a stream that isn't requested because its fallback is, or the other way round. The other stream
    reads the same contexts, from the failure on."""
    for failure in state.failures[:]:
        stream = BY_NAME[failure.stream]
        others = tasks.requested & {stream.fallback_stream, *replaced_by(stream)}
        if others and not failure.hold and stream.name not in tasks.retried:
            state.failures.remove(failure)
            state.resolved.add(failure.since)
            move_back(state, tasks.all_below(stream), failure)
