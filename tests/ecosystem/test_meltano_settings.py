"""Adding, configuring, selecting and testing the tap with the latest Meltano 3 and Meltano 4."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from scripts.make_definition import definition
from tap_zoom.discover import catalog
from tests.ecosystem.project import Project
from tests.simulator import SimulatedZoom, truth
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import account, assert_exact, expected

CORE = {rule.removesuffix(".*") for rule in definition()["select"] if not rule.startswith("!")}


def variables(settings: dict[str, Any]) -> dict[str, str]:
    """Return settings as environment variables."""
    return {f"TAP_ZOOM_{name.upper()}": str(value) for name, value in settings.items()}


def test_the_tap_is_added_by_name_from_the_hub(installed: Project, served: dict[str, Any]) -> None:
    """`meltano add extractor tap-zoom` (3) or `meltano add tap-zoom` (4) locks the definition and installs the tap."""
    assert "Added extractor 'tap-zoom'" in installed.adding.said
    assert "Installed extractor 'tap-zoom'" in installed.adding.said
    locked = json.loads((installed.root / "plugins/extractors/tap-zoom--original.lock").read_text("utf-8"))
    assert {name: locked[name] for name in served} == served
    assert installed.meltano("invoke", "tap-zoom", "--version").stdout.startswith("tap-zoom ")


def test_the_tap_is_added_from_a_file(project: Project, clone: Path) -> None:
    """With --from-ref and no hub, settings are added to meltano.yml. `select` is not, so the README sets it."""
    lock = project.root / "plugins/extractors/tap-zoom--original.lock"
    lock.rename(project.root / "kept.lock")
    (project.root / "meltano.yml").write_text("default_environment: dev\nenvironments: [{name: dev}]\n", "utf-8")
    ref = ("--from-ref", str(clone / "meltano" / "tap-zoom.yml"), "--no-install")
    try:
        added = project.meltano(*project.add(*ref), MELTANO_HUB_URL="http://127.0.0.1:9")
        assert "Added extractor 'tap-zoom'" in added.said
        (plugin,) = project.yaml()["plugins"]["extractors"]
        assert not lock.exists()
    finally:
        (project.root / "kept.lock").rename(lock)
    made = definition()
    for name in ("pip_url", "namespace", "executable", "capabilities", "settings_group_validation", "commands"):
        assert plugin[name] == made[name]
    assert plugin["settings"] == made["settings"]
    assert "select" not in plugin


def test_secrets_are_written_to_the_env_file(project: Project) -> None:
    """Secrets are written to .env and not to meltano.yml. In Meltano 4, only the owner can read .env. Other settings
    reach the tap with their types."""
    secrets = {"client_secret": "s3cret-1", "jwt": "s3cret-3"}
    others = {"account_id": "account", "start_date": "2026-10-01", "plan": "business", "max_workers": 7}
    project.set({**secrets, **others})
    kept = (project.root / "meltano.yml").read_text("utf-8")
    env = project.root / ".env"
    for secret in secrets.values():
        assert secret not in kept
        assert secret in env.read_text("utf-8")
    assert stat.S_IMODE(env.stat().st_mode) & 0o077 == 0 or project.version == "3"
    settings = project.settings()
    assert {name: settings[name] for name in others} == others
    assert not set(secrets.values()) & set(map(str, settings.values()))


def test_defaults_come_from_the_definition(project: Project) -> None:
    """Without settings, the tap gets the defaults of the definition, and token_store is a path in the project."""
    declared = {each["name"]: each["value"] for each in definition()["settings"] if "value" in each}
    declared["token_store"] = str(project.root / ".meltano" / "tap-zoom-token.json")
    assert project.settings() == declared


def test_settings_from_the_environment(project: Project) -> None:
    """A run needs no settings except TAP_ZOOM_* in the environment. Numbers are parsed as numbers."""
    with SimulatedZoom(account(), latency=0.002) as zoom:
        run = project.meltano("invoke", "tap-zoom", **variables(zoom.config(max_workers=2)))
        assert zoom.max_in_flight <= 2
        assert zoom.violations == []
    assert_exact(expected(), run.records)


def test_settings_from_the_env_file(project: Project) -> None:
    """A run reads the same variables from the .env file of the project."""
    with SimulatedZoom(account()) as zoom:
        lines = [f"{name}={value}\n" for name, value in variables(zoom.config()).items()]
        (project.root / ".env").write_text("".join(lines), "utf-8")
        run = project.meltano("invoke", "tap-zoom")
    assert_exact(expected(), run.records)


def test_a_start_date_set_with_meltano(project: Project) -> None:
    """A start_date in meltano.yml excludes older meetings."""
    start = f"{datetime.now(timezone.utc).date() - timedelta(days=30)}"
    with SimulatedZoom(account()) as zoom:
        project.set(zoom.config(start_date=start))
        run = project.meltano("invoke", "tap-zoom")
    right = truth.expected(account(), start_date=start)
    assert len(right["report_meetings"]) < len(expected()["report_meetings"])
    assert_exact(right, run.records)


def test_select_list_shows_every_field(project: Project) -> None:
    """In core streams, fields are marked as selected, keys as automatic, and login secrets as excluded. In other
    streams, all fields are excluded."""
    selection = project.selection()
    streams = catalog()["streams"]
    assert {stream["tap_stream_id"] for stream in streams} > CORE
    for stream in streams:
        name, key = stream["tap_stream_id"], stream["key_properties"]
        for field in stream["schema"]["properties"]:
            taken = "automatic" if field in key else "selected"
            mark = taken if name in CORE and field not in truth.LOGIN_SECRETS else "excluded"
            assert selection[f"{name}.{field}"] == mark, (name, field)


def test_selecting_streams_and_excluding_fields(project: Project) -> None:
    """Only selected streams and fields are emitted, and no Heavy requests are sent."""
    project.meltano("select", "tap-zoom", "users", "*")
    project.meltano("select", "tap-zoom", "meetings", "*")
    project.meltano("select", "tap-zoom", "--exclude", "users", "dept")
    project.meltano("select", "tap-zoom", "--exclude", "meetings", "start_url")
    project.meltano("select", "tap-zoom", "--exclude", "meetings", "dynamic_host_key")
    with SimulatedZoom(account()) as zoom:
        run = project.meltano("invoke", "tap-zoom", **variables(zoom.config()))
        assert zoom.counts["Heavy"] == 0
    right = {name: records for name, records in expected().items() if name in ("users", "meetings")}
    right["users"] = [{name: value for name, value in row.items() if name != "dept"} for row in right["users"]]
    assert_exact(right, run.records)


def test_the_first_select_rule_replaces_the_defaults(project: Project) -> None:
    """The first rule that a user adds replaces all of the definition's `select`, so the README sets all rules."""
    before = project.selection()
    project.meltano("select", "tap-zoom", "meetings", "*")
    after = project.selection()
    assert after["meetings.start_url"] == "selected"
    assert after["users.dept"] == "excluded"
    project.set({"_select": json.dumps(definition()["select"])})
    assert project.selection() == before


