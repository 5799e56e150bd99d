"""What a person reads is true: the names, defaults, files and sections that README and docs/ speak of are there."""

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
    """A page without its blocks of code, and without the tables of columns, which are made."""
    folded = r"^ *```.*?^ *```$|^<details>.*?^</details>$"
    return re.sub(folded, "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def names_in(schema: dict[str, Any]) -> set[str]:
    """The fields of a schema, at any depth."""
    parts = schema.get("properties", {})
    inner = [*parts.values(), *([schema["items"]] if "items" in schema else [])]
    return set(parts).union(*map(names_in, inner))


FIELDS = set().union(*(names_in(stream["schema"]) for stream in catalog()["streams"]))
# Other names with an underscore that stand as code.
# Variables of the dbt package, and columns that targets add.
VARIABLES = {"zoom_schema", "zoom_database", "zoom_models", "zoom__timezone", "_sdc_extracted_at"}
OTHERS = {
    "time_extracted", "unknown_fields", "meeting_files", "webinar_files", "current_date", "given_up", "resume_at",
    "empty_answers", "no_access", "pip_url",
}  # fmt: skip


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).strip().lower()).replace(" ", "-")


def test_the_readme_is_short() -> None:
    """So that it is read."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


@EACH
def test_links_lead_somewhere(page: Path) -> None:
    """Each file is there, and each section in it."""
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
    """From another one: nobody finds what nothing leads to."""
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))
        if not target.startswith("http")
    }  # fmt: skip
    assert {page for page in PAGES if page.parent != ROOT} <= linked


@EACH
def test_names_are_those_of_streams_fields_and_settings(page: Path) -> None:
    """What stands as code and looks like a name of one is one; stream.field is a field of that stream."""
    if page.name in ("architecture.md", "testing.md", "decisions.md", "CONTRIBUTING.md"):  # of the code itself
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
def test_settings_are_said_to_be_as_they_are(page: Path) -> None:
    """Values after a setting's name are ones that it takes; variables are ones that are read."""
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


def test_defaults_in_words_are_the_defaults() -> None:
    """Where the prose names one."""
    limits = (ROOT / "docs" / "limits.md").read_text("utf-8")
    incremental = (ROOT / "docs" / "incremental.md").read_text("utf-8")
    assert f"({SETTINGS_BY_NAME['rate_limit_share'].default} by default)" in limits
    assert f"default `{SETTINGS_BY_NAME['plan'].default}`" in limits
    assert f"`lookback_days` ({SETTINGS_BY_NAME['lookback_days'].default})" in incremental
    assert f"the default, `{SETTINGS_BY_NAME['replication_method'].default}`" in incremental


@pytest.mark.parametrize("name", ["README.md", "docs/meltano.md", "CHANGELOG.md"])
def test_meltanos_rules_are_those_of_the_definition(name: str) -> None:
    """With --from-ref Meltano forgets the definition's, so they are written out."""
    text = (ROOT / name).read_text("utf-8")
    written = [
        json.loads(rules) for rules in re.findall(r"_select '(\[.*?\])'", text, re.DOTALL) if '"users.*"' in rules
    ]
    written += [
        yaml.safe_load(rules)["select"]
        for rules in re.findall(r"^```yaml\n(    select:.*?)^```$", text, re.DOTALL | re.MULTILINE)
    ]
    assert written and all(rules == definition()["select"] for rules in written)


def test_the_ways_to_log_in_are_all_told() -> None:
    """Each set of settings in a row."""
    text = (ROOT / "docs" / "logins.md").read_text("utf-8")
    for group in LOGINS:
        assert f"| {', '.join(f'`{name}`' for name in group)} |" in text
