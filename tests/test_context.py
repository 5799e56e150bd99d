"""Contexts: a name parses to the same context, and links lead from rows to the right contexts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_zoom.streams import BY_NAME, ENTITIES
from tap_zoom.streams.held import PAST_MEETING
from tap_zoom.streams.meetings import MEETING
from tap_zoom.streams.model import ACCOUNT, Condition, Entity, Link, Stream
from tap_zoom.streams.users import USER
from tap_zoom.sync.context import Context, linked

TIME = "2026-03-01T10:00:00Z"
ENTITY = st.sampled_from(list(ENTITIES.values()))


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    entity = draw(ENTITY)
    ids = {
        name: draw(
            st.none()
            | (st.integers() if kind is int else st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
        )
        for name, kind in entity.ids.items()
    }
    return Context(entity, ids, draw(st.none() | st.sampled_from([TIME, "2026-03-01T10:00:00.250000Z"])))


@given(contexts())
def test_a_name_parses_to_its_context(context: Context) -> None:
    """Ids may contain slashes, spaces, dashes, percent signs and letters of any script."""
    assert Context.parse(context.name) == context


@pytest.mark.parametrize(
    "value",
    [
        "-",
        "--",
        "a b",
        " ",
        "",
        "%2F",
        "a/b==",
        "/a//b==",
        "+/=",
        "\n",
        "é",
        "日本",
        "a\tb",
        "2026-03-01T10:00:00Z",
        "user",
        "%",
        "%2D",
    ],
)
def test_odd_ids_survive_parsing(value: str) -> None:
    """A dash alone stands for an unknown id, so such an id is encoded. A name never contains a newline."""
    context = Context(PAST_MEETING, {"meeting_uuid": value, "meeting_id": None}, TIME)
    assert Context.parse(context.name) == context
    assert "\n" not in context.name


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    """It can't be encoded in UTF-8. Requests replace it in the same way."""
    assert Context.parse(Context(USER, {"user_id": "x\ud800"}).name).ids == {"user_id": "x?"}


def test_names_sort_by_time() -> None:
    """Names without a time come last, because digits sort before letters."""
    early, late, timeless = (
        Context(PAST_MEETING, {"meeting_uuid": "x", "meeting_id": 1}, time).name
        for time in ("2026-03-01T09:59:59Z", TIME, None)
    )
    assert early < late < timeless
    assert (
        Context(PAST_MEETING, {"meeting_uuid": "xy==", "meeting_id": 1}, TIME).name
        == "2026-03-01T10:00:00Z past_meeting xy== 1"
    )


def test_names_are_unique() -> None:
    """Contexts that differ in entity, ids or time have different names."""
    several = [
        Context(), Context(USER, {"user_id": "1"}), Context(MEETING, {"meeting_id": 1}), Context(MEETING, {"meeting_id": 12}),
        Context(PAST_MEETING, {"meeting_uuid": "a", "meeting_id": 1}), Context(PAST_MEETING, {"meeting_uuid": "a", "meeting_id": None}),
        Context(PAST_MEETING, {"meeting_uuid": "a 1", "meeting_id": None}), Context(PAST_MEETING, {"meeting_uuid": "a", "meeting_id": 1}, TIME),
    ]  # fmt: skip
    assert len({each.name for each in several}) == len(several)
    assert all(Context.parse(each.name) == each for each in several)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "shoes 1",
        "user",
        "user 1 2",
        "meeting x",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00Z shoes 1",
        "past_meeting a",
    ],
)
def test_an_invalid_name_raises_an_error(name: str) -> None:
    """The state may be damaged."""
    with pytest.raises((ValueError, KeyError)):
        Context.parse(name)


# --- links ------------------------------------------------------------------------------------------------------

THING = Entity("thing", {"thing_id": str, "user_id": str, "kind": str})


def leads_to(
    row: Any, *links: Link, replication_key: str = "", context: Context | None = None, **params: str
) -> list[Context | None]:
    stream = Stream(
        "things", "things", BY_NAME["users"].rate_limit, ("x",), links=links, replication_key=replication_key
    )
    return [found for _, found in linked(stream, row, context or Context(), params)]


def test_ids_come_from_the_row_the_context_and_the_parameters() -> None:
    """The first alternative field with a value is used. A number becomes text if the id is text."""
    link = Link(THING, {"thing_id": "uuid|id", "kind": "?type"})
    above = Context(USER, {"user_id": "u1"})
    assert leads_to({"uuid": "", "id": 7}, link, context=above, type="past") == [
        Context(THING, {"thing_id": "7", "user_id": "u1", "kind": "past"})
    ]
    assert leads_to({"uuid": "x", "id": 7}, link) == [Context(THING, {"thing_id": "x", "user_id": None, "kind": None})]


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": []}, {"id": 1.5}, None, 7, "x", []])
def test_a_row_without_the_id_leads_to_no_context(row: Any) -> None:
    """The link yields None, so that the caller notices the missing id."""
    assert leads_to(row, Link(MEETING, {"meeting_id": "id"})) == [None]


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), (7.0, 7), (2**70, 2**70), ("1" * 30, int("1" * 30)), (-5, -5)]
)
def test_a_meeting_number_may_be_a_string(value: Any, number: int) -> None:
    """Zoom usually sends an integer, sometimes a string."""
    assert leads_to({"id": value}, Link(MEETING, {"meeting_id": "id"})) == [Context(MEETING, {"meeting_id": number})]


def test_a_number_is_not_a_uuid() -> None:
    """Zoom would treat it as a meeting number."""
    assert leads_to({"uuid": 7, "id": 7}, Link(PAST_MEETING, {"meeting_uuid": "uuid", "meeting_id": "id"})) == [None]


def test_a_link_only_follows_rows_that_meet_its_conditions() -> None:
    """For other rows the link yields nothing, even if they have no id."""
    link = Link(MEETING, {"meeting_id": "id"}, where=(Condition("type", frozenset({"5"})),))
    assert leads_to({"id": 1, "type": 5}, link) == [Context(MEETING, {"meeting_id": 1})]
    assert leads_to({"id": None, "type": 8}, link) == []
    files = Condition("file_type", frozenset({"transcript"}), in_list="files")
    assert files.holds({"files": [{"file_type": "MP4"}, 7, {"file_type": "TRANSCRIPT"}]})
    assert (
        not files.holds({"files": [{"file_type": "MP4"}]}) and not files.holds({"files": None}) and not files.holds({})
    )


def test_a_context_gets_the_time_of_its_row() -> None:
    """It has no time if its children are requested in the row's window, because several windows may list it."""
    link, in_window = Link(MEETING, {"meeting_id": "id"}), Link(MEETING, {"meeting_id": "id"}, same_window=True)
    row = {"id": 1, "at": "2026-03-01T11:00:00+01:00"}
    assert leads_to(row, link, in_window, replication_key="at") == [
        Context(MEETING, {"meeting_id": 1}, TIME),
        Context(MEETING, {"meeting_id": 1}),
    ]
    assert leads_to({"id": 1, "at": "soon"}, link, replication_key="at") == [Context(MEETING, {"meeting_id": 1})]


def test_the_account_has_no_ids() -> None:
    """Its name is just the name of its entity."""
    assert Context().name == "account" and Context.parse("account") == Context(ACCOUNT)
