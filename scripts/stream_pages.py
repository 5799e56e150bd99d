"""A page in docs/streams/ for each part of Zoom; the index of all streams; the diagram of the core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from column_tables import held_back
from costs import cost_of, rounded
from pages import code, in_words, joins_of, link, linked, page_of, sentence, table, use_of

from tap_zoom.access import ancestors
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED, ENRICHERS, PARTS, parents_of, replication_key_of
from tap_zoom.streams.model import ACCOUNT, DateRange, Stream
from tap_zoom.sync.windows import MONTHS_BACK
from tap_zoom.words import described

MADE = "Made by `make readme` from `tap_zoom/streams/` and the schemas: edit those."


def pages() -> dict[str, str]:
    """What stands in each file of docs/streams/."""
    return {page_of(part): page(part, streams) for part, streams in PARTS.items()}


def index() -> str:
    """All streams, a table for each part."""
    lines: list[str] = []
    for part, streams in PARTS.items():
        rows = ((link(s, "streams/"), s.description, code(s.key), s.requires) for s in streams if s.emitted)
        lines += [f"## [{part}](streams/{page_of(part)})", ""]
        lines += [table(("Stream", "What it holds", "Key", "Needs"), rows), ""]
    return "\n".join(lines).rstrip()


def page(part: str, streams: tuple[Stream, ...]) -> str:
    emitted = [stream for stream in streams if stream.emitted]
    lines = [f"# {part}", "", MADE, ""]
    lines += [f"{selected(part)} What is typical is so for [this account](../costs.md).", ""]
    lines += [f"* {link(stream)}: {stream.description}" for stream in emitted]
    for stream in emitted:
        lines += ["", f"## {stream.name}", "", sentence(stream.description)]
        lines += [part for text in (stream.overlaps,) if text for part in ("", f"**Overlaps.** {linked(text)}")]
        lines += ["", facts(stream), *meanings(stream)]
        lines += [line for line in ("", joins(stream)) if joins(stream)]
    if len(emitted) < len(streams):
        lines += ["", "## Lists that lead to them", ""]
        lines += ["They are read where a selected stream needs them, and not emitted.", "", lists(streams)]
    return "\n".join(lines) + "\n"


def selected(part: str) -> str:
    if any(stream.core for stream in PARTS[part]):
        return "All of these are selected unless you deselect them."
    return "None of these is selected by default: [select](../select.md) says how to."


def lists(streams: tuple[Stream, ...]) -> str:
    rows = (
        (f"`{s.name}`", f"`GET /v2/{s.path}`", str(s.rate_limit), scopes(s), cost(s), use_of(s))
        for s in streams
        if not s.emitted
    )
    return table(("List", "Operation", "Rate label", "Scope", "Cost", "For"), rows)


def facts(stream: Stream) -> str:
    fields = schema_of(stream)["properties"]
    lead = [BY_NAME[name] for name in sorted(ancestors(stream, older=True) - ENRICHERS, key=list(BY_NAME).index)]
    typical = cost_of(stream)
    rows = [
        ("Operation", f"`GET /v2/{stream.path}`" + asked_with(stream)),
        ("Key", code(stream.key)),
        ("Columns added by the tap", code(stream.context_columns)),
        ("Fields", f"{len(fields)}: [{stream.name}.json](../../tap_zoom/schemas/{stream.name}.json)"),
        ("Never selected by default", code(held_back(stream))),
        ("Needs", stream.requires),
        ("Scope", scopes(stream)),
        ("Scopes that lead to it", ", ".join(dict.fromkeys(scopes(each) for each in lead))),
        ("Rate label", str(stream.rate_limit)),
        ("Cost", cost(stream)),
        ("Requests, typically", f"{rounded(typical.first)} at first, {rounded(typical.nightly)} each night"),
        ("Retention", reach(stream)),
        ("Time of a row", f"`{replication_key_of(stream)}`" if stream.date_range else ""),
        ("Answers that mean nothing is there", ", ".join(refusals(stream))),
    ]
    return table(("", ""), ((f"**{name}**", value) for name, value in rows if value))


def meanings(stream: Stream) -> list[str]:
    """What each column means, folded away."""
    words = table(("Column", "Meaning"), ((f"`{column}`", meaning) for column, meaning in words_of(stream).items()))
    return ["", "<details><summary>Columns in words</summary>", "", words, "", "</details>"]


def words_of(stream: Stream) -> dict[str, str]:
    """What its columns mean, by path ("settings.audio"), in the schema's order. Of the core all have words; of others
    the key, columns added by the tap, times, quantities and lists of values."""
    return words_in(described(stream.name, schema_of(stream)))


def words_in(schema: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """The descriptions in a schema, by path."""
    found = words_in(schema["items"], above) if "items" in schema else {}
    for name, part in schema.get("properties", {}).items():
        if "description" in part:
            found[f"{above}{name}"] = part["description"]
        found |= words_in(part, f"{above}{name}.")
    return found


def scopes(stream: Stream) -> str:
    """Both forms, as code."""
    classic = f"`{stream.classic}`"
    return f"`{stream.granular}` (classic: {classic})" if stream.granular else f"{classic} (classic; no granular one)"


def asked_with(stream: Stream) -> str:
    """The parameters that are always sent, and the ones that are sent in turn."""
    always = [f"{name}={value}" for name, value in stream.params.items()]
    names = dict.fromkeys(name for asks in stream.variants for name in asks)
    turns = [f"{name}=" + "|".join(asks.get(name, "(none)") for asks in stream.variants) for name in names]
    return f" with {code([*always, *turns])}" if always or turns else ""


def cost(stream: Stream) -> str:
    """Requests of one run."""
    per = "for the account" if stream.parent is ACCOUNT else f"per {in_words(stream.parent)}"
    if stream.date_range is not None and stretch(stream.date_range):
        window = stretch(stream.date_range)
        per = f"per {window}" if stream.parent is ACCOUNT else f"{per} and {window}"
    more = f"; one more for each further {stream.page_size} rows" if stream.page_size > 0 else ""
    return f"{len(stream.variants)} {per}{more}"


def stretch(dates: DateRange) -> str:
    """The time that a call takes; "" for any."""
    if not dates.days:
        return "calendar month"
    return {1: "day", 7: "week", 28: "four weeks"}.get(dates.days, "")


def reach(stream: Stream) -> str:
    """How far back Zoom answers."""
    if stream.retention:
        return stream.retention
    dates = stream.date_range
    if dates is None:
        leads = [lister for lister, _ in parents_of(stream.parent) if replication_key_of(lister)]
        return f"as {link(leads[0]) if leads[0].emitted else leads[0].name}" if leads else "what is there now"
    if dates.months_back:
        return f"{dates.months_back} months"
    if dates.days_back:
        return f"{dates.days_back} days"
    if dates.days > 366:
        return "everything"
    return f"Zoom does not say: {MONTHS_BACK} months are read, or from `start_date` on"


def refusals(stream: Stream) -> Iterator[str]:
    for refusal in stream.empty_answers:
        code_ = f"{refusal.status}/{refusal.code}" if refusal.code is not None else f"{refusal.status}"
        yield f"{refusal.reason} ({code_}{', by its message' if refusal.pattern else ''})"


def joins(stream: Stream) -> str:
    lines = []
    for each in EMITTED:
        for join in joins_of(each):
            if stream.name in (each.name, join.stream):
                note = f" ({join.note})" if join.note else ""
                lines.append(f"* `{each.name}.{join.column}` = `{join.stream}.{join.other}`{note}")
    return "Joins:\n" + "\n".join(lines) if lines else ""


# --- the diagram --------------------------------------------------------------------------------------------------


def diagram() -> str:
    """The core and its joins as a Mermaid entity diagram."""
    core = [stream for stream in PARTS["Core"] if stream.emitted]
    lines = ["```mermaid", "erDiagram", "    direction LR"]
    for stream in core:
        for join in joins_of(stream):
            one = "|o" if join.note else "||"
            if BY_NAME[join.stream] in core:
                lines.append(f'    {join.stream} {one}--o{{ {stream.name} : "{join.column} = {join.other}"')
    for stream in core:
        lines += [f"    {stream.name} {{", *(f"        {line}" for line in columns(stream)), "    }"]
    return "\n".join([*lines, "```"])


def columns(stream: Stream) -> Iterator[str]:
    """The columns of an entity that are part of its key (PK) or lead to another (FK)."""
    properties = schema_of(stream)["properties"]
    joined = {join.column for join in joins_of(stream)}
    for name in [*stream.key, *sorted(joined - set(stream.key))]:
        marks = ", ".join(mark for mark, has in (("PK", name in stream.key), ("FK", name in joined)) if has)
        yield f"{type_of(properties[name])} {name} {marks}"


def type_of(field: dict[str, Any]) -> str:
    if field.get("format") == "date-time":
        return "datetime"
    types = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return str(next(name for name in types if name != "null"))
