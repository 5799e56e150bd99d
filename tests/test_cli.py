"""The command line: options, sources of settings, stdout, log and exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tap_zoom import __version__
from tap_zoom.config import SETTINGS
from tap_zoom.streams import PARTS
from tests.simulator import Fault, SimulatedZoom, further, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import ROOT, account, assert_exact, catalog_of, expected, run_tap, start_tap

USERS = catalog_of("users")


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("-h",), ("--about",), ("--about", "--format", "markdown"), ("--discover",), ("-d",)],
)
def test_documents_need_no_config(arguments: tuple[str, ...]) -> None:
    """Only the document is written, to stdout. The exit status is 0."""
    run = run_tap(None, *arguments, document=True, anew=True)
    assert run.exit_status == 0
    assert run.stdout.endswith("\n") and not run.stdout.endswith("\n\n")
    assert run.stderr == ""


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("--about",), ("--about", "--format", "markdown"), ("--discover",)]
)
def test_a_closed_pipe_is_no_error(arguments: tuple[str, ...]) -> None:
    """As after `head -1`: exit status 0 and no message."""
    reader, writer = os.pipe()
    os.close(reader)
    run = start_tap(None, *arguments, stdout=writer).finish(document=True)
    os.close(writer)
    assert (run.exit_status, run.stderr) == (0, "")


def test_a_write_error_fails() -> None:
    """For example a full disk: exit status 1, and the message has the reason."""
    with open("/dev/full", "wb") as full:
        run = start_tap(None, "--about", stdout=full.fileno()).finish(document=True)
    assert run.exit_status == 1
    assert "No space left" in run.critical


@pytest.mark.parametrize("option", ["--about", "--discover"])
def test_output_may_be_piped_to_head(option: str) -> None:
    """In a shell, with stderr in the same pipe."""
    command = f"set -o pipefail; {sys.executable} -m tap_zoom {option} 2>&1 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_version_prints_the_version() -> None:
    """One line with the tap's name and version."""
    assert run_tap(None, "--version", document=True).stdout == f"tap-zoom {__version__}\n"


def test_help_lists_all_options() -> None:
    """The long names of all options are in the help."""
    text = run_tap(None, "--help", document=True).stdout
    options = "--config --catalog --properties --state --discover --about --format --version --help --test".split()
    assert all(option in text for option in options)


def test_about_as_json_is_complete() -> None:
    """It has the settings with their defaults, the capabilities, and the streams with their keys."""
    about = json.loads(run_tap(None, "--about", document=True).stdout)
    assert about["name"] == "tap-zoom" and about["version"] == __version__
    settings = {setting["name"]: setting for setting in about["settings"]}
    assert set(settings) == {setting.name for setting in SETTINGS}
    for name in ("client_secret", "refresh_token", "jwt"):
        assert settings[name]["sensitive"] is True
    assert settings["plan"]["default"] == "pro" and settings["rate_limit_share"]["default"] == 80
    assert {"catalog", "discover", "state", "about"} <= set(about["capabilities"])
    assert {stream["name"]: tuple(stream["key_properties"]) for stream in about["streams"]} == {
        **truth.KEYS,
        **further.KEYS,
    }


def test_about_shows_the_replication_method_of_each_stream() -> None:
    """INCREMENTAL unless the catalog forces FULL_TABLE, in both formats. incremental_by names the replication key."""
    catalog = json.loads(run_tap(None, "--discover", document=True).stdout)["streams"]
    forced = {
        entry["tap_stream_id"] for entry in catalog if "forced-replication-method" in entry["metadata"][0]["metadata"]
    }
    streams = json.loads(run_tap(None, "--about", document=True).stdout)["streams"]
    text = run_tap(None, "--about", "--format", "markdown", document=True).stdout
    for stream in streams:
        method = "FULL_TABLE" if stream["name"] in forced else "INCREMENTAL"
        assert stream["replication_method"] == method
        assert (stream["incremental_by"] is None) is (method == "FULL_TABLE")
        assert re.search(rf"^\| `{stream['name']}` \| [^|]+ \| {method} \|", text, re.MULTILINE)
    assert 0 < len(forced) < len(streams)


def test_about_shows_the_streams_selected_by_default() -> None:
    """Only the streams of Core, the first part."""
    streams = json.loads(run_tap(None, "--about", document=True).stdout)["streams"]
    assert all(stream["selected_by_default"] == (stream["part"] == "Core") for stream in streams)
    assert {stream["part"] for stream in streams} == set(PARTS) and streams[0]["part"] == "Core"


def test_about_as_markdown_is_complete() -> None:
    """It names all settings and all core streams."""
    text = run_tap(None, "--about", "--format", "markdown", document=True).stdout
    for name in [setting.name for setting in SETTINGS] + list(truth.KEYS):
        assert f"`{name}`" in text


