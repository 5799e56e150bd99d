"""The simulated Zoom behaves like Zoom. The tests of the tap rely on this."""

from __future__ import annotations

import base64
import gc
import http.client
import json
import re
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.simulator.limits import Limits

ACCOUNT = Account(seed=1)


class Reply(NamedTuple):
    """An answer, whatever its status."""

    status: int
    body: Any
    headers: dict[str, str]


class Client:
    """Sends requests to a simulated Zoom."""

    def __init__(self, zoom: SimulatedZoom, login: str = "server_to_server") -> None:
        self.zoom = zoom
        self.bearer = ""
        if login == "jwt":
            self.bearer = zoom.config("jwt")["jwt"]
        elif login == "server_to_server":
            form = {"grant_type": "account_credentials", "account_id": zoom.account.account_id}
            self.bearer = self.token(**form).body["access_token"]

    def token(self, *, secret: str = "", **form: str) -> Reply:
        pair = f"{self.zoom.account.client_id}:{secret or self.zoom.account.client_secret}"
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return _open(Request(f"{self.zoom.url}/oauth/token", urlencode(form).encode(), headers))

    def get(self, path: str, **query: Any) -> Reply:
        url = f"{self.zoom.url}/v2{path}" + (f"?{urlencode(query)}" if query else "")
        return _open(Request(url, headers={"Authorization": f"Bearer {self.bearer}"}))


def _open(request: Request) -> Reply:
    try:
        with urlopen(request, timeout=10) as answer:
            return Reply(answer.status, _parsed(answer.read()), dict(answer.headers))
    except HTTPError as error:
        with error:
            return Reply(error.code, _parsed(error.read()), dict(error.headers))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with SimulatedZoom(ACCOUNT) as zoom:
        yield zoom


def _crowded() -> Any:
    """An occurrence with several pages of participants."""
    return max((held for held in ACCOUNT.held if held.of.kind == "meeting"), key=lambda held: held.people)


def _encoded(uuid: str) -> str:
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def test_the_same_seed_makes_the_same_account() -> None:
    """Two accounts with the same seed and time have the same records, and their keys are unique."""
    first, second = truth.expected(ACCOUNT), truth.expected(Account(seed=1, now=ACCOUNT.now))
    assert first == second
    assert set(first) == set(truth.KEYS) and all(first.values())
    counts = truth.compare(first, second)
    examples = counts.pop("examples")
    assert not any(counts.values()), examples


def test_page_tokens_lead_to_the_last_page(zoom: SimulatedZoom) -> None:
    """Pages have the rows in the expected order. Each page can be requested twice, and the last has no token."""
    held = _crowded()
    client, path = Client(zoom), f"/report/meetings/{_encoded(held.uuid)}/participants"
    query: dict[str, Any] = {"page_size": 300, "include_fields": "registrant_id"}
    rows: list[Any] = []
    pages = 0
    while True:
        page = client.get(path, **query)
        assert page.body["participants"] == client.get(path, **query).body["participants"]
        rows += page.body["participants"]
        pages += 1
        if not page.body.get("next_page_token"):
            break
        query["next_page_token"] = page.body["next_page_token"]
    expected = truth.expected(ACCOUNT)["report_meeting_participants"]
    right = [(str(row["user_id"]), row["name"]) for row in expected if row["meeting_uuid"] == held.uuid]
    assert pages > 2
    assert [row["user_id"] for row in rows] == [user_id for user_id, _ in right]
    assert zoom.violations == []


