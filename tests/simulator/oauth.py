"""Zoom's token endpoint and the tokens that it issues."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import jwt as pyjwt

from .account import Account
from .refusals import TOKEN_EXPIRED, TOKEN_INVALID, Refusal
from .wire import Request, Response, answer

_INVALID_CLIENT = Refusal(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
_INVALID_GRANT = Refusal(400, {"reason": "Invalid Token!", "error": "invalid_grant"})
_INVALID_REQUEST = Refusal(400, {"reason": "Bad Request", "error": "invalid_request"})
_UNSUPPORTED = Refusal(400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"})


class OAuth:
    """Issues tokens and checks those of requests."""

    def __init__(
        self,
        account: Account,
        *,
        scopes: tuple[str, ...],
        api_url: Callable[[], str | None],
        lifetime: float,
        rotation: str,
        one_token: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`rotation`: "strict" or "lenient"; `one_token`: only the newest access token is valid; `clock`: Unix time."""
        if rotation not in ("strict", "lenient"):
            raise ValueError(f"no such rotation: {rotation}")
        self.account = account
        self.scopes = scopes
        self.lifetime = lifetime
        self.rotation = rotation
        # The requested grant types, in order.
        self.grants: list[str] = []
        # Credentials and tokens that must never appear in output.
        self.secrets = [account.client_secret, account.refresh_token, account.jwt_secret]
        self._api_url = api_url
        self._one_token = one_token
        self._clock = clock
        self._access: dict[str, float] = {}
        self._jwt: dict[str, float] = {}
        # The current refresh token. With lenient rotation, the previous one is valid until the new tokens are used.
        self.refresh_token = account.refresh_token
        self._former: str | None = None
        self._access_of_latest: str | None = None

    # The token endpoint

    def token(self, request: Request) -> Response:
        """POST /oauth/token."""
        return answer(*self._token(request))

    def _token(self, request: Request) -> Refusal:
        if request.method != "POST":
            return _INVALID_REQUEST
        form = dict(parse_qsl(request.raw_query) + parse_qsl(request.body.decode("latin-1")))
        grant = form.get("grant_type", "")
        self.grants.append(grant)
        if not self._is_client(request.headers.get(b"authorization", b"")):
            return _INVALID_CLIENT
        if grant == "account_credentials":
            if form.get("account_id") != self.account.account_id:
                return _INVALID_REQUEST
            return Refusal(200, self.issue())
        if grant == "refresh_token":
            return self._refresh(form.get("refresh_token", ""))
        return _UNSUPPORTED

    def _is_client(self, header: bytes) -> bool:
        kind, _, encoded = header.partition(b" ")
        try:
            pair = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        expected = f"{self.account.client_id}:{self.account.client_secret}".encode()
        return kind.lower() == b"basic" and pair == expected

    def issue(self) -> dict[str, Any]:
        """A new access token, as the body of a token answer."""
        token = f"SECRET-access-{secrets.token_urlsafe(24)}"
        self.secrets.append(token)
        if self._one_token:
            self._access = dict.fromkeys(self._access, float("-inf"))
        self._access[token] = self._clock() + self.lifetime
        body = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": int(self.lifetime),
            "scope": " ".join(self.scopes),
        }
        api_url = self._api_url()
        return body if api_url is None else {**body, "api_url": api_url}

    def _refresh(self, token: str) -> Refusal:
        if token == self.refresh_token:
            # The client has the current token, so the one before it becomes invalid.
            self._former = token if self.rotation == "lenient" else None
        elif not token or token != self._former:
            return _INVALID_GRANT
        self.refresh_token = f"SECRET-refresh-{secrets.token_urlsafe(24)}"
        self.secrets.append(self.refresh_token)
        body = self.issue()
        self._access_of_latest = body["access_token"]
        return Refusal(200, {**body, "refresh_token": self.refresh_token})

    # Tokens of requests

    def check(self, request: Request) -> Refusal | None:
        """Return the refusal of a request's token, or None if it is valid."""
        kind, _, raw = request.headers.get(b"authorization", b"").partition(b" ")
        token = raw.decode("latin-1")
        if kind.lower() != b"bearer" or not token:
            return TOKEN_INVALID
        expires = self._access.get(token)
        if expires is not None:
            if expires <= self._clock():
                return TOKEN_EXPIRED
            if token == self._access_of_latest:
                self._former = None
            return None
        return self._check_jwt(token)

    def is_jwt(self, request: Request) -> bool:
        """True if a request has a JWT, which isn't limited to scopes."""
        return request.headers.get(b"authorization", b"").partition(b" ")[2].count(b".") == 2

    def _check_jwt(self, token: str) -> Refusal | None:
        expires = self._jwt.get(token)
        if expires is None:
            try:
                # Checked below with the account's clock, instead of PyJWT's.
                claims = pyjwt.decode(
                    token, self.account.jwt_secret, algorithms=["HS256"], options={"verify_exp": False}
                )
                expires = float(claims.get("exp", "inf"))
            except pyjwt.InvalidTokenError:
                return TOKEN_INVALID
            self._jwt[token] = expires
        return TOKEN_EXPIRED if expires <= self._clock() else None

    def accept_tokens_of(self, other: OAuth) -> None:
        """Accept the access tokens that another simulated host issues."""
        self._access = other._access

    def expire(self) -> None:
        """Expire all access tokens issued, and JWTs used, so far."""
        self._access = dict.fromkeys(self._access, float("-inf"))
        self._jwt = dict.fromkeys(self._jwt, float("-inf"))
