"""The tables and the oracle state the same rules independently: they must agree, under every reading.

Every case is walked without a target. A step's alternatives are held against ``oracle.permitted`` and the world
goes on with the oracle's effect, so a row is checked in the state that its own earlier requests leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, permutations

import pytest

from conformance.body import CLIENT_ERRORS, Meaning, interpret
from conformance.model import Binding, Case, Effect, Expectation, Outcome, Request, Step, World
from conformance.oracle import permitted
from conformance.readings import Reading, fork
from conformance.render import body_of, unknown_id
from conformance.tables import load_tables
from conformance.targets.provider_states import named

TOKEN = "tok"
ORDERED = 4
"""Of more racers than these not every order is tried, but every one comes first and last once."""

NARROWER_OR_WIDER: Mapping[str, str] = {
    "bod-m6b": "a lax parser may take raw control characters, which JSON forbids; the oracle reads JSON strictly",
    "aut-n9w": "a server may refuse a header that is not ASCII before anybody asks whose key it is",
    "bod-a8p": "a parser that passes over what is not JSON; the oracle's own parser does not",
    "bod-r4g": "a parser without a depth limit may take what the oracle's own parser gives up on",
    "nam-x2m": "which names that differ in case or form are equal is open; the oracle knows equal names only",
}
"""Row → why its table gives other statuses for an open body than the oracle does."""

CASES = [case for table in load_tables() for row in table.rows for case in row.cases]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_permits_what_the_oracle_permits(case: Case) -> None:
    ground = Ground.of(case)
    differences = [
        f"{case.source} {case.id}, under {dict(decided) or 'every reading'}, {difference}"
        for decided, found in fork(lambda reading: list(_walk(ground, reading)))
        for difference in found
    ]
    assert not differences, "\n" + "\n".join(differences)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_no_place_of_a_template_swallows_another(case: Case) -> None:
    ground = Ground.of(case)
    for request in (request for step in case.steps for request in step.requests):
        rendered = body_of(replace(request, encoding="utf-8"), ground.binding)
        assert b"${" not in rendered, f"{case.source} {case.id}: {request.body[:200]} became {rendered[:200]!r} …"


def test_the_exceptions_are_rows() -> None:
    assert set(NARROWER_OR_WIDER) <= {case.row for case in CASES}


# ---------------------------------------------------------------- the walk


@dataclass(frozen=True, slots=True)
class Ground:
    """A case whose symbols have ids, as if it had been arranged."""

    case: Case
    binding: Binding
    world: World
    ids: Mapping[int, str | None]

    @classmethod
    def of(cls, case: Case) -> Ground:
        """Ids from 1000 on; the names of arranged collections as they would be sent."""
        number = count(1000)
        datasets = {symbol: next(number) for symbol in case.world.datasets}
        ids: dict[int, str | None] = {unknown_id(f"unknown-{n}"): None for n in range(100)}
        ids |= {given: symbol for symbol, given in datasets.items()}
        collections = {
            symbol: replace(row, name=named(row.name, case, TOKEN)) for symbol, row in case.world.collections.items()
        }
        kinds = {
            kind: {symbol: next(number) for symbol in getattr(case.world, kind)}
            for kind in ("organizations", "users", "collections", "runs")
        }
        emails = {symbol: f"{symbol}@example.test" for symbol in case.world.users}
        return cls(
            case,
            Binding(TOKEN, datasets=datasets, emails=emails, **kinds),
            replace(case.world, collections=collections),
            ids,
        )


def _walk(ground: Ground, reading: Reading) -> Iterator[str]:
    """The differences of one case under one reading, up to the first step with two possible ends."""
    world = ground.world
    for at, step in enumerate(ground.case.steps):
        if step.races:
            yield from _race(ground, reading, world, at, step)
            return
        (request,) = step.requests
        outcomes = _by_oracle(ground, reading, world, request, step)
        applying = [each for each in step.expect if reading.allows(each.when)]
        if len(applying) != 1:
            yield f"step {at}: {len(applying)} alternatives apply"
            return
        yield from (f"step {at}: {each}" for each in _compare(ground.case, reading, applying[0], outcomes))
        accepted = [each for each in outcomes if each.effect is not None]
        if accepted and len(outcomes) > len(accepted):
            return
        if accepted:
            world = _after(ground, world, request, accepted[0], f"new-{at}-0")


def _by_oracle(ground: Ground, reading: Reading, world: World, request: Request, step: Step) -> list[Outcome]:
    meaning = _meaning(ground, request)
    open_scheme = step.open_point == "scheme-case"
    keys = (True, False) if open_scheme else (_authenticated(ground, request),)
    return [each for key in keys for each in permitted(reading, world, request.caller, key, meaning, ground.ids)]


def _authenticated(ground: Ground, request: Request) -> bool:
    own = request.credentials == f"Bearer ${{{request.caller}}}"
    return own and ground.case.world.users[request.caller].api_key == "active"


def _meaning(ground: Ground, request: Request) -> Meaning:
    return interpret(body_of(request, ground.binding), request.content_type, request.query)


def _after(ground: Ground, world: World, request: Request, outcome: Outcome, symbol: str) -> World:
    assert outcome.effect is not None
    name = _meaning(ground, request).creations[0].name or ""
    return world.after(outcome.effect, request.caller, symbol, name)


def _compare(case: Case, reading: Reading, table: Expectation, outcomes: Sequence[Outcome]) -> Iterator[str]:
    oracle = frozenset[int]().union(*(each.statuses for each in outcomes))
    if table.statuses != oracle and case.row not in NARROWER_OR_WIDER:
        yield f"the table permits {_shown(table.statuses)}, the oracle {_shown(oracle)}"
    if not table.advisory <= table.statuses:
        yield f"advisory {_shown(table.advisory)} are not among the permitted {_shown(table.statuses)}"
    effect = _effect(reading, table)
    for each in outcomes:
        if each.effect is not None and 201 in table.statuses and each.effect != effect:
            yield f"the table's effect is {effect}, the oracle's {each.effect}"


def _effect(reading: Reading, table: Expectation) -> Effect:
    promoted, moved, promoted_runs = (
        frozenset(each.symbol for each in members if reading.allows(each.when))
        for members in (table.promoted, table.moved, table.promoted_runs)
    )
    return Effect(table.visibility, frozenset(table.attached), promoted, moved, promoted_runs)


def _shown(statuses: frozenset[int]) -> str:
    any_4xx = statuses >= CLIENT_ERRORS
    each = [str(status) for status in sorted(statuses - CLIENT_ERRORS if any_4xx else statuses)]
    return "{" + ", ".join([*each, "4xx"] if any_4xx else each) + "}"


# ---------------------------------------------------------------- races


def _race(ground: Ground, reading: Reading, world: World, at: int, step: Step) -> Iterator[str]:
    """``succeed`` is what every serial order gives."""
    numbers = {_successes(ground, reading, world, order) for order in _orders(step.requests)}
    if step.succeed is not None and numbers != {step.succeed}:
        yield f"step {at}: the table lets {step.succeed} racers succeed, the oracle's serial orders {sorted(numbers)}"


def _orders(requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
    if len(requests) <= ORDERED:
        yield from permutations(requests)
        return
    for first in range(len(requests)):
        order = [*requests[first:], *requests[:first]]
        yield order
        yield order[::-1]


def _successes(ground: Ground, reading: Reading, world: World, order: Sequence[Request]) -> int:
    succeeded = 0
    for at, request in enumerate(order):
        meaning, key = _meaning(ground, request), _authenticated(ground, request)
        outcomes = permitted(reading, world, request.caller, key, meaning, ground.ids)
        if all(each.effect is not None for each in outcomes):
            succeeded += 1
            world = _after(ground, world, request, outcomes[0], f"new-0-{at}")
    return succeeded
