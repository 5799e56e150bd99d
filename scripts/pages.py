"""Helpers for the pages generated from the table of streams: Markdown, names, links, joins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED, ENRICHERS, FALLBACKS, PARTS, parents_of, replaced_by
from tap_zoom.streams.model import NO_VALUE, Entity, Join, Stream

# Readable names of entities, where they differ from the entity's name.
ENTITY_WORDS = {
    "member": "user",
    "meeting": "scheduled meeting",
    "webinar": "scheduled webinar",
    **{f"{kind}_meeting": "past meeting" for kind in ("past", "listed", "metered")},
    **{f"{kind}_webinar": "past webinar" for kind in ("past", "listed", "metered")},
    "metered_room": "Zoom Room",
    "transcribed_call": "recorded call with a transcript",
    "sms_session": "SMS conversation",
    "contact_center_queue": "queue",
    "contact_center_team": "team",
    "surveyed_engagement": "engagement with a survey",
    "published_event": "event that is no draft",
    "event_session": "session of an event",
}


def in_words(entity: Entity) -> str:
    return ENTITY_WORDS.get(entity.name, entity.name.replace("_", " "))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def page_of(part: str) -> str:
    """Return the file name of a part's page in docs/streams/."""
    return part.lower().replace(" ", "-") + ".md"


def part_of(stream: Stream) -> str:
    return next(part for part, streams in PARTS.items() if stream in streams)


def link(stream: Stream, folder: str = "") -> str:
    """Return a link to the section of a stream. `folder`: the path to docs/streams/ from other folders."""
    return f"[`{stream.name}`]({folder}{page_of(part_of(stream))}#{stream.name})"


def linked(text: str) -> str:
    """Replace each stream name in backticks by a link, for a page in docs/streams/."""
    return re.sub(r"`(\w+)`", lambda found: link(BY_NAME[found[1]]) if found[1] in BY_NAME else found[0], text)


def use_of(stream: Stream) -> str:
    """Return the purpose of a stream that emits no records."""
    if stream.name in ENRICHERS:
        main = next(other for other in BY_NAME.values() if other.enriched_by == stream.name)
        missing = [each.field for each in stream.enriches if each.words is NO_VALUE and each.is_in]
        return f"optional: adds `{stream.text_column or missing[0]}` to rows of `{main.name}` that lack it"
    if stream.name in FALLBACKS:
        replaced = " and ".join(f"`{name}`" for name in sorted(replaced_by(stream)))
        return f"optional: replaces {replaced} if the account refuses it"
    entities = " and ".join(dict.fromkeys(in_words(each.entity) for each in stream.links))
    return f"lists each {entities}" + (" older than six months" if stream.links[0].older_than else "")


def joins_of(stream: Stream) -> Iterator[Join]:
    """Yield the joins on the id of a stream's parent, then those in the stream's entry."""
    told = {join.stream for join in stream.joins}
    for column in list(stream.parent.ids)[:1]:
        mine = stream.key[0] if is_the_entity(stream) else ""
        mine = column if column in (*stream.context_columns, *stream.key) else mine
        for other, field in rows_for(stream.parent, column):
            if mine and other is not stream and other.name not in told:
                yield Join(mine, other.name, field)
    yield from stream.joins


def is_the_entity(stream: Stream) -> bool:
    """True if the only row of a stream is its parent entity, with Zoom's own id as the key."""
    is_one = not stream.records and stream.date_range is None and len(stream.key) == 1
    return is_one and stream.key[0] not in stream.context_columns


def rows_for(entity: Entity, column: str) -> Iterator[tuple[Stream, str]]:
    """Yield the streams with a row for each of an entity, and the field of its id: core details first, then lists."""
    for each in EMITTED:
        if each.core and each.parent.ids is entity.ids and is_the_entity(each):
            yield each, each.key[0]
    for parent, found in parents_of(entity):
        for name in found.ids.get(column, "").split("|"):
            if name in parent.key:
                yield parent, name


def check_joins() -> None:
    """Check that the columns of all joins exist. Raises SystemExit if one doesn't."""
    for stream in EMITTED:
        for join in joins_of(stream):
            for name, field in ((stream.name, join.column), (join.stream, join.other)):
                if field not in schema_of(BY_NAME[name])["properties"]:
                    raise SystemExit(f"A join names {name}.{field}, which is in no schema.")
