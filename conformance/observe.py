"""Which reads show a world, by whom, and in what order. Pure: a list of reads, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from conformance.model import Case, Collection, Dataset, ReadOp, Run, World

FEW = 5
"""Up to here every row of a kind is read; of more, as many evenly spread, and the last two."""
SPARING = 5
"""Rows of a kind that a sparing sweep reads at most, evenly spread."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read: the operation, the symbol it is about (empty for the list) and who asks."""

    op: ReadOp
    about: str
    who: str


def reader_of(world: World, row: Collection | Dataset | Run) -> str | None:
    """Who reads a row: its owner, or else the first member who may; None where nobody active may."""
    active = [symbol for symbol, user in world.users.items() if user.api_key == "active"]
    if row.owner in active:
        return row.owner
    return next((symbol for symbol in active if world.may_read(symbol, row)), None)


def before(case: Case) -> list[Read]:
    """The arranged world as its owners see it, and, where asked, its rows as a colleague and an outsider do."""
    rows = _rows(case.world, _sample(case.world.datasets), _sample(case.world.runs))
    return [*rows, *(_by_others(case.world) if case.everyone_reads else []), *_lists_of_owners(case.world)]


def _by_others(world: World) -> list[Read]:
    """Every dataset and run, by the first colleague of its reader and by the first outsider."""
    users = [(symbol, user.organization) for symbol, user in world.users.items() if user.api_key == "active"]
    kinds: list[tuple[ReadOp, Mapping[str, Dataset | Run]]] = [("dataset", world.datasets), ("run", world.runs)]
    reads = []
    for op, rows in kinds:
        for symbol, row in rows.items():
            reader = reader_of(world, row)
            home = world.users[reader].organization if reader else None
            if home:
                colleague = next((each for each, place in users if place == home and each != reader), None)
                outsider = next((each for each, place in users if place != home), None)
                reads += [Read(op, symbol, each) for each in (colleague, outsider) if each]
    return reads


def _lists_of_owners(world: World) -> list[Read]:
    readers = (reader_of(world, row) for row in world.collections.values())
    return [Read("collections", "", each) for each in dict.fromkeys(readers) if each]


def after_step(world: World, caller: str, selected: Sequence[str]) -> list[Read]:
    """What one request could have changed: the caller's collections, the selected rows and their runs."""
    datasets = [each for each in dict.fromkeys(selected) if each in world.datasets]
    runs = [symbol for symbol, run in world.runs.items() if run.dataset in datasets]
    active = world.users[caller].api_key == "active"
    return [*([Read("collections", "", caller)] if active else []), *_rows(world, _sample(datasets), _sample(runs))]


def sweep(case: Case, created: Sequence[str], attached: AbstractSet[str]) -> list[Read]:
    """The whole world at the end: every active user's list, every row.

    Where asked, everyone reads each collection, and a colleague and an outsider each row.
    Of many rows, what the last request named and did not get (a collection shows what it got), and a share of all.
    """
    world = case.world
    active = [symbol for symbol, user in world.users.items() if user.api_key == "active"]
    reads = [Read("collections", "", user) for user in active]
    if case.everyone_reads:
        reads += [Read("collection", each, user) for each in (*world.collections, *created) for user in active]
        reads += _by_others(world)
    datasets, runs = _named_last(case, attached)
    every = [*datasets, *_sample(world.datasets)], [*runs, *_sample(world.runs)]
    return [*reads, *_rows(world, *(dict.fromkeys(each) for each in every))]


def _named_last(case: Case, attached: AbstractSet[str]) -> tuple[list[str], list[str]]:
    """The datasets, where they are few, that the last step selected and that were not attached, and their runs."""
    selected = {symbol for request in case.steps[-1].requests for symbol in request.selected} - attached
    datasets = [symbol for symbol in case.world.datasets if symbol in selected] if len(selected) <= FEW else []
    return datasets, _sample(symbol for symbol, run in case.world.runs.items() if run.dataset in datasets)


def sparing_sweep(case: Case, attached: AbstractSet[str]) -> list[Read]:
    """The end of a case of many requests: every list, what the last request named and did not get, then a share of the
    runs and of the datasets in no list."""
    world = case.world
    reads = [Read("collections", "", symbol) for symbol, user in world.users.items() if user.api_key == "active"]
    hidden = [each for each in world.datasets if each not in attached]
    datasets, runs = _named_last(case, attached)
    share = [*datasets, *_spread(hidden)], [*runs, *_spread(list(world.runs))]
    return [*reads, *_rows(world, *(dict.fromkeys(each) for each in share))]


def _rows(world: World, datasets: Iterable[str], runs: Iterable[str]) -> list[Read]:
    reads = [(Read("dataset", each, who), who) for each in datasets if (who := reader_of(world, world.datasets[each]))]
    reads += [(Read("run", each, who), who) for each in runs if (who := reader_of(world, world.runs[each]))]
    return [read for read, _ in reads]


def _sample(symbols: Iterable[str]) -> list[str]:
    every = list(symbols)
    return every if len(every) <= FEW else list(dict.fromkeys([*every[:: -(-len(every) // FEW)], *every[-2:]]))


def _spread(symbols: list[str]) -> list[str]:
    stride = -(-len(symbols) // SPARING) or 1
    return symbols[(len(symbols) - 1) % stride :: stride]
