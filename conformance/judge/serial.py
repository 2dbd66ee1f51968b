"""CON-3: which states some serial order of racing requests leads to, given how each was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.body import Meaning
from conformance.model import Effect, World
from conformance.oracle import permitted
from conformance.readings import Reading

MOST_ENDS = 16
MOST_ORDERED = 6
"""Of more successes than these only the given order is tried: they are disjoint, or the oracle says so."""


@dataclass(frozen=True, slots=True)
class Racing:
    """One racer: who asked for what, how it was answered, and what its collection would be called."""

    caller: str
    authenticated: bool
    meaning: Meaning
    status: int
    created: str
    name: str


@dataclass(frozen=True, slots=True)
class End:
    """A state after all, and each success' effect by the created collection's symbol."""

    state: World
    effects: Mapping[str, Effect]


def ends(reading: Reading, world: World, racers: Sequence[Racing], ids: Mapping[int, str | None]) -> list[End]:
    """The distinct states that serial orders explain; none when no order does."""
    successes = [each for each in racers if each.status == 201]
    refusals = frozenset(each.created for each in racers if each.status != 201)
    by_name = {each.created: each for each in racers}
    found: dict[tuple[tuple[str, str], ...], End] = {}

    def explained(state: World, open_refusals: frozenset[str]) -> frozenset[str]:
        return frozenset(each for each in open_refusals if not _refused(reading, state, by_name[each], ids))

    def walk(state: World, left: list[Racing], effects: dict[str, Effect], unexplained: frozenset[str]) -> None:
        if len(found) >= MOST_ENDS:
            return
        unexplained = explained(state, unexplained)
        if not left:
            if not unexplained:
                key = tuple(sorted((created, repr(effect)) for created, effect in effects.items()))
                found.setdefault(key, End(state, effects))
            return
        for racer in left if len(successes) <= MOST_ORDERED else left[:1]:
            effect = _accepted(reading, state, racer, ids)
            if effect is not None:
                after = state.after(effect, racer.caller, racer.created, racer.name)
                walk(
                    after, [each for each in left if each is not racer], {**effects, racer.created: effect}, unexplained
                )

    walk(world, successes, {}, refusals)
    return list(found.values())


def _accepted(reading: Reading, state: World, racer: Racing, ids: Mapping[int, str | None]) -> Effect | None:
    outcomes = permitted(reading, state, racer.caller, racer.authenticated, racer.meaning, ids)
    return next((each.effect for each in outcomes if 201 in each.statuses), None)


def _refused(reading: Reading, state: World, racer: Racing, ids: Mapping[int, str | None]) -> bool:
    """Whether this state explains the refusal; which 4xx a racer that loses gets is open."""
    if not 400 <= racer.status < 500:
        return False
    outcomes = permitted(reading, state, racer.caller, racer.authenticated, racer.meaning, ids)
    return any(each.effect is None for each in outcomes)
