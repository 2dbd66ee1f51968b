"""Servers with few workers, a short queue or unannounced ends: correct, and asked by no more connections than they serve."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from conformance.allowance import Limits
from conformance.capacity import served_at_once
from conformance.connection import Answer, NetworkTrouble
from conformance.race import Racer, race
from conformance.transport import UNTOLD, Transport
from tests.targets.listening import listening

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
Serve = Callable[[socket.socket], None]


def request(connection: socket.socket) -> bytes:
    """One request's bytes; nothing where the connection has ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data


def keeping(connection: socket.socket) -> None:
    """Answers until the client closes."""
    while request(connection):
        connection.sendall(OK)


def once(connection: socket.socket) -> None:
    """Answers one request and closes."""
    if request(connection):
        connection.sendall(OK)


@contextmanager
def server(serve: Serve, workers: int, queue: int = 128) -> Iterator[str]:
    """So many workers, each with one connection at a time; the others wait in the queue."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=queue)

    def worker() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(workers)]
    for each in threads:
        each.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    listening.shutdown(socket.SHUT_RDWR)
    for each in threads:
        each.join(10)
    listening.close()


@pytest.mark.parametrize(
    ("serve", "workers", "queue", "served"),
    [
        (keeping, 1, 128, {1}),
        (keeping, 1, 2, {1}),
        (keeping, 4, 128, {4}),
        (once, 1, 128, {8}),
        (once, 1, 2, {2, 3}),
        (keeping, 8, 128, {8}),
    ],
)
def test_a_server_is_asked_by_as_many_as_it_serves(serve: Serve, workers: int, queue: int, served: set[int]) -> None:
    with server(serve, workers, queue) as url:
        assert served_at_once(Transport(), url, 8, 0.001) in served


def test_one_request_shows_that_there_is_room_for_all() -> None:
    asked: list[bytes] = []

    def noting(connection: socket.socket) -> None:
        asked.append(request(connection))
        connection.sendall(OK)
        request(connection)

    with server(noting, 8) as url:
        assert served_at_once(Transport(), url, 8, 0.001) == 8
    assert sum(bool(each) for each in asked) == 1


def test_many_threads_share_a_worker_that_serves_one_connection() -> None:
    with server(keeping, 1, queue=0) as url:
        transport = Transport(limits=Limits(connect=2, answer=5))
        transport.crowded(url, 1)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: transport.send("GET", url, {}), range(40)))
    assert {each.status for each in answers} == {200}


def test_a_race_sends_as_many_at_once_as_are_let_in() -> None:
    with server(once, 1, queue=0) as url:
        transport = Transport(limits=Limits(connect=2, answer=5))
        transport.crowded(url, 1)
        results = race([Racer(url, {}, b"{}")] * 5, transport)
    assert [each.status for each in results if isinstance(each, Answer)] == [200] * 5


def test_who_is_not_let_in_was_not_refused_an_answer() -> None:
    with server(keeping, 0, queue=0) as url:
        results = race([Racer(url, {}, b"{}")] * 3, Transport(limits=Limits(connect=0.3, answer=0.3)))
        kinds = {each.kind for each in results if isinstance(each, NetworkTrouble)}
    assert "unconnected" in kinds


def test_a_post_comes_over_another_connection_than_the_last_one() -> None:
    with listening() as target:
        transport = Transport()
        for method in ("GET", "GET", "POST", "GET", "POST", "POST", "POST"):
            transport.send(method, f"{target.origin}/x", {})
        transport.close()
    posts = [port for port, what in zip(target.ports, target.requests, strict=True) if what == "POST /x"]
    assert all(one != other for one, other in pairwise(posts))
    assert len(set(target.ports)) == 2


def test_connections_that_end_unannounced_are_soon_not_kept() -> None:
    heads: list[bytes] = []

    def one_answer(connection: socket.socket) -> None:
        once(connection)
        heads.append(request(connection))  # the second request is read, and the connection closed

    with server(one_answer, 1) as url:
        transport = Transport()
        lost = 0
        for _ in range(3 * UNTOLD):
            try:
                transport.send("GET", url, {})
            except NetworkTrouble as trouble:
                assert trouble.kind == "closed"
                lost += 1
        transport.close()
    assert lost == UNTOLD
    assert transport.room(url) is None, "how many it serves at once is another matter"
