"""The other operations of the simulated Zoom answer as Zoom documents them, and as truth_of() says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.each import for_each
from tests.reading import Reader, pages, path, query, rows_in, windows
from tests.simulator import Account, SimulatedZoom, conversion, truth_of
from tests.simulator.dates import UTC
from tests.simulator.further import HAND_MADE, KEYS, OPERATIONS, STREAMS
from tests.simulator.further.model import documented
from tests.simulator.further.shapes import fields_of
from tests.simulator.further.truth import HELD_BACK, without
from tests.simulator.limits import Limits
from tests.test_simulator import Client

NOW = datetime(2026, 3, 17, 9, 30, tzinfo=UTC)
ACCOUNT = Account(seed=3, now=NOW)
Row = dict[str, Any]


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(ACCOUNT, scopes="classic") as zoom:
        yield zoom


@pytest.fixture
def client(zoom: SimulatedZoom) -> Client:
    return Client(zoom)


# --- reading by the table --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with SimulatedZoom(ACCOUNT, scopes="classic", page_cap=2) as zoom:
        yield Reader(zoom)
        assert [violation for violation in zoom.violations if "signed" not in violation] == []


@pytest.mark.long
@pytest.mark.parametrize("name", STREAMS)
def test_reading_by_the_table_returns_the_expected_records(reader: Reader, name: str) -> None:
    """The reader follows pages of two rows, windows and parents."""
    stream = STREAMS[name]
    table, changed = fields_of(stream.row), {*stream.added, *stream.instead, *stream.may_lack}

    def known(record: Row) -> str:
        return conversion.canonical({field: record[field] for field in record.keys() & table.keys() - changed})

    found = reader.read(stream)
    hidden = HELD_BACK.get(name, set())
    assert Counter(known(without(hidden, conversion.record(table, row.row))) for row in found) == Counter(
        map(known, truth_of(reader.zoom, name))
    )


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in STREAMS if name != "phone_recording_transcripts"])
def test_answers_are_as_documented(name: str) -> None:
    """Complete answers, of an account that doesn't drift. Fields may be absent, and values null or empty."""
    stream = STREAMS[name]
    with SimulatedZoom(Account(seed=6, now=NOW, drift=False), scopes="classic") as zoom:
        client, answers = Client(zoom), 0
        for parent in zoom.further.contents.parents(stream).values():
            window = list(windows(stream, NOW.date()))[-1]
            asked = query(
                stream,
                parent.id,
                {**dict(stream.asks[0]), **({"type": parent.ask["type"]} if "@type" in stream.params.values() else {})},
                **window,
            )
            reply = client.get(path(stream, parent.id, parent.row), **asked)
            if reply.status == 200:
                answers += 1
                assert list(misfits(stream.answer, reply.body)) == []
        assert answers and not zoom.violations


TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


def misfits(schema: Row, value: Any, where: str = "answer") -> Iterator[str]:
    """Yield the parts of a value that differ from the documentation."""
    if value is None or value == "":
        return
    if not isinstance(value, TYPES[schema["type"]]):
        yield f"{where}: not {schema['type']}: {value}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from misfits(schema["properties"][name], inner, f"{where}.{name}")
            else:
                yield f"{where}.{name}: not documented"
    elif isinstance(value, list):
        for inner in value:
            yield from misfits(schema["items"], inner, f"{where}[]")
    elif value not in schema.get("enum", [value]) and "" not in schema["enum"]:
        yield f"{where}: none of {schema['enum']}: {value}"


# --- expected records ----------------------------------------------------------------------------------------------


@for_each(name=KEYS)
def test_expected_keys_are_unique_and_complete(zoom: SimulatedZoom, name: str) -> None:
    """Only fields in `may_lack` are empty. Each stream has records."""
    records = truth_of(zoom, name)
    keys = [tuple(record[field] for field in KEYS[name]) for record in records]
    assert records and len(set(keys)) == len(keys)
    may_lack = STREAMS[name].may_lack if name in STREAMS else ()
    assert not [
        record
        for record in records
        for field in KEYS[name]
        if record[field] is None or (record[field] == "" and field not in may_lack)
    ]


