"""Settings, secrets and proxies in the wrong place or form: the message says what is expected, and shows no secret."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import suppress

import pytest
import trustme

from tests.simulator import Fault, SimulatedZoom
from tests.tap import run_tap

SECRET = "S3CRETabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("option", ["--config", "--catalog", "--state"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"client_secret": SECRET}), json.dumps({"client_secret": SECRET}, indent=2), f"client_secret={SECRET}",
        f"client_secret: {SECRET}", f"client_secret:{SECRET}", f"https://me:{SECRET}@example.com/config.json", SECRET,
        f"[{SECRET}]", f"'{SECRET}.json'",
    ],
)  # fmt: skip
def test_text_instead_of_a_path_is_not_shown(option: str, text: str, zoom: SimulatedZoom) -> None:
    """It may be settings or a secret. The message says that a path is expected."""
    arguments = [option, text] if option == "--config" else ["--config", "ENV", option, text]
    env = {f"TAP_ZOOM_{name.upper()}": str(value) for name, value in zoom.config().items()}
    run = run_tap(None, *arguments, zoom=zoom, env=env, secrets=[SECRET])
    assert (run.exit_status, run.stdout) == (1, "")
    assert f"{option} takes the path of a JSON file" in run.critical
    assert zoom.requests == []


@pytest.mark.parametrize(
    "path", ["config.json", "/no where/José/config.json", "env", "conf/zoom", "../no-folder/.config"]
)
def test_a_missing_path_is_shown(path: str) -> None:
    """The user can see the typing error in it."""
    assert f"The config file {path} can't be read: No such file" in run_tap(path).critical


PROXIES = [
    "http://me:{}@host:bad", "http://me:{}@ho st:1", "me:{}@127.0.0.1:9", "http://me:{}/x@127.0.0.1:9", "http://me:{}#x@127.0.0.1:9",
    "foo://me:{}@127.0.0.1:9", "socks9://me:{}@127.0.0.1:9", "http://me:{}@", "http://me:{}@[::1",
]  # fmt: skip


@pytest.mark.parametrize("proxy", PROXIES)
def test_an_invalid_proxy_stops_the_run(proxy: str) -> None:
    """The message names the variable and has an example. It doesn't show the password."""
    config = {
        "account_id": "a",
        "client_id": "b",
        "client_secret": SECRET,
        "auth_url": "https://zoom.invalid/oauth/token",
    }
    env = {"HTTPS_PROXY": proxy.format("PassWord1"), "no_proxy": "", "NO_PROXY": ""}
    run = run_tap(config, env=env, secrets=["PassWord1"])
    assert (run.exit_status, run.stdout) == (1, "")
    assert "HTTPS_PROXY" in run.critical and "http://proxy.example.com:3128" in run.critical


def test_the_password_of_a_proxy_is_hidden(zoom: SimulatedZoom) -> None:
    """It is hidden in its URL-encoded and its decoded form. Passwords in other URLs are hidden, too."""
    words = "the proxy http://me:Pass%2FWord1@127.0.0.1:9 wants Pass/Word1, not http://you:other-one@10.0.0.1"
    zoom.faults.append(Fault.answer(400, {"reason": words, "error": "odd"}, match="/oauth/token", times=None))
    env = {"HTTPS_PROXY": "http://me:Pass%2FWord1@127.0.0.1:9"}
    run = run_tap(zoom.config(), zoom=zoom, env=env, secrets=["Pass%2FWord1", "Pass/Word1", "other-one"])
    assert run.exit_status == 1
    assert "wants ***" in run.critical


def test_an_untrusted_certificate_error_names_requests_ca_bundle() -> None:
    """For example behind a proxy that inspects TLS."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        threading.Thread(target=_shake_hands, args=(listening, context), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/oauth/token"
        run = run_tap({"account_id": "a", "client_id": "b", "client_secret": SECRET, "auth_url": url})
    assert run.exit_status == 1
    assert "certificate" in run.critical and "REQUESTS_CA_BUNDLE" in run.critical


def _shake_hands(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Begin a TLS handshake with each client until the socket is closed."""
    with suppress(OSError):
        while True:
            accepted, _ = listening.accept()
            with accepted, suppress(OSError), context.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(1)
