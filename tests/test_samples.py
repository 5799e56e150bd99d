"""Zoom's documented example answers are emitted completely: every field, with its value."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.tap import TINY, Run, catalog_of, run_tap

FIXTURES = Path(__file__).parent / "fixtures"
CORE = [stream for stream in EMITTED if stream.core]  # for the others, see test_contract.py
SECRETS = {stream.name: {("properties", name): True for name in truth.LOGIN_SECRETS} for stream in CORE}


def sample(stream: str) -> dict[str, Any]:
    """Return a documented answer, as one page."""
    content: dict[str, Any] = json.loads((FIXTURES / f"{stream}.json").read_text("utf-8"))
    if "next_page_token" in content:
        content["next_page_token"] = ""
    return content


@cache
def run_with_samples() -> Run:
    """One run in which the first answer of each operation is the documented one."""
    faults = []
    for stream in CORE:
        path = re.sub(r"{\w+}", "[^/?]+", stream.path)
        faults.append(Fault.answer(200, sample(stream.name), match=rf"^/v2/{path}(\?|$)"))
    everything = catalog_of(*(stream.name for stream in CORE), **SECRETS)
    with SimulatedZoom(Account(11, **{**TINY, "users": 9, "drift": False}), faults=faults) as zoom:  # type: ignore[arg-type]
        run = run_tap(zoom.config(), zoom=zoom, catalog=everything)
    assert all(fault.happened == 1 for fault in faults)
    assert run.exit_status == 0
    return run


def rows(stream: str) -> list[dict[str, Any]]:
    """Return the rows of a documented answer. Fields next to the list are copied to each row."""
    entry, content = BY_NAME[stream], sample(stream)
    around = {name: content[name] for name in entry.copied if name in content}
    return [{**around, **row} for row in content[entry.records]] if entry.records else [content]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Return the values that aren't lists or objects, or are empty ones, by path."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if not inner:
        return {path: value}
    return {place: leaf for name, part in inner for place, leaf in leaves(part, (*path, name)).items()}


def declared(stream: str, path: tuple[Any, ...]) -> str:
    """Return the type or format that the schema declares for a leaf."""
    schema = schema_of(BY_NAME[stream])
    for name in path:
        schema = schema["items"] if isinstance(name, int) else schema["properties"][name]
    kind = (
        next(each for each in [*schema["type"]] if each != "null")
        if isinstance(schema["type"], list)
        else schema["type"]
    )
    return str(schema.get("format", kind))


def moment(text: str) -> datetime:
    """Parse a date-time of Zoom. Some have more decimals than Python allows."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))


def same(kind: str, sent: Any, out: Any) -> bool:
    """True if an emitted value is the one that was sent, in its declared type."""
    if type(sent) is type(out) and sent == out:
        return True
    if kind == "date-time" and sent and out:
        return moment(sent) == moment(out)
    if kind == "integer" and isinstance(sent, (str, float)) and type(out) is int:
        return Decimal(str(sent)) == out
    if kind == "boolean" and isinstance(sent, str):
        return sent == json.dumps(out)
    if kind == "string":
        return bool(json.dumps(sent) == out)
    return sent == "" and out is None


@pytest.mark.parametrize("stream", [stream.name for stream in CORE])
def test_documented_answers_are_emitted_completely(stream: str) -> None:
    """All leaves of a row are in one record, with the value that Zoom documents."""
    emitted = [leaves(record) for record in run_with_samples().records[stream]]
    for row in rows(stream):
        wanted = leaves(row)
        best = min(
            ([place for place, sent in wanted.items() if place not in record or not same(declared(stream, place), sent, record[place])]
             for record in emitted),
            key=len,
        )  # fmt: skip
        assert best == [], stream


def test_each_core_stream_has_a_sample() -> None:
    """There are no other JSON files, except two that aren't samples."""
    assert {path.stem for path in FIXTURES.glob("*.json")} == {stream.name for stream in CORE} | {
        "operations",
        "meltano_hub_extractor.schema",
    }
    assert all(rows(stream.name) for stream in CORE)


def test_samples_fit_the_schemas() -> None:
    """There are no misfits, and no fields that the schema lacks."""
    assert [line for line in run_with_samples().log if "did not fit" in line or "schema lacks" in line] == []
