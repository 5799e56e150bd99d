"""Tasks: a stream requested for a context, in a window, with its parameters. They follow from the table of streams."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tap_zoom.access import Access, ancestors
from tap_zoom.api.request import Request
from tap_zoom.state import Failure
from tap_zoom.streams import BY_NAME, ENRICHERS, ENTITIES, FALLBACKS, STREAMS, is_listed, parents_of, replaced_by
from tap_zoom.streams.model import ACCOUNT, Entity, Params, RateLimit, Stream
from tap_zoom.sync.context import Context
from tap_zoom.sync.records import Sequence
from tap_zoom.sync.traversal import Node
from tap_zoom.sync.windows import Window, Windows
from tap_zoom.times import sortable


@dataclass(slots=True, eq=False)
class Task:
    """One list of pages. `traversal`: the name of the traversal that `node` belongs to, "" for a list of the account.

    `row_of`: the task whose row this one enriches; `row`: that row, or its files with the number of this one. `page`,
    `token`: the page to request next. The last fields describe the pages so far: tokens, digests of pages, and numbers
    of rows that share a key.
    """

    stream: Stream
    context: Context
    params: Params
    window: Window | None
    node: Node
    traversal: str
    row_of: Task | None = None
    row: Any = None
    is_retry: bool = False  # of a failure of an earlier run, or below one
    is_resumed: bool = False  # an earlier run emitted its node; the list is read again for its links
    is_complete: bool = True  # nothing is missing so far
    unfinished: int = 1  # this task, and its rows that are being enriched
    page: int = 1
    token: str = ""
    restarts: int = 0
    tokens: set[int] = field(default_factory=set)
    pages: set[int] = field(default_factory=set)
    repeated: int = 0
    sequence: Sequence = field(default_factory=Sequence)

    @property
    def request(self) -> Request:
        """The request for its next page."""
        dates = self.window.params(self.stream.date_range) if self.window and self.stream.date_range else {}
        return Request(self.stream, self.context.ids, {**dates, **self.params}, self.token, self.page)

    @property
    def owner(self) -> Task:
        """The task of the list that it belongs to: a row that can't be enriched is missing from there."""
        return self.row_of or self

    @property
    def failure(self) -> Failure:
        """The failure to keep if it can't be read."""
        window = self.window
        days = [window.first.isoformat(), window.last.isoformat()] if window else []
        context = self.context.name if self.context.entity is not ACCOUNT else ""
        return Failure(self.stream.name, context, dict(self.params), window.name if window else "", days)

    @property
    def columns(self) -> Mapping[str, Any]:
        """Values for columns added by the tap: ids of the context, parameters, and the days of a total."""
        dates = self.stream.date_range
        days = self.window.columns() if self.window and dates and dates.totals else {}
        params = {column: self.params.get(name, "default") for column, name in self.stream.param_columns.items()}
        return {**self.context.ids, **days, **params}

    def keeps(self, time: str | None, since: str | None) -> bool:
        """True if a row with this time belongs to this window, and not to another one that requests the same days.

        True for rows without a time, and for rows that Zoom listed by another time.
        """
        dates, window = self.stream.date_range, self.window
        if time is None or dates is None or window is None or dates.totals:
            return True
        if not window.requests(time, dates) and not any(link.same_window for link in self.stream.links):
            return True
        return window.holds(time) and (since is None or time >= since.removesuffix("Z"))

    def kept(self, rows: list[Any], since: str | None) -> list[Any]:
        """Return the rows that belong to this window."""
        key = self.stream.replication_key
        return [row for row in rows if type(row) is not dict or self.keeps(_end_of(row.get(key)), since)]

    def next_page(self, token: Any) -> None:
        """Continue with the page of this token. Raises ValueError for a repeated one: the list would never end."""
        if not isinstance(token, str):
            raise ValueError("the token of the next page isn't a string, so the list can't be read further")
        if hash(token) in self.tokens:
            raise ValueError("the list has the same page token twice, so it would never end")
        self.tokens.add(hash(token))
        self.token = token
        self.page += 1

    def from_first_page(self, window: Window | None = None) -> None:
        """Read the list again from its first page. `window`: with other days."""
        self.page, self.token, self.repeated = 1, "", 0
        self.tokens, self.pages, self.sequence = set(), set(), Sequence()
        self.restarts += 1
        if window is not None:
            self.window = window

    def __str__(self) -> str:
        return str(self.request)


def _end_of(value: Any) -> str | None:
    """Return the time of a row, for a date the end of that day."""
    time = sortable(value)
    return f"{time[:10]}~" if time and isinstance(value, str) and len(value) == len("2026-01-31") else time


def _below(stream: Stream, among: Collection[Stream]) -> list[Stream]:
    """Return a stream and its descendants among other streams."""
    found = [stream]
    for each in found:
        entities = [link.entity for link in each.links]
        found += [child for child in among if child.parent in entities and child not in found]
    return found


