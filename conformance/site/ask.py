"""Questions put to the oracle: one request of a caller in a small world, under every reading that matters.

Diagram, tables and explorer show these answers; nothing here knows a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from conformance.body import Creation, Meaning
from conformance.cells import PEOPLE, SHELVES, Kind, kinds
from conformance.model import Collection, Dataset, Outcome, Run, World
from conformance.oracle import permitted
from conformance.readings import DIMENSIONS, Partial, fork

When = tuple[tuple[str, tuple[str, ...]], ...]
"""Conditions on readings: the dimension and the values under which an outcome holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a control: its id and its words."""

    id: str
    words: str


@dataclass(frozen=True, slots=True)
class Permitted:
    """An outcome and the readings under which it is the permitted one; no condition: under all."""

    when: When
    outcome: Outcome


MEMBER_KINDS = {
    "alice-private": "mine, private",
    "alice-acme": "mine, shared with my organization",
    "bob-acme": "a colleague's, shared with my organization",
    "dave-acme": "a former member's, shared with my organization",
    "nobody-acme": "org-only, of my organization",
    "bob-private": "a colleague's, private",
    "dave-globex": "somebody else's, of another organization",
    "alice-globex": "mine, of an organization that I have left",
    "alice-private-p": "mine, proprietary",
    "alice-private-c": "mine, in a collection already",
    "unknown": "an id that never existed",
}
LONER_KINDS = {
    "carol-private": "mine, private",
    "carol-globex": "mine, visible to an organization",
    "dave-globex": "somebody else's, visible to an organization",
    "dave-private": "somebody else's, private",
    "carol-private-p": "mine, proprietary",
    "carol-private-c": "mine, in a collection already",
    "unknown": "an id that never existed",
}
CALLERS = {"alice": "I am a member of an organization", "carol": "I am in no organization"}
MOST = 3
"""Datasets in one selection."""
_NAMES = {
    "free": ("nobody has it", None),
    "empty": ("empty", None),
    "mine": ("a collection of mine has it", "{caller}"),
    "shared": ("a colleague's shared collection has it", "bob/acme"),
    "private": ("somebody else's private collection has it", "bob"),
}
_RUNS: dict[str, tuple[str, str, str | None, bool]] = {
    "none": ("no run", "", None, False),
    "mine": ("a private run of mine", "{caller}", None, False),
    "mine-elsewhere": ("a private run of mine that lies in another collection", "{caller}", None, True),
    "shared": ("a colleague's run, shared with my organization", "bob", "acme", False),
    "private": ("somebody else's private run", "bob", None, False),
}


def offered(caller: str) -> tuple[tuple[Kind, str], ...]:
    """The kinds of dataset that the site offers the caller, with their words."""
    words = MEMBER_KINDS if caller == "alice" else LONER_KINDS
    by_name = {kind.name: kind for kind in kinds(caller)}
    return tuple((by_name[name], text) for name, text in words.items())


def names(caller: str) -> tuple[Choice, ...]:
    """What may be so of the name that is sent."""
    return tuple(Choice(name, words) for name, (words, _) in _NAMES.items() if caller == "alice" or name != "shared")


def runs(caller: str) -> tuple[Choice, ...]:
    """What may be linked to each selected dataset."""
    return tuple(Choice(name, words) for name, (words, *_) in _RUNS.items() if caller == "alice" or name != "shared")


def world_of(caller: str, selection: Sequence[Kind], run: str) -> World:
    """The selected rows are called 0, 1, 2; the run on each has its number, too."""
    datasets: dict[str, Dataset] = {str(at): each.dataset for at, each in enumerate(selection) if each.dataset}
    _, owner, organization, elsewhere = _RUNS[run]
    linked = Run(owner.format(caller=caller), None, organization, "other" if elsewhere else None)
    return World(
        organizations=("acme", "globex"),
        users=PEOPLE,
        collections={**SHELVES, **_named(caller), "other": Collection("Other", caller, None)},
        datasets=datasets,
        runs={} if run == "none" else {at: Run(linked.owner, at, organization, linked.collection) for at in datasets},
    )


@cache
def _named(caller: str) -> dict[str, Collection]:
    found = {}
    for name, (_, holder) in _NAMES.items():
        if holder:
            owner, _, organization = holder.format(caller=caller).partition("/")
            found[name] = Collection(name, owner, organization or None)
    return found


def ask(caller: str, selection: Sequence[Kind], name: str = "free", run: str = "none") -> tuple[Permitted, ...]:
    """What the oracle permits, outcomes that readings have in common merged."""
    world = world_of(caller, selection, run)
    ids = {at + 1: str(at) if each.dataset else None for at, each in enumerate(selection)}
    body = Meaning(creations=(Creation(tuple(ids), "" if name == "empty" else name),))
    leaves = fork(lambda reading: permitted(reading, world, caller, True, body, ids)[0])
    return merged(leaves)


def merged(leaves: Iterable[tuple[Partial, Outcome]]) -> tuple[Permitted, ...]:
    """Leaves with one outcome become one condition where they fill a box of the readings' space."""
    boxes: list[tuple[dict[str, frozenset[str]], Outcome]] = [
        ({name: frozenset({value}) for name, value in decided}, outcome) for decided, outcome in leaves
    ]
    while (pair := _joinable(boxes)) is not None:
        first, second, joined = pair
        boxes[first] = (joined, boxes[first][1])
        del boxes[second]
    return tuple(Permitted(_when(box), outcome) for box, outcome in boxes)


def _joinable(
    boxes: list[tuple[dict[str, frozenset[str]], Outcome]],
) -> tuple[int, int, dict[str, frozenset[str]]] | None:
    for first in range(len(boxes)):
        for second in range(first + 1, len(boxes)):
            if boxes[first][1] == boxes[second][1]:
                joined = _join(boxes[first][0], boxes[second][0])
                if joined is not None:
                    return first, second, joined
    return None


def _join(one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]) -> dict[str, frozenset[str]] | None:
    """The union of two boxes that differ in one dimension; a dimension that takes every value is left out."""
    differing = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if len(differing) != 1 or differing[0] not in one or differing[0] not in other:
        return None
    (name,) = differing
    together = one[name] | other[name]
    rest = {key: values for key, values in one.items() if key != name}
    return rest if together == frozenset(DIMENSIONS[name]) else {**one, name: together}


def _when(box: dict[str, frozenset[str]]) -> When:
    return tuple(
        (name, tuple(value for value in values if value in box[name]))
        for name, values in DIMENSIONS.items()
        if name in box
    )


def questions() -> Iterable[tuple[str, str, str]]:
    """Caller, name and run of every combination of controls beside the selection."""
    for caller in CALLERS:
        yield from ((caller, name.id, run.id) for name, run in product(names(caller), runs(caller)))
