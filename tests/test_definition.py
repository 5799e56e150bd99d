"""The plugin definition, --about, the README and sample_config.json say the same, and the hub would take the definition."""

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
# The hub also has decimal, which ends Meltano 4 with a TypeError, and the old forms oauth, hidden and password.
KINDS = {"date_iso8601", "file", "email", "integer", "options", "object", "array", "boolean", "string"}
VALUES: dict[str, type | tuple[type, ...]] = {"integer": int, "boolean": bool, "object": dict, "array": list}
SETTINGS: dict[str, dict[str, Any]] = {each["name"]: each for each in definition()["settings"]}


def about() -> dict[str, Any]:
    """What the command says of itself."""
    command = [sys.executable, "-m", "tap_zoom", "--about"]
    said: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return said


@pytest.mark.parametrize("script", ["make_definition.py", "make_github.py", "update_readme.py"])
def test_what_is_made_from_the_tables_is_up_to_date(script: str) -> None:
    """meltano/tap-zoom.yml, files of .github/, README.md and docs/ are what the scripts would write."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_file_says_what_the_definition_is() -> None:
    """Whoever reads it as YAML gets each text, number and list as it was; and it begins with who made it."""
    assert yaml.safe_load(FILE.read_text("utf-8")) == definition()
    assert "scripts/make_definition.py" in FILE.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("repository", ["", "https://github.com/someone/tap-zoom"])
def test_the_definition_is_valid_for_the_hub(repository: str) -> None:
    """By the hub's own rules, with and without an address; properties that the hub leaves optional have a value."""
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
def test_the_rules_of_the_hub_refuse_a_wrong_definition(wrong: dict[str, Any]) -> None:
    """The fixture is not a schema that accepts everything."""
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.validate(HUB, definition() | wrong)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_what_the_hub_asks_for(name: str) -> None:
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


def test_secrets_are_sensitive_and_nothing_else_is() -> None:
    """What Meltano hides and keeps in .env."""
    assert {name for name, each in SETTINGS.items() if each.get("sensitive")} == {
        "client_secret",
        "refresh_token",
        "jwt",
    }


def test_the_groups_are_the_three_ways_to_log_in() -> None:
    """Each names settings that are there."""
    groups = definition()["settings_group_validation"]
    assert groups == [list(names) for names in LOGINS]
    assert len(groups) == 3
    assert {name for group in groups for name in group} <= set(SETTINGS)


def test_select_takes_what_is_selected_by_default() -> None:
    """The core streams by name, without the fields that discovery does not select, and without host_key."""
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
    assert rules[:19] == [f"{name}.*" for name in core]  # what leaves fields out has to come after
    assert set(rules[19:]) == {f"!*.{name}" for name in held_back}


def test_about_and_the_definition_agree() -> None:
    """Settings with all that is known of them, groups, capabilities, name."""
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
        if each["name"] != "token_store":  # its default is a place in the Meltano project
            assert each.get("default") == setting.get("value")


def test_the_docs_describe_each_setting() -> None:
    """In a row of its table, in the same words."""
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for name, setting in SETTINGS.items():
        assert re.search(rf"^\| `{name}` \|.*\| {re.escape(setting['description'])} \|$", page, re.MULTILINE)


def test_the_sample_config_is_a_complete_login() -> None:
    """Settings that exist, with one way to log in, and no date that would hide what is older."""
    sample = json.loads((ROOT / "sample_config.json").read_text("utf-8"))
    assert sample.keys() <= SETTINGS.keys()
    assert sum(set(group) <= sample.keys() for group in LOGINS) == 1
    assert "start_date" not in sample
