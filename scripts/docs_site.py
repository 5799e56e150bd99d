"""MkDocs hooks for the docs site (mkdocs.yml).

The pages are written for GitHub. The hooks add Markdown files from outside docs/ and other files that pages link to,
build the navigation from the pages that exist, and convert syntax that Python-Markdown reads differently from GitHub.
Broken links are left unchanged, so that the strict build fails.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from repository import REPOSITORY, site

# Files outside docs/ that are pages, and their path on the site. The home page is docs/index.md.
ROOT_PAGES = {
    "README.md": "overview.md",
    "dbt/README.md": "dbt-package.md",
    "dbt/DECISIONLOG.md": "dbt-decisions.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
}
HOME = "index.md"
# The navigation. Pages that don't exist are left out; pages that no section lists go into the last one.
SECTIONS = {
    "Get started": "overview logins scopes settings command-line upgrade moving",
    "Data": "which-streams select questions keys-and-order diagram gaps",
    "Streams": "streams streams/core streams/*",
    "Operation": (
        "targets meltano container scale state incremental limits costs troubleshooting security security-policy"
    ),
    "Project": "changelog contributing architecture testing benchmarks decisions",
}
OTHER_PAGES = "More"
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
MARKER = re.compile(r"( *)([-*+]|\d+[.)])( +)(?=\S)")
CODE = re.compile(r"`[^`]+`")
FENCE = re.compile(r" *(```+|~~~+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the navigation, and the URLs of the site and the repository, if there is one."""
    config.site_url = site(REPOSITORY) if REPOSITORY else ""
    config.repo_url = REPOSITORY or None
    folder = Path(config.docs_dir)
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    config.nav = navigation(pages | {place for name, place in ROOT_PAGES.items() if (folder.parent / name).exists()})
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    for name, place in ROOT_PAGES.items():
        if (path := Path(config.docs_dir).parent / name).exists():
            files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to other pages and files of the site, and convert GitHub's Markdown."""
    place = page.file.src_uri
    source = {place: name for name, place in ROOT_PAGES.items()}.get(place, f"docs/{place}")
    root = Path(config.docs_dir).parent

    def replaced(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        goal = ROOT_PAGES.get(target) or target.removeprefix("docs/")
        if goal == target and (root / target).is_file():
            goal = f"files/{target}"
            if files.get_file_from_path(goal) is None:
                files.append(File.generated(config, goal, abs_src_path=str(root / target)))
        return posixpath.relpath(goal, posixpath.dirname(place) or ".") + (link[2] or "")

    return translated(LINK.sub(replaced, markdown))


def navigation(pages: set[str]) -> list[Any]:
    """Return the navigation of MkDocs: the home page, then sections that list each other page once."""
    left = pages - {HOME}
    result: list[Any] = [HOME] if HOME in pages else []
    for section, names in SECTIONS.items():
        listed = []
        for name in names.split():
            found = sorted(page for page in left if re.fullmatch(re.escape(f"{name}.md").replace(r"\*", "[^/]+"), page))
            listed += found
            left -= set(found)
        if listed:
            result.append({section: listed})
    return [*result, {OTHER_PAGES: sorted(left)}] if left else result


def translated(markdown: str) -> str:
    """Convert GitHub's Markdown for Python-Markdown.

    Python-Markdown needs four spaces of indentation in list items, a blank line before a list, no backslash before a
    pipe in the code of a table, and an attribute on HTML elements that contain Markdown.
    """
    result: list[str] = []
    offsets: list[int] = []  # where the content of each open list item begins
    fence = ""
    for line in markdown.replace("<details>", '<details markdown="1">').split("\n"):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        after_blank = not result or not result[-1].strip()
        marker = None if fence else MARKER.match(line)
        if marker and not after_blank and not in_list(result):
            result.append("")
        if text and not fence and (marker or after_blank or FENCE.match(line)):
            while offsets and indent < offsets[-1]:
                offsets.pop()
        if text.startswith("|") and not fence:
            text = CODE.sub(lambda code: code[0].replace(r"\|", "|"), text)
        outside = offsets[-1] if offsets else 0
        result.append(" " * (4 * len(offsets) + max(indent - outside, 0)) + text if text else "")
        if marker:
            offsets.append(marker.end())
        if found := FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
    return "\n".join(result)


def in_list(lines: list[str]) -> bool:
    """True if a list item begins in the last block of `lines`, after the last blank line."""
    for line in reversed(lines):
        if MARKER.match(line):
            return True
        if not line.strip():
            break
    return False
