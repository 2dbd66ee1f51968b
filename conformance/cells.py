"""Every cell: all combinations of up to three kinds of dataset id, for a member and for a caller of no organization.

A member meets 45 kinds (owner × organization × proprietary × in a collection, and an id that never existed), a
caller without one 21: 19,320 multisets. Each is sent in every order where it can be accepted or holds exactly
one bad id. Refused cells change nothing, so many share a world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, permutations, product

from conformance.model import Case, Collection, Dataset, Request, Source, Step, User, World
from conformance.oracle import selection_errors
from conformance.readings import fork
from conformance.tables.build import request_body

PEOPLE = {"alice": User("acme"), "bob": User("acme"), "carol": User(None), "dave": User("globex")}
SHELVES = {"shelf": Collection("Shelf", "bob", "acme"), "rack": Collection("Rack", "dave", None)}
REFUSED_TOGETHER = 120
ACCEPTED_TOGETHER = 12
VERIFIES = ("ATT-7", "ATT-2", "ATT-3", "ATT-4", "ATT-5", "PRO-3", "VIS-5", "VIS-4", "VIS-3", "VIS-2", "PRO-1", "ATO-1")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of dataset id, from one caller's place; ``dataset`` is None for an id that never existed."""

    name: str
    dataset: Dataset | None


def kinds(caller: str) -> tuple[Kind, ...]:
    """Every kind of id that the caller can name."""
    member = PEOPLE[caller].organization is not None
    owners: list[str | None] = [caller, "bob", "dave", None] if member else [caller, "dave", None]
    places: list[str | None] = [None, "acme", "globex"] if member else [None, "globex"]
    found = [Kind("unknown", None)]
    for owner, place, proprietary, shelved in product(owners, places, (False, True), (False, True)):
        if owner is None and place is None:
            continue
        shelf = ("shelf" if place == "acme" else "rack") if shelved else None
        name = f"{owner or 'nobody'}-{place or 'private'}{'-p' if proprietary else ''}{'-c' if shelved else ''}"
        found.append(Kind(name, Dataset(owner, place, shelf, proprietary)))
    return tuple(found)


def cells(caller: str) -> Iterator[tuple[Kind, ...]]:
    """Every multiset of up to three kinds."""
    every = kinds(caller)
    for size in range(4):
        yield from combinations_with_replacement(every, size)


def is_accepted_somewhere(caller: str, cell: Sequence[Kind]) -> bool:
    """Whether some reading accepts the selection (the name being free)."""
    if any(kind.dataset is None for kind in cell):
        return False
    world = _world({str(at): kind.dataset for at, kind in enumerate(cell) if kind.dataset})
    selected = [str(at) for at in range(len(cell))]
    return any(not errors for _, errors in fork(lambda reading: selection_errors(reading, world, caller, selected)))


def orders(caller: str, cell: tuple[Kind, ...]) -> list[tuple[Kind, ...]]:
    """The orders in which a cell is sent: all where its order could matter, else one."""
    alone = [_is_accepted_alone(caller, kind) for kind in cell]
    if alone.count(False) <= 1:
        return list(dict.fromkeys(permutations(cell)))
    return [cell]


@cache
def _is_accepted_alone(caller: str, kind: Kind) -> bool:
    return is_accepted_somewhere(caller, (kind,))


def cell_cases(source: Source) -> Iterator[Case]:
    """The whole space as cases."""
    for caller in ("alice", "carol"):
        refused: list[tuple[Kind, ...]] = []
        accepted: list[tuple[Kind, ...]] = []
        for cell in cells(caller):
            (accepted if is_accepted_somewhere(caller, cell) else refused).extend(orders(caller, cell))
        for number, at in enumerate(range(0, len(refused), REFUSED_TOGETHER), 1):
            yield _refused(caller, refused[at : at + REFUSED_TOGETHER], f"cel-{caller}-no-{number:03}", source)
        for number, at in enumerate(range(0, len(accepted), ACCEPTED_TOGETHER), 1):
            yield _accepted(caller, accepted[at : at + ACCEPTED_TOGETHER], f"cel-{caller}-yes-{number:03}", source)


def _refused(caller: str, these: Sequence[tuple[Kind, ...]], name: str, source: Source) -> Case:
    """Refusals in one world: a kind has as many rows as the widest cell needs, and they are used again."""
    datasets: dict[str, Dataset] = {}
    steps = []
    for number, cell in enumerate(these, 1):
        used: dict[str, int] = {}
        selected = []
        for kind in cell:
            used[kind.name] = used.get(kind.name, 0) + 1
            symbol = f"{kind.name}-{used[kind.name]}"
            selected.append(symbol)
            if kind.dataset is not None:
                datasets[symbol] = kind.dataset
        steps.append(_step(caller, number, selected))
    return _case(name, datasets, steps, source)


def _accepted(caller: str, these: Sequence[tuple[Kind, ...]], name: str, source: Source) -> Case:
    """Selections that may be accepted: each has rows of its own."""
    datasets: dict[str, Dataset] = {}
    steps = []
    for number, cell in enumerate(these, 1):
        selected = [f"s{number}-{at}-{kind.name}" for at, kind in enumerate(cell)]
        datasets.update({symbol: kind.dataset for symbol, kind in zip(selected, cell, strict=True) if kind.dataset})
        steps.append(_step(caller, number, selected))
    return _case(name, datasets, steps, source)


def _step(caller: str, number: int, selected: Sequence[str]) -> Step:
    body = request_body(f"Cell {number}", tuple(selected), with_ids=bool(selected))
    return Step((Request(caller, body, f"Bearer ${{{caller}}}", selected=tuple(selected)),))


def _world(datasets: dict[str, Dataset]) -> World:
    return World(("acme", "globex"), dict(PEOPLE), dict(SHELVES), datasets, {})


def _case(name: str, datasets: dict[str, Dataset], steps: list[Step], source: Source) -> Case:
    title = f"{len(steps)} cells of the selection space are answered as the outcome function permits"
    return Case(name, name, "generated", title, VERIFIES, _world(datasets), tuple(steps), source, sparing=True)
