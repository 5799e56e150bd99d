"""Invalid settings fail with one CRITICAL line that says what to fix, most of them before any request."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest

from tap_zoom.config import SETTINGS, Config, load
from tap_zoom.errors import ConfigError
from tests.scripted import paths, says, scripted
from tests.simulator import Fault, SimulatedZoom
from tests.tap import account, assert_exact, catalog_of, expected, run_tap

USERS = catalog_of("users")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A loopback port on which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


NO_JSON, NO_OBJECT, TOO_MUCH = (
    "isn't valid JSON",
    "must contain a JSON object ({...}), not",
    "a value is nested too deep or too large",
)
FILES = {
    "empty": ("", NO_JSON), "no JSON": ("client_id = x", NO_JSON), "cut off": ('{"client_id": "x"', NO_JSON),
    "binary": ("\x00\x01\x02", NO_JSON), "twice": ("{}{}", NO_JSON), "comment": ('{"a": 1} // x', NO_JSON),
    "a list": ("[]", f"{NO_OBJECT} a list"), "a string": ('"x"', f"{NO_OBJECT} a string"), "null": ("null", f"{NO_OBJECT} null"),
    "a number": ("7", f"{NO_OBJECT} an integer"), "NaN": ("NaN", f"{NO_OBJECT} a number"),
    "deep": ("[" * 200_000, TOO_MUCH), "a huge number": ('{"max_workers": ' + "9" * 6000 + "}", TOO_MUCH),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_config_file_without_a_json_object_fails(name: str, tmp_path: Path) -> None:
    """The message names the file and the problem."""
    path = tmp_path / "config.json"
    content, said = FILES[name]
    path.write_text(content, encoding="utf-8")
    run = run_tap(path)
    assert run.exit_status == 1
    assert f"config file {path}" in run.critical and said in run.critical
    assert run.stdout == ""


def test_a_config_file_without_known_settings_fails(tmp_path: Path) -> None:
    """The log is short even if the file is large, and names the missing settings."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"x": "y" * 5_000_000}), encoding="utf-8")
    run = run_tap(path)
    assert run.exit_status == 1
    assert "account_id" in run.critical
    assert len(run.stderr) < 2000
    assert run.stdout == ""


def test_a_config_file_that_can_not_be_read_fails(tmp_path: Path) -> None:
    """Latin-1, a directory or a missing file. The message names its path."""
    latin = tmp_path / "latin.json"
    latin.write_bytes('{"client_id": "é"}'.encode("latin-1"))
    for path in (latin, tmp_path, tmp_path / "missing.json"):
        run = run_tap(path)
        assert run.exit_status == 1
        assert str(path) in run.critical


def test_a_byte_order_mark_is_accepted(zoom: SimulatedZoom, tmp_path: Path) -> None:
    """Some editors write it."""
    path = tmp_path / "config.json"
    path.write_text("\ufeff" + json.dumps(zoom.config()), encoding="utf-8")
    assert run_tap(path, zoom=zoom, catalog=USERS).exit_status == 0


WRONG: dict[str, list[Any]] = {
    "string": [7, 1.5, True, [], {}, ["x"]],
    "password": [7, True, [], {}],
    "file": [7, True, [], {}],
    "integer": ["7", 1.5, True, [], {}, -1, 10**30, "x"],
    "boolean": ["true", "x", 0, 1, 1.0, [], {}],
    "options": [7, True, [], "most", "FREE"],
    "date_iso8601": [7, True, [], "yesterday", "2024-02-30", "12/22/2021", "2024"],
}
CASES = [(setting.name, value) for setting in SETTINGS for value in WRONG[setting.kind]]
CASES += [
    ("rate_limit_share", 0),
    ("rate_limit_share", 101),
    ("max_workers", 0),
    ("max_workers", 1001),
    ("lookback_days", 36_501),
]


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_invalid_settings_fail(name: str, zoom: SimulatedZoom) -> None:
    """The message names the setting and its valid values. No request is sent."""
    for value in [value for other, value in CASES if other == name]:
        run = run_tap({**zoom.config(), name: value}, zoom=zoom)
        assert run.exit_status == 1, (name, value)
        assert name in run.critical and "must be" in run.critical
    assert zoom.requests == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("1", True),
        ("false", False),
        ("False", False),
        ("0", False),
        ("", False),
    ],
)
def test_booleans_in_the_environment(text: str, value: bool) -> None:
    """true or false in any case, as from Meltano, or 1 or 0. Empty means unset."""
    assert load_from_environment(KEEP_UNKNOWN_FIELDS=text).keep_unknown_fields is value


