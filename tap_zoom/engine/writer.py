"""Records out: shaped, written and counted, and what was odd about them told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch, Plan
from tap_zoom.engine.rows import content_of
from tap_zoom.engine.shapes import Record
from tap_zoom.output import Output
from tap_zoom.report import Report, Tally
from tap_zoom.streams.model import Ids, Stream
from tap_zoom.words import described
from tap_zoom.zoom.answers import Page

LOGGER = logging.getLogger(__name__)


class Writer:
    """`plans`: of the streams that are emitted, by name."""

    def __init__(self, plans: Mapping[str, Plan], output: Output, report: Report, today: date) -> None:
        """`today`: what says of which day a count of the moment is."""
        self.plans = plans
        self._today = {"snapshot_date": today.isoformat()}
        self._output = output
        self._report = report

    def schemas(self) -> None:
        for name, plan in self.plans.items():
            self._output.schema(name, described(name, plan.schema), plan.stream.key, plan.bookmark)

    def page(self, question: Question, page: Page, patch: Patch | None) -> tuple[dict[str, Any], int]:
        """Emit a page's records; gives the answer itself, and how many rows have no key. Raises ValueError for an
        answer that is not as documented."""
        plan = self.plans.get(question.stream.name)
        if plan is None:
            return content_of(page.body), 0
        columns = {**question.columns, **self._today}
        records, keyless, content = plan.records(page.body, columns, question.sequence, patch)
        self._write(plan, records, page.received)
        return content, keyless

    def rest(self, question: Question, received: datetime) -> None:
        """Emit what waits for a page of an answer that does not come."""
        plan = self.plans.get(question.stream.name)
        if plan is not None and question.sequence.held:
            self._write(plan, plan.rest(question.sequence), received)

    def row(self, question: Question, row: Record, found: Ids, received: datetime) -> int:
        """Emit one row, whose numbers were parsed exactly, with columns that were found; gives 1 if it has no key."""
        plan = self.plans.get(question.stream.name)
        if plan is None:
            return 0
        records, keyless = plan.record(row, {**question.columns, **found})
        self._write(plan, records, received)
        return keyless

    def made(self, stream: Stream, rows: list[Record], ids: Ids, received: datetime) -> None:
        """Emit rows that were made of files; they have all that their key needs."""
        plan = self.plans[stream.name]
        self._write(plan, [record for row in rows for record in plan.record(row, ids)[0]], received)

    def _write(self, plan: Plan, records: list[Record], received: datetime) -> None:
        name = plan.stream.name
        if records:
            self._output.records(name, records, received)
            self._report.tallies.setdefault(name, Tally()).records += len(records)
        for path in plan.new_misfits():
            LOGGER.warning(
                "%s.%s: a value did not fit the schema and went out as null. Further ones are counted.", name, path
            )
        for outcome in plan.new_unknown():
            LOGGER.warning("%s: Zoom sent fields that the schema lacks, %s.", name, outcome)
