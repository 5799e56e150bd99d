"""Users: active ones from the list, and invited ones, whose ids have to be looked up."""

from __future__ import annotations

import pytest

from tap_zoom.api.request import Request
from tap_zoom.streams import BY_NAME
from tests.scripted import ACTIVE, PENDING, paths, says, scripted
from tests.simulator.operations import GRANULAR_SCOPES
from tests.tap import catalog_of, run_tap

USERS, MEETINGS = catalog_of("users"), catalog_of("users", "meetings")
INVITED = says(PENDING, {"users": [{"email": f"p{number}@x.org", "status": "pending"} for number in range(3)]})
NO_LOOK_UP = {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read:user:admin]."}


def test_a_page_of_users_with_look_ups_keeps_exact_numbers() -> None:
    """Rows with and without an id keep numbers that are too large or too precise for a float."""
    exact = b'"pmi":18446744073709551617,"dept":1.10'
    page = b'{"users":[{"id":"u9","email":"q@x.org",%s},{"email":"p@x.org",%s}]}' % (exact, exact)
    with scripted(says(PENDING, page), says("/v2/users/p%40x.org$", {"id": "u8"})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS)
    assert run.exit_status == 0
    found = {record["id"]: (record.get("pmi"), record.get("dept")) for record in run.records["users"]}
    assert found.pop("u1") == (None, None)
    assert set(found) == {"u8", "u9"}
    assert found["u8"] == found["u9"]
    assert found["u8"][1] == "1.10"
    assert found["u8"][0] == 18446744073709551617


def test_a_user_without_id_and_email_is_one_error() -> None:
    """There is one ERROR line, and the other users are emitted."""
    rows = [{"first_name": "x"}, {"id": "u1", "email": "a@x.org"}]
    with scripted(says(ACTIVE, {"users": rows})) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS)
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 1
    assert "1 item" in run.critical
    assert [record["id"] for record in run.records["users"]] == ["u1"]


@pytest.mark.parametrize("known", [True, False], ids=["scopes known", "found out on the way"])
def test_child_streams_are_not_requested_for_an_email(known: bool) -> None:
    """Without the scope to look up pending users, they are keyed by e-mail."""
    scopes = [scope for scope in GRANULAR_SCOPES if not known or scope != "user:read:user:admin"]
    with scripted(INVITED, says(r"/v2/users/p\d%40x.org$", NO_LOOK_UP, 400), scopes=scopes) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS)
        asked = [path for path in paths(zoom) if "%40" in path]
    assert run.exit_status == 0
    assert not [path for path in asked if path.count("/") > 1]
    assert bool(asked) is not known
    assert [record["id"] for record in run.records["users"]] == ["u1", "p0@x.org", "p1@x.org", "p2@x.org"]
    assert [record["id"] for record in run.records["meetings"]] == [111]


def test_an_email_with_a_slash_is_encoded_once() -> None:
    """Only UUIDs are encoded twice."""
    assert Request(BY_NAME["user_lookup"], {"email": "a/b@x.org"}, {}).path == "users/a%2Fb%40x.org"
    with scripted(
        says(PENDING, {"users": [{"email": "a/b@x.org"}]}), says("/v2/users/a%2Fb%40x.org$", {"id": "u8"})
    ) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS)
    assert [record["id"] for record in run.records["users"]] == ["u1", "u8"]
