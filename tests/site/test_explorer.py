"""The explorer's data and the oracle are equal on every cell that is offered."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from conformance.body import Creation, Meaning
from conformance.model import Dataset
from conformance.oracle import permitted
from conformance.readings import DIMENSIONS, Reading, fork
from conformance.site.ask import CALLERS, LONER_KINDS, MEMBER_KINDS, merged, names, offered, runs, world_of
from conformance.site.explorer import explorer_data, selections
from conformance.site.sources import Sources


@pytest.fixture(scope="module")
def data(sources: Sources) -> dict[str, Any]:
    return explorer_data(sources.catalogue)


def decoded(outcome: dict[str, Any]) -> tuple[Any, ...]:
    """An outcome of the data as (statuses, rules, effect): sets of dataset numbers."""

    def rows(mask: int) -> frozenset[str]:
        return frozenset(str(bit) for bit in range(3) if mask >> bit & 1)

    effect = None
    if "shared" in outcome:
        effect = (outcome["shared"], *(rows(outcome[name]) for name in ("promoted", "moved", "promotedRuns")))
    return frozenset(outcome["statuses"]), tuple(outcome["because"]), effect


@pytest.mark.parametrize("caller", CALLERS)
def test_data_and_oracle_are_equal_on_every_cell(caller: str, data: dict[str, Any]) -> None:
    cells = next(each["cells"] for each in data["callers"] if each["id"] == caller)
    questions = list(product(names(caller), runs(caller)))
    seen = 0
    for numbers, selection in selections(caller):
        answers = cells[".".join(map(str, numbers))]
        assert len(answers) == len(questions)
        for (name, run), number in zip(questions, answers, strict=True):
            world = world_of(caller, selection, run.id)
            ids = {at + 1: str(at) if kind.dataset else None for at, kind in enumerate(selection)}
            body = Meaning(creations=(Creation(tuple(ids), "" if name.id == "empty" else name.id),))

            def oracle(reading: Reading) -> Any:
                return permitted(reading, world, caller, True, body, ids)  # noqa: B023

            for decided, outcomes in fork(oracle):
                (outcome,) = outcomes
                held = [
                    data["outcomes"][at]
                    for when, at in data["answers"][number]
                    if all(dict(decided).get(dimension) in values for dimension, values in when.items())
                ]
                assert len(held) == 1
                effect = outcome.effect and (
                    outcome.effect.visibility is not None,
                    outcome.effect.promoted, outcome.effect.moved, outcome.effect.promoted_runs,
                )  # fmt: skip
                assert decoded(held[0]) == (outcome.statuses, outcome.because, effect)
                seen += 1
    assert len(cells) == sum(1 for _ in selections(caller)) and seen > 1000


def test_the_data_has_every_outcome_that_it_is_made_for(data: dict[str, Any]) -> None:
    answers = data["answers"]
    rules = {rule for outcome in data["outcomes"] for rule in outcome["because"]}
    assert rules >= {"VIS-1", "VIS-2", "VIS-3", "VIS-4", "VIS-5", "PRO-3", "NAM-1", "NAM-2", "NAM-3", "ATT-2", "ATT-3"}
    touched = {dimension for answer in answers for when, _ in answer for dimension in when}
    assert touched == set(DIMENSIONS) - {"listed_datasets", "listed_runs"}


@pytest.mark.parametrize(("caller", "words"), [("alice", MEMBER_KINDS), ("carol", LONER_KINDS)])
def test_a_kind_is_what_its_words_say(caller: str, words: dict[str, str]) -> None:
    for kind, text in offered(caller):
        row = kind.dataset
        if row is None:
            assert text == "an id that never existed"
            continue
        assert isinstance(row, Dataset)
        assert text.startswith("mine") == (row.owner == caller)
        assert ("proprietary" in text) == row.proprietary
        assert ("in a collection" in text) == (row.collection is not None)
        assert ("private" in text or row.proprietary or row.collection is not None) == (row.organization is None)
        assert ("my organization" in text) == (caller == "alice" and row.organization == "acme")
        assert ("org-only" in text) == (row.owner is None)


def test_leaves_that_differ_in_every_value_of_a_dimension_are_one() -> None:
    from conformance.model import Outcome

    same, other = Outcome(frozenset({201})), Outcome(frozenset({400}))
    leaves = [((("stale_org", "refuse"),), same), ((("stale_org", "attach"),), same)]
    assert [each.when for each in merged(leaves)] == [()]
    leaves = [((("attach", value),), other if value == "own" else same) for value in DIMENSIONS["attach"]]
    assert {each.when: each.outcome for each in merged(leaves)} == {
        (("attach", ("visible", "owned", "own-and-org-only")),): same,
        (("attach", ("own",)),): other,
    }
