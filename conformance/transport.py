"""The one place that sends: connections that are kept open, answers bounded in size and time."""

from __future__ import annotations

import math
import select
import socket
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

import certifi

from conformance import __version__
from conformance.allowance import LONGEST_HOLD, Allowance, Limits
from conformance.connection import Answer, NetworkTrouble, Place, connect, place_of, receive, request_bytes
from conformance.crowd import Crowd
from conformance.errors import UsageError

BUSY = frozenset({408, 429, 502, 503, 504})
"""Statuses that say something about the way to the target, not about the page: what was asked is asked again."""

RESENT = 2
"""Times that a request is sent again which the target had no time for."""
UNNAMED = 1.0
"""Seconds that everything waits where a rate limit names no time."""

AGENT = f"data-collections-conformance/{__version__}"

UNTOLD = 3
"""Kept connections that the server may have closed unannounced before none is kept any more."""

ANYBODY = Crowd()
"""Room for all who ask."""

FIRST_PAUSE = 0.1
"""Seconds before a second attempt; each later one is twice as long."""


SPARE = 1
"""Connections beyond one a thread: that a thread's next POST does not have to take the last one's."""

IDLE = 4.0
"""Seconds after which a connection is not used again: servers close theirs after five, and what is sent is lost."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Who signs the target's certificate (a PEM file), our own certificate and key, and whether theirs is checked."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    verify: bool = True


def context_of(tls: Tls) -> ssl.SSLContext:
    """The TLS context; UsageError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca or certifi.where())
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"tls: a certificate or key cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def retry_after(answer: Answer, most: float = 10.0) -> float:
    """Seconds to wait, at most ``most``; one where the answer gives a date."""
    try:
        asked = float(answer.headers.get("retry-after", "0.2"))
    except ValueError:
        return 1.0
    return 1.0 if math.isnan(asked) else min(max(asked, 0.1), most)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL; UsageError where it is not an http(s) URL."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise UsageError(f"{url!r} is not an http or https URL")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def pause(attempt: int, asked: float = 0.0) -> None:
    """Wait before an attempt is made again: what was asked for, or longer each time, so that an outage can end."""
    threading.Event().wait(max(asked, FIRST_PAUSE * 2.0 ** (attempt - 1)))


