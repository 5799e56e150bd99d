"""Rows that lack something which can be looked up: the id of a pending user, the text behind the URL of a transcript.

Such a row goes out when the answer is there, with what was found; or as it is, where Zoom knows nothing. The files that
a row names are downloaded one after another, and become rows of other streams once all their texts are there.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tap_zoom.engine.places import Place, words
from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch
from tap_zoom.engine.rows import content_of, rows_of
from tap_zoom.streams import BY_NAME, STREAMS
from tap_zoom.streams.model import Find, Ids, Row, Stream, TextFile
from tap_zoom.zoom.answers import Page

Lacking = dict[int, str]  # by the number of a row: what is asked to find what it lacks


def lacking(stream: Stream, body: bytes) -> Lacking:
    """The rows of an answer that lack something."""
    if not stream.lookup:
        return {}
    lookup = BY_NAME[stream.lookup]
    name = next(iter(lookup.about.ids))
    return {
        number: str(row[name])
        for number, row in enumerate(rows_of(stream, content_of(body)))
        if type(row) is dict and all(where.holds(row) for where in lookup.lacking)
    }


def questions(question: Question, body: bytes, rows: Lacking) -> Iterator[Question]:
    """What to ask for each of the rows."""
    parsed = rows_of(question.stream, content_of(body, exact=True))
    stream = BY_NAME[question.stream.lookup]
    name, *others = stream.about.ids
    known = {other: question.place.ids.get(other) for other in others}
    for number, value in rows.items():
        place = Place(stream.about, {name: value, **known})
        yield Question(stream, question.node, place, {}, origin=(question, parsed[number]))


def without(rows: Lacking) -> Patch:
    """Leaves the rows out."""
    return lambda parsed: [row for number, row in enumerate(parsed) if number not in rows]


def found(question: Question, answer: Page) -> tuple[dict[str, Any], Ids]:
    """What the row gets: fields of Zoom's, and columns of ours. Raises ValueError for an answer that is none."""
    if question.stream.text:
        return {}, {question.stream.text: text_of(answer.body)}
    content = content_of(answer.body)
    found_id = words(content.get("id")) if isinstance(content, dict) else None
    return {"id": found_id} if found_id else {}, {}


@dataclass(slots=True)
class Files:
    """The files of a row; `texts`: of those that have been read, the first ones first."""

    find: Find
    row: Row
    files: Sequence[Row]
    texts: list[str]

    @property
    def is_whole(self) -> bool:
        return len(self.texts) == len(self.files)

    def question(self, about: Question, asked: Container[str]) -> Question | None:
        """Asks for the next file; None if no selected stream is made of it. `about`: the question whose answer named
        the files. Raises ValueError for a file without an address."""
        stream = next((each for each in STREAMS if each.about is self.find.thing and each.name in asked), None)
        if stream is None:
            return None
        file = self.files[len(self.texts)]
        ids = {
            name: (file if field in file else self.row).get(field) for name, field in self.find.ids.items()
        }
        url, *others = ids.values()
        if not isinstance(url, str) or not url:
            thing = self.find.thing.name.replace("_", " ")
            raise ValueError(f"the {thing} for {' '.join(map(str, others))} has no address to download it from")
        return Question(stream, about.node, Place(self.find.thing, ids), {}, origin=(about, self))

    def add(self, body: bytes) -> None:
        """Raises ValueError for a text that is none."""
        self.texts.append(text_of(body))

    def rows(self, stream: Stream) -> list[dict[str, Any]]:
        """What a stream makes of them."""
        texts = [TextFile(file, text) for file, text in zip(self.files, self.texts, strict=True)]
        return [dict(row) for row in stream.of_files(self.row, texts)] if stream.of_files else []


def files_of(stream: Stream, row: Any) -> Iterator[Files]:
    """The files in a row that other streams are made of, the earliest first."""
    for find in stream.finds if type(row) is dict else ():
        listed = row.get(find.files) if find.files else None
        each = [file for file in listed if type(file) is dict] if type(listed) is list else []
        chosen = [file for file in each if all(where.holds(file) for where in find.where)]
        if chosen:
            chosen.sort(key=lambda file: str(file.get("recording_start") or ""))
            yield Files(find, row, chosen, [])


def text_of(body: bytes) -> str:
    """A text as it came, but for NUL, which databases refuse. Raises ValueError for what is none."""
    if body.lstrip()[:1] in (b"<", b"{"):
        raise ValueError("HTML or JSON came in place of the text")
    try:
        return body.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise ValueError("the text is broken: it is no UTF-8") from None
