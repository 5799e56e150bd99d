"""Incremental reads in Meltano, as docs/incremental.md has them."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from tap_zoom.discover import catalog
from tests.ecosystem.environments import ROOT, program
from tests.ecosystem.project import PIPELINE, Project
from tests.ecosystem.test_meltano_runs import RUN
from tests.ecosystem.test_meltano_settings import variables
from tests.simulator import SimulatedZoom
from tests.tap import account, expected

PAGE = (ROOT / "docs" / "incremental.md").read_text("utf-8")
PER_STREAM = re.search(r"## Per stream.*?^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
BY_HAND = re.findall(r"`(meltano state [^`]*)`", PAGE.partition("## Move a bookmark")[2])
OF_MEETINGS, OF_WEBINARS = "/report/meetings/{meetingId}", "/report/webinars/{webinarId}"


class Asked:
    """How many reports of meetings and of webinars are asked for since the last look."""

    def __init__(self, zoom: SimulatedZoom) -> None:
        self.zoom, self.before = zoom, (0, 0)

    def since(self) -> tuple[int, int]:
        now = self.zoom.operations[OF_MEETINGS], self.zoom.operations[OF_WEBINARS]
        before, self.before = self.before, now
        return now[0] - before[0], now[1] - before[1]


def of_the_first_version() -> dict[str, Any]:
    """A catalog that marks each stream as read whole, as Meltano may have kept it."""
    kept = catalog()
    for stream in kept["streams"]:
        mark = stream["metadata"][0]["metadata"]
        mark.pop("valid-replication-keys", None)
        mark["forced-replication-method"] = "FULL_TABLE"
    return kept


def typed(project: Project, command: str) -> None:
    """A command of the page, in a shell."""
    meltano = program(f"meltano-{project.version}", "meltano")
    command = command.replace("<id>", PIPELINE).replace("meltano ", f"{meltano} ", 1)
    subprocess.run(
        ["bash", "-euc", command], cwd=project.root, env=project.environment(), check=True, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def with_the_recipe(project: Project) -> Project:
    """The project with what the page adds to meltano.yml, for a stream that this account has rows of."""
    assert PER_STREAM
    recipe = yaml.safe_load(PER_STREAM[1].replace("survey_answers", "report_webinars"))
    whole = project.yaml()
    (plugin,), (more,) = whole["plugins"]["extractors"], recipe["plugins"]["extractors"]
    (project.root / "meltano.yml").write_text(
        json.dumps({**whole, "plugins": {**whole["plugins"], "extractors": [plugin | more]}})
    )
    return project


def test_only_what_is_new_is_read(with_the_recipe: Project) -> None:
    """The second run asks for little of what has a time, and for all of the stream that the catalog's metadata names;
    with a catalog of an older version that Meltano has kept as well; without a bookmark, and with --full-refresh, it asks for everything."""
    project = with_the_recipe
    webinars = len(expected()["report_webinars"])
    with SimulatedZoom(account()) as zoom:
        asked, env = Asked(zoom), variables(zoom.config())
        project.meltano(*RUN, **env)
        first = asked.since()
        assert first[0] >= len(expected()["report_meetings"]) and first[1] >= webinars
        for kept_by_meltano in (None, of_the_first_version()):
            if kept_by_meltano:
                cached = project.root / ".meltano/run/tap-zoom/tap.properties.json"
                assert cached.exists()
                cached.write_text(json.dumps(kept_by_meltano), "utf-8")
            project.meltano(*RUN, **env)
            meetings, again = asked.since()
            assert meetings <= first[0] / 5
            assert again >= webinars
        get, put = BY_HAND
        typed(project, get)
        kept = project.root / "state.json"
        state = json.loads(kept.read_text("utf-8"))
        del state["singer_state"]["bookmarks"]["report_meetings"]
        kept.write_text(json.dumps(state), "utf-8")
        typed(project, put)
        project.meltano(*RUN, **env)
        assert asked.since()[0] >= len(expected()["report_meetings"])
        project.meltano("run", "--full-refresh", "tap-zoom", "target-jsonl", **env)
        assert asked.since() == first


def test_one_stream_alone_is_read_incrementally(project: Project) -> None:
    """By the `metadata` extra, without the setting: docs/meltano.md has it so."""
    project.set({"_metadata.report_meetings.replication-method": "INCREMENTAL"})
    with SimulatedZoom(account()) as zoom:
        asked, env = Asked(zoom), variables(zoom.config())
        project.meltano(*RUN, **env)
        first = asked.since()
        project.meltano(*RUN, **env)
        meetings, webinars = asked.since()
    assert meetings <= first[0] / 5
    assert webinars == first[1]
