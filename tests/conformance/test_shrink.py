"""A drawn case that fails is made smaller, and what is left is a table row: found by search, over HTTP, off line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from conformance.allowance import Limits
from conformance.certification import Settings, certify, default_provider_states, judge_transcript
from conformance.draw import draw, drawn_worlds, large_selections
from conformance.lint import _row as lint_row
from conformance.model import Case, CaseVerdict, Finding, Record, Source
from conformance.paths import SCENARIOS
from conformance.plan import Plan, make_plan
from conformance.reduction import EVERY_ROW, Kept, Reduction, beginning, reduced, reduction_of, size, smaller
from conformance.report.page.render import report_page
from conformance.report.row import row_text
from conformance.report.terminal import terminal_report
from conformance.result import Result
from conformance.smallest import Part, Search, is_part
from conformance.spec import load_catalogue
from conformance.tables import Row, load_tables
from conformance.targets.target_file import Target
from tests.conformance.conftest import serving
from tests.test_tables_agree import test_a_case_permits_what_the_oracle_permits as hold_to_oracle

SOURCE = Source("scenarios/generated.yaml", 1)
DRAWINGS = draw(12, 0)
WORLDS = tuple(drawn_worlds(DRAWINGS[:10], SOURCE))
LARGE = tuple(large_selections(DRAWINGS[10:], SOURCE))
CASE = WORLDS[0]

# ---------------------------------------------------------------- names and parts


def test_a_part_is_made_again_from_its_name() -> None:
    several = next(at for at in range(5, 33) if len(whole(at)) > 1)
    kept = (Kept(0, whole(0)), Kept(1, whole(1)), Kept(2, whole(2)), Kept(4, whole(4)), Kept(several, (1,)))
    assert Reduction(CASE.id, kept, ("r1", "d2")).name_in(CASE) == f"seq-001@0-2,4,{several}[1]&r1,d2"
    assert beginning(CASE, 5).name_in(CASE) == "seq-001@0-4&all"
    for world in (*WORLDS, *LARGE):
        for each in (beginning(world, len(world.steps)), *smaller(world, beginning(world, len(world.steps)))):
            assert reduction_of(each.name_in(world), world) == each


def whole(at: int) -> tuple[int, ...]:
    return tuple(range(len(CASE.steps[at].requests[0].selected)))


@pytest.mark.parametrize(
    "name", ["seq-001", "seq-002@1", "seq-001@", "seq-001@x", "seq-001@60", "seq-001@2[", "seq-001@3-1", "seq-001@1,,2"]
)
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="seq-00"):
        reduction_of(name, CASE)


def test_an_id_that_a_request_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no part of"):
        reduced(CASE, reduction_of("seq-001@0[9]", CASE))


def test_a_part_holds_what_its_requests_need_and_no_more() -> None:
    for world in WORLDS:
        last = reduced(world, Reduction(world.id, beginning(world, len(world.steps)).steps[-1:], ()))
        (request,) = last.steps[0].requests
        assert set(last.world.datasets) == set(request.selected) - {"unknown"}
        assert not last.world.runs
        assert {row.collection for row in last.world.datasets.values()} - {None} == set(last.world.collections)


def test_every_smaller_part_is_smaller_or_equal_and_names_only_what_it_has() -> None:
    start = beginning(CASE, 5)
    for each in smaller(CASE, start):
        assert size(CASE, each) <= size(CASE, start)
        part = reduced(CASE, each)
        for step in part.steps:
            assert set(step.requests[0].selected) <= {*part.world.datasets, "unknown"}
            assert all(f"${{{symbol}}}" in step.requests[0].body for symbol in step.requests[0].selected)


# ---------------------------------------------------------------- the search, on targets that are functions


def searched(case: Case, fails: Callable[[Case], bool], sure: int | None = None) -> tuple[Part | None, int]:
    """The smallest part on a target that breaks RUN-1 where ``fails`` says so, and how many parts were tried."""
    parts: list[Part] = []
    while batch := Search(case, sure, tuple(parts)).next():
        for each in batch:
            finding = Finding("RUN-1", "a difference")
            verdict = CaseVerdict(each.id, "failed", (finding,)) if fails(each) else CaseVerdict(each.id, "passed")
            parts.append(Part(reduction_of(each.id, case), each, verdict))
        assert len(parts) < 200
    return Search(case, sure, tuple(parts)).smallest, len(parts)


def requests_of(case: Case, caller: str) -> int:
    return sum(step.requests[0].caller == caller for step in case.steps)


def test_one_request_is_left_where_one_is_enough() -> None:
    part, tried = searched(CASE, lambda case: requests_of(case, "carol") > 0)
    assert part is not None and len(part.case.steps) == 1 and requests_of(part.case, "carol") == 1
    assert not part.case.world.datasets and tried < 40


def test_an_answer_that_shows_it_saves_the_look_for_a_beginning() -> None:
    first = next(at for at, step in enumerate(CASE.steps) if step.requests[0].caller == "carol")
    _, without = searched(CASE, lambda case: requests_of(case, "carol") > 0)
    part, tried = searched(CASE, lambda case: requests_of(case, "carol") > 0, first + 1)
    assert part is not None and tried < without


def test_earlier_requests_stay_where_they_are_needed() -> None:
    part, _ = searched(CASE, lambda case: requests_of(case, "alice") > 2)
    assert part is not None and requests_of(part.case, "alice") == len(part.case.steps) == 3


def test_a_row_that_no_request_names_stays_where_it_is_needed() -> None:
    part, _ = searched(CASE, lambda case: any(row.dataset is None for row in case.world.runs.values()))
    assert part is not None and len(part.case.world.runs) == len(part.case.steps) == 1
    assert "&r" in part.case.id


def test_of_a_large_selection_the_one_dataset_is_left() -> None:
    (request,) = LARGE[0].steps[0].requests
    wanted = request.selected[len(request.selected) * 2 // 3]
    part, _ = searched(LARGE[0], lambda case: wanted in case.steps[0].requests[0].selected)
    assert part is not None and part.case.steps[0].requests[0].selected == (wanted,)


def test_what_does_not_fail_again_has_no_smallest_part() -> None:
    assert searched(CASE, lambda case: False)[0] is None
    assert searched(CASE, lambda case: False, 7) == (None, 1)


def test_a_part_that_breaks_another_rule_does_not_count() -> None:
    start = beginning(CASE, 4)
    smallest = Reduction(CASE.id, start.steps[-1:], ())
    verdicts = {start: "RUN-1", smallest: "VIS-1"}
    parts = tuple(
        Part(each, reduced(CASE, each), CaseVerdict("x", "failed", (Finding(rule, "a difference"),)))
        for each, rule in verdicts.items()
    )
    found = Search(CASE, 4, parts).smallest
    assert found is not None and found.reduction == start


# ---------------------------------------------------------------- rows


def pasted(texts: Iterable[str], folder: Path) -> list[Row]:
    """The rows that the texts are, once they stand in a copy of a table."""
    shutil.copytree(SCENARIOS, folder)
    known = {row.id for table in load_tables(folder) for row in table.rows}
    with (folder / "atomicity.yaml").open("a", encoding="utf-8") as table:
        table.write("\n".join([*texts, ""]))
    return [row for table in load_tables(folder) for row in table.rows if row.id not in known]


def test_any_part_is_a_row_that_the_oracle_and_the_lint_accept(tmp_path: Path) -> None:
    parts = [
        reduced(world, Reduction(world.id, beginning(world, 33).steps[start : start + 1 + at % 3], rows))
        for at, world in enumerate(WORLDS)
        for start in (at, at + 11)
        for rows in ((), EVERY_ROW)
    ]
    rows = pasted([row_text(part, "ATT-7") for part in parts], tmp_path / "scenarios")
    assert len(rows) == len(parts) and any(row.has_twin for row in rows)
    for row, part in zip(rows, parts, strict=True):
        case = row.cases[0]
        assert [step.requests for step in case.steps] == [step.requests for step in part.steps]
        for each in row.cases:
            hold_to_oracle(each)
        assert not list(lint_row(row, {row.id: row}, load_catalogue()))


# ---------------------------------------------------------------- over HTTP


PLAN = make_plan("standard", 0, (), draw(15, 0))
FEW = ("seq-003", "seq-008")


def run(url: str, folder: Path, plan: Plan = PLAN, target: Target | None = None) -> Result:
    settings = Settings(url, default_provider_states(url), report_dir=folder, target=target)
    chosen = plan.only(FEW) if plan is PLAN else plan.cases
    return certify(settings, plan, chosen)


@pytest.fixture(scope="module", params=["att-proprietary-alone", "ato-empty-collection-left"])
def faulty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Result, Path]]:
    """A faulty target (one shows it in an answer, one in what is stored), a run of two drawn worlds, its folder."""
    folder = tmp_path_factory.mktemp("run")
    with serving("mutants", request.param) as url:
        yield url, run(url, folder), folder


def ordinary(result: Result) -> list[Record]:
    """The records that decide the verdict."""
    return [each for each in result.transcript.records if not is_part(each.case)]


def told(result: Result) -> str:
    return terminal_report(result, load_catalogue(), lambda case: f"again {case}", ())


def test_a_failing_sequence_ends_with_its_smallest_part(faulty: tuple[str, Result, Path]) -> None:
    _, result, _ = faulty
    assert result.smallest
    for name, part in result.smallest.items():
        assert len(part.case.steps) <= 2, part.case.id
        assert sum(len(step.requests[0].selected) for step in part.case.steps) <= 4
        row = row_text(part.case, part.rules[0])
        assert f"again {name}\n  smallest  breaks {part.rules[0]}, too; as a row for scenarios/:\n{row}" in told(result)
        page = report_page(result, load_catalogue(), (), str)
        assert f"<code>{escape(row)}</code>" in page


def test_parts_do_not_count(faulty: tuple[str, Result, Path]) -> None:
    _, result, _ = faulty
    assert set(result.judgement.cases) == set(FEW)
    assert max(each.cases for each in result.judgement.requirements.values()) == len(FEW)
    assert len(ordinary(result)) == len(FEW) < len(result.transcript.records)


def test_a_recorded_run_has_the_same_report(faulty: tuple[str, Result, Path]) -> None:
    _, result, folder = faulty
    again = judge_transcript(folder / "transcript.jsonl")
    assert told(again) == told(result)


def test_the_row_fails_on_the_faulty_target_and_passes_on_the_reference(
    faulty: tuple[str, Result, Path], reference: str, tmp_path: Path
) -> None:
    url, result, _ = faulty
    rows = pasted([row_text(each.case, each.rules[0]) for each in result.smallest.values()], tmp_path / "scenarios")
    for row in rows:
        hold_to_oracle(row.cases[0])
    plan = Plan("quick", 0, tuple(case for row in rows for case in row.cases))
    wrong = run(url, tmp_path / "faulty", plan).judgement
    assert {each.id for row in rows for each in row.cases[:1]} <= {
        each.case for each in wrong.cases.values() if each.outcome == "failed"
    }
    right = run(reference, tmp_path / "reference", plan).judgement
    assert {each.outcome for each in right.cases.values()} <= {"passed", "advisory"}


def test_a_limit_that_is_reached_meanwhile_costs_the_run_nothing(
    faulty: tuple[str, Result, Path], tmp_path: Path
) -> None:
    url, result, _ = faulty
    own = sum(len(each.exchanges) for each in ordinary(result))
    limited = Target(Path("target.yaml"), base_url=url, limits=Limits(requests=own + 60))
    again = run(url, tmp_path / "run", target=limited)
    assert again.transcript.footer and not again.transcript.footer.aborted
    assert again.judgement.claim == result.judgement.claim
