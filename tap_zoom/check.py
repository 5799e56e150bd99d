"""--test: log in, ask one small question per stream, and say which can be read, and what the account's limits are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tap_zoom.access import ancestors
from tap_zoom.api.dispatcher import Dispatcher
from tap_zoom.api.rate_limits import limit_of, plan_of
from tap_zoom.api.request import Request
from tap_zoom.api.responses import Page
from tap_zoom.errors import EmptyAnswer, Incomplete, NoAccess, RequestFailed
from tap_zoom.output import Output
from tap_zoom.streams import BY_NAME, ENRICHERS, PARTS, STREAMS, parents_of
from tap_zoom.streams.model import ACCOUNT, Entity, Params, RateLimit, Stream
from tap_zoom.sync.context import Context, linked
from tap_zoom.sync.rows import content_of, rows_of
from tap_zoom.sync.windows import Window

ROWS = 30  # of a list that is only tried
CONTEXTS_TRIED = 10  # until one is readable, and has meetings, webinars ...
READABLE = "readable"
UNTRIED = f"{READABLE}, as far as the login says"
FAILED = "failed: "


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
        skip: bool,
    ) -> None:
        """`skip`: streams that the login can't read are left out by a run, so they are no failure."""
        self._dispatcher = dispatcher
        self._selected = set(selected)
        self._scopes = scopes
        self._plan = plan
        self._now = now
        self._skip = skip
        names = self._selected.union(*(ancestors(BY_NAME[name], older) for name in self._selected)) - ENRICHERS
        self._streams = [stream for stream in STREAMS if stream.name in names]
        self._met: dict[Entity, list[Context]] = {ACCOUNT: [Context()]}
        self._limits: dict[RateLimit, float] = {}

    def run(self, output: Output) -> None:
        """Write the table. Raises Incomplete unless every selected stream can be read, or is left out on purpose."""
        results: dict[str, str] = {}
        for stream in self._streams:
            result = self._try(stream, results)
            fallback = BY_NAME.get(stream.fallback_stream)
            if fallback and not result.startswith(READABLE) and self._try(fallback, results) == READABLE:
                result = f"{READABLE} user by user ({fallback.name} in its place; {result})"
            results[stream.name] = result
        wrong = [name for name, result in results.items() if not result.startswith(READABLE)]
        if self._skip:
            left_out = [name for name in wrong if not results[name].startswith(FAILED)]
            results |= {name: f"left out, since on_missing_access is skip: {results[name]}" for name in left_out}
            wrong = [name for name in wrong if name not in left_out]
        output.document(self._table(results))
        if wrong:
            raise Incomplete(
                f"Streams that can't be read: {', '.join(wrong)}. The table says why: add the scopes to the app, take "
                "a role or a plan that allows them, deselect the streams, or set on_missing_access to skip."
            )

    def _try(self, stream: Stream, results: Mapping[str, str]) -> str:
        """`results`: of the streams before it, those that lead to it among them."""
        if self._scopes is not None and not stream.allowed_by(self._scopes):
            return f"scope missing: {stream.scope}"
        contexts = self._met.get(stream.parent)
        if not contexts:
            leads = {
                finder.name: results[finder.name] for finder, _ in parents_of(stream.parent) if finder.name in results
            }
            if leads and not any(result.startswith(READABLE) for result in leads.values()):
                return f"nothing leads to it: see {', '.join(leads)}"
            entity = stream.parent.name.replace("_", " ")
            return f"{UNTRIED}: no {entity} was met to try it on"
        result = ""
        for context in contexts[:CONTEXTS_TRIED]:
            asked = self._ask(stream, context)
            result = asked if asked == READABLE or not result else result
            found = not stream.links or any(self._met.get(link.entity) for link in stream.links)
            if asked.startswith(FAILED) or (asked == READABLE and found):
                break
        return result

    def _ask(self, stream: Stream, context: Context) -> str:
        request = Request(
            stream, context.ids, {**self._days(stream), **stream.variants[0]}, most=min(ROWS, stream.page_size)
        )
        outcome = self._answer(request)
        if isinstance(outcome, Page):
            said = outcome.announcement
            if said.limit is not None and not said.daily:
                self._limits[stream.rate_limit._replace(category=said.label or stream.rate_limit.category)] = said.limit
            self._plan = plan_of(stream.rate_limit, said) or self._plan
            self._note(stream, outcome, context)
            return READABLE
        if isinstance(outcome, EmptyAnswer):
            return READABLE
        if isinstance(outcome, NoAccess):
            return f"{'scope missing' if outcome.scope_missing else 'role or plan too small'}: {outcome}"
        if isinstance(outcome, RequestFailed):
            return f"{FAILED}{outcome}"
        raise outcome

    def _answer(self, request: Request) -> Page | Exception:
        self._dispatcher.submit(request, "", (), None)
        while (taken := self._dispatcher.take(1.0)) is None:
            pass
        return taken[1]

    def _note(self, stream: Stream, page: Page, context: Context) -> None:
        """Keep the contexts that the rows lead to."""
        try:
            rows = rows_of(stream, content_of(page.body)) if stream.links else []
        except (ValueError, RecursionError):
            return
        for row in rows:
            for link, child in linked(stream, row, context, stream.variants[0]):
                if child is not None:
                    self._met.setdefault(link.entity, []).append(child)

    def _days(self, stream: Stream) -> Params:
        """The last days that a call takes, if it takes dates."""
        dates = stream.date_range
        if dates is None:
            return {}
        last = self._now.date() + timedelta(days=min(dates.ends_in, 0))
        if dates.totals and not dates.days:
            last = last.replace(day=1) - timedelta(days=1)  # of the last whole month
        first = last - timedelta(days=min(dates.days, 28) - 1) if dates.days else last.replace(day=1)
        to = last + timedelta(days=min(dates.after, 1) if dates.ends_in >= 0 else 0)
        return Window("", first, last, first, to).params(dates)

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
