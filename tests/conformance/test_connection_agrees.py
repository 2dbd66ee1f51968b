"""Our own connection reads an answer as httpx does, whatever pieces it comes in: the law that lets it take httpx's place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.allowance import Limits
from conformance.connection import NetworkTrouble
from conformance.transport import Transport

names = st.sampled_from(["content-type", "x-note", "date", "server", "etag", "set-cookie", "X-Trace-Id"])
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
statuses = st.sampled_from([200, 201, 204, 304, 400, 401, 404, 422, 500])
EMPTY = (204, 304)
"""What has no body: whether httpx refuses bytes behind it depends on when they come."""
framings = st.sampled_from(["length", "chunked", "close", "short", "none"])


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, ...]:
    """An answer's bytes, in pieces: framed by length, in chunks, by the connection's end, or not as it says."""
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    status, framing = draw(statuses), draw(framings)
    body = b"" if status in EMPTY else draw(st.binary(max_size=200))
    lines = [f"HTTP/{version} {status} {draw(st.sampled_from(['OK', '', 'Some Words']))}"]
    lines += [f"{name}: {value}" for name, value in draw(st.lists(st.tuples(names, values), max_size=4))]
    if framing in ("length", "short"):
        lines.append(f"Content-Length: {len(body) + (framing == 'short')}")
    if framing == "chunked" and status not in EMPTY:
        lines.append("Transfer-Encoding: chunked")
        sizes = (body[at : at + 70] for at in range(0, len(body), 70))
        body = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in sizes) + b"0\r\n\r\n"
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    return tuple(whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True))


@contextmanager
def server(pieces: tuple[bytes, ...]) -> Iterator[str]:
    """Answers two connections with these pieces, and closes them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    while b"\r\n\r\n" not in connection.recv(65536):
                        continue
                    for piece in pieces:
                        connection.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        thread.join(10)


def ours(url: str) -> tuple[int, bytes, str | None] | None:
    transport = Transport(limits=Limits(answer=10))
    try:
        answer = transport.send("GET", url, {})
    except NetworkTrouble:
        return None
    finally:
        transport.close()
    return answer.status, answer.body, answer.headers.get("content-type")


def theirs(url: str) -> tuple[int, bytes, str | None] | None:
    try:
        with httpx.Client(trust_env=False, timeout=10) as client:
            answer = client.get(url, headers={"accept-encoding": "identity"})
    except httpx.HTTPError:
        return None
    return answer.status_code, answer.content, answer.headers.get("content-type")


@settings(max_examples=150, deadline=None)
@given(answers())
def test_an_answer_is_read_as_httpx_reads_it(pieces: tuple[bytes, ...]) -> None:
    with server(pieces) as url:
        assert ours(url) == theirs(url)
