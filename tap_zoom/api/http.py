"""HTTP requests with requests.Session, and JSON parsing."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from queue import Empty, SimpleQueue
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tap_zoom.errors import ConfigError, NoAnswer
from tap_zoom.text import escaped

CONNECT_TIMEOUT = 10.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte
ANSWER_TIMEOUT = 120.0  # seconds for a complete answer, since slow ones may never reach READ_TIMEOUT
LARGEST_ANSWER = 32 << 20  # bytes, decompressed
HOSTS = 4  # hosts with persistent connections

CERTIFICATES = (
    ": the certificate isn't trusted. Behind a proxy that inspects TLS, set REQUESTS_CA_BUNDLE to the file with its "
    "certificate authority"
)
PROXY = (
    "The proxy in the variable HTTPS_PROXY, HTTP_PROXY or ALL_PROXY can't be used. Set it to a URL such as "
    "http://proxy.example.com:3128. User and password come before the host (user:password@), with characters such as "
    "/ # and @ percent-encoded."
)


@dataclass(slots=True)
class Answer:
    """`moved`: it came from the target of a redirect."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    moved: bool = False


class TooLarge(Exception):
    """The answer is larger than LARGEST_ANSWER."""


class Bearer(AuthBase):
    """Sends an access token, or none for None. (Without an auth object, requests would read .netrc.)"""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Connections(requests.Session):
    """A session with up to `most` persistent connections per host. Thread-safe. Proxies and certificates come from the
    environment, as usual in requests."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.stream = True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=HOSTS, pool_maxsize=most)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, _: requests.Response) -> None:
        """Ignore redirects: requests would parse their location and read the whole body."""

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], auth: Any, data: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and read the whole answer. Doesn't follow redirects.

        Raises NoAnswer if no complete answer comes in time; TooLarge; ConfigError if certificates are missing.
        """
        deadline = time.monotonic() + ANSWER_TIMEOUT
        try:
            timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)
            with self.request(
                method, url, headers=headers, data=data, auth=auth, allow_redirects=False, timeout=timeout
            ) as response:
                return Answer(response.status_code, response.headers, _body(response, deadline))
        except (ValueError, TypeError) as error:  # from requests or urllib3, before anything is sent
            if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
                raise ConfigError(PROXY) from None  # without the library's message, which repeats parts of the URL
            raise NoAnswer(f"No answer ({_reason(error)})") from None
        except requests.RequestException as error:
            reason = _reason(error)
            unsafe = isinstance(error, requests.exceptions.SSLError)
            advice = CERTIFICATES if "CERTIFICATE_VERIFY_FAILED" in reason else ""
            raise NoAnswer(f"No {'secure connection' if unsafe else 'answer'} ({reason}){advice}") from None
        except OSError as error:  # from requests, before anything is sent
            raise ConfigError(f"{error}. Fix the variable REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.") from None


def _body(response: requests.Response, deadline: float) -> bytes:
    whole = bytearray()
    for part in response.iter_content(1 << 16):
        whole += part
        if len(whole) > LARGEST_ANSWER:
            raise TooLarge(f"the answer has more than {LARGEST_ANSWER >> 20} MB, which is not read")
        if time.monotonic() > deadline:
            raise requests.Timeout(timeout_reason())
    if response.raw.length_remaining:  # urllib3 1.26 doesn't check this
        raise requests.ConnectionError(f"{response.raw.length_remaining} bytes are missing")
    return bytes(whole)


def timeout_reason() -> str:
    """Return the reason for an answer that takes too long."""
    return f"incomplete after {ANSWER_TIMEOUT:g} s"


def in_time(exchange: Callable[[], Answer]) -> Answer:
    """Send a request in a new thread. Raises NoAnswer after ANSWER_TIMEOUT, and abandons the thread."""
    results: SimpleQueue[Answer | Exception] = SimpleQueue()

    def run() -> None:
        try:
            results.put(exchange())
        except Exception as error:
            results.put(error)

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError:  # the system can't start more threads
        return exchange()
    try:
        result = results.get(timeout=ANSWER_TIMEOUT)
    except Empty:
        raise NoAnswer(f"No answer ({timeout_reason()})") from None
    if isinstance(result, Exception):
        raise result
    return result


def _reason(error: Exception) -> str:
    """Return the innermost message of a chain of connection errors, without URLs."""
    reason = error
    while causes := [each for each in (getattr(reason, "reason", None), *reason.args) if isinstance(each, Exception)]:
        reason = causes[0]
    message = re.sub(r"^.*?>: ", "", str(reason))
    return f"{type(reason).__name__}: {message[:200]}".rstrip(": ")


def shortened(text: str, most: int = 300) -> str:
    """Return text from outside on one line, cut between two words: half a secret wouldn't be recognized as one."""
    line = escaped(" ".join(text.split()))
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " ..."


def parse(body: bytes) -> Any:
    """Parse the JSON of a body. Raises ValueError."""
    try:
        return orjson.loads(body)
    except ValueError:
        try:
            return parse_slowly(body)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def parse_slowly(body: bytes, parse_float: Callable[[str], Any] | None = None) -> Any:
    """Parse JSON, also what orjson refuses: a byte order mark, lone surrogates, control characters in strings."""
    text = body.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    return json.loads(text, parse_float=parse_float, strict=False)