@pytest.mark.parametrize("text", ["yes", "on", "2", "00", "t", "true ", "null", "[]"])
def test_invalid_booleans_in_the_environment_fail(text: str) -> None:
    """The message names the variable and its valid values."""
    with pytest.raises(ConfigError, match=r"^TAP_ZOOM_KEEP_UNKNOWN_FIELDS must be true or false\.$"):
        load_from_environment(KEEP_UNKNOWN_FIELDS=text)


def load_from_environment(**variables: str) -> Config:
    settings = {"ACCOUNT_ID": "a", "CLIENT_ID": "b", "CLIENT_SECRET": "c", **variables}
    return load(["ENV"], {f"TAP_ZOOM_{name}": text for name, text in settings.items()}, print)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("rate_limit_share", 1, 100), ("max_workers", 1, 1000), ("lookback_days", 0, 36_500)]
)
def test_integers_must_be_within_bounds(name: str, least: int, most: int) -> None:
    """Both bounds are valid. One less or one more is refused."""
    for value in (least, most):
        assert getattr(load_from_environment(**{name.upper(): str(value)}), name) == value
    for value in (least - 1, most + 1):
        with pytest.raises(ConfigError, match=f"^The setting {name} in ENV must be from {least} to {most}\\.$"):
            load_from_environment(**{name.upper(): str(value)})


def test_defaults_of_replication_settings() -> None:
    """The defaults are FULL_TABLE and seven days. Both can be set in the environment."""
    unset = load_from_environment()
    assert (unset.replication_method, unset.lookback_days) == ("FULL_TABLE", 7)
    given = load_from_environment(REPLICATION_METHOD="INCREMENTAL", LOOKBACK_DAYS="0")
    assert (given.replication_method, given.lookback_days) == ("INCREMENTAL", 0)


@pytest.mark.parametrize("value", ["incremental", "LOG_BASED", "FULL TABLE"])
def test_unknown_replication_methods_fail(value: str) -> None:
    """The message lists the valid methods."""
    with pytest.raises(ConfigError, match=r"replication_method in ENV must be one of: FULL_TABLE, INCREMENTAL\.$"):
        load_from_environment(REPLICATION_METHOD=value)


def test_only_optional_settings_have_no_default() -> None:
    """Defaults have the type of their setting, so the annotations of Config are correct."""
    types = {"str": str, "int": int, "bool": bool}
    for setting in SETTINGS:
        assert (setting.default is None) == setting.type.endswith(" | None"), setting.name
        assert setting.default is None or type(setting.default) is types[setting.type], setting.name


def test_the_repr_of_the_config_has_no_secrets() -> None:
    """It may appear in a log line or in the traceback of a debugger."""
    secrets = {setting.name: f"SECRET-{setting.name}" for setting in SETTINGS if setting.sensitive}
    config = Config(**secrets)
    assert len(secrets) == 3
    assert "SECRET" not in repr(config)
    assert config.secrets == tuple(secrets.values())


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://zoom.example/oauth/v2", None),
        ("https://zoom.example/v2/", "https://zoom.example/v2"),
        ("https://zoom.us/oauth/token", None),
    ],
)
def test_auth_url_keeps_its_path(url: str, kept: str | None) -> None:
    """Even one that ends with /v2, which is only removed from api_url."""
    config = load_from_environment(AUTH_URL=url, API_URL=url)
    assert config.auth_url == (kept or url)
    assert config.api_url == url.rstrip("/").removesuffix("/v2")