def test_a_page_token_expires_and_is_valid_for_one_list_only() -> None:
    """A token is refused after its lifetime, with another page size, with another status, and if it is made up."""
    with SimulatedZoom(ACCOUNT, page_token_lifetime=0) as zoom:
        client = Client(zoom)
        token = client.get("/users", page_size=2).body["next_page_token"]
        late = client.get("/users", page_size=2, next_page_token=token)
    with SimulatedZoom(ACCOUNT) as zoom:
        client = Client(zoom)
        token = client.get("/users", page_size=2).body["next_page_token"]
        others = [
            client.get("/users", page_size=3, next_page_token=token),
            client.get("/users", page_size=2, status="inactive", next_page_token=token),
            client.get("/users", page_size=2, next_page_token="made-up"),
        ]
        assert client.get("/users", page_size=2, next_page_token=token).status == 200
    for refused in [late, *others]:
        assert refused.status == 400
        assert refused.body == {"code": 300, "message": "The next page token is invalid or expired."}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/users", {"type": "1"}),
        ("/users", {"status": "all"}),
        ("/users/x/meetings", {"page_size": 301}),
        ("/report/history_meetings", {"from": "2020-01-01"}),
        ("/report/history_meetings", {"from": "2020-01-01", "to": "2020-01-02"}),
        ("/report/history_meetings", {"from": f"{ACCOUNT.first_day:%Y-%m-%d}", "to": "2099-01-01"}),
        ("/nowhere", {}),
    ],
)
def test_undocumented_requests_are_refused_and_recorded(zoom: SimulatedZoom, path: str, query: dict[str, Any]) -> None:
    """Unknown parameters, values and paths, and missing or impossible dates: 400, and a violation."""
    answer = Client(zoom).get(path, **query)
    assert answer.status == 400
    assert answer.body["code"] == (2300 if path == "/nowhere" else 300)
    assert len(zoom.violations) == 1


def test_some_fields_need_include_fields(zoom: SimulatedZoom) -> None:
    """Custom attributes, host keys and registrant ids are absent unless include_fields names them."""
    client = Client(zoom)
    path = f"/report/meetings/{_encoded(_crowded().uuid)}/participants"
    assert not {"custom_attributes", "host_key"} & client.get("/users").body["users"][0].keys()
    asked = client.get("/users", include_fields="custom_attributes").body["users"][0]
    assert "custom_attributes" in asked and "host_key" not in asked
    assert "registrant_id" not in client.get(path).body["participants"][0]
    asked = client.get(path, include_fields="registrant_id").body["participants"][0]
    assert "registrant_id" in asked


def test_some_uuids_must_be_encoded_twice(zoom: SimulatedZoom) -> None:
    """A UUID that starts with "/" or contains "//" isn't found if it is encoded once. Encoding twice works for all."""
    client = Client(zoom)
    styles = {
        "plain": r"\w+==",
        "plus": r"\w+\+\w+==",
        "slash": r"\w+/\w+==",
        "leading": r"/\w.*",
        "double": r"\w+//\w+==",
    }
    for style, pattern in styles.items():
        # The latest one: it isn't refused for its age.
        uuid = next(held.uuid for held in reversed(ACCOUNT.held) if re.fullmatch(pattern, held.uuid))
        kind = ACCOUNT.occurrences[uuid].of.kind
        once, twice = (
            client.get(f"/past_{kind}s/{encoded}/polls")
            for encoded in (quote(uuid, safe=""), quote(quote(uuid, safe=""), safe=""))
        )
        if style in ("leading", "double"):
            assert once.status == 404
            assert once.body == {"code": 3001, "message": f"Meeting does not exist: {uuid.lstrip('/')}."}
            assert len(zoom.violations) == 1
            zoom.violations.clear()
        else:
            assert once.status == twice.status and zoom.violations == []
        assert twice.status == 200 or uuid in twice.body["message"] or "not end" in twice.body["message"]
    assert zoom.by_number == []


def test_a_meeting_number_returns_the_latest_occurrence_only(zoom: SimulatedZoom) -> None:
    """The simulator records requests by number."""
    reported = {row["uuid"] for row in truth.expected(ACCOUNT)["report_meetings"]}
    meetings = [
        number for number in ACCOUNT.numbers.values() if number.kind == "meeting" and len(number.occurrences) > 1
    ]
    number = next(number for number in meetings if number.occurrences[-1].uuid in reported)
    answer = Client(zoom).get(f"/report/meetings/{number.number}")
    assert answer.body["uuid"] == number.occurrences[-1].uuid
    assert zoom.by_number == [str(number.number)]