def test_every_form_of_key_occurs(zoom: SimulatedZoom) -> None:
    """There are rows that share a key, members without an id and calls without a UUID."""
    counted = [name for name in KEYS if name in STREAMS and "sequence" in KEYS[name] and name != "phone_calling_plans"]
    assert sum(any(record["sequence"] for record in truth_of(zoom, name)) for name in counted) > len(counted) / 2
    assert any(record["uuid"] == "" for record in truth_of(zoom, "report_telephone"))
    assert any("@" in record["id"] for record in truth_of(zoom, "group_members"))
    assert {record["message_state"] for record in truth_of(zoom, "chat_messages")} == {"sent", "edited", "deleted"}


def test_start_date_excludes_older_records(zoom: SimulatedZoom) -> None:
    """It also adds records that are older than two years, where Zoom still has them. Sums of a month cover the whole
    month."""
    since = truth_of(zoom, "clips", "2025-12-01")
    assert since and {row["modified_date"][:7] for row in since} <= {"2025-12", "2026-01", "2026-02", "2026-03"}
    assert len(truth_of(zoom, "clips", "2020-01-01")) == len(truth_of(zoom, "clips")) + 1
    assert {row["window_from"] for row in truth_of(zoom, "report_users", "2026-01-20")} == {
        "2026-01-01",
        "2026-02-01",
        "2026-03-01",
    }
    assert {row["window_to"] for row in truth_of(zoom, "report_users", "2026-03-02")} == {"2026-03-31"}


def test_future_events_appear_after_travel() -> None:
    """They aren't in any list before."""
    account = Account(seed=4, now=NOW, future=30)
    with SimulatedZoom(account, scopes="classic") as zoom:
        client, asked = Client(zoom), {"from": "2026-03-01", "to": "2026-03-31"}
        before, records = (
            len(client.get("/report/activities", **asked).body["activity_logs"]),
            len(truth_of(zoom, "report_activities")),
        )
        zoom.travel(days=12)
        assert len(Client(zoom).get("/report/activities", **asked).body["activity_logs"]) > before
        assert len(truth_of(zoom, "report_activities")) > records


# --- requests --------------------------------------------------------------------------------------------------------


def test_every_operation_of_the_table_is_documented() -> None:
    """Each parameter that the table sends is documented as well."""
    assert {*(operation.template for operation in OPERATIONS), *HAND_MADE.values()} <= documented().keys()
    for stream in STREAMS.values():
        sent = {
            *stream.params,
            *(name for ask in stream.asks for name in ask),
            *(stream.window.names if stream.window else ()),
        }
        assert sent <= stream.operation().parameters.keys(), stream.name


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"page_size": "301"}, "page_size"), ({"type": "live!"}, "type"), ({"zoom": "1"}, "zoom"), ({"from": ""}, "from"),
        ({"from": "2026-02-01", "to": "2026-03-10"}, "to"), ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
    ],
)  # fmt: skip
def test_undocumented_requests_are_refused(
    zoom: SimulatedZoom, client: Client, asked: dict[str, str], field: str
) -> None:
    """The simulator records a violation."""
    reply = client.get("/metrics/meetings", **{"from": "2026-03-01", "to": "2026-03-10", **asked})
    assert (reply.status, reply.body["code"], reply.body["errors"][0]["field"]) == (400, 300, field)
    assert len(zoom.violations) == 1


