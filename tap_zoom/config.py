"""The settings: one table for validation, --about, README and plugin definition; and how they are loaded."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from tap_zoom.errors import ConfigError
from tap_zoom.setting import json_kind, setting, settings_of

ENV = "ENV"
ENV_PREFIX = "TAP_ZOOM_"
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?", re.ASCII | re.IGNORECASE)
DEFAULT_API_URL = "https://api.zoom.us"
A_CENTURY = 36_500  # days: older than any data of Zoom, and can be subtracted from any bookmark
# Documentation of settings.
SERVER_TO_SERVER = "https://developers.zoom.us/docs/internal-apps/s2s-oauth/"
REFRESH_TOKEN = "https://developers.zoom.us/docs/integrations/oauth/"  # noqa: S105
RATE_LIMITS = "https://developers.zoom.us/docs/api/rate-limits/"


def checked_url(value: str, where: str) -> str:
    """Return the URL without a trailing slash. Raises ConfigError unless it is https, or http to a loopback address."""
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    address = _address(host or "")
    plain = host and (HOST.fullmatch(host) or address)
    if not plain or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        raise ConfigError(f"{where} must be a plain URL such as {DEFAULT_API_URL}.")
    if parts.scheme == "http" and host != "localhost" and not (address and address.is_loopback):
        raise ConfigError(f"{where} must begin with https, since http sends the token unencrypted.")
    return value.strip().rstrip("/")


def checked_api_url(value: str, where: str) -> str:
    """Return the URL without a trailing /v2, which is part of each path."""
    return checked_url(value, where).removesuffix("/v2")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Config:
    """The validated settings, and the table of settings. Its repr shows no secrets."""

    account_id: str | None = setting(
        "Account ID of a Server-to-Server OAuth app, from its credentials page.", documentation=SERVER_TO_SERVER
    )
    client_id: str | None = setting("Client ID of the OAuth app.", documentation=SERVER_TO_SERVER)
    client_secret: str | None = setting(
        "Client secret of the OAuth app.", sensitive=True, documentation=SERVER_TO_SERVER
    )
    refresh_token: str | None = setting(
        "Refresh token of an admin-managed OAuth app. Zoom replaces it at each use: see token_store.",
        sensitive=True,
        documentation=REFRESH_TOKEN,
    )
    jwt: str | None = setting(
        "Signed JSON Web Token, for accounts that still have a JWT app. Zoom ended JWT apps in 2023.", sensitive=True
    )
    token_store: Path | None = setting(
        "File that stores the rotated refresh token between runs. Needed if the config file is temporary, as in "
        "Meltano.",
        documentation=REFRESH_TOKEN,
    )
    api_url: str | None = setting(
        f"URL of the API, with or without /v2. Default: as returned with the token, or {DEFAULT_API_URL}.",
        check=checked_api_url,
    )
    auth_url: str = setting("URL of the token endpoint.", "https://zoom.us/oauth/token", check=checked_url)
    start_date: datetime | None = setting(
        "Earliest date to sync, as a date or RFC 3339 date-time. Applies to past meetings, calls, logs and other "
        "streams with dates. Default: all available history."
    )
    replication_method: str = setting(
        "FULL_TABLE reads everything in each run; INCREMENTAL reads streams with dates from their bookmark. "
        "replication-method in a stream's catalog metadata overrides it.",
        "FULL_TABLE",
        options=("FULL_TABLE", "INCREMENTAL"),
    )
    lookback_days: int = setting(
        "Days before its bookmark at which an incremental sync starts.", 7, bounds=(0, A_CENTURY)
    )
    plan: str = setting(
        "Plan of the account. Sets the rate limits until Zoom reports the actual limits.",
        "pro",
        options=("free", "pro", "business"),
        documentation=RATE_LIMITS,
    )
    rate_limit_share: int = setting(
        "Percentage of the limits per second to use; the daily limit is used in full. All apps of the account share "
        "the limits.",
        80,
        bounds=(1, 100),
        documentation=RATE_LIMITS,
    )
    max_workers: int = setting("Maximum number of requests at the same time.", 64, bounds=(1, 1000))
    on_missing_access: str = setting(
        "If scopes for a selected stream are missing: fail before the first record; skip it; or try it without "
        "checking the scopes, and fail only if Zoom refuses it.",
        "fail",
        options=("fail", "skip", "try"),
    )
    on_daily_limit: str = setting(
        "At a daily limit: stop, so that the next run resumes; or wait for the reset.",
        "stop",
        options=("stop", "wait"),
        documentation=RATE_LIMITS,
    )
    user_agent: str | None = setting("User-Agent header of all requests.")
    keep_unknown_fields: bool = setting(
        "Keep fields that the schema lacks, in the column unknown_fields of each stream.", False
    )
    refresh_token_file: Path | None = None  # the config file with the refresh token; None: from the environment

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(filter(None, (getattr(self, each.name) for each in SETTINGS if each.sensitive)))


SETTINGS = settings_of(Config)
LOGINS: tuple[tuple[str, ...], ...] = (
    ("account_id", "client_id", "client_secret"),
    ("client_id", "client_secret", "refresh_token"),
    ("jwt",),
)


def load(sources: Sequence[str], environ: Mapping[str, str], warn: Callable[[str], None]) -> Config:
    """Load and validate config files, or ENV for the environment. Later sources override earlier ones by setting.

    Raises ConfigError for invalid settings. Unknown ones only cause a warning.
    """
    settings = {each.name: each for each in SETTINGS}
    values: dict[str, Any] = {}
    refresh_token_file: Path | None = None
    for source in sources:
        found = _from_environment(environ) if source == ENV else read_json_object(source, "config")
        for name, value in found.items():
            known = settings.get(name)
            if known is None:
                warn(f"Unknown setting {name!r} in {source} is ignored. {_meant(name, settings)}")
                continue
            # Callers write unset settings as null or "".
            if value is None or value == "":
                values.pop(name, None)
                continue
            values[name] = known.checked(value, source)
            if name == "refresh_token":
                refresh_token_file = None if source == ENV else Path(source)
    _check_login(values, warn)
    return Config(**values, refresh_token_file=refresh_token_file)


def read_json_object(path: str, what: str) -> dict[str, Any]:
    """Read the JSON object in a file. Raises ConfigError, which calls it the `what` file."""
    value = parse_json(read_text(path, what), path, what)
    if not isinstance(value, dict):
        raise ConfigError(f"The {what} file {path} must contain a JSON object ({{...}}), not {json_kind(value)}.")
    return value


def _looks_like_path(text: str) -> bool:
    """False for JSON, a URL, `name=value` or a single long word: settings or a secret, passed instead of a path."""
    is_word = re.fullmatch(r"[^/.\s]{20,}", text)
    return not is_word and not re.search(r"[{}\[\]\"'=\n]|:.|^eyJ|^\s*$", text)


def read_text(path: str, what: str) -> str:
    """Read the text in a file or a pipe. Raises ConfigError."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        if not _looks_like_path(path):
            raise ConfigError(
                f"--{what} takes the path of a JSON file{', or ENV' * (what == 'config')}, but got something else. It "
                "isn't shown here, since it may contain secrets. Write it to a file and pass the path of that file."
            ) from None
        raise ConfigError(f"The {what} file {path} can't be read: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The {what} file {path} isn't UTF-8 text. Save it as JSON in UTF-8.") from None
    except ValueError:  # a NUL in the path
        raise ConfigError(f"The {what} file can't be read: invalid path. Check the path.") from None


