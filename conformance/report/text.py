"""Words of a report: counts, and strings from a target, of which control characters and direction marks are escaped."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: str, limit: int = 2000) -> str:
    """``text`` bounded, with everything that could move a cursor or reverse a line written as an escape."""
    cut = text[:limit]
    shown = "".join(
        char if char == "\n" or unicodedata.category(char) not in _HIDDEN else char.encode("unicode_escape").decode()
        for char in cut
    )
    return shown if len(text) <= limit else f"{shown}… ({len(text)} characters)"


def one_line(text: str, limit: int = 2000) -> str:
    """The same in one line: what a target sent begins no line of ours."""
    return safe(text, limit).replace("\n", "\\n")


def counted(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
