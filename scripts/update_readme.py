"""Write what the documentation takes from the code: the marked parts of README.md, and docs/streams.md.

    python scripts/update_readme.py            write them
    python scripts/update_readme.py --check    only say whether they are up to date: exit status 0 or 1
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tap_zoom.about import settings_table
from tap_zoom.access import sources
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED, LOOKUPS, STREAMS
from tap_zoom.streams.model import ACCOUNT, Join, Stream, Thing

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
STREAMS_PAGE = ROOT / "docs" / "streams.md"


def main(arguments: list[str]) -> int:
    check_joins()
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


def check_joins() -> None:
    """Every column that a join names is there."""
    for stream in EMITTED:
        for join in joins_of(stream):
            for name, field in ((stream.name, join.column), (join.stream, join.other)):
                if field not in schema_of(BY_NAME[name])["properties"]:
                    sys.exit(f"A join names {name}.{field}, which is in no schema.")


def joins_of(stream: Stream) -> Iterator[Join]:
    """What joins to a stream's columns of ours, and what its entry says besides."""
    for column in list(stream.about.ids)[:1]:
        if column in stream.adds and (entity := entity_of(stream.about)) is not None:
            yield Join(column, entity.name, entity.key[0])
    yield from stream.joins


def entity_of(thing: Thing) -> Stream | None:
    """The stream with a row for each such thing, under Zoom's own id."""
    rows = (s for s in EMITTED if s.about is thing and len(s.key) == 1 and s.key[0] not in s.adds)
    return next(rows, None)


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
            stream.holds,
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
        granular, classic = stream.scopes
        rows.append((f"`{granular}`", f"`{classic}`", use_of(stream)))
    return table(("Granular scope", "Classic scope", "For"), rows)


def use_of(stream: Stream) -> str:
    """What a scope is for, in words."""
    if stream.emitted:
        leads = ", and everything that is found user by user" if stream.finds else ""
        return f"`{stream.name}`{leads}"
    if stream.name in LOOKUPS:
        return "optional: ids of pending users; without it their key is the e-mail"
    main = next((other for other in STREAMS if other.instead == stream.name), None)
    if main is not None:
        return f"optional: takes the place of `{main.scopes[0]}` where that is refused"
    found = " and ".join(in_words(find.thing) for find in stream.finds)
    older = " more than six months ago" if any(find.before for find in stream.finds) else ""
    return f"finds {found}{older}, for every stream about them"


def in_words(thing: Thing) -> str:
    name = thing.name
    return f"{name.removeprefix('past_')}s held" if name.startswith("past_") else f"scheduled {name}s"


def diagram(fields: bool) -> str:
    """The streams and their joins as a Mermaid entity diagram; `fields`: with keys and joining columns."""
    lines = ["```mermaid", "erDiagram"]
    for stream in EMITTED:
        for join in joins_of(stream):
            one = "|o" if join.note else "||"
            lines.append(f'    {join.stream} {one}--o{{ {stream.name} : "{join.column} = {join.other}"')
    if fields:
        for entity in EMITTED:
            lines += [f"    {entity.name} {{", *(f"        {line}" for line in columns(entity)), "    }"]
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


# --- docs/streams.md ----------------------------------------------------------------------------------------------


def streams_page() -> str:
    parts = [
        "# Streams",
        "",
        "Made by `make readme` from `tap_zoom/streams/` and the schemas: edit those.",
        "",
        "Costs are requests of one run. A list costs one more for each further "
        "300 rows. Zoom describes each operation under https://developers.zoom.us/docs/api/.",
        "",
        "* " + "\n* ".join(f"[{stream.name}](#{stream.name}): {stream.holds}" for stream in EMITTED),
    ]
    for stream in EMITTED:
        parts += ["", f"## {stream.name}", "", sentence(stream.holds), "", facts(stream)]
        parts += [line for line in ("", joins(stream)) if joins(stream)]
    parts += [
        "",
        "## Lists that lead to the streams",
        "",
        "They are read where a selected stream needs them, and not emitted.",
        "",
    ]
    rows = (
        (f"`{s.name}`", f"`GET /v2/{s.path}`", str(s.lane), *(f"`{scope}`" for scope in s.scopes), cost(s))
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
        ("Scope", f"`{stream.scopes[0]}` (classic: `{stream.scopes[1]}`)"),
        ("Scopes that lead to it", ", ".join(dict.fromkeys(f"`{each.scopes[0]}`" for each in lead))),
        ("Rate label", str(stream.lane)),
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
    per = "for the account" if stream.about is ACCOUNT else f"per {stream.about.name.replace('_', ' ')}"
    if stream.about.name.startswith("past_"):
        per = f"per {stream.about.name.removeprefix('past_')} held"
    elif stream.about in {find.thing for each in STREAMS if each.about.name == "user" for find in each.finds}:
        per = f"per scheduled {stream.about.name}"
    if stream.over:
        per = "per four weeks" if stream.about is ACCOUNT else f"{per} and four weeks"
    return f"{len(stream.asks)} {per}"


def refusals(stream: Stream) -> Iterator[str]:
    for nothing in stream.nothing:
        code_ = "no code" if nothing.code is None else f"code {nothing.code}"
        yield f"{nothing.status} with {code_}" + (" (by its message)" if nothing.says else "")


def joins(stream: Stream) -> str:
    lines = []
    for each in EMITTED:
        for join in joins_of(each):
            if stream.name in (each.name, join.stream):
                note = f" ({join.note})" if join.note else ""
                lines.append(f"* `{each.name}.{join.column}` = `{join.stream}.{join.other}`{note}")
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
