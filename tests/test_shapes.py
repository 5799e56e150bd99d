"""Conversion of values of each declared type, alone, in lists and in objects, even if no stream has the type today."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tap_zoom.sync.records import RecordBuilder, Sequence
from tap_zoom.sync.rows import canonical, cleaned, content_of, rows_of

USERS = BY_NAME["users"]


def nullable(kind: str) -> dict[str, Any]:
    return {"type": ["null", "string"], "format": kind} if kind == "date-time" else {"type": ["null", kind]}


def plan_of(field: dict[str, Any], **more: Any) -> RecordBuilder:
    """Return a record builder for rows with an id and a field."""
    schema = {"properties": {"id": {"type": "string"}, "field": field, **more}}
    return RecordBuilder(USERS, schema, schema)


def shaped(plan: RecordBuilder, *texts: str) -> list[Any]:
    """Return the field's values in the records of rows that have these JSON texts as the field."""
    rows = ",".join(f'{{"id":"x","field":{text}}}' for text in texts)
    records, lost, _ = plan.records(f'{{"users":[{rows}]}}'.encode(), {}, Sequence())
    assert lost == 0 and all(record.keys() == {"id", "field"} for record in records)
    return [record["field"] for record in records]


def exactly(value: Any) -> str:
    """Include types in a comparison, because 1 == True == 1.0."""
    return repr(value)


NUMBER = [
    ("5", 5), ("5.5", 5.5), ("-0.0", -0.0), ("1e3", 1000.0), ('"5"', 5), ('"-5"', -5), ('"0"', 0), ('"5.5"', 5.5), ('"1e3"', 1000.0),
    ('"0.1"', 0.1), ("18446744073709551617", 2**64 + 1), ('"18446744073709551617"', 2**64 + 1), ("9223372036854775808.0", 2.0**63),
    ('"0.10000000000000000001"', None), ('"1_000"', None), ('"05"', None), ('"05.5"', None), ('"+5"', None), ('" 5"', None), ('"5 "', None),
    ('".5"', None), ('"5."', None), ('"x"', None), ('"٣"', None), ('"NaN"', None), ('"Infinity"', None), ('"1e400"', None),
    ('"1e99999999999"', None), ("NaN", None), ("Infinity", None), ("-Infinity", None), ("1e400", None), ("-1e400", None), ("true", None),
    ("[]", None), ("{}", None), (f'"{"9" * 4299}"', 10**4299 - 1), (f'"{"9" * 4300}"', None),
]  # fmt: skip
INTEGER = [
    (f'"{"9" * 4299}"', 10**4299 - 1), (f'"{"9" * 4300}"', None), ("1e4299", 10**4299), ("1e4300", None), ("1e5", 100_000), ("5.5", None),
    ("9223372036854775808.0", 2**63), ('"5\\n"', None),
]  # fmt: skip
STRING = [
    ("0.1", "0.1"),
    ("1.10", "1.10"),
    ("-9223372036854775809", "-9223372036854775809"),
    ("1e400", "1E+400"),
    ("NaN", None),
]
TIME = [
    ('"2024-01-02T03:04:05.1Z"', "2024-01-02T03:04:05.1Z"), ('"2024-01-02T03:04:05.1234567Z"', "2024-01-02T03:04:05.123456Z"),
    ('"2024-01-02T05:04:05.10+02:00"', "2024-01-02T03:04:05.10Z"), ('"2024-13-02T03:04:05Z"', None), ('"2024-01-02T03:04:05Z\\n"', "2024-01-02T03:04:05Z"),
    ('"2024-01-02T24:04:05Z"', None), ("[]", None), ("1.5", None),
]  # fmt: skip
BOOLEAN = [
    ("true", True),
    ("false", False),
    ("1", True),
    ("0", False),
    ('"true"', True),
    ('"false"', False),
    ("1.0", None),
    ("2", None),
    ('"1"', None),
]
CASES = [
    (kind, text, right)
    for kind, cases in {"number": NUMBER, "integer": INTEGER, "string": STRING, "date-time": TIME, "boolean": BOOLEAN}.items()
    for text, right in [*cases, ("null", None), ('""', "" if kind == "string" else None)]
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "right"), CASES, ids=lambda value: ascii(value)[:30])
def test_each_value_of_a_declared_type(kind: str, text: str, right: Any) -> None:
    """The value is alone, in a list and in an object. It is converted without loss, or becomes null and is counted
    under the path of its field."""
    misfit = int(right is None and text not in ("null", '""'))
    plan = plan_of(nullable(kind))
    assert exactly(shaped(plan, text)) == exactly([right])
    assert plan.shapes.misfits["field"] == misfit and plan.shapes.misfits.total() == misfit
    plan = plan_of({"type": ["null", "array"], "items": nullable(kind)})
    assert exactly(shaped(plan, f"[{text},{text}]", "[]")) == exactly([[right, right], []])
    assert plan.shapes.misfits["field"] == 2 * misfit and plan.shapes.misfits.total() == 2 * misfit
    plan = plan_of({"type": ["null", "object"], "properties": {"inside": nullable(kind)}})
    assert exactly(shaped(plan, f'{{"inside":{text}}}', "{}")) == exactly([{"inside": right}, {}])
    assert plan.shapes.misfits["field.inside"] == misfit and plan.shapes.misfits.total() == misfit


