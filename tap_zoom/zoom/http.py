"""One HTTP exchange, whole or not at all, and the JSON in it."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.util import Timeout

from tap_zoom.errors import ConfigError, NoAnswer
from tap_zoom.text import escaped

CONNECT_TIMEOUT = 10.0  # seconds
READ_TIMEOUT = 30.0  # seconds of silence, before the first byte or between two
TIMEOUT = Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
ANSWER_TIMEOUT = 120.0  # seconds for a whole answer, however little comes at a time

HOSTS = 4  # to which connections are kept
LARGEST_ANSWER = 32 << 20  # bytes, unpacked

CERTIFICATES = (
    ": the certificate is not trusted. Behind a proxy that inspects TLS, set REQUESTS_CA_BUNDLE to the file of its "
    "certificate authority"
)
PROXY = (
    "The proxy in the variable HTTPS_PROXY, HTTP_PROXY or ALL_PROXY can't be used. Set it to a URL such as "
    "http://proxy.example.com:3128. A user and a password go before the host (user:password@), with characters such as "
    "/ # and @ percent-encoded."
)

_deadline: ContextVar[float] = ContextVar("_deadline")  # of the exchange that a thread is at, on the monotonic clock


@dataclass(slots=True)
class Answer:
    """`moved`: it came from where a redirect led to."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    moved: bool = False


class TooLarge(Exception):
    """More than is read of any answer."""


class SlowAnswer(OSError):
    """Not whole in time. (No TimeoutError: of those urllib3 keeps no words.)"""


class _Incoming(io.RawIOBase):
    """What comes over a connection, while there is time for it.

    A socket's own timeout begins anew with each byte, and whole lines and blocks are read without a look at the clock.
    """

    def __init__(self, connection: socket.socket, raw: io.RawIOBase) -> None:
        self._connection = connection
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _deadline.get() - time.monotonic()
        if left > 0:
            self._connection.settimeout(min(READ_TIMEOUT, left))
            try:
                return self._raw.readinto(buffer)
            except TimeoutError:
                if left > READ_TIMEOUT:
                    raise SlowAnswer(f"silent for {READ_TIMEOUT:g} s") from None
        raise SlowAnswer(f"not whole after {ANSWER_TIMEOUT:g} s")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Incoming(sock, self.fp.detach()))


@cache
def _watched(connection: type[Any]) -> type[Any]:
    """A kind of connection (plain, over TLS, to a proxy) whose answers come through _Incoming."""
    return type(connection.__name__, (connection,), {"response_class": _Response})


class Connections:
    """Kept-alive connections to hosts, `most` to each, through the proxies and with the certificates that the
    environment names. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._host = lru_cache(HOSTS)(lambda scheme, netloc: _host(f"{scheme}://{netloc}", most))

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: Any = None) -> Answer:
        """Send, and read a whole answer. Raises NoAnswer where there is none, or not all of it, in time; TooLarge where
        it is larger than any that Zoom documents; ConfigError for certificates that are not there."""
        _deadline.set(time.monotonic() + ANSWER_TIMEOUT)
        parts = urlsplit(url)
        try:
            pool, before_path = self._host(parts.scheme, parts.netloc.rpartition("@")[2])
            response = pool.urlopen(
                method, f"{before_path}{parts.path or '/'}{parts.query and '?'}{parts.query}", body, headers,
                retries=False, redirect=False, assert_same_host=False, timeout=TIMEOUT, preload_content=False,
                enforce_content_length=True,
            )  # fmt: skip
            try:
                whole = bytearray()
                for part in response.stream(1 << 16, decode_content=True):
                    whole += part
                    if len(whole) > LARGEST_ANSWER:
                        raise TooLarge(f"the answer has more than {LARGEST_ANSWER >> 20} MB, which is not read")
                response.release_conn()
            finally:
                response.close()
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = _reason(error)
            unsafe = isinstance(error, urllib3.exceptions.SSLError)
            advice = CERTIFICATES if "CERTIFICATE_VERIFY_FAILED" in reason else ""
            raise NoAnswer(f"No {'safe connection' if unsafe else 'answer'} ({reason}){advice}") from None
        return Answer(response.status, response.headers, bytes(whole))


def _host(origin: str, connections: int) -> tuple[Any, str]:
    """Connections to one host, and what is asked for there begins with: its whole URL where a proxy is asked for it."""
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
    request = requests.Request("GET", origin).prepare()
    with requests.Session() as session:
        settings: Any = session.merge_environment_settings(origin, {}, True, None, None)
    try:
        pool: Any = adapter.get_connection_with_tls_context(request, settings["verify"], settings["proxies"])
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError, TypeError):
        if requests.utils.select_proxy(origin, settings["proxies"]) is None:
            raise
        raise ConfigError(PROXY) from None  # without the library's words, which repeat parts of the URL
    try:
        adapter.cert_verify(pool, origin, settings["verify"], None)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise ConfigError(f"{error}. Mend the variable REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.") from None
    pool.ConnectionCls = _watched(pool.ConnectionCls)
    return pool, "" if adapter.request_url(request, settings["proxies"]).startswith("/") else origin


def _reason(error: Exception) -> str:
    """The innermost words of a chain of connection errors, without URLs."""
    reason = error
    while causes := [each for each in (getattr(reason, "reason", None), *reason.args) if isinstance(each, Exception)]:
        reason = causes[0]
    words = re.sub(r"^.*?>: ", "", str(reason))
    return f"{type(reason).__name__}: {words[:200]}".rstrip(": ")


def shortened(words: str, most: int = 300) -> str:
    """One line of somebody else's words, cut between two of them: half a secret could not be told from a word."""
    line = escaped(" ".join(words.split()))
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " ..."


def parse(body: bytes) -> Any:
    """The JSON of a body. What orjson refuses (a lone surrogate) is left to json; ValueError where both refuse."""
    try:
        return orjson.loads(body)
    except ValueError:
        try:
            return json.loads(body.decode("utf-8", "surrogatepass"))
        except RecursionError as error:
            raise ValueError("nested too deep") from error