@pytest.mark.parametrize(
    "arguments",
    [("--nonsense",), ("--config",), ("extra",), ("--discover", "--about"), ("--about", "--format", "xml"), (), ("--state",),
     ("--version", "--help"), ("--catalog", "x"), ("--test",)],
)  # fmt: skip
def test_wrong_usage_fails(arguments: tuple[str, ...]) -> None:
    """Exit status 2, nothing on stdout, and one CRITICAL line at the end of the log."""
    run = run_tap(None, *arguments)
    assert run.exit_status == 2
    assert run.stdout == ""
    assert "Traceback" not in run.stderr


SECRET = "S3CRET-abcdef"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([f"--client-secret={SECRET}"], "unknown option --client-secret"),
        (["--client_secret", SECRET], "unknown option --client_secret"),
        (["--config", "{", '"client_secret":', f'"{SECRET}"', "}"], "unexpected arguments"),
        ([SECRET], "unexpected arguments"),
        ([f"--{SECRET}"], "unexpected arguments"),
        ([f"-x{SECRET}"], "unexpected arguments"),
        ([f"--discover={SECRET}"], "an option is misspelled or has an invalid value"),
        (
            [f"-d{SECRET}"],
            "an option is misspelled or has an invalid value|unexpected arguments",
        ),  # depends on the Python version
        ([f"--c={SECRET}"], "an option is misspelled or has an invalid value"),
        (["--about", "--format", SECRET], "argument --format: must be json or markdown"),
    ],
)
def test_messages_do_not_repeat_arguments(arguments: list[str], said: str) -> None:
    """They may be secrets, so only names of options are shown. The message refers to --help. Exit status 2."""
    run = run_tap(None, *arguments, secrets=[SECRET])
    assert (run.exit_status, run.stdout) == (2, "")
    assert re.search(said, run.critical) and "--help lists the options" in run.critical
    assert "--config names" in run.critical or "belong" not in said


def test_discovery_ignores_config_and_state(zoom: SimulatedZoom) -> None:
    """It sends no request, which would use up a refresh token. The files may be missing."""
    run = run_tap(zoom.config("refresh_token"), "--discover", zoom=zoom, document=True)
    assert run.exit_status == 0
    assert zoom.requests == []
    run = run_tap("/nowhere/config.json", "--discover", document=True)
    assert run.exit_status == 0
    run = run_tap("/nowhere/config.json", "--discover", state="/nowhere/state.json", document=True)
    assert run.exit_status == 0


def test_settings_come_from_the_environment(zoom: SimulatedZoom) -> None:
    """With --config ENV, values are converted to the type of the setting."""
    config = zoom.config(max_workers=3, rate_limit_share=100)
    env = {f"TAP_ZOOM_{name.upper()}": str(value) for name, value in config.items()}
    run = run_tap("ENV", zoom=zoom, env=env)
    assert run.exit_status == 0
    assert zoom.max_in_flight <= 3
    assert_exact(expected(), run.records)


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_WORKERS", "many"), ("MAX_WORKERS", "1.5"), ("PLAN", "huge"), ("START_DATE", "x")]
)
def test_invalid_settings_in_the_environment_fail(name: str, value: str, zoom: SimulatedZoom) -> None:
    """The CRITICAL line names the setting. No request is sent."""
    env = {f"TAP_ZOOM_{other.upper()}": str(setting) for other, setting in zoom.config().items()}
    run = run_tap("ENV", zoom=zoom, env={**env, f"TAP_ZOOM_{name}": value})
    assert run.exit_status == 1
    assert name.lower() in run.critical.lower()
    assert zoom.requests == []


def test_settings_in_the_environment_are_ignored_by_default(zoom: SimulatedZoom) -> None:
    """They are only read with --config ENV."""
    run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_PLAN": "nonsense"}, catalog=USERS)
    assert run.exit_status == 0