def parse_json(text: str, path: str, what: str) -> Any:
    """Parse JSON text that was read from `path`. Raises ConfigError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"The {what} file {path} isn't valid JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            f"Fix it{', or omit it to read everything' * (what == 'state')}."
        ) from None
    except (ValueError, RecursionError):  # an integer of thousands of digits; thousands of nested lists
        raise ConfigError(f"The {what} file {path} can't be read: a value is nested too deep or too large.") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in the environment, each in its type."""
    found: dict[str, Any] = {}
    for each in SETTINGS:
        name = ENV_PREFIX + each.name.upper()
        text = environ.get(name)
        if text is not None:
            found[each.name] = each.from_text(text, name) if text else text
    return found


def _check_login(values: dict[str, Any], warn: Callable[[str], None]) -> None:
    """Check that there is exactly one complete way to log in. Drops settings that a jwt replaces."""
    given = [name for name in ("account_id", "client_id", "client_secret", "refresh_token") if name in values]
    if "jwt" in values:
        if given:
            warn(f"The setting jwt is set, so {', '.join(given)} are ignored.")
            for name in given:
                del values[name]
        _jwt_claims(values["jwt"])
        return
    if "account_id" in values and "refresh_token" in values:
        raise ConfigError(
            "The settings account_id and refresh_token are both set, but they belong to different ways to log in. "
            "Keep account_id for a Server-to-Server OAuth app, or refresh_token for an admin-managed OAuth app."
        )
    if "account_id" not in values and "refresh_token" not in values:
        raise ConfigError(
            "No way to log in: neither account_id nor refresh_token is set. Set account_id, client_id and "
            "client_secret (Server-to-Server OAuth), or client_id, client_secret and refresh_token (OAuth), or jwt."
        )
    missing = [name for name in ("client_id", "client_secret") if name not in values]
    if missing:
        raise ConfigError(f"The login also needs {' and '.join(missing)}: see the app's credentials page.")


def _meant(name: str, settings: Iterable[str]) -> str:
    like = get_close_matches(name, settings, 1)
    return f"Did you mean {like[0]}?" if like else "tap-zoom --about lists the settings."


def jwt_issuer(token: str | None) -> str | None:
    """Return the token's issuer: the API key of the account's JWT app."""
    claims = _jwt_claims(token) if token else {}
    return str(claims.get("iss")) if claims else None


def _jwt_claims(token: str) -> dict[str, Any]:
    try:
        return jwt.decode(token, options={"verify_signature": False, "verify_exp": True})
    except jwt.ExpiredSignatureError:
        raise ConfigError(
            "The setting jwt has expired. Zoom ended JWT apps in 2023, so you may not be able to get a new one: "
            "create a Server-to-Server OAuth app and set account_id, client_id and client_secret."
        ) from None
    except jwt.PyJWTError:
        raise ConfigError("The setting jwt isn't a JSON Web Token (three parts with dots). Copy it again.") from None
