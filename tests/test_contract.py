"""Compare the tap with Zoom's documentation: its requests, the simulator's answers, and the records of any answer."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import fastjsonschema
import pytest

from tap_zoom.discover import schema_of
from tap_zoom.streams import EMITTED
from tap_zoom.streams.model import Stream
from tap_zoom.sync.records import RecordBuilder, Sequence
from tests.everything import EVERYTHING, SMALL, config, zoom_with_everything
from tests.simulator import Account, SimulatedZoom
from tests.simulator.further.model import TRANSCRIPT, documented
from tests.simulator.wire import Request, Response
from tests.tap import SIZES, catalog_of, run_tap
from tests.test_samples import leaves, same

Schema = dict[str, Any]
# By the documentation, these answers have a page token, but the operation has no parameter for it.
TOKENS = {
    "/users/{userId}/webinars": {"next_page_token"},
    "/phone/call_queues/{callQueueId}/members": {"next_page_token"},
}
SEVERAL = {"weekly_days", "license_option"}  # several values in one, although Zoom's file lists single ones
# Their types differ from Zoom's file: see CORRECTIONS in scripts/make_schemas.py.
CORRECTED = {("archive_files", "complete_time")}


def _nameless(path: str) -> str:
    return re.sub(r"{.*?}|(?<=/)me(?=/)", "{}", path)


TEMPLATES = {_nameless(path): path for path in documented()}


# --- requests and answers of a run ------------------------------------------------------------------------------------


def of_query(template: str) -> Callable[[Any], Any]:
    """Return a validator for the parameters of a request."""
    known = {name: part for name, part in documented()[template]["parameters"].items() if part.get("in") != "path"}
    words = ("type", "enum", "maximum")
    properties: dict[str, Schema] = {
        name: {word: part[word] for word in words if word in part} for name, part in known.items()
    }
    properties |= {name: {"type": "string"} for name in TOKENS.get(template, ())}
    needed = [name for name, part in known.items() if part.get("required")]
    return _compiled({"type": "object", "properties": properties, "required": needed, "additionalProperties": False})


def of_answer(template: str) -> Callable[[Any], Any]:
    """Return a validator for an answer: only documented fields, with their types. Zoom may omit or null any of them."""
    return _compiled(_loose(documented()[template]["answer"]))


def _loose(schema: Schema) -> Schema:
    made: Schema = {"type": [schema["type"], "null"]}
    if any(schema.get("enum", ())) and schema["type"] != "array":
        made["enum"] = [*schema["enum"], None, ""]
    if "properties" in schema:
        made |= {
            "properties": {name: _loose(part) for name, part in schema["properties"].items()},
            "additionalProperties": False,
        }
        for name in SEVERAL & made["properties"].keys():
            made["properties"][name].pop("enum", None)
    if "items" in schema:
        made["items"] = _loose(schema["items"])
    return made


def _compiled(schema: Schema) -> Callable[[Any], Any]:
    check: Callable[[Any], Any] = fastjsonschema.compile(schema)
    return check


def typed(template: str, query: dict[str, str]) -> dict[str, Any]:
    """Convert the values of a query to their documented types."""
    kinds: dict[str, Callable[[str], Any]] = {"integer": int, "boolean": json.loads}
    parameters = documented()[template]["parameters"]
    return {name: kinds.get(parameters.get(name, {}).get("type"), str)(value) for name, value in query.items()}


class Recording(SimulatedZoom):
    """Records its answers."""

    def __init__(self, *args: Any, **how: Any) -> None:
        self.answered: list[tuple[str, Response]] = []
        super().__init__(*args, **how)

    def _handle(self, request: Request) -> Response:
        response = super()._handle(request)
        self.answered.append((request.raw_path, response))
        return response


@pytest.mark.long
def test_a_full_run_matches_the_documentation() -> None:
    """Checks each request of all streams, and each answer of an account without undocumented values."""
    account = Account(3, **SIZES[SMALL[1]], drift=False)  # type: ignore[arg-type]
    with zoom_with_everything(make=Recording, account=account) as zoom:
        run = run_tap(
            config(zoom, start_date=str(zoom.now.date() - timedelta(days=200))),
            zoom=zoom,
            catalog=catalog_of(*EVERYTHING),
        )
        asked = [
            (path, asked.query, response) for asked, (path, response) in zip(zoom.requests, zoom.answered, strict=True)
        ]
        find = zoom._routes.find
    assert run.exit_status == 0
    queries, answers = cache(of_query), cache(of_answer)
    checked, wrong = set(), set()
    for path, query, response in asked:
        found = find(path.removeprefix("/v2")) if path.startswith("/v2/") else None
        if found is None:
            assert path.startswith(("/oauth/token", "/rec/download/", "/signed/"))
            continue
        template = TEMPLATES[_nameless(found[0].template)]
        try:
            queries(template)(typed(template, query))
            if response.status == 200:
                answers(template)(json.loads(response.body))
                checked.add(template)
        except fastjsonschema.JsonSchemaValueException as error:
            wrong.add(f"{template}: {error}")
    assert not wrong
    redirected = {template for template in documented() if not documented()[template]["answer"]}
    stand_in = {"/report/users/{userId}/meetings"} - checked
    assert checked == set(documented()) - redirected - stand_in


# --- records of any documented answer ---------------------------------------------------------------------------------


def anything(schema: Schema, rng: random.Random, whole: bool = False) -> Any:
    """Return a random value for a schema, without a next page. `whole`: with all fields, and no empty lists."""
    kind = schema["type"]
    if kind == "object":
        parts = [(name, part) for name, part in schema.get("properties", {}).items() if name != "next_page_token"]
        return {name: anything(part, rng, whole) for name, part in parts if whole or rng.random() < 0.8}
    if kind == "array":
        return (
            [anything(schema["items"], rng, whole) for _ in range(rng.randint(1 if whole else 0, 3))]
            if schema.get("items")
            else []
        )
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if kind == "integer":
        return rng.choice((0, 1, -1, rng.randrange(2**31), rng.randrange(2**53, 2**63)))
    if kind == "number":
        return rng.choice((0, 7, rng.randrange(10**6) / 100))
    if kind == "boolean":
        return rng.random() < 0.5
    return _text(schema, rng)


def _text(schema: Schema, rng: random.Random) -> str:
    moment = datetime(2020, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=rng.randrange(2 * 10**8))
    example = str(schema.get("example", ""))
    if re.match(r"\d{4}-\d\d-\d\dT", example) or (schema.get("format") == "date-time" and not example):
        return moment.isoformat().replace("+00:00", rng.choice(("Z", "+00:00", ".123Z")))
    if schema.get("format") == "date":
        return str(moment.date())
    return "".join(rng.choices("abc 0189-/+=äß東😀'\"\\<", k=rng.randint(1, 24)))


def answer_of(stream: Stream) -> Schema:
    return TRANSCRIPT if stream.redirects else documented()[TEMPLATES[_nameless("/" + stream.path)]]["answer"]


def rows_in(answer: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Yield each row at a path of lists and objects, with the fields of the objects around it."""
    if not path:
        yield answer, {}
        return
    inner = answer.get(path[0], [])
    for each in inner if isinstance(inner, list) else [inner]:
        for row, around in rows_in(each, path[1:]):
            yield row, {**answer, **around}


