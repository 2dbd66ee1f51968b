"""The decision explorer's data: every cell that it offers, answered by the oracle and looked up in the browser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any

from conformance.cells import Kind
from conformance.model import Outcome
from conformance.site.ask import CALLERS, MOST, Choice, Permitted, ask, names, offered, runs
from conformance.spec import Catalogue

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Control:
    """One control of the explorer: its label and its values."""

    id: str
    label: str
    choices: tuple[Choice, ...]


def controls(caller: str) -> tuple[Control, ...]:
    """The controls beside the caller's, which decides what the others offer."""
    kinds = (Choice("", "none"), *(Choice(kind.name, words) for kind, words in offered(caller)))
    places = ("First", "Second", "Third")
    return (
        *(Control(f"dataset-{at + 1}", f"{places[at]} dataset", kinds) for at in range(MOST)),
        Control("run", "On each selected dataset there is", runs(caller)),
        Control("name", "The name", names(caller)),
    )


def selections(caller: str) -> Iterator[tuple[tuple[int, ...], tuple[Kind, ...]]]:
    """Every selection that the explorer offers, as sorted numbers of kinds and as kinds."""
    kinds = [kind for kind, _ in offered(caller)]
    for size in range(MOST + 1):
        for numbers in combinations_with_replacement(range(len(kinds)), size):
            yield numbers, tuple(kinds[at] for at in numbers)


class _Numbered:
    """Values by number, each kept once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._known: dict[Any, int] = {}

    def number(self, key: Any, value: Any) -> int:
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(value)
        return self._known[key]


def explorer_data(catalogue: Catalogue) -> Json:
    """What the page embeds.

    ``cells`` of a caller: selection → numbers into ``answers``, name by name and, within a name, run by run. An
    answer is a list of [condition, outcome number]; the masks of an outcome have a bit for each selected dataset.
    """
    answers, outcomes = _Numbered(), _Numbered()
    callers = []
    for caller, words in CALLERS.items():
        cells = {
            ".".join(map(str, numbers)): [
                _answer(ask(caller, selection, name.id, run.id), answers, outcomes)
                for name, run in product(names(caller), runs(caller))
            ]
            for numbers, selection in selections(caller)
        }
        callers.append(
            {"id": caller, "words": words, "controls": [_control(c) for c in controls(caller)], "cells": cells}
        )
    return {
        "callers": callers,
        "answers": answers.values,
        "outcomes": outcomes.values,
        "readings": {
            each.id: {"question": each.question, "values": dict(each.values)} for each in catalogue.dimensions.values()
        },
    }


def _control(control: Control) -> Json:
    return {
        "id": control.id,
        "label": control.label,
        "choices": [[choice.id, choice.words] for choice in control.choices],
    }


def _answer(permitted: tuple[Permitted, ...], answers: _Numbered, outcomes: _Numbered) -> int:
    found = [
        [
            {name: list(values) for name, values in each.when},
            outcomes.number(each.outcome, outcome_data(each.outcome)),
        ]
        for each in permitted
    ]
    return answers.number(permitted, found)


def outcome_data(outcome: Outcome) -> Json:
    """An outcome as the page has it: statuses, rules, and what a 201 does."""
    data: Json = {"statuses": sorted(outcome.statuses), "because": list(outcome.because)}
    effect = outcome.effect
    if effect is not None:
        data["shared"] = effect.visibility is not None
        data |= {
            name: _mask(rows)
            for name, rows in (
                ("promoted", effect.promoted),
                ("moved", effect.moved),
                ("promotedRuns", effect.promoted_runs),
            )
        }
    return data


def _mask(rows: Iterable[str]) -> int:
    """Datasets (or the runs on them) 0, 1, 2 as bits."""
    return sum(1 << int(each) for each in rows)
