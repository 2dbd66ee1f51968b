"""The smallest part of a drawn case that still fails, and what is tried next to find it. Pure.

First the shortest beginning that fails is looked for, which names the rule; then everything that it can do without is
left out. The records alone decide, so a recorded run has the same answer off line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from conformance.judge import Judgement, judge_case
from conformance.judge.seen import READ_OPS
from conformance.model import Case, CaseVerdict, Record
from conformance.records import records_of
from conformance.reduction import MARK, Reduction, beginning, reduced, reduction_of, size, smaller

CAUSE = "ATO-1"
"""Where a refusal that changed something spoils a later request, a part that is read in full shows the refusal."""
MOST_CASES = 3
AT_ONCE = 8
"""Parts of a case that are carried out before the next are chosen."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a case that was carried out."""

    reduction: Reduction
    case: Case
    verdict: CaseVerdict
    shown: int | None = None
    """After how many of its requests it is certain that it fails; None where only the end shows it."""

    @property
    def rules(self) -> list[str]:
        """What it breaks."""
        return [each.requirement for each in self.verdict.findings if each.severity == "failed"]


@dataclass(frozen=True, slots=True)
class Search:
    """A drawn case that failed, and the parts of it that were tried."""

    case: Case
    shown: int | None
    """After how many requests it is certain that the case fails; None where only its end shows it."""
    parts: tuple[Part, ...]

    @property
    def smallest(self) -> Part | None:
        """The smallest part that breaks what the shortest failing beginning breaks, or shows what that comes from."""
        failing = [each for each in self._beginnings() if each.verdict.outcome == "failed"]
        if not failing:
            return None
        rule = min(failing, key=_length).rules[0]
        these = (each for each in self.parts if {rule, CAUSE} & set(each.rules))
        return min(these, key=lambda each: (size(self.case, each.reduction), each.case.id))

    def next(self) -> list[Case]:
        """What is tried next; nothing when the search is over."""
        return [reduced(self.case, each) for each in self._lengths() or self._smaller()]

    def _beginnings(self) -> list[Part]:
        return [each for each in self.parts if each.reduction == beginning(self.case, _length(each))]

    def _lengths(self) -> list[Reduction]:
        """Beginnings between the longest that passes and the shortest that fails."""
        tried = self._beginnings()
        if not tried:
            return [beginning(self.case, self.shown or len(self.case.steps))]
        failing = [each for each in tried if each.verdict.outcome == "failed"]
        if not failing:
            return []
        shortest = min(failing, key=_length)
        shown = min((each.shown for each in failing if each.shown is not None), default=None)
        if shown is not None:
            known = any(_length(each) == shown for each in tried)
            return [] if known else [beginning(self.case, shown)]
        last = _length(shortest) - 1
        first = 1 + max((_length(each) for each in tried if _length(each) <= last), default=0)
        stride = -(-(last - first + 1) // AT_ONCE) or 1
        return [beginning(self.case, length) for length in range(last, first - 1, -stride)]

    def _smaller(self) -> list[Reduction]:
        if (best := self.smallest) is None:
            return []
        tried = {each.reduction for each in self.parts}
        most = size(self.case, best.reduction)
        found = [each for each in dict.fromkeys(smaller(self.case, best.reduction)) if each not in tried]
        found = [each for each in found if size(self.case, each) < most]
        bare = [each for each in found if best.reduction.rows and not each.rows]  # with few rows, little is read
        return (bare or found)[:AT_ONCE]


def _length(part: Part) -> int:
    return len(part.reduction.steps)


def searches(cases: Sequence[Case], judgement: Judgement, records: Sequence[Record]) -> Iterator[Search]:
    """The searches for the first rules that drawn cases broke, as far as the records show them."""
    served = frozenset(READ_OPS) - set(judgement.unserved)
    parts: dict[str, list[Record]] = {}
    for record in records_of(records, is_part):
        parts.setdefault(record.case.partition(MARK)[0], []).append(record)
    for case, shown in _chosen(cases, judgement, records):
        tried = []
        for record in parts.get(case.id, ()):
            with suppress(ValueError):  # a record of something else
                reduction = reduction_of(record.case, case)
                part = reduced(case, reduction)
                verdict = judge_case(part, record, served)
                tried.append(Part(reduction, part, verdict, _shown(part, verdict, record)))
        yield Search(case, shown, tuple(tried))


def _chosen(
    cases: Sequence[Case], judgement: Judgement, records: Sequence[Record]
) -> Iterator[tuple[Case, int | None]]:
    """For each of the first broken rules the case that shows it soonest, and after how many requests it does."""
    failed = [case for case in cases if judgement.cases[case.id].outcome == "failed" and is_drawn(case)]
    failed = [case for case in failed if case.id not in judgement.conflict]
    names = {case.id for case in failed}
    by_case = {record.case: record for record in records_of(records, names.__contains__) if not record.repeat}
    soonest: dict[str, tuple[int, Case, int | None]] = {}
    for case in failed:
        verdict = judgement.cases[case.id]
        shown = _shown(case, verdict, by_case[case.id])
        rule = next(each.requirement for each in verdict.findings if each.severity == "failed")
        entry = (shown or len(case.steps) + 1, case, shown)
        soonest[rule] = min(soonest.get(rule, entry), entry, key=lambda each: each[0])
    return ((case, shown) for _, case, shown in list(soonest.values())[:MOST_CASES])


def is_part(case: str) -> bool:
    """Whether a case's id is that of a part; the records of the others alone decide the verdict."""
    return MARK in case


def is_drawn(case: Case) -> bool:
    """Whether a case is a sequence of requests that the oracle judges; a body drawn by schemathesis has no parts."""
    return case.sparing and not any(step.expect or step.races for step in case.steps) and _has_parts(case)


def _has_parts(case: Case) -> bool:
    return all(request.encoding == "utf-8" for step in case.steps for request in step.requests)


def _shown(case: Case, verdict: CaseVerdict, record: Record) -> int | None:
    """An answer shows it, or what was read before the next request; what is read at the end may be older."""
    at = next((each.exchange for each in verdict.findings if each.severity == "failed"), None)
    if at is None:
        return None
    seen = record.exchanges[at]
    return seen.stage + 1 if seen.op == "create" or 0 <= seen.stage < len(case.steps) - 1 else None


def smallest(cases: Sequence[Case], judgement: Judgement, records: Sequence[Record]) -> Mapping[str, Part]:
    """For each drawn case that was made smaller, the smallest part that fails."""
    found = {search.case.id: search.smallest for search in searches(cases, judgement, records)}
    return {case: part for case, part in found.items() if part is not None}
