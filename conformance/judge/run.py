"""All verdicts together: the version space over the whole run, each requirement, the claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from conformance.answers import TooDeep
from conformance.judge.case import judge_case
from conformance.judge.seen import READ_OPS, parse, served
from conformance.judge.silence import Silence
from conformance.model import Case, CaseOutcome, CaseVerdict, Finding, ReadOp, Record, in_turn
from conformance.readings import DIMENSIONS, EVERY, minimal_conflict, surviving
from conformance.spec import Catalogue, ConformanceClass, Requirement

Claim = Literal["conformant", "not conformant", "incomplete", "partial"]
RequirementOutcome = Literal[
    "passed", "failed", "flaky", "advisory", "not-applicable", "not-tested", "not-observed", "error"
]


# The requirement that leaves a reading open: of what contradicts itself there, the case's own rule says nothing.
_ABOUT: Mapping[str, str] = {
    "attach": "ATT-1",
    "duplicate": "NAM-3",
    "moved_runs": "RUN-1",
    "runs_elsewhere": "RUN-1",
    "run_promotion": "PRO-2",
    "stale_org": "VIS-2",
    "listed_datasets": "ATT-1",
    "listed_runs": "RUN-1",
}


@dataclass(frozen=True, slots=True)
class RequirementVerdict:
    """What the run says of one requirement, and how many cases say so."""

    requirement: str
    outcome: RequirementOutcome
    cases: int
    failed: tuple[str, ...] = ()
    """Ids of the cases in which it was broken."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The run's verdict. ``readings`` is the mask that survives; ``conflict`` the cases that no reading reconciles."""

    claim: Claim
    cls: ConformanceClass
    cases: Mapping[str, CaseVerdict]
    requirements: Mapping[str, RequirementVerdict]
    readings: int
    conflict: tuple[str, ...]
    choices: Mapping[str, Mapping[str, int]]
    """Open points: each choice that was seen, and how often."""
    unserved: tuple[str, ...]
    counts: Mapping[CaseOutcome, int]
    reasons: tuple[str, ...] = ()
    """Why the claim is not *conformant*, in sentences."""


def judge_run(
    plan: Sequence[Case], records: Iterable[Record], catalogue: Catalogue, *, partial: bool, aborted: str = ""
) -> Judgement:
    """Judge every planned case by its record; a case without one was not tested."""
    every = tuple(records)
    judging = Judging(plan, catalogue)
    for record in every:
        judging.add(record)
    return judging.judgement(every, partial=partial, aborted=aborted)


AT_ONCE = 2
"""Cases that are judged when a record comes. Where the first of many that wait holds up the rest, all of these together
would keep the interpreter so long that the target had nothing to do."""


