"""Write meltano/tap-zoom.yml, the plugin definition for Meltano's hub, from the tables that the tap itself uses.

python scripts/make_definition.py            write it
python scripts/make_definition.py --check    only check if it is up to date: exit status 0 or 1
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml
from column_tables import held_back
from repository import REPOSITORY

from tap_zoom.about import CAPABILITIES, method_of
from tap_zoom.access import ancestors
from tap_zoom.config import LOGINS, SETTINGS
from tap_zoom.discover import FULL_TABLE, INCREMENTAL
from tap_zoom.setting import Setting
from tap_zoom.streams import BY_NAME, EMITTED, STREAMS
from tap_zoom.streams.secrets import HELD_BACK

ROOT = Path(__file__).parent.parent
FILE = ROOT / "meltano" / "tap-zoom.yml"
HEAD = """\
# The definition of tap-zoom in the format of Meltano's hub. Made by scripts/make_definition.py: edit that.
"""
# Without an address, pip_url is the current folder. README.md says how to replace it with the path of a clone.
HEAD_OF_A_CLONE = """\
# pip_url stands for the folder of your clone: README.md says how to put its path there.
"""
# Meltano deletes the config file after each run, so the rotated refresh token needs its own file. Meltano's .gitignore
# excludes it from the repository. Other logins write nothing there.
TOKEN_STORE = "$MELTANO_PROJECT_ROOT/.meltano/tap-zoom-token.json"  # noqa: S105 (a path)
PREREQ = """\
A Server-to-Server OAuth app of the Zoom account, with these scopes (or the classic ones: {classic}):

{granular}

Then `account_id`, `client_id` and `client_secret` are the only settings that you need. Other ways to log in: an OAuth
app with `client_id`, `client_secret` and `refresh_token`, or a `jwt` of an old JWT app. Zoom replaces a refresh token
at each use; the file `token_store` keeps the next one, and must outlive the run (in a container: on a volume).
"""
USAGE = """\
#### Try the login

`meltano invoke tap-zoom:test` logs in, tries each core stream and names missing scopes, plans and roles. `meltano
config test tap-zoom` tries your own selection. `meltano invoke tap-zoom --test` tries each stream of the catalog that
Meltano wrote last: after a change of `select`, refresh it first with `meltano select tap-zoom --list`.

#### Rows

`select` contains the core streams: users, scheduled and past meetings and webinars, with registrants, participants,
polls and Q&A. Recordings, reports, logs, dashboards, Phone, Team Chat, Rooms and more are optional; they need further
scopes (docs/scopes.md) and requests (docs/costs.md). `*.*` would select all of them.

Each run reads all available history. Keys are unique, so that a loader can update rows. The state lets an interrupted
run resume. Rows are never deleted: Zoom deletes past meetings after six months to a year, and the warehouse keeps them.

With `replication_method: INCREMENTAL` these streams are read from their bookmark, less `lookback_days`: {incremental}.

Always read in full: {full}.

#### Log

With `TAP_ZOOM_LOG_FORMAT=json` in the environment, for example in `.env`, log lines are JSON, which Meltano 4 shows
with their level.

#### Login secrets

`start_url`, `host_key` and `dynamic_host_key` let their reader act as a meeting's host. `select` excludes them: keep
these rules with your own. docs/security.md lists the secrets of other streams.
"""

CORE = [stream for stream in EMITTED if stream.core]
SECRET_FIELDS = [secret.name for secret in HELD_BACK if any(secret.name in held_back(stream) for stream in CORE)]
Definition = dict[str, Any]


def main(arguments: list[str]) -> int:
    wanted = text(definition())
    stale = not FILE.exists() or FILE.read_text("utf-8") != wanted
    if arguments == ["--check"]:
        if stale:
            print(f"{FILE.relative_to(ROOT)} is not up to date: run make readme.", file=sys.stderr)
        return int(stale)
    if arguments:
        sys.exit(__doc__)
    if stale:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(wanted, "utf-8")
        print(f"{FILE.relative_to(ROOT)} written.")
    return 0


def definition(repository: str = REPOSITORY) -> Definition:
    """Return the definition as a dictionary. `repository`: the repository's URL on GitHub, or empty."""
    return {
        "name": "tap-zoom",
        "namespace": "tap_zoom",
        "variant": "original",
        "label": "Zoom",
        "description": "Video meetings and webinars: users, registrants, polls, and participants",
        "domain_url": "https://developers.zoom.us/docs/api/",
        **({"repo": repository} if repository else {}),
        "pip_url": f"git+{repository}.git" if repository else ".",
        "executable": "tap-zoom",
        "capabilities": list(CAPABILITIES),
        "keywords": ["api"],
        "maintenance_status": "beta",
        "quality": "unknown",  # the hub's maintainers rate it
        "supported_python_versions": python_versions(),
        "prereq": prereq(),
        "settings_group_validation": [list(names) for names in LOGINS],
        "settings": [setting(each) for each in SETTINGS],
        "select": [*(f"{stream.name}.*" for stream in CORE), *(f"!*.{name}" for name in SECRET_FIELDS)],
        # Meltano passes settings to commands as TAP_ZOOM_<SETTING> variables, without a config file.
        "commands": {"test": {"args": "--config ENV --test", "description": "Log in and try each core stream"}},
        "usage": USAGE.format(incremental=by_method(INCREMENTAL), full=by_method(FULL_TABLE)),
        "log_parser": "singer-sdk",
    }


def by_method(method: str) -> str:
    """Return the names of the streams with this replication method."""
    return ", ".join(f"`{stream.name}`" for stream in EMITTED if method_of(stream) == method)


def setting(setting: Setting) -> Definition:
    """Return the definition of a setting, without empty values."""
    described = {
        "name": setting.name,
        "label": setting.label,
        "description": setting.description,
        "kind": setting.kind.replace("password", "string"),  # the hub replaced the kind password by sensitive
        "sensitive": setting.sensitive or None,
        "value": TOKEN_STORE if setting.name == "token_store" else setting.default,
        "options": [{"label": value.replace("_", " ").title(), "value": value} for value in setting.options] or None,
        "documentation": setting.documentation or None,
    }
    return {name: value for name, value in described.items() if value is not None}


def prereq() -> str:
    """Return the prerequisites: the scopes of the core streams, their ancestors and fallback streams."""
    asked = {name for stream in CORE for name in (stream.name, *ancestors(stream, older=True))}
    asked |= {BY_NAME[name].fallback_stream for name in asked}
    classic = dict.fromkeys(stream.scopes[1] for stream in STREAMS if stream.name in asked)
    granular = dict.fromkeys(stream.scopes[0] for stream in STREAMS if stream.name in asked)
    return PREREQ.format(
        classic=", ".join(f"`{scope}`" for scope in classic), granular="\n".join(f"- `{scope}`" for scope in granular)
    )


def python_versions() -> list[str]:
    """Return the Python versions that setup.py lists."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "setup.py").read_text("utf-8"))


class _Dumper(yaml.SafeDumper):
    """Writes block style, with multi-line strings as literal blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, "|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def text(definition: Definition) -> str:
    """Return the text of the file."""
    head = HEAD if "repo" in definition else HEAD + HEAD_OF_A_CLONE
    return head + yaml.dump(definition, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
