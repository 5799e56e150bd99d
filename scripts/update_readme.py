"""Write what the documentation takes from the code: the marked parts of README.md, and docs/streams.md.

    python scripts/update_readme.py            write them
    python scripts/update_readme.py --check    only say whether they are up to date: exit status 0 or 1
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from descriptions import HOLDS, JOINS

from tap_zoom.about import settings_table
from tap_zoom.access import sources
from tap_zoom.client import PAGE_SIZE
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED, LOOKUPS, STREAMS, Stream, Thing

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
STREAMS_PAGE = ROOT / "docs" / "streams.md"
PER_THING = {
    Thing.ACCOUNT: "for the account",
    Thing.USER: "per user",
    Thing.MEETING: "per scheduled meeting",
    Thing.WEBINAR: "per scheduled webinar",
    Thing.PAST_MEETING: "per meeting held",
    Thing.PAST_WEBINAR: "per webinar held",
}


def main(arguments: list[str]) -> int:
    check_descriptions()
    wanted = {README: readme(README.read_text("utf-8")), STREAMS_PAGE: streams_page()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run make readme.", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        sys.exit(__doc__)
    for path in stale:
        path.write_text(wanted[path], "utf-8")
        print(f"{path.relative_to(ROOT)} written.")
    return 0


def check_descriptions() -> None:
    """Every stream is described, in the table's order, and every column that a join names is there."""
    if list(HOLDS) != [stream.name for stream in EMITTED]:
        sys.exit("scripts/descriptions.py: HOLDS must name the streams of tap_zoom/streams.py, in their order.")
    for stream, column, other, other_column, _ in JOINS:
        for name, field in ((stream, column), (other, other_column)):
            if field not in schema_of(BY_NAME[name])["properties"]:
                sys.exit(f"scripts/descriptions.py: JOINS names {name}.{field}, which is in no schema.")


# --- README.md ----------------------------------------------------------------------------------------------------


def readme(text: str) -> str:
    """The text with each part between <!-- name --> and <!-- /name --> made anew."""
    for name, part in (
        ("streams", streams_table()),
        ("settings", settings_table()),
        ("scopes", scopes_table()),
        ("diagram", diagram(fields=False)),
    ):
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            sys.exit(f"README.md must have <!-- {name} --> and <!-- /{name} --> once.")
        before, rest = text.split(begin)
        text = f"{before}{begin}{part}\n{end}{rest.split(end)[1]}"
    return text


def streams_table() -> str:
    rows = (
        (
            f"[`{stream.name}`](docs/streams.md#{stream.name})",
            HOLDS[stream.name],
            code(stream.key),
            f"{stream.needs}",
        )
        for stream in EMITTED
    )
    return table(("Stream", "What it holds", "Key", "Needs"), rows)


def scopes_table() -> str:
    """Each granular scope, with what opens it: the streams themselves, and the lists that lead to them."""
    rows = []
    for stream in STREAMS:
        rows.append((f"`{stream.granular}`", f"`{stream.classic}`", use_of(stream)))
    return table(("Granular scope", "Classic scope", "For"), rows)


def use_of(stream: Stream) -> str:
    """What a scope is for, in words."""
    if stream.emitted:
        use = f"`{stream.name}`"
        if Thing.USER in stream.finds:
            use += ", and everything that is found user by user"
        return use
    if stream.name in LOOKUPS:
        return "optional: ids of pending users; without it their key is the e-mail"
    instead = next((other for other in STREAMS if other.fallback == stream.name), None)
    if instead is not None:
        return f"optional: takes the place of `{instead.granular}` where that is refused"
    words = {Thing.PAST_MEETING: "meetings held", Thing.PAST_WEBINAR: "webinars held"}
    found = " and ".join(words.get(thing, f"scheduled {thing.value}s") for thing in stream.finds)
    older = " more than six months ago" if stream.parent in (Thing.MEETING, Thing.WEBINAR) else ""
    return f"finds {found}{older}, for every stream about them"


def diagram(fields: bool) -> str:
    """The streams and their joins as a Mermaid entity diagram; `fields`: with keys and joining columns."""
    lines = ["```mermaid", "erDiagram"]
    for stream, column, other, other_column, note in JOINS:
        one = "|o" if note else "||"
        lines.append(f'    {other} {one}--o{{ {stream} : "{column} = {other_column}"')
    if fields:
        for entity in EMITTED:
            lines += [f"    {entity.name} {{", *(f"        {line}" for line in columns(entity)), "    }"]
    return "\n".join([*lines, "```"])