@pytest.mark.parametrize(
    ("path", "asked", "good"),
    [
        ("/report/activities", {"from": "2025-09-18", "to": "2025-09-20"}, True),
        ("/report/activities", {"from": "2025-09-17", "to": "2025-09-20"}, False),
        ("/phone/reports/call_charges", {"from": "2025-02-15T00:00:00Z", "to": "2025-03-01"}, True),
        ("/phone/reports/call_charges", {"from": "2025-02-14T00:00:00Z", "to": "2025-03-01T00:00:00Z"}, False),
        ("/chat/activities/channels", {"start_date": "2023-03-01", "end_date": "2023-03-03"}, True),
        ("/chat/activities/channels", {"start_date": "2023-03-01", "end_date": "2023-03-04"}, False),
        ("/archive_files", {"from": "2023-03-01T00:00:00Z", "to": "2023-03-08T00:00:00Z"}, True),
        ("/archive_files", {"from": "2023-03-01T00:00:00Z", "to": "2023-03-08T00:00:01Z"}, False),
        ("/archive_files", {"from": "2023-03-01", "to": "2023-03-08"}, False),
        ("/phone/call_queue_analytics", {"from": "2024-03-17", "to": "2025-03-16"}, True),
        ("/phone/call_queue_analytics", {"from": "2024-03-16", "to": "2024-03-16"}, False),
        ("/report/daily", {"year": "2025", "month": "9"}, True),
        ("/report/daily", {"year": "2025", "month": "8"}, False),
        ("/report/daily", {"year": "2025", "month": "13"}, False),
    ],
)
def test_windows_follow_zooms_length_and_retention(
    zoom: SimulatedZoom, client: Client, path: str, asked: dict[str, str], good: bool
) -> None:
    """Other windows are refused with 400/300, and the simulator records a violation."""
    reply = client.get(path, **asked)
    assert reply.status == 200 if good else (reply.status, reply.body["code"]) == (400, 300)
    assert len(zoom.violations) == (not good)


def test_a_window_of_recordings_that_is_too_long_is_shortened(zoom: SimulatedZoom, client: Client) -> None:
    """Zoom shortens it without an error, so the simulator records a violation."""
    user = next(user for user in ACCOUNT.users if user.status == "active" and not user.deleted)
    assert client.get(f"/users/{user.id}/recordings", **{"from": "2024-01-01", "to": "2026-03-01"}).status == 200
    assert "longer" in zoom.violations[0]


def test_sums_cover_the_requested_period(client: Client) -> None:
    """A calendar month, or its days until today, has the same rows. Other periods have other rows."""

    def ids(first: str, last: str) -> set[str]:
        return {
            row["email"]
            for row in client.get("/report/users", **{"from": first, "to": last, "type": "active"}).body["users"]
        }

    assert ids("2026-03-01", "2026-03-31") == ids("2026-03-01", "2026-03-17")
    assert not ids("2026-02-01", "2026-02-28") & ids("2026-02-01", "2026-02-27")


def test_default_parameters_hide_rows(client: Client) -> None:
    """Only live meetings, enrolled devices and sessions of users are listed."""
    days = {"from": "2026-03-01", "to": "2026-03-17"}
    assert client.get("/metrics/meetings", **days).body["meetings"] == []
    ids = [
        {row["device_id"] for row in client.get("/devices", **ask).body["devices"]}
        for ask in ({}, {"is_enrolled_in_zdm": "false"})
    ]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    hours = {"from": "2026-02-16", "to": "2026-03-17"}
    assert client.get("/phone/sms/sessions", **hours).body["sms_sessions"] == []


def test_a_meeting_is_only_found_with_its_own_type(zoom: SimulatedZoom, client: Client) -> None:
    """Its type is that of the list that contains it. With another type, the answer is 404."""
    stream = STREAMS["metrics_meeting_participants"]
    parents = [
        parent
        for parent in zoom.further.contents.parents(stream).values()
        if not zoom.further.contents.refusal(stream, parent)
    ]
    found = [
        client.get(path(stream, parent.id), type=type_).status for parent in parents for type_ in ("past", "pastOne")
    ]
    assert found == [200 if parent.ask["type"] == type_ else 404 for parent in parents for type_ in ("past", "pastOne")]


def test_a_page_token_expires_after_15_minutes(zoom: SimulatedZoom, client: Client) -> None:
    """As in all lists. The list of channels has more than one page of any size."""
    reply = client.get("/chat/channels", page_size=20)
    token = reply.body["next_page_token"]
    assert len(reply.body["channels"]) == 20
    assert client.get("/chat/channels", page_size=19, next_page_token=token).status == 400
    assert len(client.get("/chat/channels", page_size=20, next_page_token=token).body["channels"]) == 3
    zoom.clock.travel(timedelta(minutes=15))
    assert client.get("/chat/channels", page_size=20, next_page_token=token).status == 400


