"""``scenarios/relations.yaml``: a relation a row, each with a faulty target that this row alone gives away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.model import Case
from conformance.plan import Plan
from conformance.result import Result
from conformance.tables import load_tables
from mutants.apply import load
from tests.conformance.conftest import serving

CASES = {
    case.id: case for table in load_tables() if table.family == "relations" for row in table.rows for case in row.cases
}

CAUGHT = {
    "rel-a4k": ("permutation", "att-others-behind-own"),
    "rel-b7m": ("absent is null", "vis-null-differs-from-absent"),
    "rel-c2x": ("join", "vis-last-requested"),
    "rel-d9q": ("singletons", "att-mixed-all-own"),
    "rel-e5w": ("renaming", "att-first-member-only"),
    "rel-f1t": ("invisible noise", "iso-colleagues-private-decide"),
    "rel-g8c": ("refused, then good", "ato-datasets-locked"),
}
"""Row → the relation, and a mutant that breaks it."""

READINGS = ("reference", "attach-own", "attach-owned", "attach-own-and-org-only")


def result_of(target: str, cases: tuple[Case, ...]) -> Result:
    with serving(*(["reference_impl"] if target == "reference" else ["mutants", target])) as url:
        settings = Settings(url, default_provider_states(url))
        return certify(settings, Plan("quick", 0, cases), cases)


def test_every_relation_has_a_row_and_a_mutant() -> None:
    assert set(CAUGHT) == set(CASES)
    assert all(any(len(step.expect) > 1 for step in case.steps) for case in CASES.values() if case.id != "rel-b7m")


@pytest.mark.parametrize("row", CAUGHT)
def test_the_row_alone_gives_a_mutant_away(row: str) -> None:
    _, mutant = CAUGHT[row]
    verdict = result_of(mutant, (CASES[row],)).judgement.cases[row]
    assert verdict.outcome == "failed"
    found = {each.requirement for each in verdict.findings} | set(CASES[row].verifies)
    assert found & set(load()[mutant].breaks)


@pytest.mark.parametrize("target", READINGS)
def test_a_target_that_keeps_to_a_reading_is_not_accused(target: str) -> None:
    judgement = result_of(target, tuple(CASES.values())).judgement
    assert {each.outcome for each in judgement.cases.values()} <= {"passed", "advisory"}


@pytest.mark.parametrize("mutant", ["att-others-behind-own", "att-mixed-all-own", "att-first-member-only"])
def test_each_answer_of_an_inconsistent_target_is_right_under_some_reading(mutant: str) -> None:
    """Sent apart, each into a fresh world, no request breaks a rule: no reading explains them together."""
    row = next(name for name, (_, each) in CAUGHT.items() if each == mutant)
    alone = tuple(replace(CASES[row], id=f"{row}.{at}", steps=(step,)) for at, step in enumerate(CASES[row].steps))
    judgement = result_of(mutant, alone).judgement
    assert judgement.conflict, "only together they have no reading"
    assert all(len(judgement.cases[each].findings) == 1 for each in judgement.conflict)
