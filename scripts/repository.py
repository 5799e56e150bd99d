"""The name and URL under which the project is published. They are set in setup.py only."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def read(constant: str) -> str:
    """Return the value of a constant of setup.py: NAME or REPOSITORY."""
    found = re.search(rf'^{constant} = "(.*)"$', (ROOT / "setup.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise SystemExit(f'setup.py has no line {constant} = "...".')
    return found[1]


NAME = read("NAME")
REPOSITORY = read("REPOSITORY")


def owner(repository: str) -> str:
    """Return the user or organization that owns a repository on GitHub."""
    return repository.removeprefix("https://github.com/").partition("/")[0]


def site(repository: str) -> str:
    """Return the URL of the docs site, on GitHub Pages."""
    return f"https://{owner(repository)}.github.io/{repository.rpartition('/')[2]}/"
