"""No secret is logged, even if Zoom repeats it."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest

from tests.scripted import says, scripted
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, catalog_of, expected, run_tap

MEETINGS = catalog_of("users", "meetings")


def test_secrets_that_the_token_endpoint_repeats_are_hidden() -> None:
    """An error body that contains the client secret is masked."""
    with SimulatedZoom(account()) as zoom:
        secret = zoom.account.client_secret
        body = {"reason": f"client_secret {secret} is wrong", "error": "invalid_client"}
        zoom.faults.append(Fault.answer(400, body, match="/oauth/token", times=None))
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert "***" in run.critical


def test_secrets_that_the_api_repeats_are_hidden() -> None:
    """An error message that contains the token or a signed URL is masked."""
    with SimulatedZoom(account()) as zoom:
        jwt = zoom.config("jwt")["jwt"]
        body = {"code": 9999, "message": f"Bearer {jwt} may not; see https://x.zoom.us/rec?zak=SIGNED123 now"}
        zoom.faults.append(Fault.answer(400, body, match=r"/v2/meetings/", times=2))
        config = {**zoom.config("jwt"), "jwt": jwt}
        run = run_tap(config, zoom=zoom, secrets=["SIGNED123"], catalog=catalog_of("meetings"))
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 2


@pytest.mark.parametrize("place", ["/oauth/token", r"/v2/meetings/111\?"], ids=["login", "API"])
def test_base64_client_credentials_are_hidden(place: str) -> None:
    """Base64 of client id and secret is hidden even without Basic in front of it."""
    with scripted() as zoom:
        echo = b64encode(f"{zoom.account.client_id}:{zoom.account.client_secret}".encode()).decode()
        zoom.faults.insert(
            0, says(place, {"code": 9999, "reason": f"bad header {echo}", "message": f"bad {echo}"}, 400)
        )
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[echo])
    assert run.exit_status == 1
    assert "***" in run.stderr


@pytest.mark.parametrize("before", [260, 280, 290])
def test_a_long_message_is_not_cut_inside_a_secret(before: int) -> None:
    """The tap wouldn't recognize half a secret, so it would be shown."""
    token = "T0kenSECRETabcdefghijklmnopqrstuvwxyz0123456789"
    with scripted(
        says(r"/v2/meetings/111\?", {"code": 9999, "message": f"{'x' * before} {token} and more"}, 400)
    ) as zoom:
        zoom.faults.insert(0, says("/oauth/token", {"access_token": token, "api_url": zoom.url}))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[token])
    assert run.exit_status == 1
    assert "T0kenS" not in run.stderr
    assert "x" * before in run.logged("ERROR")[0]


def test_debug_logs_contain_no_emails_or_page_tokens() -> None:
    """The tap logs one line for each request. Lines of urllib3 would show whole URLs, so there are none."""
    with SimulatedZoom(account(1, "paged")) as zoom:
        run = run_tap(zoom.config(), zoom=zoom, env={"TAP_ZOOM_LOGLEVEL": "DEBUG"})
    assert run.exit_status == 0
    pending = [user["email"] for user in expected(1, "paged")["users"] if user["status"] == "pending"]
    looked_up = [asked.path for asked in zoom.requests if "@" in asked.path or "%40" in asked.path]
    tokens = [asked.query["next_page_token"] for asked in zoom.requests if "next_page_token" in asked.query]
    assert pending and looked_up and tokens
    assert not any(shown in run.stderr for shown in ("@", "%40", "urllib3", "/v2/", *pending, *tokens))
    told = [line for line in run.logged("DEBUG") if re.search(r" ms, try \d+", line)]
    assert len(told) == sum(asked.label != "oauth" for asked in zoom.requests)
    assert any(re.fullmatch(r"DEBUG user_lookup email=\*\*\*: 200 in \d+ ms, try 1", line) for line in told)
    assert any(re.match(r"DEBUG \w+ .*\bpage=2: 200 in ", line) for line in told)
    assert any(": 404/3001 (not found or not ended) in " in line for line in told)


def test_debug_logs_show_each_try() -> None:
    """The line of a failed try has the answer, and the wait that Zoom requested."""
    with SimulatedZoom(account()) as zoom:
        zoom.faults.append(Fault.answer(503, {}, {"Retry-After": "0"}, match=r"/v2/users\?.*status=active"))
        zoom.faults.append(Fault("reset", match=r"/v2/users\?.*status=pending"))
        run = run_tap(zoom.config(), zoom=zoom, catalog=catalog_of("users"), env={"TAP_ZOOM_LOGLEVEL": "DEBUG"})
    assert run.exit_status == 0
    told = [re.sub(r"\d+ ms", "1 ms", line.removeprefix("DEBUG ")) for line in run.logged("DEBUG")]
    assert "users status=active: 503 in 1 ms, try 1, wait 0 s" in told
    assert "users status=active: 200 in 1 ms, try 2" in told
    assert "users status=pending: no answer in 1 ms, try 1" in told
