"""Text from Zoom and proxies is logged on one line: it can't control a terminal or forge log lines."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.log import Secrets, _Text
from tap_zoom.text import escaped
from tests.scripted import ACTIVE, says, scripted
from tests.simulator import Fault
from tests.tap import Run, catalog_of, run_tap

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
SEPARATORS = ["\u2028", "\u2029"]
BIDI = ["\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]
HIDDEN = ["\u00ad", "\u200b", "\u2060", "\ufeff", "\U000e0041"]
UNSAFE = [*CONTROLS, *SEPARATORS, *BIDI, *HIDDEN]
EVIL = "\x1b[2J\x1b]0;owned\x07 a\x08b \x9b31m c\u2028CRITICAL forged\nCRITICAL forged\r\u202egnp\u2066"
MEETINGS = catalog_of("users", "meetings")


def assert_plain(run: Run) -> None:
    """The log contains no control characters and no forged lines."""
    assert not set(run.stderr) & ({*UNSAFE} - {"\n"})
    assert all(re.match("(DEBUG|INFO|WARNING|ERROR|CRITICAL) ", line) for line in run.stderr.split("\n")[:-1])
    assert not any(line.startswith("CRITICAL forged") for line in run.stderr.split("\n"))


@pytest.mark.parametrize("body", [
    {"code": 999, "message": f"No topic {EVIL}"}, {"status": False, "errorCode": 7, "errorMessage": EVIL}, {"error": {"message": EVIL}},
    {"code": 300, "message": "Validation Failed.", "errors": [{"field": EVIL, "message": EVIL}]}, EVIL, [EVIL],
], ids=["message", "errorMessage", "inside", "fields", "text", "list"])  # fmt: skip
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.few(4)
def test_error_messages_are_escaped(status: int, body: object) -> None:
    """Checks the ERROR line, the summary and the last line."""
    with scripted(says(r"/v2/meetings/111\?", body, status)) as zoom:
        run = run_tap(
            zoom.config(), zoom=zoom, catalog=MEETINGS, patch="import backoff; backoff.full_jitter = lambda _: 0.0"
        )
    assert run.exit_status == 1
    assert_plain(run)
    [error] = run.logged("ERROR")
    assert r"\x1b[2J\x1b]0;owned\x07 a\x08b \x9b31m c" in error


def test_messages_that_stop_a_run_are_escaped() -> None:
    """Checks the CRITICAL line."""
    with scripted(says(ACTIVE, {"message": EVIL}, 403)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert_plain(run)
    assert r"\x1b]0;owned\x07" in run.critical


def test_field_names_are_escaped() -> None:
    """The WARNINGs name fields that the schema lacks, at the top level and nested."""
    row = {
        "id": "u1",
        "email": "a@x.org",
        f"f{EVIL}": 1,
        "x\nCRITICAL forged": 1,
        "custom_attributes": [{f"g{EVIL}": 1}],
    }
    with scripted(says(ACTIVE, {"users": [row]})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert run.exit_status == 0
    assert_plain(run)
    warnings = " ".join(run.logged("WARNING"))
    assert r"x\nCRITICAL forged" in warnings and r"f\x1b[2J" in warnings and r"g\x1b[2J" in warnings


def test_ids_are_escaped() -> None:
    """Checks the DEBUG lines of requests."""
    meetings = {"meetings": [{"id": 5, "type": EVIL}]}
    users = says(ACTIVE, {"users": [{"id": f"u{EVIL}"}]})
    with scripted(users, says(r"/v2/users/[^/]+/meetings", meetings), Fault("500", "/v2/meetings/5", times=1)) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
    assert_plain(run)


def test_the_table_of_test_mode_is_escaped() -> None:
    """--test prints it to stdout."""
    with scripted(says(ACTIVE, {"code": 999, "message": EVIL}, 400)) as zoom:
        run = run_tap(zoom.config(), "--test", document=True, zoom=zoom, catalog=catalog_of("users"))
    assert run.exit_status == 1
    assert not set(run.stdout) & ({*UNSAFE} - {"\n"})
    assert r"\x1b]0;owned\x07" in run.stdout


@pytest.mark.parametrize("unsafe", UNSAFE, ids=lambda char: f"U+{ord(char):04X}")
def test_each_unsafe_character_is_escaped(unsafe: str) -> None:
    """The result is the escape sequence of Python."""
    assert escaped(f"a{unsafe}b") == "a" + unsafe.encode("unicode_escape").decode() + "b"


@given(st.text())
def test_other_text_is_unchanged(text: str) -> None:
    """Text in any script, and emoji. Escaping twice is the same as escaping once."""
    out = escaped(text)
    assert out.isprintable() or not any(char in out for char in UNSAFE)
    assert escaped(out) == out
    if not set(text) & {*UNSAFE} and text.isprintable():
        assert out == text


def test_a_traceback_cannot_forge_log_lines() -> None:
    """Its lines are indented. The message of the error is on one line."""
    try:
        raise ValueError(f"odd {EVIL}")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.DEBUG, "", 0, "Where it %s:", ("happened\n",), (type(error), error, error.__traceback__)
        )
    secrets = Secrets()
    secrets.filter(record)
    text = _Text(secrets).format(record)
    first, *lines = text.split("\n")
    assert first == r"DEBUG Where it happened\n:"
    assert lines[0] == "  Traceback (most recent call last):"
    assert all(line.startswith("  ") for line in lines)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_secrets_are_redacted_before_escaping() -> None:
    """Otherwise a secret with an escaped character wouldn't be found."""
    secrets = Secrets()
    secrets.add("se\tcret\x1b1")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "it is se\tcret\x1b1.", (), None)
    secrets.filter(record)
    assert record.getMessage() == "it is ***."
