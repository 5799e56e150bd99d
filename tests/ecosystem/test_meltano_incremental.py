"""Incremental sync in Meltano, as described in docs/incremental.md."""

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
    """Counts requests for reports of meetings and of webinars since the last check."""

    def __init__(self, zoom: SimulatedZoom) -> None:
        self.zoom, self.before = zoom, (0, 0)

    def since(self) -> tuple[int, int]:
        now = self.zoom.operations[OF_MEETINGS], self.zoom.operations[OF_WEBINARS]
        before, self.before = self.before, now
        return now[0] - before[0], now[1] - before[1]


def of_the_first_version() -> dict[str, Any]:
    """Return a catalog like the first version's, in which every stream is FULL_TABLE. Meltano may have cached one."""
    kept = catalog()
    for stream in kept["streams"]:
        mark = stream["metadata"][0]["metadata"]
        mark.pop("valid-replication-keys", None)
        mark["forced-replication-method"] = "FULL_TABLE"
    return kept


def typed(project: Project, command: str) -> None:
    """Run a command of the page in a shell."""
    meltano = program(f"meltano-{project.version}", "meltano")
    command = command.replace("<id>", PIPELINE).replace("meltano ", f"{meltano} ", 1)
    subprocess.run(
        ["bash", "-euc", command], cwd=project.root, env=project.environment(), check=True, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def with_the_recipe(project: Project) -> Project:
    """The project with the page's example for meltano.yml, changed to a stream with rows in this account."""
    assert PER_STREAM
    recipe = yaml.safe_load(PER_STREAM[1].replace("survey_answers", "report_webinars"))
    whole = project.yaml()
    (plugin,), (more,) = whole["plugins"]["extractors"], recipe["plugins"]["extractors"]
    (project.root / "meltano.yml").write_text(
        json.dumps({**whole, "plugins": {**whole["plugins"], "extractors": [plugin | more]}})
    )
    return project


def test_incremental_runs_request_few_meetings(with_the_recipe: Project) -> None:
    """A second run requests few meetings, but all webinars, because their metadata says FULL_TABLE.

    An old catalog in Meltano's cache doesn't change that. Without its bookmark, report_meetings is read in full.
    A run with --full-refresh repeats the requests of the first run.
    """
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


def test_metadata_makes_one_stream_incremental(project: Project) -> None:
    """The `metadata` extra makes one stream incremental without the setting, as described in docs/meltano.md."""
    project.set({"_metadata.report_meetings.replication-method": "INCREMENTAL"})
    with SimulatedZoom(account()) as zoom:
        asked, env = Asked(zoom), variables(zoom.config())
        project.meltano(*RUN, **env)
        first = asked.since()
        project.meltano(*RUN, **env)
        meetings, webinars = asked.since()
    assert meetings <= first[0] / 5
    assert webinars == first[1]
