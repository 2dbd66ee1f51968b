"""Requests that race: connections opened beforehand, the end of each held back and released together."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from conformance.connection import Answer, NetworkTrouble, place_of, receive, request_bytes
from conformance.transport import Transport

PAUSE = 0.1
"""Seconds in which a server may read the first part of a body that is cut within a character."""


@dataclass(frozen=True, slots=True)
class Racer:
    """One POST of a race."""

    url: str
    headers: Mapping[str, str]
    body: bytes


Race = Callable[[Sequence[Racer], Transport], "Sequence[Answer | NetworkTrouble]"]


def race(racers: Sequence[Racer], transport: Transport) -> list[Answer | NetworkTrouble]:
    """Send all requests at once, or as many as the server lets in; each result stands at its racer's place."""
    crowd = transport.crowd(place_of(racers[0].url)[0])
    results: list[Answer | NetworkTrouble] = []
    for at in range(0, len(racers), crowd.most):
        together = racers[at : at + crowd.most]
        with crowd.places(len(together)):
            results += _together(together, transport)
    return results


def _together(racers: Sequence[Racer], transport: Transport) -> list[Answer | NetworkTrouble]:
    """A time-out is a result, not an error."""
    connections: list[socket.socket | NetworkTrouble] = []
    try:
        sent = [_in_two(_request(each, transport.proxy)) for each in racers]
        connections = [_prepare(each, first, transport) for each, (first, _) in zip(racers, sent, strict=True)]
        if any(len(held) > 1 for _, held in sent):
            time.sleep(PAUSE)
        started = time.monotonic()
        for connection, (_, held) in zip(connections, sent, strict=True):
            if isinstance(connection, socket.socket):
                with suppress(OSError):  # the answer, or its absence, says why
                    connection.sendall(held)
        with ThreadPoolExecutor(len(racers)) as pool:
            return list(pool.map(lambda each: _receive(each, started, transport.limits.answer), connections))
    finally:
        for connection in connections:
            if isinstance(connection, socket.socket):
                connection.close()


def _request(racer: Racer, proxy: str | None) -> bytes:
    return request_bytes("POST", racer.url, {"connection": "close", **racer.headers}, racer.body, proxy)


def _in_two(data: bytes) -> tuple[bytes, bytes]:
    """Cut within the last character of several bytes, or before the last byte: where a segment ends says nothing."""
    at = next((at for at in reversed(range(len(data))) if data[at] & 0xC0 == 0x80), len(data) - 1)
    return data[:at], data[at:]


def _prepare(racer: Racer, first: bytes, transport: Transport) -> socket.socket | NetworkTrouble:
    try:
        connection = transport.connect(place_of(racer.url)[0], transport.limits.connect)
    except NetworkTrouble as trouble:
        return trouble
    try:
        connection.settimeout(transport.limits.answer)
        connection.sendall(first)
    except OSError as error:
        connection.close()
        return NetworkTrouble("refused", f"no connection: {error}")
    return connection


def _receive(connection: socket.socket | NetworkTrouble, started: float, seconds: float) -> Answer | NetworkTrouble:
    if isinstance(connection, NetworkTrouble):
        return connection
    try:
        return receive(connection, "POST", started, started + seconds)[0]
    except NetworkTrouble as trouble:
        return trouble
