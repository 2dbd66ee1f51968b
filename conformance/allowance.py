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
    """Gives each request its turn; safe to share between threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._lifted = False
        self._started: float | None = None
        self._next = 0.0
        self.sent = 0

    def take(self, count: int = 1) -> None:
        """Wait for the turn of ``count`` requests; LimitReached where no more may be sent."""
        with self._lock:
            now = time.monotonic()
            self._started = self._started or now
            turn = max(now, self._next)
            self._check(count, turn)
            self.sent += count
            self._next = turn + (count / self._limits.per_second if self._limits.per_second else 0.0)
        if turn > now and self._stopped.wait(turn - now):
            raise LimitReached("the run was stopped")

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
            self._next = max(self._next, time.monotonic() + min(seconds, LONGEST_HOLD))

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
