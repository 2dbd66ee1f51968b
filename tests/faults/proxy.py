"""A loopback proxy that spoils a share of what passes: the network, the gateway or the target at fault.

Which requests are spoiled is drawn once for each block of a hundred, so that a share is exact and a run repeats
as far as threads allow.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.faults import faults

STATES = b"/_conformance/"


@dataclass(frozen=True)
class Message:
    """A request or an answer: its first line, its headers as sent, its body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def path(self) -> bytes:
        """Of a request."""
        return self.head.split(b" ", 2)[1]

    def header(self, name: bytes) -> bytes:
        """A header's value, or nothing."""
        for line in self.head.split(b"\r\n")[1:]:
            given, _, value = line.partition(b":")
            if given.lower() == name:
                return value.strip()
        return b""


class Share:
    """Says of each request in turn whether it is spoiled: exactly ``percent`` of every hundred, the 14th always.

    ``first`` requests pass before the counting begins.
    """

    def __init__(self, percent: int, *, in_a_row: bool = False, first: int = 0) -> None:
        self.percent = percent
        self._first = first
        self._in_a_row = in_a_row
        self._lock = threading.Lock()
        self._count = 0
        self._spoiled: set[int] = set()

    def __call__(self) -> bool:
        with self._lock:
            if self._first:
                self._first -= 1
                return False
            block, place = divmod(self._count, 100)
            self._count += 1
            if place == 0:
                self._spoiled = self._draw(block)
            return place in self._spoiled

    def _draw(self, block: int) -> set[int]:
        if self._in_a_row or self.percent <= 1:
            return {(13 + 31 * block + place) % 100 for place in range(self.percent)}
        return {13, *random.Random(block).sample([n for n in range(100) if n != 13], self.percent - 1)}


@dataclass
class Proxy:
    """Stands before ``upstream`` (host, port) while entered; ``spoiled`` counts what it did."""

    upstream: tuple[str, int]
    fault: faults.Fault
    share: Share
    tls: Mapping[str, ssl.SSLContext] = field(default_factory=dict)
    """Server contexts by what they are: *good*, *self-signed*, *wrong-name*; none: plain HTTP."""
    latency: float = 0.0
    """Seconds before each answer."""
    elsewhere: int = 1
    """The port of another host that a redirect leads to."""
    requests: dict[socket.socket, Message] = field(default_factory=dict)
    """The last request of each connection."""
    spoiled: int = 0
    cookies: int = 0
    """Requests that came with a cookie, which nobody gave the suite to send."""
    _over: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Proxy:
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._outages if self.fault.kind == "outage" else self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with self._lock:
            sockets = [self._listener, *self._open]
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a connection of the proxy did not end"

    @property
    def base_url(self) -> str:
        """What the suite is given."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/api/v1"

    def wait(self, seconds: float) -> bool:
        """Wait; True when the proxy is being closed."""
        return self._over.wait(seconds)

    # ------------------------------------------------------------ connections

    def _start(self, task: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=task, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        listener.settimeout(0.02)
        return listener

    def _accept(self, until: Callable[[], bool] = lambda: False) -> None:
        while not self._over.is_set() and not until():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            connection.settimeout(60)
            with self._lock:
                self._open.add(connection)
            self._start(self._serve, connection)

    def _outages(self) -> None:
        """Nobody listens for the share of each second; open connections are cut when it begins. A case takes less."""
        first, closed = 0.1, 0.01 * self.share.percent
        while not self._over.is_set():
            if self.share.percent < 100:
                end = time.monotonic() + (first or 1.0 - closed)
                first = 0.0
                self._accept(lambda end=end: time.monotonic() > end)  # type: ignore[misc]
            if self._over.is_set():
                return
            with self._lock:
                self._listener.close()
                connections = list(self._open)
            for each in connections:
                faults.reset(each)
            self.spoiled += 1
            if self.share.percent == 100:
                self._over.wait()
                return
            self._over.wait(closed)
            with self._lock:
                if not self._over.is_set():
                    self._listener = self._listen(self.port)

    def _serve(self, connection: socket.socket) -> None:
        client = connection
        try:
            if self.fault.kind == "tls" and self.share():
                self.spoiled += 1
                self.fault.act(self, client)
                return
            if self.tls:
                client = self.handshake(connection, "good")
            with socket.create_connection(self.upstream, 10) as server:
                server.settimeout(60)
                while self._one(client, server):
                    pass
        except (OSError, EOFError):
            pass
        finally:
            with self._lock:
                self._open -= {connection, client}
            with suppress(OSError):
                client.close()

    def handshake(self, connection: socket.socket, certificate: str) -> ssl.SSLSocket:
        """TLS from here on."""
        client = self.tls[certificate].wrap_socket(connection, server_side=True)
        with self._lock:
            self._open.add(client)
        return client

    def _one(self, client: socket.socket, server: socket.socket) -> bool:
        """One request and its answer; whether another may follow on this connection."""
        request = read(client)
        self.requests[client] = request
        self.cookies += bool(request.header(b"cookie"))
        if self.latency:
            self.wait(self.latency)
        if self.fault.kind == "lie":
            return self._lie(client, server, request)
        if not self.fault.everywhere and request.path.startswith(STATES):
            return self._forward(client, server, request)
        if self.fault.kind == "before" and self.share():
            self.spoiled += 1
            return self.fault.act(self, client, request)
        if self.fault.kind != "after":
            return self._forward(client, server, request)
        server.sendall(request.head + request.body)
        answer = read(server)
        if (self.fault.any_status or answer.status in (200, 201)) and self.share():
            self.spoiled += 1
            return self.fault.act(self, client, answer)
        client.sendall(answer.head + answer.body)
        return True

    def _forward(self, client: socket.socket, server: socket.socket, request: Message) -> bool:
        server.sendall(request.head + request.body)
        answer = read(server)
        client.sendall(answer.head + answer.body)
        return request.header(b"connection").lower() != b"close"

    def _lie(self, client: socket.socket, server: socket.socket, request: Message) -> bool:
        server.sendall(request.head + request.body)
        answer = read(server)
        if b'"setup"' in request.body[:200]:
            answer = self.fault.act(self, request, answer)
        client.sendall(answer.head + answer.body)
        return True


def read(connection: socket.socket) -> Message:
    """One message with a Content-Length or without a body; EOFError when none comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise EOFError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    message = Message(head + b"\r\n\r\n", b"")
    missing = int(message.header(b"content-length") or 0) - len(body)
    parts = [body]
    while missing > 0:
        more = connection.recv(1 << 20)
        if not more:
            raise EOFError
        parts.append(more)
        missing -= len(more)
    return Message(message.head, b"".join(parts))


def address_of(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port
