"""One connection: opened directly or through a proxy, with or without TLS; a request's bytes out, an answer in.

A usual answer, with a plain head and a length, is read here. Whatever is unusual is h11's to understand or to refuse.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

import h11

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer that are kept; what is longer is cut and marked."""
MAX_HEAD = 100 * 1024
"""Bytes of status line and headers that are read."""
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: header names in lower case, at most MAX_ANSWER bytes of body, seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    elapsed: float


class NetworkTrouble(Exception):
    """No answer: ``kind`` is refused or unconnected (no connection, in time), closed (lost), timeout, or protocol."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


WAITED = frozenset({"timeout", "unconnected"})
"""Kinds of trouble that took as long as is waited at most."""


# ---------------------------------------------------------------- out


@dataclass(frozen=True, slots=True)
class Place:
    """A server, as its URL gives it; ``authority`` is what stands in the Host header."""

    scheme: str
    host: str
    port: int
    authority: str


def place_of(url: str) -> tuple[Place, str]:
    """The server of an http or https URL, and the path and query that are asked of it."""
    end = url.find("/", url.find("://") + 3)
    if end < 0:
        return _server(url), "/"
    target = url[end:].partition("#")[0]
    if not _PLAIN.fullmatch(target):
        target = quote(target, safe="/?%:@!$&'()*+,;=~-._[]")
    return _server(url[:end]), target


_PLAIN = re.compile(r"[!$%&'()*+,./:;=?@_~A-Za-z0-9-]*", re.ASCII)


@lru_cache(maxsize=16)
def _server(origin: str) -> Place:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    authority = (f"[{name}]" if ":" in name else name) + (f":{parts.port}" if parts.port else "")
    return Place(parts.scheme, name, parts.port or (443 if parts.scheme == "https" else 80), authority)


def request_bytes(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, proxy: str | None = None
) -> bytes:
    """The request as it goes out; NetworkTrouble where a header would end before its line does."""
    place, target = place_of(url)
    sent = {"host": place.authority, **headers}
    if body is not None or method in ("POST", "PUT"):
        sent["content-length"] = str(len(body or b""))
    if proxy and place.scheme == "http":
        target, sent = f"http://{place.authority}{target}", sent | _proxy_credentials(proxy)
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())])
    if head.count("\r") + head.count("\n") > 2 * len(sent) or "\0" in head:
        raise NetworkTrouble("protocol", "a header that is to be sent holds a line break or a NUL")
    return head.encode() + b"\r\n\r\n" + (body or b"")


def _proxy_credentials(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}


# ---------------------------------------------------------------- open


def connect(
    place: Place, seconds: float, context: Callable[[], ssl.SSLContext], proxy: str | None = None
) -> socket.socket:
    """A connection to the server, or one that a proxy leads there; OSError where there is none in time."""
    with ExitStack() as unless_ready:
        way = urlsplit(proxy) if proxy else None
        server = (way.hostname or "", way.port or 80) if way else (place.host, place.port)
        connection = unless_ready.enter_context(socket.create_connection(server, seconds))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.scheme == "https":
            if proxy:
                _tunnel(connection, f"{place.host}:{place.port}", proxy)
            connection = unless_ready.enter_context(context().wrap_socket(connection, server_hostname=place.host))
        unless_ready.pop_all()
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


# ---------------------------------------------------------------- in


def receive(connection: socket.socket, method: str, started: float, until: float) -> tuple[Answer, bool]:
    """The answer, complete before ``until``, and whether the connection can be used again; else NetworkTrouble."""
    try:
        status, headers, body, reusable = _received(connection, method, until)
    except TimeoutError:
        raise NetworkTrouble("timeout", f"no answer in {time.monotonic() - started:.1f} s") from None
    except (OSError, h11.RemoteProtocolError) as error:
        raise NetworkTrouble("closed", f"the connection was lost: {error}") from None
    cut = len(body) > MAX_ANSWER
    content, cut_again = unpacked(body[:MAX_ANSWER], headers.get("content-encoding", ""))
    return Answer(status, headers, content, cut or cut_again, time.monotonic() - started), reusable and not cut


Received = tuple[int, dict[str, str], bytes, bool]


def _received(connection: socket.socket, method: str, until: float) -> Received:
    data = b""
    while b"\r\n\r\n" not in data and len(data) <= MAX_HEAD:
        more = _more(connection, until)
        data += more
        if not more:
            break
    if not data:
        raise ConnectionError("it was closed without an answer")
    usual = _usual(data)
    if usual is None:
        return _unusual(connection, method, until, data)
    status, headers, length, start = usual
    parts, size = [data[start:]], len(data) - start
    while size < min(length, MAX_ANSWER + 1):
        more = _more(connection, until)
        if not more:
            raise ConnectionError(f"it was closed after {size} of {length} bytes")
        parts.append(more)
        size += len(more)
    body = b"".join(parts)
    reusable = size == length and "close" not in headers.get("connection", "").lower()
    return status, headers, body[:length], reusable


def _more(connection: socket.socket, until: float) -> bytes:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(CHUNK)


_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [ -~]*)?\r\n((?:" + _TOKEN + rb":[\t -~]*\r\n)*)\r\n")
_HEADER = re.compile(r"([^:\r\n]+):[\t ]*([^\r\n]*?)[\t ]*\r\n")


def _usual(data: bytes) -> tuple[int, dict[str, str], int, int] | None:
    """Status, headers, the body's length and where it begins; None where more than a plain head must be understood."""
    head = _HEAD.match(data)
    if head is None or head.end() > MAX_HEAD or head[1] in (b"204", b"304"):
        return None
    pairs = [(name.lower(), value) for name, value in _HEADER.findall(head[2].decode("ascii"))]
    headers = _joined(pairs)
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or not length.isdecimal() or len(length) > 18:
        return None
    return int(head[1]), headers, int(length), head.end()


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers of one name as one."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _unusual(connection: socket.socket, method: str, until: float, data: bytes) -> Received:
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    parser.send(h11.Request(method=method, target="/", headers=[("host", "it"), ("content-length", "0")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(data)
    head: h11.Response | None = None
    parts: list[bytes] = []
    size = 0
    while size <= MAX_ANSWER:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(_more(connection, until))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            break
    if head is None:
        raise ConnectionError("it was closed without an answer")
    headers = _joined((name.decode("ascii").lower(), value.decode("latin-1")) for name, value in head.headers)
    reusable = parser.their_state is h11.DONE and parser.trailing_data == (b"", False)
    return head.status_code, headers, b"".join(parts), reusable


def unpacked(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """The body without the gzip or deflate that nobody asked for, and whether it was cut at MAX_ANSWER."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body, False
    unpack = zlib.decompressobj(wbits=47)
    try:
        return unpack.decompress(body, MAX_ANSWER), bool(unpack.unconsumed_tail)
    except zlib.error:
        return body, False
