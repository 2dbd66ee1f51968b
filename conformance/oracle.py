"""The outcome function: what the page permits, for a reading, a world, a caller and a body.

Written once for the harness, from the page; ``reference_impl/rules.py`` and the tables state the same
rules independently, and tests hold the three against one another.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.body import Creation, Meaning
from conformance.model import Effect, Outcome, Run, World
from conformance.readings import Reading


def permitted(
    reading: Reading, world: World, caller: str, authenticated: bool, body: Meaning, ids: Mapping[int, str | None]
) -> list[Outcome]:
    """Every permitted outcome of one request.

    ``ids`` maps the numbers in the body to dataset symbols; None is an id that never existed, and a number
    that is absent may be anybody's.
    """
    if not authenticated:
        unnamed = _BAD_REQUEST if any(each.name == "" for each in body.creations) else frozenset[int]()
        extreme = _EXTREME if any(_extreme(n, ids) for each in body.creations for n in each.ids) else frozenset[int]()
        return [Outcome(body.refusals | unnamed | extreme | {401}, because=("AUT-1",))]
    outcomes = [Outcome(body.refusals, because=("BOD-1", "BOD-2", "BOD-3"))] if body.refusals else []
    for creation in body.creations:
        outcomes.append(_of_creation(reading, world, caller, creation, ids))
    return outcomes


Broken = tuple[str, frozenset[int]]
"""A rule that the request breaks: the requirement, and the statuses that it may be refused with."""

_BAD_REQUEST = frozenset({400})
_NOT_FOUND = frozenset({404})
_EITHER = frozenset({400, 404})
_EXTREME = frozenset({400, 404, 422})

LARGEST_ID = 2**31 - 1
"""Larger numbers may be refused as they stand, unless the target itself gave them as ids."""


def _extreme(number: int, ids: Mapping[int, str | None]) -> bool:
    return ids.get(number) is None and not 1 <= number <= LARGEST_ID


def _of_creation(
    reading: Reading, world: World, caller: str, creation: Creation, ids: Mapping[int, str | None]
) -> Outcome:
    broken: list[Broken] = []
    selected: list[str] = []
    for number in creation.ids:
        symbol = ids.get(number)
        if symbol is not None:
            selected.append(symbol)
        elif _extreme(number, ids):
            broken.append(("BOD-3", _EXTREME))
        elif number in ids:
            broken.append(("ATT-4", _NOT_FOUND))
        else:
            broken.append(("ATT-5", _EITHER))
    broken += selection_errors(reading, world, caller, selected)
    organization = resulting_organization(world, caller, selected)
    if creation.name == "":
        broken.append(("NAM-1", _BAD_REQUEST))
    if creation.name is not None:
        broken += name_errors(reading, world, caller, creation.name, organization)
    if broken:
        statuses = frozenset[int]().union(*(each for _, each in broken))
        return Outcome(statuses, because=tuple(dict.fromkeys(rule for rule, _ in broken)))
    effect = effect_of(reading, world, caller, selected)
    return Outcome(frozenset({201}), effect, because=(_sharing_rule(effect),))


def _sharing_rule(effect: Effect) -> str:
    if not effect.attached:
        return "VIS-1"
    if effect.visibility is None:
        return "VIS-2"
    return "VIS-4" if effect.promoted else "VIS-3"


def selection_errors(reading: Reading, world: World, caller: str, selected: list[str]) -> list[Broken]:
    """Every rule that the selection breaks; empty when it is eligible."""
    mixed = resulting_organization(world, caller, selected) is not None
    broken: list[Broken] = []
    for symbol in selected:
        dataset = world.datasets[symbol]
        if mixed and dataset.organization is None and dataset.owner != caller:
            broken.append(("PRO-3", _EITHER))  # first: that nobody else sees it is so in any selection
    return broken + [each for symbol in selected for each in _dataset_errors(reading, world, caller, symbol)]


def _dataset_errors(reading: Reading, world: World, caller: str, symbol: str) -> list[Broken]:
    dataset = world.datasets[symbol]
    organization = world.organization_of(caller)
    broken: list[Broken] = []
    if not world.may_read(caller, dataset) or (dataset.owner != caller and not _may_attach(reading, dataset.owner)):
        broken.append(("ATT-5", _EITHER))
    if dataset.proprietary:
        broken.append(("ATT-2", _EITHER))
    if dataset.collection is not None:
        broken.append(("ATT-6" if dataset.collection.startswith("new-") else "ATT-3", _EITHER))
    if organization is None and dataset.organization is not None:
        broken.append(("VIS-5", _BAD_REQUEST))
    stale = dataset.owner == caller and dataset.organization not in (None, organization)
    if stale and organization is not None and reading["stale_org"] == "refuse":
        broken.append(("ATT-7", _EITHER))
    return broken


def _may_attach(reading: Reading, owner: str | None) -> bool:
    """Whether a visible dataset of somebody else (or of nobody) may be attached: "your datasets"."""
    attach = reading["attach"]
    return attach in ("visible", "own-and-org-only") if owner is None else attach in ("visible", "owned")


def resulting_organization(world: World, caller: str, selected: list[str]) -> str | None:
    """Sharing rules, bullets 1 to 3: the caller's organization as soon as one selected dataset has it."""
    organization = world.organization_of(caller)
    shared = organization is not None and any(world.datasets[each].organization == organization for each in selected)
    return organization if shared else None


def name_errors(reading: Reading, world: World, caller: str, name: str, organization: str | None) -> list[Broken]:
    """Error responses, 400: "duplicate name for your account or organization"."""
    if any(each.owner == caller and each.name == name for each in world.collections.values()):
        return [("NAM-2", _BAD_REQUEST)]
    mine = world.organization_of(caller)
    in_organization = mine is not None and any(
        each.organization == mine and each.name == name for each in world.collections.values()
    )
    taken = in_organization and (organization is not None or reading["duplicate"] == "both")
    return [("NAM-3", _BAD_REQUEST)] if taken else []


def effect_of(reading: Reading, world: World, caller: str, selected: list[str]) -> Effect:
    """What a 201 changes: attachment, promotion, moved and promoted runs."""
    organization = resulting_organization(world, caller, selected)
    promoted = frozenset(
        each for each in selected if organization is not None and world.datasets[each].organization is None
    )
    linked = {symbol: run for symbol, run in world.runs.items() if run.dataset in selected}
    reach = selected if _whole_selection(reading, world, caller, linked, promoted, organization) else promoted
    return Effect(
        visibility=organization,
        attached=frozenset(selected),
        promoted=promoted,
        moved=frozenset(symbol for symbol, run in linked.items() if _moves(reading, world, caller, run)),
        promoted_runs=frozenset(
            symbol for symbol, run in linked.items() if organization and run.owner == caller and run.dataset in reach
        ),
    )


def _whole_selection(
    reading: Reading,
    world: World,
    caller: str,
    linked: Mapping[str, Run],
    promoted: frozenset[str],
    organization: str | None,
) -> bool:
    """Whether my runs on the datasets that were already shared are promoted, too (asked only where there are some)."""
    if not promoted:
        return False
    differs = any(
        run.owner == caller and run.dataset not in promoted and run.organization != organization
        for run in linked.values()
    )
    return differs and reading["run_promotion"] == "selection"


def _moves(reading: Reading, world: World, caller: str, run: Run) -> bool:
    if run.owner != caller:
        moved = reading["moved_runs"]
        if moved == "mine" or (moved == "visible" and not world.may_read(caller, run)):
            return False
    return run.collection is None or reading["runs_elsewhere"] == "move"
