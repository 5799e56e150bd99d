"""The names, defaults, files and sections that the README and docs/ mention exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.make_definition import definition
from tap_zoom.config import LOGINS, SETTINGS
from tap_zoom.discover import catalog, schema_of
from tap_zoom.streams import BY_NAME
from tests.each import for_each
from tests.simulator.further.model import documented
from tests.warehouse import described

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "dbt").glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EACH = for_each(page=PAGES)
LONGEST_README = 150
SETTINGS_BY_NAME = {setting.name: setting for setting in SETTINGS}


def prose(page: Path) -> str:
    """Return a page without code blocks and generated tables of columns."""
    folded = r"^ *```.*?^ *```$|^<details>.*?^</details>$"
    return re.sub(folded, "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def names_in(schema: dict[str, Any]) -> set[str]:
    """Return the fields of a schema, at any depth."""
    parts = schema.get("properties", {})
    inner = [*parts.values(), *([schema["items"]] if "items" in schema else [])]
    return set(parts).union(*map(names_in, inner))


FIELDS = set().union(*(names_in(stream["schema"]) for stream in catalog()["streams"]))
# Variables of the dbt package, and columns that targets add.
VARIABLES = {"zoom_schema", "zoom_database", "zoom_models", "zoom__timezone", "_sdc_extracted_at"}
# Other names with an underscore that are formatted as code.
OTHERS = {
    "time_extracted", "unknown_fields", "meeting_files", "webinar_files", "current_date", "given_up", "resume_at",
    "empty_answers", "no_access", "pip_url",
}  # fmt: skip


def anchor(heading: str) -> str:
    """Return GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).strip().lower()).replace(" ", "-")


def test_the_readme_is_short() -> None:
    """It has at most LONGEST_README lines."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


@EACH
def test_links_are_valid(page: Path) -> None:
    """The linked files and sections exist."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        name, _, section = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if section:
            headings = re.findall(
                r"^#+ (.+)$", re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL), re.MULTILINE
            )
            assert section in map(anchor, headings), target


def test_every_page_is_linked() -> None:
    """One of the pages links to it, unless it is in the root folder."""
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))
        if not target.startswith("http")
    }  # fmt: skip
    assert {page for page in PAGES if page.parent != ROOT} <= linked


@EACH
def test_names_formatted_as_code_exist(page: Path) -> None:
    """They are streams, fields, settings or the like. In stream.field, the stream has that field."""
    if page.name in (
        "architecture.md",
        "testing.md",
        "decisions.md",
        "CONTRIBUTING.md",
    ):  # these pages describe the code
        return
    parameters = {name for operation in documented().values() for name in operation["parameters"]}
    ids = {name for stream in BY_NAME.values() for name in stream.parent.ids}
    models = {
        name
        for model in described().values()
        for name in (model["name"], *(column["name"] for column in model["columns"]))
    }
    known = BY_NAME.keys() | FIELDS | SETTINGS_BY_NAME.keys() | parameters | ids | OTHERS | models | VARIABLES
    for text in re.findall(r"`([^`\n]+)`", prose(page)):
        if re.fullmatch(r"[a-z]+(_[a-z]+)+", text):
            assert text in known, text
        stream, dot, field = text.partition(".")
        if dot and stream in BY_NAME and re.fullmatch(r"\w+", field) and field not in ("json", "md"):
            assert field in schema_of(BY_NAME[stream])["properties"], text
    for stream, field in re.findall(
        r"meltano select tap-zoom (?:--exclude )?(\w+) (\w+)$", page.read_text("utf-8"), re.MULTILINE
    ):
        assert field in schema_of(BY_NAME[stream])["properties"], (stream, field)


@EACH
def test_values_of_settings_and_environment_variables_are_valid(page: Path) -> None:
    """`setting: value` is a valid option. Variables, and settings in Meltano commands, exist."""
    text = page.read_text("utf-8")
    for name, value in re.findall(r"`(\w+): (\w+)`", text):
        if options := SETTINGS_BY_NAME.get(name) and SETTINGS_BY_NAME[name].options:
            assert value in options, (name, value)
    for name in re.findall(r"\bTAP_ZOOM_([A-Z_]*[A-Z])\b", text):
        assert name.lower() in SETTINGS_BY_NAME or name in (
            "LOGLEVEL",
            "LOG_TIMES",
            "LOG_FORMAT",
            "VENVS",
            "EMEA_ACCOUNT_ID",
        ), name
    for name in re.findall(r"meltano config (?:set tap-zoom|tap-zoom set|unset tap-zoom|tap-zoom unset) (\w+)", text):
        assert name in SETTINGS_BY_NAME or name in ("_select", "_log_parser"), name


def test_defaults_in_the_text_are_correct() -> None:
    """Checks the pages about limits and incremental sync."""
    limits = (ROOT / "docs" / "limits.md").read_text("utf-8")
    incremental = (ROOT / "docs" / "incremental.md").read_text("utf-8")
    assert f"({SETTINGS_BY_NAME['rate_limit_share'].default} by default)" in limits
    assert f"default `{SETTINGS_BY_NAME['plan'].default}`" in limits
    assert f"`lookback_days` ({SETTINGS_BY_NAME['lookback_days'].default})" in incremental
    assert f"the default, `{SETTINGS_BY_NAME['replication_method'].default}`" in incremental


@pytest.mark.parametrize("name", ["README.md", "docs/meltano.md", "CHANGELOG.md"])
def test_select_rules_in_the_docs_match_the_definition(name: str) -> None:
    """With --from-ref, Meltano ignores the rules of the definition, so the docs list them."""
    text = (ROOT / name).read_text("utf-8")
    written = [
        json.loads(rules) for rules in re.findall(r"_select '(\[.*?\])'", text, re.DOTALL) if '"users.*"' in rules
    ]
    written += [
        yaml.safe_load(rules)["select"]
        for rules in re.findall(r"^```yaml\n(    select:.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]
    assert written and all(rules == definition()["select"] for rules in written)


def test_all_logins_are_documented() -> None:
    """Each set of settings has a row in logins.md."""
    text = (ROOT / "docs" / "logins.md").read_text("utf-8")
    for group in LOGINS:
        assert f"| {', '.join(f'`{name}`' for name in group)} |" in text