@pytest.mark.parametrize(("kind", "text", "right"), CASES, ids=lambda value: ascii(value)[:30])
def test_a_single_value_instead_of_a_list(kind: str, text: str, right: Any) -> None:
    """It becomes a list of one. An empty value becomes null; one that doesn't fit becomes null and is counted."""
    plan = plan_of({"type": ["null", "array"], "items": nullable(kind)})
    empty = text in ("null", '""')
    if text[:1] not in "[{":
        assert exactly(shaped(plan, text)) == exactly([None if empty or right is None else [right]])
        assert plan.shapes.misfits.total() == (right is None and not empty)


def test_a_single_object_instead_of_a_list() -> None:
    """It becomes a list of one if it has any of the declared fields. Otherwise it becomes null and is counted."""
    plan = plan_of(
        {"type": ["null", "array"], "items": {"type": ["null", "object"], "properties": {"a": nullable("integer")}}}
    )
    assert shaped(plan, '{"a":"1","b":2}', '[{"a":1}]') == [[{"a": 1}], [{"a": 1}]]
    assert plan.shapes.unknown_inside == {"field.b": 1} and not plan.shapes.misfits
    assert shaped(plan, "{}", '{"x":1}', "7", '"x"', "null", '""') == [None] * 6
    assert plan.shapes.misfits == {"field": 4}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ({"type": ["null", "array"], "items": nullable("string")}, ["{}"]),
        ({"type": ["null", "object"], "properties": {"a": nullable("string")}}, ["[]", '"x"', "7", "true", "1.5"]),
    ],
)  # fmt: skip
def test_values_that_are_not_lists_or_objects(field: dict[str, Any], wrong: list[str]) -> None:
    """They become null, and are counted unless they were null or an empty string."""
    plan = plan_of(field)
    assert shaped(plan, *wrong, "null", '""') == [None] * (len(wrong) + 2)
    assert plan.shapes.misfits == {"field": len(wrong)}
    assert plan.new_misfits() == ["field"]


def test_fields_in_a_list_of_objects_are_counted_without_an_index() -> None:
    """Misfits and unknown fields of all items are counted under one name."""
    plan = plan_of({"type": "array", "items": {"type": "object", "properties": {"a": nullable("integer")}}})
    assert shaped(plan, '[{"a":1,"b":2,"c":3},{"a":"x","b":2}]') == [[{"a": 1}, {"a": None}]]
    assert (
        plan.shapes.misfits == {"field.a": 1}
        and plan.shapes.unknown_inside == {"field.b": 2, "field.c": 1}
        and not plan.shapes.unknown
    )
    assert list(plan.new_unknown()) == ["left out inside other fields: field.b, field.c"]


@pytest.mark.parametrize(
    "field",
    [{}, {"type": ["null", "object"]}, {"type": ["array", "null"]}, {"type": ["object", "null"], "description": "x"}],
)
def test_a_value_without_a_declared_type_is_emitted_as_sent(field: dict[str, Any]) -> None:
    """Numbers are exact at any depth. Those that JSON can't represent become null."""
    plan = plan_of(field)
    texts = ('"x"', "true", "null", "5", '{"a":[18446744073709551617,{"b":1.5}]}', "[1e19,-1e19,9e18]")
    assert exactly(shaped(plan, *texts)) == exactly([json.loads(text) for text in texts])
    assert not plan.shapes.misfits
    assert shaped(plan, '{"a":[1e400,NaN,{"b":-Infinity}]}', "1e400") == [{"a": [None, None, {"b": None}]}, None]
    assert plan.shapes.misfits == {"field": 4}


def test_unknown_fields_are_counted_in_each_row() -> None:
    """This applies to fields that are kept and to fields that are left out. Each is reported once."""
    schema: dict[str, Any] = {"properties": {"id": {"type": "string"}}}
    kept = {"properties": {**schema["properties"], "unknown_fields": {"type": ["null", "object"]}}}
    for plan, outcome in (
        (RecordBuilder(USERS, schema, schema), "left out: a, b; set"),
        (RecordBuilder(USERS, kept, schema), "kept in unknown_fields: a, b"),
    ):
        body = b'{"users":[{"id":"x","b":1},{"id":"y","a":{"c":1e400}},{"id":"z","a":[NaN]}]}'
        records, _, content = plan.records(body, {}, Sequence())
        assert plan.shapes.unknown == {"a": 2, "b": 1} and not plan.shapes.unknown_inside
        assert [line.startswith(outcome) for line in plan.new_unknown()] == [True]
        assert list(plan.new_unknown()) == []
        assert ("unknown_fields" in records[0]) == outcome.startswith("kept")
        assert plan.shapes.misfits == ({"unknown_fields.a": 2} if outcome.startswith("kept") else {})
        assert [row["id"] for row in content["users"]] == ["x", "y", "z"]


