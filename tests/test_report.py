"""The chart page of the demo: its figures match the account, and a browser shows it without a network."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import known_marts
from tests.built import PYTHON, Built
from tests.known_marts import minutes
from tests.tap import ROOT

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
MEASURE = """<script>
document.body.dataset.seen = JSON.stringify({
    width: innerWidth, needed: document.documentElement.scrollWidth,
    charts: [...document.querySelectorAll("figure svg")].map(svg => ({
        width: svg.getBoundingClientRect().width, height: svg.getBoundingClientRect().height,
        marks: svg.querySelectorAll(".mark-rect path, .mark-area path, .mark-line path").length,
        outside: [...svg.querySelectorAll("text")].filter(text => {
            const box = text.getBoundingClientRect(), chart = svg.getBoundingClientRect();
            return box.left < chart.left - 1 || box.right > chart.right + 1;
        }).length,
    })),
    titles: [...document.querySelectorAll("h2")].map(title => title.textContent),
    tiles: [...document.querySelectorAll(".tile")].map(tile => [tile.querySelector("b").textContent, tile.querySelector("span").textContent]),
});
</script>"""


@pytest.fixture(scope="module")
def page(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demo's chart page of the account."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    subprocess.run([PYTHON, ROOT / "demo" / "report.py", built.path("all"), page], check=True, capture_output=True)
    return page


def test_the_page_loads_nothing_from_elsewhere(page: Path) -> None:
    """No script, style, picture or font from another file or host."""
    text = page.read_text("utf-8")
    assert set(re.findall(r"https?://[^\"' )<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<script|<link|<img|@import|url\((?!#)", text)


@pytest.mark.parametrize("width", [1280, 600])
def test_a_browser_shows_four_charts(built: Built, page: Path, tmp_path: Path, width: int) -> None:
    """Each has marks, all labels are inside, and none is wider than the window. The figures are those of the
    account."""
    if BROWSER is None:
        pytest.skip("There is no Chromium. Install it, for example: apt-get install chromium.")
    seen = looked_at(page, tmp_path, width)
    assert seen["titles"] == ["Attendance over time", "Busiest hours", "License use", "Webinar funnel"]
    assert seen["needed"] <= seen["width"]
    assert len(seen["charts"]) == 4
    for chart in seen["charts"]:
        assert 300 < chart["width"] < width and chart["height"] > 150
        assert chart["marks"] >= 4 and chart["outside"] == 0
    tiles = {name: value for value, name in seen["tiles"]}
    people = built.people("meeting")
    held: dict[str, int] = {}
    for person in people:
        held[person.held.uuid] = held.get(person.held.uuid, 0) + len(person.seconds)
    assert tiles["meetings"] == f"{len(known_marts.meetings(built.rows)):,}"
    assert tiles["webinar no-shows"] == f"{len(built.rows['webinar_absentees']):,}"
    assert abs(int(tiles["hours in meetings"].replace(",", "")) - sum(map(minutes, held.values())) / 60) <= 1


def looked_at(page: Path, directory: Path, width: int) -> dict[str, Any]:
    """Return a browser's measurements of the page, at a width in pixels."""
    copy = directory / "measured.html"
    copy.write_text(page.read_text("utf-8").replace("</body>", f"{MEASURE}</body>"), "utf-8")
    assert BROWSER
    command = [
        BROWSER,
        *QUIET,
        f"--user-data-dir={directory / 'profile'}",
        f"--window-size={width},1200",
        "--dump-dom",
        copy.as_uri(),
    ]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=120).stdout
    found = re.search(r'data-seen="(.*?)"', shown)
    assert found
    seen: dict[str, Any] = json.loads(html.unescape(found[1]))
    return seen
