"""Connections over real sockets: keep-alive, proxies, and certificates from the environment."""

from __future__ import annotations

import base64
import gzip
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from tap_zoom.api import http
from tap_zoom.api.http import Bearer, Connections, TooLarge
from tap_zoom.errors import ConfigError, NoAnswer


class Server(ThreadingHTTPServer):
    """Answers with the requested path. Also a proxy, which connects all tunnels to `behind`."""

    daemon_threads = True
    behind: Server | None = None
    location = ""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []  # client address, path, headers
        self.bodies: list[bytes] = []
        self.end = threading.Event()
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{self.scheme}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        """Log nothing: tests break connections and refuse certificates."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((f"{self.client_address}", self.path, self.headers))
        path = self.path.encode()
        if path.startswith(b"/packed"):
            self.send_packed(path)
            return
        if path.startswith(b"/drops"):
            self.send_drops()
            return
        self.send_response(204 if path.endswith(b"/empty") else 302 if path.endswith(b"/moved") else 200)
        if path.endswith(b"/moved"):
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(path) + 10 if path.endswith(b"/cut") else len(path)))
        self.send_header("X-Made-Of", "words")
        self.send_header("Set-Cookie", "a=b; Path=/")
        self.end_headers()
        if not path.endswith(b"/empty"):
            self.wfile.write(path)
        self.close_connection = path.endswith(b"/cut")

    def send_drops(self) -> None:
        """Send a byte at a time, and never end."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):
            while not self.server.end.wait(0.01):
                self.wfile.write(b"1\r\n.\r\n")
        self.close_connection = True

    def send_packed(self, path: bytes) -> None:
        """Send gzip in chunks, without Content-Length. A number at the end of the path is the size in MB."""
        large = re.search(rb"\d+$", path)
        packed = gzip.compress(path if large is None else bytes(int(large[0]) << 20))
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed))

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def do_CONNECT(self) -> None:
        behind = self.server.behind
        assert behind is not None
        self.server.asked.append(("", self.path, self.headers))
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            pump(self.connection, behind.server_port)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


def pump(one: Any, port: int) -> None:
    """Copy bytes in both directions until both sides have closed."""
    other = socket.create_connection(("127.0.0.1", port))

    def carry(source: Any, sink: Any) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()
    other.close()


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the proxies and certificates in this machine's environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        yield made
        made.end.set()
        made.shutdown()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def safe(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(context) as made:
        yield made
        made.shutdown()


def test_one_connection_serves_many_requests(server: Server) -> None:
    """Even after an answer without a body. Paths and queries arrive unchanged."""
    connections = Connections(3)
    paths = [
        "/v2/users?page_size=300&status=active",
        "/v2/past_meetings/%252Fab%253D%253D/instances",
        "/empty",
        "/a%20b?c=%2Fd",
    ]
    answers = [connections.exchange("GET", f"{server.url}{path}", {"A": "b"}, Bearer("the token")) for path in paths]
    assert [path for _, path, _ in server.asked] == paths
    assert len({who for who, _, _ in server.asked}) == 1
    assert [answer.status for answer in answers] == [200, 200, 204, 200]
    assert [answer.body.decode() for answer in answers] == [*paths[:2], "", paths[3]]
    assert all(answer.headers["x-made-of"] == "words" and "X-MADE-OF" in answer.headers for answer in answers)
    assert all(headers["A"] == "b" and headers["Authorization"] == "Bearer the token" for _, _, headers in server.asked)


def test_a_url_without_a_path_requests_the_root(server: Server) -> None:
    """The fragment after # isn't sent."""
    Connections(1).exchange("GET", server.url, {}, Bearer(None))
    Connections(1).exchange("GET", f"{server.url}/a#b", {}, Bearer(None))
    assert [path for _, path, _ in server.asked] == ["/", "/a"]


def test_a_form_is_posted(server: Server) -> None:
    """As for a login, with the client's id and secret."""
    Connections(1).exchange("POST", f"{server.url}/oauth/token", {}, ("id", "secret"), {"a": "b", "c": "d e"})
    assert server.bodies == [b"a=b&c=d+e"]
    [(_, _, headers)] = server.asked
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"id:secret").decode()


def test_a_truncated_answer_is_no_answer(server: Server) -> None:
    """The next request uses another connection."""
    connections = Connections(1)
    with pytest.raises(NoAnswer, match=r"^No answer \(IncompleteRead|bytes are missing"):
        connections.exchange("GET", f"{server.url}/cut", {}, Bearer(None))
    assert connections.exchange("GET", f"{server.url}/whole", {}, Bearer(None)).body == b"/whole"


