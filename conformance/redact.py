"""Keys never reach a record: every known key in an answer is replaced by whose it is."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

_TOKEN = re.compile(rb"[A-Za-z0-9_.~+/=-]{6,}")


class Redactor:
    """Knows every key of the run; safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def learn(self, keys: Mapping[str, str]) -> None:
        """From now on these keys are replaced, by ``$symbol``."""
        with self._lock:
            for symbol, key in keys.items():
                if key:
                    self._known[key.encode()] = f"$key-of-{symbol}".encode()

    def clean(self, data: bytes, keys: Mapping[str, str]) -> bytes:
        """``data`` without any key: the case's own wherever they stand, the run's where they stand as words."""
        for symbol, key in keys.items():
            if key and (raw := key.encode()) in data:
                data = data.replace(raw, f"$key-of-{symbol}".encode())
        return _TOKEN.sub(lambda match: self._known.get(match[0], match[0]), data)

    def clean_text(self, text: str, keys: Mapping[str, str]) -> str:
        """The same for text, such as a header's value."""
        return self.clean(text.encode("utf-8", "surrogateescape"), keys).decode("utf-8", "replace")