@pytest.mark.parametrize("stream", [each for each in EMITTED if not each.text_column], ids=lambda stream: stream.name)
def test_documented_answers_become_valid_records(stream: Stream) -> None:
    """Records validate against the stream's schema, and contain each value of the answer in its declared type."""
    schema, answer = schema_of(stream), answer_of(stream)
    validate = _compiled(schema)
    lists = list(stream.record_lists) or [stream.records.replace("|", "/")]
    for seed in range(3):
        rng = random.Random(f"{stream.name} {seed}")
        content = anything(answer, rng, whole=True)
        plan = RecordBuilder(stream, schema, schema)
        ids: dict[str, Any] = {name: 7 if kind is int else "x" for name, kind in stream.parent.ids.items()}
        ids |= dict.fromkeys(
            set(stream.context_columns)
            - ids.keys()
            - set(stream.computed)
            - {"sequence", *(word for each in stream.record_lists.values() for word in each)},
            "x",
        )
        records, lost, _ = plan.records(json.dumps(content).encode(), ids, Sequence())
        paths = [[name.split("/")[0] for name in path.split(".") if name] for path in lists]
        rows = [(row, around) for path in paths for row, around in rows_in(content, path)]
        assert lost == 0 and len(records) == len(rows) > 0
        assert not plan.shapes.misfits and not plan.shapes.unknown_inside
        emitted = [leaves(record) for record in records]
        for record in records:
            validate(record)
        for row, around in rows:
            sent = {name: around[name] for name in stream.copied if name in around} | row
            wanted = {
                place: value
                for place, value in leaves(sent).items()
                if place[0] not in stream.context_columns and (stream.name, place[0]) not in CORRECTED
            }
            assert (
                min(
                    (
                        [
                            place
                            for place, value in wanted.items()
                            if place not in each or not same(declared(schema, place), value, each[place])
                        ]
                        for each in emitted
                    ),
                    key=len,
                )
                == []
            )


def declared(schema: Schema, path: tuple[Any, ...]) -> str:
    """Return the type or format of a leaf, "" if it has none."""
    for name in path:
        schema = schema.get("items", {}) if isinstance(name, int) else schema["properties"][name]
    kinds = schema.get("type", [])
    return str(
        schema.get(
            "format", next((kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"), "")
        )
    )
