"""What a failing target behaves like: the nearest mutants by the signature of failing rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from conformance.kills import Kill

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mutant that fails much the same rows; ``likeness`` from 0 to 1."""

    mutant: str
    note: str
    requirement: str
    likeness: float


def suspects(failing: Collection[str], kills: Sequence[Kill]) -> tuple[Suspect, ...]:
    """The mutants nearest to a target whose ``failing`` rows are given, the nearest first (Jaccard index)."""
    rows = set(failing)
    found = [
        Suspect(each.mutant, each.note, each.breaks[0], len(rows & set(each.rows)) / len(rows | set(each.rows)))
        for each in kills
        if rows & set(each.rows)
    ]
    return tuple(sorted(found, key=lambda each: (-each.likeness, each.mutant))[:SHOWN])
