"""How much may be sent, and how fast: requests a second, in all, and for how long; waits that a target asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from conformance.errors import LimitReached

LONGEST_HOLD = 60.0
"""Seconds that everything waits at most when a target asks for it (429 with Retry-After)."""

SHARE = 0.9
"""Of the pace that a rate limit allows."""
FEW = 8
"""Requests between two refusals that show no pace: where fewer are taken, waiting longer is of no use."""
SLOWEST = 1.0
"""Seconds between two requests, at most, where nobody asked for more."""
EASING = 0.999
"""What a gap shrinks to with each request: a limit that is gone is forgotten after some thousand."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect and for one answer; requests a second and in all, seconds in all (None: no limit)."""

    connect: float = 5.0
    answer: float = 30.0
    per_second: float | None = None
    requests: int | None = None
    seconds: float | None = None

    def part(self, of: int) -> Limits:
        """What one of so many workers may send."""
        per_second = None if self.per_second is None else self.per_second / of
        return replace(self, per_second=per_second, requests=None if self.requests is None else self.requests // of)


class Allowance:
    """Gives each request its turn; safe to share between threads.

    A target with a rate limit is asked at the pace that it shows: nine tenths of what it took between two refusals.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._lifted = False
        self._started: float | None = None
        self._next = 0.0
        self._held = 0.0  # until then nobody sends
        self._holds = 0
        self._least = 1 / limits.per_second if limits.per_second else 0.0
        self._gap = self._least  # seconds between two requests
        self._refused: tuple[float, int] | None = None  # when the limit was last met, and what had been taken by then
        self._taken = 0
        self.sent = 0

    def take(self, count: int = 1) -> None:
        """Wait for the turn of ``count`` requests, sent together; LimitReached where no more may be sent."""
        more = count
        while not self._turn(count, more):
            more = 0
        with self._lock:
            self._taken += count
            self._gap = max(self._least, self._gap * EASING**count)

    def _turn(self, count: int, more: int) -> bool:
        """Wait for a turn; whether it came: who waits when everybody is held back gets another, as none ``more``."""
        with self._lock:
            now = time.monotonic()
            self._started = self._started or now
            # What goes together waits until its share is saved: a limit counts the past, not the future.
            turn = max(now, self._next, self._held) + (count - 1) * self._gap
            self._check(more, turn)
            self.sent += more
            self._next = turn + self._gap
            holds = self._holds
        if turn <= now:
            return True
        if self._stopped.wait(turn - now):
            raise LimitReached("the run was stopped")
        return holds == self._holds

    def _check(self, count: int, turn: float) -> None:
        if self._stopped.is_set():
            raise LimitReached("the run was stopped")
        if self._lifted:
            return
        most, longest = self._limits.requests, self._limits.seconds
        if most is not None and self.sent + count > most:
            raise LimitReached(f"the limit of {most} requests in all is reached")
        if longest is not None and self._started is not None and turn - self._started > longest:
            raise LimitReached(f"the limit of {longest:g} seconds in all is reached")

    def hold(self, seconds: float) -> None:
        """Nobody sends for so long (at most LONGEST_HOLD)."""
        with self._lock:
            self._hold(time.monotonic(), seconds)

    def _hold(self, now: float, seconds: float) -> None:
        until = now + min(seconds, LONGEST_HOLD)
        if until > self._held:
            self._next, self._held = 0.0, until
            self._holds += 1

    def refused(self, seconds: float) -> None:
        """A rate limit refused a request: as ``hold``, and then at the pace that it has shown."""
        with self._lock:
            now = time.monotonic()
            self._taken -= 1
            if now >= self._held:  # else it was sent along with the one that all are held for
                since, before = self._refused or (now, self._taken)
                if self._taken - before >= FEW:
                    pace = SHARE * (self._taken - before) / (now - since)
                    self._gap = max(self._least, min(1 / pace, SLOWEST))
                else:
                    self._gap = self._least
                self._refused = now, self._taken
            self._hold(now, seconds)

    def stop(self) -> None:
        """Whatever waits or wants to send is refused, but for clean-up."""
        self._stopped.set()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """What is sent meanwhile is clean-up: it keeps the pace, and no limit ends it."""
        stopped = self._stopped.is_set()
        self._stopped.clear()
        self._lifted = True
        try:
            yield
        finally:
            self._lifted = False
            if stopped:
                self._stopped.set()
