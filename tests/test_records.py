"""Rows become records that fit their schema, and no value changes its meaning."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tap_zoom.discover import schema_of, select
from tap_zoom.streams import BY_NAME, EMITTED
from tap_zoom.streams.secrets import names_held_back
from tap_zoom.sync.records import RecordBuilder, Sequence
from tap_zoom.sync.rows import cleaned, content_of

IDS = {"meeting_id": 7, "webinar_id": 8, "meeting_uuid": "m==", "webinar_uuid": "w=="}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
NAMES = [stream.name for stream in EMITTED]

NUMBERS = (
    st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, 1, 2**63, 2**64, 1.5, 3.0, 1e16, 1e300, -0.0])
)
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["", "0", "1", "01", "-3", "1.50", "1e3", "true", "false", "True", "NaN", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05",
     "2024-01-02T03:04:05.1234567+02:00", "2024-02-30T00:00:00Z", "12/22/2021 16:20", "a\0b", "\ud800", "😀"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Generate rows as documented, with some values of any other type."""
    if "properties" in schema:
        fields = {name: fitting(part) | ANYTHING for name, part in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional=dict(list(fields.items())[:12]))
    if "items" in schema:
        return st.lists(fitting(schema["items"]), max_size=2) | ANYTHING
    return ANYTHING


def plan_of(stream: str, keep: bool = False) -> RecordBuilder:
    """Return the record builder for all fields. `keep`: with the column for unknown fields."""
    whole = schema_of(BY_NAME[stream])
    return RecordBuilder(BY_NAME[stream], select(None, print, keep)[stream] if keep else whole, whole)


def shaped(stream: str, *rows: Any, plan: RecordBuilder | None = None) -> list[dict[str, Any]]:
    """Return the records built from some rows."""
    plan = plan or plan_of(stream)
    name = plan.stream.records
    body = json.dumps({name: list(rows)} if name else rows[0]).encode()
    records, _, _ = plan.records(body, IDS, Sequence())
    return records


def one(stream: str, field: str, value: Any) -> tuple[Any, int]:
    """Return the record's value for one sent value, and the number of misfits."""
    plan = plan_of(stream)
    row = {"id": "x", "uuid": "u", "user_id": "1", "join_time": "2024-01-01T00:00:00Z", field: value}
    if stream in ("meetings", "webinars"):
        row["id"] = 5
    [record] = shaped(stream, row, plan=plan)
    return record.get(field), sum(plan.shapes.misfits.values())


def kept(kind: str, sent: Any, out: Any) -> bool:
    """True if `out` means the same as `sent`, as far as the declared type allows. Written independently of the tap."""
    if type(sent) is type(out) and sent == out:
        return True
    if isinstance(sent, str):
        sent = cleaned(sent)
        if kind == "date-time":
            return isinstance(out, str) and sent[:2] == "20"
        if kind == "boolean":
            return sent == {True: "true", False: "false"}.get(out)
        if kind in ("integer", "number") and type(out) in (int, float):
            try:
                return Decimal(sent) == Decimal(repr(out))
            except InvalidOperation:
                return False
        return bool(sent == out)
    if kind == "string":
        return out == json.dumps(sent) or (isinstance(sent, float) and Decimal(out) == Decimal(repr(sent)))
    if kind == "boolean":
        return type(sent) is int and sent in (0, 1) and out == bool(sent)
    # Compare as decimals: the nearest float to 4.947854320945214e+16 is another integer.
    return type(sent) in (int, float) and type(out) in (int, float) and Decimal(repr(sent)) == Decimal(repr(out))