def test_each_page_is_parsed_exactly_if_needed() -> None:
    """An earlier page that was parsed exactly doesn't affect the next one."""
    plan = plan_of(nullable("string"))
    assert shaped(plan, "1.10") == ["1.10"]
    assert shaped(plan, '"x"') == ["x"]
    assert shaped(plan, "1.10", "2.50") == ["1.10", "2.50"]


def test_nesting_that_is_too_deep_is_an_error() -> None:
    """It must not crash Python."""
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises((RecursionError, ValueError)):
        shaped(plan_of({}), '{"a":' * 5000 + "1e999" + "}" * 5000)
    with pytest.raises(RecursionError):
        plan_of({}).record({"id": "x", "field": deep}, {})


def test_a_parsed_row_becomes_the_same_record_as_in_a_page() -> None:
    """It is cleaned, with exact numbers, the columns added by the tap and a key. Without a complete key, it is lost."""
    participants = BY_NAME["report_meeting_participants"]
    schema = schema_of(participants)
    ids = {"meeting_uuid": "m==", "meeting_id": 7}
    body = b'{"user_id":1.10,"join_time":"2024-01-01T00:00:00Z","name":"a\\u0000b\xed\xa0\x80","duration":18446744073709551617}'
    for _ in range(2):
        records, lost = RecordBuilder(participants, schema, schema).record(content_of(body, exact=True), ids)
        assert lost == 0
        assert [ascii(record) for record in records] == [ascii({
            "user_id": "1.10", "join_time": "2024-01-01T00:00:00Z", "name": "ab\ufffd", "duration": 2**64 + 1,
            "meeting_uuid": "m==", "meeting_id": 7, "sequence": 0,
        })]  # fmt: skip
    plan = RecordBuilder(participants, schema, schema)
    assert plan.record({"user_id": None}, ids) == ([], 1)
    [record], _ = plan.record({"user_id": "1", "join_time": "2024-01-01T00:00:00Z", "duration": math.nan}, ids)
    assert record["duration"] is None and plan.shapes.misfits == {"duration": 1}


# --- rows, their canonical form and cleaning --------------------------------------------------------------------


def test_the_rows_of_an_answer() -> None:
    """They are in the list of that name. In streams without a list, the answer is the row."""
    assert rows_of(USERS, {"users": [1, {}]}) == [1, {}]
    assert rows_of(USERS, {"users": None}) == rows_of(USERS, {"other": [1]}) == []
    assert rows_of(BY_NAME["meetings"], {"id": 1}) == [{"id": 1}]
    with pytest.raises(ValueError, match=r"^users isn't a list$"):
        rows_of(USERS, {"users": {}})
    with pytest.raises(ValueError, match=r"^the answer isn't a JSON object$"):
        rows_of(BY_NAME["meetings"], [])


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"b": [{"d": 1, "c": 2}], "a": "é"}, '{"a":"é","b":[{"c":2,"d":1}]}'), ({"b": 2**64, "a": "é"}, '{"a":"é","b":18446744073709551616}'),
        ({"b": Decimal("1.50"), "a": {"d": 1, "c": 2}}, '{"a":{"c":2,"d":1},"b":1.5}'), (7, "7"), (None, "null"),
    ],
)  # fmt: skip
def test_the_canonical_form_ignores_the_order_of_fields(row: Any, text: str) -> None:
    """This applies at every depth, and to values that orjson can't serialize."""
    assert canonical(row).decode() == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a\0b\ud800c\udfffd", "ab\ufffdc\ufffdd"), ("\ud83d\ude00", "😀"), ("é", "é"), ("", ""), ("\0", "")],
)
def test_text_is_cleaned_at_any_depth(text: str, clean: str) -> None:
    """Names of fields are cleaned as well. Other values don't change."""
    same = [7, 1.5, None, True]
    assert ascii(cleaned({text: [text, {"a": text}, *same]})) == ascii({clean: [clean, {"a": clean}, *same]})


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b'{"a":"a"}', {"a": "a"}), ('"é"'.encode(), "é"), (b'"\\u0001\\u00e9"', "\x01é"), (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\uD83D\\uDE00"', "😀"), ('"\ud55c"'.encode(), "\ud55c"), (b'["\\u0000"]', [""]), (b'"\\ud800"', "\ufffd"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}), (b'{"a":"b\tc\nd\0"}', {"a": "b\tc\nd"}),
        (b'{"\\uD83D":1}', {"\ufffd": 1}), (b'["\xed\xa0\x80"]', ["\ufffd"]), (b'"\\\\u0000"', "\\u0000"),
    ],
)  # fmt: skip
def test_the_content_of_a_body_is_clean(body: bytes, content: Any, exact: bool) -> None:
    """Surrogate pairs become the character that they encode. NUL is removed, and lone surrogates are replaced. A byte
    order mark and control characters, which JSON doesn't allow, are accepted."""
    assert content_of(body, exact) == content


def test_cleaning_an_answer_that_is_nested_too_deep_is_an_error() -> None:
    """Only that answer is lost, as with other invalid answers."""
    with pytest.raises(RecursionError):
        content_of(b"[" * 1020 + b'"\\u0000"' + b"]" * 1020)
