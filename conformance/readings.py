"""The version space: which meanings of the page every observation so far allows.

The page has one meaning and we do not know which. A reading fixes each dimension of ``spec/readings.yaml``.
A set of readings is a bit mask over all combinations; an observation keeps the bits that it allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import product
from typing import TypeVar

DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "attach": ("visible", "owned", "own-and-org-only", "own"),
    "duplicate": ("by-visibility", "both"),
    "moved_runs": ("all", "visible", "mine"),
    "runs_elsewhere": ("move", "stay"),
    "run_promotion": ("promoted", "selection"),
    "stale_org": ("refuse", "attach"),
    "listed_datasets": ("all", "readable"),
    "listed_runs": ("all", "readable"),
}
"""Each dimension and its values; a test holds it equal to ``spec/readings.yaml``."""

ALL_READINGS: tuple[tuple[str, ...], ...] = tuple(product(*DIMENSIONS.values()))
EVERY = (1 << len(ALL_READINGS)) - 1
"""The mask of all readings."""

Partial = tuple[tuple[str, str], ...]
T = TypeVar("T")


class _Undecided(Exception):
    def __init__(self, dimension: str) -> None:
        super().__init__(dimension)
        self.dimension = dimension


class Reading:
    """A reading, possibly partial: asking for a dimension that it leaves open makes ``fork`` try each value."""

    __slots__ = ("asked", "decided")

    def __init__(self, decided: Mapping[str, str]) -> None:
        self.decided = decided
        self.asked: set[str] = set()
        """Dimensions that were asked for."""

    def __getitem__(self, dimension: str) -> str:
        self.asked.add(dimension)
        try:
            return self.decided[dimension]
        except KeyError:
            raise _Undecided(dimension) from None

    def allows(self, when: Iterable[tuple[str, tuple[str, ...]]]) -> bool:
        """Whether this reading meets every condition."""
        return all(self[dimension] in values for dimension, values in when)


def fork(judge: Callable[[Reading], T], within: int = -1, decided: Partial = ()) -> list[tuple[Partial, T]]:
    """Evaluate ``judge`` once for each distinct combination of the dimensions that it asks for.

    Only combinations that leave some reading of the mask ``within`` are tried.
    """
    try:
        return [(decided, judge(Reading(dict(decided))))]
    except _Undecided as undecided:
        name = undecided.dimension
    tried = ((*decided, (name, value)) for value in DIMENSIONS[name])
    return [leaf for each in tried if mask(each) & within for leaf in fork(judge, within, each)]


@cache
def mask(decided: Partial) -> int:
    """The readings that agree with ``decided``."""
    names = list(DIMENSIONS)
    wanted = [(names.index(name), value) for name, value in decided]
    return sum(1 << i for i, each in enumerate(ALL_READINGS) if all(each[at] == value for at, value in wanted))


def full_reading(index: int) -> Reading:
    """The reading with this bit."""
    return Reading(dict(zip(DIMENSIONS, ALL_READINGS[index], strict=True)))


def surviving(readings: int) -> dict[str, tuple[str, ...]]:
    """For each dimension the values that some reading in the mask has."""
    alive = [each for i, each in enumerate(ALL_READINGS) if readings >> i & 1]
    return {
        name: tuple(value for value in values if any(each[at] == value for each in alive))
        for at, (name, values) in enumerate(DIMENSIONS.items())
    }


def minimal_conflict(masks: Iterable[tuple[str, int]]) -> list[str]:
    """Names of a minimal set of masks whose intersection is empty; [] when they have a reading in common."""
    together = EVERY
    core: list[tuple[str, int]] = []
    for name, allowed in masks:
        core.append((name, allowed))
        together &= allowed
        if not together:
            break
    else:
        return []
    for candidate in list(core):
        without = [each for each in core if each is not candidate]
        rest = EVERY
        for _, allowed in without:
            rest &= allowed
        if not rest:
            core = without
    return [name for name, _ in core]