def test_refused_logins_return_zooms_errors(zoom: SimulatedZoom) -> None:
    """A wrong secret, account and refresh token return three different errors."""
    client = Client(zoom)
    account_id = ACCOUNT.account_id
    for form, error in (
        ({"grant_type": "account_credentials", "account_id": account_id, "secret": "no"}, "invalid_client"),
        ({"grant_type": "account_credentials", "account_id": "no"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "no"}, "invalid_grant"),
    ):
        refused = client.token(**form)
        assert (refused.status, refused.body["error"]) == (400, error)
        assert refused.body.keys() == {"reason", "error"}


def test_strict_rotation_ends_the_old_refresh_token_at_once() -> None:
    """A refresh token works once."""
    with SimulatedZoom(ACCOUNT, rotation="strict") as zoom:
        client = Client(zoom, "none")
        first = client.token(grant_type="refresh_token", refresh_token=zoom.refresh_token)
        assert first.body["api_url"] == zoom.url
        again = client.token(grant_type="refresh_token", refresh_token=ACCOUNT.refresh_token)
        assert again.body["error"] == "invalid_grant"
        second = client.token(grant_type="refresh_token", refresh_token=first.body["refresh_token"])
        assert second.body["refresh_token"] == zoom.refresh_token


def test_lenient_rotation_ends_the_old_refresh_token_later() -> None:
    """It works until the new access token or refresh token is used."""
    with SimulatedZoom(ACCOUNT, rotation="lenient") as zoom:
        client = Client(zoom, "none")
        old = zoom.refresh_token
        assert client.token(grant_type="refresh_token", refresh_token=old).status == 200
        pair = client.token(grant_type="refresh_token", refresh_token=old)
        assert pair.status == 200
        client.bearer = pair.body["access_token"]
        assert client.get("/users").status == 200
        assert client.token(grant_type="refresh_token", refresh_token=old).status == 400


def test_access_tokens_and_jwts_expire(zoom: SimulatedZoom) -> None:
    """401 with code 124, for ended tokens, expired JWTs and nonsense."""
    client, by_jwt = Client(zoom), Client(zoom, "jwt")
    assert client.get("/users").status == by_jwt.get("/users").status == 200
    zoom.expire_tokens()
    expired = client.get("/users")
    by_jwt.bearer = ACCOUNT.jwt(expires_in=-10)
    nonsense = Client(zoom, "none")
    nonsense.bearer = "nonsense"
    for refused in (expired, by_jwt.get("/users"), nonsense.get("/users")):
        assert (refused.status, refused.body["code"]) == (401, 124)


def test_a_missing_scope_is_a_400() -> None:
    """The answer names the scope, and can be invalid JSON. Scopes don't apply to a JWT."""
    with SimulatedZoom(ACCOUNT, scopes=["user:read:admin"], unescaped_scope_error=True) as zoom:
        client = Client(zoom)
        assert client.get("/users").status == 200
        refused = client.get("/meetings/1")
        assert refused.status == 400
        assert refused.body.startswith(b'{"code":4711') and b'["meeting:read:meeting:admin"]' in refused.body
        assert Client(zoom, "jwt").get("/meetings/1").body["code"] == 3001


def test_the_history_can_be_refused(zoom: SimulatedZoom) -> None:
    """The scope or the role may be missing. Any other operation can be refused as well."""
    client = Client(zoom)
    day = f"{ACCOUNT.now:%Y-%m-%d}"
    zoom.history = "no_scope"
    assert client.get("/report/history_meetings", **{"from": day, "to": day}).body["code"] == 4711
    zoom.history = "no_permission"
    assert client.get("/report/history_meetings", **{"from": day, "to": day}).body["code"] == 200
    zoom.refuse("/past_webinars/{any}/qa", 400, {"code": 200, "message": "No permission."})
    assert client.get("/past_webinars/x/qa").body["code"] == 200


