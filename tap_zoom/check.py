"""--test: log in, ask one small question per stream, and say which can be read, and what the account's limits are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from tap_zoom.access import sources
from tap_zoom.engine.places import Place, found_in
from tap_zoom.engine.rows import content_of, rows_of
from tap_zoom.engine.windows import windows
from tap_zoom.errors import Incomplete, NothingHere, RequestFailed, StreamRefused
from tap_zoom.output import Output
from tap_zoom.streams import BY_NAME, LOOKUPS, PARTS, STREAMS, finders
from tap_zoom.streams.model import ACCOUNT, Lane, Params, Stream, Thing
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.frontier import Frontier
from tap_zoom.zoom.limits import limit_of, plan_of
from tap_zoom.zoom.request import Request

ROWS = 30  # of a list that is only tried
PLACES_TRIED = 10  # until one is readable, and has meetings, webinars ...
READABLE = "readable"
UNTRIED = f"{READABLE}, as far as the login says"
FAILED = "failed: "


class Check:
    """Tries the selected streams, and those that lead to them, on the first things of each kind that it meets."""

    def __init__(
        self,
        frontier: Frontier,
        selected: Iterable[str],
        scopes: frozenset[str] | None,
        plan: str,
        older: bool,
        now: datetime,
        skip: bool,
    ) -> None:
        """`skip`: streams that the login can't read are left out by a run, so they are no failure."""
        self._frontier = frontier
        self._selected = set(selected)
        self._scopes = scopes
        self._plan = plan
        self._now = now
        self._skip = skip
        names = self._selected.union(*(sources(BY_NAME[name], older) for name in self._selected)) - LOOKUPS
        self._streams = [stream for stream in STREAMS if stream.name in names]
        self._met: dict[Thing, list[Place]] = {ACCOUNT: [Place()]}
        self._limits: dict[Lane, float] = {}

    def run(self, output: Output) -> None:
        """Write the table. Raises Incomplete unless every selected stream can be read, or is left out on purpose."""
        results: dict[str, str] = {}
        for stream in self._streams:
            result = self._try(stream, results)
            instead = BY_NAME.get(stream.instead)
            if instead and not result.startswith(READABLE) and self._try(instead, results) == READABLE:
                result = f"{READABLE} user by user ({instead.name} in its place; {result})"
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
        places = self._met.get(stream.about)
        if not places:
            leads = {finder.name: results[finder.name] for finder, _ in finders(stream.about) if finder.name in results}
            if leads and not any(result.startswith(READABLE) for result in leads.values()):
                return f"nothing leads to it: see {', '.join(leads)}"
            thing = stream.about.name.replace("_", " ")
            return f"{UNTRIED}: no {thing} was met to try it on"
        result = ""
        for place in places[:PLACES_TRIED]:
            asked = self._ask(stream, place)
            result = asked if asked == READABLE or not result else result
            found = not stream.finds or any(self._met.get(find.thing) for find in stream.finds)
            if asked.startswith(FAILED) or (asked == READABLE and found):
                break
        return result

    def _ask(self, stream: Stream, place: Place) -> str:
        request = Request(stream, place.ids, {**self._days(stream), **stream.asks[0]}, most=min(ROWS, stream.page))
        outcome = self._answer(request)
        if isinstance(outcome, Page):
            said = outcome.announcement
            if said.limit is not None and not said.daily:
                self._limits[stream.lane._replace(label=said.label or stream.lane.label)] = said.limit
            self._plan = plan_of(stream.lane, said) or self._plan
            self._note(stream, outcome, place)
            return READABLE
        if isinstance(outcome, NothingHere):
            return READABLE
        if isinstance(outcome, StreamRefused):
            return f"{'scope missing' if outcome.scope_missing else 'role or plan too small'}: {outcome}"
        if isinstance(outcome, RequestFailed):
            return f"{FAILED}{outcome}"
        raise outcome

    def _answer(self, request: Request) -> Page | Exception:
        self._frontier.submit(request, 0.0)
        while (taken := self._frontier.take(patience=1.0)) is None:
            pass
        return taken[2]

    def _note(self, stream: Stream, page: Page, at: Place) -> None:
        """Keep what the rows lead to."""
        try:
            rows = rows_of(stream, content_of(page.body)) if stream.finds else []
        except (ValueError, RecursionError):
            return
        for row in rows:
            for find, place in found_in(stream, row, at, stream.asks[0], None):
                if place is not None:
                    self._met.setdefault(find.thing, []).append(place)

    def _days(self, stream: Stream) -> Params:
        """The last days that a call takes, of what wants to know."""
        if stream.over is None:
            return {}
        day = self._now.date()
        last = day + timedelta(days=min(stream.over.until, 0))
        *_, window = windows(stream.over, last - timedelta(days=max(stream.over.days, 31)), last, date.min)
        return window.params(stream.over)

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
        for lane in dict.fromkeys(stream.lane for stream in self._streams):
            announced = self._limits.get(lane)
            assumed = f"{_in_words(limit_of(lane, self._plan))} (assumed)"
            lines.append(f"  {lane!s:<28} {assumed if announced is None else _in_words(announced)}")
        return "\n".join(lines) + "\n"


def _in_words(limit: float) -> str:
    """So many requests a second, or a minute where that is no whole number."""
    return f"{limit:g} a second" if limit % 1 == 0 else f"{60 * limit:g} a minute"
