"""The run: what to ask next, what to do with an answer. One thread walks and writes; the frontier's workers fetch.

Answers are taken in the order in which they were asked for, and what to ask next is decided only then, by counts, never
by what happened to arrive. So the same data gives the same output in the same order, however slow single answers are.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from operator import itemgetter
from typing import Any

from tap_zoom.access import Access, sources
from tap_zoom.agenda import LABELS, Agenda
from tap_zoom.client import Page, Request
from tap_zoom.config import Config
from tap_zoom.discover import Schema, schema_of
from tap_zoom.errors import (
    DailyLimitReached,
    Incomplete,
    ItemLost,
    NothingHere,
    PageTokenExpired,
    StreamRefused,
    TooEarly,
    TooManyLost,
)
from tap_zoom.frontier import Frontier
from tap_zoom.http import parse
from tap_zoom.output import Output
from tap_zoom.owing import MOST_OWED, Owed, Owing
from tap_zoom.records import Patch, Plan, Record, Sequence, cleaned, is_clean, parse_exactly, rows_of
from tap_zoom.report import Report
from tap_zoom.state import Key, State, finished
from tap_zoom.streams import BY_NAME, FALLBACKS, LOOKUPS, Label, Stream, Thing, about, found_in, text
from tap_zoom.walk import HeldWalk, Listing, OwedWalk, Piece, ScheduledWalk, Walk, sortable
from tap_zoom.windows import Window, oldest_report_day, windows

LISTINGS_AHEAD = 64  # users whose meetings are asked for before their turn
WINDOWS_AHEAD = 2
SOON = 64  # results later: the next page is there by then, so that nobody waits for it
LOST_IN_A_ROW = 20
RESTARTS = 5  # of one list whose page tokens expire
MOVES_PER_STATE = 8
SECONDS_PER_STATE = 1.0

DAYS_BOTH_WAYS = 2  # of the first that the reports hold: found through them and through the numbers as well
NUMBERS, OCCURRENCES = (Thing.MEETING, Thing.WEBINAR), (Thing.PAST_MEETING, Thing.PAST_WEBINAR)

LOGGER = logging.getLogger("tap_zoom")
Owner = Listing | Piece


class Sync:
    def __init__(
        self,
        config: Config,
        schemas: Mapping[str, Schema],
        access: Access,
        state: State,
        frontier: Frontier,
        output: Output,
        report: Report,
        now: datetime,
    ) -> None:
        self._schemas = {name: schema for name, schema in schemas.items() if name in access.selected}
        self._asked = set(access.asked)
        self._spare = access.spare
        self._fail = config.on_missing_access == "fail"
        self._oldest = sortable(config.start_date.isoformat()) if config.start_date else None
        self._state = state
        self._frontier = frontier
        self._output = output
        self._report = report
        self.plans = {
            name: Plan(BY_NAME[name], schema, schema_of(BY_NAME[name])) for name, schema in self._schemas.items()
        }
        self._owing = Owing.read(state.owing)
        self._to_ask_again = tuple(self._owing.questions)
        self._may_go_back = not self._owing.went_back
        self._asked |= {question.stream.name for question in self._to_ask_again}
        self._scheduled = ScheduledWalk("scheduled", state.bookmarks["scheduled"], LISTINGS_AHEAD)
        self._held = HeldWalk("held", state.bookmarks["held"], WINDOWS_AHEAD)
        self._owed = OwedWalk("owed", (), MOST_OWED)
        self._walks: tuple[Walk, ...] = (self._scheduled, self._held, self._owed)
        self._bookmarked: dict[str, Walk] = {walk.name: walk for walk in (self._scheduled, self._held)}
        self._goes_back_to: dict[str, Key] = {}  # by walk: where the run that goes on begins
        self._agenda = Agenda(config.plan, len(self._walks))
        self._labels = tuple(map(self._labels_of, (NUMBERS, OCCURRENCES, NUMBERS + OCCURRENCES)))
        for stream in BY_NAME.values():
            if stream.fallback in access.asked:
                warn_of_fallback(stream, f"The token lacks {stream.granular} (classic: {stream.classic}).")
        self._people = Listing(None, (), None)
        self._people_asked = False
        self._waiting_for_people: list[Listing] = []
        self._spent: DailyLimitReached | None = None
        self._blocked: set[Owner] = set()  # owners that miss an answer for it
        self._lost_in_a_row = 0
        self._told_of_later = False
        self._moved = 0
        self._state_at = time.monotonic()
        self._lazily: deque[tuple[Listing, Iterator[Request]]] = deque()
        clip = oldest_report_day(now.date())
        first = oldest_report_day(state.started_at.date())
        if config.start_date is not None:
            first = max(first, config.start_date.date())
        self._windows = list(windows(first, state.started_at.date(), clip))
        self._first_day = max(first, clip).isoformat()
        # Zoom's first day may be later than ours: it is midnight, or its account lives ahead of UTC.
        self._reports_begin = (max(first, clip) + timedelta(days=DAYS_BOTH_WAYS)).isoformat()
        self._found_both_ways: set[str] = set()
        if first < clip and self._reads_held and self._held.bookmark < (clip.isoformat(), ""):
            self._scheduled.restart()
            state.bookmarks["scheduled"] = ()
            LOGGER.warning(
                "The run was stopped so long ago that Zoom's reports no longer list what was held from %s to %s. What "
                "belongs to a number that is still listed is found by that: the numbers are read again.", first, clip,
            )  # fmt: skip

        for name in state.refused:
            self._refuse(BY_NAME[name], "Refused before the run was stopped; that run's log says why.")

    @property
    def _reads_held(self) -> bool:
        return bool(self._asked & {"history_meetings", *FALLBACKS})

    # --- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Read everything. Raises RunStopped where going on makes no sense."""
        for name, schema in self._schemas.items():
            self._output.schema(name, schema, BY_NAME[name].key)
        self._output.state(self._state.value())
        if "users" in self._asked:
            self._ask_for_people()
        if self._reads_held:
            self._held.start(self._windows)
        while True:
            self._fill()
            if not self._frontier and not self._ask_again():
                break
            self._report.tick(self._frontier)
            taken = self._frontier.take(patience=1.0)
            if taken is not None:
                self._handle(*taken)
                self._emit_state()
        if self._spent is not None:
            raise self._spent

    def close(self, now: datetime) -> None:
        """The last STATE of a run that went to its end. Raises Incomplete if something is not out all the same."""
        self._output.state(finished(now))
        report = self._report
        problems = []
        if self._owing.given_up:
            problems.append(
                f"{self._owing.given_up} losses of the stopped runs could not be asked for again (their ERROR lines "
                "name them; run again to try them again)"
            )
        if not report.complete:
            parts = [f"{report.lost_items} items"] * bool(report.lost_items)
            parts += [f"{report.lost_records} records"] * bool(report.lost_records)
            problems.append(f"{' and '.join(parts)} lost (the ERROR lines name them; run again to try them again)")
        if report.refused and self._fail:
            problems.append(
                f"not readable with this login: {', '.join(report.refused)} (give the app the scopes, the role or the "
                "plan that the ERROR lines name, or deselect these streams, or set on_missing_access to skip)"
            )
        if problems:
            raise Incomplete(f"The run is complete but for this: {'; '.join(problems)}.")

    def _ask_again(self) -> bool:
        """At the end of a run that went on: ask once more what was lost before. False if nothing is owed."""
        questions, self._to_ask_again = self._to_ask_again, ()
        if not questions or self._spent is not None:
            return False
        LOGGER.info("%d items that were lost before the run was stopped are asked for once more.", len(questions))
        self._owed.start(questions)
        self._fill()
        return bool(self._frontier)

    # --- what to ask next ------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Ask as much as each label's share of the look-ahead allows; open more work for labels that have none."""
        while True:
            for label in LABELS:
                while request := self._agenda.next(label):
                    self._submit(request)
            if self._spent is not None:
                return  # finish what is begun
            opened = self._ask_lazily()
            for walk, labels in zip(self._walks, self._labels, strict=True):
                while (listing := walk.next_listing()) is not None:
                    self._ask_listing(listing)
                    opened = True
                # A run that goes on may have little of a day's limit left: it gets one piece out before it opens more.
                most = 1 if self._state.goes_on and not walk.has_moved else self._agenda.most_pieces
                if walk.open_pieces < most and any(map(self._agenda.starves, labels)):
                    opened = self._open_piece(walk) or opened
            if not opened:
                return

    def _submit(self, request: Request, place: int | None = None) -> None:
        if request.owner in self._blocked:
            return  # it can't be finished today, so it stays open
        if request.stream.name not in self._asked:  # refused since it was queued
            self._out(request.owner)
            return
        self._agenda.asked(request)
        self._frontier.submit(request, place)

    def _open_piece(self, walk: Walk) -> bool:
        ahead = walk.listings_ahead
        opened = walk.next_piece()
        if opened is None:
            return walk.listings_ahead < ahead  # there is room for another listing
        piece, thing, ids = opened
        piece.open += 1
        self._ask_about(piece, thing, ids)
        self._out(piece)
        return True

    def _ask_about(self, owner: Owner, thing: Thing, ids: Mapping[str, Any]) -> None:
        for stream in about(thing, self._asked - LOOKUPS - FALLBACKS):
            self._queue(owner, stream, ids)

    def _ask_listing(self, listing: Listing) -> None:
        listing.open += 1
        source = listing.source
        if isinstance(source, Owed):
            self._ask_once_more(listing, source)
        elif isinstance(source, Window):
            self._ask_window(listing, source)
        else:
            self._ask_about(listing, Thing.USER, {"user_id": source})
        self._out(listing)

    def _ask_once_more(self, listing: Listing, owed: Owed) -> None:
        if owed.window is not None and owed.stream.fallback:
            self._ask_window(listing, owed.window)  # the fallback may have to be asked by now
        elif owed.stream.name in self._asked:
            listing.open += 1
            self._add(Request(owed.stream, owed.ids, owed.params, listing))

    def _ask_window(self, listing: Listing, window: Window) -> None:
        days = {"from": window.asked_from.isoformat(), "to": window.asked_to.isoformat()}
        if "history_meetings" in self._asked:
            self._queue(listing, BY_NAME["history_meetings"], {}, days)
        elif self._people.waiting is None:
            listing.open += 1
            self._waiting_for_people.append(listing)
            self._ask_for_people()
        else:
            listing.open += 1
            self._lazily.append((listing, self._user_by_user(listing, self._people.waiting, days)))

    def _user_by_user(self, listing: Listing, user_ids: Iterable[str], days: Mapping[str, str]) -> Iterator[Request]:
        for user_id in user_ids:
            for stream in about(Thing.USER, self._asked & FALLBACKS):
                yield from self._requests(listing, stream, {"user_id": user_id}, days)

    def _ask_lazily(self) -> bool:
        """Of a listing that takes requests for each user, ask only what there is room for."""
        asked = False
        while self._lazily and self._agenda.starves(Label.HEAVY):
            listing, requests = self._lazily[0]
            request = next(requests, None)
            if request is None:
                self._lazily.popleft()
                self._out(listing)
            else:
                listing.open += 1
                self._add(request)
                asked = True
        return asked

    def _ask_for_people(self) -> None:
        if not self._people_asked:
            self._people_asked = True
            self._queue(self._people, BY_NAME["users"], {})

    def _queue(
        self, owner: Owner, stream: Stream, ids: Mapping[str, Any], params: Mapping[str, str] | None = None
    ) -> None:
        for request in self._requests(owner, stream, ids, params):
            owner.open += 1
            self._add(request)

    def _add(self, request: Request) -> None:
        walk = request.owner.walk
        self._agenda.add(request, 0 if walk is None else self._walks.index(walk))

    def _requests(
        self, owner: Owner, stream: Stream, ids: Mapping[str, Any], params: Mapping[str, str] | None = None
    ) -> list[Request]:
        return [Request(stream, ids, {**(params or {}), **asks}, owner) for asks in stream.asks]

    def _labels_of(self, things: Iterable[Thing]) -> tuple[Label, ...]:
        return tuple(
            label for label in LABELS if any(s.label is label for thing in things for s in about(thing, self._asked))
        )

    # --- what to do with an answer -----------------------------------------------------------------------------------

    def _handle(self, request: Request, outcome: Page | Exception) -> None:
        stream = request.stream
        self._agenda.taken(request, outcome.announcement if isinstance(outcome, Page) else None)
        tally = self._report.asked(stream.name)
        is_look_up = request.extra is not None
        if isinstance(outcome, Page) or (is_look_up and isinstance(outcome, (NothingHere, StreamRefused))):
            try:
                self._take_in(request, outcome)
            except ValueError as error:
                self._lose(request, f"{request}: {error}")
        elif isinstance(outcome, NothingHere):
            tally.nothing[str(outcome)] += 1
            if stream.emitted:
                self._lost_in_a_row = 0
        elif isinstance(outcome, StreamRefused):
            self._refused(request, outcome)
        elif isinstance(outcome, PageTokenExpired) and request.page_number > 1 and request.restarts < RESTARTS:
            self._again(request, outcome)
            return
        elif isinstance(outcome, TooEarly) and self._ask_later(request, outcome):
            return
        elif isinstance(outcome, (ItemLost, PageTokenExpired, TooEarly)):
            self._lose(request, str(outcome))
        elif isinstance(outcome, DailyLimitReached):
            self._spent = self._spent or outcome
            self._blocked.add(request.owner)
            return
        else:
            raise outcome
        self._out(request.owner)

    def _take_in(self, request: Request, outcome: Page | NothingHere | StreamRefused) -> None:
        if request.extra is not None:
            self._looked_up(request, outcome)
        elif isinstance(outcome, Page):
            self._read(request, outcome)

    def _read(self, request: Request, page: Page) -> None:
        """Emit a page's records, note what they lead to, and ask for the next page. Raises ValueError for an answer
        that is not as documented."""
        stream = request.stream
        patch = self._look_up_missing(request, page.body) if stream.lookup else None
        if stream.name in self.plans:
            content = self._emit(stream, page.body, request, page.received, patch)
        else:
            content = parse(page.body)
        if stream.finds:
            rows = rows_of(stream, content)
            self._note(request, rows if is_clean(page.body) else cleaned(rows))
        if stream.emitted:
            self._lost_in_a_row = 0
        token = content.get("next_page_token") if stream.paged else None
        if token:
            if not isinstance(token, str):
                raise ValueError("the token of the next page is no text, so the list can't be read further")
            if hash(token) in request.tokens:
                raise ValueError("the next page has a token that this list had before, so it can't be read further")
            request.tokens.add(hash(token))
            request.owner.open += 1
            turned = dataclasses.replace(request, page_token=token, page_number=request.page_number + 1)
            self._ask_at_once(turned)

    def _emit(
        self, stream: Stream, body: bytes, request: Request, received: datetime, patch: Patch | None = None
    ) -> dict[str, Any]:
        plan = self.plans[stream.name]
        records, keyless, content = plan.records(body, request.ids, request.sequence, patch)
        self._write(request, plan, records, keyless, received)
        return content

    def _write(self, request: Request, plan: Plan, records: list[Record], keyless: int, received: datetime) -> None:
        stream = plan.stream
        if records:
            self._output.records(stream.name, records, received)
            self._report.tallies[stream.name].records += len(records)
        if keyless:
            self._lose_records(request, keyless)
        for path in plan.new_misfits():
            LOGGER.warning(
                "%s.%s: a value did not fit the schema and went out as null. Further ones are counted.",
                stream.name, path,
            )  # fmt: skip
        for outcome in plan.new_unknown():
            LOGGER.warning("%s: Zoom sent fields that the schema lacks, %s.", stream.name, outcome)

    def _note(self, request: Request, rows: Iterable[Any]) -> None:
        """Keep the ids of what the rows lead to; older occurrences of a number are asked about at once."""
        owner, stream = request.owner, request.stream
        older = []
        for row in rows:
            found = found_in(stream, row, request.ids) if type(row) is dict else None
            if found is None:
                self._note_nothing(request, row)
                continue
            thing, ids = found
            start = sortable(ids.pop("start_time", None))
            if isinstance(owner, Piece):
                if self._is_older(start):
                    older.append((start or "", ids[f"{thing.kind}_uuid"], thing, ids))
            elif owner is self._people:
                owner.found.add(ids["user_id"])
            elif isinstance(owner.source, Window):
                self._note_occurrence(owner, thing, ids, start)
            elif isinstance(owner.source, Owed):
                days = owner.source.window
                if thing in NUMBERS or (self._is_older(start) if days is None else self._is_in(days, start)):
                    owner.found.add(OwedWalk.item(thing, ids, start))
            else:
                owner.found.add(ScheduledWalk.item(thing, ids))
        if older and isinstance(owner, Piece):
            self._ask_about_older(owner, sorted(older, key=itemgetter(0, 1)))

    def _note_nothing(self, request: Request, row: Any) -> None:
        """A row without an id leads nowhere. One that is looked up, or whose record has no key, was told of before."""
        stream = request.stream
        row = row if type(row) is dict else {}
        if stream.lookup and not row.get("id") and (row.get("email") or stream.name in self.plans):
            return
        self._lose_records(request, 1)

    def _ask_about_older(self, number: Piece, occurrences: list[tuple[str, str, Thing, dict[str, Any]]]) -> None:
        """Ask about the older occurrences of a number."""
        for start_time, uuid, thing, ids in occurrences:
            if uuid in self._found_both_ways:
                continue
            piece = number.walk.older_piece(number, start_time, uuid)
            if piece is None:
                continue
            self._note_both_ways(start_time, uuid)
            piece.open += 1
            self._ask_about(piece, thing, ids)
            self._out(piece)

    def _note_occurrence(self, listing: Listing, thing: Thing, ids: dict[str, Any], start: str | None) -> None:
        """Keep an occurrence that starts inside the window. One without a start time is kept wherever it is met."""
        uuid = ids[f"{thing.kind}_uuid"]
        if not self._is_in(listing.source, start) or uuid in self._found_both_ways or not about(thing, self._asked):
            return
        start = start or f"{listing.source.first}T00:00:00.000000Z"
        if (start, uuid) > self._held.bookmark:
            self._note_both_ways(start, uuid)
        listing.found.add(HeldWalk.item(thing, ids, start))

    def _note_both_ways(self, start: str, uuid: str) -> None:
        """Remember who is asked about on the days that are found both ways, so that they are asked about once."""
        if self._first_day <= start < self._reports_begin:
            self._found_both_ways.add(uuid)

    def _is_in(self, window: Window, start: str | None) -> bool:
        if start is None:
            return True
        return window.first.isoformat() <= start[:10] <= window.last.isoformat() and not self._too_old(start)

    def _is_older(self, start: str | None) -> bool:
        """Whether an occurrence of a number is found by the number."""
        return start is None or (start < self._reports_begin and not self._too_old(start))

    def _too_old(self, start: str) -> bool:
        return self._oldest is not None and start < self._oldest

    def _look_up_missing(self, request: Request, body: bytes) -> Patch | None:
        """Ask about the rows that have no id but an e-mail, one by one; gives what to make of the others' page."""
        stream = request.stream
        emails = {
            number: str(row["email"])
            for number, row in enumerate(rows_of(stream, parse(body)))
            if type(row) is dict and not row.get("id") and row.get("email")
        }
        if not emails:
            return None
        if stream.lookup not in self._asked:
            return lambda rows: [{**row, "id": emails[n]} if n in emails else row for n, row in enumerate(rows)]
        rows = rows_of(stream, parse_exactly(body))
        for number, email in emails.items():
            request.owner.open += 1
            extra = (request, rows[number])
            self._add(Request(BY_NAME[stream.lookup], {"email": email}, {}, request.owner, extra=extra))
        return lambda rows: [row for n, row in enumerate(rows) if n not in emails]

    def _looked_up(self, request: Request, outcome: Page | NothingHere | StreamRefused) -> None:
        """Emit a row that had no id, with the one that was found, or with its e-mail where Zoom knows none."""
        origin, row = request.extra
        key = request.ids["email"]
        received = datetime.now(timezone.utc)
        if isinstance(outcome, Page):
            received = outcome.received
            content = parse(outcome.body)
            found = text(cleaned(content.get("id"))) if isinstance(content, dict) else None
            if found:
                key = found
                self._people.found.add(found)
        elif isinstance(outcome, NothingHere):
            self._report.tallies[request.stream.name].nothing[str(outcome)] += 1
        elif not outcome.scope_missing:
            self._lose(request, str(outcome))
            return
        elif request.stream.name in self._asked:
            self._asked.discard(request.stream.name)
            LOGGER.warning("Pending users are keyed by their e-mail: %s", outcome)
        plan = self.plans.get(origin.stream.name)
        if plan is not None:
            self._write(origin, plan, *plan.record({**row, "id": key}, origin.ids), received)

    def _refused(self, request: Request, error: StreamRefused) -> None:
        """A stream that this login can't read ends; where another one can take its place, that is asked instead."""
        stream, owner = request.stream, request.owner
        if stream.fallback in self._spare and isinstance(owner, Listing):
            if stream.name in self._asked:
                self._fall_back(stream, str(error))
            self._ask_window(owner, _window(owner))
        elif stream.name in self._report.refused:
            self._asked.discard(stream.name)
        else:
            self._refuse(stream, str(error))

    def _refuse(self, stream: Stream, why: str) -> None:
        self._asked.discard(stream.name)
        self._report.refused[stream.name] = why
        dependent = [name for name in self.plans if stream.name in sources(BY_NAME[name], older=True)]
        LOGGER.log(
            logging.ERROR if self._fail else logging.WARNING,
            "The stream %s can't be read with this login%s: %s",
            stream.name, f", and what hangs on it is missing ({', '.join(dependent)})" if dependent else "", why,
        )  # fmt: skip

    def _fall_back(self, stream: Stream, why: str) -> None:
        self._asked.discard(stream.name)
        self._asked |= {stream.fallback} | sources(BY_NAME[stream.fallback], older=False)
        warn_of_fallback(stream, why)

    def _again(self, request: Request, error: PageTokenExpired) -> None:
        """Read a list from its start: rows that are out come again, with the same keys."""
        LOGGER.info("Reading a list again from its start: %s", error)
        self._ask_at_once(dataclasses.replace(_from_its_start(request), restarts=request.restarts + 1))

    def _ask_later(self, request: Request, error: TooEarly) -> bool:
        """Zoom's reports begin later than the days that were asked for: ask from there. False where that can't be it.

        What lies before is found by its number only, if it is still listed.
        """
        earliest = oldest_report_day(datetime.now(timezone.utc).date())
        first = max(date.fromisoformat(request.params["from"]) + timedelta(days=1), earliest)
        if first > earliest + timedelta(days=DAYS_BOTH_WAYS) or first > date.fromisoformat(request.params["to"]):
            return False
        if first.isoformat() > max(self._reports_begin, _window(request.owner).first.isoformat()):
            self._lose(request, f"what was held before {first} and not found by its number: {error}")
        elif not self._told_of_later:
            self._told_of_later = True
            LOGGER.warning(
                "Zoom's reports begin on %s by now. What was held before that is found by its number only, as far as "
                "that is still listed. %s", first, error,
            )  # fmt: skip
        self._ask_at_once(_from_its_start(request, {**request.params, "from": first.isoformat()}))
        return True

    def _ask_at_once(self, request: Request) -> None:
        """Ask before anything else of its label. What holds a walk up is also taken before anything else, the pages of
        another list soon, so that lists are finished before many more are begun."""
        owner = request.owner
        urgent = owner.walk is None or owner.walk.is_held_up_by(owner)
        self._submit(request, place=0 if urgent else SOON)

    def _out(self, owner: Owner) -> None:
        """One request of a listing or a piece is done with."""
        owner.open -= 1
        if owner.open:
            return
        if isinstance(owner, Piece):
            owner.walk.finished(owner)
        elif owner.walk is not None:
            owner.walk.listed(owner)
        else:
            self._people_known()

    def _people_known(self) -> None:
        people = self._people
        people.waiting, people.found = sorted(people.found), set()
        if any(about(Thing.USER, self._asked - FALLBACKS - LOOKUPS)):
            self._scheduled.start(people.waiting)
        for listing in self._waiting_for_people:
            self._ask_window(listing, _window(listing))
            self._out(listing)
        self._waiting_for_people.clear()

    def _lose(self, request: Request, what: str) -> None:
        self._report.lose(what)
        self._owe(request)
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            raise TooManyLost(
                f"{LOST_IN_A_ROW} items were lost in a row, so something general is wrong; the last one: {what}. "
                "Mend that, then run again with the last STATE: it stands before these items."
            )

    def _lose_records(self, request: Request, count: int) -> None:
        self._report.lose_records(count, str(request))
        if request.owner is not self._people:  # who are listed by each run
            self._owe(request)

    def _owe(self, request: Request) -> None:
        """Keep what was lost for the run that goes on, should this one be stopped."""
        owner = request.owner
        if owner is self._people:  # whoever was not listed was not walked
            self._go_back(self._scheduled)
            if self._asked & FALLBACKS:
                self._go_back(self._held)
            return
        if isinstance(owner, Listing) and isinstance(owner.source, Owed):
            owner.source.lost_again = True
            return
        window = owner.source if isinstance(owner, Listing) and isinstance(owner.source, Window) else None
        if not self._owing.keep(Owed(request.stream, request.ids, request.params, window)):
            self._go_back(owner.walk)

    def _go_back(self, walk: Walk) -> None:
        """Let the run that goes on begin before what was lost now; once, and not in what it asks again."""
        if not self._may_go_back or walk is self._owed:
            self._owing.given_up += 1
            return
        self._owing.went_back = True
        self._goes_back_to.setdefault(walk.name, walk.bookmark)

    def _emit_state(self) -> None:
        """STATE after finished work. While items are being lost in a row it stays before them."""
        if self._lost_in_a_row:
            return
        self._settle_owed()
        state, owing, refused = self._state, self._owing.value(), list(self._report.refused)
        bookmarks = {name: self._goes_back_to.get(name, walk.bookmark) for name, walk in self._bookmarked.items()}
        if (bookmarks, owing, refused) == (state.bookmarks, state.owing, state.refused):
            return
        state.bookmarks, state.owing, state.refused = bookmarks, owing, refused
        self._moved += 1
        now = time.monotonic()
        if self._moved >= MOVES_PER_STATE or now - self._state_at >= SECONDS_PER_STATE:
            self._moved, self._state_at = 0, now
            self._output.state(self._state.value())

    def _settle_owed(self) -> None:
        for question in tuple(self._owing.questions) if self._owed.bookmark else ():
            if question.number < self._owed.bookmark[0]:
                self._owing.settle(question)
            elif question.number == self._owed.bookmark[0]:
                question.place = self._owed.bookmark[1:]


def _window(listing: Listing) -> Window:
    """The days that a listing is about."""
    window: Window | None = listing.source.window if isinstance(listing.source, Owed) else listing.source
    if window is None:
        raise TypeError(f"{listing.source} has no days")
    return window


def _from_its_start(request: Request, params: Mapping[str, str] | None = None) -> Request:
    """The same list again, from its first page."""
    return dataclasses.replace(
        request, params=params or request.params, page_token="", page_number=1, sequence=Sequence(), tokens=set()
    )


def warn_of_fallback(stream: Stream, why: str) -> None:
    LOGGER.warning(
        "The account refuses %s, so occurrences are found user by user through %s: that takes two requests per user "
        "and month, and what was held by users who have left the account is not found. %s",
        stream.name, stream.fallback, why,
    )  # fmt: skip