class Transport:
    """Sends requests; safe to share between threads."""

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
    ) -> None:
        self.headers = dict(headers or {})
        self.limits = limits or Limits()
        self.allowance = Allowance(self.limits)
        self._crowds: dict[Place, Crowd] = {}
        self._closed: Counter[Place] = Counter()
        self._unkept: set[Place] = set()
        self.proxy = proxy
        self._tls = tls or Tls()
        if self._tls != Tls():
            self.context()  # a file that cannot be used is told of before anything is sent
        self._kept = _Kept()

    def context(self) -> ssl.SSLContext:
        """How TLS is spoken; made when it is first needed."""
        return self._context

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return context_of(self._tls)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request, one answer; NetworkTrouble when none comes. Redirects are answers, never followed."""
        for _ in range(RESENT):
            answer = self._send(method, url, headers, body)
            if not self.must_wait(answer, method):
                return answer
        return self._send(method, url, headers, body)

    def crowded(self, url: str, most: int) -> None:
        """From now on at most so many connections are open to this server at once, each for one request."""
        place, _ = place_of(url)
        self._crowds[place] = Crowd(most)
        self._unkept.add(place)

    def room(self, url: str) -> int | None:
        """How many that is, where there is a limit."""
        crowd = self._crowds.get(place_of(url)[0])
        return crowd.most if crowd else None

    def crowd(self, place: Place) -> Crowd:
        """The places that the server has."""
        return self._crowds.get(place, ANYBODY)

    def must_wait(self, answer: Answer, method: str = "POST", *, racing: bool = False) -> bool:
        """Whether the request is to be sent again after a wait; nobody sends before the time that the answer names.

        A target may tell the losers of a race in this way: of the pace that it allows, that says nothing.

        A rate limit (429) carried nothing out. An overloaded server (503) may have: reads alone are then sent again.
        """
        asked = "retry-after" in answer.headers
        if answer.status != 429 and not (answer.status == 503 and asked):
            return False
        seconds = retry_after(answer, LONGEST_HOLD) if asked else UNNAMED
        if answer.status == 429 and not racing:
            self.allowance.refused(seconds)
        else:
            self.allowance.hold(seconds)
        return answer.status == 429 or method == "GET"

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self.allowance.take()
        data = self.message(method, url, headers, body)
        place, _ = place_of(url)
        with self.crowd(place).places(1):
            return self._exchange(method, place, data)

    def message(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """The request's bytes, with the headers that every request has."""
        sent = {"accept": "application/json", "accept-encoding": "identity", "user-agent": AGENT}
        if place_of(url)[0] in self._unkept:
            sent["connection"] = "close"
        return request_bytes(method, url, {**sent, **self.headers, **headers}, body, self.proxy)

    def _exchange(self, method: str, place: Place, data: bytes) -> Answer:
        started = time.monotonic()
        kept = self._kept.take(place, another=method == "POST")
        connection = kept or self.connect(place, self.limits.connect)
        try:
            self.write(connection, data)
            answer, reusable = receive(connection, method, started, started + self.limits.answer)
        except BaseException as error:
            connection.close()
            if kept and isinstance(error, NetworkTrouble) and error.kind == "closed":
                self._found_closed(place)
            raise
        if reusable and place not in self._unkept:
            self._kept.put(place, connection)
        else:
            connection.close()
        return answer

    def _found_closed(self, place: Place) -> None:
        """Servers that close connections without saying so lose what is sent on them: soon none is kept."""
        self._closed[place] += 1
        if self._closed[place] >= UNTOLD:
            self._unkept.add(place)

    def write(self, connection: socket.socket, data: bytes) -> None:
        """Send; NetworkTrouble where it is not taken in time."""
        connection.settimeout(self.limits.answer)
        try:
            connection.sendall(data)
        except TimeoutError:
            raise NetworkTrouble("timeout", f"the request was not taken in {self.limits.answer:g} s") from None
        except OSError:
            return  # the answer, or its absence, says why

    def connect(self, place: Place, seconds: float) -> socket.socket:
        """A new connection; NetworkTrouble where there is none in time."""
        try:
            return connect(place, seconds, self.context, self.proxy)
        except TimeoutError:
            raise NetworkTrouble("unconnected", f"no connection in {seconds:g} s") from None
        except (OSError, UnicodeError) as error:
            raise NetworkTrouble("refused", f"no connection to {place.scheme}://{place.authority}: {error}") from None

    def close(self) -> None:
        """Close every connection; the next request opens a new one."""
        kept, self._kept = self._kept, _Kept()
        kept.close()


class _Kept:
    """Open connections that rest, a server's in one row; safe to share between threads.

    A target of several workers answers each connection with one of them: what one worker remembers shows where a case's
    next POST comes over another connection.
    """

    def __init__(self) -> None:
        self._resting: dict[Place, deque[tuple[socket.socket, float]]] = {}

    def take(self, place: Place, *, another: bool) -> socket.socket | None:
        """The last one that is still good; ``another``: the one that has rested longest, where several rest."""
        resting = self._row(place)
        while len(resting) >= (SPARE + 1 if another else 1):
            try:
                connection, since = resting.popleft() if another else resting.pop()
            except IndexError:  # another thread took it
                break
            if time.monotonic() - since < IDLE and not _readable(connection):
                return connection
            connection.close()
        return None

    def put(self, place: Place, connection: socket.socket) -> None:
        """For anybody's next request."""
        self._row(place).append((connection, time.monotonic()))

    def _row(self, place: Place) -> deque[tuple[socket.socket, float]]:
        return self._resting.setdefault(place, deque())

    def close(self) -> None:
        """All of them."""
        for resting in self._resting.values():
            for connection, _ in resting:
                connection.close()


def _readable(connection: socket.socket) -> bool:
    """Whether something came that nobody asked for: the server has closed, or an answer was longer than it said."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))