class Judging:
    """Judges cases in turn, as soon as their records are there, and then keeps the verdicts alone.

    A record waits where its verdict depends on what is still to come: on whether an operation that it was read with is
    served at all, and on how many answers the network loses.
    """

    def __init__(self, plan: Sequence[Case], catalogue: Catalogue) -> None:
        self._plan, self._catalogue = plan, catalogue
        self._turns = in_turn(plan)
        self._planned = frozenset(case.id for case in plan)
        self._waiting: dict[str, Record] = {}
        self._repeats: dict[str, list[Record]] = {}
        self._served: frozenset[ReadOp] = frozenset()
        self._tried: set[str] = set()
        self._silence = Silence()
        self._verdicts: dict[str, CaseVerdict] = {}
        self._survivors = EVERY

    def add(self, record: Record) -> None:
        """Take a record, and judge what can be judged."""
        if record.repeat:
            self._repeats.setdefault(record.case, []).append(record)
            return
        self._note(record)
        if record.case in self._planned:
            self._waiting[record.case] = record
        self._go_on(AT_ONCE)

    def _go_on(self, most: int) -> None:
        """Judge so many cases whose turn it is and whose verdict depends on nothing that is still to come."""
        for case in self._turns[len(self._verdicts) : len(self._verdicts) + most]:
            ready = self._waiting.get(case.id)
            if ready is None or ready.trouble or not self._served.issuperset(_read_with(ready)):
                return
            self._survivors = self._judge(case, ready, self._verdicts, self._survivors)
            del self._waiting[case.id]

    def _note(self, record: Record) -> None:
        self._silence.add(record)
        self._tried |= _read_with(record)
        missing = frozenset(READ_OPS) - self._served
        if any(each.op in missing and each.status == 200 for each in record.exchanges):
            with suppress(TooDeep):
                self._served |= served(parse(record))

    def _judge(self, case: Case, record: Record, verdicts: dict[str, CaseVerdict], survivors: int, **more: bool) -> int:
        """Add the case's verdict; the readings that survive it."""
        verdict = _levelled(judge_case(case, record, self._served, survivors or EVERY, **more), self._catalogue)
        verdicts[case.id] = verdict
        decides = verdict.outcome in ("passed", "advisory") and self._catalogue.decides(case.verifies)
        return survivors & verdict.readings if decides else survivors

    def judgement(self, records: Iterable[Record], *, partial: bool, aborted: str = "") -> Judgement:
        """The verdict on what was added so far; ``records`` are the same, for another look where readings conflict."""
        self._go_on(len(self._turns))
        verdicts, survivors, silent = dict(self._verdicts), self._survivors, self._silence.cases()
        for case in self._turns[len(verdicts) :]:
            record = self._waiting.get(case.id)
            if record is None:
                verdicts[case.id] = CaseVerdict(case.id, "not-tested", reason=aborted or "the run ended before it")
            else:
                survivors = self._judge(case, record, verdicts, survivors, silent=case.id in silent)
        self._tell_again(records, verdicts, survivors, silent)
        for case in self._plan:
            if case.id in self._repeats and verdicts[case.id].outcome == "failed":
                again = [judge_case(case, each, self._served, survivors or EVERY) for each in self._repeats[case.id]]
                again = [_levelled(each, self._catalogue) for each in again]
                verdicts[case.id] = _repeated(verdicts[case.id], again)
        deciding = [case for case in self._plan if self._catalogue.decides(case.verifies)]
        conflict = {} if survivors else _conflict(deciding, records, verdicts, self._served)
        for name in conflict:
            verdicts[name] = _conflicting(verdicts[name], conflict)
        return self._judged(verdicts, survivors, conflict, deciding, partial, aborted)

    def _tell_again(
        self, records: Iterable[Record], verdicts: dict[str, CaseVerdict], survivors: int, silent: frozenset[str]
    ) -> None:
        """Failures as the readings see them that the whole run has left: when they were judged there were more."""
        failed = {case.id: case for case in self._plan if verdicts[case.id].outcome == "failed"} if survivors else {}
        for record in records if failed else ():
            if record.case in failed and not record.repeat:
                self._judge(failed[record.case], record, verdicts, survivors, silent=record.case in silent)

    def _judged(
        self,
        verdicts: Mapping[str, CaseVerdict],
        survivors: int,
        conflict: Mapping[str, int],
        deciding: Sequence[Case],
        partial: bool,
        aborted: str,
    ) -> Judgement:
        catalogue = self._catalogue
        unserved = tuple(op for op in READ_OPS if op in self._tried - self._served)
        cls: ConformanceClass = "responses" if unserved else "full"
        rules = catalogue.requirements.values()
        requirements = {each.id: _requirement(each, self._plan, verdicts, cls) for each in rules}
        having_a_say = {case.id: verdicts[case.id] for case in deciding}
        claim, reasons = _claim(requirements, having_a_say, catalogue, partial=partial, aborted=aborted)
        return Judgement(
            claim=claim,
            cls=cls,
            cases={case.id: verdicts[case.id] for case in self._plan},
            requirements=requirements,
            readings=survivors,
            conflict=tuple(conflict),
            choices=_ledger(having_a_say.values()),
            unserved=unserved,
            counts=Counter(each.outcome for each in verdicts.values()),
            reasons=reasons,
        )


def _read_with(record: Record) -> frozenset[ReadOp]:
    return frozenset(each.op for each in record.exchanges if each.op != "create")


def _levelled(verdict: CaseVerdict, catalogue: Catalogue) -> CaseVerdict:
    """A breach of a SHOULD, or of a rule that came later, is an advisory."""
    findings = tuple(
        replace(each, severity="advisory")
        if each.severity == "failed" and catalogue.advises(each.requirement)
        else each
        for each in verdict.findings
    )
    if verdict.outcome == "failed" and not any(each.severity == "failed" for each in findings):
        return replace(verdict, outcome="advisory", findings=findings)
    return replace(verdict, findings=findings)


def _repeated(verdict: CaseVerdict, again: Sequence[CaseVerdict]) -> CaseVerdict:
    """A failure that was repeated: *flaky* where it came out otherwise once; a repetition may come to nothing."""
    otherwise = sum(each.outcome in ("passed", "advisory") for each in again)
    if not otherwise:
        return verdict
    failed = 1 + sum(each.outcome == "failed" for each in again)
    findings = tuple(replace(each, severity="advisory") for each in verdict.findings)
    reason = f"it failed {failed} of {failed + otherwise} times, each in a fresh world"
    return replace(verdict, outcome="flaky", findings=findings, reason=reason)