def check_value(schema: dict[str, Any], sent: Any, out: Any) -> int:
    """Check that no value is changed. Return the number of nulls whose sent value was neither null nor ""."""
    types = schema.get("type", [])
    kind = next((each for each in ([types] if isinstance(types, str) else types) if each != "null"), "")
    if kind == "string":
        kind = schema.get("format", kind)
    if out is None:
        return int(sent is not None and sent != "" and not (isinstance(sent, str) and cleaned(sent) == ""))
    if kind == "object" and "properties" in schema:
        assert isinstance(sent, dict)
        assert out.keys() == schema["properties"].keys() & sent.keys()
        return sum(check_value(schema["properties"][name], sent[name], out[name]) for name in out)
    if kind == "array" and "items" in schema:
        assert isinstance(sent, list) and len(sent) == len(out)
        return sum(check_value(schema["items"], *pair) for pair in zip(sent, out, strict=True))
    if kind in ("object", "array", ""):
        return 0
    assert kept(kind, sent, out), (kind, sent, out)
    return 0


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), fitting(schema_of(BY_NAME[name])))))
def test_records_validate_and_keep_their_values(case: tuple[str, dict[str, Any]]) -> None:
    """Each record validates. Each value is as sent, converted without loss, or null and counted."""
    stream, row = case
    # Zoom doesn't send the columns that the tap adds.
    row = {name: value for name, value in row.items() if name not in BY_NAME[stream].context_columns}
    schema, plan = schema_of(BY_NAME[stream]), plan_of(stream)
    sent = json.loads(json.dumps(row))
    for record in shaped(stream, row, plan=plan):
        Draft4Validator(schema).validate(record)
        assert_times(schema, record)
        ours = BY_NAME[stream].context_columns
        fields = {name: part for name, part in schema["properties"].items() if name not in ours}
        nulls = check_value(
            {"type": "object", "properties": fields}, sent, {n: v for n, v in record.items() if n not in ours}
        )
        assert nulls == sum(plan.shapes.misfits.values())
        json.dumps(record, allow_nan=False).encode()
        assert "\0" not in json.dumps(record, ensure_ascii=False)
        json.dumps(record, ensure_ascii=False).encode("utf-8")


def assert_times(schema: dict[str, Any], value: Any) -> None:
    """Check that each date-time is RFC 3339, in UTC, and exists."""
    if schema.get("format") == "date-time" and value is not None:
        assert RFC3339.fullmatch(value), value
        datetime.fromisoformat(value[:19])
    for name, part in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            assert_times(part, value[name])
    for item in value if isinstance(value, list) and "items" in schema else []:
        assert_times(schema["items"], item)


INTEGER = [
    (5, 5), ("5", 5), ("-12", -12), (5.0, 5), (2**63, 2**63), (2**64, 2**64), (str(2**64), 2**64), (1e16, 10**16), (-0.0, 0),
    (0, 0), ("0", 0), ("", None), (None, None), (5.5, None), ("5.5", None), ("05", None), ("+5", None), (" 5", None), ("x", None),
    (True, None), ([5], None), ({}, None), ("1_000", None), ("٣", None),
]  # fmt: skip
BOOLEAN = [
    (True, True), (False, False), (1, True), (0, False), ("true", True), ("false", False), ("", None), (None, None), (2, None),
    ("True", None), ("no", None), ("1", None), (1.0, None), (0.0, None), ([], None),
]  # fmt: skip
STRING = [
    ("x", "x"), ("", ""), (None, None), (5, "5"), (2**64, str(2**64)), (True, "true"), (False, "false"), (1.5, "1.5"),
    ("a\0b", "ab"), ("\ud800", "\ufffd"), ("\udc00x", "\ufffdx"), ("😀", "😀"), ("\\ud800", "\\ud800"), ([], None), ({}, None),
]  # fmt: skip
TIME = [
    ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"), ("2024-01-02T03:04:05.12Z", "2024-01-02T03:04:05.12Z"),
    ("2024-01-02T03:04:05.1234567Z", "2024-01-02T03:04:05.123456Z"), ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
    ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"), ("2024-01-02T03:04:05", "2024-01-02T03:04:05Z"),
    ("2024-01-02", "2024-01-02T00:00:00Z"), ("", None), (None, None), ("12/22/2021 16:20", None), ("soon", None),
    ("2024-02-30T00:00:00Z", None), (1704164645, None), (True, None),
]  # fmt: skip
TABLE = [
    *(("report_meeting_participants", "duration", *case) for case in INTEGER),
    *(("report_meeting_participants", "failover", *case) for case in BOOLEAN),
    *(("report_meeting_participants", "name", *case) for case in STRING),
    *(("report_meeting_participants", "leave_time", *case) for case in TIME),
]


@pytest.mark.parametrize(("stream", "field", "sent", "right"), TABLE)
def test_each_conversion(stream: str, field: str, sent: Any, right: Any) -> None:
    """The declared type decides. Only unambiguous values are converted; others become null and are counted."""
    out, misfits = one(stream, field, sent)
    assert type(out) is type(right) and out == right
    assert misfits == int(right is None and sent not in (None, ""))


