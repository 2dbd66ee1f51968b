"""The index's table: what becomes of each kind of dataset, alone and in company, as the oracle says."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.cells import Kind
from conformance.model import Outcome
from conformance.site.ask import CALLERS, Permitted, ask, offered
from conformance.site.words import listed, statuses_words, when_words


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer: (condition in words, outcome in words, its rules), an alternative each."""

    alternatives: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class KindTable:
    """One caller's table: the company in which each kind is selected, and a line a kind."""

    caller: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


COMPANY = {"alice": ("alice-private", "alice-acme"), "carol": ("carol-private",)}


def kind_tables() -> tuple[KindTable, ...]:
    """The tables of a member and of a caller in no organization."""
    return tuple(_table(caller) for caller in CALLERS)


def _table(caller: str) -> KindTable:
    kinds = offered(caller)
    words = {kind.name: text for kind, text in kinds}
    company = [kind for kind, _ in kinds if kind.name in COMPANY[caller]]
    columns = ("alone", *(f"with one that is {words[each.name]}" for each in company))
    lines = tuple(
        (text, tuple(_cell(caller, kind, beside) for beside in ((), *((each,) for each in company))))
        for kind, text in kinds
    )
    return KindTable(CALLERS[caller], columns, lines)


def _cell(caller: str, kind: Kind, beside: tuple[Kind, ...]) -> Cell:
    grouped: dict[tuple[str, tuple[str, ...]], list[Permitted]] = {}
    for each in ask(caller, (kind, *beside)):
        key = (outcome_words(each.outcome), each.outcome.because)
        grouped.setdefault(key, []).append(each)
    return Cell(
        tuple(
            (listed((when_words(each.when, {}) for each in found if each.when), "or"), words, because)
            for (words, because), found in grouped.items()
        )
    )


def outcome_words(outcome: Outcome) -> str:
    """``201 private``, ``201 shared, this one is promoted``; the kind itself is dataset 0."""
    statuses = statuses_words(outcome.statuses)
    effect = outcome.effect
    if effect is None:
        return statuses
    words = f"{statuses} {'private' if effect.visibility is None else 'shared'}"
    if not effect.promoted:
        return words
    which = "both are" if len(effect.promoted) == 2 else "this one is" if "0" in effect.promoted else "the other is"
    return f"{words}; {which} promoted"
