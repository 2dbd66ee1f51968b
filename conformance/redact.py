"""Keys never reach a record: every known key in an answer is replaced by whose it is."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

_TOKEN = re.compile(rb"[A-Za-z0-9_.~+/=-]{6,}")
SHORTEST = 4
"""Characters that a guarded secret has at least: a shorter one would stand in every answer by chance."""


class Redactor:
    """Knows every key of the run; safe to share between threads."""

    def __init__(self) -> None:
        self._guarded: list[tuple[bytes, bytes]] = []
        self._known: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def learn(self, keys: Mapping[str, str]) -> None:
        """From now on these keys are replaced, by ``$symbol``."""
        with self._lock:
            for symbol, key in keys.items():
                if key:
                    self._known[key.encode()] = f"$key-of-{symbol}".encode()

    def guard(self, secrets: Mapping[str, str]) -> None:
        """From now on these are replaced wherever they stand, by the name given; few, since each is looked for."""
        with self._lock:
            guarded = dict(self._guarded)
            guarded |= {value.encode(): name.encode() for name, value in secrets.items() if len(value) >= SHORTEST}
            self._guarded = sorted(guarded.items(), key=lambda each: -len(each[0]))

    def clean(self, data: bytes, keys: Mapping[str, str]) -> bytes:
        """``data`` without any key: the case's own wherever they stand, the run's where they stand as words."""
        for raw, shown in self._guarded:
            if raw in data:
                data = data.replace(raw, shown)
        for symbol, key in keys.items():
            if key and (raw := key.encode()) in data:
                data = data.replace(raw, f"$key-of-{symbol}".encode())
        return _TOKEN.sub(lambda match: self._known.get(match[0], match[0]), data)

    def clean_text(self, text: str, keys: Mapping[str, str]) -> str:
        """The same for text, such as a header's value."""
        return self.clean(text.encode("utf-8", "surrogateescape"), keys).decode("utf-8", "replace")
