"""What `make demo` prints can be read in a terminal of 80 columns."""

from __future__ import annotations

import pytest

from demo.__main__ import COLUMNS, echo, show, width
from demo.questions import questions

LONG = "quarterly review of all regions 東京 😀 " * 3


def test_the_sql_of_every_question_fits() -> None:
    """The demo prints it as it stands on the page."""
    assert [line for question in questions() for line in question.sql.splitlines() if len(line) > COLUMNS] == []


def test_a_table_is_cut_where_its_longest_texts_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers and short texts stay whole, and columns stay in line where a character takes two."""
    show(
        ("topic", "host", "minutes"),
        [(LONG, "a@example.com", 12_345), ("東京", None, 7), ("été", "b@example.com", None)],
    )
    lines = capsys.readouterr().out.splitlines()
    assert [width(line) for line in lines[:4]] == [COLUMNS] * 4
    assert "…  a@example.com    12345" in lines[2]
    assert lines[4].endswith("b@example.com")


def test_a_command_is_shown_in_lines_that_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """With a backslash where it goes on."""
    parts = [
        "tap-zoom",
        "--config",
        "demo-output/config.json",
        "--catalog",
        "demo-output/catalog.json",
        "|",
        "target-jsonl",
    ]
    echo(parts, "> demo-output/state.json")
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= COLUMNS
    assert out.replace(" \\\n   ", "") == f"$ {' '.join(parts)} > demo-output/state.json\n"