def test_large_integers_are_exact_next_to_other_values() -> None:
    """Integers above 2^64 aren't rounded, even if another field has a fraction."""
    records = shaped("report_meeting_participants", {
        "user_id": 18446744073709551617, "join_time": "2024-01-01T00:00:00Z", "duration": 18446744073709551617, "name": 0.1,
    })  # fmt: skip
    assert records[0]["duration"] == 18446744073709551617
    assert records[0]["user_id"] == "18446744073709551617"
    assert records[0]["name"] == "0.1"


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("field", ["duration", "name", "failover"])
def test_nan_and_infinity_become_null(text: bytes, field: str) -> None:
    """Python's json accepts NaN and infinity. They become null and are counted."""
    plan = plan_of("report_meeting_participants")
    body = b'{"participants":[{"user_id":"1","join_time":"2024-01-01T00:00:00Z","%s":%s}]}' % (field.encode(), text)
    [record], _, _ = plan.records(body, IDS, Sequence())
    assert record[field] is None
    assert plan.shapes.misfits[field] == 1


def test_an_integer_in_exponent_form_is_exact() -> None:
    """It isn't rounded to the nearest float, which is another integer."""
    plan = plan_of("report_webinars")
    [record], _, _ = plan.records(b'{"uuid":"u","type":4.947854320945214e+16}', IDS, Sequence())
    assert record["type"] == 49478543209452140


@pytest.mark.parametrize("surrogate", [b"\\ud800", b"\\uDFFF", b"\xed\xa0\x80"])
def test_lone_surrogates_become_replacement_characters(surrogate: bytes) -> None:
    """This includes escaped surrogates and bytes that aren't UTF-8."""
    body = b'{"participants":[{"user_id":"1","join_time":"2024-01-01T00:00:00Z","name":"a%sb"}]}' % surrogate
    [record], _, _ = plan_of("report_meeting_participants").records(body, IDS, Sequence())
    assert ascii(record["name"]) == ascii("a\ufffdb")  # ascii(): pytest can't print a surrogate


def test_misfits_are_named_once_and_counted() -> None:
    """new_misfits returns each field once; the counter continues."""
    plan = plan_of("report_meeting_participants")
    row = {"user_id": "1", "join_time": "2024-01-01T00:00:00Z", "duration": "long"}
    shaped("report_meeting_participants", row, row, plan=plan)
    assert plan.new_misfits() == ["duration"]
    shaped("report_meeting_participants", row, plan=plan)
    assert plan.new_misfits() == []
    assert plan.shapes.misfits["duration"] == 3


def test_deselected_fields_are_ignored() -> None:
    """Neither their misfits nor their inner fields are counted, and they aren't unknown fields."""
    stream = BY_NAME["report_meeting_participants"]
    whole = schema_of(stream)
    schema = {**whole, "properties": {name: whole["properties"][name] for name in stream.key}}
    plan = RecordBuilder(stream, schema, whole)
    [record] = shaped(
        "", {"user_id": "1", "join_time": "2024-01-01T00:00:00Z", "duration": "long", "failover": {}}, plan=plan
    )
    assert set(record) == set(stream.key)
    assert not plan.shapes.misfits and not plan.shapes.unknown


def test_unknown_fields_are_left_out_and_named_once() -> None:
    """This includes fields inside objects and lists of objects."""
    plan = plan_of("meeting_poll_results")
    row = {"email": "a", "shoe": 1, "question_details": [{"answer": "x", "hat": 2}]}
    records = shaped("meeting_poll_results", row, row, plan=plan)
    assert "shoe" not in records[0] and records[0]["question_details"] == [{"answer": "x"}]
    assert list(plan.new_unknown()) == [
        "left out: shoe; set keep_unknown_fields to keep them", "left out inside other fields: question_details.hat",
    ]  # fmt: skip
    assert list(plan.new_unknown()) == []
    shaped("meeting_poll_results", {**row, "coat": 1}, plan=plan)
    assert list(plan.new_unknown()) == ["left out: coat; set keep_unknown_fields to keep them"]


@pytest.mark.parametrize("value", [[], {}, True, 1.5])
def test_a_key_is_only_made_from_text_or_an_integer(value: Any) -> None:
    """The email is the key of a user without an id, but only if it is text."""
    assert shaped("users", {"id": None, "email": value}) == []
    [record] = shaped("users", {"id": None, "email": "a@example.com"})
    assert record["id"] == "a@example.com"


def without(value: Any, names: Collection[str]) -> Any:
    """Return a value without the members of these names, at any depth."""
    if isinstance(value, list):
        return [without(part, names) for part in value]
    if isinstance(value, dict):
        return {name: without(part, names) for name, part in value.items() if name not in names}
    return value


