"""Pages: the records in an answer, the contexts that its rows link to, and the rows that another stream enriches."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import partial
from typing import Any

from tap_zoom.api.responses import Page
from tap_zoom.output import Output
from tap_zoom.report import Report
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import Ids, Link, Row, Stream, TextFile
from tap_zoom.sync.coercion import Record
from tap_zoom.sync.context import Context, as_text, linked
from tap_zoom.sync.records import Patch, RecordBuilder
from tap_zoom.sync.rows import canonical, content_of, rows_of, text_of, token_of
from tap_zoom.sync.tasks import Task, Tasks
from tap_zoom.sync.windows import Windows
from tap_zoom.words import described

MAX_REPEATED = 3  # pages in a row without a row that the list did not have before

LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class PageRead:
    """`enrichments`: tasks for incomplete rows; `missing`: which rows are missing, and why; `next_token`: token of the
    next page, None after the last."""

    enrichments: list[Task] = field(default_factory=list)
    missing: str = ""
    next_token: Any = None


class Pages:
    """Processes answers. `builders`: the record builders of the emitted streams, by name."""

    def __init__(
        self, builders: Mapping[str, RecordBuilder], tasks: Tasks, windows: Windows, output: Output, report: Report,
        today: date,
    ) -> None:  # fmt: skip
        self._builders = builders
        self._tasks = tasks
        self._windows = windows
        self._output = output
        self._report = report
        self._today = {"snapshot_date": today.isoformat()}

    def emit_schemas(self) -> None:
        for name, builder in self._builders.items():
            self._output.schema(name, described(name, builder.schema), builder.stream.key, builder.bookmark)

    def read(self, task: Task, page: Page) -> PageRead:
        """Emit the records of a page and add the contexts that its rows link to.

        Raises ValueError for an answer that doesn't match Zoom's documentation, RecursionError if it is nested too
        deep.
        """
        result = PageRead()
        stream = task.stream
        patch: Patch | None = None
        if stream.enriched_by in self._tasks.requested and (lacking := _lacking(task, page.body)):
            result.enrichments = list(self._enrichments(task, page.body, lacking))
            patch = partial(_without, lacking)
        elif task.window is not None:
            since = None if task.is_retry else self._windows.emitted_since(stream)
            patch = partial(task.kept, since=since)
        content, keyless = self._emit(task, page, patch)
        if keyless:
            result.missing = f"{task}: {keyless} row{'s' * (keyless > 1)} without a complete key"
        rows = rows_of(stream, content) if stream.links else []
        unlinked = sum(not self._add_children(task, row) for row in rows)
        if any(link.files for link in stream.links):
            for row in task.kept(rows, None if task.is_retry else self._windows.since(stream)):
                for files in files_of(stream, row):
                    self._download(task, files, result)
        if unlinked and not keyless:
            result.missing = f"{task}: {unlinked} row{'s' * (unlinked > 1)} without the id for their child streams"
        if stream.page_size and (token := token_of(stream, content)):
            self._check_progress(task, content)
            result.next_token = token
        return result

    def emit_enriched(self, owner: Task, task: Task, page: Page | None) -> str:
        """Emit the row that a task enriches, with the values that its answer adds. Returns why the row is missing, if
        it is.

        Raises ValueError for an answer that doesn't match Zoom's documentation.
        """
        row = task.row
        if isinstance(row, tuple):
            files, number = row
            if page is not None:
                self._emit_files(owner, files, number, page)
            return ""
        fields, columns = _added(task, page) if page else ({}, {})
        row = {**row, **fields}
        if fields:
            self._add_children(owner, row)
        builder = self._builders.get(owner.stream.name)
        if builder is None:
            return ""
        records, keyless = builder.record(row, {**owner.columns, **columns})
        self._write(builder, records, page.received if page else datetime.now(timezone.utc))
        return f"{owner}: 1 row without a complete key" if keyless else ""

    def emit_pending(self, task: Task) -> None:
        """Emit the rows that wait for another page, after the last one."""
        if task.sequence.pending and (builder := self._builders.get(task.stream.name)):
            self._write(builder, builder.rest(task.sequence), datetime.now(timezone.utc))

    # --- records

    def _emit(self, task: Task, page: Page, patch: Patch | None) -> tuple[Record, int]:
        """Emit a page's records. Returns the answer, and the number of rows without a key."""
        builder = self._builders.get(task.stream.name)
        if builder is None:
            return content_of(page.body), 0
        columns = {**task.columns, **self._today}
        records, keyless, content = builder.records(page.body, columns, task.sequence, patch)
        self._write(builder, records, page.received)
        return content, keyless

    def _write(self, builder: RecordBuilder, records: list[Record], received: datetime) -> None:
        name = builder.stream.name
        if records:
            self._output.records(name, records, received)
            self._report.records(name, len(records))
        for path in builder.new_misfits():
            LOGGER.warning(
                "%s.%s: a value did not fit the schema and was emitted as null. Further ones are counted.", name, path
            )
        for outcome in builder.new_unknown():
            LOGGER.warning("%s: Zoom sent fields that the schema lacks, %s.", name, outcome)

    # --- links

    def _add_children(self, task: Task, row: Any) -> bool:
        """Add the contexts that a row links to. False if the row lacks the id of one."""
        is_complete = True
        for link, context in linked(task.stream, row, task.context, task.params):
            if context is not None:
                if self._is_wanted(task, link, context):
                    task.node.children.append(context.name)
            elif not (task.stream.enriched_by and type(row) is dict and row.get("email")):
                is_complete = False
        return is_complete

    def _is_wanted(self, task: Task, link: Link, context: Context) -> bool:
        """True if any stream is requested for a context that was found in this task."""
        if not task.traversal:
            return True  # from a list of the account: another traversal may need it later
        streams = self._tasks.for_entity(context.entity, task.is_retry)
        if not any(task.is_retry or self._windows.includes(each, context, task.window) for each in streams):
            return False
        if link.older_than and context.time and (main := self._tasks.this_or_fallback(link.older_than)):
            return context.time < self._windows.older_than(main)
        return link.same_window or task.keeps(context.time, None)

    # --- rows that another stream enriches

    def _enrichments(self, task: Task, body: bytes, lacking: Mapping[int, str]) -> Iterator[Task]:
        """Yield a task for each incomplete row."""
        rows = rows_of(task.stream, content_of(body, exact=True))
        stream = BY_NAME[task.stream.enriched_by]
        name, *others = stream.parent.ids
        known = {other: task.context.ids.get(other) for other in others}
        for number, value in lacking.items():
            context = Context(stream.parent, {name: value, **known})
            yield Task(stream, context, {}, None, task.node, task.traversal, row_of=task, row=rows[number])

    def _download(self, task: Task, files: Files, result: PageRead) -> None:
        """Add a task for each file of a row, if a selected stream makes records from them."""
        stream = next((each for each in self._tasks.streams() if each.parent is files.link.entity), None)
        if stream is None:
            return
        for number, file in enumerate(files.files):
            ids = files.ids(file)
            url, *others = ids.values()
            if not isinstance(url, str) or not url:
                name = files.link.entity.name.replace("_", " ")
                result.missing = f"{task}: the {name} for {' '.join(map(str, others))} has no download URL"
                return
            context = Context(files.link.entity, ids)
            result.enrichments.append(
                Task(stream, context, {}, None, task.node, task.traversal, row_of=task, row=(files, number))
            )

    def _emit_files(self, owner: Task, files: Files, number: int, page: Page) -> None:
        """Store the text of a file. After a row's last file, emit the records that streams make from its texts.

        Raises ValueError for a file that isn't text.
        """
        files.texts[number] = text_of(page.body)
        if len(files.texts) < len(files.files):
            return
        texts = [TextFile(file, files.texts[number]) for number, file in enumerate(files.files)]
        for builder in self._builders.values():
            stream = builder.stream
            if stream.parent is files.link.entity and stream.of_files:
                columns = files.ids(files.row)
                made = [builder.record(dict(row), columns)[0] for row in stream.of_files(files.row, texts)]
                self._write(builder, [record for records in made for record in records], page.received)

    def _check_progress(self, task: Task, content: Any) -> None:
        """Raise ValueError for a list that would never end."""
        digest = hash(frozenset(map(canonical, rows_of(task.stream, content))))  # in any order
        task.repeated = task.repeated + 1 if digest in task.pages else 0
        task.pages.add(digest)
        if task.repeated >= MAX_REPEATED:
            raise ValueError(f"{task}: {MAX_REPEATED} pages in a row brought no new row, so the list would never end")


