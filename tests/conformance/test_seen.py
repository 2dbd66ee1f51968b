"""What only somebody else's look, an earlier look or the answers of a race show: one row, one faulty server each."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.model import Finding
from conformance.plan import Plan, make_plan
from tests.conformance.conftest import serving

PLAN = make_plan("quick", 0)


def findings(row: str, url: str) -> list[Finding]:
    cases = tuple(case for case in PLAN.cases if case.row == row)
    judgement = certify(Settings(url, default_provider_states(url), "quick"), Plan("quick", 0, cases), cases).judgement
    assert all(each.outcome in ("passed", "failed") for each in judgement.cases.values())
    return [finding for each in judgement.cases.values() for finding in each.findings]


@pytest.mark.parametrize(
    "mutant, row, requirement, message",
    [
        ("ato-grant-left", "ato-s4n", "ATO-1", "bob reads mine"),
        ("pro-hidden-from-colleagues", "pro-e2j", "PRO-1", "bob reads mine"),
        ("pro-run-hidden-from-colleagues", "pro-e2j", "PRO-2", "bob reads night"),
        ("vis-get-attached-private", "vis-7mn", "PRO-5", "bob reads mine"),
        ("ato-touches-datasets", "ato-c8x", "ATO-1", "mine-1's updated_at"),
        ("ato-run-taken-away", "ato-r7b", "ATO-1", "night's data_collection"),
        ("run-detached", "run-a4k", "RUN-1", "day's dataset"),
        ("pro-runs-lose-owner", "pro-a3k", "CRE-2", "runs: day's user.id"),
        ("con-answer-of-the-newest", "con-f8t", "ATT-1", "the ids of the collection's datasets"),
    ],
)
def test_a_fault_is_found_where_it_is_seen(mutant: str, row: str, requirement: str, message: str) -> None:
    with serving("mutants", mutant) as url:
        assert (requirement, message) in {(each.requirement, each.message) for each in findings(row, url)}


@pytest.mark.parametrize(
    "variant, row",
    [
        (None, "pro-e2j"),
        (None, "ato-s4n"),
        ("list-ends-with-404", "vis-3cd"),
        ("nested-runs-without-organization", "own-c5x"),
        ("runs-through-datasets", "ato-c8x"),
        ("uuid-keys", "aut-b2m"),
    ],
)
def test_what_is_permitted_is_not_accused(variant: str | None, row: str, reference: str) -> None:
    with serving("mutants", variant) if variant else nullcontext(reference) as url:
        assert findings(row, url) == []
