"""Questions to a loaded account, in SQL: those of docs/questions.md, where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tap_zoom.streams import BY_NAME

PAGE = Path(__file__).parent.parent / "docs" / "questions.md"


@dataclass(frozen=True, slots=True)
class Question:
    """A section of the page: its heading, and the SQL that answers it."""

    text: str
    sql: str

    @property
    def streams(self) -> set[str]:
        """The streams that it takes."""
        return {name for name in re.findall(r"(?:FROM|JOIN) (\w+)", self.sql) if name in BY_NAME}


def questions() -> Iterator[Question]:
    """All of the page, in its order."""
    section = re.compile(r"^## (.+?)\n.*?^```sql\n(.+?)^```$", re.DOTALL | re.MULTILINE)
    for text, sql in section.findall(PAGE.read_text("utf-8")):
        yield Question(text, sql.strip())
