"""The output of `make demo` fits a terminal with 80 columns."""

from __future__ import annotations

import pytest

from demo.__main__ import COLUMNS, echo, show, width
from demo.questions import questions

LONG = "quarterly review of all regions 東京 😀 " * 3


def test_the_sql_of_every_question_fits() -> None:
    """The demo prints the SQL as it is in docs/questions.md."""
    assert [line for question in questions() for line in question.sql.splitlines() if len(line) > COLUMNS] == []


def test_long_texts_in_a_table_are_truncated(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers and short texts stay complete. Columns are aligned even with double-width characters."""
    show(
        ("topic", "host", "minutes"),
        [(LONG, "a@example.com", 12_345), ("東京", None, 7), ("été", "b@example.com", None)],
    )
    lines = capsys.readouterr().out.splitlines()
    assert [width(line) for line in lines[:4]] == [COLUMNS] * 4
    assert "…  a@example.com    12345" in lines[2]
    assert lines[4].endswith("b@example.com")


def test_a_long_command_is_wrapped_with_backslashes(capsys: pytest.CaptureFixture[str]) -> None:
    """The printed lines can be pasted into a shell."""
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
