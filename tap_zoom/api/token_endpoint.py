"""The token endpoint: requests, and the meaning of its answers.

Source: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ and https://developers.zoom.us/docs/integrations/oauth/
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import jwt

from tap_zoom.api.http import Answer, Connections, TooLarge, in_time, parse, shortened
from tap_zoom.api.rate_limits import read_headers
from tap_zoom.api.retry import delay
from tap_zoom.config import Config
from tap_zoom.errors import Blocked, HostUnreachable, LoginRefused, Retryable

LONGEST_LIFE = 10**9  # seconds: a larger integer may not fit a float
RENEW_BEFORE = 60.0  # seconds before a token expires, it is replaced
# Fields of an answer with the reason for a missing token, and its code.
REASONS = ("reason", "message", "errorMessage", "error_message", "error_description", "error")
CODES = ("error", "errorCode", "error_code", "code")
TAGS = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")
SECRET = re.compile(r"(?i)token|secret|password")
QUOTED_SECRET = re.compile(r"""(?i)("[^"]*(?:token|secret|password)[^"]*"\s*:\s*")[^"]*""")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `scopes` is None if the login doesn't return them (JWT)."""

    value: str = field(repr=False)
    expires_at: float = float("inf")  # on the monotonic clock
    scopes: frozenset[str] | None = None
    api_url: str | None = None

    @property
    def account(self) -> str | None:
        """The account id that Zoom writes into its access tokens. None if the token has another format."""
        try:
            account = jwt.decode(self.value, options={"verify_signature": False, "verify_exp": False}).get("aid")
        except jwt.InvalidTokenError:
            return None
        return account if isinstance(account, str) and account else None


class TokenEndpoint:
    """POST {auth_url}, with the client id and secret as Basic authentication."""

    def __init__(self, config: Config, keep_secret: Callable[[str], None]) -> None:
        self._url = config.auth_url
        self._client = (config.client_id or "", config.client_secret or "")
        self._headers = {"User-Agent": config.user_agent} if config.user_agent else {}
        self._keep_secret = keep_secret
        self._answered = False

    def read(self, answer: dict[str, Any]) -> Token:
        """Return the token in an answer, with its lifetime, scopes and api_url if they are given."""
        value = answer["access_token"]
        self._keep_secret(value)
        lives = answer.get("expires_in")
        seconds = float(min(lives, LONGEST_LIFE)) if isinstance(lives, (int, float)) and lives > 0 else 3600.0
        scopes, api_url = answer.get("scope"), answer.get("api_url")
        if isinstance(scopes, list):
            scopes = " ".join(map(str, scopes))
        return Token(
            value,
            time.monotonic() + max(seconds - RENEW_BEFORE, seconds / 2),
            frozenset(re.split(r"[\s,]+", scopes.strip())) if isinstance(scopes, str) and scopes.strip() else None,
            api_url if isinstance(api_url, str) and api_url else None,
        )

    def ask(
        self, form: dict[str, str], exchange_lock: AbstractContextManager[Any] | None = None,
        keep: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:  # fmt: skip
        """Return the answer with a token. Temporary failures are retried here, since no other request can be sent
        meanwhile. `exchange_lock` is held during each request and its call of `keep`."""
        started, tries = time.monotonic(), 0
        while True:
            try:
                with exchange_lock or nullcontext():
                    answer = self._ask_once(form)
                    keep(answer)
                    return answer
            except Retryable as error:
                tries += 1
                wait = delay(error, tries, time.monotonic() - started, self._answered)
                if wait is None:
                    raise HostUnreachable(
                        f"Login failed: no usable answer from {self._url} after {tries} tries. {error}. "
                        "Check auth_url, the network and https://status.zoom.us."
                    ) from None
                time.sleep(wait)

    def _ask_once(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            answer = in_time(lambda: Connections(1).exchange("POST", self._url, self._headers, self._client, form))
        except TooLarge as error:
            raise Retryable(str(error)) from None
        self._answered = True
        return self._judged(answer, form["grant_type"])

    def _judged(self, answer: Answer, grant: str) -> dict[str, Any]:
        status = answer.status
        try:
            content = parse(answer.body)
        except ValueError:
            content = None
        if isinstance(content, dict):
            token = content.get("access_token")
            if status == 200 and isinstance(token, str) and token.isascii() and token.isprintable() and token:
                return content
        message = _message_of_text(answer.body) if content is None else _message(content)
        if status == 429 or status >= 500:
            wait = read_headers(answer.headers, datetime.now(timezone.utc)).wait
            raise Retryable(f"It answered {status}: {message}", wait)
        if not isinstance(content, dict):
            kind = Blocked if status >= 300 else Retryable  # a redirect, or the page of a firewall
            raise kind(f"It answered {status} without {'JSON' if content is None else 'a JSON object'}: {message}")
        raise LoginRefused(self._advice(status, content, grant, message))

    def _advice(self, status: int, content: dict[str, Any], grant: str, message: str) -> str:
        error = str(content.get("error") or "")
        refusal = f"Login refused by {self._url}: {status} {message}"
        if error == "invalid_client":
            return f"{refusal}. Check client_id and client_secret against the app's credentials page."
        if error == "invalid_grant" and grant == "refresh_token":
            return (
                f"{refusal}. The refresh token was already used, was revoked or has expired, so retrying can't help: "
                "authorize the app again and set the new refresh_token."
            )
        if grant == "account_credentials":
            return f"{refusal}. Check account_id, and that the Server-to-Server OAuth app is activated."
        return f"{refusal}. Check the app on https://marketplace.zoom.us, then authorize it again."


def _message(content: Any) -> str:
    """Return the message of an answer without a token: reason and code, or else all of it without possible secrets."""
    reason = code = ""
    if isinstance(content, dict):
        reason, code = _first(content, REASONS), _first(content, CODES)
    if reason:
        return reason + (f" ({code})" if code and code != reason else "")
    whole = shortened(json.dumps(_without_secrets(content), ensure_ascii=False)) if content else ""
    return f"no access_token{' in ' if whole else ''}{whole}"


def _message_of_text(body: bytes) -> str:
    """Return the text of an answer that isn't JSON, without HTML tags and possible tokens."""
    text = html.unescape(TAGS.sub(" ", body.decode("utf-8", "replace")))
    return shortened(QUOTED_SECRET.sub(r"\1***", text)) or "an empty body"


def _first(content: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return the first of these fields that is a string or a number."""
    values = (content.get(name) for name in names)
    first = next((value for value in values if value and value is not True and isinstance(value, (str, int))), "")
    return shortened(str(first))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "***" if SECRET.search(name) else _without_secrets(part) for name, part in value.items()}
    return [_without_secrets(part) for part in value] if isinstance(value, list) else value
