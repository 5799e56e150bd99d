"""Print a stream entry for one of Zoom's operations, as far as Zoom's OpenAPI files describe it.

    python scripts/make_stream.py /report/daily Meetings.json Users.json ...

Given all of Zoom's files, it also adds the operation to the test fixture, and writes the schema of the stream once the
entry is in the table of streams. Values that you have to decide are "?" in the entry and listed at the end.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from textwrap import shorten

import make_operations
import make_schemas
from openapi import Files, Operation, Schema, nameless, spellings, whole

from tap_zoom.api.responses import NO_PERMISSION_CODES
from tap_zoom.streams import EMITTED, ENTITIES, STREAMS, date_ranges, model, refusals
from tap_zoom.streams.model import DateRange, RateLimit, Refusal

RATE_LIMITS = {name: each for name, each in vars(model).items() if isinstance(each, RateLimit)}
DATE_RANGES = {name: each for name, each in vars(date_ranges).items() if isinstance(each, DateRange)}
REFUSALS = {name: each for name, each in vars(refusals).items() if isinstance(each, Refusal)}
PAGING = frozenset({"page_size", "page_number", "next_page_token"})
_TIME_IN = re.compile(r"(^|_)(from|to|start|end|date|year|month)($|_)")
_TIME_OUT = re.compile(r"(^|_)(date|time|timestamp)($|_)")
_WIDTH = 112  # of a line in the entry
_ID = re.compile(r"(^|_)(uu)?id$")


def main(arguments: list[str]) -> None:
    if len(arguments) < 2:
        sys.exit(__doc__)
    files = Files(arguments[1:])
    path, operation = files.path(arguments[0]), files.operation(arguments[0])
    print(entry(path, operation))
    print("\nLeft to decide:", *to_decide(path, operation), sep="\n* ")
    make_operations.write(files, path)
    written = [stream for stream in EMITTED if nameless(path) in spellings(f"/{stream.path}")]
    for stream in written:
        make_schemas.write(stream, files)
    names = " and ".join(f"tap_zoom/schemas/{stream.name}.json" for stream in written)
    print(f"\nWritten: {names}." if names else "\nOnce the entry stands in the table, run this again for its schema.")


def entry(path: str, operation: Operation) -> str:
    """Return a Stream(...), with Zoom's refusals as comments."""
    ours = _snake(path.removeprefix("/"))
    words = [word for word in ours.split("/") if not word.startswith("{")]
    lines = [
        *_filled(_text("_".join(words)), _text(ours), rate_limit(operation), _tuple(scopes(operation))),
        *_filled(*parent(path), *date_range(operation), *needed(operation), *page_size(operation), *records(operation)),
        *(f"# {line}" for line in refused(operation)),
        'key=("?",),',
        f"description={_text(operation.summary or '?')},",
        f"requires={_text(shorten(operation.needs, _WIDTH - 10, placeholder=' ...') or '?')},",
    ]
    return "\n".join(["Stream(", *(f"    {line}" for line in lines), "),"])


def to_decide(path: str, operation: Operation) -> Iterator[str]:
    """Yield the values that Zoom's files don't give, with hints for each."""
    listed = lists(operation)
    row = listed[next(iter(listed))]["items"] if listed else whole(operation.answer or {})
    fields = row.get("properties", {})
    yield f"name; key: unique and never null ({_choice(filter(_ID.search, fields)) or 'nothing looks like an id'})"
    if RATE_LIMITS[rate_limit(operation)].category != operation.label:
        yield f"rate limit: {operation.label or 'its category, which the file of Zoom does not say'}"
    if "{" in path:
        yield f"parent: which entity ({_choice(entities(path)) or 'a new one, to which another stream has a link'})"
    if len(listed) > 1 or (listed and not _is_paged(operation)):
        yield f"records: which list ({_choice(listed)}), or the answer itself is the one row"
    if _is_paged(operation) and not operation.largest_page:
        yield "page_size: the largest, which Zoom's file does not say"
    if times := [name for name in _query(operation) if _TIME_IN.search(name)]:
        dates, dated = _choice(fitting(operation)), _choice(filter(_TIME_OUT.search, fields))
        yield f"date_range: how it takes {_choice(times)}, for how many days and how far back ({dates})"
        yield f"replication_key: the time of a row ({dated or 'no field looks like a time'})"
    if free := [name for name in _query(operation) if name not in (*PAGING, *times)]:
        yield f"params, variants: does the answer lack anything without {_choice(free)}?"
    if operation.refusals:
        yield "empty_answers, no_access: which refusals mean nothing here, or a missing plan, role or scope"
    yield "description, requires, retention: in words"
    yield "meanings of the columns: tap_zoom/words"


