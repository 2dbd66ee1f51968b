"""How many connections may be open to the target at once; a race takes as many places as it has racers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crowd:
    """Places for connections; who waits for several is not overtaken. Safe to share between threads."""

    def __init__(self, most: int = sys.maxsize) -> None:
        self.most = most
        self._taken = 0
        self._next = threading.Lock()
        self._freed = threading.Condition()

    @contextmanager
    def places(self, count: int) -> Iterator[None]:
        """Wait for so many places, at most as many as there are, and hold them."""
        count = min(count, self.most)
        with self._next, self._freed:
            self._freed.wait_for(lambda: self._taken + count <= self.most)
            self._taken += count
        try:
            yield
        finally:
            with self._freed:
                self._taken -= count
                self._freed.notify_all()
