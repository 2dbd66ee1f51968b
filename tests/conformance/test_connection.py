"""Answers as they come over a socket: usual ones, unusual ones, broken ones; what is left of the connection."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from conformance.connection import MAX_ANSWER, Answer, NetworkTrouble, place_of, receive, request_bytes

OK = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"


def received(*pieces: bytes, closed: bool = False, seconds: float = 5.0) -> tuple[Answer, bool]:
    """What is read of these pieces, the first of which is there at once."""
    here, there = socket.socketpair()
    with here, there:
        for piece in pieces:
            there.sendall(piece)
        if closed:
            there.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        return receive(here, "POST", started, started + seconds)


@pytest.mark.parametrize(
    "answer, body",
    [
        (OK + b"content-length: 2\r\n\r\n{}", b"{}"),
        (OK + b"content-length: 0\r\n\r\n", b""),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK + b"content-length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
        (OK + b"x: \xff\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
    ],
)
def test_a_whole_answer_leaves_the_connection_usable(answer: bytes, body: bytes) -> None:
    for cut in (len(answer), 1, len(answer) - 1):
        got, reusable = received(answer[:cut], answer[cut:])
        assert (got.body, got.truncated, reusable) == (body, False, True)


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"content-length: 2\r\n\r\n{}{",
        OK + b"content-length: 2\r\nconnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        OK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nHTTP/1.1 2",
    ],
)
def test_what_is_left_over_or_closed_is_not_used_again(answer: bytes) -> None:
    got, reusable = received(answer)
    assert got.body == b"{}"
    assert not reusable


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    got, reusable = received(OK + b"\r\n{}", closed=True)
    assert (got.body, got.headers["content-type"], reusable) == (b"{}", "a/b", False)


def test_headers_of_one_name_are_one() -> None:
    got, _ = received(OK + b"content-length: 0\r\nX-A: 1\r\nx-a:  2 \r\n\r\n")
    assert got.headers["x-a"] == "1, 2"


@pytest.mark.parametrize(
    "answer, words",
    [
        (b"", "closed without an answer"),
        (OK, "lost"),
        (OK + b"content-length: 9\r\n\r\n{}", "closed after 2 of 9 bytes"),
        (OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}", "lost"),
        (OK + b"content-length: -1\r\n\r\n{}", "lost"),
        (b"SSH-2.0-x\r\n\r\n", "illegal status line"),
        (OK + b"x: " + b"v" * 200_000 + b"\r\n\r\n", "lost"),
        (OK + b"a b: c\r\ncontent-length: 0\r\n\r\n", "lost"),
    ],
)
def test_what_is_no_whole_answer_is_trouble(answer: bytes, words: str) -> None:
    with pytest.raises(NetworkTrouble, match=words) as raised:
        received(answer, closed=True)
    assert raised.value.kind == "closed"


def test_the_whole_answer_has_one_deadline() -> None:
    with pytest.raises(NetworkTrouble) as raised:
        received(OK + b"content-length: 9\r\n\r\n{", seconds=0.05)
    assert raised.value.kind == "timeout"


def test_what_is_longer_than_is_kept_is_cut() -> None:
    size = MAX_ANSWER + 1
    here, there = socket.socketpair()
    with here, there:
        whole = OK + b"content-length: %d\r\n\r\n" % size + b" " * size
        sender = threading.Thread(target=there.sendall, args=(whole,))
        sender.start()
        got, reusable = receive(here, "GET", time.monotonic(), time.monotonic() + 5)
        sender.join()
    assert (len(got.body), got.truncated, reusable) == (MAX_ANSWER, True, False)


def test_a_request_says_where_it_goes() -> None:
    data = request_bytes("POST", "http://[::1]:8000/api v1/x?a=%20", {"a": "ä"}, b"{}")
    assert data == "POST /api%20v1/x?a=%20 HTTP/1.1\r\nhost: [::1]:8000\r\na: ä\r\ncontent-length: 2\r\n\r\n{}".encode()
    assert request_bytes("GET", "http://me:secret@bücher.example", {}, None) == (
        b"GET / HTTP/1.1\r\nhost: xn--bcher-kva.example\r\n\r\n"
    )
    assert place_of("https://host/x")[0].port == 443


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\0"])
def test_a_header_never_becomes_two(value: str) -> None:
    with pytest.raises(NetworkTrouble, match="line break"):
        request_bytes("GET", "http://host/", {"x": value}, None)
