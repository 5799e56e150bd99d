"""Write the files in .github/ that contain the repository's URL: CODEOWNERS and ISSUE_TEMPLATE/config.yml.

    python scripts/make_github.py            write them
    python scripts/make_github.py --check    only check if they are up to date: exit status 0 or 1

The URL is REPOSITORY in setup.py. While it is empty, no file names an owner.
"""

from __future__ import annotations

import sys
from pathlib import Path

from repository import REPOSITORY, ROOT, owner, site

MADE = "# Made by scripts/make_github.py from REPOSITORY in setup.py: edit that, and run make readme.\n"
CONTACTS = """\
contact_links:
  - name: Report a vulnerability
    url: {repository}/security/advisories/new
    about: In private, please. SECURITY.md says what to send.
  - name: Documentation
    url: {site}
    about: Settings, streams, logins, troubleshooting.
"""


def files(repository: str) -> dict[str, str]:
    """Return the contents of each file, by path. `repository`: the repository's URL on GitHub, or empty."""
    rule = f"* @{owner(repository)}\n" if repository else "# No rule yet: the repository has no address.\n"
    contacts = CONTACTS.format(repository=repository, site=site(repository)) if repository else ""
    return {
        ".github/CODEOWNERS": MADE + rule,
        ".github/ISSUE_TEMPLATE/config.yml": MADE + "blank_issues_enabled: false\n" + contacts,
    }


def main(arguments: list[str]) -> int:
    """Write the files, or check them; return the exit status."""
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    stale = {ROOT / name: text for name, text in files(REPOSITORY).items() if current(ROOT / name) != text}
    for path, text in stale.items():
        if arguments:
            print(f"{path.relative_to(ROOT)} is not up to date: run make readme.", file=sys.stderr)
        else:
            path.write_text(text, "utf-8")
            print(f"{path.relative_to(ROOT)} written.")
    return int(bool(stale and arguments))


def current(path: Path) -> str | None:
    """Return the contents of a file, or None if it doesn't exist."""
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
