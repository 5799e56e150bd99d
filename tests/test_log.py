"""Log lines as JSON, as Meltano's SDK writes them; and what nobody may write into a log line."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tap_zoom.log import Secrets, _Json, _Text
from tap_zoom.text import escaped
from tests.scripted import ACTIVE, says, scripted
from tests.simulator import SimulatedZoom
from tests.tap import ROOT, Run, catalog_of, expected, run_tap

USERS = catalog_of("users")
JSON = {"TAP_ZOOM_LOG_FORMAT": "json", "TAP_ZOOM_LOGLEVEL": "INFO"}
# Of singer-sdk 0.54: what each line has, and what some have.
ALWAYS = {"level", "pid", "logger_name", "ts", "thread_name", "app_name", "stream_name", "message", "extra"}
SOMETIMES = {"metric_info", "exception"}


def lines(stderr: str) -> list[dict[str, Any]]:
    """The log as it was read: each line is an object with the keys of the SDK, in their types."""
    found = [json.loads(line) for line in stderr.splitlines()]
    for line in found:
        assert ALWAYS <= line.keys() <= ALWAYS | SOMETIMES
        assert line["level"] in ("debug", "info", "warning", "error", "critical")
        assert isinstance(line["pid"], int) and abs(line["ts"] - time.time()) < 600
        assert line["app_name"] == "tap-zoom" and line["logger_name"].startswith("tap_zoom") and line["thread_name"]
        assert isinstance(line["message"], str) and isinstance(line["extra"], dict)
    return found


def failing(*arguments: str, **variables: str) -> Run:
    """A run that fails and logs as JSON."""
    env = {**os.environ, **JSON, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "tap_zoom", *arguments], cwd=ROOT, env=env, capture_output=True, text=True
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("spelled", ["json", "JSON"])
def test_each_line_is_an_object(spelled: str, zoom: SimulatedZoom) -> None:
    """Of a whole run, warnings and metrics included; stdout is as ever."""
    run = run_tap(
        zoom.config(shoe=1),
        zoom=zoom,
        catalog=USERS,
        env={**JSON, "TAP_ZOOM_LOG_FORMAT": spelled, "TAP_ZOOM_LOG_TIMES": "1"},
    )
    assert run.exit_status == 0 and len(run.records["users"]) == len(expected()["users"])
    found = lines(run.stderr)
    assert [line["message"].split()[:3] for line in found if line["level"] == "warning"] == [
        ["Unknown", "setting", "'shoe'"]
    ]
    assert found[-1]["message"].endswith(": complete.")


def test_metrics_are_objects_too(zoom: SimulatedZoom) -> None:
    """metric_info has what singer writes after METRIC:, and a stream's line its name."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env=JSON)
    metrics = [line for line in lines(run.stderr) if line["message"] == "METRIC"]
    assert metrics == [line for line in lines(run.stderr) if "metric_info" in line]
    counter, timer = (line["metric_info"] for line in metrics)
    assert counter == {
        "type": "counter",
        "metric": "record_count",
        "value": len(expected()["users"]),
        "tags": {"endpoint": "users"},
    }
    assert timer["metric"] == "job_duration" and timer["tags"]["status"] == "succeeded"
    assert [line["stream_name"] for line in metrics] == ["users", None]


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--config", "/nowhere/config.json"], []])
def test_the_last_line_of_a_failed_run_is_critical(arguments: list[str]) -> None:
    """Also after wrong usage: no line is plain text."""
    run = failing(*arguments)
    found = lines(run.stderr)
    assert run.exit_status == (1 if len(arguments) == 2 else 2)
    assert [line["level"] for line in found].count("critical") == 1 and found[-1]["level"] == "critical"
    assert run.stdout == ""


def test_an_unknown_format_is_a_warning(zoom: SimulatedZoom) -> None:
    """And it is text then."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOG_FORMAT": "xml"})
    assert run.exit_status == 0
    assert ["TAP_ZOOM_LOG_FORMAT must be one of text, json. Using text." in line for line in run.logged("WARNING")] == [
        True
    ]


def formatted(formatter: type[_Json] | type[_Text], secret: str) -> str:
    """How an exception with a cause, whose words hold a secret and an escape, is logged by name."""
    secrets = Secrets()
    secrets.add(secret)
    try:
        try:
            raise ValueError(f"inner {secret}\x1b[2J")
        except ValueError as error:
            raise RuntimeError(f"outer {secret}") from error
    except RuntimeError:
        record = logging.LogRecord("tap_zoom.x", logging.DEBUG, __file__, 1, "Where %s:", (secret,), sys.exc_info())
    record.stream_name = "users"
    record.page = 3
    assert secrets.filter(record)
    return formatter(secrets).format(record)


def test_an_exception_is_an_object_without_secrets() -> None:
    """Type, module, message and frames, with its cause; what a caller adds is in extra."""
    line = json.loads(formatted(_Json, "S3CRETword"))
    assert line["message"] == "Where ***:" and line["stream_name"] == "users" and line["extra"] == {"page": 3}
    outer, inner = line["exception"], line["exception"]["cause"]
    assert (outer["type"], outer["module"], outer["message"]) == ("RuntimeError", "builtins", "outer ***")
    assert (inner["type"], inner["message"]) == ("ValueError", "inner ***\\x1b[2J")
    [frame] = inner["traceback"]
    assert Path(frame["filename"]).name == "test_log.py" and frame["function"] == "formatted"
    assert isinstance(frame["lineno"], int) and "raise ValueError" in frame["line"]


def test_a_traceback_in_text_has_no_secrets_and_no_escapes() -> None:
    """Its lines stay lines, indented: none begins as another message does."""
    text = formatted(_Text, "S3CRETword")
    assert text.startswith("DEBUG Where ***:\n  Traceback ") and "RuntimeError: outer ***" in text
    assert "S3CRETword" not in text and "\x1b" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("all-hands été 🎉", "all-hands été 🎉"), ("a\nCRITICAL b", "a\\nCRITICAL b"), ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("\x9b31m", "\\x9b31m"), ("a\u202eb", "a\\u202eb"), ("\ud800", "\\ud800"), ("\r\x08\t\x00", "\\r\\x08\\t\\x00"), ("", ""),
    ],
)  # fmt: skip
def test_control_characters_are_spelled_out(text: str, shown: str) -> None:
    """Of C0 and C1, line breaks, and what turns the direction of writing; letters of all languages stay."""
    assert escaped(text) == shown
    assert escaped(shown) == shown


EVIL = "\x1b[2J\x1b]0;owned\x07 x\x08\x9b31m\nCRITICAL forged"


@pytest.mark.parametrize("form", ["text", "json"])
def test_other_peoples_words_do_not_steer_a_terminal(form: str) -> None:
    """Names of settings, streams and fields, and what Zoom calls its own: no control character, and no line of their own."""
    user = {"id": "u1", "email": "a@x.org", f"field {EVIL}": 1}
    catalog = catalog_of("users", users={("properties", f"x{EVIL}"): True})
    catalog["streams"].append({"tap_stream_id": f"s{EVIL}", "metadata": []})
    with scripted(says(ACTIVE, {"users": [user]})) as zoom:
        run = run_tap({**zoom.config(), f"y{EVIL}": 1}, zoom=zoom, catalog=catalog, env={"TAP_ZOOM_LOG_FORMAT": form})
    assert run.exit_status == 0
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in run.stderr.split("\n") for letter in line)
    assert run.stderr.count("CRITICAL forged") >= 4
    assert not any(line.startswith("CRITICAL") for line in run.log)