def test_excluding_a_stream(project: Project) -> None:
    """An excluded stream isn't emitted. The rest of the core is, without login secrets."""
    project.set({"_select": json.dumps(definition()["select"])})
    project.meltano("select", "tap-zoom", "--exclude", "webinar_qna_results", "*")
    with SimulatedZoom(account()) as zoom:
        run = project.meltano("invoke", "tap-zoom", **variables(zoom.config()))
    right = {name: records for name, records in expected().items() if name != "webinar_qna_results"}
    assert_exact(right, run.records)
    assert not any(
        name in record for records in run.records.values() for record in records for name in truth.LOGIN_SECRETS
    )


def test_config_test_checks_the_settings(project: Project) -> None:
    """`meltano config ... test` accepts valid settings, and shows the tap's message for a wrong secret."""
    with SimulatedZoom(account()) as zoom:
        project.set(zoom.config())
        assert "Plugin configuration is valid" in project.meltano(*project.config("test")).said
        wrong = project.meltano(*project.config("test"), expect=1, TAP_ZOOM_CLIENT_SECRET="wrong")
    assert "Plugin configuration is invalid" in wrong.said
    assert "Login refused" in wrong.said


def test_the_test_command_checks_login_and_scopes(project: Project) -> None:
    """`meltano invoke tap-zoom:test` tries each core stream and names a missing scope. `meltano test` succeeds."""
    with SimulatedZoom(account()) as zoom:
        project.set(zoom.config())
        said = project.meltano("invoke", "tap-zoom:test").said
        assert all(name in said for name in truth.KEYS)
        assert "1 test(s) successful" in project.meltano("test", "tap-zoom").said
    lacking = [scope for scope in GRANULAR_SCOPES if "panelists" not in scope]
    with SimulatedZoom(account(), scopes=lacking) as zoom:
        refused = project.meltano("invoke", "tap-zoom:test", expect=1, **variables(zoom.config()))
    assert "webinar:read:list_panelists:admin" in refused.said


def test_an_inheriting_plugin_reads_another_account(project: Project) -> None:
    """It has its own variables, and inherits unset settings from tap-zoom."""
    project.meltano(*project.config("set", "plan", "business"))
    project.meltano(*project.add("--inherit-from", "tap-zoom", name="tap-zoom-emea"))
    with SimulatedZoom(account()) as zoom:
        env = {name.replace("TAP_ZOOM", "TAP_ZOOM_EMEA"): value for name, value in variables(zoom.config()).items()}
        run = project.meltano("invoke", "tap-zoom-emea", **env)
    assert_exact(expected(), run.records)
    said = project.meltano("invoke", "--print-var", "TAP_ZOOM_EMEA_PLAN", "tap-zoom-emea", "--version").stdout
    assert "TAP_ZOOM_EMEA_PLAN=business" in said
