"""The faults, by the names that ``faults.yaml`` gives them.

``before``: in place of an answer, the request is not forwarded. ``after``: the target has answered, and this comes
of it. ``lie``: the provider-state URL's answer is not true. ``outage``: nobody listens for a while. ``tls``: the
handshake fails.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tests.faults.proxy import Message, Proxy

Kind = Literal["before", "after", "lie", "outage", "tls"]
MEGABYTE = 1 << 20
HTML = b"<!doctype html><html><head><title>Gateway</title></head><body><h1>Please wait</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """``act`` writes to the client and says whether the connection goes on (a lie: gives the answer)."""

    name: str
    kind: Kind
    act: Callable[..., Any]
    everywhere: bool = False
    """Whether set-ups meet it as well."""
    any_status: bool = False
    """Whether refusals meet it as well; else only a 200 or a 201, whose body says something."""
    in_a_row: bool = False
    waits: bool = False
    """Whether the suite waits for as long as an answer may take."""


FAULTS: dict[str, Fault] = {}


def fault(name: str, kind: Kind, **more: bool) -> Callable[..., Any]:
    """Registers the decorated function."""

    def register(act: Callable[..., Any]) -> Callable[..., Any]:
        FAULTS[name] = Fault(name, kind, act, **more)
        return act

    return register


def reset(connection: socket.socket) -> None:
    """Close at once, with RST."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()


