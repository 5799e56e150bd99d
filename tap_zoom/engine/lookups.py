"""Rows without a key that can be looked up: a pending user has no id in the list, and one asked for by e-mail.

Such a row goes out when the answer is there, with the id that was found; or with its e-mail, where Zoom knows none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tap_zoom.engine.places import Place, words
from tap_zoom.engine.questions import Question
from tap_zoom.engine.records import Patch
from tap_zoom.engine.rows import cleaned, parse_exactly, rows_of
from tap_zoom.streams import BY_NAME
from tap_zoom.streams.model import Stream
from tap_zoom.zoom.answers import Page
from tap_zoom.zoom.http import parse


def missing(stream: Stream, body: bytes) -> dict[int, str]:
    """The e-mails of the rows that have no id, by the number of the row."""
    if not stream.lookup:
        return {}
    return {
        number: str(row["email"])
        for number, row in enumerate(rows_of(stream, parse(body)))
        if type(row) is dict and not row.get("id") and row.get("email")
    }


def questions(question: Question, body: bytes, emails: dict[int, str]) -> Iterator[Question]:
    """What to ask for each of the rows."""
    rows = rows_of(question.stream, parse_exactly(body))
    stream = BY_NAME[question.stream.lookup]
    for number, email in emails.items():
        place = Place(stream.about, {"email": email})
        yield Question(stream, question.node, place, {}, origin=(question, rows[number]))


def without(emails: dict[int, str]) -> Patch:
    """Leaves the rows out."""
    return lambda rows: [row for number, row in enumerate(rows) if number not in emails]


def with_emails(emails: dict[int, str]) -> Patch:
    """Gives the rows their e-mail as id."""
    return lambda rows: [{**row, "id": emails[n]} if n in emails else row for n, row in enumerate(rows)]


def found_id(answer: Page | None) -> str | None:
    """The id in the answer of a look-up; None where it names none. Raises ValueError for an answer that is no JSON."""
    content: Any = parse(answer.body) if answer is not None else None
    return (words(cleaned(content.get("id"))) or None) if isinstance(content, dict) else None
