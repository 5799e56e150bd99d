"""Output of --about: settings, capabilities and streams, from the same tables that the code uses."""

from __future__ import annotations

import json
from typing import Any

from tap_zoom import __version__
from tap_zoom.config import LOGINS, SETTINGS
from tap_zoom.discover import FULL_TABLE, INCREMENTAL
from tap_zoom.setting import Setting
from tap_zoom.streams import PARTS, replication_key_of
from tap_zoom.streams.model import Stream

CAPABILITIES = ("about", "catalog", "discover", "properties", "state", "structured-logging", "test")


def as_json() -> str:
    return json.dumps(
        {
            "name": "tap-zoom",
            "description": "Singer tap for Zoom: meetings, webinars, recordings, reports, phone, chat, rooms.",
            "version": __version__,
            "capabilities": list(CAPABILITIES),
            "settings": [_setting(setting) for setting in SETTINGS],
            "settings_group_validation": [list(group) for group in LOGINS],
            "streams": [_stream(part, stream) for part in PARTS for stream in PARTS[part] if stream.emitted],
        },
        indent=2,
    )


def as_markdown() -> str:
    paragraphs = (
        f"# tap-zoom {__version__}", f"Capabilities: {', '.join(CAPABILITIES)}", "## Settings", settings_table(),
        "## Streams",
        "The core streams are selected by default. Replication: INCREMENTAL streams can be read from their bookmark "
        "(setting replication_method); FULL_TABLE streams are always read in full.", streams_tables(),
    )  # fmt: skip
    return "\n\n".join(paragraphs) + "\n"


def settings_table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| Setting | Kind | Default | Meaning |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS:
        kind = " \\| ".join(setting.options) if setting.options else setting.kind.replace("date_iso8601", "date")
        default = "" if setting.default is None else f"`{_spelled(setting.default)}`"
        rows.append(f"| `{setting.name}` | {kind} | {default} | {setting.description} |")
    return "\n".join(rows)


def streams_tables() -> str:
    """Return the emitted streams as Markdown, with a table for each part."""
    lines: list[str] = []
    for part, streams in PARTS.items():
        lines += [
            f"### {part}",
            "",
            "| Stream | Key | Replication | Zoom's operation | Rate limit | Scope (granular) | Scope (classic) |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += [_row(stream) for stream in streams if stream.emitted]
        lines.append("")
    return "\n".join(lines[:-1])


def _row(stream: Stream) -> str:
    keys = ", ".join(f"`{name}`" for name in stream.key)
    granular = f"`{stream.granular}`" if stream.granular else "none"
    return (
        f"| `{stream.name}` | {keys} | {method_of(stream)} | `GET /{stream.path}` | {stream.rate_limit} | {granular} | "
        f"`{stream.classic}` |"
    )


def method_of(stream: Stream) -> str:
    """Return INCREMENTAL for a stream that supports it, else FULL_TABLE."""
    return INCREMENTAL if replication_key_of(stream) else FULL_TABLE


def _spelled(value: str | int | bool) -> str:
    """Format a value as in config files and the environment."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _setting(setting: Setting) -> dict[str, Any]:
    names = ("name", "kind", "label", "description", "sensitive", "default", "options", "documentation")
    values = {name: getattr(setting, name) for name in names}
    return {name: value for name, value in values.items() if value or (name == "default" and value is not None)}


def _stream(part: str, stream: Stream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "part": part,
        "selected_by_default": stream.core,
        "key_properties": list(stream.key),
        "replication_method": method_of(stream),
        "incremental_by": replication_key_of(stream) or None,
        "operation": f"GET /v2/{stream.path}",
        "rate_limit_label": str(stream.rate_limit),
        "scopes": {"granular": stream.granular, "classic": stream.classic},
        "needs": stream.requires,
        "keeps": stream.retention,
    }