def test_a_missing_home_directory_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message names the setting. If the home directory exists, ~ is expanded."""
    rest = {"refresh_token": "SECRET-refresh", "client_id": "a", "client_secret": "SECRET-client"}
    run = run_tap({**rest, "token_store": "~nobody-of-that-name/token.json"})
    assert run.exit_status == 1
    assert "The setting token_store in " in run.critical and "no such home directory" in run.critical
    for name in ("~/token.json", "~"):
        monkeypatch.setenv("HOME", "")
        with pytest.raises(ConfigError, match="token_store in ENV begins with ~, but there is no such home directory"):
            load_from_environment(TOKEN_STORE=name)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert load_from_environment(TOKEN_STORE=name).token_store == tmp_path / name[2:]
    assert load_from_environment(TOKEN_STORE="a~/x").token_store == Path("a~/x")


@pytest.mark.parametrize("value", [None, ""])
def test_null_and_empty_mean_unset(value: str | None, zoom: SimulatedZoom) -> None:
    """Some callers pass unset settings this way."""
    unset = {setting.name: value for setting in SETTINGS}
    run = run_tap({**unset, **zoom.config()}, zoom=zoom, catalog=USERS)
    assert run.exit_status == 0
    assert run.logged("WARNING") == []


def test_unknown_settings_cause_warnings(zoom: SimulatedZoom) -> None:
    """Each is named and ignored. A setting with a similar name is suggested."""
    run = run_tap(zoom.config(shoe_size=44, hats={"x": 1}, strat_date="2020-01-01"), zoom=zoom, catalog=USERS)
    assert run.exit_status == 0
    assert len(run.logged("WARNING")) == 3
    assert any("shoe_size" in line and "--about" in line for line in run.logged("WARNING"))
    assert any("strat_date" in line and line.endswith("Did you mean start_date?") for line in run.logged("WARNING"))


LOGINS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ("account_id", "refresh_token", "jwt")),
    ({"client_id": "a", "client_secret": "bbbb-bbbb"}, ("account_id", "refresh_token")),
    (
        {"account_id": "c", "refresh_token": "dddd-dddd", "client_id": "a", "client_secret": "bbbb-bbbb"},
        ("account_id", "refresh_token"),
    ),
    ({"account_id": "c"}, ("client_id", "client_secret")),
    ({"account_id": "c", "client_id": "a"}, ("client_secret",)),
    ({"refresh_token": "dddd-dddd", "client_secret": "bbbb-bbbb"}, ("client_id",)),
]


@pytest.mark.parametrize(("settings", "named"), LOGINS)
def test_incomplete_or_conflicting_logins_fail(settings: dict[str, Any], named: tuple[str, ...]) -> None:
    """The message names the missing or conflicting settings."""
    run = run_tap(settings)
    assert run.exit_status == 1
    assert all(name in run.critical for name in named)


def test_a_jwt_overrides_other_credentials(zoom: SimulatedZoom) -> None:
    """Old configs have both. A warning names the ignored settings, and the run succeeds."""
    config = {**zoom.config("refresh_token"), **zoom.config("jwt"), "account_id": "x"}
    run = run_tap(config, zoom=zoom, catalog=USERS)
    assert run.exit_status == 0
    assert any("refresh_token" in line and "ignored" in line for line in run.logged("WARNING"))
    assert zoom.oauth.grants == []


def _jwt(**claims: Any) -> str:
    return pyjwt.encode(claims, "k" * 40, algorithm="HS256")


@pytest.mark.parametrize("ago", [10, 1_000_000_000])
def test_an_expired_jwt_is_refused_before_any_request(ago: int, zoom: SimulatedZoom) -> None:
    """The message says that Zoom ended JWT apps in 2023."""
    run = run_tap({"jwt": _jwt(iss="x", exp=int(time.time()) - ago), "api_url": zoom.url}, zoom=zoom)
    assert run.exit_status == 1
    assert "2023" in run.critical and "expired" in run.critical
    assert zoom.requests == []


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "....", _jwt(exp="soon"), "eyJ.eyJ.x", "a" * 100_000])
def test_an_invalid_jwt_is_refused_before_any_request(token: str, zoom: SimulatedZoom) -> None:
    """The message names the setting and doesn't show the token."""
    run = run_tap({"jwt": token, "api_url": zoom.url}, secrets=[token] if len(token) > 8 else [])
    assert run.exit_status == 1
    assert "jwt" in run.critical
    assert zoom.requests == []


