"""A small HTTP/1.1 server on one asyncio loop, with keep-alive, that can break answers in many ways."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

try:
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_WORTH_PACKING = 1400
# The beginning of answers that never end, and the byte that they repeat.
_ENDLESS = {
    "drip_head": (b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x"),
    "drip_body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n", b" "),
}


def dumps(value: Any) -> bytes:
    """Return JSON as bytes, from orjson if possible."""
    if orjson is not None:
        try:
            return orjson.dumps(value)
        except TypeError:
            # A lone surrogate, which orjson refuses.
            pass
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass
class Request:
    """A request, with its path and query as received."""

    method: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Response:
    """An answer. `delivery`: "whole", or how it is broken; `delay`: seconds in addition to the latency."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = "application/json;charset=UTF-8"
    delivery: str = "whole"
    delay: float = 0.0


def answer(status: int, body: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Return an answer with JSON. Bytes are sent as they are; an empty object means an empty body."""
    if not isinstance(body, bytes):
        body = dumps(body) if body != {} else b""
    return Response(status, body, list(headers))


class Connection(asyncio.Protocol):
    """A connection of a client. Handles one request at a time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = b""
        self.busy = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        if self.busy:
            self.busy = False
            self.server.in_flight -= 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._next_request()

    def _next_request(self) -> None:
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        first, *lines = head.split(b"\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        length = int(headers.get(b"content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        method, target, _ = first.decode("latin-1").split(" ", 2)
        server = self.server
        self.busy = True
        server.in_flight += 1
        server.max_in_flight = max(server.max_in_flight, server.in_flight)
        request = Request(method, target, headers, rest[:length])
        response = server.handle(request)
        latency = server.latency() if callable(server.latency) else server.latency
        delay = latency + response.delay
        if delay > 0:
            server.loop.call_later(delay, self._answer, request, response)
        else:
            self._answer(request, response)

    def _answer(self, request: Request, response: Response) -> None:
        if not self.busy:
            return  # The client has disconnected.
        delivery = response.delivery
        if delivery == "hang":
            return
        if delivery == "reset":
            linger = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        elif delivery == "close":
            self.transport.close()
        elif delivery in _ENDLESS:
            self._drip_for_ever(*_ENDLESS[delivery])
        else:
            self._send(request, response)

    def _send(self, request: Request, response: Response) -> None:
        body = response.body
        lines = [
            f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}",
            f"Content-Type: {response.content_type}",
            "x-zm-trackingid: v=2.0;clid=sim;rid=WEB_simulated",
        ]
        packed = len(body) > _WORTH_PACKING and b"gzip" in request.headers.get(b"accept-encoding", b"")
        if packed:
            body = gzip.compress(body, 1)
            lines.append("Content-Encoding: gzip")
        lines += [f"{name}: {value}" for name, value in response.headers]
        if packed and len(body) % 2:  # as from servers that compress while they send
            lines.append("Transfer-Encoding: chunked")
            body = (
                b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:50], body[50:], b"") if part)
                + b"0\r\n\r\n"
            )
        else:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if response.delivery == "truncate":
            self.transport.write(head + body[: len(body) // 2])
            self.transport.close()
        elif response.delivery == "slow":
            self._drip(head + body, request)
        else:
            self.transport.write(head + body)
            self._done(request)

    def _drip(self, rest: bytes, request: Request) -> None:
        if not self.busy:
            return
        piece = max(1, min(len(rest), 200))
        self.transport.write(rest[:piece])
        if rest[piece:]:
            self.server.loop.call_later(self.server.drip, self._drip, rest[piece:], request)
        else:
            self._done(request)

    def _drip_for_ever(self, piece: bytes, byte: bytes) -> None:
        if self.busy:
            self.transport.write(piece)
            self.server.loop.call_later(self.server.drip, self._drip_for_ever, byte, byte)

    def _done(self, request: Request) -> None:
        self.busy = False
        self.server.in_flight -= 1
        if request.headers.get(b"connection", b"").lower() == b"close":
            self.transport.close()
        elif self.buffer:
            self._next_request()


class Server:
    """Listens on a loopback port and passes each request to `handle`."""

    def __init__(self, handle: Callable[[Request], Response], latency: float | Callable[[], float], port: int) -> None:
        self.handle = handle
        self.latency = latency
        # Seconds between two pieces of a slow answer.
        self.drip = 0.02
        self.port = port
        self.in_flight = 0
        self.max_in_flight = 0
        self.connections: set[Connection] = set()
        self.loop: asyncio.AbstractEventLoop
        self._listening: asyncio.Server

    async def start(self) -> None:
        """Start listening."""
        self.loop = asyncio.get_running_loop()
        self._listening = await self.loop.create_server(lambda: Connection(self), "127.0.0.1", self.port, backlog=1024)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and close all connections. One that has just been accepted takes a few iterations of the loop
        until it is made, and closing it takes one more."""
        self._listening.close()
        for _ in range(10):
            for connection in list(self.connections):
                connection.transport.abort()
            await asyncio.sleep(0)
