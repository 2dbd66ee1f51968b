"""A drawn case as a table row that can be pasted into ``scenarios/``: what the oracle permits, in the tables' words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import yaml

from conformance.body import interpret
from conformance.marks import token_of
from conformance.model import Binding, Case, Effect, Request, World
from conformance.oracle import permitted
from conformance.readings import DIMENSIONS, Partial, Reading, fork
from conformance.render import FIRST_UNKNOWN, body_of
from conformance.smallest import Part

TOKEN = "token"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What may come back: statuses, and what a 201 does."""

    statuses: frozenset[int]
    effect: Effect | None


def smallest_text(part: Part | None) -> str:
    """What a failure text ends with: the row that the smallest failing part is; nothing where none was found."""
    if part is None:
        return ""
    return f"\n  smallest  breaks {part.rules[0]}, too; as a row for scenarios/:\n{row_text(part.case, part.rules[0])}"


def row_text(case: Case, rule: str) -> str:
    """The row as YAML, ready for a table: what ``case`` does, as a check of ``rule``."""
    many = len(case.steps)
    what = f"{many} drawn requests of {_people(case)} are" if many > 1 else f"a drawn request of {_people(case)} is"
    lines = [
        f"- id: seq-{token_of('row', case.id)[-4:]}",
        f"  title: {what} answered as the page permits",
        f"  verifies: [{rule}]",
        f"  world: {_flow(_world(case))}",
        "  steps:",
    ]
    steps = [_step(case, at) for at in range(len(case.steps))]
    lines += [f"  - {_flow(step)}" for step in steps]
    if all(_refuses(each["expect"]) for each in steps) and (twin := _twin(case)):
        lines.append(f"  twin: {_flow(twin)}")
    return "\n".join(lines)


def _people(case: Case) -> str:
    *others, last = dict.fromkeys(step.requests[0].caller for step in case.steps)
    return f"{', '.join(others)} and {last}" if others else last


