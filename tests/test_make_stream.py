"""make stream: an entry for the table of streams, generated from Zoom's OpenAPI files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.make_stream import DATE_RANGES, Operation, entities, entry, fitting
from tap_zoom.streams import ENTITIES, STREAMS, date_ranges, model, refusals
from tap_zoom.streams.model import SERVER_SIZE, Entity, Stream
from tests.each import for_each
from tests.simulator.further.model import documented
from tests.test_tables import UNDOCUMENTED_SCOPES, nameless

ROOT = Path(__file__).parent.parent
WORDS = {
    **vars(model),
    **vars(date_ranges),
    **vars(refusals),
    **{name.upper(): thing for name, thing in ENTITIES.items()},
}


def made(path: str, facts: dict[str, Any]) -> Stream:
    """Return the stream of an entry that is generated from a documented operation."""
    [stream] = eval(entry(path, Operation(**facts)), dict(WORDS))
    assert isinstance(stream, Stream)
    return stream


@for_each(stream=[each for each in STREAMS if not each.text_column])
def test_generated_entries_match_the_table(stream: Stream) -> None:
    """Path, rate limit, scopes and paging of every stream, rows of paged lists, and a date range if it has one."""
    path = next(path for path in documented() if nameless(path) == nameless(f"/{stream.path}"))
    facts = documented()[path]
    again = made(path, facts)
    assert nameless(again.path) == nameless(stream.path)
    assert again.rate_limit == stream.rate_limit
    assert again.scopes == stream.scopes or stream.name in UNDOCUMENTED_SCOPES
    assert again.page_size in (stream.page_size, facts["parameters"].get("page_size", {}).get("maximum"), SERVER_SIZE)
    assert bool(again.page_size) is bool(stream.page_size)
    if stream.page_size and not stream.record_lists and not stream.row_spans_pages and "." not in stream.records:
        assert again.records in stream.records.split("|")
    if stream.date_range is not None:
        ways = [DATE_RANGES[name].params.keys() for name in fitting(Operation(**facts))]
        assert again.date_range is not None and stream.date_range.params.keys() in ways


@for_each(path=[path for path in documented() if "{" in path])
def test_the_parent_has_the_ids_of_the_path(path: str) -> None:
    """It is an entity of the table, or else a new one with the name "?"."""
    parent = made(path, documented()[path]).parent
    assert isinstance(parent, Entity) and parent.ids.keys() >= set(
        re.findall(r"{(.*?)}", made(path, documented()[path]).path)
    )
    assert (parent.name == "?") is not bool(entities(path))


# --- the command ---------------------------------------------------------------------------------------------------


def described(label: str, scopes: str, rows: str, *parameters: dict[str, Any], **refusals: str) -> dict[str, Any]:
    """Return an operation in the format of Zoom's files."""
    row = {
        "type": "object",
        "allOf": [{"properties": {"id": {"type": "string"}}}, {"properties": {"date": {"type": "string"}}}],
    }
    answer = {
        "type": "object",
        "properties": {rows: {"type": "array", "items": row}, "next_page_token": {"type": "string"}},
    }
    text = (
        "Naps.\n\n**Prerequisites** \n* A [Pro](https://x) plan.\n* A bed\n\n"
        f"**[Scopes](https://x):** `{scopes}`\n\n**[Rate Limit Label](https://x):** `{label}`"
    )
    failures = {
        status.strip("_"): {
            "description": f"HTTP Status Code: `404` <br>\n **Error Code:** `{says[:4]}` <br>\n {says[5:]} <br>\n"
        }
        for status, says in refusals.items()
    }
    success = {"description": "", "content": {"application/json": {"schema": answer}}}
    return {"get": {
        "summary": "List naps", "description": text, "parameters": list(parameters), "responses": {"200": success, **failures},
    }}  # fmt: skip


def parameter(
    name: str, where: str = "query", required: bool = False, description: str = "", **schema: Any
) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "description": description, "schema": schema}


def run(tmp_path: Path, path: str) -> str:
    """Return the output of the command for an operation, in a copy of the project with an invented OpenAPI file."""
    for folder in ("scripts", "tap_zoom"):
        shutil.copytree(ROOT / folder, tmp_path / folder, dirs_exist_ok=True)
    fixture = tmp_path / "tests" / "fixtures" / "operations.json"
    if not fixture.exists():
        fixture.parent.mkdir(parents=True)
        fixture.write_text("{}")
    naps = described(
        "MEDIUM", "nap:read:admin`,`nap:read", "naps", parameter("napperId", "path", type="string"),
        parameter("page_size", description="The maximum is **50**.", type="integer"), parameter("from"), parameter("to"),
        parameter("kind", required=True, type="string", enum=["short", "long"]), _404="3001 Gone: {napperId}",
    )  # fmt: skip
    daily = described("HEAVY", "report:read:admin", "dates", parameter("year"), parameter("month"))
    file = tmp_path / "Naps.json"
    file.write_text(json.dumps({"paths": {"/nappers/{napperId}/naps": naps, "/report/daily": daily}}))
    command = [sys.executable, "scripts/make_stream.py", path, "Naps.json"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_a_new_operation_is_printed_and_added_to_the_fixtures(tmp_path: Path) -> None:
    """The entry has everything that Zoom's file contains. The output also lists the open decisions."""
    said = run(tmp_path, "/nappers/{id}/naps")
    assert said.startswith("""\
Stream(
    "nappers_naps", "nappers/{napper_id}/naps", MEDIUM, ("nap:read:admin",),
    parent=Entity("?", {"napper_id": str}), date_range=DAYS, variants=each("kind", "short", "long"), page_size=50,
    records="naps",
    # 404/3001 NO_MEETING: Gone: {napperId}
    key=("?",),
    description="List naps",
    requires="A Pro plan; A bed",
),

Left to decide:
* name; key: unique and never null (id)
""")
    assert "\n* replication_key: the time of a row (date)\n" in said and said.endswith(
        "run this again for its schema.\n"
    )
    known = json.loads((tmp_path / "tests" / "fixtures" / "operations.json").read_text())
    assert list(known) == ["/nappers/{napperId}/naps"] and known["/nappers/{napperId}/naps"]["refusals"] == [
        [404, 3001, "Gone: {napperId}"]
    ]


def test_a_stream_in_the_table_gets_its_schema(tmp_path: Path) -> None:
    """The schema is from the same file, and its key isn't nullable."""
    assert run(tmp_path, "/report/daily").endswith("Written: tap_zoom/schemas/report_daily.json.\n")
    schema = json.loads((tmp_path / "tap_zoom" / "schemas" / "report_daily.json").read_text())
    assert schema["properties"] == {"date": {"type": "string"}, "id": {"type": ["null", "string"]}}


def test_an_undocumented_operation_is_reported(tmp_path: Path) -> None:
    """The output is one line."""
    assert run(tmp_path, "/dreams") == "No file given describes GET /dreams.\n"
