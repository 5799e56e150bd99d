"""Write the generated documentation: marked parts of README.md, dbt/README.md and docs/, and docs/streams/.

python scripts/update_readme.py            write it
python scripts/update_readme.py --check    only check if it is up to date: exit status 0 or 1
"""

from __future__ import annotations

import sys
from pathlib import Path

import choices
import column_tables
import costs
import models_page
import scopes_page
import stream_pages
from pages import check_joins, page_of

from tap_zoom.about import settings_table
from tap_zoom.streams import PARTS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"


def main(arguments: list[str]) -> int:
    check_joins()
    wanted = {page: filled(page, parts) for page, parts in marked().items()}
    wanted |= {DOCS / "streams" / name: text for name, text in stream_pages.pages().items()}
    wanted[DOCS / "models.md"] = models_page.page()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    stale += sorted(set((DOCS / "streams").glob("*.md")) - wanted.keys())
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run make readme.", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        sys.exit(__doc__)
    for path in stale:
        if path not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], "utf-8")
        print(f"{path.relative_to(ROOT)} written.")
    return 0


def marked() -> dict[Path, dict[str, str]]:
    """Return the generated parts of each page, which are between <!-- name --> and <!-- /name -->."""
    return {
        README: {"parts": parts_line()},
        ROOT / "dbt" / "README.md": {"models": models_page.index("../docs/models.md")},
        DOCS / "settings.md": {"settings": settings_table()},
        DOCS / "which-streams.md": {"account": costs.account(), "choices": choices.tables()},
        DOCS / "security.md": {"secrets": column_tables.secrets_table(), "kept": column_tables.kept_table()},
        DOCS / "targets.md": {"collisions": column_tables.collisions_table()},
        DOCS / "streams.md": {"streams": stream_pages.index()},
        DOCS / "diagram.md": {"diagrams": stream_pages.diagrams()},
        DOCS / "scopes.md": {"without": scopes_page.without_granular(), "scopes": scopes_page.parts()},
        DOCS / "incremental.md": {"sizes": costs.sizes_table()},
        DOCS / "costs.md": {"account": costs.account(), "parts": costs.parts_table(), "large": costs.large_table()},
    }


def filled(page: Path, parts: dict[str, str]) -> str:
    """Return the text of a page with its generated parts replaced."""
    text = page.read_text("utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            sys.exit(f"{page.relative_to(ROOT)} must have <!-- {name} --> and <!-- /{name} --> once.")
        before, rest = text.split(begin)
        text = f"{before}{begin}{part}\n{end}{rest.split(end)[1]}"
    return text


def parts_line() -> str:
    """Return a line with each part of Zoom and the number of its streams."""
    return " · ".join(
        f"[{part}](docs/streams/{page_of(part)}) ({sum(stream.emitted for stream in streams)})"
        for part, streams in PARTS.items()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
