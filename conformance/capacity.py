"""How many connections a target serves at once.

A server with few workers lets others wait while a connection stays open, one with a short queue lets nobody else in:
both are correct, and are asked by no more connections than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from socket import socket

from conformance.connection import NetworkTrouble, place_of, receive
from conformance.transport import BUSY, Transport

SHORTEST = 0.5
"""Seconds in which one of several that ask at once is answered, at the least."""
SLACK = 5
"""The same, in times of what one answer takes."""
ENTRY = 2.5
"""Seconds for one of several connections to be let in: a full queue is tried again by TCP after one."""


def served_at_once(transport: Transport, url: str, most: int, usual: float) -> int:
    """Connections, at most ``most``, that are answered while the others stay open; one takes ``usual`` seconds."""
    patience = max(SHORTEST, SLACK * usual)
    transport.close()  # else its connection is one more
    request = transport.message("GET", url, {}, None)

    def answered(connection: socket) -> bool:
        started = time.monotonic()
        try:
            return receive(connection, "GET", started, started + patience)[0].status not in BUSY
        except NetworkTrouble:
            return False

    def ask(connections: Sequence[socket]) -> None:
        transport.allowance.take(len(connections))
        for each in connections:
            transport.write(each, request)

    with ExitStack() as at_end, ThreadPoolExecutor(most) as pool:
        connections = [at_end.enter_context(each) for each in _opened(transport, url, most, patience)]
        if not connections:
            return 1
        *others, last = connections
        ask([last])
        if len(connections) == most and answered(last):  # one request shows that there is room for all
            return most
        ask(others)
        served = sum(pool.map(answered, connections))
        # of those in a queue that was full one leaves it a moment after its answer
        return max(1, served if len(connections) == most else min(served, len(connections) - 1))


def _opened(transport: Transport, url: str, most: int, patience: float) -> Iterator[socket]:
    """Connections, opened one after another: fewer than ``most`` where no more are let in.

    Of two that ask together for the last place in a queue both can be told that they have it.
    """
    place, _ = place_of(url)
    for _ in range(most):
        try:
            yield transport.connect(place, max(ENTRY, patience))
        except NetworkTrouble:
            return