@pytest.mark.parametrize(
    ("login", "changed", "words"),
    [
        ("server_to_server", "client_secret", "client_secret"), ("server_to_server", "client_id", "client_id"),
        ("server_to_server", "account_id", "account_id"), ("refresh_token", "refresh_token", "authorize"),
        ("refresh_token", "client_secret", "client_secret"),
    ],
)  # fmt: skip
def test_a_refused_login_fails(login: str, changed: str, words: str, zoom: SimulatedZoom) -> None:
    """It isn't retried, and the message says what to check."""
    run = run_tap(zoom.config(login, **{changed: "wrong-wrong"}), zoom=zoom)
    assert run.exit_status == 1
    assert "Login refused" in run.critical and words in run.critical
    assert len(zoom.requests) == 1


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": None}, {"access_token": 7}, {"token": "x"}]
)
def test_a_token_answer_without_a_token_fails(body: dict[str, Any]) -> None:
    """It has HTTP 200, but no usable access_token."""
    fault = Fault.answer(200, json.dumps(body).encode(), match="/oauth/token", times=None)
    with SimulatedZoom(account(), faults=[fault]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert run.exit_status == 1
    assert "Login refused" in run.critical and "no access_token" in run.critical
    assert run.stdout == ""


@pytest.mark.parametrize(
    "token", ["abc\ndefghijklmnop", "abc\rdefghijklmnop", "t\u00f6ken-token-token", "\0token-token-token"], ids=ascii
)
def test_a_token_that_is_invalid_in_a_header_fails(token: str) -> None:
    """It has control or non-ASCII characters. No API request is sent."""
    with scripted() as zoom:
        zoom.faults.insert(0, says("/oauth/token", {"access_token": token, "api_url": zoom.url}))
        run = run_tap(zoom.config(), zoom=zoom, secrets=[token])
        assert paths(zoom) == ["/oauth/token"]
    assert run.exit_status == 1
    assert "Login refused" in run.critical
    assert run.stdout == ""


BAD_URLS = [
    "http://api.zoom.us", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com", "ftp://api.zoom.us",
    "api.zoom.us", "https://", "https://user:pass@api.zoom.us", "https://api.zoom.us?x=1", "https://api.zoom.us#x", "//api.zoom.us",
    "https://[::1", "https://api.zoom.us:99999", "https://api zoom us", "javascript:x", "http://127.0.0.1@example.com",
    "https://*.example.com", f"https://{'a' * 300}.example.com",
]  # fmt: skip


@pytest.mark.parametrize("setting", ["api_url", "auth_url"])
def test_invalid_and_unsafe_urls_fail(setting: str, zoom: SimulatedZoom) -> None:
    """The token is not sent over plain http to another host."""
    for url in BAD_URLS:
        run = run_tap({**zoom.config(), setting: url}, zoom=zoom)
        assert run.exit_status == 1, url
        assert setting in run.critical, url
    assert zoom.requests == []


@pytest.mark.parametrize("url", ["http://evil.example.com", "ftp://x", "nonsense", "http://10.0.0.1/v2"])
def test_an_unsafe_api_url_in_the_token_answer_fails(url: str) -> None:
    """It is checked like the setting. No API request is sent."""
    with SimulatedZoom(account(), api_url=url) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
        assert sum(zoom.operations.values()) == 0
    assert run.exit_status == 1
    assert "api_url" in run.critical


@pytest.mark.few(1)
def test_an_unreachable_host_fails(silent_port: int, zoom: SimulatedZoom) -> None:
    """The message says which setting to check."""
    run = run_tap(zoom.config(auth_url=f"http://127.0.0.1:{silent_port}/oauth/token"), zoom=zoom)
    assert run.exit_status == 1
    assert "auth_url" in run.critical
    run = run_tap(zoom.config(api_url=f"http://127.0.0.1:{silent_port}"), zoom=zoom)
    assert run.exit_status == 1
    assert "api_url" in run.critical


def test_a_wrong_path_in_api_url_fails(zoom: SimulatedZoom) -> None:
    """Zoom answers 2300, and the message says to check api_url."""
    run = run_tap(zoom.config(api_url=f"{zoom.url}/api"), zoom=zoom)
    assert run.exit_status == 1
    assert "api_url" in run.critical


def test_redirects_are_not_followed() -> None:
    """The token isn't sent to another host."""
    with SimulatedZoom(account()) as other, SimulatedZoom(account()) as zoom:
        headers = {"Location": f"{other.url}/v2/users"}
        zoom.faults.append(Fault.answer(302, {"message": "Found"}, headers, match=r"/v2/users\?", times=None))
        run = run_tap(zoom.config(), zoom=zoom, catalog=USERS)
        assert other.requests == []
    assert run.exit_status == 1


def test_user_agent_is_sent(zoom: SimulatedZoom) -> None:
    """With each request, including those for tokens."""
    run = run_tap(zoom.config(user_agent="ours/1.0"), zoom=zoom, catalog=USERS)
    assert run.exit_status == 0
    assert "/oauth/token" in {asked.path for asked in zoom.requests}
    assert {asked.headers["user-agent"] for asked in zoom.requests} == {"ours/1.0"}
    assert_exact({"users": expected()["users"]}, run.records)
