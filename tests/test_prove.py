"""The kill matrix: which subjects there are, and how a mutant, a variant and a dud are judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import prove
from conformance.errors import UsageError
from conformance.plan import make_plan
from conformance.prove import Proof, matrix, proof_line, summary
from conformance.subjects import COMBINATIONS, Subject, not_here, subjects
from mutants.apply import load, patched_texts


def test_subjects_are_the_reference_variants_combinations_and_mutants_always_the_same() -> None:
    found = subjects()
    assert found == subjects()
    assert found[0] == Subject("reference", "reference")
    by_kind = {kind: [each.id for each in found if each.kind == kind] for kind in ("variant", "mutant", "combination")}
    mutants = load()
    elsewhere = {each.id for each in found if each.id.startswith(("stdlib-", "node-"))}
    assert set(by_kind["variant"]) == {each.id for each in mutants.values() if each.chooses} | elsewhere
    assert len(elsewhere) + len(not_here()) == 6
    assert set(by_kind["mutant"]) == {each.id for each in mutants.values() if each.breaks}
    assert len(by_kind["combination"]) == COMBINATIONS


def test_combinations_apply_as_the_command_applies_them() -> None:
    mutants = load()
    for each in subjects():
        if each.kind == "combination":
            for name, text in patched_texts([mutants[part] for part in each.id.split("+")]).items():
                compile(text, name, "exec")


def test_a_pattern_selects() -> None:
    assert {each.id[:4] for each in subjects("vis-*")} == {"vis-"}
    assert subjects("nothing-like-that") == []


def test_outside_a_checkout_there_is_nothing_to_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.subjects.CHECKOUT", None)
    with pytest.raises(UsageError, match="needs a checkout"):
        subjects()


@pytest.fixture
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of two small tables: the whole one takes seconds for each subject."""
    plan = make_plan("quick", 0)
    few = replace(plan, cases=tuple(each for each in plan.cases if each.family in ("names", "isolation")))
    monkeypatch.setattr(prove, "_plan", lambda depth: few)


@pytest.mark.usefixtures("few_cases")
def test_a_mutant_is_caught_by_a_row_that_cites_it() -> None:
    (subject,) = subjects("nam-empty-422")
    proof = prove._prove_one(subject)
    assert proof.right and proof.cited and proof.claim == "not conformant"
    assert "NAM-1" in proof.requirements and proof.of <= prove.LIKELY


@pytest.mark.usefixtures("few_cases")
def test_a_mutant_that_was_never_met_meets_all_that_cites_it_and_one_that_is_recorded_all_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (subject,) = subjects("nam-empty-422")
    every = prove._prove_one(subject, every_row=True)
    monkeypatch.setattr(prove, "load_kills", tuple)
    citing = prove._prove_one(subject)
    assert prove.LIKELY < citing.of < every.of and citing.failed < citing.of


@pytest.mark.usefixtures("few_cases")
def test_a_breach_of_what_only_should_be_is_caught_by_an_advisory() -> None:
    (subject,) = subjects("iso-name-told")
    proof = prove._prove_one(subject)
    assert proof.right and proof.cited and proof.claim != "not conformant"


@pytest.mark.usefixtures("few_cases")
def test_a_mutant_that_is_caught_for_another_reason_is_not_caught() -> None:
    (subject,) = subjects("nam-empty-422")
    proof = prove._prove_one(replace(subject, breaks=("CON-3",)))
    assert not proof.right and not proof.cited and proof.claim == "not conformant"
    assert "caught, but by no row that cites it" in proof_line(proof)


@pytest.mark.usefixtures("few_cases")
def test_a_mutant_is_no_variant() -> None:
    (subject,) = subjects("nam-empty-422")
    proof = prove._prove_one(Subject(subject.id, "variant"))
    assert not proof.right and proof.rows and "NAM-1" in proof.trouble


def test_what_does_not_start_is_not_caught() -> None:
    (proof,) = prove.prove([Subject("no-such-mutant", "mutant", ("VIS-1",))], jobs=1)
    assert not proof.right and proof.trouble == "no-such-mutant does not start"


def test_the_matrix_is_printed_counted_and_written(tmp_path: Path) -> None:
    proofs = [
        Proof(Subject("reference", "reference"), True, "conformant", seconds=1.0),
        Proof(Subject("m", "mutant", ("VIS-1",)), True, "not conformant", ("a", "b", "c", "d"), cited=True),
        Proof(Subject("n", "mutant", ("VIS-2",)), False, "conformant"),
    ]
    assert proof_line(proofs[1]).endswith("a, b, c and 1 more")
    assert summary(proofs).splitlines() == ["references accepted: 1 of 1", "mutants caught: 1 of 2", "wrong: n"]
    (tmp_path / "m.json").write_text(json.dumps(matrix(proofs)), encoding="utf-8")
    assert json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))[1]["subject"]["breaks"] == ["VIS-1"]
