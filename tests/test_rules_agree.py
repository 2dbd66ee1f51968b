"""The reference's rules and the oracle are two readings of the page: they agree on every cell and every name state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from conformance.body import Creation, Meaning
from conformance.cells import PEOPLE, SHELVES, Kind, cells, orders
from conformance.model import Collection, Dataset, Run, World
from conformance.oracle import permitted
from conformance.readings import DIMENSIONS, Reading
from reference_impl import rules

READING = Reading(
    {name: values[0] for name, values in DIMENSIONS.items()}
    | {"attach": "visible", "duplicate": "by-visibility", "moved_runs": "all", "runs_elsewhere": "move"}
)
USERS = {symbol: number for number, symbol in enumerate(PEOPLE, 1)}
ORGANIZATIONS: dict[str | None, int | None] = {None: None, "acme": 100, "globex": 200}
UNKNOWN = 999
NAME = "Bundle"


@pytest.mark.parametrize("caller", ["alice", "carol"])
def test_the_rules_agree_with_the_oracle_on_every_cell_and_order(caller: str) -> None:
    checked = 0
    for cell in cells(caller):
        for order in orders(caller, cell):
            _agree(caller, order, {})
            checked += 1
    assert checked > 2000


@pytest.mark.parametrize("caller", ["alice", "carol"])
def test_the_rules_agree_with_the_oracle_on_every_name_state(caller: str) -> None:
    member = PEOPLE[caller].organization is not None
    selections = [[], [Dataset(caller)], [Dataset(caller, "acme")], [Dataset(caller), Dataset(caller, "acme")]]
    owners: list[str | None] = [*PEOPLE, None]
    for rows, owner, place in product(selections, owners, (None, "acme", "globex")):
        if (owner is None and place is None) or (rows and not member and any(row.organization for row in rows)):
            continue
        kinds = [Kind(str(at), row) for at, row in enumerate(rows)]
        _agree(caller, kinds, {"old": Collection(NAME, owner, place)})
        _agree(caller, kinds, {"old": Collection("Other", owner, place)})


def _agree(caller: str, cell: Sequence[Kind], collections: dict[str, Collection]) -> None:
    datasets = {f"{at}-{kind.name}": kind.dataset for at, kind in enumerate(cell) if kind.dataset is not None}
    runs = {f"r-{symbol}-{owner}": Run(owner, symbol) for symbol in datasets for owner in (caller, "bob")}
    world = World(("acme", "globex"), PEOPLE, {**SHELVES, **collections}, datasets, runs)
    ids = {at + 1: symbol for at, symbol in enumerate(datasets)}
    numbers = tuple(ids) + ((UNKNOWN,) if len(datasets) < len(cell) else ())
    (outcome,) = permitted(
        READING, world, caller, True, Meaning(creations=(Creation(numbers, NAME),)), {**ids, UNKNOWN: None}
    )
    decision = _decide(caller, world, ids, numbers)
    if isinstance(decision, rules.Refusal):
        assert outcome.effect is None, (cell, decision)
        assert decision.status in outcome.statuses, (cell, decision, outcome)
        return
    assert outcome.effect is not None, (cell, outcome)
    named = dict(enumerate(runs, 1))
    assert decision.org_id == ORGANIZATIONS[outcome.effect.visibility]
    assert {ids[each] for each in decision.attached_datasets} == outcome.effect.attached
    assert {ids[each] for each in decision.promoted_datasets} == outcome.effect.promoted
    assert {named[each] for each in decision.moved_runs} == outcome.effect.moved
    assert {named[each] for each in decision.promoted_runs} == outcome.effect.promoted_runs


def _decide(caller: str, world: World, ids: dict[int, str], numbers: tuple[int, ...]) -> rules.Refusal | rules.Changes:
    me = rules.Caller(USERS[caller], ORGANIZATIONS[world.organization_of(caller)])
    symbols = {symbol: number for number, symbol in ids.items()}
    rows = [
        rules.Dataset(
            number,
            USERS.get(world.datasets[symbol].owner or ""),
            ORGANIZATIONS[world.datasets[symbol].organization],
            world.datasets[symbol].proprietary,
            1 if world.datasets[symbol].collection else None,
        )
        for number, symbol in ids.items()
    ]
    linked = [
        rules.Run(number, USERS.get(run.owner or ""), symbols[run.dataset or ""])
        for number, run in enumerate(world.runs.values(), 1)
    ]
    namesakes = [
        rules.Collection(USERS.get(row.owner or ""), ORGANIZATIONS[row.organization])
        for row in world.collections.values()
        if row.name == NAME
        and (row.owner == caller or (me.org_id is not None and ORGANIZATIONS[row.organization] == me.org_id))
    ]
    return rules.decide(me, NAME, set(numbers), rows, linked, namesakes)


def test_the_comparison_notices_a_difference() -> None:
    wrong = replace(Dataset("alice"), proprietary=True)
    with pytest.raises(AssertionError):
        original = rules.refuse_selection
        try:
            rules.refuse_selection = lambda *_: None  # type: ignore[assignment]
            _agree("alice", [Kind("catalog", wrong)], {})
        finally:
            rules.refuse_selection = original