class Tasks:
    """The streams that are requested, and the tasks of each node.

    `requested`: the selected streams and their ancestors, without those that were refused.
    """

    def __init__(self, access: Access) -> None:
        self.selected = access.selected
        self.requested = set(access.requested)
        self.retried = set(access.retried)
        self.refused: set[str] = set()
        self.replaced: set[str] = set()  # refused streams that a fallback replaced
        self._available = access.fallbacks
        self._older = access.older
        self._for_entity: dict[tuple[Entity, bool], tuple[Stream, ...]] = {}
        self._below: dict[Stream, tuple[Stream, ...]] = {}
        self._rate_limits: dict[str, frozenset[RateLimit]] = {}

    # --- the table

    def streams(self, is_retry: bool = False) -> Iterator[Stream]:
        """Return the requested streams in the table's order; a fallback only if it replaces its stream.

        A retry reads the whole subtree of a task, so it requests more streams.
        """
        names = self.retried if is_retry else self.requested
        unused = {stream.fallback_stream for stream in STREAMS if stream.name in names} & FALLBACKS
        return (stream for stream in STREAMS if stream.name in names - unused)

    def for_entity(self, entity: Entity, is_retry: bool = False) -> tuple[Stream, ...]:
        """Return the streams that are requested for each context of an entity. If the account lists all contexts,
        streams with a date range have their own traversal: window by window, and each context in it."""
        if (entity, is_retry) not in self._for_entity:
            streams = (each for each in self.streams(is_retry) if each.parent is entity and each.name not in ENRICHERS)
            found = tuple(each for each in streams if each.date_range is None or not is_listed(entity))
            self._for_entity[entity, is_retry] = found
        return self._for_entity[entity, is_retry]

    def below(self, stream: Stream) -> tuple[Stream, ...]:
        """Return a stream and its requested descendants."""
        if stream not in self._below:
            self._below[stream] = tuple(_below(stream, [each for each in self.streams() if each.name not in ENRICHERS]))
        return self._below[stream]

    def depends_on(self, name: str) -> frozenset[str]:
        """Return the names of a stream and its ancestors in this run."""
        names = {name, *ancestors(BY_NAME[name], self._older)}
        for fallback in {BY_NAME[each].fallback_stream for each in names} - {""}:
            names |= {fallback, *ancestors(BY_NAME[fallback], older=False)}
        return frozenset(names & (self.requested | self.refused))

    def rate_limits(self, name: str) -> frozenset[RateLimit]:
        """Return the rate limits of a traversal's tasks. `name`: a stream with a date range, or an entity."""
        if name not in self._rate_limits:
            tops = (BY_NAME[name],) if name in BY_NAME else self.for_entity(ENTITIES[name])
            self._rate_limits[name] = frozenset(each.rate_limit for top in tops for each in self.below(top))
        return self._rate_limits[name]

    def all_below(self, stream: Stream) -> list[Stream]:
        """Return a stream and all its descendants, requested or not."""
        return _below(stream, STREAMS)

    def lists_older_than(self, stream: Stream) -> list[str]:
        """Return the traversals that lead to contexts older than the windows of a stream, or of the one it replaces."""
        names = {stream.name, *replaced_by(stream)}
        listed = dict.fromkeys(link.entity for each in self.streams() for link in each.links if is_listed(link.entity))
        below = {entity: [each for top in self.for_entity(entity) for each in self.below(top)] for entity in listed}
        leads = {stream for stream in STREAMS if any(link.older_than in names for link in stream.links)}
        return [entity.name for entity, streams in below.items() if not leads.isdisjoint(streams)]

    def this_or_fallback(self, name: str) -> Stream | None:
        """Return a stream, or else its fallback; None if neither is requested."""
        names = (name, BY_NAME[name].fallback_stream)
        return next((BY_NAME[each] for each in names if each in self.requested), None)

    def has_fallback(self, stream: Stream) -> bool:
        return stream.fallback_stream in self._available

    def refuse(self, stream: Stream) -> Stream | None:
        """Stop requesting a stream. Returns the fallback stream that replaces it, if any."""
        self.requested.discard(stream.name)
        self.retried.discard(stream.name)
        self.refused.add(stream.name)
        for cache in (self._for_entity, self._below, self._rate_limits):
            cache.clear()
        if not self.has_fallback(stream):
            return None
        added = {stream.fallback_stream, *ancestors(BY_NAME[stream.fallback_stream], older=False)}
        self.requested |= added
        self.retried |= added
        self.replaced.add(stream.name)
        return BY_NAME[stream.fallback_stream]

    # --- the tasks of a node

    def of_context(
        self, context: Context, node: Node, traversal: str, windows: Windows, retried: Failure | None
    ) -> Iterator[Task]:
        """Yield the tasks of all streams for a context. A retry reads contexts of any age, without bookmarks."""
        for stream in self.for_entity(context.entity, retried is not None):
            found_in = None
            if any(link.same_window for _, link in parents_of(context.entity)):
                name = retried.window if retried else node.path[0]
                found_in = windows.window(stream, name, is_retry=retried is not None)
            if retried or windows.includes(stream, context, found_in):
                for window in windows.of_context(stream, context, found_in, retried is not None):
                    yield from (Task(stream, context, params, window, node, traversal) for params in stream.variants)

    def of_failure(self, failure: Failure, node: Node, traversal: str, windows: Windows) -> Task:
        """Return the task that failed in an earlier run."""
        stream = BY_NAME[failure.stream]
        context = Context.parse(failure.context) if failure.context else Context()
        window = None
        if failure.window:
            days = (date.fromisoformat(failure.days[0]), date.fromisoformat(failure.days[1]))
            window = windows.window(stream, failure.window, days)
        return Task(stream, context, failure.params, window, node, traversal)
