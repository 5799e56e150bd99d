"""--test: log in, send one small request per stream, and report which streams can be read and the rate limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tap_zoom.access import Names, ancestors
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.errors import EmptyAnswer, Incomplete, NoAccess, RequestFailed
from tap_zoom.output import Output
from tap_zoom.streams import BY_NAME, ENRICHERS, PARTS, STREAMS, parents_of
from tap_zoom.streams.model import ACCOUNT, Entity, Params, Stream
from tap_zoom.sync.context import Context, linked
from tap_zoom.sync.rows import content_of, rows_of
from tap_zoom.sync.windows import Window

ROWS = 30  # per request
CONTEXTS_TRIED = 10  # per stream, until one can be read and leads to contexts of child streams
READABLE = "readable"
UNTRIED = f"{READABLE} by its scopes, not tried"
FAILED = "failed: "


class Check:
    """Tries the selected streams and their ancestors on the first contexts that it finds."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        selected: Iterable[str],
        scopes: Names | None,
        older: bool,
        now: datetime,
        skip: bool,
    ) -> None:
        """`skip`: a run skips streams without access, so they aren't failures."""
        self._dispatcher = dispatcher
        self._selected = set(selected)
        self._scopes = scopes
        self._now = now
        self._skip = skip
        names = self._selected.union(*(ancestors(BY_NAME[name], older) for name in self._selected)) - ENRICHERS
        self._streams = [stream for stream in STREAMS if stream.name in names]
        self._contexts: dict[Entity, list[Context]] = {ACCOUNT: [Context()]}
        # Their queues learn the limits that Zoom reports.
        self._paces = {each.rate_limit: dispatcher.queue(each.rate_limit).pace for each in self._streams}

    def run(self, output: Output) -> None:
        """Write the table. Raises Incomplete unless every selected stream can be read or may be skipped."""
        results: dict[str, str] = {}
        for stream in self._streams:
            result = self._try(stream, results)
            fallback = BY_NAME.get(stream.fallback_stream)
            if fallback and not result.startswith(READABLE) and self._try(fallback, results) == READABLE:
                result = f"{READABLE} user by user (through {fallback.name}; {result})"
            results[stream.name] = result
        unreadable = [name for name, result in results.items() if not result.startswith(READABLE)]
        if self._skip:
            skipped = [name for name in unreadable if not results[name].startswith(FAILED)]
            results |= {name: f"skipped (on_missing_access is skip): {results[name]}" for name in skipped}
            unreadable = [name for name in unreadable if name not in skipped]
        output.document(self._table(results))
        if unreadable:
            raise Incomplete(
                f"Streams that can't be read: {', '.join(unreadable)}. The table gives the reasons. Add the scopes to "
                "the app, use a role or plan that allows them, deselect the streams, or set on_missing_access to skip."
            )

    def _try(self, stream: Stream, results: Mapping[str, str]) -> str:
        """Return the result for a stream. `results`: those of the streams before it, its parents included."""
        if self._scopes is not None and not stream.allowed_by(self._scopes):
            return f"scope missing: {stream.scope}"
        contexts = self._contexts.get(stream.parent)
        if not contexts:
            parents = {
                parent.name: results[parent.name] for parent, _ in parents_of(stream.parent) if parent.name in results
            }
            if parents and not any(result.startswith(READABLE) for result in parents.values()):
                return f"no parent stream can be read: see {', '.join(parents)}"
            entity = stream.parent.name.replace("_", " ")
            return f"{UNTRIED}: no {entity} was found"
        result = ""
        for context in contexts[:CONTEXTS_TRIED]:
            latest = self._request(stream, context)
            result = latest if latest == READABLE or not result else result
            found = not stream.links or any(self._contexts.get(link.entity) for link in stream.links)
            if latest.startswith(FAILED) or (latest == READABLE and found):
                break
        return result

    def _request(self, stream: Stream, context: Context) -> str:
        request = Request(
            stream, context.ids, {**self._days(stream), **stream.variants[0]}, most=min(ROWS, stream.page_size)
        )
        self._dispatcher.submit(request, "", (), None)
        while (taken := self._dispatcher.take(1.0)) is None:
            pass
        outcome = taken[1]
        if isinstance(outcome, Page):
            self._add_contexts(stream, outcome, context)
            return READABLE
        if isinstance(outcome, EmptyAnswer):
            return READABLE
        if isinstance(outcome, NoAccess):
            return f"{'scope missing' if outcome.scope_missing else 'role or plan insufficient'}: {outcome}"
        if isinstance(outcome, RequestFailed):
            return f"{FAILED}{outcome}"
        raise outcome

    def _add_contexts(self, stream: Stream, page: Page, context: Context) -> None:
        """Add the contexts that the rows lead to."""
        try:
            rows = rows_of(stream, content_of(page.body)) if stream.links else []
        except (ValueError, RecursionError):
            return
        for row in rows:
            for link, child in linked(stream, row, context, stream.variants[0]):
                if child is not None:
                    self._contexts.setdefault(link.entity, []).append(child)

    def _days(self, stream: Stream) -> Params:
        """Return the parameters for the latest days that one call may request, if it takes dates."""
        dates = stream.date_range
        if dates is None:
            return {}
        last = self._now.date() + timedelta(days=min(dates.ends_in, 0))
        if dates.totals and not dates.days:
            last = last.replace(day=1) - timedelta(days=1)  # the end of the last complete month
        first = last - timedelta(days=min(dates.days, 28) - 1) if dates.days else last.replace(day=1)
        to = last + timedelta(days=min(dates.after, 1) if dates.ends_in >= 0 else 0)
        return Window("", first, last, first, to).params(dates)

    def _table(self, results: Mapping[str, str]) -> str:
        """List the selected streams, the parent streams that can't be read, and the rate limits."""
        lines = ["What this login can read:", ""]
        shown = {
            name: result if name in self._selected else f"(parent stream) {result}"
            for name, result in results.items()
            if name in self._selected or (result != READABLE and not result.startswith(UNTRIED))
        }
        for part, streams in PARTS.items():
            if names := [stream.name for stream in streams if stream.name in shown]:
                lines += [part, *(f"  {name:<28} {shown[name]}" for name in names)]
        lines += ["", "Rate limits, as reported by Zoom (or assumed for the plan):", ""]
        for each, pace in self._paces.items():
            lines.append(f"  {each!s:<28} {_rate(pace.limit)}{'' if pace.reported else ' (assumed)'}")
        return "\n".join(lines) + "\n"


def _rate(limit: float) -> str:
    """Format a limit as requests per second, or per minute if that isn't a whole number."""
    return f"{limit:g} per second" if limit % 1 == 0 else f"{60 * limit:g} per minute"
