"""Print the entry of one of Zoom's operations for the table of streams, as far as Zoom's OpenAPI files give it.

    python scripts/make_stream.py /report/daily Meetings.json Users.json ...

Given all of Zoom's files, it also adds the operation to what the tests know, and writes the schema of the stream once
the entry stands in the table. What only a person can decide is "?" in the entry, and a line at the end.
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

from tap_zoom.streams import EMITTED, ENTITIES, STREAMS, date_ranges, model, refusals
from tap_zoom.streams.model import RateLimit, Refusal, DateRange
from tap_zoom.api.responses import NO_PERMISSION_CODES

LANES = {name: each for name, each in vars(model).items() if isinstance(each, RateLimit)}
SPANS = {name: each for name, each in vars(date_ranges).items() if isinstance(each, DateRange)}
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
    """A Stream(...), with Zoom's refusals as comments."""
    ours = _snake(path.removeprefix("/"))
    words = [word for word in ours.split("/") if not word.startswith("{")]
    lines = [
        *_filled(_text("_".join(words)), _text(ours), lane(operation), _tuple(scopes(operation))),
        *_filled(*about(path), *over(operation), *needed(operation), *page(operation), *rows(operation)),
        *(f"# {line}" for line in refused(operation)),
        'key=("?",),',
        f"holds={_text(operation.summary or '?')},",
        f"needs={_text(shorten(operation.needs, _WIDTH - 10, placeholder=' ...') or '?')},",
    ]
    return "\n".join(["Stream(", *(f"    {line}" for line in lines), "),"])


def to_decide(path: str, operation: Operation) -> Iterator[str]:
    """What Zoom's file does not say, with what speaks for which answer."""
    listed = lists(operation)
    row = listed[next(iter(listed))]["items"] if listed else whole(operation.answer or {})
    fields = row.get("properties", {})
    yield f"name; key: unique and never null ({_choice(filter(_ID.search, fields)) or 'nothing looks like an id'})"
    if LANES[lane(operation)].label != operation.label:
        yield f"lane: {operation.label or 'what Zoom counts it by, for its file does not say'}"
    if "{" in path:
        yield f"about: which thing ({_choice(things(path)) or 'a new one, which something finds'})"
    if len(listed) > 1 or (listed and not _is_paged(operation)):
        yield f"rows: which list ({_choice(listed)}), or the answer itself is the one row"
    if _is_paged(operation) and not operation.largest_page:
        yield "page: the most rows of an answer, for Zoom's file does not say"
    if times := [name for name in _query(operation) if _TIME_IN.search(name)]:
        yield f"over: how {_choice(times)} are asked, for how long and how far back ({_choice(fitting(operation))})"
        yield f"at: when a row happened ({_choice(filter(_TIME_OUT.search, fields)) or 'no field looks like a time'})"
    if free := [name for name in _query(operation) if name not in (*PAGING, *times)]:
        yield f"params, asks: does the answer lack anything without {_choice(free)}?"
    if operation.refusals:
        yield "nothing, unavailable: which of the refusals mean that there is nothing, or that the account lacks it"
    yield "holds, needs, keeps: in words"
    yield "what the columns mean: tap_zoom/words"


def lane(operation: Operation) -> str:
    """The name of what it is counted by; those of Phone have limits of their own."""
    product = operation.product if any(each.product == operation.product for each in LANES.values()) else ""
    wanted = RateLimit(operation.label or "", product)
    return next((name for name, each in LANES.items() if each == wanted), "HEAVY")  # the slowest that is common


def scopes(operation: Operation) -> list[str]:
    """What opens it: granular ones first; of each kind those of an administrator, where there are some."""
    found = []
    for kind in (operation.granular, operation.classic):
        reading = [scope for scope in kind if ":write" not in scope and not scope.endswith(":master")]
        found += [scope for scope in reading if scope.endswith(":admin")] or reading
    return found


def ids(path: str) -> list[str]:
    """What stands in a path, in our spelling."""
    return re.findall(r"\{([^}]*)\}", _snake(path))


def things(path: str) -> list[str]:
    """The things that it can be asked about: they have the ids of its path."""
    return [name.upper() for name, thing in ENTITIES.items() if thing.ids.keys() >= set(ids(path))]


def about(path: str) -> Iterator[str]:
    if ids(path):
        new = ", ".join(f"{_text(name)}: str" for name in ids(path))
        yield "about=" + next(iter(things(path)), f'Thing("?", {{{new}}})')


def fitting(operation: Operation) -> list[str]:
    """The date_ranges of time that it has the parameters for: those with most of them first, then those used most."""
    used = [stream.date_range for stream in STREAMS]
    fit = [name for name, span in SPANS.items() if span.params.keys() <= operation.parameters.keys()]
    return sorted(fit, key=lambda name: (-len(SPANS[name].params), -used.count(SPANS[name])))


def over(operation: Operation) -> Iterator[str]:
    yield from (f"over={name}" for name in fitting(operation)[:1])


def needed(operation: Operation) -> Iterator[str]:
    """The parameters without which Zoom refuses: one with each of its values, the others with a value to be found."""
    times = {name for each in fitting(operation)[:1] for name in SPANS[each].params}
    required = {name: each for name, each in _query(operation).items() if each.get("required") and name not in times}
    several = next((name for name, parameter in required.items() if "enum" in parameter), None)
    if single := ", ".join(f'{_text(name)}: "?"' for name in required if name != several):
        yield f"params={{{single}}}"
    if several:
        yield f"asks=each({', '.join(map(_text, [several, *required[several]['enum']]))})"


def page(operation: Operation) -> Iterator[str]:
    if _is_paged(operation):
        yield f"page={operation.largest_page or 'SERVER_SIZE'}"


def lists(operation: Operation) -> dict[str, Schema]:
    """The lists of rows in the answer."""
    answer = whole(operation.answer or {}).get("properties", {})
    return {name: part for name, part in answer.items() if "properties" in part.get("items", {})}


def rows(operation: Operation) -> Iterator[str]:
    """The list of the answer, or the first of them; without one, the answer is the one row."""
    if listed := lists(operation):
        yield f"rows={_text(next(iter(listed)))}"


def refused(operation: Operation) -> Iterator[str]:
    """Zoom's refusals, each with what it is called in refusals.py."""
    for status, code, text in operation.refusals:
        known = [name for name, each in REFUSALS.items() if each.matches(status, code, text)]
        other = "the account lacks it, wherever it comes" if code in NO_PERMISSION_CODES else "new"
        yield shorten(f"{status}/{code} {_choice(known) or other}: {text}", _WIDTH, placeholder=" ...")


def _is_paged(operation: Operation) -> bool:
    """Whether it takes a page or, though no parameter says so, answers with the token of a next one."""
    answered = whole(operation.answer or {}).get("properties", {})
    return not PAGING.isdisjoint(operation.parameters) or "next_page_token" in answered


def _query(operation: Operation) -> dict[str, Schema]:
    return {name: parameter for name, parameter in operation.parameters.items() if parameter.get("in") != "path"}


def _snake(text: str) -> str:
    """A path with its placeholders in our spelling."""
    return re.sub(r"\{[^}]*\}", lambda found: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found[0]).lower(), text)


def _tuple(names: list[str]) -> str:
    return f"({', '.join(map(_text, names))}{',' * (len(names) == 1)})"


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def _choice(names: Iterable[str]) -> str:
    return ", ".join(names)


def _filled(*parts: str) -> Iterator[str]:
    """The parts of a call, as many in a line as there is room for."""
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
