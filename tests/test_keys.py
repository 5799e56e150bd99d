"""Key columns added by the tap: sequence, respondent and the ids of parents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME, EMITTED
from tap_zoom.streams.model import Stream
from tap_zoom.sync.records import RecordBuilder, Sequence
from tests.each import for_each

IDS = {"meeting_id": 7, "webinar_id": 8, "meeting_uuid": "m==", "webinar_uuid": "w=="}
JOIN = "2024-01-01T00:00:00Z"


def records(stream: str, *pages: list[dict[str, Any]], ids: dict[str, Any] = IDS) -> list[dict[str, Any]]:
    """Return the records of a list that has these pages."""
    schema = schema_of(BY_NAME[stream])
    plan, sequence, found = RecordBuilder(BY_NAME[stream], schema, schema), Sequence(), []
    for page in pages:
        found += plan.records(json.dumps({BY_NAME[stream].records: page}).encode(), ids, sequence)[0]
    return found


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2])), max_size=12), max_size=5))
def test_sequence_numbers_rows_with_the_same_key_across_pages(pages: list[list[tuple[str, int]]]) -> None:
    """It starts at 0 and has no gaps, in the order of arrival, which makes keys unique."""
    rows = [[{"user_id": user, "join_time": f"2024-01-0{day}T00:00:00Z"} for user, day in page] for page in pages]
    seen: dict[tuple[str, str], int] = {}
    for record in records("report_meeting_participants", *rows):
        key = (record["user_id"], record["join_time"])
        assert record["sequence"] == seen.get(key, 0)
        seen[key] = record["sequence"] + 1
    assert sum(seen.values()) == sum(map(len, pages))


def test_rows_share_a_key_if_their_coerced_values_are_equal() -> None:
    """Two formats of the same time, or a number and its string, are the same key. `sequence` distinguishes the rows."""
    rows = [{"user_id": 5, "join_time": JOIN}, {"user_id": "5", "join_time": "2024-01-01 00:00:00"}]
    assert [record["sequence"] for record in records("report_meeting_participants", rows)] == [0, 1]


@given(
    st.permutations([{"email": "", "name": "Anonymous Attendee", "question_details": [{"answer": n}]} for n in "abcd"])
)
def test_sequence_in_unpaged_lists_does_not_depend_on_the_order_of_rows(rows: list[dict[str, Any]]) -> None:
    """Rows are numbered in the order of their canonical JSON, so each has the same key in every run."""
    found = {
        record["question_details"][0]["answer"]: record["sequence"] for record in records("meeting_poll_results", rows)
    }
    assert found == {"a": 0, "b": 1, "c": 2, "d": 3}


@pytest.mark.parametrize(
    ("row", "respondent"),
    [
        ({"email": "a@b.c", "name": "A"}, "a@b.c"), ({"email": "", "name": "A"}, "A"), ({"email": None, "name": "A"}, "A"),
        ({"name": ""}, "anonymous"), ({}, "anonymous"), ({"email": None, "name": None}, "anonymous"),
    ],
)  # fmt: skip
def test_respondent_is_the_email_or_the_name_or_anonymous(row: dict[str, Any], respondent: str) -> None:
    """Zoom's own fields stay unchanged."""
    [record] = records("meeting_poll_results", [row])
    assert record["respondent"] == respondent
    for name in row:
        assert record[name] == row[name]


@pytest.mark.parametrize("stream", [stream.name for stream in EMITTED if stream.core and stream.context_columns])
def test_ids_of_parents_are_columns_of_their_children(stream: str) -> None:
    """Children of a meeting or webinar have its number. Children of a past one have its UUID and its number."""
    entry = BY_NAME[stream]
    schema = schema_of(entry)
    row = {"id": "x", "user_id": "u", "join_time": JOIN}
    body = json.dumps({entry.records: [row]} if entry.records else row).encode()
    [record], lost, _ = RecordBuilder(entry, schema, schema).records(body, IDS, Sequence())
    kind = "webinar" if "webinar" in stream else "meeting"
    assert record[f"{kind}_id"] == IDS[f"{kind}_id"]
    if "{" + kind + "_uuid}" in entry.path:
        assert record[f"{kind}_uuid"] == IDS[f"{kind}_uuid"]
    assert lost == 0
    if stream.endswith("participants"):
        assert record["user_id"] == "u" and record["id"] == "x"


def test_the_number_of_a_past_webinar_may_be_null() -> None:
    """It isn't part of the key, unlike the UUID."""
    [record] = records("webinar_absentees", [{"id": "x"}], ids={"webinar_uuid": "w", "webinar_id": None})
    assert record["webinar_id"] is None


@for_each(stream=[stream.name for stream in EMITTED])
def test_a_row_with_an_incomplete_key_is_not_emitted(stream: str) -> None:
    """A key column is never null, and only an empty string if that is the default for a missing value."""
    entry = BY_NAME[stream]
    schema = schema_of(entry)
    own = [name for name in entry.key if name not in (*entry.context_columns, *entry.param_columns, *entry.copied)]
    ids = {name: 5 if kind is int else "x" for name, kind in entry.parent.ids.items()}
    for empty in (None, ""):
        for missing in own:
            row: dict[str, Any] = {name: 5 if name in ("id", "key") else JOIN for name in own}
            row[missing] = empty
            body = json.dumps(answer(entry, row)).encode()
            columns = {**ids, **dict.fromkeys(entry.context_columns, "x")}
            found, lost, _ = RecordBuilder(entry, schema, schema).records(body, columns, Sequence())
            if entry.key_defaults.get(missing) == "":
                assert (found[0][missing], lost) == ("", 0)
            else:
                assert (found, lost) == ([], 1)


def answer(stream: Stream, row: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with one row, in the list from which the stream is read."""
    path = [*next(iter(stream.record_lists), stream.records).split(".")]
    for name in reversed(path if path != [""] else []):
        row = {name.partition("|")[0]: [row]}
    return row
