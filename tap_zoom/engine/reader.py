"""What is done with a page: records out, what they lead to noted, what they lack looked up."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from functools import partial
from typing import Any

from tap_zoom.engine import lookups
from tap_zoom.engine.agenda import Agenda
from tap_zoom.engine.ledger import Ledger
from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch
from tap_zoom.engine.routes import Routes
from tap_zoom.engine.rows import rows_of, token_of
from tap_zoom.engine.shapes import Record
from tap_zoom.engine.writer import Writer
from tap_zoom.errors import NothingHere, StreamRefused
from tap_zoom.streams import STREAMS
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.request import Request

LOGGER = logging.getLogger(__name__)


class Reader:
    def __init__(self, writer: Writer, routes: Routes, agenda: Agenda, ledger: Ledger) -> None:
        self._writer = writer
        self._routes = routes
        self._agenda = agenda
        self._ledger = ledger

    def read(self, request: Request, question: Question, page: Page) -> Request | None:
        """Emit a page's records and note what they lead to; gives the request for the next page. Raises ValueError for
        an answer that is not as documented."""
        stream = question.stream
        lacking = lookups.lacking(stream, page.body)
        patch: Patch | None = None
        if lacking and stream.lookup in self._routes.asked:
            for each in lookups.questions(question, page.body, lacking):
                question.node.open += 1
                self._agenda.add(each)
            patch = lookups.without(lacking)
        elif question.window is not None:
            patch = partial(question.kept, since=self._routes.calendar.emitted_since(stream))
        content, keyless = self._writer.page(question, page, patch)
        if keyless:
            self._ledger.lose_records(question, keyless)
        if stream.finds:
            for row in rows_of(stream, content):
                if not self._routes.note(question, row):
                    self._note_nothing(question, row)
                self._ask_for_files(question, row)
        self._ledger.went_well(question)
        token = token_of(stream, content) if stream.page else None
        return question.next_page(token, request.page + 1) if token else None

    def rest(self, question: Question) -> None:
        """Emit what waits for a page that does not come."""
        self._writer.rest(question, datetime.now(timezone.utc))

    def look_up(
        self,
        question: Question,
        origin: Question,
        row: Record | lookups.Files,
        outcome: Page | NothingHere | StreamRefused,
    ) -> None:
        """Emit a row that lacked something, with what was found. Raises ValueError for an answer that is none."""
        if isinstance(outcome, StreamRefused) and not outcome.scope_missing:
            self._ledger.lose(origin, str(outcome))
            return
        if isinstance(outcome, StreamRefused) and question.stream.name in self._routes.asked:
            self._routes.refuse(question.stream)
            LOGGER.warning("Pending users are keyed by their e-mail: %s", outcome)
        page = outcome if isinstance(outcome, Page) else None
        if isinstance(row, lookups.Files):
            if page is not None:
                row.add(page.body)
                self._read_files(origin, row, page.received)
            return
        fields, columns = lookups.found(question, page) if page else ({}, {})
        row = {**row, **fields}
        if fields:
            self._routes.note(origin, row)
        if self._writer.row(origin, row, columns, page.received if page else datetime.now(timezone.utc)):
            self._ledger.lose_records(origin, 1)

    def _ask_for_files(self, question: Question, row: Any) -> None:
        """Download the files of a row that other streams are made of."""
        since = self._routes.calendar.since(question.stream)
        for files in lookups.files_of(question.stream, row) if question.kept([row], since) else ():
            self._ask_for_next(question, files)

    def _ask_for_next(self, question: Question, files: lookups.Files) -> None:
        try:
            following = files.question(question, self._routes.asked)
        except ValueError as error:
            self._ledger.lose(question, f"{question}: {error}")
            return
        if following is not None:
            question.node.open += 1
            self._agenda.add(following)

    def _read_files(self, question: Question, files: lookups.Files, received: datetime) -> None:
        """Ask for the next file of a row, or emit what is made of them."""
        if not files.is_whole:
            self._ask_for_next(question, files)
            return
        for stream in STREAMS:
            if stream.about is files.find.thing and stream.name in self._writer.plans:
                ids = {name: files.row.get(field) for name, field in files.find.ids.items()}
                self._writer.made(stream, files.rows(stream), ids, received)

    def _note_nothing(self, question: Question, row: Any) -> None:
        """A row without an id leads nowhere. One that is looked up, or whose record has no key, was told of before."""
        row, stream = row if type(row) is dict else {}, question.stream
        if stream.lookup and not row.get("id") and (row.get("email") or stream.name in self._writer.plans):
            return
        self._ledger.lose_records(question, 1)
