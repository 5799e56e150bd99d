"""--test: log in, ask one small question per stream, and say which can be read, and what the account's limits are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tap_zoom.access import ancestors
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.rate_limits import limit_of
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.errors import Incomplete, NothingHere, RequestFailed, StreamRefused
from tap_zoom.output import Output
from tap_zoom.streams import BY_NAME, ENRICHERS, PARTS, STREAMS
from tap_zoom.streams.model import ACCOUNT, Entity, Params, RateLimit, Stream
from tap_zoom.sync.context import Context, linked
from tap_zoom.sync.rows import content_of, rows_of
from tap_zoom.sync.windows import Window

ROWS = 30  # of a list that is only tried
USERS_TRIED = 10  # until one has meetings, and one webinars
READABLE = "readable"
UNTRIED = f"{READABLE}, as far as the login says"


class Check:
    """Tries the selected streams, and those that lead to them, on the first things of each kind that it meets."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        selected: Iterable[str],
        scopes: frozenset[str] | None,
        plan: str,
        older: bool,
        now: datetime,
    ) -> None:
        self._dispatcher = dispatcher
        self._selected = set(selected)
        self._scopes = scopes
        self._plan = plan
        self._now = now
        names = self._selected.union(*(ancestors(BY_NAME[name], older) for name in self._selected)) - ENRICHERS
        self._streams = [stream for stream in STREAMS if stream.name in names]
        self._met: dict[Entity, list[Context]] = {ACCOUNT: [Context()]}
        self._limits: dict[RateLimit, float] = {}

    def run(self, output: Output) -> None:
        """Write the table. Raises Incomplete unless every selected stream can be read."""
        results = {stream.name: self._try(stream) for stream in self._streams}
        for name, fallback in [(name, BY_NAME[name].fallback_stream) for name in results if BY_NAME[name].fallback_stream]:
            if results[name] != READABLE and self._try(BY_NAME[fallback]) == READABLE:
                results[name] = f"{READABLE} user by user ({fallback} in its place; {results[name]})"
        output.document(self._table(results))
        wrong = [name for name, result in results.items() if not result.startswith(READABLE)]
        if wrong:
            raise Incomplete(
                f"Streams that can't be read: {', '.join(wrong)}. The table says why: add the scopes to "
                "the app, take a role or a plan that allows them, or deselect the streams."
            )

    def _try(self, stream: Stream) -> str:
        if self._scopes is not None and not stream.allowed_by(self._scopes):
            return f"scope missing: {stream.scope}"
        contexts = self._met.get(stream.parent)
        if not contexts:
            entity = stream.parent.name.replace("_", " ")
            return f"{UNTRIED}: no {entity} was met to try it on"
        result = READABLE
        for context in contexts[: USERS_TRIED if stream.links else 1]:
            result = self._ask(stream, context)
            if result != READABLE or any(self._met.get(link.entity) for link in stream.links):
                break
        return result

    def _ask(self, stream: Stream, context: Context) -> str:
        request = Request(stream, context.ids, {**self._days(stream), **stream.variants[0]}, most=min(ROWS, stream.page_size))
        outcome = self._answer(request)
        if isinstance(outcome, Page):
            said = outcome.announcement
            if said.limit is not None and not said.daily:
                self._limits[stream.rate_limit._replace(category=said.label or stream.rate_limit.category)] = said.limit
            self._note(stream, outcome, context)
            return READABLE
        if isinstance(outcome, NothingHere):
            return READABLE
        if isinstance(outcome, StreamRefused):
            return f"{'scope missing' if outcome.scope_missing else 'role or plan too small'}: {outcome}"
        if isinstance(outcome, RequestFailed):
            return f"failed: {outcome}"
        raise outcome

    def _answer(self, request: Request) -> Page | Exception:
        self._dispatcher.submit(request, (), None)
        while (taken := self._dispatcher.take(1.0)) is None:
            pass
        return taken[1]

    def _note(self, stream: Stream, page: Page, context: Context) -> None:
        """Keep what the rows lead to."""
        try:
            rows = rows_of(stream, content_of(page.body)) if stream.links else []
        except (ValueError, RecursionError):
            return
        for row in rows:
            for link, child in linked(stream, row, context, stream.variants[0]):
                if child is not None:
                    self._met.setdefault(link.entity, []).append(child)

    def _days(self, stream: Stream) -> Params:
        """The last days that a call takes, of what wants to know."""
        dates = stream.date_range
        if dates is None:
            return {}
        last = self._now.date() + timedelta(days=min(dates.ends_in, 0))
        if dates.totals and not dates.days:
            last = last.replace(day=1) - timedelta(days=1)  # of the last whole month
        first = last - timedelta(days=min(dates.days, 28) - 1) if dates.days else last.replace(day=1)
        return Window("", first, last, first, last + timedelta(days=min(dates.after, 1))).params(dates)

    def _table(self, results: Mapping[str, str]) -> str:
        """The selected streams; of those that lead to them, the ones of which something is to be told."""
        lines = ["Can be read with this login:", ""]
        told = {
            name: result if name in self._selected else f"(leads to others) {result}"
            for name, result in results.items()
            if name in self._selected or (result != READABLE and not result.startswith(UNTRIED))
        }
        for part, streams in PARTS.items():
            if names := [stream.name for stream in streams if stream.name in told]:
                lines += [part, *(f"  {name:<28} {told[name]}" for name in names)]
        lines += ["", "Limits, as Zoom announces them (else as assumed for the plan):", ""]
        for each in dict.fromkeys(stream.rate_limit for stream in self._streams):
            announced = self._limits.get(each)
            assumed = f"{_in_words(limit_of(each, self._plan))} (assumed)"
            lines.append(f"  {each!s:<28} {assumed if announced is None else _in_words(announced)}")
        return "\n".join(lines) + "\n"


def _in_words(limit: float) -> str:
    """So many requests a second, or a minute where that is no whole number."""
    return f"{limit:g} a second" if limit % 1 == 0 else f"{60 * limit:g} a minute"
