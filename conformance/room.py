"""How much of a target's answers one run keeps: no target fills the disk on which the transcript is written."""

from __future__ import annotations

import threading

LARGE = 16 * 1024
ROOM = 512 * 1024 * 1024
"""Bytes of answers above LARGE that are kept; what goes beyond is cut."""


class Room:
    """What is left of ROOM; safe to share between threads."""

    def __init__(self) -> None:
        self._left = ROOM
        self._lock = threading.Lock()

    def has(self, size: int) -> bool:
        """Take the room for an answer of this size, where there is enough."""
        if size <= LARGE:
            return True
        with self._lock:
            fits = size <= self._left
            self._left -= size if fits else 0
        return fits
