"""Check that a tag can be released: it must match the version, the changelog and the repository's URL.

    python scripts/release_check.py v0.2.0 https://github.com/someone/tap-zoom

If not, it prints a line for each problem and exits with status 1.
"""

from __future__ import annotations

import re
import sys

from repository import REPOSITORY, ROOT


def problems(tag: str, repository: str, version: str, changelog: str, configured: str) -> list[str]:
    """Return the problems to fix before the tag is released, one sentence each."""
    found = []
    if tag != f"v{version}":
        found.append(f"The tag is {tag}, but __version__ in tap_zoom/__init__.py is {version}: tag v{version}.")
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        found.append(f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`: add it.")
    if configured != repository:
        found.append(
            f'REPOSITORY in setup.py is "{configured}", but this is {repository}: set it, and run make readme. '
            "The links on PyPI and the plugin definition need it."
        )
    return found


def main(arguments: list[str]) -> int:
    """Print the problems, and return the exit status."""
    if len(arguments) != 2:
        sys.exit(__doc__)
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "tap_zoom" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    tag, repository = arguments
    found = problems(tag, repository, version[1] if version else "missing", changelog, REPOSITORY)
    for problem in found:
        print(problem, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
