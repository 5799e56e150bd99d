"""Log lines as JSON in the format of Meltano's SDK, and the escaping of control characters in log lines."""

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
# Of singer-sdk 0.54: the keys of every line, and those of some lines.
ALWAYS = {"level", "pid", "logger_name", "ts", "thread_name", "app_name", "stream_name", "message", "extra"}
SOMETIMES = {"metric_info", "exception"}


def lines(stderr: str) -> list[dict[str, Any]]:
    """Parse the log. Each line has to be an object with the keys of the SDK, of the right types."""
    found = [json.loads(line) for line in stderr.splitlines()]
    for line in found:
        assert ALWAYS <= line.keys() <= ALWAYS | SOMETIMES
        assert line["level"] in ("debug", "info", "warning", "error", "critical")
        assert isinstance(line["pid"], int) and abs(line["ts"] - time.time()) < 600
        assert line["app_name"] == "tap-zoom" and line["logger_name"].startswith("tap_zoom") and line["thread_name"]
        assert isinstance(line["message"], str) and isinstance(line["extra"], dict)
    return found


def failing(*arguments: str, **variables: str) -> Run:
    """Run the command with JSON logs and arguments that make it fail."""
    env = {**os.environ, **JSON, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "tap_zoom", *arguments], cwd=ROOT, env=env, capture_output=True, text=True
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("spelled", ["json", "JSON"])
def test_each_line_is_a_json_object(spelled: str, zoom: SimulatedZoom) -> None:
    """All lines of a run, including warnings and metrics. Records are still emitted to stdout."""
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


def test_metrics_are_json_objects(zoom: SimulatedZoom) -> None:
    """`metric_info` is the metric in singer-python's format. `stream_name` is set for metrics of a stream."""
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
    """All lines are JSON, even after a usage error."""
    run = failing(*arguments)
    found = lines(run.stderr)
    assert run.exit_status == (1 if len(arguments) == 2 else 2)
    assert [line["level"] for line in found].count("critical") == 1 and found[-1]["level"] == "critical"
    assert run.stdout == ""


def test_an_unknown_log_format_is_a_warning(zoom: SimulatedZoom) -> None:
    """The log is text then."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOG_FORMAT": "xml"})
    assert run.exit_status == 0
    assert ["TAP_ZOOM_LOG_FORMAT must be one of text, json. Using text." in line for line in run.logged("WARNING")] == [
        True
    ]


def formatted(formatter: type[_Json] | type[_Text], secret: str) -> str:
    """Format a record with an exception and its cause. Both contain a secret, and the cause an escape sequence."""
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


def test_an_exception_is_a_json_object_without_secrets() -> None:
    """It has the type, module, message, frames and cause. `extra` has the fields that the caller added."""
    line = json.loads(formatted(_Json, "S3CRETword"))
    assert line["message"] == "Where ***:" and line["stream_name"] == "users" and line["extra"] == {"page": 3}
    outer, inner = line["exception"], line["exception"]["cause"]
    assert (outer["type"], outer["module"], outer["message"]) == ("RuntimeError", "builtins", "outer ***")
    assert (inner["type"], inner["message"]) == ("ValueError", "inner ***\\x1b[2J")
    [frame] = inner["traceback"]
    assert Path(frame["filename"]).name == "test_log.py" and frame["function"] == "formatted"
    assert isinstance(frame["lineno"], int) and "raise ValueError" in frame["line"]


def test_a_traceback_in_text_has_no_secrets_and_no_escapes() -> None:
    """Its lines are indented, so that none looks like a log line."""
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
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    """C0 and C1 controls, line breaks, direction overrides and lone surrogates. Letters of all languages stay."""
    assert escaped(text) == shown
    assert escaped(shown) == shown


EVIL = "\x1b[2J\x1b]0;owned\x07 x\x08\x9b31m\nCRITICAL forged"


@pytest.mark.parametrize("form", ["text", "json"])
def test_names_from_outside_are_escaped(form: str) -> None:
    """Names of settings, streams and fields can't add control characters or lines to the log."""
    user = {"id": "u1", "email": "a@x.org", f"field {EVIL}": 1}
    catalog = catalog_of("users", users={("properties", f"x{EVIL}"): True})
    catalog["streams"].append({"tap_stream_id": f"s{EVIL}", "metadata": []})
    with scripted(says(ACTIVE, {"users": [user]})) as zoom:
        run = run_tap({**zoom.config(), f"y{EVIL}": 1}, zoom=zoom, catalog=catalog, env={"TAP_ZOOM_LOG_FORMAT": form})
    assert run.exit_status == 0
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in run.stderr.split("\n") for letter in line)
    assert run.stderr.count("CRITICAL forged") >= 4
    assert not any(line.startswith("CRITICAL") for line in run.log)