def _conflict(
    plan: Sequence[Case],
    records: Iterable[Record],
    verdicts: Mapping[str, CaseVerdict],
    reading_ops: frozenset[ReadOp],
) -> dict[str, int]:
    """A minimal set of cases that no reading explains together, and what each allows among all readings."""
    explained = {case.id: case for case in plan if verdicts[case.id].outcome in ("passed", "advisory")}
    first = (record for record in records if record.case in explained and not record.repeat)
    found = {record.case: judge_case(explained[record.case], record, reading_ops).readings for record in first}
    masks = {name: found[name] for name in explained}
    return {name: masks[name] for name in minimal_conflict(masks.items())}


def _conflicting(verdict: CaseVerdict, conflict: Mapping[str, int]) -> CaseVerdict:
    others = (f"{_shown(mask)} in {name}" for name, mask in conflict.items() if name != verdict.case)
    finding = Finding(
        _ABOUT[_disputed(conflict.values())],
        "no reading of the page explains this case together with others",
        "; ".join(others),
        _shown(conflict[verdict.case]),
    )
    return replace(verdict, outcome="failed", findings=(finding, *verdict.findings))


def _disputed(masks: Iterable[int]) -> str:
    """The dimension of which no value is left; where only combinations are at odds, the first that any case narrows."""
    values = [surviving(mask) for mask in masks]
    narrowed = [name for name in DIMENSIONS if any(each[name] != DIMENSIONS[name] for each in values)]
    empty = [name for name in narrowed if not set(DIMENSIONS[name]).intersection(*(each[name] for each in values))]
    return [*empty, *narrowed, *DIMENSIONS][0]


def _shown(mask: int) -> str:
    """What a case says of the readings: ``attach: own or owned``."""
    narrowed = {name: values for name, values in surviving(mask).items() if values != DIMENSIONS[name]}
    return ", ".join(f"{name}: {' or '.join(values)}" for name, values in narrowed.items())


def _requirement(
    requirement: Requirement, plan: Sequence[Case], verdicts: Mapping[str, CaseVerdict], cls: ConformanceClass
) -> RequirementVerdict:
    citing = [verdicts[case.id] for case in plan if requirement.id in case.verifies]
    broken, warned, flaky = set(), False, any(each.outcome == "flaky" for each in citing)
    for verdict in verdicts.values():
        for finding in verdict.findings:
            if finding.requirement == requirement.id:
                if finding.severity == "failed":
                    broken.add(verdict.case)
                else:
                    warned = True
    outcomes = {each.outcome for each in citing}
    outcome: RequirementOutcome
    if broken:
        outcome = "failed"
    elif requirement.cls == "full" and cls == "responses":
        outcome = "not-observed"
    elif flaky:
        outcome = "flaky"
    elif "error" in outcomes:
        outcome = "error"
    elif not citing or "not-tested" in outcomes or not outcomes & {"passed", "advisory", "failed"}:
        outcome = "not-applicable" if outcomes == {"not-applicable"} else "not-tested"
    else:
        outcome = "advisory" if warned else "passed"
    return RequirementVerdict(requirement.id, outcome, len(citing), tuple(sorted(broken)))


def _ledger(verdicts: Iterable[CaseVerdict]) -> dict[str, dict[str, int]]:
    ledger: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        for point, choice in verdict.choices:
            ledger.setdefault(point, Counter())[choice] += 1
    return {point: dict(sorted(seen.items())) for point, seen in sorted(ledger.items())}


def _claim(
    requirements: Mapping[str, RequirementVerdict],
    verdicts: Mapping[str, CaseVerdict],
    catalogue: Catalogue,
    *,
    partial: bool,
    aborted: str,
) -> tuple[Claim, tuple[str, ...]]:
    failed = [each.requirement for each in requirements.values() if each.outcome == "failed"]
    if failed or any(each.outcome == "failed" for each in verdicts.values()):
        return "not conformant", (f"broken: {', '.join(failed)}",)
    reasons = [aborted] if aborted else []
    for outcome, word in (
        ("flaky", "are flaky"),
        ("error", "could not be carried out"),
        ("not-tested", "were not tested"),
    ):
        these = [each for each in verdicts.values() if each.outcome == outcome]
        if these:
            told = "" if these[0].reason == aborted else f", the first ({these[0].case}): {these[0].reason}"
            reasons.append(f"{len(these)} cases {word}{told}")
    if partial:
        return ("incomplete", tuple(reasons)) if reasons else ("partial", ())
    untested = [
        each.requirement
        for each in requirements.values()
        if each.outcome in ("flaky", "not-tested", "error") and not catalogue.advises(each.requirement)
    ]
    if untested:
        reasons.append(f"not tested: {', '.join(untested)}")
    return ("incomplete", tuple(reasons)) if reasons else ("conformant", ())