def answer(status: str, body: bytes = b"", *headers: bytes) -> bytes:
    """An answer as bytes."""
    lines = [b"HTTP/1.1 " + status.encode(), *headers, b"content-length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def with_body(message: Message, body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """The answer with another body, and headers before its own."""
    size = b"content-length: %d" % (len(body) if length is None else length)
    head = re.sub(rb"(?i)content-length: *\d+", size, message.head)
    first, _, rest = head.partition(b"\r\n")
    return b"\r\n".join([first, *headers, rest]) + body


# ---------------------------------------------------------------- the network


@fault("refused", "outage")
def _refused() -> None:
    """Done by the proxy itself."""


@fault("reset-before", "before", everywhere=True)
def _reset_before(proxy: Proxy, client: socket.socket, request: Message) -> bool:
    reset(client)
    return False


@fault("reset-after", "after", everywhere=True, any_status=True)
def _reset_after(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    reset(client)
    return False


@fault("closed-after", "after", everywhere=True, any_status=True)
def _closed_after(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    return False


@fault("half-a-response", "after", everywhere=True, any_status=True)
def _half(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    whole = message.head + message.body
    client.sendall(whole[: len(message.head) + len(message.body) // 2])
    return False


@fault("half-a-head", "after", everywhere=True, any_status=True)
def _half_head(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(message.head[: len(message.head) // 2])
    return False


@fault("length-too-long", "after", everywhere=True, any_status=True)
def _too_long(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, length=len(message.body) + 10))
    return False


@fault("length-too-short", "after")
def _too_short(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, length=len(message.body) - 10))
    return True


@fault("stall", "after", everywhere=True, any_status=True, waits=True)
def _stall(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.recv(1)
    return False


@fault("slow-headers", "after", any_status=True, waits=True)
def _slow_headers(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(message.head[:-4] + b"\r\nx-slow: ")
    while not proxy.wait(0.05):
        client.sendall(b"a")
    return False


@fault("slow-body", "after", any_status=True, waits=True)
def _slow_body(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, length=len(message.body) + 10_000))
    while not proxy.wait(0.05):
        client.sendall(b" ")
    return False


@fault("late", "after", everywhere=True, any_status=True)
def _late(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    proxy.wait(0.08)
    client.sendall(message.head + message.body)
    return True


@fault("tls-on-a-plain-port", "tls")
def _plain(proxy: Proxy, client: socket.socket) -> None:
    client.recv(MEGABYTE)
    client.sendall(answer("400 Bad Request"))


@fault("tls-self-signed", "tls")
def _self_signed(proxy: Proxy, client: socket.socket) -> None:
    proxy.handshake(client, "self-signed")


@fault("tls-wrong-name", "tls")
def _wrong_name(proxy: Proxy, client: socket.socket) -> None:
    proxy.handshake(client, "wrong-name")


@fault("tls-handshake-cut", "tls")
def _handshake_cut(proxy: Proxy, client: socket.socket) -> None:
    client.recv(100)
    reset(client)


# ---------------------------------------------------------------- gateways


def _gateway(name: str, status: str, *headers: bytes, body: bytes = b"") -> None:
    @fault(name, "before", everywhere=True, in_a_row=True)
    def act(proxy: Proxy, client: socket.socket, request: Message) -> bool:
        client.sendall(answer(status, body, *headers))
        return True


_gateway("502", "502 Bad Gateway")
_gateway("503", "503 Service Unavailable", b"retry-after: 0")
_gateway("429", "429 Too Many Requests", b"retry-after: 1")
_gateway("html-502", "502 Bad Gateway", b"content-type: text/html", body=HTML)


@fault("html-200", "after")
def _html(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(answer("200 OK", HTML, b"content-type: text/html"))
    return True


@fault("informational-flood", "after", any_status=True, waits=True)
def _informational(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    while not proxy.wait(0.01):
        client.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    return False


@fault("endless-redirect", "before")
def _endless(proxy: Proxy, client: socket.socket, request: Message) -> bool:
    client.sendall(
        answer("307 Temporary Redirect", b"", b"location: http://%s%s" % (request.header(b"host"), request.path))
    )
    return True


@fault("redirect-elsewhere", "before")
def _elsewhere(proxy: Proxy, client: socket.socket, request: Message) -> bool:
    client.sendall(answer("308 Permanent Redirect", b"", b"location: http://localhost:%d/" % proxy.elsewhere))
    return True


@fault("thousand-headers", "after", any_status=True)
def _headers(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, *(b"x-header-%d: %s" % (n, b"v" * 30) for n in range(1000))))
    return True


@fault("hostile-headers", "after", any_status=True)
def _hostile(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    hostile = (b"retry-after: nan", b"set-cookie: session=1; path=/", b"server: \xff\xfe\x1b[31m", b"date: never")
    client.sendall(with_body(message, message.body, *hostile))
    return True


@fault("head-of-a-megabyte", "after", any_status=True)
def _large_head(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, b"x-large: " + b"v" * MEGABYTE))
    return True


@fault("not-http", "before", everywhere=True)
def _not_http(proxy: Proxy, client: socket.socket, request: Message) -> bool:
    client.sendall(b"SSH-2.0-OpenSSH_9.6 " + request.header(b"authorization") + b"\r\n\r\n")
    return False


# ---------------------------------------------------------------- bodies


def _body(name: str, change: Callable[[bytes], bytes], *headers: bytes) -> None:
    @fault(name, "after")
    def act(proxy: Proxy, client: socket.socket, message: Message) -> bool:
        client.sendall(with_body(message, change(message.body), *headers))
        return True


def _deep(depth: int) -> Callable[[bytes], bytes]:
    return lambda body: b'{"extra":' + b"[" * depth + b"]" * depth + b"," + body[1:]


def _twice(body: bytes) -> bytes:
    return b'{"id":0,"org_id":0,"items":[],' + body[1:]


_body("two-megabytes", lambda body: body + b" " * (2 * MEGABYTE))
_body("invalid-utf-8", lambda body: body.replace(b'"', b'"\xff', 1))
_body("invalid-json", lambda body: body[:-1] + b",}")
_body("empty-body", lambda body: b"")
_body("duplicate-keys", _twice)
_body("nan", lambda body: b'{"score":NaN,' + body[1:])
_body("deep-nesting", _deep(100_000))
_body("nesting-at-the-limit", _deep(900))
_body("number-of-5000-digits", lambda body: b'{"extra":' + b"9" * 5000 + b"," + body[1:])
_body("unasked-gzip", gzip.compress, b"content-encoding: gzip")
_body("false-gzip", lambda body: body, b"content-encoding: gzip")


@fault("200-megabytes", "after")
def _large(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    client.sendall(with_body(message, message.body, length=len(message.body) + 200 * MEGABYTE))
    spaces = b" " * MEGABYTE
    for _ in range(200):
        client.sendall(spaces)
    return True


def bomb() -> bytes:
    """A gigabyte of spaces, packed a thousandfold: one block, repeated."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = pack.compress(b" " * MEGABYTE) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(b" " * MEGABYTE) + pack.flush(zlib.Z_FULL_FLUSH)
    return start + again * 1022 + pack.compress(b"{}") + pack.flush()


_BOMB: list[bytes] = []


@fault("gzip-bomb", "after")
def _gzip_bomb(proxy: Proxy, client: socket.socket, message: Message) -> bool:
    if not _BOMB:
        _BOMB.append(bomb())
    client.sendall(with_body(message, _BOMB[0], b"content-encoding: gzip"))
    return True


# ---------------------------------------------------------------- a provider-state URL that lies


Rows = dict[str, dict[str, Any]]


def _lie(name: str) -> Callable[[Callable[[dict[str, Rows], list[str]], None]], object]:
    """A lie about the worlds with these prefixes, in the decoded answer."""

    def register(change: Callable[[dict[str, Rows], list[str]], None]) -> object:
        @fault(name, "lie")
        def act(proxy: Proxy, request: Message, message: Message) -> Message:
            lied = _spoiled_worlds(proxy, request)
            if message.status != 200 or not lied:
                return message
            document = json.loads(message.body)
            change(document, lied)
            return _replaced(message, json.dumps(document).encode())

        return change

    return register


def _spoiled_worlds(proxy: Proxy, request: Message) -> list[str]:
    """The share is one of worlds: many stand in one set-up."""
    rows = json.loads(request.body)["params"]
    prefixes = sorted({symbol.split("-")[0] + "-" for kind in rows.values() for symbol in kind})
    lied = [prefix for prefix in prefixes if proxy.share()]
    proxy.spoiled += len(lied)
    return lied


def _replaced(message: Message, body: bytes) -> Message:
    whole = with_body(message, body)
    head, _, rest = whole.partition(b"\r\n\r\n")
    return type(message)(head + b"\r\n\r\n", rest)


def _rows(document: dict[str, Rows], prefixes: list[str], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    start = tuple(prefixes)
    return [row for kind in kinds for symbol, row in document.get(kind, {}).items() if symbol.startswith(start)]


EVERY = ("organizations", "users", "collections", "datasets", "runs")


@_lie("states-without-ids")
def _no_ids(document: dict[str, Rows], prefixes: list[str]) -> None:
    for row in _rows(document, prefixes, EVERY):
        del row["id"]


@_lie("states-without-rows")
def _no_rows(document: dict[str, Rows], prefixes: list[str]) -> None:
    for kind in EVERY:
        document[kind] = {s: row for s, row in document.get(kind, {}).items() if not s.startswith(tuple(prefixes))}


@_lie("states-with-equal-ids")
def _equal_ids(document: dict[str, Rows], prefixes: list[str]) -> None:
    for kind in EVERY:
        rows = _rows(document, prefixes, (kind,))
        for row in rows:
            row["id"] = rows[0]["id"]


@_lie("states-with-wrong-types")
def _types(document: dict[str, Rows], prefixes: list[str]) -> None:
    for number, row in enumerate(_rows(document, prefixes, EVERY)):
        row["id"] = (True, 7.0, None, [7], {"id": 7})[number % 5]


@_lie("states-with-text-ids")
def _text_ids(document: dict[str, Rows], prefixes: list[str]) -> None:
    for row in _rows(document, prefixes, EVERY):
        row["id"] = str(row["id"])


@_lie("states-with-ids-of-nothing")
def _nothing(document: dict[str, Rows], prefixes: list[str]) -> None:
    for row in _rows(document, prefixes, ("datasets", "runs", "collections")):
        row["id"] += 1_000_000


@_lie("states-with-false-keys")
def _false_keys(document: dict[str, Rows], prefixes: list[str]) -> None:
    for row in _rows(document, prefixes, ("users",)):
        row["api_key"] = "not-a-key-" + row["api_key"]


@_lie("states-with-keys-of-others")
def _others(document: dict[str, Rows], prefixes: list[str]) -> None:
    """The keys of all the worlds, handed on by one."""
    rows = _rows(document, [""], ("users",))
    keys = [row["api_key"] for row in rows]
    for row, key in zip(rows, keys[1:] + keys[:1], strict=True):
        row["api_key"] = key


@_lie("states-with-broken-keys")
def _broken_keys(document: dict[str, Rows], prefixes: list[str]) -> None:
    for row in _rows(document, prefixes, ("users",)):
        row["api_key"] += "\r\nx-injected: 1"


def _whole(name: str, raw: bytes) -> None:
    @fault(name, "lie")
    def act(proxy: Proxy, request: Message, message: Message) -> Message:
        if not _spoiled_worlds(proxy, request):
            return message
        head, _, body = raw.partition(b"\r\n\r\n")
        return type(message)(head + b"\r\n\r\n", body)


_whole("states-in-html", answer("200 OK", HTML, b"content-type: text/html"))
_whole("states-500", answer("500 Internal Server Error", b"{}"))
_whole("states-unsupported", answer("422 Unprocessable Content", b'{"unsupported":["users","nothing.at.all",7]}'))
_whole("states-refused", answer("403 Forbidden", b'{"detail":"no"}'))


@fault("states-under-201", "lie")
def _created(proxy: Proxy, request: Message, message: Message) -> Message:
    if not _spoiled_worlds(proxy, request):
        return message
    return type(message)(message.head.replace(b" 200 OK", b" 201 Created", 1), message.body)
