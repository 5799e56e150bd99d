"""The command line: what each option does, where settings come from, and what goes where."""

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
    """They are written to stdout, with nothing else there, and exit status 0."""
    run = run_tap(None, *arguments, document=True, anew=True)
    assert run.exit_status == 0
    assert run.stdout.endswith("\n") and not run.stdout.endswith("\n\n")
    assert run.stderr == ""


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("--about",), ("--about", "--format", "markdown"), ("--discover",)]
)
def test_who_reads_a_document_may_stop_early(arguments: tuple[str, ...]) -> None:
    """As `head -1` does: exit status 0, and not a word."""
    reader, writer = os.pipe()
    os.close(reader)
    run = start_tap(None, *arguments, stdout=writer).finish(document=True)
    os.close(writer)
    assert (run.exit_status, run.stderr) == (0, "")


def test_a_document_that_can_not_be_written_is_an_error() -> None:
    """A full disk, say."""
    with open("/dev/full", "wb") as full:
        run = start_tap(None, "--about", stdout=full.fileno()).finish(document=True)
    assert run.exit_status == 1
    assert "No space left" in run.critical


@pytest.mark.parametrize("option", ["--about", "--discover"])
def test_documents_and_log_lines_may_go_to_head(option: str) -> None:
    """In a shell, also with stderr beside stdout."""
    command = f"set -o pipefail; {sys.executable} -m tap_zoom {option} 2>&1 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_version_names_the_version() -> None:
    """One line."""
    assert run_tap(None, "--version", document=True).stdout == f"tap-zoom {__version__}\n"


def test_help_names_every_option() -> None:
    """The contract's options."""
    text = run_tap(None, "--help", document=True).stdout
    options = "--config --catalog --properties --state --discover --about --format --version --help --test".split()
    assert all(option in text for option in options)


def test_about_as_json_is_complete() -> None:
    """Settings with their kinds and defaults, capabilities, the logins, the streams with keys and scopes."""
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


def test_about_says_how_each_stream_is_replicated() -> None:
    """INCREMENTAL where the catalog forces no method, in both formats; with the time that bookmarks are about."""
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


def test_about_says_what_is_selected_by_default() -> None:
    """The streams of the part that comes first, and no other."""
    streams = json.loads(run_tap(None, "--about", document=True).stdout)["streams"]
    assert all(stream["selected_by_default"] == (stream["part"] == "Core") for stream in streams)
    assert {stream["part"] for stream in streams} == set(PARTS) and streams[0]["part"] == "Core"


def test_about_as_markdown_is_complete() -> None:
    """Every setting and every stream has a row."""
    text = run_tap(None, "--about", "--format", "markdown", document=True).stdout
    for name in [setting.name for setting in SETTINGS] + list(truth.KEYS):
        assert f"`{name}`" in text


@pytest.mark.parametrize(
    "arguments",
    [("--nonsense",), ("--config",), ("extra",), ("--discover", "--about"), ("--about", "--format", "xml"), (), ("--state",),
     ("--version", "--help"), ("--catalog", "x"), ("--test",)],
)  # fmt: skip
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Exit status 2, and one CRITICAL line at the end."""
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
        ),  # by Python's version
        ([f"--c={SECRET}"], "an option is misspelled or has an invalid value"),
        (["--about", "--format", SECRET], "argument --format: must be json or markdown"),
    ],
)
def test_no_argument_is_repeated_but_the_names_of_options(arguments: list[str], said: str) -> None:
    """It may be a secret; the line says what is wrong and what was expected. Exit status 2."""
    run = run_tap(None, *arguments, secrets=[SECRET])
    assert (run.exit_status, run.stdout) == (2, "")
    assert re.search(said, run.critical) and "--help lists the options" in run.critical
    assert "--config names" in run.critical or "belong" not in said


def test_discovery_takes_no_notice_of_a_config(zoom: SimulatedZoom) -> None:
    """It makes no request: a refresh token would be spent."""
    run = run_tap(zoom.config("refresh_token"), "--discover", zoom=zoom, document=True)
    assert run.exit_status == 0
    assert zoom.requests == []
    run = run_tap("/nowhere/config.json", "--discover", document=True)
    assert run.exit_status == 0
    run = run_tap("/nowhere/config.json", "--discover", state="/nowhere/state.json", document=True)
    assert run.exit_status == 0


def test_settings_from_the_environment(zoom: SimulatedZoom) -> None:
    """--config ENV: strings and integers by the setting's type."""
    config = zoom.config(max_workers=3, rate_limit_share=100)
    env = {f"TAP_ZOOM_{name.upper()}": str(value) for name, value in config.items()}
    run = run_tap("ENV", zoom=zoom, env=env)
    assert run.exit_status == 0
    assert zoom.max_in_flight <= 3
    assert_exact(expected(), run.records)


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_WORKERS", "many"), ("MAX_WORKERS", "1.5"), ("PLAN", "huge"), ("START_DATE", "x")]
)
def test_wrong_settings_in_the_environment(name: str, value: str, zoom: SimulatedZoom) -> None:
    """One CRITICAL line that names the setting."""
    env = {f"TAP_ZOOM_{other.upper()}": str(setting) for other, setting in zoom.config().items()}
    run = run_tap("ENV", zoom=zoom, env={**env, f"TAP_ZOOM_{name}": value})
    assert run.exit_status == 1
    assert name.lower() in run.critical.lower()
    assert zoom.requests == []