def test_later_configs_override_earlier_ones(zoom: SimulatedZoom, tmp_path: Path) -> None:
    """Each setting is overridden separately. null or an empty value unsets it."""
    files = []
    contents: list[dict[str, Any]] = [
        {**zoom.config(), "client_secret": "wrong-wrong", "refresh_token": "not-this-one"},
        {"client_secret": zoom.account.client_secret, "refresh_token": None},
    ]
    for number, content in enumerate(contents):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(content), encoding="utf-8")
    right = run_tap(files[0], "--config", files[1], zoom=zoom, catalog=USERS)
    assert right.exit_status == 0
    wrong = run_tap(files[1], "--config", files[0], zoom=zoom, catalog=USERS)
    assert wrong.exit_status == 1
    mixed = run_tap(files[0], "--config", "ENV", zoom=zoom, catalog=USERS, env={
        "TAP_ZOOM_CLIENT_SECRET": zoom.account.client_secret, "TAP_ZOOM_REFRESH_TOKEN": "",
    })  # fmt: skip
    assert mixed.exit_status == 0


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("ERROR", set()),
        ("warning", {"WARNING"}),
        ("INFO", {"WARNING", "INFO"}),
        ("DEBUG", {"WARNING", "INFO", "DEBUG"}),
    ],
)
def test_log_levels(level: str, seen: set[str], zoom: SimulatedZoom) -> None:
    """TAP_ZOOM_LOGLEVEL is the lowest level that is logged. Each line begins with its level."""
    run = run_tap(zoom.config(shoe=1), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOGLEVEL": level})
    assert {line.split()[0] for line in run.log} == seen


def test_an_unknown_log_level_causes_a_warning(zoom: SimulatedZoom) -> None:
    """The level is INFO instead."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOGLEVEL": "LOUD"})
    assert run.exit_status == 0
    assert any("TAP_ZOOM_LOGLEVEL" in line for line in run.logged("WARNING"))
    assert run.logged("INFO") and not run.logged("DEBUG")


def test_log_lines_may_have_times(zoom: SimulatedZoom) -> None:
    """With TAP_ZOOM_LOG_TIMES=1, each line begins with the time in UTC."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOG_TIMES": "1", "TAP_ZOOM_LOGLEVEL": "INFO"})
    assert run.exit_status == 0
    assert run.log and all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) ", line) for line in run.log)


def test_metrics_are_logged_in_singers_format(zoom: SimulatedZoom) -> None:
    """A counter for each stream and a timer for the job, each as a JSON object after INFO METRIC:."""
    run = run_tap(zoom.config(), zoom=zoom)
    metrics = [json.loads(line.split(": ", 1)[1]) for line in run.log if line.startswith("INFO METRIC: ")]
    counts = {metric["tags"]["endpoint"]: metric["value"] for metric in metrics if metric["metric"] == "record_count"}
    assert {name: count for name, count in counts.items() if count} == {
        name: len(records) for name, records in run.records.items()
    }
    [timer] = [metric for metric in metrics if metric["type"] == "timer"]
    assert timer["metric"] == "job_duration" and timer["tags"]["status"] == "succeeded"


def test_metrics_show_a_failed_run(zoom: SimulatedZoom) -> None:
    """The status of the timer is failed if the exit status is 1."""
    zoom.refuse("/users/{id}/meetings", 403, {"message": "Forbidden"})
    run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "INFO"})
    assert run.exit_status == 1
    [timer] = [json.loads(line.split(": ", 1)[1]) for line in run.log if "job_duration" in line]
    assert timer["tags"]["status"] == "failed"


def test_the_test_option_lists_readable_streams(zoom: SimulatedZoom) -> None:
    """--test writes a table of the streams and the rate limits. Exit status 0, few requests."""
    run = run_tap(zoom.config(), "--test", zoom=zoom, document=True)
    assert run.exit_status == 0
    for stream in truth.KEYS:
        assert re.search(rf"^ *{stream} .*readable", run.stdout, re.MULTILINE), stream
    assert re.findall(r"^  (\w+) +(.+ per second.*)$", run.stdout, re.MULTILINE) == [
        (label, "2000 per second") for label in ("Medium", "Light", "Heavy")
    ]
    assert '"RECORD"' not in run.stdout
    assert len(zoom.requests) < 80
    assert zoom.violations == []


@pytest.mark.parametrize("login", ["jwt", "server_to_server"])
def test_the_test_option_shows_missing_scopes(login: str) -> None:
    """Exit status 1. The scope is known from the token, or from Zoom's message if a JWT lists none."""
    lacking = "report:read:list_meeting_participants:admin"
    with SimulatedZoom(account(), scopes=[scope for scope in GRANULAR_SCOPES if scope != lacking]) as zoom:
        if login == "jwt":
            body = {"code": 4711, "message": f"Invalid access token, does not contain scopes:[{lacking}]."}
            zoom.refuse("/report/meetings/{id}/participants", 400, body)
        run = run_tap(zoom.config(login), "--test", zoom=zoom, document=True)
    assert run.exit_status == 1
    [row] = [line for line in run.stdout.splitlines() if line.split()[:1] == ["report_meeting_participants"]]
    assert lacking in row
    assert "report_meeting_participants" in run.critical


