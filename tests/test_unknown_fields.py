"""keep_unknown_fields: what Zoom sends and the schema lacks goes into a column of its own, or is named and left out."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tap_zoom.discover import catalog
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.tap import TINY, Run, account, assert_exact, catalog_of, expected, run_tap

# Members of each answer and each row: beyond what 64 bits hold, with a NUL and half a surrogate pair, named as our column.
UNDOCUMENTED = (
    b'"unknown_fields":"of Zoom","zz_shoe":{"size":18446744073709551617,"na\\u0000me":"a\\u0000\\ud800b",'
    b'"left":[1.5,-9223372036854775809,null,true,1e400]}'
)
KEPT = {
    "unknown_fields": "of Zoom",
    "zz_shoe": {"size": 18446744073709551617, "name": "a\ufffdb", "left": [1.5, -9223372036854775809, None, True, None]},
}  # fmt: skip
SAID = "Zoom sent fields that the schema lacks"
AS_DOCUMENTED = Account(10, **{**TINY, "drift": False})  # type: ignore[arg-type]
RIGHT = cache(lambda: truth.expected(AS_DOCUMENTED))


@cache
def run_with(keep: bool) -> Run:
    """A run over everything, where each row holds more than is documented."""
    with SimulatedZoom(AS_DOCUMENTED, undocumented=UNDOCUMENTED) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=keep), zoom=zoom)
        assert zoom.violations == []
    assert run.exit_status == 0
    return run


def without_column(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "unknown_fields"} for record in records]


def test_each_row_keeps_what_the_schema_lacks() -> None:
    """In every stream, of lists and of single objects: with its value, exact and clean; known fields stay as they were."""
    records = run_with(True).records
    assert set(records) == set(truth.KEYS)
    for stream in records:
        assert all(record["unknown_fields"] == KEPT for record in records[stream]), stream
    assert_exact(RIGHT(), {stream: without_column(records[stream]) for stream in records})


def test_the_column_is_in_each_schema() -> None:
    """A nullable object that declares nothing of what is in it, beside the fields that were there without it."""
    for stream, message in run_with(True).schemas.items():
        properties = dict(message["schema"]["properties"])
        column = properties.pop("unknown_fields")
        assert column.pop("description") and column == {"type": ["null", "object"]}
        assert properties == run_with(False).schemas[stream]["schema"]["properties"]
        assert message["key_properties"] == list(truth.KEYS[stream])


def test_without_the_setting_they_are_left_out() -> None:
    """Neither in the schema nor in a record, also a field of Zoom's that is named as the column is."""
    run = run_with(False)
    assert all("unknown_fields" not in message["schema"]["properties"] for message in run.schemas.values())
    assert_exact(RIGHT(), run.records)


@pytest.mark.parametrize(
    ("keep", "outcome"),
    [
        (True, "kept in unknown_fields: unknown_fields, zz_shoe"),
        (False, "left out: unknown_fields, zz_shoe; set keep_unknown_fields to keep them"),
    ],
)
def test_one_warning_per_stream_names_them(keep: bool, outcome: str) -> None:
    """It says what became of them, and which setting keeps them."""
    said = [line for line in run_with(keep).logged("WARNING") if SAID in line]
    assert sorted(said) == sorted(f"WARNING {stream}: {SAID}, {outcome}." for stream in truth.KEYS)


def test_the_column_is_there_only_where_there_is_something() -> None:
    """Of an account in which few rows hold an unknown field, the others come as they do without the setting."""
    with SimulatedZoom(account(1, "tiny")) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=True), zoom=zoom)
    assert run.exit_status == 0
    rows = [record for records in run.records.values() for record in records if "unknown_fields" in record]
    assert 0 < len(rows) < len(run.of_type("RECORD")) / 2
    assert all(record["unknown_fields"] == {"zz_unannounced": {"since": "next year"}} for record in rows)
    assert_exact(expected(1, "tiny"), {stream: without_column(records) for stream, records in run.records.items()})


def test_only_the_top_level_of_a_row_is_kept_and_only_what_no_schema_knows() -> None:
    """Inside a known object it is left out and named; a deselected field is known; other rows have no such column."""
    first = {**expected()["meetings"][0], "settings": {"host_video": True}}
    fault = Fault.answer(
        200, {**first, "hat": None, "settings": {"host_video": True, "shoe": 1}}, match=f"/v2/meetings/{first['id']}"
    )
    marks = {("properties", "topic"): False, ("properties", "unknown_fields"): False}
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=True), zoom=zoom, catalog=catalog_of("meetings", meetings=marks))
    assert run.exit_status == 0
    [record] = [record for record in run.records["meetings"] if record["id"] == first["id"]]
    assert record.pop("unknown_fields") == {"hat": None}
    assert record == {name: value for name, value in first.items() if name != "topic"}
    assert not any(
        {"topic", "unknown_fields"} & other.keys() for other in run.records["meetings"] if other is not record
    )
    said = [line.split(f"{SAID}, ")[1] for line in run.logged("WARNING") if SAID in line]
    assert said == ["kept in unknown_fields: hat.", "left out inside other fields: settings.shoe."]
    assert any("meetings.unknown_fields, which this version doesn't have" in line for line in run.logged("WARNING"))


def test_no_catalog_has_the_column() -> None:
    """Discovery is the same with the setting: there is nothing to select."""
    found = json.loads(run_tap({"keep_unknown_fields": True}, "--discover", document=True).stdout)
    assert found == json.loads(json.dumps(catalog()))
    assert all("unknown_fields" not in entry["schema"]["properties"] for entry in found["streams"])


def test_the_environment_sets_it() -> None:
    """TAP_ZOOM_KEEP_UNKNOWN_FIELDS, as Meltano writes it."""
    with SimulatedZoom(AS_DOCUMENTED, undocumented=UNDOCUMENTED) as zoom:
        env = {
            f"TAP_ZOOM_{name.upper()}": str(value) for name, value in zoom.config(keep_unknown_fields="true").items()
        }
        run = run_tap("ENV", zoom=zoom, env=env, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert run.records["users"] == run_with(True).records["users"]


def test_a_stopped_run_is_resumed_with_other_fields() -> None:
    """A field more or less does not throw days of work away."""
    state = run_with(False).states[0]
    with SimulatedZoom(AS_DOCUMENTED) as zoom:
        same, other = (run_tap(zoom.config(keep_unknown_fields=keep), zoom=zoom, state=state) for keep in (False, True))
    assert same.logged("WARNING") == other.logged("WARNING") == []
