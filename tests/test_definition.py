"""The plugin definition matches --about, the docs and sample_config.json, and is valid for Meltano's hub."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from scripts.make_definition import FILE, definition
from tap_zoom.config import LOGINS
from tap_zoom.discover import catalog

ROOT = Path(__file__).parent.parent
HUB = json.loads((ROOT / "tests" / "fixtures" / "meltano_hub_extractor.schema.json").read_text("utf-8"))
# The hub also allows decimal, which raises a TypeError in Meltano 4, and the old kinds oauth, hidden and password.
KINDS = {"date_iso8601", "file", "email", "integer", "options", "object", "array", "boolean", "string"}
VALUES: dict[str, type | tuple[type, ...]] = {"integer": int, "boolean": bool, "object": dict, "array": list}
SETTINGS: dict[str, dict[str, Any]] = {each["name"]: each for each in definition()["settings"]}


def about() -> dict[str, Any]:
    """Return the output of --about."""
    command = [sys.executable, "-m", "tap_zoom", "--about"]
    said: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return said


@pytest.mark.parametrize("script", ["make_definition.py", "make_github.py", "update_readme.py"])
def test_generated_files_are_up_to_date(script: str) -> None:
    """meltano/tap-zoom.yml, files in .github/, README.md and docs/ match what the scripts write."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_file_contains_the_definition() -> None:
    """Parsing the YAML returns the same values. The first line names the script that generates the file."""
    assert yaml.safe_load(FILE.read_text("utf-8")) == definition()
    assert "scripts/make_definition.py" in FILE.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("repository", ["", "https://github.com/someone/tap-zoom"])
def test_the_definition_is_valid_for_the_hub(repository: str) -> None:
    """Checks the hub's schema, with and without a repository address. Some optional properties are set, too."""
    made = definition(repository)
    fastjsonschema.validate(HUB, made)
    for name in ("label", "description", "pip_url", "executable", "prereq", "usage", "supported_python_versions"):
        assert made[name]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": None},
        {"capabilities": ["discover", "teleport"]},
        {"settings": [{"kind": "string"}]},
        {"settings": [{"name": "x", "kind": "number"}]},
        {"settings": [{"name": "x", "default": 1}]},
        {"supported_python_versions": [">=3.10"]},
        {"maintenance_status": "finished"},
        {"homepage": "https://example.com"},
    ],
)
def test_the_hub_schema_rejects_an_invalid_definition(wrong: dict[str, Any]) -> None:
    """The schema in the fixture doesn't accept everything."""
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.validate(HUB, definition() | wrong)


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_have_the_properties_that_the_hub_requires(name: str) -> None:
    """A known kind, a label, a description, options with labels, and a default of its kind."""
    setting = SETTINGS[name]
    assert setting["kind"] in KINDS
    assert setting["label"]
    assert setting["description"].endswith(".")
    assert ("options" in setting) == (setting["kind"] == "options")
    assert all(option.keys() == {"label", "value"} for option in setting.get("options", ()))
    if "value" in setting:
        assert isinstance(setting["value"], VALUES.get(setting["kind"], str))
        assert "options" not in setting or setting["value"] in [option["value"] for option in setting["options"]]
    assert setting.get("documentation", "https://").startswith("https://")


def test_only_secrets_are_sensitive() -> None:
    """Meltano hides sensitive settings and stores them in .env."""
    assert {name for name, each in SETTINGS.items() if each.get("sensitive")} == {
        "client_secret",
        "refresh_token",
        "jwt",
    }


def test_the_setting_groups_are_the_three_logins() -> None:
    """Their settings exist."""
    groups = definition()["settings_group_validation"]
    assert groups == [list(names) for names in LOGINS]
    assert len(groups) == 3
    assert {name for group in groups for name in group} <= set(SETTINGS)


def test_select_matches_the_default_selection() -> None:
    """The core streams by name, without host_key and the fields that discovery doesn't select."""
    core, held_back = [], {"host_key"}
    for stream in catalog()["streams"]:
        by_default = {
            tuple(entry["breadcrumb"]): entry["metadata"].get("selected-by-default", True)
            for entry in stream["metadata"]
        }
        if not by_default[()]:
            continue
        core.append(stream["tap_stream_id"])
        held_back |= {path[-1] for path, selected in by_default.items() if path and not selected}
    assert len(core) == 19
    assert held_back == {"start_url", "host_key", "dynamic_host_key"}
    rules = definition()["select"]
    assert rules[:19] == [f"{name}.*" for name in core]  # rules that exclude fields must come last
    assert set(rules[19:]) == {f"!*.{name}" for name in held_back}


def test_about_and_the_definition_agree() -> None:
    """Checks name, capabilities, groups, and all properties of the settings."""
    said, made = about(), definition()
    for name in ("name", "capabilities", "settings_group_validation"):
        assert said[name] == made[name]
    assert [each["name"] for each in said["settings"]] == list(SETTINGS)
    for each in said["settings"]:
        setting = SETTINGS[each["name"]]
        for part in ("label", "description", "documentation"):
            assert each.get(part) == setting.get(part)
        assert each["kind"].replace("password", "string") == setting["kind"]
        assert bool(each.get("sensitive")) == bool(setting.get("sensitive"))
        assert each.get("options", []) == [option["value"] for option in setting.get("options", ())]
        if each["name"] != "token_store":  # its default is a path in the Meltano project
            assert each.get("default") == setting.get("value")


def test_the_docs_describe_each_setting() -> None:
    """Each has a row in settings.md, with the same description."""
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for name, setting in SETTINGS.items():
        assert re.search(rf"^\| `{name}` \|.*\| {re.escape(setting['description'])} \|$", page, re.MULTILINE)


def test_the_sample_config_is_a_complete_login() -> None:
    """Its settings exist, exactly one login is complete, and no start_date excludes older data."""
    sample = json.loads((ROOT / "sample_config.json").read_text("utf-8"))
    assert sample.keys() <= SETTINGS.keys()
    assert sum(set(group) <= sample.keys() for group in LOGINS) == 1
    assert "start_date" not in sample
