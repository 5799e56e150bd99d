"""The docs site: the strict build passes, fails on dead links, and shows the same content as GitHub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docs_site import ROOT_PAGES, navigation, translated
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
COUNTED = {"table", "tr", "li", "pre", "h1", "h2", "h3", "h4", "details"}


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a copy of the project into its folder `site`, as `make docs` does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def copied(root: Path) -> Path:
    """Copy the files that the site is built from."""
    for name in ("docs", "scripts", "tap_zoom/schemas", "meltano"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("mkdocs.yml", "setup.py", "LICENSE", "sample_config.json", *ROOT_PAGES):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return root


class Elements(HTMLParser):
    """Counts the elements of a page, and collects its texts in code. Only the article counts, if there is one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.code: list[str] = []
        self._inside = False
        found = re.search(r"<article.*?</article>", html, re.DOTALL)
        self.feed(re.sub(r'<nav class="md-.*?</nav>', "", found[0] if found else html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in COUNTED:
            self.counts[tag] += 1
        if tag == "code":
            self.code.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.code[-1] += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    root = copied(tmp_path_factory.mktemp("project"))
    done = build(root)
    assert done.returncode == 0, done.stderr
    return root / "site"


def pages() -> dict[str, Path]:
    """Return the Markdown files by the path of their page on the site."""
    docs = {path.relative_to(ROOT / "docs").as_posix(): path for path in (ROOT / "docs").rglob("*.md")}
    return docs | {place: ROOT / name for name, place in ROOT_PAGES.items()}


def html_of(site: Path, place: str) -> str:
    """Return the built page of a Markdown file."""
    folder = site / place.removesuffix(".md")
    return ((site if place == "index.md" else folder) / "index.html").read_text("utf-8")


@pytest.mark.parametrize("place", pages())
@pytest.mark.few(8)
def test_a_page_has_the_same_content_as_on_github(site: Path, place: str) -> None:
    """The same number of headings, tables, rows, list items and code blocks, and the same texts in code."""
    shown = Elements(html_of(site, place))
    github = Elements(MarkdownIt("gfm-like", {"linkify": False}).render(pages()[place].read_text("utf-8")))
    assert shown.counts == github.counts
    assert [" ".join(text.split()) for text in shown.code] == [" ".join(text.split()) for text in github.code]


def test_every_page_is_in_the_navigation(site: Path) -> None:
    """The navigation of the home page links to it."""
    home = html_of(site, "index.md")
    linked = set(re.findall(r'<a href="([^"#]+)/" class="md-nav__link', home))
    assert {place.removesuffix(".md") for place in pages()} - {"index"} <= linked


def test_the_search_finds_columns(site: Path) -> None:
    """The search index contains the data dictionary."""
    assert "participant_user_id" in (site / "search" / "search_index.json").read_text("utf-8")


def test_diagrams_are_rendered_by_mermaid(site: Path) -> None:
    """The theme renders elements of the class mermaid. They contain the unchanged text."""
    with_diagrams = {place: path for place, path in pages().items() if "```mermaid" in path.read_text("utf-8")}
    assert with_diagrams
    for place, path in with_diagrams.items():
        written = re.findall(r"^```mermaid\n(.*?)^```$", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        shown = re.findall(r'<pre class="mermaid"><code>(.*?)</code></pre>', html_of(site, place), re.DOTALL)
        assert [unescape(text).strip() for text in shown] == [text.strip() for text in written]


def test_linked_files_of_the_repository_are_on_the_site(site: Path) -> None:
    """For example, a page links to the schemas, which are outside docs/."""
    assert "../../files/tap_zoom/schemas/users.json" in html_of(site, "streams/core.md")
    copy = site / "files" / "tap_zoom" / "schemas" / "users.json"
    assert copy.read_bytes() == (ROOT / "tap_zoom" / "schemas" / "users.json").read_bytes()


@pytest.mark.long
def test_dead_links_fail_the_build(tmp_path: Path) -> None:
    """Missing pages, files and sections, and paths from the root: each has its own warning."""
    links = ("nowhere.md", "streams.md#no-such-section", "../nowhere.json", "../README.md#no-such-place", "/streams.md")
    root = copied(tmp_path)
    (root / "docs" / "new-page.md").write_text("# New\n" + "".join(f"\n[dead]({link})\n" for link in links), "utf-8")
    done = build(root)
    assert done.returncode == 1
    warnings = [line for line in done.stderr.splitlines() if line.startswith("WARNING") and "new-page.md" in line]
    assert len(warnings) == len(links), done.stderr
    for told in ("nowhere.md", "#no-such-section", "nowhere.json", "#no-such-place", "/streams.md"):
        assert any(told in warning for warning in warnings), told


def test_a_new_page_is_added_to_the_navigation() -> None:
    """It is in the last section. Pages that don't exist, and sections without pages, are left out."""
    made = navigation({"index.md", "state.md", "surprise.md", "streams/core.md", "streams/phone.md"})
    assert made == [
        "index.md",
        {"Streams": ["streams/core.md", "streams/phone.md"]},
        {"Operation": ["state.md"]},
        {"More": ["surprise.md"]},
    ]


@pytest.mark.parametrize(
    ("github", "python_markdown"),
    [
        ("text\n* a\n* b", "text\n\n* a\n* b"),
        ("* a\n  b\n* c", "* a\n    b\n* c"),
        ("1. a\n\n   ```bash\n     b\n   ```\n2. c", "1. a\n\n    ```bash\n      b\n    ```\n\n2. c"),
        ("* a\n\n  b\n* c", "* a\n\n    b\n\n* c"),
        ("* a\n  * b\n    * c\n* d", "* a\n    * b\n        * c\n* d"),
        ("* a\n\ntext\n* b", "* a\n\ntext\n\n* b"),
        ("* a\nb continues a\n* c", "* a\n    b continues a\n* c"),
        ("```\ntext\n* a\n  b\n```", "```\ntext\n* a\n  b\n```"),
        (r"| `a\|b` \| c |", r"| `a|b` \| c |"),
        ("<details><summary>a</summary>", '<details markdown="1"><summary>a</summary>'),
    ],
)
def test_markdown_is_translated(github: str, python_markdown: str) -> None:
    """Lists and their content, tables and details. Code blocks stay unchanged."""
    assert translated(github) == python_markdown
