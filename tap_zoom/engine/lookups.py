"""Rows that lack something which can be looked up: the id of a pending user, the text behind the URL of a transcript.

Such a row goes out when the answer is there, with what was found; or as it is, where Zoom knows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tap_zoom.engine.places import Place, words
from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch
from tap_zoom.engine.rows import content_of, rows_of
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import Ids, Stream
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


def text_of(body: bytes) -> str:
    """A text as it came, but for NUL, which databases refuse. Raises ValueError for what is none."""
    if body.lstrip()[:1] in (b"<", b"{"):
        raise ValueError("HTML or JSON came in place of the text")
    try:
        return body.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise ValueError("the text is broken: it is no UTF-8") from None
