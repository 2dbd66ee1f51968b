"""Requests that race: connections opened beforehand, the last byte of each held back and released together."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from conformance.connection import Answer, NetworkTrouble, place_of, receive, request_bytes
from conformance.transport import Transport


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
        held = [_request(each, transport.proxy) for each in racers]
        connections = [_prepare(each, data, transport) for each, data in zip(racers, held, strict=True)]
        started = time.monotonic()
        for connection, data in zip(connections, held, strict=True):
            if isinstance(connection, socket.socket):
                with suppress(OSError):  # the answer, or its absence, says why
                    connection.sendall(data[-1:])
        with ThreadPoolExecutor(len(racers)) as pool:
            return list(pool.map(lambda each: _receive(each, started, transport.limits.answer), connections))
    finally:
        for connection in connections:
            if isinstance(connection, socket.socket):
                connection.close()


def _request(racer: Racer, proxy: str | None) -> bytes:
    return request_bytes("POST", racer.url, {"connection": "close", **racer.headers}, racer.body, proxy)


def _prepare(racer: Racer, data: bytes, transport: Transport) -> socket.socket | NetworkTrouble:
    try:
        connection = transport.connect(place_of(racer.url)[0], transport.limits.connect)
    except NetworkTrouble as trouble:
        return trouble
    try:
        connection.settimeout(transport.limits.answer)
        connection.sendall(data[:-1])
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
