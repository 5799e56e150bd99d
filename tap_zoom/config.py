"""The settings: one table that the checks, --about, the README and the plugin definition are made from."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt as pyjwt

from tap_zoom.errors import ConfigError
from tap_zoom.windows import parse_time

ENV = "ENV"
ENV_PREFIX = "TAP_ZOOM_"
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?", re.ASCII | re.IGNORECASE)
DEFAULT_API_URL = "https://api.zoom.us"
DEFAULT_AUTH_URL = "https://zoom.us/oauth/token"
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # as the environment spells them


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `kind` is a kind of Meltano's plugin definitions; `options` are the only values it takes."""

    name: str
    description: str
    kind: str = "string"
    label: str = ""
    sensitive: bool = False
    default: str | int | bool | None = None
    options: tuple[str, ...] = ()
    least: int = 1
    most: int | None = None
    documentation: str = ""  # a page of Zoom's


SERVER_TO_SERVER = "https://developers.zoom.us/docs/internal-apps/s2s-oauth/"
REFRESH_TOKEN = "https://developers.zoom.us/docs/integrations/oauth/"  # noqa: S105 (a page)
RATE_LIMITS = "https://developers.zoom.us/docs/api/rate-limits/"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "account_id",
        "Account ID of a Server-to-Server OAuth app, from its credentials page.",
        label="Account ID", documentation=SERVER_TO_SERVER,
    ),
    Setting("client_id", "Client ID of the OAuth app.", label="Client ID", documentation=SERVER_TO_SERVER),
    Setting(
        "client_secret",
        "Client secret of the OAuth app.",
        "password", "Client Secret", sensitive=True, documentation=SERVER_TO_SERVER,
    ),
    Setting(
        "refresh_token",
        "Refresh token of a user-managed OAuth app. Each use replaces it: see token_store.",
        "password", "Refresh Token", sensitive=True, documentation=REFRESH_TOKEN,
    ),
    Setting(
        "jwt",
        "JSON Web Token, sent as it is. Zoom ended JWT apps in 2023: for accounts that still have one.",
        "password", "JSON Web Token", sensitive=True,
    ),
    Setting(
        "token_store",
        "File that keeps the rotated refresh token between runs, for callers such as Meltano that throw the config "
        "file away.",
        "file", "Token Store", documentation=REFRESH_TOKEN,
    ),
    Setting(
        "api_url",
        f"API host, with or without /v2. Default: the api_url of the token answer, otherwise {DEFAULT_API_URL}.",
        label="API URL",
    ),
    Setting("auth_url", "Where tokens are asked for.", label="Authorization URL", default=DEFAULT_AUTH_URL),
    Setting(
        "start_date",
        "Date or RFC 3339 date-time: meetings and webinars held before it are not asked for. Default: as far back as "
        "Zoom answers.",
        "date_iso8601", "Start Date",
    ),
    Setting(
        "plan",
        "The account's plan, for the rate limits to assume until Zoom's headers say better.",
        "options", "Plan", default="pro", options=("free", "pro", "business"), documentation=RATE_LIMITS,
    ),
    Setting(
        "rate_limit_share",
        "Per cent of the account's rate limits to use: Zoom shares them among all apps of the account.",
        "integer", "Rate Limit Share", default=80, most=100, documentation=RATE_LIMITS,
    ),
    Setting("max_workers", "Upper bound on requests in flight.", "integer", "Max Workers", default=64, most=1000),
    Setting(
        "on_missing_access",
        "What to do about a selected stream that the token's scopes or the plan don't allow: fail, or skip it.",
        "options", "On Missing Access", default="fail", options=("fail", "skip"),
    ),
    Setting(
        "on_daily_limit",
        "What to do when a daily limit is reached: stop (the next run goes on), or wait for the reset.",
        "options", "On Daily Limit", default="stop", options=("stop", "wait"),
        documentation=RATE_LIMITS,
    ),
    Setting("user_agent", "User-Agent header of each request.", label="User Agent"),
    Setting(
        "keep_unknown_fields",
        "Keep fields that Zoom sends and the schema lacks, in a column unknown_fields of each stream.",
        "boolean", "Keep Unknown Fields", default=False,
    ),
)  # fmt: skip
SETTINGS_BY_NAME = {setting.name: setting for setting in SETTINGS}
LOGINS: tuple[tuple[str, ...], ...] = (
    ("account_id", "client_id", "client_secret"),
    ("client_id", "client_secret", "refresh_token"),
    ("jwt",),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings after all checks. No secret shows in its repr."""

    account_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    jwt: str | None = field(default=None, repr=False)
    token_store: Path | None = None
    api_url: str | None = None  # without /v2 and slash at the end
    auth_url: str = DEFAULT_AUTH_URL
    start_date: datetime | None = None
    plan: str = "pro"
    rate_limit_share: int = 80
    max_workers: int = 64
    on_missing_access: str = "fail"
    on_daily_limit: str = "stop"
    user_agent: str | None = None
    keep_unknown_fields: bool = False
    refresh_token_file: Path | None = None  # the config file that the refresh token came from; None: environment

    def without_start_date(self) -> Config:
        return replace(self, start_date=None)

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.client_secret, self.refresh_token, self.jwt)))


def load(sources: Sequence[str], environ: Mapping[str, str], warn: Callable[[str], None]) -> Config:
    """Read and check config files, or ENV for the environment; a later source wins, setting by setting.

    Raises ConfigError for whatever is wrong with them; unknown settings are only warned about.
    """
    values: dict[str, Any] = {}
    refresh_token_file: Path | None = None
    for source in sources:
        found = _from_environment(environ) if source == ENV else read_json_object(source, "config")
        for name, value in found.items():
            setting = SETTINGS_BY_NAME.get(name)
            if setting is None:
                warn(f"Unknown setting {name!r} in {source} is ignored. tap-zoom --about lists the settings.")
                continue
            # Callers write unset settings as null or "".
            if value is None or value == "":
                values.pop(name, None)
                continue
            values[name] = _checked(setting, value, source)
            if name == "refresh_token":
                refresh_token_file = None if source == ENV else Path(source)
    _check_login(values, warn)
    return Config(**values, refresh_token_file=refresh_token_file)


def read_json_object(path: str, what: str) -> dict[str, Any]:
    """The JSON object in a file that the user named. Raises ConfigError that names the file as `what`."""
    value = read_json(path, what)
    if not isinstance(value, dict):
        raise ConfigError(f"The {what} file {path} holds no JSON object but {_json_kind(value)}. Write {{...}}.")
    return value


def read_json(path: str, what: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"The {what} file {path} can't be read: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The {what} file {path} is no UTF-8 text. Write it as JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"The {what} file {path} is no valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError):  # an integer of thousands of digits; thousands of nested lists
        raise ConfigError(f"The {what} file {path} can't be read: a value in it is too deep or too large.") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that are set, each in the type of its kind."""
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        name = ENV_PREFIX + setting.name.upper()
        text = environ.get(name)
        if text is not None:
            found[setting.name] = _from_text(setting, text, name) if text else text
    return found


def _from_text(setting: Setting, text: str, name: str) -> str | int | bool:
    if setting.kind == "integer":
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{name} must be an integer.") from None
    if setting.kind == "boolean":
        if text.lower() not in BOOLEANS:
            raise ConfigError(f"{name} must be true or false.")
        return BOOLEANS[text.lower()]
    return text


def _checked(setting: Setting, value: Any, source: str) -> Any:
    """The value as Config keeps it. No message repeats a value: it could be a secret in the wrong place."""
    where = f"The setting {setting.name} in {source}"
    if setting.kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(f"{where} must be an integer, not {_json_kind(value)}.")
        if value < setting.least or (setting.most is not None and value > setting.most):
            raise ConfigError(f"{where} must be from {setting.least} to {setting.most}.")
        return value
    if setting.kind == "boolean":
        if not isinstance(value, bool):
            raise ConfigError(f"{where} must be true or false, not {_json_kind(value)}.")
        return value
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string, not {_json_kind(value)}.")
    return _checked_text(setting, value, where)


def _checked_text(setting: Setting, value: str, where: str) -> Any:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ConfigError(f"{where} holds a line break or another control character. Check how it was pasted.")
    if setting.options and value not in setting.options:
        raise ConfigError(f"{where} must be one of: {', '.join(setting.options)}.")
    if setting.name in ("api_url", "auth_url"):
        return checked_url(value, where).removesuffix("/v2")
    if setting.name == "start_date":
        moment = parse_time(value)
        if moment is None:
            raise ConfigError(f"{where} must be a date such as 2024-12-31 or a date-time such as 2024-12-31T23:59:59Z.")
        return moment
    if setting.name == "token_store":
        return Path(value).expanduser()
    if not value.isascii():
        raise ConfigError(f"{where} holds a character that is no ASCII. Check how it was pasted.")
    return value.strip()


def checked_url(value: str, where: str) -> str:
    """The URL without a slash at its end. Raises ConfigError unless it is https, or http to loopback."""
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    plain = host and (HOST.fullmatch(host) or _is_address(host))
    if not plain or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        raise ConfigError(f"{where} must be a plain URL such as {DEFAULT_API_URL}.")
    if parts.scheme == "http" and not _is_loopback(host or ""):
        raise ConfigError(f"{where} must begin with https: over http anybody on the way could read the token.")
    return value.strip().rstrip("/")


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"


def _check_login(values: dict[str, Any], warn: Callable[[str], None]) -> None:
    """Exactly one way to log in must be there, whole. Drops what a jwt makes useless."""
    given = [name for name in ("account_id", "client_id", "client_secret", "refresh_token") if name in values]
    if "jwt" in values:
        if given:
            warn(f"The setting jwt is there, so {', '.join(given)} are ignored.")
            for name in given:
                del values[name]
        _check_jwt(values["jwt"])
        return
    if "account_id" in values and "refresh_token" in values:
        raise ConfigError(
            "The settings account_id and refresh_token are both there, but each belongs to another way to log in. "
            "Keep account_id for a Server-to-Server OAuth app, or refresh_token for a user-managed OAuth app."
        )
    if "account_id" not in values and "refresh_token" not in values:
        raise ConfigError(
            "No way to log in: neither account_id nor refresh_token is set. Set account_id, client_id and "
            "client_secret (Server-to-Server OAuth), or client_id, client_secret and refresh_token (OAuth), or jwt."
        )
    missing = [name for name in ("client_id", "client_secret") if name not in values]
    if missing:
        raise ConfigError(f"The login needs {' and '.join(missing)} as well: see the app's credentials page.")


def _check_jwt(token: str) -> None:
    try:
        pyjwt.decode(token, options={"verify_signature": False, "verify_exp": True})
    except pyjwt.ExpiredSignatureError:
        raise ConfigError(
            "The setting jwt has expired. Zoom ended JWT apps in 2023, so there may be no new one: "
            "make a Server-to-Server OAuth app and set account_id, client_id and client_secret."
        ) from None
    except pyjwt.PyJWTError:
        raise ConfigError("The setting jwt is no JSON Web Token (three parts joined by dots). Copy it again.") from None


def jwt_issuer(token: str | None) -> str | None:
    """Whose token it is: the API key of the account's JWT app."""
    claims = pyjwt.decode(token or "", options={"verify_signature": False}) if token else {}
    return str(claims.get("iss")) if claims else None


def _json_kind(value: object) -> str:
    kinds: dict[type, str] = {bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "a list"}
    return "an object" if isinstance(value, dict) else kinds.get(type(value), "null")

