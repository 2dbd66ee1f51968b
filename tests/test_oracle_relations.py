"""Relations that the page's rules imply between requests, as laws of the oracle.

No law looks at how the oracle decides; each holds for every reading, world, caller and selection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

from conformance.body import interpret
from conformance.model import Collection, Dataset, Effect, Outcome, Run, User, World
from conformance.oracle import permitted
from conformance.readings import ALL_READINGS, Reading, full_reading

laws = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])

USERS = {
    "alice": User("acme"),
    "bob": User("acme"),
    "dave": User("globex"),
    "carol": User(None),
    "cody": User(None),
}
ORGANIZATIONS = ("acme", "globex")
NAMES = ("Quarterly", "Monthly")
FRESH = "Nobody's name"
UNKNOWN = 999

# ---------------------------------------------------------------- worlds and selections as values

owners = st.sampled_from([*USERS, None])
organizations = st.sampled_from([None, *ORGANIZATIONS])
collections = st.dictionaries(
    st.sampled_from(["old", "older", "oldest"]),
    st.builds(Collection, name=st.sampled_from(NAMES), owner=owners, organization=organizations),
)
readings = st.integers(0, len(ALL_READINGS) - 1).map(full_reading)
callers = st.sampled_from(["alice", "carol"])
names = st.sampled_from([*NAMES, FRESH, ""])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Mostly eligible datasets of the callers and their colleagues, with a few others among them."""
    mine = st.builds(Dataset, owner=st.sampled_from(["alice", "carol"]), organization=st.sampled_from([None, "acme"]))
    arranged = draw(collections)
    places = st.sampled_from([None, *arranged])
    anybodys = st.builds(
        Dataset, owner=owners, organization=organizations, collection=places, proprietary=st.booleans()
    )
    datasets = draw(st.lists(mine | mine | anybodys, max_size=5))
    symbols = [f"d{at}" for at in range(len(datasets))]
    linked = st.sampled_from([None, *symbols])
    runs = draw(
        st.lists(
            st.builds(Run, owner=owners, dataset=linked, organization=organizations, collection=places), max_size=4
        )
    )
    by_number = {f"r{at}": run for at, run in enumerate(runs)}
    return World(ORGANIZATIONS, USERS, arranged, dict(zip(symbols, datasets, strict=True)), by_number)


@st.composite
def situations(draw: st.DrawFn) -> tuple[World, list[str]]:
    """A world and a selection from it; once in a while with an id that never existed."""
    world = draw(worlds())
    known = st.lists(st.sampled_from(sorted(world.datasets)), unique=True) if world.datasets else st.just([])
    selected = draw(known)
    if draw(st.integers(0, 9)) == 9:
        selected.insert(draw(st.integers(0, len(selected))), "unknown")
    return world, selected


def number_of(symbol: str) -> int:
    return UNKNOWN if symbol == "unknown" else int(symbol.removeprefix("d")) + 1


def ask(reading: Reading, world: World, caller: str, selected: Iterable[str], name: str = FRESH) -> Outcome:
    """The outcome of one valid request, which is one: only odd bodies have several."""
    body = json.dumps({"name": name, "dataset_ids": [number_of(each) for each in selected] or None}).encode()
    ids: dict[int, str | None] = {number_of(symbol): symbol for symbol in world.datasets}
    (outcome,) = permitted(reading, world, caller, True, interpret(body), ids | {UNKNOWN: None})
    return outcome


def succeeds(outcome: Outcome) -> bool:
    return outcome.statuses == {201}


# ---------------------------------------------------------------- laws


@laws
@given(readings, situations(), callers, names, st.randoms())
def test_the_order_of_ids_changes_nothing(
    reading: Reading, situation: tuple[World, list[str]], caller: str, name: str, random: object
) -> None:
    world, selected = situation
    shuffled = sorted(selected, key=lambda _: random.random())  # type: ignore[attr-defined]
    ordered, permuted = (ask(reading, world, caller, each, name) for each in (selected, shuffled))
    assert (ordered.statuses, ordered.effect) == (permuted.statuses, permuted.effect)


@laws
@given(st.text())
def test_absent_is_null(name: str) -> None:
    absent, null = {"name": name}, {"name": name, "dataset_ids": None}
    assert interpret(json.dumps(absent).encode()) == interpret(json.dumps(null).encode())


@laws
@given(readings, situations(), callers)
def test_a_selection_succeeds_if_and_only_if_each_id_alone_does(
    reading: Reading, situation: tuple[World, list[str]], caller: str
) -> None:
    world, selected = situation
    assume(not any(_is_stale(world, caller, each) for each in selected))
    alone = [succeeds(ask(reading, world, caller, [each])) for each in selected]
    assert succeeds(ask(reading, world, caller, selected)) == all(alone)


def _is_stale(world: World, caller: str, symbol: str) -> bool:
    row = world.datasets.get(symbol)
    return row is not None and row.owner == caller and row.organization not in (None, world.organization_of(caller))


@laws
@given(readings, situations(), callers, st.data())
def test_visibility_is_a_join(
    reading: Reading, situation: tuple[World, list[str]], caller: str, data: st.DataObject
) -> None:
    world, selected = situation
    cut = data.draw(st.integers(0, len(selected)))
    whole, left, right = (ask(reading, world, caller, each) for each in (selected, selected[:cut], selected[cut:]))
    assume(whole.effect and left.effect and right.effect)
    assert _visibility(whole) == (_visibility(left) or _visibility(right))


def _visibility(outcome: Outcome) -> str | None:
    assert outcome.effect is not None
    return outcome.effect.visibility


