"""The reference through documented operations alone, on accounts that hold other rows, over a socket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.certification import certify
from conformance.marks import MARK, is_marked
from conformance.options import Given, settings_of
from conformance.plan import make_plan
from conformance.result import Result
from conformance.targets.target_file import load_target
from tests.conformance.conftest import serving
from tests.targets.conftest import Deployment, deployed, known

Progress = Callable[[int, int], None]


def nothing(done: int, of: int) -> None:
    return


PLAN = make_plan("quick", 0)
FIRST = [case for number, case in enumerate(PLAN.cases) if case.row not in {each.row for each in PLAN.cases[:number]}]
"""One case of each row: rounds and values beyond the first are arranged alike."""
WITHOUT = ("not-tested", "not-applicable")


def certified(
    deployment: Deployment, folder: Path, rows: set[str] | None = None, progress: Progress = nothing, **more: object
) -> Result:
    target = load_target(Path(deployment.file(folder, **more)), deployment.environment)
    cases = [case for case in PLAN.cases if case.row in rows] if rows else FIRST
    return certify(settings_of(Given(depth="quick", report_dir=folder / "report"), target), PLAN, cases, progress)


def test_the_reference_has_one_verdict_on_every_row_that_can_be_arranged_both_ways(
    deployment: Deployment, tmp_path: Path
) -> None:
    before = deployment.names()
    here = certified(deployment, tmp_path, known=known(deployment))
    assert deployment.names() == before, "something was left, or something of the accounts is gone"
    there = certify(settings_of(Given(base_url=deployment.url, depth="quick"), None), PLAN, FIRST)
    assert there.judgement.claim == "partial"
    mine, theirs = here.judgement.cases, there.judgement.cases
    both = [name for name, verdict in mine.items() if verdict.outcome not in WITHOUT]
    assert len(both) > 0.5 * len(FIRST)
    assert {name: mine[name].outcome for name in both} == {name: theirs[name].outcome for name in both}
    assert all(verdict.reason for name, verdict in mine.items() if name not in both)
    # never *conformant* where something was not seen
    assert here.judgement.claim == "incomplete" and here.transcript.notes == ()
    cited = {rule for case in FIRST if case.id in both for rule in case.verifies}
    assert {"AUT-2", "OWN-2", "ATT-2"} <= cited, "the known rows were not used"


def test_what_a_case_made_is_removed_when_it_is_over(deployment: Deployment, tmp_path: Path) -> None:
    most = 0

    def look(done: int, of: int) -> None:
        nonlocal most
        names = {name for held in deployment.names().values() for name in held}
        most = max(most, sum(is_marked(each) for each in names))

    rows = sorted({each.row for each in FIRST if 2 <= len(each.world.datasets) <= 4})
    made = certified(deployment, tmp_path, set(rows[::4]), look)
    worlds = [record.binding for record in made.transcript.records if record.binding]
    assert 0 < most < 0.5 * sum(len(each.datasets) + 1 for each in worlds)


def test_of_a_shared_account_only_rows_of_the_case_are_recorded(deployment: Deployment, tmp_path: Path) -> None:
    certified(deployment, tmp_path, {"pro-a3k", "vis-a3k"})
    transcript = (tmp_path / "report/transcript.jsonl").read_text()
    assert "Shelf of" not in transcript
    assert MARK.search(transcript)


def test_what_a_target_arranges_otherwise_is_not_tested_and_no_failure(tmp_path: Path) -> None:
    with serving("tests.targets.stubborn") as url:
        deployment = deployed(url)
        before = deployment.names()
        result = certified(deployment, tmp_path, {"pro-a3k", "vis-a3k", "cre-b6m"})
        assert deployment.names() == before
    verdicts = result.judgement.cases.values()
    refused = [each for each in verdicts if "answered 403" in each.reason]
    assert refused and all(each.outcome == "not-tested" for each in refused)
    assert any(each.outcome == "passed" for each in verdicts)
    assert not any(each.outcome in ("failed", "error") for each in verdicts)


@pytest.mark.parametrize(
    "mutant, requirement, rows",
    [
        ("pro-first-only", "PRO-1", {"pro-a3k"}),
        ("att-unknown-400", "ATT-4", {"att-r6g"}),
        ("ato-good-ones-attached", "ATO-1", {"ato-c8x"}),
        ("aut-revoked", "AUT-2", {"aut-g3c"}),
        ("bod-fraction-cut", "BOD-2", {"bod-e1w"}),
        ("con-check-then-act", "CON-1", {"con-a2k"}),
    ],
)
def test_a_faulty_target_is_caught_and_left_clean(
    mutant: str, requirement: str, rows: set[str], tmp_path: Path
) -> None:
    """``python -m tests.targets.caught`` measures more of them."""
    with serving("mutants", mutant) as url:
        deployment = deployed(url)
        before = deployment.names()
        result = certified(deployment, tmp_path, rows, known=known(deployment))
        assert deployment.names() == before
    assert result.judgement.claim == "not conformant"
    assert result.judgement.requirements[requirement].outcome == "failed"