@given(
    st.dictionaries(TEXTS | st.sampled_from(["shoe", "unknown_fields", "duration", "meeting_id"]), ANYTHING, max_size=4)
)
@example({"": {"zak": None}})  # a secret inside an unknown field
def test_unknown_fields_are_kept_as_zoom_sent_them(row: dict[str, Any]) -> None:
    """Text is cleaned, numbers are exact, and only numbers that JSON can't represent become null. Secrets are left
    out."""
    row = {"user_id": "1", "join_time": "2024-01-01T00:00:00Z", **row}
    plan = plan_of("report_meeting_participants", keep=True)
    [record] = shaped("report_meeting_participants", row, plan=plan)
    known = schema_of(plan.stream)["properties"].keys() - set(plan.stream.context_columns)
    sent = without(cleaned(json.loads(json.dumps(row))), names_held_back(plan.stream.name))
    right = {name: as_json(value) for name, value in sent.items() if name not in known}
    assert json.dumps(record.get("unknown_fields", {})) == json.dumps(right)
    assert ("unknown_fields" in record) == bool(right)
    assert record["meeting_id"] == IDS["meeting_id"]
    json.dumps(record, allow_nan=False, ensure_ascii=False).encode("utf-8")


def as_json(value: Any) -> Any:
    """Replace NaN and infinity by null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [as_json(part) for part in value]
    return {name: as_json(part) for name, part in value.items()} if isinstance(value, dict) else value


def test_fields_are_counted_once_if_a_page_is_parsed_again() -> None:
    """A page with numbers beyond 64 bits is parsed again to get them exactly. Its fields and misfits still count
    once."""
    plan = plan_of("meeting_poll_results", keep=True)
    row = {"shoe": [1e400, 1.5], "question_details": [{"hat": 2}, 7], "wig": 2**64 + 1}
    [record] = shaped("meeting_poll_results", row, plan=plan)
    assert record["unknown_fields"] == {"shoe": [None, 1.5], "wig": 2**64 + 1}
    assert plan.shapes.unknown == {"shoe": 1, "wig": 1} and plan.shapes.unknown_inside == {"question_details.hat": 1}
    assert plan.shapes.misfits == {"unknown_fields.shoe": 1, "question_details": 1}
    assert list(plan.new_unknown()) == [
        "kept in unknown_fields: shoe, wig",
        "left out inside other fields: question_details.hat",
    ]


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "9223372036854775807", "1e19", "0.1", "-0.0", "5"]
)
def test_a_kept_number_is_exact(number: str) -> None:
    """At both ends of the 64-bit range, and beyond."""
    body = b'{"participants":[{"user_id":"1","join_time":"2024-01-01T00:00:00Z","shoe":%s}]}' % number.encode()
    [record], _, _ = plan_of("report_meeting_participants", keep=True).records(body, IDS, Sequence())
    assert repr(record["unknown_fields"]["shoe"]) == repr(json.loads(number))


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"7", b'{"participants":{}}', b'{"participants":"x"}', b'{"participants":7}']
)
def test_an_answer_of_an_unexpected_shape_is_an_error(body: bytes) -> None:
    """The record builder doesn't try to interpret it."""
    with pytest.raises(ValueError, match=r"the answer isn't|isn't a list"):
        plan_of("report_meeting_participants").records(body, IDS, Sequence())


@pytest.mark.parametrize("body", [b"{}", b'{"participants":null}', b'{"participants":[]}'])
def test_null_for_a_list_is_an_empty_list(body: bytes) -> None:
    """Zoom sends null, or no list at all, for an empty list."""
    assert plan_of("report_meeting_participants").records(body, IDS, Sequence())[:2] == ([], 0)


def test_rows_without_a_key_are_lost_and_counted() -> None:
    """This includes rows that aren't objects."""
    records, lost, _ = plan_of("users").records(
        b'{"users":[7,null,"x",[],{"id":""},{"id":null},{},{"id":"a"}]}', {}, Sequence()
    )
    assert [record["id"] for record in records] == ["a"]
    assert lost == 7


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999999999999"])
def test_a_number_out_of_range_is_a_value_error(number: str) -> None:
    """An arithmetic error would end the run."""
    with pytest.raises(ValueError, match="out of range"):
        content_of(f'{{"duration": {number}}}'.encode(), exact=True)
