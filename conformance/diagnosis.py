"""What a failing target behaves like, and which requirement to look at first.

A target's signature is the set of table rows that fail on it. The nearest mutants by it (Jaccard index) say what the
fault may be; their requirements, weighed by likeness, and what the judge blamed say where to look. How often that is
right is measured over the mutants themselves, each left out in turn (``tests/test_diagnosis.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.kills import Kill

SHOWN = 3
LEAST = 0.1
"""A mutant that is less like than this says nothing."""
BLAME = 3.0
"""What the judge's own blame weighs beside the nearest mutant's requirements."""
SYMPTOMS = frozenset({"ATO-1", "ATO-2", "BOD-3", "CRE-1", "CRE-3", "VIS-6"})
"""What breaks along with other rules; beside these it weighs half."""
FOLLOWS = {"PRO-1": "VIS-4", "PRO-2": "VIS-4"}
"""A collection that is not shared promotes nothing: beside its cause a rule weighs half."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mutant that fails much the same rows; ``likeness`` from 0 to 1."""

    mutant: str
    note: str
    requirement: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The mutants nearest to the target, and the requirement to look at first (none where nothing failed)."""

    alike: tuple[Suspect, ...]
    first: str | None


def diagnose(
    failing: Collection[str], ran: Collection[str], blamed: Mapping[str, int], kills: Sequence[Kill]
) -> Diagnosis:
    """From the ``failing`` rows of those that ``ran``, and from how many cases broke each ``blamed`` requirement."""
    seen = [replace(each, rows=tuple(row for row in each.rows if row in ran)) for each in kills]
    return Diagnosis(suspects(failing, seen), look_first(failing, blamed, seen))


def suspects(failing: Collection[str], kills: Sequence[Kill]) -> tuple[Suspect, ...]:
    """The mutants nearest to a target whose ``failing`` rows are given, the nearest first."""
    found = [Suspect(each.mutant, each.note, each.breaks[0], likeness) for likeness, each in _ranked(failing, kills)]
    return tuple(each for each in found[:SHOWN] if each.likeness >= LEAST)


def look_first(failing: Collection[str], blamed: Mapping[str, int], kills: Sequence[Kill]) -> str | None:
    """The requirement that the judge blames most and the nearest mutant breaks."""
    weight: dict[str, float] = defaultdict(float)
    causes = {name: _share(name, blamed) * cases for name, cases in blamed.items()}
    for name, share in causes.items():
        weight[name] += BLAME * share / sum(causes.values())
    for likeness, kill in _ranked(failing, kills)[:1]:
        for at, name in enumerate(kill.breaks):
            weight[name] += likeness / (at + 1)
    return max(weight, key=lambda name: (weight[name], name), default=None)


def _share(name: str, blamed: Mapping[str, int]) -> float:
    """A race fails, too, where a single request does: what it blames counts where nothing else is to blame."""
    if len(blamed) == 1 or all(each.startswith("CON-") for each in blamed):
        return 1.0
    if name.startswith("CON-"):
        return 0.0
    return 0.5 if name in SYMPTOMS or FOLLOWS.get(name) in blamed else 1.0


def _ranked(failing: Collection[str], kills: Sequence[Kill]) -> list[tuple[float, Kill]]:
    rows = set(failing)
    alike = [(len(rows & set(each.rows)) / len(rows | set(each.rows)), each) for each in kills if rows & set(each.rows)]
    return sorted(alike, key=lambda pair: (-pair[0], pair[1].mutant))
