"""The questions of docs/questions.md, with the SQL that answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tap_zoom.streams import BY_NAME

PAGE = Path(__file__).parent.parent / "docs" / "questions.md"


@dataclass(frozen=True, slots=True)
class Question:
    """A section of the page: its heading, the streams that it needs, and the SQL that answers it."""

    text: str
    streams: frozenset[str]
    sql: str

    @property
    def tables(self) -> set[str]:
        """The streams and models that the SQL reads."""
        named = re.findall(r"(?:FROM|JOIN) (\w+)", self.sql)
        return {name for name in named if name in BY_NAME or name.startswith("zoom__")}


def questions() -> Iterator[Question]:
    """Yield all questions of the page, in order."""
    section = re.compile(r"^(.+?)\n.*?^Streams: (.+?)$.*?^```sql\n(.+?)^```$", re.DOTALL | re.MULTILINE)
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        if found := section.match(part):
            text, streams, sql = found.groups()
            yield Question(text, frozenset(re.findall(r"`(\w+)`", streams)), sql.strip())