def test_the_call_history_ends_with_an_empty_page(client: Client) -> None:
    """The page before it has a token as well. Where an answer has both forms of a call, they have the same ids."""
    asked = {"from": "2026-02-16", "to": "2026-03-17", "recording_status": "recorded"}
    bodies = list(pages(client, "/phone/call_history", asked))
    assert bodies[-1]["call_history"] == [] and len(bodies) > 1
    assert [row["call_history_uuid"] for row in bodies[0]["call_history"]] == [
        row["id"] for row in bodies[0]["call_logs"]
    ]
    asked["recording_status"] = "non_recorded"
    assert "call_history" not in client.get("/phone/call_history", **asked).body


@pytest.mark.parametrize(
    "name", ["metrics_meeting_participants", "survey_details", "recording_settings", "past_meetings"]
)
def test_uuids_with_slashes_must_be_encoded_twice(zoom: SimulatedZoom, client: Client, name: str) -> None:
    """If they are encoded once, they aren't found, and the simulator records a violation."""
    stream = STREAMS[name]
    misleading = [id_ for id_ in zoom.further.contents.parents(stream) if id_.startswith("/") or "//" in id_]
    assert misleading
    reply = client.get(stream.path.partition("{")[0] + quote(misleading[0], safe="") + stream.path.partition("}")[2])
    assert reply.status >= 400 and "twice" in zoom.violations[0]


def test_scopes_and_refusals_apply_to_these_operations(zoom: SimulatedZoom, client: Client) -> None:
    """Either a classic or a granular scope is enough."""
    zoom.refuse("/surveys", 403, {"code": 6720, "message": "You don't have the permissions to access survey."})
    assert client.get("/surveys").body["code"] == 6720
    for scopes, status in (
        (["group:read:list_groups:admin"], 200),
        (["group:read:admin"], 200),
        (["user:read:admin"], 400),
    ):
        with SimulatedZoom(ACCOUNT, scopes=scopes) as other:
            assert Client(other).get("/groups").status == status


def test_phone_and_the_dashboards_have_their_own_rate_limits() -> None:
    """Phone has limits per second. Resource-intensive has a limit per minute, and shares the daily limit of Heavy."""
    now = [0.0]
    limits = Limits("business", daily_limits={"Heavy": 21}, clock=lambda: now[0])
    assert [limits.admit("Resource-intensive") for _ in range(20)] == [None] * 20
    now[0] = 59
    refused = limits.admit("Resource-intensive")
    assert refused is not None and b"per-minute" in refused.body
    now[0] = 60
    assert limits.admit("Heavy") is None
    assert limits.admit("Resource-intensive") is not None
    assert [limits.admit("Phone Heavy") for _ in range(10)] == [None] * 10
    assert limits.admit("Phone Heavy") is not None and limits.admit("Phone Light") is None


def test_the_rate_limit_header_names_no_product(zoom: SimulatedZoom, client: Client) -> None:
    """For Phone, it has only Medium."""
    assert client.get("/phone/sites").headers["X-RateLimit-Category"] == "Medium"
    assert zoom.requests[-1].label == "Phone Medium"


def test_undocumented_fields_are_added_everywhere() -> None:
    """Each answer and each row of each list has them."""
    with SimulatedZoom(ACCOUNT, scopes="classic", undocumented=b'"new":1') as zoom:
        client = Client(zoom)
        for name in (
            "groups",
            "group_settings",
            "metrics_zoomroom_meetings",
            "report_meeting_qa",
            "chat_messages",
            "phone_call_elements",
        ):
            stream = STREAMS[name]
            for found in zoom.further.contents.parents(stream).values():
                reply = client.get(path(stream, found.id), **query(stream, **list(windows(stream, NOW.date()))[-1]))
                if reply.status == 200:
                    assert reply.body["new"] == 1
                    assert all(row["new"] == 1 for row in rows_in(stream, reply.body))