def test_the_test_option_respects_the_selection(zoom: SimulatedZoom) -> None:
    """Only selected streams and their parents are requested, and only their rate limits shown."""
    run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=USERS, document=True)
    assert run.exit_status == 0
    assert "users" in run.stdout and "webinar_panelists" not in run.stdout
    assert "Medium" in run.stdout and "Heavy" not in run.stdout and "Light" not in run.stdout
    assert set(zoom.operations) <= {"/users", "/users/{userId}"}


def test_the_test_option_shows_parents_that_can_not_be_read(zoom: SimulatedZoom) -> None:
    """Otherwise only selected streams are shown."""
    run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=catalog_of("meetings"), document=True)
    assert run.exit_status == 0
    assert re.findall(r"^  (\w+) .*readable", run.stdout, re.MULTILINE) == ["meetings"]
    zoom.refuse("/users/{id}/meetings", 400, {"code": 200, "message": "No permission."})
    run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=catalog_of("meetings"), document=True)
    assert run.exit_status == 1
    assert re.search(
        r"^  user_meetings +\(parent stream\) role or plan insufficient: .*No permission", run.stdout, re.MULTILINE
    )
    assert "user_meetings" in run.critical


def test_the_test_option_formats_rate_limits() -> None:
    """Per minute if a limit per second isn't a whole number. Assumed for the plan if no request is possible."""
    selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog = {"streams": [{"tap_stream_id": name, "metadata": selected} for name in ("users", "metrics_meetings")]}
    with SimulatedZoom(account(), scopes=["user:read:list_users:admin"]) as zoom:
        run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=catalog, document=True)
    assert run.exit_status == 1
    assert re.search(r"^  Resource-intensive +10 per minute \(assumed\)$", run.stdout, re.MULTILINE)
    assert re.search(r"^  Medium +2000 per second$", run.stdout, re.MULTILINE)


def test_the_test_option_skips_the_same_streams_as_a_run() -> None:
    """With on_missing_access skip, the table shows streams and their children as skipped, and the exit status is 0."""
    lacking = "webinar:read:list_webinars:admin"
    chosen = catalog_of("users", "webinars", "webinar_panelists")
    with SimulatedZoom(account(), scopes=[scope for scope in GRANULAR_SCOPES if scope != lacking]) as zoom:
        skipped = run_tap(zoom.config(on_missing_access="skip"), "--test", zoom=zoom, catalog=chosen, document=True)
        failed = run_tap(zoom.config(), "--test", zoom=zoom, catalog=chosen, document=True)
        run = run_tap(zoom.config(on_missing_access="skip"), zoom=zoom, catalog=chosen)
    assert (skipped.exit_status, failed.exit_status, run.exit_status) == (0, 1, 0)
    for name in {"webinars", "webinar_panelists"} - run.schemas.keys():
        assert re.search(
            rf"^  {name} +skipped \(on_missing_access is skip\): no parent stream can be read: see user_webinars$",
            skipped.stdout,
            re.MULTILINE,
        )
        assert name in failed.critical
    assert set(run.schemas) == {"users"}
    assert re.search(r"^  users +readable$", skipped.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "body", [{"code": 4711, "message": "Invalid access token, scopes."}, {"code": 200, "message": "No permission."}]
)
def test_the_test_option_skips_streams_that_zoom_refuses(body: dict[str, Any]) -> None:
    """Refusals for a missing scope, role or plan skip the stream. Other refusals fail."""
    with SimulatedZoom(account()) as zoom:
        zoom.refuse("/webinars/{any}/panelists", 400, body)
        config = zoom.config("jwt", on_missing_access="skip")
        run = run_tap(config, "--test", zoom=zoom, catalog=catalog_of("webinar_panelists"), document=True)
        assert run.exit_status == 0
        assert re.search(r"^  webinar_panelists +skipped \(on_missing_access is skip\): ", run.stdout, re.MULTILINE)
        zoom.refuse("/meetings/{any}", 400, {"code": 9999, "message": "Odd."})
        run = run_tap(config, "--test", zoom=zoom, catalog=catalog_of("webinar_panelists", "meetings"), document=True)
    assert run.exit_status == 1
    assert "meetings" in run.critical and "webinar_panelists" not in run.critical


def test_the_test_option_tries_several_meetings() -> None:
    """One refused meeting doesn't mean that the stream can't be read."""
    fault = Fault.answer(400, {"code": 4711, "message": "Scopes."}, match=r"/v2/meetings/\d+\?", times=1)
    with SimulatedZoom(account(1, "paged"), faults=[fault]) as zoom:
        run = run_tap(zoom.config("jwt"), "--test", zoom=zoom, catalog=catalog_of("meetings"), document=True)
    assert run.exit_status == 0 and fault.happened == 1
    assert re.search(r"^  meetings +readable$", run.stdout, re.MULTILINE)
