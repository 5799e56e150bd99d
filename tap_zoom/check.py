"""--test: log in, ask one small question per stream, and say which can be read, and what the account's limits are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tap_zoom.access import sources
from tap_zoom.client import Page, Request
from tap_zoom.errors import Incomplete, NothingHere, RequestFailed, StreamRefused
from tap_zoom.frontier import Frontier
from tap_zoom.http import parse
from tap_zoom.output import Output
from tap_zoom.records import rows_of
from tap_zoom.streams import BY_NAME, LOOKUPS, STREAMS, Label, Stream, Thing, found_in
from tap_zoom.throttle import PLANS
from tap_zoom.windows import DAYS_PER_WINDOW

ROWS = 30  # of a list that is only tried
USERS_TRIED = 10  # until one has meetings, and one webinars
READABLE = "readable"


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
    ) -> None:
        self._frontier = frontier
        self._selected = set(selected)
        self._scopes = scopes
        self._plan = plan
        self._now = now
        names = self._selected.union(*(sources(BY_NAME[name], older) for name in self._selected)) - LOOKUPS
        self._streams = [stream for stream in STREAMS if stream.name in names]
        self._met: dict[Thing, list[Mapping[str, Any]]] = {thing: [] for thing in Thing}
        self._met[Thing.ACCOUNT].append({})
        self._limits: dict[Label, float] = {}

    def run(self, output: Output) -> None:
        """Write the table. Raises Incomplete unless every selected stream can be read."""
        results = {stream.name: self._try(stream) for stream in self._streams}
        for name, fallback in [(name, BY_NAME[name].fallback) for name in results if BY_NAME[name].fallback]:
            if results[name] != READABLE and self._try(BY_NAME[fallback]) == READABLE:
                results[name] = f"{READABLE} user by user ({fallback} in its place; {results[name]})"
        output.document(self._table(results))
        wrong = [name for name, result in results.items() if not result.startswith(READABLE)]
        if wrong:
            raise Incomplete(
                f"{len(wrong)} of the streams can't be read: {', '.join(wrong)}. The table says why: add the scopes to "
                "the app, take a role or a plan that allows them, or deselect the streams."
            )

    def _try(self, stream: Stream) -> str:
        if self._scopes is not None and not stream.allowed_by(self._scopes):
            return f"scope missing: {stream.granular} (classic: {stream.classic})"
        things = self._met[stream.parent]
        if not things:
            return f"{READABLE}, as far as the login says: no {stream.parent.value} was met to try it on"
        result = READABLE
        for ids in things[: USERS_TRIED if stream.finds else 1]:
            result = self._ask(stream, ids)
            if result != READABLE or any(self._met[thing] for thing in stream.finds):
                break
        return result

    def _ask(self, stream: Stream, ids: Mapping[str, Any]) -> str:
        outcome = self._answer(Request(stream, ids, {**self._days(stream), **stream.asks[0]}, page_size=ROWS))
        if isinstance(outcome, Page):
            said = outcome.announcement
            if said.limit is not None and not said.daily:
                self._limits[said.label or stream.label] = said.limit
            self._note(stream, outcome, ids)
            return READABLE
        if isinstance(outcome, NothingHere):
            return READABLE
        if isinstance(outcome, StreamRefused):
            return f"{'scope missing' if outcome.scope_missing else 'role or plan too small'}: {outcome}"
        if isinstance(outcome, RequestFailed):
            return f"failed: {outcome}"
        raise outcome

    def _answer(self, request: Request) -> Page | Exception:
        self._frontier.submit(request)
        while (taken := self._frontier.take(patience=1.0)) is None:
            pass
        return taken[1]

    def _note(self, stream: Stream, page: Page, ids: Mapping[str, Any]) -> None:
        """Keep what the rows lead to."""
        try:
            rows = rows_of(stream, parse(page.body)) if stream.finds else []
        except ValueError:
            return
        for row in rows:
            found = found_in(stream, row, ids) if type(row) is dict else None
            if found is not None:
                thing, found_ids = found
                self._met[thing].append(found_ids)

    def _days(self, stream: Stream) -> dict[str, str]:
        """The last four weeks, for the reports that want to know."""
        if stream.windows:
            day = self._now.date()
            return {"from": (day - timedelta(days=DAYS_PER_WINDOW)).isoformat(), "to": day.isoformat()}
        return {}

    def _table(self, results: Mapping[str, str]) -> str:
        lines = ["Can be read with this login:", ""]
        for name, result in results.items():
            lines.append(f"  {name:<28} {'' if name in self._selected else '(leads to others) '}{result}")
        lines += ["", "Limits in requests per second, as Zoom announces them (else as assumed for the plan):", ""]
        for label, assumed in PLANS[self._plan].items():
            limit = f"{self._limits[label]:g}" if label in self._limits else f"{assumed:g} (assumed)"
            lines.append(f"  {label.value:<28} {limit}")
        return "\n".join(lines) + "\n"
