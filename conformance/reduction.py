"""A part of a drawn case, named so that it can be made again from its name alone: ``seq-003@2,5[0,2]&r4``.

Here the requests 2 and 5 (counted from 0) are sent, the latter with its first and third dataset; of the rows that
neither needs, only ``r4`` is arranged. ``@0-5&all`` is the beginning of a case, with every row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from conformance.model import Case, Collection, Dataset, Request, Run, Step, World

MARK = "@"
EVERY_ROW = ("all",)
READ_IN_FULL = 3
"""Up to so many requests, everything is read back after each, as for a table row; and where all are sent again."""
_NAME = re.compile(r"(?P<case>[^@&]+)@(?P<steps>[^&]+)(?:&(?P<rows>.+))?")
_STEP = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+)|\[(?P<ids>[\d,-]*)\])?")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that is still sent, and the places of the datasets that it still selects."""

    step: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is left of a case. ``rows`` are those that stay though no request needs them; or EVERY_ROW."""

    case: str
    steps: tuple[Kept, ...]
    rows: tuple[str, ...] = EVERY_ROW

    def name_in(self, case: Case) -> str:
        """The id of the reduced case."""
        rows = "&" + ",".join(self.rows) if self.rows else ""
        return self.case + MARK + ",".join(_steps_named(self.steps, case)) + rows


def beginning(case: Case, length: int) -> Reduction:
    """The first requests of a case, with every row."""
    return Reduction(case.id, tuple(Kept(at, tuple(range(_selects(case, at)))) for at in range(length)))


def reduction_of(name: str, case: Case) -> Reduction:
    """The reduction with this id; ValueError where the id is none of this case's."""
    match = _NAME.fullmatch(name)
    if match is None or match["case"] != case.id:
        raise ValueError(f"{name} is no part of {case.id}")
    steps: list[Kept] = []
    for part in re.split(r",(?![^\[]*\])", match["steps"]):
        if (found := _STEP.fullmatch(part)) is None:
            raise ValueError(f"{name}: {part} is no request")
        first = int(found["first"])
        for at in range(first, int(found["last"] or first) + 1):
            if at >= len(case.steps):
                raise ValueError(f"{name}: {case.id} has no request {at}")
            ids = found["ids"]
            steps.append(Kept(at, tuple(range(_selects(case, at))) if ids is None else _numbers(ids)))
    if not steps:
        raise ValueError(f"{name} has no request")
    return Reduction(case.id, tuple(steps), tuple(match["rows"].split(",")) if match["rows"] else ())


def reduced(case: Case, reduction: Reduction) -> Case:
    """The case that is left, under the reduction's id; ValueError where the reduction is none of this case's."""
    name = reduction.name_in(case)
    try:
        steps = tuple(_step(case.steps[kept.step], kept.ids) for kept in reduction.steps)
    except IndexError:
        raise ValueError(f"{name} is no part of {case.id}") from None
    return replace(
        case,
        id=name,
        row=name,
        title=f"{len(steps)} of the requests of {case.id} are answered as the outcome function permits",
        world=_world(case.world, steps, reduction.rows),
        steps=steps,
        sparing=READ_IN_FULL < len(steps) < len(case.steps),
    )


def smaller(case: Case, reduction: Reduction) -> Iterator[Reduction]:
    """Parts of a reduction, one fact less or many: earlier requests, ids, rows that no request needs."""
    *earlier, last = reduction.steps
    spare = _spare(case, reduction)
    yield replace(reduction, steps=(last,), rows=())
    yield replace(reduction, rows=())
    for steps in _parts(tuple(earlier)):
        yield replace(reduction, steps=(*steps, last))
    if len(reduction.steps) <= READ_IN_FULL:
        for at, kept in enumerate(reduction.steps):
            for ids in _parts(kept.ids):
                steps = (*reduction.steps[:at], replace(kept, ids=ids), *reduction.steps[at + 1 :])
                yield replace(reduction, steps=steps)
    for rows in _parts(spare):
        yield replace(reduction, rows=rows)


def size(case: Case, reduction: Reduction) -> tuple[int, int, int]:
    """What makes one reduction smaller than another: requests, then ids, then rows that no request needs."""
    ids = sum(len(kept.ids) for kept in reduction.steps)
    return len(reduction.steps), ids, len(_spare(case, reduction))


