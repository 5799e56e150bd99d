"""The traversals of a run: each is opened once its first contexts are known, and feeds the queues that are low."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.report import Report
from tap_zoom.state import Run
from tap_zoom.streams import BY_NAME, ENTITIES, parents_of
from tap_zoom.streams.model import ACCOUNT, Entity, Stream
from tap_zoom.sync.context import Context
from tap_zoom.sync.retries import Retries
from tap_zoom.sync.tasks import Task, Tasks
from tap_zoom.sync.traversal import Node, Traversal
from tap_zoom.sync.windows import Windows


class Traversals:
    """`by_name`: the open and finished traversals. `resumed`: `run` was interrupted and is resumed."""

    def __init__(
        self, tasks: Tasks, windows: Windows, retries: Retries, dispatcher: Dispatcher, run: Run, resumed: bool,
        report: Report,
    ) -> None:  # fmt: skip
        self.by_name: dict[str, Traversal] = {}
        self._tasks = tasks
        self._windows = windows
        self._retries = retries
        self._dispatcher = dispatcher
        self._run = run
        self._resumed = resumed
        self._report = report
        self._contexts: dict[Entity, list[str]] = {}  # entities that the account lists, once they are listed
        self._requested: set[Stream] = set()  # lists of the account

    def open_ready(self) -> None:
        """Request the lists of the account, and open the traversals whose first contexts are known."""
        for stream in list(self._tasks.streams()):
            if stream.parent is ACCOUNT and stream.date_range is None and stream not in self._requested:
                self._requested.add(stream)
                node = Node(())
                for params in stream.variants:
                    self.submit(Task(stream, Context(), params, None, node, ""))
            elif stream.date_range and (stream.parent is ACCOUNT or stream.parent in self._contexts):
                self._open(stream.name, self._windows.names(stream))
        for entity, names in self._contexts.items():
            if self._tasks.for_entity(entity):
                self._open(entity.name, names)

    def _open(self, name: str, roots: Iterable[str]) -> None:
        resume_at = self._run.resume_at.get(name, [])
        if name not in self.by_name and resume_at is not None:
            dates = BY_NAME[name].date_range if name in BY_NAME else None
            # A row may move to the last window until that one is listed.
            one_by_one = dates is not None and dates.moving
            self.by_name[name] = Traversal(roots, tuple(resume_at), one_by_one)

    def fill(self) -> None:
        """Let the traversals that can feed a low queue visit further nodes, in turn.

        Each run makes progress, even if its daily limit is only enough for about one context: until the checkpoint of a
        resumed traversal has moved, the next traversal waits.
        """
        visited = True
        while visited:
            visited = False
            for name, traversal in list(self.by_name.items()):
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
            task.is_retry = name in self._retries.by_traversal
            task.is_resumed = traversal.was_emitted(node.path)
            if task.stream.links or not task.is_resumed:
                self.submit(task)
        self.finish(name, node)

    def _tasks_of(self, name: str, node: Node) -> Iterable[Task]:
        retried, dated, depth = self._retries.by_traversal.get(name), BY_NAME.get(name), len(node.path)
        if retried and depth == 1:
            return [self._tasks.of_failure(retried, node, name, self._windows)]
        if dated and depth <= (1 if dated.parent is ACCOUNT else 2):
            if dated.name not in self._tasks.requested:
                return []
            if depth == 1 and dated.parent is not ACCOUNT:
                node.children = list(self._contexts[dated.parent])
                return []
            context = Context.parse(node.path[1]) if depth == 2 else Context()
            window = self._windows.window(dated, node.path[0])
            return [Task(dated, context, params, window, node, name) for params in dated.variants]
        context = Context.parse(node.path[-1])
        return self._tasks.of_context(context, node, name, self._windows, retried)

    def submit(self, task: Task) -> None:
        task.node.pending += 1
        self.request(task)

    def request(self, task: Task) -> None:
        """Request a task's next page. Within a traversal, next pages come first, since page tokens expire; then the
        smallest path, so that the checkpoint moves and a daily limit wastes few requests."""
        priority = (task.page == 1, task.node.path, not task.stream.links)
        self._dispatcher.submit(task.request, task.traversal, priority, task)

    def retry_failures(self) -> bool:
        """Open a traversal for each failure to retry. False if there is none."""
        started = dict(self._retries.start())
        self.by_name |= started
        return bool(started)

    def restart_expired(self) -> None:
        """Log days that have left Zoom's retention since the run was interrupted, and restart the traversals that can
        still find some of their meetings."""
        resume_at = self._run.resume_at
        for stream in self._tasks.streams() if self._resumed else ():
            # A stream that was refused has no checkpoint. Its fallback has.
            name = stream.fallback_stream if stream.fallback_stream in resume_at else stream.name
            # Streams that are requested in the windows of their parent have no traversal.
            has_traversal = stream.date_range and not any(link.same_window for _, link in parents_of(stream.parent))
            path = resume_at.get(name, []) if has_traversal else None
            if path is not None and (days := self._windows.expired(BY_NAME[name], path)):
                older = self._tasks.lists_older_than(stream)
                for each in older:
                    resume_at.pop(each, None)
                below = [each.name for each in self._tasks.below(BY_NAME[name])[1:]]
                selected = [each for each in below if each in self._tasks.selected]
                self._report.expired(name, *days, selected, bool(older))

    def finish(self, name: str, node: Node, stream: Stream | None = None) -> None:
        """Finish a task of a node. The node is done after its last task."""
        node.pending -= 1
        if node.pending:
            return
        if name:
            self.by_name[name].done(node)
            if name in self._retries.by_traversal and self.by_name[name].checkpoint is None:
                self._retries.subtree_read(name)
                del self.by_name[name]
        elif stream is not None:
            entities = {each: Context.parse(each).entity for each in set(node.children)}
            for link in stream.links:
                self._contexts[link.entity] = sorted(each for each, entity in entities.items() if entity is link.entity)
            self.open_ready()

    def progress(self) -> Iterator[tuple[str, int, int]]:
        """Yield the unfinished traversals: their names, and how many of how many windows or contexts are done."""
        for name, traversal in self.by_name.items():
            at = traversal.checkpoint
            if at is not None and name not in self._retries.by_traversal:
                roots = list(self._windows.names(BY_NAME[name])) if name in BY_NAME else self._contexts[ENTITIES[name]]
                yield name, bisect_left(roots, at[0]), len(roots)

    def store_checkpoints(self) -> None:
        for name, traversal in self.by_name.items():
            if name in self._retries.by_traversal:
                self._retries.store_checkpoint(name, traversal)
            elif name in self._tasks.refused:
                self._run.resume_at.pop(name, None)  # a resumed run refuses it again and uses its fallback
            else:
                at = traversal.checkpoint
                self._run.resume_at[name] = None if at is None else list(at)
