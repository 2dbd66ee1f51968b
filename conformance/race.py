"""Requests that race: connections opened beforehand, the last byte of each held back and released together."""

from __future__ import annotations

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import h11

from conformance.allowance import Limits
from conformance.transport import MAX_ANSWER, Answer, NetworkTrouble, unpacked

MAX_HEAD = 100 * 1024
"""Bytes of status line and headers that are read: as many as httpx reads."""


@dataclass(frozen=True, slots=True)
class Racer:
    """One POST of a race."""

    url: str
    headers: Mapping[str, str]
    body: bytes


Race = Callable[[Sequence[Racer], Limits, ssl.SSLContext | None, str | None], "Sequence[Answer | NetworkTrouble]"]


def race(
    racers: Sequence[Racer], limits: Limits, context: ssl.SSLContext | None = None, proxy: str | None = None
) -> list[Answer | NetworkTrouble]:
    """Send all requests at once; each result stands at its racer's place. A time-out is a result, not an error."""
    connections: list[socket.socket | NetworkTrouble] = []
    try:
        held = [_request_bytes(each, proxy) for each in racers]
        connections = [_prepare(each, data, limits, context, proxy) for each, data in zip(racers, held, strict=True)]
        started = time.monotonic()
        for connection, data in zip(connections, held, strict=True):
            if isinstance(connection, socket.socket):
                with suppress(OSError):  # the answer, or its absence, says why
                    connection.sendall(data[-1:])
        with ThreadPoolExecutor(len(racers)) as pool:
            return list(pool.map(lambda each: _receive(each, started, limits), connections))
    finally:
        for connection in connections:
            if isinstance(connection, socket.socket):
                connection.close()


def _request_bytes(racer: Racer, proxy: str | None) -> bytes:
    parts = urlsplit(racer.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"host": parts.netloc, "connection": "close", **racer.headers, "content-length": str(len(racer.body))}
    if proxy and parts.scheme == "http":
        target, headers = f"http://{parts.netloc}{target}", headers | _proxy_credentials(proxy)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + racer.body


def _proxy_credentials(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}


def _connect(racer: Racer, limits: Limits, proxy: str | None) -> socket.socket:
    """A connection to the target, or one that a proxy leads there."""
    parts = urlsplit(racer.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if proxy is None:
        return socket.create_connection((parts.hostname or "", port), limits.connect)
    way = urlsplit(proxy)
    connection = socket.create_connection((way.hostname or "", way.port or 80), limits.connect)
    if parts.scheme == "https":
        try:
            _tunnel(connection, f"{parts.hostname}:{port}", proxy)
        except OSError:
            connection.close()
            raise
    return connection


def _tunnel(connection: socket.socket, wanted: str, proxy: str) -> None:
    """Have the proxy connect to ``wanted``; ConnectionError where it does not."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in _proxy_credentials(proxy).items())
    connection.sendall(f"CONNECT {wanted} HTTP/1.1\r\nhost: {wanted}\r\n{headers}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > MAX_HEAD or not (byte := connection.recv(1)):
            raise ConnectionError("the proxy closed the connection")
        head += byte
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ConnectionError("the proxy refused the connection")


def _prepare(
    racer: Racer, data: bytes, limits: Limits, context: ssl.SSLContext | None, proxy: str | None
) -> socket.socket | NetworkTrouble:
    parts = urlsplit(racer.url)
    with ExitStack() as unless_ready:
        try:
            connection = unless_ready.enter_context(_connect(racer, limits, proxy))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if parts.scheme == "https" and context is not None:
                wrapped = context.wrap_socket(connection, server_hostname=parts.hostname)
                connection = unless_ready.enter_context(wrapped)
            connection.settimeout(limits.answer)
            connection.sendall(data[:-1])
        except OSError as error:
            return NetworkTrouble("refused", f"no connection: {error}")
        unless_ready.pop_all()
    return connection


def _receive(connection: socket.socket | NetworkTrouble, started: float, limits: Limits) -> Answer | NetworkTrouble:
    if isinstance(connection, NetworkTrouble):
        return connection
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "racer"), ("content-length", "0")]))
    parser.send(h11.EndOfMessage())
    head: h11.Response | None = None
    body = b""
    try:
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                connection.settimeout(max(started + limits.answer - time.monotonic(), 0.001))
                parser.receive_data(connection.recv(65536))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
                if len(body) > MAX_ANSWER:
                    break
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                break
    except TimeoutError:
        return NetworkTrouble("timeout", "no answer in time")
    except (OSError, h11.RemoteProtocolError) as error:
        return NetworkTrouble("closed", f"the connection was lost: {error}")
    if head is None:
        return NetworkTrouble("closed", "the connection was closed without an answer")
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in head.headers}
    content, cut = unpacked(body[:MAX_ANSWER], headers.get("content-encoding", ""))
    return Answer(head.status_code, headers, content, cut or len(body) > MAX_ANSWER, time.monotonic() - started)