@dataclass(slots=True)
class Files:
    """The files of a row, the earliest first, and the texts of the downloaded ones, by number."""

    link: Link
    row: Row
    files: list[Row]
    texts: dict[int, str] = field(default_factory=dict)

    def ids(self, file: Row) -> dict[str, Any]:
        """Return the ids of a file, from its own fields or from those of the row."""
        return {name: (file if field_ in file else self.row).get(field_) for name, field_ in self.link.ids.items()}


def files_of(stream: Stream, row: Any) -> Iterator[Files]:
    """Yield the files in a row from which other streams make records."""
    for link in stream.links if type(row) is dict else ():
        listed = row.get(link.files) if link.files else None
        files = [file for file in listed if type(file) is dict] if type(listed) is list else []
        if files := [file for file in files if all(condition.holds(file) for condition in link.where)]:
            yield Files(link, row, sorted(files, key=lambda file: str(file.get("recording_start") or "")))


def _lacking(task: Task, body: bytes) -> dict[int, str]:
    """Return the incomplete rows by number, each with the id for the request that enriches it."""
    enriching = BY_NAME[task.stream.enriched_by]
    name = next(iter(enriching.parent.ids))
    return {
        number: str(row[name])
        for number, row in enumerate(rows_of(task.stream, content_of(body)))
        if type(row) is dict and all(condition.holds(row) for condition in enriching.enriches)
    }


def _without(lacking: Mapping[int, str], rows: list[Any]) -> list[Any]:
    return [row for number, row in enumerate(rows) if number not in lacking]


def _added(task: Task, answer: Page) -> tuple[dict[str, Any], Ids]:
    """Return the values that an answer adds to a row: Zoom's fields, and columns added by the tap."""
    if task.stream.text_column:
        return {}, {task.stream.text_column: text_of(answer.body)}
    content = content_of(answer.body)
    found = as_text(content.get("id")) if isinstance(content, dict) else None
    return {"id": found} if found else {}, {}
