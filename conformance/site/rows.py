"""A table row as a decision table: world, request, outcome; its accepted twin below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.model import Case, Expectation, Request, Step, World
from conformance.site.sources import own_cases, twin_of
from conformance.site.words import Meanings, expectation_words, request_words, when_words, world_words
from conformance.tables import Row


@dataclass(frozen=True, slots=True)
class Alternative:
    """A permitted outcome: the readings under which it is, and its lines."""

    when: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Requests that have the same outcome: (words, body) each; ``how`` says how several relate."""

    requests: tuple[tuple[str, str], ...]
    how: str
    outcome: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One world and what is sent into it; ``note`` says what a twin leaves unchanged."""

    note: str
    world: tuple[str, ...]
    lines: tuple[Line, ...]
    twin: bool = False


@dataclass(frozen=True, slots=True)
class RowView:
    """A row for a page."""

    id: str
    title: str
    verifies: tuple[str, ...]
    source: str
    notes: tuple[str, ...]
    blocks: tuple[Block, ...]
    twin_is: str


def row_view(row: Row, meanings: Meanings) -> RowView:
    """The row in words."""
    return RowView(
        id=row.id,
        title=row.title,
        verifies=row.verifies,
        source=str(row.source),
        notes=tuple(_notes(row)),
        blocks=tuple(_blocks(row, meanings)),
        twin_is=row.raw.get("twin_is", ""),
    )


def _notes(row: Row) -> Iterator[str]:
    if "rounds" in row.raw:
        yield f"sent in {row.raw['rounds']} fresh worlds"
    if row.raw.get("everyone_reads"):
        yield "everybody tries to read every collection, and a colleague and an outsider every dataset and run"
    if row.raw.get("exact_names"):
        yield "names are sent exactly as written"


def _blocks(row: Row, meanings: Meanings) -> Iterator[Block]:
    worlds: list[tuple[World, list[Case]]] = []
    for case in own_cases(row):
        same = next((cases for world, cases in worlds if world == case.world), None)
        if same is None:
            worlds.append((case.world, [case]))
        else:
            same.append(case)
    for world, cases in worlds:
        yield Block("", world_words(world), tuple(_lines(cases, bool(row.raw.get("together")), meanings)))
    twin = twin_of(row)
    if twin is not None:
        changed = world_words(twin.world, unlike=own_cases(row)[0].world)
        note = "The same world, but:" if changed else "The same world."
        yield Block(note, changed, tuple(_lines([twin], False, meanings)), twin=True)


def _lines(cases: list[Case], together: bool, meanings: Meanings) -> Iterator[Line]:
    if len(cases) == 1 and not together:
        steps = cases[0].steps
        for at, step in enumerate(steps, 1):
            yield _of_steps([step], f"{at}." if len(steps) > 1 else "", meanings)
        return
    if together:
        yield from _grouped([(step,) for step in cases[0].steps], "one after another:", meanings)
    else:
        yield from _grouped([case.steps for case in cases], "each in a fresh world:", meanings)


def _grouped(sequences: list[tuple[Step, ...]], how: str, meanings: Meanings) -> Iterator[Line]:
    """Sequences whose outcomes are alike share a line; longer ones are numbered step by step."""
    if any(len(each) > 1 for each in sequences):
        for number, steps in enumerate(sequences, 1):
            for at, step in enumerate(steps, 1):
                yield _of_steps([step], f"{number}.{at}", meanings)
        return
    outcomes: list[tuple[tuple[Alternative, ...], list[Step]]] = []
    for (step,) in sequences:
        outcome = _outcome(step, meanings)
        same = next((alike for each, alike in outcomes if each == outcome), None)
        if same is None:
            outcomes.append((outcome, [step]))
        else:
            same.append(step)
    for _, alike in outcomes:
        yield _of_steps(alike, how if len(alike) > 1 else "", meanings)


def _of_steps(steps: list[Step], how: str, meanings: Meanings) -> Line:
    requests = tuple(request_words(request) for step in steps for request in step.requests)
    if steps[0].races:
        how = f"{how} at the same time:".strip()
    return Line(requests, how, _outcome(steps[0], meanings))


def _outcome(step: Step, meanings: Meanings) -> tuple[Alternative, ...]:
    if step.races:
        return (Alternative("", tuple(_race(step))),)
    if not step.expect:
        return (Alternative("", ("what the rules say of the state in which the race ended",)),)
    return tuple(_alternative(each, step.requests[0], meanings) for each in step.expect)


def _race(step: Step) -> Iterator[str]:
    if step.succeed is not None:
        others = len(step.requests) - step.succeed
        yield f"{step.succeed} of {len(step.requests)} succeed with 201" + (", the others get a 4xx" if others else "")
    yield "the state is one that some order of the requests gives"


def _alternative(expect: Expectation, request: Request, meanings: Meanings) -> Alternative:
    selected = tuple(dict.fromkeys(request.selected))
    return Alternative(when_words(expect.when, meanings), expectation_words(expect, selected, meanings))
