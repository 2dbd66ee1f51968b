"""A failing case as the page shows it: rule, world, steps, differences, how to repeat it, what behaves alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.diagnosis import Suspect, suspects
from conformance.kills import Kill
from conformance.model import Case, CaseVerdict, Exchange, Finding, Record
from conformance.report.failure import curl, evidence, world_lines
from conformance.report.page.difference import Parts, difference
from conformance.report.row import row_text
from conformance.result import Result
from conformance.spec import Catalogue, Requirement

SHOWN = 100
"""Failures that are shown in full; of the others the page has a line each."""
MOST_REQUESTS = 12
MOST_READS = 5
SHORT = 800
"""Characters of a body that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding, with what is wrong in it marked."""

    finding: Finding
    expected: Parts
    observed: Parts
    reads: tuple[Exchange, ...]
    """The answers in which it was seen, beside those of the steps."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step's requests as they were sent and answered."""

    number: int
    exchanges: tuple[Exchange, ...]
    more: int
    """Requests that are not shown."""


@dataclass(frozen=True, slots=True)
class Failure:
    """All that is told of one case."""

    case: Case
    verdict: CaseVerdict
    rules: tuple[Requirement, ...]
    world: tuple[str, ...]
    steps: tuple[Step, ...]
    differences: tuple[Difference, ...]
    repeat: str
    rerun: str
    alike: tuple[Suspect, ...]
    smallest: str
    """The smallest part of a drawn case that fails, as a table row; empty where there is none."""


def failing(result: Result) -> list[CaseVerdict]:
    """The cases that failed, then those that failed and did not when they were repeated."""
    found = [each for each in result.judgement.cases.values() if each.outcome in ("failed", "flaky")]
    return sorted(found, key=lambda each: each.outcome)


def failures(
    result: Result, catalogue: Catalogue, kills: Sequence[Kill], rerun: Callable[[str], str]
) -> Iterator[Failure]:
    """The first failures, in full."""
    cases = {case.id: case for case in result.selected}
    rows = result.failing_rows
    for verdict in failing(result)[:SHOWN]:
        case, record = cases[verdict.case], result.record_of(verdict.case)
        sent = evidence(verdict, record)
        yield Failure(
            case,
            verdict,
            tuple(dict.fromkeys(catalogue.requirements[each.requirement] for each in verdict.findings)),
            tuple(world_lines(case.world, record.binding if record else None)),
            tuple(_steps(record)) if record else (),
            tuple(_differences(verdict.findings, record)),
            curl(sent, result.transcript.header.base_url) if sent else "",
            rerun(verdict.case),
            suspects(rows, [each for each in kills if case.row in each.rows]),
            row_text(part.case, part.rules[0]) if (part := result.smallest.get(case.id)) else "",
        )


def _steps(record: Record) -> Iterator[Step]:
    stages = sorted({each.stage for each in record.exchanges if each.op == "create"})
    for number, stage in enumerate(stages, 1):
        sent = [each for each in record.exchanges if each.op == "create" and each.stage == stage]
        yield Step(number, tuple(sent[:MOST_REQUESTS]), max(0, len(sent) - MOST_REQUESTS))


def _differences(findings: Sequence[Finding], record: Record | None) -> Iterator[Difference]:
    """Each difference once, with the reads in which it was seen."""
    seen: dict[Finding, list[Exchange]] = {}
    for each in findings:
        reads = seen.setdefault(replace(each, exchange=None), [])
        if record is not None and each.exchange is not None and record.exchanges[each.exchange].op != "create":
            reads.append(record.exchanges[each.exchange])
    for finding, reads in seen.items():
        yield Difference(finding, *difference(finding.expected, finding.observed), tuple(reads[:MOST_READS]))