class _Plain(yaml.SafeDumper):
    """Without anchors: those of two rows in one table would be the same."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _flow(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Plain, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return text.strip()


# ---------------------------------------------------------------- world and requests


def _world(case: Case) -> dict[str, Any]:
    world = case.world
    rows: list[Any] = [*world.collections.values(), *world.datasets.values(), *world.runs.values()]
    named = {row.owner for row in rows} | {step.requests[0].caller for step in case.steps}
    found: dict[str, Any] = {"users": [each for each in world.users if each not in named]}
    for kind in ("collections", "datasets", "runs"):
        found[kind] = {symbol: _facts(row) for symbol, row in getattr(world, kind).items()}
    return {kind: rows for kind, rows in found.items() if rows}


def _facts(row: Any) -> dict[str, Any]:
    """What is not the default; the owner always."""
    return {key: value for key, value in asdict(row).items() if key == "owner" or value not in (None, False)}


def _step(case: Case, at: int) -> dict[str, Any]:
    (request,) = case.steps[at].requests
    body = interpret(body_of(request, _binding(case.world)))
    name = next(each.name or "" for each in body.creations).removesuffix(f" {TOKEN}")
    listed = None if '"dataset_ids": null' in request.body else list(request.selected)
    ids = {"datasets": listed} if "dataset_ids" in request.body else {}
    return {"caller": request.caller, "name": name, **ids, "expect": _expect(case, at)}


# ---------------------------------------------------------------- what is expected


def _expect(case: Case, at: int) -> Any:
    alternatives = [
        {**({"when": when} if when else {}), **_expectation(case, at, answer)}
        for when, answer in _alternatives(fork(lambda reading: _answers(case, reading)[at]), tuple(DIMENSIONS))
    ]
    return alternatives[0] if len(alternatives) == 1 else alternatives


def _expectation(case: Case, at: int, answer: _Answer) -> dict[str, Any]:
    statuses, effect = sorted(answer.statuses), answer.effect
    found: dict[str, Any] = {"status": statuses[0] if len(statuses) == 1 else statuses}
    if effect is not None:
        found["visibility"] = effect.visibility or "private"
        for field in ("promoted", "moved", "promoted_runs"):
            if symbols := getattr(effect, field):
                found[field] = sorted(symbols)
    return found


def _answers(case: Case, reading: Reading) -> list[_Answer]:
    """What may come back to each request under a reading, each in the state that the ones before leave."""
    binding = _binding(case.world)
    ids: dict[int, str | None] = {FIRST_UNKNOWN + number: None for number in range(100)}
    ids |= {number: symbol for symbol, number in binding.datasets.items()}
    named = {symbol: replace(row, name=f"{row.name} {TOKEN}") for symbol, row in case.world.collections.items()}
    world = replace(case.world, collections=named)
    found = []
    for at, step in enumerate(case.steps):
        (request,) = step.requests
        body = interpret(body_of(request, binding))
        outcomes = permitted(reading, world, request.caller, True, body, ids)
        effect = next((each.effect for each in outcomes if each.effect), None)
        found.append(_Answer(frozenset[int]().union(*(each.statuses for each in outcomes)), effect))
        if effect is not None:
            world = world.after(effect, request.caller, f"new-{at}-0", body.creations[0].name or "")
    return found


def _binding(world: World) -> Binding:
    return Binding(TOKEN, datasets={symbol: number for number, symbol in enumerate(world.datasets, 1)})


Leaves = Sequence[tuple[Partial, _Answer]]
When = Mapping[str, list[str]]


def _alternatives(leaves: Leaves, dimensions: Sequence[str]) -> list[tuple[When, _Answer]]:
    """The same answers with as few conditions as this order of the dimensions allows."""
    if len({answer for _, answer in leaves}) == 1:
        return [({}, leaves[0][1])]
    name, *rest = dimensions
    groups: list[tuple[list[str], list[tuple[When, _Answer]]]] = []
    for value in DIMENSIONS[name]:
        under = _alternatives([each for each in leaves if dict(each[0]).get(name, value) == value], rest)
        same = next((values for values, known in groups if known == under), None)
        if same is None:
            groups.append(([value], under))
        else:
            same.append(value)
    if len(groups) == 1:
        return groups[0][1]
    return [({name: values, **when}, answer) for values, under in groups for when, answer in under]


# ---------------------------------------------------------------- the accepted twin


def _refuses(expect: Any) -> bool:
    alternatives = expect if isinstance(expect, list) else [expect]
    return all(each["status"] != 201 and "visibility" not in each for each in alternatives)


def _twin(case: Case) -> dict[str, Any] | None:
    """The last request with one fact changed that every reading accepts: its name, or one dataset less, or none."""
    at = len(case.steps) - 1
    for field, value, request in _changes(case.steps[at].requests[0]):
        changed = replace(case, steps=(*case.steps[:-1], replace(case.steps[at], requests=(request,))))
        answers = [answer for _, answer in fork(lambda reading, it=changed: _answers(it, reading)[at])]  # type: ignore[misc]
        if all(answer.statuses == {201} for answer in answers):
            return {"set": {f"steps.{at}.{field}": value}, "expect": _expect(changed, at)}
    return None


def _changes(request: Request) -> Iterator[tuple[str, Any, Request]]:
    _, _, rest = request.body.partition(" ${@}")
    yield "name", "Fresh", replace(request, body=f'{{"name": "Fresh ${{@}}{rest}')
    for without in request.selected:
        left = [each for each in request.selected if each != without]
        listed, kept = (", ".join(f"${{{each}}}" for each in these) for these in (request.selected, left))
        body = request.body.replace(f"[{listed}]", f"[{kept}]" if left else "null")
        yield "datasets", left or None, replace(request, body=body, selected=tuple(left))
    listed = ", ".join(f"${{{each}}}" for each in request.selected)
    yield "datasets", None, replace(request, body=request.body.replace(f"[{listed}]", "null"), selected=())