def columns(stream: Stream) -> Iterator[str]:
    """The columns of an entity that are part of its key (PK) or lead to another (FK)."""
    properties = schema_of(stream)["properties"]
    joined = {column for name, column, *_ in JOINS if name == stream.name}
    for name in [*stream.key, *sorted(joined - set(stream.key))]:
        marks = ", ".join(mark for mark, has in (("PK", name in stream.key), ("FK", name in joined)) if has)
        yield f"{type_of(properties[name])} {name} {marks}"


def type_of(field: dict[str, Any]) -> str:
    if field.get("format") == "date-time":
        return "datetime"
    types = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return str(next(name for name in types if name != "null"))


# --- docs/streams.md ----------------------------------------------------------------------------------------------


def streams_page() -> str:
    parts = [
        "# Streams",
        "",
        "Made by `make readme` from `tap_zoom/streams.py`, the schemas and `scripts/descriptions.py`: edit those.",
        "",
        "Costs are requests of one run. A list costs one more for each further "
        f"{PAGE_SIZE} rows. Zoom describes each operation under https://developers.zoom.us/docs/api/.",
        "",
        "* " + "\n* ".join(f"[{stream.name}](#{stream.name}): {HOLDS[stream.name]}" for stream in EMITTED),
    ]
    for stream in EMITTED:
        parts += ["", f"## {stream.name}", "", sentence(HOLDS[stream.name]), "", facts(stream)]
        parts += [line for line in ("", joins(stream)) if joins(stream)]
    parts += [
        "",
        "## Lists that lead to the streams",
        "",
        "They are read where a selected stream needs them, and not emitted.",
        "",
    ]
    rows = (
        (f"`{s.name}`", f"`GET /v2/{s.path}`", s.label.value, f"`{s.granular}`", f"`{s.classic}`", cost(s))
        for s in STREAMS
        if not s.emitted
    )
    parts.append(table(("List", "Operation", "Rate label", "Granular scope", "Classic scope", "Cost"), rows))
    parts += ["", "## Keys and joins", "", diagram(fields=True)]
    return "\n".join(parts) + "\n"


def facts(stream: Stream) -> str:
    fields = schema_of(stream)["properties"]
    lead = [BY_NAME[name] for name in sorted(sources(stream, older=True) - LOOKUPS, key=list(BY_NAME).index)]
    rows = [
        ("Operation", f"`GET /v2/{stream.path}`" + asked_with(stream)),
        ("Key", code(stream.key)),
        ("Columns of ours", code(stream.adds)),
        ("Fields", f"{len(fields)}: [{stream.name}.json](../tap_zoom/schemas/{stream.name}.json)"),
        ("Not selected by default", code(stream.secret)),
        ("Needs", stream.needs),
        ("Scope", f"`{stream.granular}` (classic: `{stream.classic}`)"),
        ("Scopes that lead to it", ", ".join(dict.fromkeys(f"`{each.granular}`" for each in lead))),
        ("Rate label", stream.label.value),
        ("Cost", cost(stream)),
        ("Zoom keeps it", stream.keeps),
        ("Answers that mean nothing is there", ", ".join(refusals(stream))),
    ]
    return table(("", ""), ((f"**{name}**", value) for name, value in rows if value))


def asked_with(stream: Stream) -> str:
    """The parameters that are always sent, and the ones that are sent in turn."""
    always = [f"{name}={value}" for name, value in stream.params.items()]
    names = dict.fromkeys(name for asks in stream.asks for name in asks)
    turns = [f"{name}=" + "|".join(asks[name] for asks in stream.asks) for name in names]
    return f" with {code([*always, *turns])}" if always or turns else ""


def cost(stream: Stream) -> str:
    """Requests of one run, besides further pages."""
    per = PER_THING[stream.parent]
    if stream.name in LOOKUPS:
        per = "per pending user"
    elif Thing.PAST_MEETING in stream.finds and stream.parent is Thing.ACCOUNT:
        per = "per four weeks"
    elif Thing.PAST_MEETING in stream.finds and stream.parent is Thing.USER:
        per += " and four weeks"
    return f"{len(stream.asks)} {per}"


def refusals(stream: Stream) -> Iterator[str]:
    for nothing in stream.nothing:
        code_ = "no code" if nothing.code is None else f"code {nothing.code}"
        yield f"{nothing.status} with {code_}" + (" (by its message)" if nothing.says else "")


def joins(stream: Stream) -> str:
    lines = []
    for name, column, other, other_column, note in JOINS:
        if stream.name in (name, other):
            lines.append(f"* `{name}.{column}` = `{other}.{other_column}`" + (f" ({note})" if note else ""))
    return "Joins:\n" + "\n".join(lines) if lines else ""


# --- Markdown -----------------------------------------------------------------------------------------------------


def table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