def test_the_environment_counts_only_where_it_is_asked_for(zoom: SimulatedZoom) -> None:
    """Without ENV it is not looked at."""
    run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_PLAN": "nonsense"}, catalog=USERS)
    assert run.exit_status == 0


def test_of_several_configs_the_later_wins(zoom: SimulatedZoom, tmp_path: Path) -> None:
    """Setting by setting; an unset one there takes a setting back."""
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
    """TAP_ZOOM_LOGLEVEL says from which level on; each line begins with its own."""
    run = run_tap(zoom.config(shoe=1), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOGLEVEL": level})
    assert {line.split()[0] for line in run.log} == seen


def test_an_unknown_log_level_is_a_warning(zoom: SimulatedZoom) -> None:
    """And it is INFO then."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOGLEVEL": "LOUD"})
    assert run.exit_status == 0
    assert any("TAP_ZOOM_LOGLEVEL" in line for line in run.logged("WARNING"))
    assert run.logged("INFO") and not run.logged("DEBUG")


def test_times_stand_before_log_lines_where_they_are_wanted(zoom: SimulatedZoom) -> None:
    """TAP_ZOOM_LOG_TIMES=1: in UTC, before each line."""
    run = run_tap(zoom.config(), zoom=zoom, catalog=USERS, env={"TAP_ZOOM_LOG_TIMES": "1", "TAP_ZOOM_LOGLEVEL": "INFO"})
    assert run.exit_status == 0
    assert run.log and all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) ", line) for line in run.log)


def test_metrics_are_written_as_singer_does(zoom: SimulatedZoom) -> None:
    """A counter per stream and a timer for the job, each a JSON object behind INFO METRIC:."""
    run = run_tap(zoom.config(), zoom=zoom)
    metrics = [json.loads(line.split(": ", 1)[1]) for line in run.log if line.startswith("INFO METRIC: ")]
    counts = {metric["tags"]["endpoint"]: metric["value"] for metric in metrics if metric["metric"] == "record_count"}
    assert {name: count for name, count in counts.items() if count} == {
        name: len(records) for name, records in run.records.items()
    }
    [timer] = [metric for metric in metrics if metric["type"] == "timer"]
    assert timer["metric"] == "job_duration" and timer["tags"]["status"] == "succeeded"


def test_metrics_of_a_run_that_failed_say_so(zoom: SimulatedZoom) -> None:
    """The timer's status follows the exit status."""
    zoom.refuse("/users/{id}/meetings", 403, {"message": "Forbidden"})
    run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "INFO"})
    assert run.exit_status == 1
    [timer] = [json.loads(line.split(": ", 1)[1]) for line in run.log if "job_duration" in line]
    assert timer["tags"]["status"] == "failed"


def test_a_trial_says_what_can_be_read(zoom: SimulatedZoom) -> None:
    """--test: a table of the streams and the limits; exit status 0; few requests."""
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
def test_a_trial_says_what_is_missing(login: str) -> None:
    """Exit status 1, and the scope in both vocabularies, or Zoom's own words where the token lists none."""
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


def test_a_trial_of_a_selection(zoom: SimulatedZoom) -> None:
    """Only what is selected, and what leads there."""
    run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=USERS, document=True)
    assert run.exit_status == 0
    assert "users" in run.stdout and "webinar_panelists" not in run.stdout
    assert "Medium" in run.stdout and "Heavy" not in run.stdout and "Light" not in run.stdout
    assert set(zoom.operations) <= {"/users", "/users/{userId}"}


def test_a_trial_shows_what_leads_to_the_selection_where_something_is_wrong_with_it(zoom: SimulatedZoom) -> None:
    """Else only what is selected."""
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


def test_a_trial_says_limits_in_words() -> None:
    """A minute where a second has no whole number; as assumed for the plan where nothing can be asked."""
    selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog = {"streams": [{"tap_stream_id": name, "metadata": selected} for name in ("users", "metrics_meetings")]}
    with SimulatedZoom(account(), scopes=["user:read:list_users:admin"]) as zoom:
        run = run_tap(zoom.config(), "--test", zoom=zoom, catalog=catalog, document=True)
    assert run.exit_status == 1
    assert re.search(r"^  Resource-intensive +10 per minute \(assumed\)$", run.stdout, re.MULTILINE)
    assert re.search(r"^  Medium +2000 per second$", run.stdout, re.MULTILINE)


def test_a_trial_leaves_out_what_a_run_leaves_out() -> None:
    """With on_missing_access skip: the table says so, and the exit status is that of a run, 0; also for what hangs on it."""
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
def test_a_trial_leaves_out_what_zoom_refuses(body: dict[str, Any]) -> None:
    """A scope that shows to be missing, a plan or a role that is too small: the same. A fault stays a failure."""
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


def test_a_refusal_of_one_meeting_is_not_one_of_the_stream() -> None:
    """Further ones are tried before a trial says that a stream can't be read."""
    fault = Fault.answer(400, {"code": 4711, "message": "Scopes."}, match=r"/v2/meetings/\d+\?", times=1)
    with SimulatedZoom(account(1, "paged"), faults=[fault]) as zoom:
        run = run_tap(zoom.config("jwt"), "--test", zoom=zoom, catalog=catalog_of("meetings"), document=True)
    assert run.exit_status == 0 and fault.happened == 1
    assert re.search(r"^  meetings +readable$", run.stdout, re.MULTILINE)