def test_requests_above_the_rate_limit_per_second_are_refused() -> None:
    """The 429 says that the limit is per second, and has Retry-After in the configured form. Other rate limits aren't
    affected."""
    now = 100.0
    limits = Limits("free", retry_after_form="seconds", clock=lambda: now)
    assert [limits.admit("Medium") for _ in range(2)] == [None, None]
    refused = limits.admit("Medium")
    assert refused is not None and refused.status == 429 and b"per-second" in refused.body
    assert {("X-RateLimit-Type", "QPS"), ("Retry-After", "1")} < set(refused.headers)
    assert limits.throttled["Medium"] == 1
    assert limits.admit("Light") is None
    now += 1
    assert limits.admit("Medium") is None


def test_requests_above_the_daily_limit_are_refused() -> None:
    """The 429 names the daily limit. Its Retry-After is a date-time."""
    with SimulatedZoom(ACCOUNT, daily_limits={"Light": 1}) as zoom:
        client = Client(zoom)
        assert client.get("/users/x").headers["X-RateLimit-Category"] == "Light"
        refused = client.get("/users/x")
    assert refused.status == 429 and "maximum daily rate limit" in refused.body["message"]
    assert refused.headers["X-RateLimit-Type"] == "Daily-limit"
    assert refused.headers["Retry-After"].endswith("T00:00:00Z")


def test_faults_occur_as_configured(zoom: SimulatedZoom) -> None:
    """Each kind occurs once, at the request that it matches. The next answer is correct."""
    client = Client(zoom)
    right = client.get("/users").body
    token = client.get("/users", page_size=2).body["next_page_token"]

    def faulty(fault: Fault, **query: Any) -> Any:
        zoom.faults[:] = [fault]
        assert client.get("/users/nobody").status == 404
        try:
            return client.get("/users", **query)
        except (OSError, http.client.HTTPException) as error:
            return error
        finally:
            assert fault.happened == 1
            assert client.get("/users").body == right

    only = r"/users(\?|$)"
    assert isinstance(faulty(Fault("reset", only)), ConnectionError)
    assert isinstance(faulty(Fault("close", only)), ConnectionError)
    assert isinstance(faulty(Fault("truncate", only)), http.client.IncompleteRead)
    assert isinstance(faulty(Fault("invalid_json", only)).body, bytes)
    assert faulty(Fault("slow_body", only)).body == right
    assert faulty(Fault("late", only, seconds=0.01)).body == right
    assert faulty(Fault("html_200", only)).body.startswith(b"<html>")
    assert faulty(Fault("503", only, retry_after=1)).headers["Retry-After"] == "1"
    assert faulty(Fault("429", only, headers=False)).headers.keys().isdisjoint({"X-RateLimit-Type"})
    assert faulty(Fault("401_124", only)).body["code"] == 124
    zoom.faults[:] = [Fault("500", only, after=2)]
    assert [client.get("/users").status for _ in range(4)] == [200, 200, 500, 200]
    zoom.faults[:] = [Fault("tokens_end", only)]
    assert client.get("/users").status == client.get("/users/nobody").status == 401
    client = Client(zoom)
    assert faulty(Fault("error_200", only, code=200, message="No.")).body == {"code": 200, "message": "No."}
    assert faulty(Fault("page_token_expired", only), page_size=2, next_page_token=token).body["code"] == 300
    assert faulty(Fault.answer(418, {"code": 1}, match=only)).status == 418


def test_compare_finds_every_kind_of_difference() -> None:
    """It counts records that are missing, extra, duplicated, changed or without a key."""
    right = {"users": [{"id": "a", "n": 1, "gone": 0}, {"id": "b"}, {"id": "c"}]}
    emitted = {
        "users": [
            {"id": "a", "n": True, "new": 2},
            {"id": "b"},
            {"id": "b"},
            {"id": "b", "n": 1},
            {"id": "d"},
            {"id": ""},
        ]
    }
    counts = truth.compare(right, emitted)
    assert len(counts.pop("examples")) == 8
    assert set(counts.values()) == {1}


def test_connections_that_open_at_the_end_are_closed() -> None:
    """Also those that the server has accepted but not set up yet. Python would warn about each."""
    with SimulatedZoom(ACCOUNT) as zoom:
        port = int(zoom.url.rsplit(":", 1)[1])
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for client in clients:
        client.close()
    gc.collect()
