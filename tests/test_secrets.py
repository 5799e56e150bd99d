"""No secret is shown, whatever repeats it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.scripted import says, scripted
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, catalog_of, run_tap

MEETINGS = catalog_of("users", "meetings")


def test_nothing_of_a_token_answer_is_shown_that_echoes_secrets() -> None:
    """An error body that repeats what it was sent is hidden."""
    with SimulatedZoom(account()) as zoom:
        secret = zoom.account.client_secret
        body = {"reason": f"client_secret {secret} is wrong", "error": "invalid_client"}
        zoom.faults.append(Fault.answer(400, body, match="/oauth/token", times=None))
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert "***" in run.critical


def test_nothing_of_an_api_answer_is_shown_that_echoes_secrets() -> None:
    """Nor where the API repeats the token, or a signed URL."""
    with SimulatedZoom(account()) as zoom:
        jwt = zoom.config("jwt")["jwt"]
        body = {"code": 9999, "message": f"Bearer {jwt} may not; see https://x.zoom.us/rec?zak=SIGNED123 now"}
        zoom.faults.append(Fault.answer(400, body, match=r"/v2/meetings/", times=3))
        config = {**zoom.config("jwt"), "jwt": jwt}
        run = run_tap(config, zoom=zoom, secrets=["SIGNED123"], catalog=catalog_of("meetings"))
    assert run.exit_status == 1
    assert len(run.logged("ERROR")) == 3


@pytest.mark.parametrize("place", ["/oauth/token", r"/v2/meetings/111\?"], ids=["login", "API"])
def test_the_clients_credentials_are_hidden_as_the_header_spells_them(place: str) -> None:
    """Base64 of id and secret, without the word Basic before it."""
    with scripted() as zoom:
        echo = b64encode(f"{zoom.account.client_id}:{zoom.account.client_secret}".encode()).decode()
        zoom.faults.insert(0, says(place, {"code": 9999, "reason": f"bad header {echo}", "message": f"bad {echo}"}, 400))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[echo])
    assert run.exit_status == 1
    assert "***" in run.stderr


@pytest.mark.parametrize("before", [260, 280, 290])
def test_a_long_message_is_not_cut_inside_a_secret(before: int) -> None:
    """Half a secret is not known as one, so it would be shown."""
    token = "T0kenSECRETabcdefghijklmnopqrstuvwxyz0123456789"
    with scripted(says(r"/v2/meetings/111\?", {"code": 9999, "message": f"{'x' * before} {token} and more"}, 400)) as zoom:
        zoom.faults.insert(0, says("/oauth/token", {"access_token": token, "api_url": zoom.url}))
        run = run_tap(zoom.config(), zoom=zoom, catalog=MEETINGS, secrets=[token])
    assert run.exit_status == 1
    assert "T0kenS" not in run.stderr
    assert "x" * before in run.logged("ERROR")[0]
