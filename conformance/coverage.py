"""The coverage matrix: which shapes of request the rows of each requirement hold, computed from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conformance.model import Case, Request, Step, World
from conformance.tables import Table
from conformance.tables.build import UNKNOWN

Matrix = Mapping[str, Mapping[str, int]]
"""Requirement → shape → how many rows have it; the expansions of a row count once."""


def matrix(tables: Iterable[Table]) -> dict[str, dict[str, int]]:
    """The matrix of the tables."""
    found: dict[str, dict[str, int]] = {}
    for table in tables:
        for row in table.rows:
            shapes = {shape for case in row.cases if case.twin_of is None for shape in shapes_of(case)}
            shapes |= {"accepted-twin"} if row.has_twin else set()
            for requirement in row.verifies:
                for shape in shapes:
                    line = found.setdefault(requirement, {})
                    line[shape] = line.get(shape, 0) + 1
    return found


def shapes_of(case: Case) -> Iterator[str]:
    """Every shape that a case has."""
    for at, step in enumerate(case.steps):
        yield "race" if step.races else "one-request"
        if at:
            yield "later-request"
            if any(earlier.only_refusals for earlier in case.steps[:at]):
                yield "after-a-refusal"
        if not step.races:
            yield "refused" if step.only_refusals else "accepted"
        for request in step.requests:
            yield from _request_shapes(case.world, request, step)
    yield from _run_shapes(case.world)


def _request_shapes(world: World, request: Request, step: Step) -> Iterator[str]:
    member = world.organization_of(request.caller) is not None
    yield "member" if member else "no-organization"
    yield _size(len(request.selected))
    kinds = [_kind(world, request.caller, symbol) for symbol in request.selected]
    yield from set(kinds)
    for kind in set(kinds) - {"own-private"}:
        if len(kinds) > 1 and kinds.count(kind) == 1:
            yield f"{kind}-{_position(kinds.index(kind), len(kinds))}"
        elif len(kinds) == 1:
            yield f"{kind}-alone"
    if step.only_refusals and request.credentials != f"Bearer ${{{request.caller}}}":
        yield "odd-credentials"


def _size(number: int) -> str:
    names = {0: "none", 1: "one", 2: "two", 3: "three"}
    return names.get(number) or ("hundred" if number >= 100 else "dozen" if number >= 9 else "several")


def _position(at: int, of: int) -> str:
    return "first" if at == 0 else "last" if at == of - 1 else "middle"


def _kind(world: World, caller: str, symbol: str) -> str:
    """What a selected dataset is to its caller."""
    if UNKNOWN.fullmatch(symbol):
        return "unknown"
    row, mine = world.datasets[symbol], world.organization_of(caller)
    if row.proprietary:
        return "proprietary"
    if row.collection is not None:
        return "taken"
    if row.organization is None:
        return "own-private" if row.owner == caller else "others-private"
    if row.organization != mine:
        return "stale" if row.owner == caller else "others-organization"
    if row.owner is None:
        return "org-only"
    if row.owner == caller:
        return "own-shared"
    return "colleagues-shared" if world.organization_of(row.owner) == mine else "former-members"


def _run_shapes(world: World) -> Iterator[str]:
    for run in world.runs.values():
        if run.dataset is None:
            yield "run-without-dataset"
        elif run.collection is not None and world.datasets[run.dataset].collection != run.collection:
            yield "run-elsewhere"
        else:
            yield "org-only-run" if run.owner is None else "run-on-dataset"
        if run.dataset and run.owner != world.datasets[run.dataset].owner:
            yield "run-of-another"
    if len(world.runs) > 2:
        yield "several-runs"
