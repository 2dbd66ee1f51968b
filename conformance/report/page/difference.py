"""Expected against observed, part by part: what the other side does not have is marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

LONGEST = 600
"""Characters that are compared: what a finding says is shorter, unless a target made it long."""
LIKE = 0.3
"""Below this likeness nothing is in common but by chance, and all is marked."""
_PARTS = re.compile(r"\w+|\s+|.", re.DOTALL)

Parts = tuple[tuple[str, bool], ...]


def difference(expected: str, observed: str) -> tuple[Parts, Parts]:
    """Both texts in parts, each with whether it is marked."""
    left, right = _PARTS.findall(expected[:LONGEST]), _PARTS.findall(observed[:LONGEST])
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < LIKE:
        return _joined([(expected[:LONGEST], True)]), _joined([(observed[:LONGEST], True)])
    mine: list[tuple[str, bool]] = []
    theirs: list[tuple[str, bool]] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        mine.append(("".join(left[start:end]), tag != "equal"))
        theirs.append(("".join(right[other_start:other_end]), tag != "equal"))
    return _joined(mine), _joined(theirs)


def _joined(parts: Sequence[tuple[str, bool]]) -> Parts:
    return tuple(each for each in parts if each[0])