@laws
@given(readings, situations(), callers, names)
def test_an_own_private_dataset_more_changes_neither_status_nor_visibility(
    reading: Reading, situation: tuple[World, list[str]], caller: str, name: str
) -> None:
    world, selected = situation
    larger = replace(world, datasets={**world.datasets, "d50": Dataset(owner=caller)})
    before = ask(reading, world, caller, selected, name)
    after = ask(reading, larger, caller, [*selected, "d50"], name)
    assert after.statuses == before.statuses
    if before.effect is not None:
        assert _visibility(after) == _visibility(before)


@laws
@given(readings, situations(), callers, names, st.data())
def test_a_failed_request_before_a_good_one_leaves_no_trace(
    reading: Reading, situation: tuple[World, list[str]], caller: str, name: str, data: st.DataObject
) -> None:
    world, selected = situation
    bad = data.draw(st.permutations([*selected, "unknown"])) if "unknown" not in selected else selected
    assert _played(reading, world, caller, [bad, selected], name) == _played(reading, world, caller, [selected], name)


def _played(reading: Reading, world: World, caller: str, requests: Sequence[Sequence[str]], name: str) -> World:
    for selected in requests:
        effect = ask(reading, world, caller, selected, name).effect
        world = world if effect is None else world.after(effect, caller, "new", name)
    return world


@laws
@given(readings, situations(), callers)
def test_repeating_a_success_is_refused(reading: Reading, situation: tuple[World, list[str]], caller: str) -> None:
    world, selected = situation
    first = ask(reading, world, caller, selected)
    assume(first.effect is not None)
    after = world.after(first.effect or Effect(None), caller, "new", FRESH)
    same, other_name = (ask(reading, after, caller, selected, name) for name in (FRESH, "Another name"))
    assert 400 in same.statuses and same.effect is None
    assert succeeds(other_name) == (not selected)


@laws
@given(readings, situations(), callers, names)
def test_new_names_for_everything_rename_the_result(
    reading: Reading, situation: tuple[World, list[str]], caller: str, name: str
) -> None:
    world, selected = situation
    last = len(world.datasets) - 1
    to = {f"d{at}": f"d{last - at}" for at in range(len(world.datasets))} | {"unknown": "unknown"}
    to |= {run: f"x{run}" for run in world.runs} | {each: f"x-{each}" for each in (*USERS, *world.collections)}
    to |= {"acme": "globex", "globex": "acme"}
    plain = ask(reading, world, caller, selected, name)
    renamed = ask(reading, _renamed(world, to), to[caller], [to[each] for each in selected], name)
    assert renamed.statuses == plain.statuses
    assert renamed.effect == (None if plain.effect is None else _effect_renamed(plain.effect, to))


T = TypeVar("T", User, Collection, Dataset, Run)


def _renamed(world: World, to: Mapping[str, str]) -> World:
    def rows(those: Mapping[str, T], *references: str) -> dict[str, T]:
        return {to[symbol]: replace(row, **_references(row, references)) for symbol, row in those.items()}

    def _references(row: object, fields: Iterable[str]) -> dict[str, str | None]:
        return {field: to.get(getattr(row, field)) for field in fields}

    return World(
        tuple(to[each] for each in world.organizations),
        rows(world.users, "organization"),
        rows(world.collections, "owner", "organization"),
        rows(world.datasets, "owner", "organization", "collection"),
        rows(world.runs, "owner", "organization", "collection", "dataset"),
    )


def _effect_renamed(effect: Effect, to: Mapping[str, str]) -> Effect:
    these = (effect.attached, effect.promoted, effect.moved, effect.promoted_runs)
    return Effect(to.get(effect.visibility or ""), *(frozenset(to[each] for each in rows) for rows in these))


@laws
@given(readings, situations(), callers, names)
def test_what_the_caller_cannot_see_changes_nothing(
    reading: Reading, situation: tuple[World, list[str]], caller: str, name: str
) -> None:
    world, selected = situation

    def seen(row: Collection | Dataset | Run) -> bool:
        return world.may_read(caller, row)

    datasets = {
        symbol: row if seen(row) else replace(row, proprietary=not row.proprietary)
        for symbol, row in world.datasets.items()
        if seen(row) or symbol in selected
    }
    runs = {symbol: row for symbol, row in world.runs.items() if seen(row) or row.dataset in selected}
    arranged = {symbol: row for symbol, row in world.collections.items() if seen(row)}
    without = replace(world, collections=arranged, datasets=datasets, runs=runs)
    before, after = (ask(reading, each, caller, selected, name) for each in (world, without))
    assert (before.statuses, before.effect) == (after.statuses, after.effect)


@pytest.mark.parametrize(
    ("caller", "shared", "promotes"),
    [("alice", False, False), ("alice", True, False), ("alice", True, True), ("carol", False, False)],
)
def test_the_laws_meet_successes_of_every_kind(caller: str, shared: bool, promotes: bool) -> None:
    """Worlds in which nothing succeeds would make every law true; raises NoSuchExample where none does."""

    def met(drawn: tuple[Reading, tuple[World, list[str]]]) -> bool:
        reading, (world, selected) = drawn
        effect = ask(reading, world, caller, selected).effect
        kind = effect and effect.attached and (effect.visibility is not None, bool(effect.promoted))
        return kind == (shared, promotes)

    patient = settings(max_examples=20_000, deadline=None, database=None, phases=[Phase.generate])
    find(st.tuples(readings, situations()), met, settings=patient, random=Random(0))
