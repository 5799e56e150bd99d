"""docs/scopes.md: what to tick in Zoom's app form, for each part."""

from __future__ import annotations

from collections.abc import Iterable

from pages import code, link, table, use_of

from tap_zoom.access import ancestors
from tap_zoom.streams import BY_NAME, PARTS
from tap_zoom.streams.model import Stream


def without_granular() -> str:
    """The streams that an app with granular scopes can't read."""
    streams = [stream for part in PARTS.values() for stream in part if not stream.granular]
    return "Zoom has no granular scope for " + ", ".join(link(stream, "streams/") for stream in streams) + "."


def parts() -> str:
    """A section for each part: blocks to copy, and what each scope opens."""
    lines: list[str] = []
    for part, streams in PARTS.items():
        lines += [f"## {part}", "", "Granular:", "", block(stream.granular for stream in asked(streams)), ""]
        lines += ["Classic:", "", block(stream.classic for stream in asked(streams)), ""]
        lines += [table(("Granular", "Classic", "For"), rows(streams)), ""]
    return "\n".join(lines).rstrip()


def asked(streams: tuple[Stream, ...]) -> list[Stream]:
    """These, and all that lead to them."""
    names = {name for stream in streams if stream.emitted for name in ancestors(stream, older=True)}
    names |= {stream.name for stream in streams}
    return [stream for stream in BY_NAME.values() if stream.name in names]


def block(scopes: Iterable[str]) -> str:
    return "\n".join(["```", *sorted({scope for scope in scopes if scope}), "```"])


def rows(streams: tuple[Stream, ...]) -> list[tuple[str, ...]]:
    """Each scope of the blocks, with what it opens."""
    opened: dict[tuple[str, str], list[str]] = {}
    for stream in asked(streams):
        words = link(stream, "streams/") if stream.emitted else use_of(stream)
        leads = "their parent: " if stream not in streams and stream.emitted else ""
        opened.setdefault((stream.granular, stream.classic), []).append(leads + words)
    return [
        (code([granular]) if granular else "none", code([classic]), "; ".join(words))
        for (granular, classic), words in opened.items()
    ]
