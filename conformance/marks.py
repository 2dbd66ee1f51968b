"""The mark that every name of a run carries: what a run made is found again by it, and by nobody else's names."""

from __future__ import annotations

import re
from hashlib import sha256

ALPHABET = "abcdefghijkmnpqrstuvwxyz"
"""Letters only, so that no name's folding matters; without l and o, which words have."""
PREFIX = "cdcz"
RUN, CASE = 6, 7
MARK = re.compile(rf"(?<![A-Za-z]){PREFIX}([{ALPHABET}]{{{RUN}}})[{ALPHABET}]{{{CASE}}}(?![A-Za-z])")


def mark_of(run_id: str) -> str:
    """What the names of one run have in common."""
    return PREFIX + _letters(run_id, RUN)


def token_of(run_id: str, case: str) -> str:
    """A word that no other case and no other run has."""
    return mark_of(run_id) + _letters(f"{run_id}/{case}", CASE)


def is_marked(name: object) -> bool:
    """Whether some run gave this name."""
    return isinstance(name, str) and MARK.search(name) is not None


def _letters(text: str, count: int) -> str:
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in sha256(text.encode()).digest()[:count])
