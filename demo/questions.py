"""Questions to a loaded account, in SQL: those of docs/questions.md, where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tap_zoom.streams import BY_NAME

# What stands in SQL that asks a model, and the optional streams from which the model has it.
OPTIONAL = {
    "zoom__recordings": {"recordings"}, "has_recording": {"recordings"}, "zoom__phone_calls": {"phone_call_history"},
    "zoom__phone_queues": {"phone_call_queue_analytics"},
}  # fmt: skip
PAGE = Path(__file__).parent.parent / "docs" / "questions.md"


@dataclass(frozen=True, slots=True)
class Question:
    """A section of the page: its heading, and the SQL that answers it."""

    text: str
    sql: str

    @property
    def streams(self) -> set[str]:
        """The streams that it asks, and the optional ones that its models need."""
        asked = {name for name in re.findall(r"(?:FROM|JOIN) (\w+)", self.sql) if name in BY_NAME}
        return asked.union(*(streams for word, streams in OPTIONAL.items() if word in self.sql))


def questions() -> Iterator[Question]:
    """All of the page, in its order."""
    section = re.compile(r"^## (.+?)\n.*?^```sql\n(.+?)^```$", re.DOTALL | re.MULTILINE)
    for text, sql in section.findall(PAGE.read_text("utf-8")):
        yield Question(text, sql.strip())