# ---------------------------------------------------------------- names


def _selects(case: Case, at: int) -> int:
    return len(case.steps[at].requests[0].selected)


def _steps_named(steps: Sequence[Kept], case: Case) -> Iterator[str]:
    """Requests that keep all their ids and follow one another are named together."""
    whole: list[int] = []
    for kept in steps:
        if _is_whole(kept, case):
            whole.append(kept.step)
            continue
        yield from _ranges(whole)
        whole = []
        yield f"{kept.step}[{','.join(_ranges(kept.ids))}]"
    yield from _ranges(whole)


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    """Numbers as text, those that follow one another as ``2-5``."""
    at = 0
    while at < len(numbers):
        end = at
        while end + 1 < len(numbers) and numbers[end + 1] == numbers[end] + 1:
            end += 1
        yield str(numbers[at]) if end == at else f"{numbers[at]}-{numbers[end]}"
        at = end + 1


def _numbers(ranges: str) -> tuple[int, ...]:
    found: list[int] = []
    for each in filter(None, ranges.split(",")):
        first, _, last = each.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _is_whole(kept: Kept, case: Case) -> bool:
    return kept.ids == tuple(range(_selects(case, kept.step)))


# ---------------------------------------------------------------- what is left


def _step(step: Step, ids: Sequence[int]) -> Step:
    (request,) = step.requests
    return replace(step, requests=(_request(request, ids),))


def _request(request: Request, ids: Sequence[int]) -> Request:
    """The request with some of its datasets; the list is left out where none is left."""
    if len(ids) == len(request.selected):
        return request
    selected = tuple(request.selected[at] for at in ids)
    before, after = (", ".join(f"${{{each}}}" for each in symbols) for symbols in (request.selected, selected))
    listed, left = (f', "dataset_ids": [{each}]' if each else "" for each in (before, after))
    return replace(request, body=request.body.replace(listed, left), selected=selected)


def _world(world: World, steps: Iterable[Step], rows: Sequence[str]) -> World:
    """The rows that the requests need and those that are kept beside them, with what these refer to."""
    if rows == EVERY_ROW:
        return world
    requests = [request for step in steps for request in step.requests]
    kept = {symbol for request in requests for symbol in request.selected} | set(rows)
    runs = {symbol: row for symbol, row in world.runs.items() if symbol in kept}
    kept |= {row.dataset for row in runs.values() if row.dataset}
    datasets = {symbol: row for symbol, row in world.datasets.items() if symbol in kept}
    kept |= {row.collection for row in runs.values() if row.collection}
    kept |= {row.collection for row in datasets.values() if row.collection}
    collections = {symbol: row for symbol, row in world.collections.items() if symbol in kept}
    those: list[Collection | Dataset | Run] = [*runs.values(), *datasets.values(), *collections.values()]
    people = kept | {request.caller for request in requests} | {row.owner for row in those if row.owner}
    people |= set(_readers(world, those, people))
    users = {symbol: user for symbol, user in world.users.items() if symbol in people}
    places = {user.organization for user in users.values()} | {row.organization for row in those}
    return World(tuple(sorted(each for each in places if each)), users, collections, datasets, runs)


def _readers(world: World, rows: Iterable[Collection | Dataset | Run], people: set[str]) -> Iterator[str]:
    """A member for each org-only row, as the tables give them."""
    for row in rows:
        members = [symbol for symbol, user in world.users.items() if user.organization == row.organization]
        if row.owner is None and members and not people & set(members):
            yield members[0]


def _spare(case: Case, reduction: Reduction) -> tuple[str, ...]:
    """The rows and people that are there though no request needs them."""
    needed = _symbols(reduced(case, replace(reduction, rows=())).world)
    return tuple(each for each in _symbols(reduced(case, reduction).world) if each not in set(needed))


def _symbols(world: World) -> list[str]:
    return [*world.runs, *world.datasets, *world.collections, *world.users]


def _parts(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Smaller parts of some items: none, then all without a half, a quarter, an eighth, one."""
    number = len(items)
    if number:
        yield ()
    for chunk in dict.fromkeys((number // 2, number // 4, number // 8, int(1 < number <= 8))):
        for at in range(0, number if chunk else 0, chunk or 1):
            yield items[:at] + items[at + chunk :]
