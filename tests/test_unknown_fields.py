"""keep_unknown_fields: fields that the schema lacks are kept in a column or left out, and named in a warning."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tap_zoom.discover import catalog
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.tap import TINY, Run, account, assert_exact, catalog_of, expected, run_tap

# Added to each answer and row: numbers beyond 64 bits, a NUL, half a surrogate pair, and the name of the tap's column.
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
    """Run all core streams on an account in which each row has undocumented fields."""
    with SimulatedZoom(AS_DOCUMENTED, undocumented=UNDOCUMENTED) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=keep), zoom=zoom)
        assert zoom.violations == []
    assert run.exit_status == 0
    return run


def without_column(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name != "unknown_fields"} for record in records]


def test_each_row_keeps_its_unknown_fields() -> None:
    """In every stream, for lists and single objects. Values are exact and clean, and known fields don't change."""
    records = run_with(True).records
    assert set(records) == set(truth.KEYS)
    for stream in records:
        assert all(record["unknown_fields"] == KEPT for record in records[stream]), stream
    assert_exact(RIGHT(), {stream: without_column(records[stream]) for stream in records})


def test_the_column_is_in_each_schema() -> None:
    """It is a nullable object without properties. The other columns are the same as without the setting."""
    for stream, message in run_with(True).schemas.items():
        properties = dict(message["schema"]["properties"])
        column = properties.pop("unknown_fields")
        assert column.pop("description") and column == {"type": ["null", "object"]}
        assert properties == run_with(False).schemas[stream]["schema"]["properties"]
        assert message["key_properties"] == list(truth.KEYS[stream])


def test_without_the_setting_unknown_fields_are_left_out() -> None:
    """The column is neither in the schema nor in a record, even if Zoom sends a field with its name."""
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
def test_one_warning_per_stream_names_the_unknown_fields(keep: bool, outcome: str) -> None:
    """It says if they were kept, and if not, which setting keeps them."""
    said = [line for line in run_with(keep).logged("WARNING") if SAID in line]
    assert sorted(said) == sorted(f"WARNING {stream}: {SAID}, {outcome}." for stream in truth.KEYS)


def test_rows_without_unknown_fields_lack_the_column() -> None:
    """Few rows of the account have an unknown field. The others are the same as without the setting."""
    with SimulatedZoom(account(1, "tiny")) as zoom:
        run = run_tap(zoom.config(keep_unknown_fields=True), zoom=zoom)
    assert run.exit_status == 0
    rows = [record for records in run.records.values() for record in records if "unknown_fields" in record]
    assert 0 < len(rows) < len(run.of_type("RECORD")) / 2
    assert all(record["unknown_fields"] == {"zz_unannounced": {"since": "next year"}} for record in rows)
    assert_exact(expected(1, "tiny"), {stream: without_column(records) for stream, records in run.records.items()})


def test_only_unknown_fields_at_the_top_level_are_kept() -> None:
    """Unknown fields in a known object are left out with a warning. A deselected field is known."""
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


def test_the_catalog_lacks_the_column() -> None:
    """Discovery is the same with the setting, because there is nothing to select."""
    found = json.loads(run_tap({"keep_unknown_fields": True}, "--discover", document=True).stdout)
    assert found == json.loads(json.dumps(catalog()))
    assert all("unknown_fields" not in entry["schema"]["properties"] for entry in found["streams"])


def test_the_environment_can_set_keep_unknown_fields() -> None:
    """TAP_ZOOM_KEEP_UNKNOWN_FIELDS=true, as Meltano writes it."""
    with SimulatedZoom(AS_DOCUMENTED, undocumented=UNDOCUMENTED) as zoom:
        env = {
            f"TAP_ZOOM_{name.upper()}": str(value) for name, value in zoom.config(keep_unknown_fields="true").items()
        }
        run = run_tap("ENV", zoom=zoom, env=env, catalog=catalog_of("users"))
    assert run.exit_status == 0
    assert run.records["users"] == run_with(True).records["users"]


def test_a_run_resumes_with_another_value_of_the_setting() -> None:
    """The change of columns causes no warning, and the run doesn't start over."""
    state = run_with(False).states[0]
    with SimulatedZoom(AS_DOCUMENTED) as zoom:
        same, other = (run_tap(zoom.config(keep_unknown_fields=keep), zoom=zoom, state=state) for keep in (False, True))
    assert same.logged("WARNING") == other.logged("WARNING") == []
