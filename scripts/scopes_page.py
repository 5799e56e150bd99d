"""The generated text of docs/scopes.md: the scopes to select in Zoom's app form, for each part of Zoom."""

from __future__ import annotations

from collections.abc import Iterable

from pages import code, in_words, link, table, use_of

from tap_zoom.access import ancestors
from tap_zoom.streams import BY_NAME, PARTS
from tap_zoom.streams.model import Stream


def without_granular() -> str:
    """Return a sentence with the streams that an app with granular scopes can't read."""
    streams = [stream for part in PARTS.values() for stream in part if not stream.granular]
    return "Zoom has no granular scope for " + ", ".join(link(stream, "streams/") for stream in streams) + "."


def parts() -> str:
    """Return a section for each part: blocks of scopes to copy, and the purpose of each scope."""
    lines: list[str] = []
    for part, streams in PARTS.items():
        lines += [f"## {part}", "", "Granular:", "", block(stream.granular for stream in asked(streams)), ""]
        lines += ["Classic:", "", block(stream.classic for stream in asked(streams)), ""]
        lines += [table(("Granular", "Classic", "For"), rows(streams)), ""]
    return "\n".join(lines).rstrip()


def asked(streams: tuple[Stream, ...]) -> list[Stream]:
    """Return these streams, and the ancestors of those that are emitted."""
    names = {name for stream in streams if stream.emitted for name in ancestors(stream, older=True)}
    names |= {stream.name for stream in streams}
    return [stream for stream in BY_NAME.values() if stream.name in names]


def block(scopes: Iterable[str]) -> str:
    return "\n".join(["```", *sorted({scope for scope in scopes if scope}), "```"])


def rows(streams: tuple[Stream, ...]) -> list[tuple[str, ...]]:
    """Return a row for each scope of the blocks, with its purpose."""
    opened: dict[tuple[str, str], list[str]] = {}
    for stream in asked(streams):
        if stream in streams and stream.emitted:
            words = link(stream, "streams/")
        else:
            words = lead_of(stream, streams) if stream.emitted else use_of(stream)
        opened.setdefault((stream.granular, stream.classic), []).append(words)
    return [
        (code([granular]) if granular else "none", code([classic]), "; ".join(words))
        for (granular, classic), words in opened.items()
    ]


def lead_of(stream: Stream, streams: tuple[Stream, ...]) -> str:
    """Return the purpose of a stream of another part: the entities it lists, and a stream that needs them."""
    led = [each for each in streams if each.emitted and stream.name in ancestors(each, older=True)]
    needed = [BY_NAME[name].parent for each in led for name in (each.name, *ancestors(each, older=True))]
    found = [each.entity for each in stream.links if each.entity in needed]
    entities = " and ".join(f"{words}s" for words in dict.fromkeys(map(in_words, found)))
    return f"lists {entities} for {link(led[0], 'streams/')}" + (" and others" if len(led) > 1 else "")