def test_chunked_gzip_is_decompressed(server: Server) -> None:
    """The connection is reused. The size limit is for decompressed bytes."""
    connections = Connections(1)
    assert [connections.exchange("GET", f"{server.url}/packed", {}, Bearer(None)).body for _ in range(2)] == [
        b"/packed"
    ] * 2
    assert len({who for who, _, _ in server.asked}) == 1
    with pytest.raises(TooLarge):
        connections.exchange("GET", f"{server.url}/packed/33", {}, Bearer(None))


def test_a_slow_answer_times_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """ANSWER_TIMEOUT also applies while bytes arrive."""
    monkeypatch.setattr(http, "ANSWER_TIMEOUT", 0.05)
    with pytest.raises(NoAnswer, match=r"incomplete after 0.05 s"):
        Connections(1).exchange("GET", f"{server.url}/drops", {}, Bearer(None))


def test_a_silent_host_times_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """READ_TIMEOUT applies before the first byte."""
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(NoAnswer, match=r"^No answer \(ReadTimeout|^No answer \(TimeoutError"),
    ):
        Connections(1).exchange("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, Bearer(None))


def test_cookies_and_netrc_are_not_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later requests don't send the cookies of an answer. Passwords in .netrc aren't sent."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password word")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    connections = Connections(1)
    for path in ("/cookie", "/next"):
        connections.exchange("GET", f"{server.url}{path}", {}, Bearer(None))
    assert all("Cookie" not in headers and "Authorization" not in headers for _, _, headers in server.asked)


@pytest.mark.parametrize("location", ["http://[::1/x", "http://a:99999999/", "/elsewhere"])
def test_a_redirect_is_not_followed(server: Server, location: str) -> None:
    """It is returned as the answer, even if its location is invalid."""
    server.location = location
    answer = Connections(1).exchange("GET", f"{server.url}/moved", {}, Bearer(None))
    assert (answer.status, answer.headers["Location"]) == (302, location)
    assert len(server.asked) == 1


def test_credentials_in_a_url_are_not_sent_to_a_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Host header doesn't have them either."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    Connections(1).exchange("GET", "http://me:word@zoom.example/x", {}, Bearer(None))
    [(_, path, headers)] = server.asked
    assert (path, headers["Host"]) == ("http://zoom.example/x", "zoom.example")


def test_missing_certificates_are_a_config_error(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the name of the environment variable."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    with pytest.raises(ConfigError, match=r"/nonexistent.*REQUESTS_CA_BUNDLE"):
        Connections(1).exchange("GET", "https://127.0.0.1:9/", {}, Bearer(None))


def test_a_refused_connection_is_no_answer(server: Server) -> None:
    """The message has the system's error."""
    server.shutdown()
    server.server_close()
    with pytest.raises(NoAnswer, match="Connection refused"):
        Connections(1).exchange("GET", server.url, {}, Bearer(None))


@pytest.mark.parametrize("url", ["http:///x", "ftp://127.0.0.1/x", "http://[::1/x", "nowhere"])
def test_an_invalid_url_is_an_error(url: str) -> None:
    """NoAnswer or ValueError, depending on the URL."""
    with pytest.raises((NoAnswer, ValueError)):
        Connections(1).exchange("GET", url, {}, Bearer(None))


def test_certificates_of_an_unknown_authority_are_not_trusted(
    safe: Server, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless REQUESTS_CA_BUNDLE has the authority's certificate."""
    with pytest.raises(NoAnswer, match=r"^No secure connection \(SSLCertVerificationError"):
        Connections(1).exchange("GET", f"{safe.url}/a", {}, Bearer("secret"))
    assert safe.asked == []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert Connections(1).exchange("GET", f"{safe.url}/a", {}, Bearer(None)).body == b"/a"


def test_a_proxy_gets_the_full_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It also gets the credentials in HTTP_PROXY. Hosts in NO_PROXY are requested directly."""
    monkeypatch.setenv("HTTP_PROXY", f"http://me:word@127.0.0.1:{server.server_port}")
    answer = Connections(1).exchange("GET", "http://zoom.example/v2/users?a=b", {}, Bearer(None))
    [(_, path, headers)] = server.asked
    assert path == answer.body.decode() == "http://zoom.example/v2/users?a=b"
    assert headers["Host"] == "zoom.example"
    assert headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"me:word").decode()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert Connections(1).exchange("GET", f"{server.url}/b", {}, Bearer(None)).body == b"/b"


def test_https_requests_go_through_a_tunnel(
    safe: Server, server: Server, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees the host, but neither the path nor the token."""
    server.behind = safe
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    connections = Connections(1)
    for path in ("/a?b=c", "/d"):
        assert connections.exchange("GET", f"{safe.url}{path}", {}, Bearer("secret")).body == path.encode()
    [(_, host, headers)] = server.asked
    assert host == f"127.0.0.1:{safe.server_port}" and "Authorization" not in headers
    assert [path for _, path, _ in safe.asked] == ["/a?b=c", "/d"]
