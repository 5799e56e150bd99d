"""The HTTP exchanges with Zoom's API, each with the login's token."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from tap_zoom.config import DEFAULT_API_URL, Config, checked_url
from tap_zoom.errors import TokenRefused
from tap_zoom.zoom.answers import Page, judge
from tap_zoom.zoom.auth import Login
from tap_zoom.zoom.http import Adapter, Answer, exchange
from tap_zoom.zoom.limits import read_headers
from tap_zoom.zoom.request import Request, query_of


class Client:
    """Asks over kept-alive connections with the login's token. Thread-safe; retries nothing."""

    def __init__(self, config: Config, login: Login, workers: int) -> None:
        self._config = config
        self._login = login
        self._adapter = Adapter(pool_connections=2, pool_maxsize=workers)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        if config.user_agent:
            self._headers["User-Agent"] = config.user_agent
        self._base = ""
        self._settings: Mapping[str, Any] = {}
        self.last_answer: float | None = None  # on the monotonic clock

    def log_in(self) -> None:
        """Have a token to ask with, so that `fetch` need not wait for one. Raises RunStopped where there is none."""
        self._login.token()

    def fetch(self, request: Request) -> Page:
        """The page that answers the request. Raises RequestFailed or RunStopped for anything else."""
        token = self._login.token()
        answer = self._get(request, token.value)
        self.last_answer = time.monotonic()
        now = datetime.now(timezone.utc)
        announcement = read_headers(answer.headers, now)
        try:
            judge(request, answer, announcement)
        except TokenRefused:
            self._login.refuse(token)
            raise
        return Page(answer.body, now, announcement)

    def _get(self, request: Request, token: str) -> Answer:
        """The HTTP exchange. Environment proxies are looked up once; redirects are not followed, so that the token
        goes to no other host."""
        if not self._base:
            self._connect()
        prepared = requests.PreparedRequest()
        prepared.method = "GET"
        prepared.url = f"{self._base}/{request.path}{query_of(request)}"
        prepared.headers = CaseInsensitiveDict(self._headers, Authorization=f"Bearer {token}")
        prepared.hooks = {}
        return exchange(self._adapter, prepared, self._settings)

    def _connect(self) -> None:
        """Where the API is: our setting, what the token answer said, or Zoom's default."""
        url = self._config.api_url or self._login.token().api_url
        base = checked_url(url, "The api_url of the token answer").removesuffix("/v2") if url else DEFAULT_API_URL
        with requests.Session() as session:
            self._settings = dict(session.merge_environment_settings(base, {}, True, None, None), stream=True)
            self._headers.setdefault("User-Agent", str(session.headers["User-Agent"]))
        self._base = f"{base}/v2"
