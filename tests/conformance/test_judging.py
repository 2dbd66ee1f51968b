"""A case is judged as soon as its verdict depends on nothing that is still to come: no record is held longer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.judge import run
from conformance.judge.run import Judging
from conformance.model import Case, Record
from conformance.plan import make_plan
from conformance.spec import load_catalogue

Run = tuple[tuple[Case, ...], list[Record]]


@pytest.fixture
def recorded(reference: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A case whose reads are of lists and datasets, then one that reads a collection by its id."""
    plan = make_plan("quick", 0)
    first = next(case for case in plan.cases if case.world.datasets and not case.world.runs and len(case.steps) == 1)
    second = next(case for case in plan.cases if case.everyone_reads and case.verifies[0] == "VIS-6")
    settings = Settings(reference, default_provider_states(reference), report_dir=tmp_path_factory.mktemp("run"))
    result = certify(settings, plan, (first, second))
    records = {each.case: each for each in result.transcript.records}
    return (first, second), [records[first.id], records[second.id]]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cases that the judge has looked at."""
    looked: list[str] = []
    judge_case = run.judge_case
    monkeypatch.setattr(
        run, "judge_case", lambda case, *more, **named: looked.append(case.id) or judge_case(case, *more, **named)
    )  # type: ignore[func-returns-value]
    return looked


def test_a_case_does_not_wait_for_operations_that_it_does_not_use(recorded: Run, judged: list[str]) -> None:
    cases, records = recorded
    judging = Judging(cases, load_catalogue())
    for case, record in zip(cases, records, strict=True):
        judging.add(record)
        assert judged[-1] == case.id


def test_a_case_waits_until_an_operation_that_it_was_read_with_is_served(recorded: Run, judged: list[str]) -> None:
    cases, (first, second) = recorded
    exchanges = (replace(each, status=501) if each.op == "dataset" else each for each in first.exchanges)
    judging = Judging(cases, load_catalogue())
    judging.add(replace(first, exchanges=tuple(exchanges)))
    assert not judged
    judging.add(second)
    assert judged == [case.id for case in cases]