def rate_limit(operation: Operation) -> str:
    """Return the name of the operation's rate limit. Some products have their own rate limits."""
    named = operation.product.replace("-", " ")
    product = named if any(each.product == named for each in RATE_LIMITS.values()) else ""
    wanted = RateLimit(operation.label or "", product)
    return next((name for name, each in RATE_LIMITS.items() if each == wanted), "HEAVY")  # the slowest common one


def scopes(operation: Operation) -> list[str]:
    """Return the scopes that allow the operation, granular ones first. Admin scopes are preferred."""
    found = []
    for kind in (operation.granular, operation.classic):
        reading = [scope for scope in kind if ":write" not in scope and not scope.endswith(":master")]
        found += [scope for scope in reading if scope.endswith(":admin")] or reading
    return found


def ids(path: str) -> list[str]:
    """Return the placeholders of a path, in snake case."""
    return re.findall(r"\{([^}]*)\}", _snake(path))


def entities(path: str) -> list[str]:
    """Return the entities that have all ids of a path."""
    return [name.upper() for name, entity in ENTITIES.items() if entity.ids.keys() >= set(ids(path))]


def parent(path: str) -> Iterator[str]:
    if ids(path):
        new = ", ".join(f"{_text(name)}: str" for name in ids(path))
        yield "parent=" + next(iter(entities(path)), f'Entity("?", {{{new}}})')


def fitting(operation: Operation) -> list[str]:
    """Return the date ranges whose parameters the operation has: most parameters first, then most used."""
    used = [stream.date_range for stream in STREAMS]
    fit = [name for name, dates in DATE_RANGES.items() if dates.params.keys() <= operation.parameters.keys()]
    return sorted(fit, key=lambda name: (-len(DATE_RANGES[name].params), -used.count(DATE_RANGES[name])))


def date_range(operation: Operation) -> Iterator[str]:
    yield from (f"date_range={name}" for name in fitting(operation)[:1])


def needed(operation: Operation) -> Iterator[str]:
    """Yield the required parameters: the first with an enum as variants, the others with "?" as value."""
    times = {name for each in fitting(operation)[:1] for name in DATE_RANGES[each].params}
    required = {name: each for name, each in _query(operation).items() if each.get("required") and name not in times}
    several = next((name for name, parameter in required.items() if "enum" in parameter), None)
    if single := ", ".join(f'{_text(name)}: "?"' for name in required if name != several):
        yield f"params={{{single}}}"
    if several:
        yield f"variants=each({', '.join(map(_text, [several, *required[several]['enum']]))})"


def page_size(operation: Operation) -> Iterator[str]:
    if _is_paged(operation):
        yield f"page_size={operation.largest_page or 'SERVER_SIZE'}"


def lists(operation: Operation) -> dict[str, Schema]:
    """Return the lists of rows in the answer, by name."""
    answer = whole(operation.answer or {}).get("properties", {})
    return {name: part for name, part in answer.items() if "properties" in part.get("items", {})}


def records(operation: Operation) -> Iterator[str]:
    """Yield the first list of the answer. Without a list, the answer is the only row."""
    if listed := lists(operation):
        yield f"records={_text(next(iter(listed)))}"


def refused(operation: Operation) -> Iterator[str]:
    """Yield Zoom's refusals, each with its name in refusals.py if it has one."""
    for status, code, text in operation.refusals:
        known = [name for name, each in REFUSALS.items() if each.matches(status, code, text)]
        other = "no access, for every stream" if code in NO_PERMISSION_CODES else "new"
        yield shorten(f"{status}/{code} {_choice(known) or other}: {text}", _WIDTH, placeholder=" ...")


def _is_paged(operation: Operation) -> bool:
    """True if the operation has a paging parameter, or returns a next_page_token without one."""
    answered = whole(operation.answer or {}).get("properties", {})
    return not PAGING.isdisjoint(operation.parameters) or "next_page_token" in answered


def _query(operation: Operation) -> dict[str, Schema]:
    return {name: parameter for name, parameter in operation.parameters.items() if parameter.get("in") != "path"}


def _snake(text: str) -> str:
    """Return a path with its placeholders in snake case."""
    return re.sub(r"\{[^}]*\}", lambda found: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found[0]).lower(), text)


def _tuple(names: list[str]) -> str:
    return f"({', '.join(map(_text, names))}{',' * (len(names) == 1)})"


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def _choice(names: Iterable[str]) -> str:
    return ", ".join(names)


def _filled(*parts: str) -> Iterator[str]:
    """Yield lines with as many parts of a call as fit."""
    line = ""
    for part in parts:
        if line and len(f"{line} {part},") > _WIDTH:
            yield line
            line = ""
        line = f"{line} {part},".strip()
    if line:
        yield line


if __name__ == "__main__":
    main(sys.argv[1:])
