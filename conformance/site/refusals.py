"""Refusals by status: for each rule the first request of the tables that breaks it, as a command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.body import interpret
from conformance.model import Binding, Case, Outcome, Request, World
from conformance.oracle import permitted as outcomes_permitted
from conformance.readings import Reading, fork
from conformance.render import body_of, path_of, unknown_id
from conformance.site.sources import Sources, own_cases
from conformance.site.words import statuses_words, symbols, world_words
from conformance.tables.build import UNKNOWN

STATUSES = (400, 401, 404, 422)
SHOWN = 400
"""Longer bodies are not shown as a command."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule, the statuses that breaking it may get, and requests that break it in a world."""

    rule: str
    row: str
    statuses: tuple[int, ...]
    advisory: tuple[int, ...]
    sometimes: tuple[int, ...]
    """Statuses that other scenarios of the rule permit, in cases that it names."""
    words: str
    world: tuple[str, ...]
    ids: str
    commands: tuple[str, ...]

    def mark(self, status: int) -> str:
        """How the status is permitted: yes, as an advisory, in some cases, or not."""
        if status not in self.statuses:
            return "some" if status in self.sometimes else ""
        return "advisory" if status in self.advisory else "yes"


def refusals(sources: Sources) -> tuple[Refusal, ...]:
    """One for each requirement that refuses something, in the catalogue's order."""
    found = []
    for name in sources.catalogue.requirements:
        cases = [own_cases(row)[0] for row in sources.rows_of[name] if row.verifies[0] == name]
        refused = [(case, at) for case in cases if (at := _refused_at(name, case)) is not None]
        permitted = {status for case, at in refused for status in case.steps[at].expect[0].statuses}
        examples = (_example(name, case, at, permitted) for case, at in refused)
        found.append(next((each for each in examples if max(map(len, each.commands)) <= SHOWN), None))
    return tuple(each for each in found if each)


def _refused_at(rule: str, case: Case) -> int | None:
    """The first step that is refused, if the oracle refuses it for the rule under every reading."""
    at = next((at for at, step in enumerate(case.steps) if step.only_refusals), None)
    if at is None or any(step.races for step in case.steps[: at + 1]) or len(case.steps[at].expect) > 1:
        return None
    walks = fork(lambda reading: _walk(reading, case, at))
    reasons = {each[:3] for _, outcome in walks for each in outcome.because}
    return None if rule[:3] not in reasons or any(201 in outcome.statuses for _, outcome in walks) else at


def _example(rule: str, case: Case, at: int, permitted: set[int]) -> Refusal:
    requests = [step.requests[0] for step in case.steps[: at + 1]]
    ids = _ids(case.world, requests)
    expect = case.steps[at].expect[0]
    return Refusal(
        rule=rule,
        row=case.row,
        statuses=tuple(sorted(expect.statuses)),
        advisory=tuple(sorted(expect.advisory)),
        sometimes=tuple(sorted(permitted - expect.statuses)),
        words=statuses_words(expect.statuses, expect.advisory),
        world=world_words(case.world),
        ids=", ".join(f"{symbols([symbol])} is {number}" for symbol, number in ids.items()),
        commands=tuple(curl(each, case.world) for each in requests),
    )


def _walk(reading: Reading, case: Case, last: int) -> Outcome:
    """The oracle's outcome of the step, each earlier request having succeeded."""
    world = case.world
    for at, step in enumerate(case.steps[: last + 1]):
        (request,) = step.requests
        body = interpret(body_of(_plain(request), _binding(world)), request.content_type, request.query)
        ids = {number: _row(symbol) for symbol, number in {**_numbers(world), **_ids(world, [request])}.items()}
        outcome = outcomes_permitted(reading, world, request.caller, _key_works(request, world), body, ids)[0]
        if outcome.effect is None:
            return outcome
        world = world.after(outcome.effect, request.caller, f"new-{at}", body.creations[0].name or "")
    return outcome


def _row(symbol: str) -> str | None:
    return None if UNKNOWN.fullmatch(symbol) else symbol


def _key_works(request: Request, world: World) -> bool:
    active = world.users[request.caller].api_key == "active"
    return active and request.credentials == f"Bearer ${{{request.caller}}}"


def _numbers(world: World) -> dict[str, int]:
    """Ids for the datasets of the world: 1, 2, …."""
    return {symbol: at for at, symbol in enumerate(world.datasets, 1)}


def _ids(world: World, requests: list[Request]) -> dict[str, int]:
    """The ids of what the requests name; one that never existed is far from the others."""
    numbers = _numbers(world)
    named = dict.fromkeys(symbol for request in requests for symbol in request.selected)
    return {symbol: numbers.get(symbol) or unknown_id(symbol) for symbol in named}


def _binding(world: World) -> Binding:
    return Binding(
        token="",
        organizations={symbol: at for at, symbol in enumerate(world.organizations, 1)},
        users={symbol: at for at, symbol in enumerate(world.users, 1)},
        emails={symbol: f"{symbol}@example.com" for symbol in world.users},
        datasets=_numbers(world),
        runs={symbol: at for at, symbol in enumerate(world.runs, 1)},
    )


def _plain(request: Request) -> Request:
    """The request without the case's token in its name."""
    return replace(request, body=request.body.replace(" ${@}", ""))


def curl(request: Request, world: World) -> str:
    """The request as a command; keys and the base URL stand in the environment."""
    parts = ["curl", "-i", "-X", "POST", '"$BASE_URL"' + shlex.quote(path_of(request, _binding(world)))]
    parts += [part for part in _authorization(request, world) if part]
    if request.content_type is not None:
        parts += ["-H", shlex.quote(f"Content-Type: {request.content_type}")]
    body = body_of(_plain(request), _binding(world)).decode("utf-8", "backslashreplace")
    return " ".join([*parts, "--data-binary", shlex.quote(body)])


def _authorization(request: Request, world: World) -> Iterator[str]:
    if request.credentials is None:
        return
    key = "$REVOKED_KEY" if world.users[request.caller].api_key == "revoked" else "$API_KEY"
    yield "-H"
    yield f'"Authorization: {request.credentials.replace(f"${{{request.caller}}}", key)}"'
