"""The kill matrix: reference and variants must be accepted, every mutant caught by rows that cite what it breaks.

From a checkout only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from typing import Any, Literal

from conformance.certification import Settings, certify, default_provider_states
from conformance.errors import ConformanceError
from conformance.kills import Kill, load_kills, write_kills
from conformance.model import Case, CaseVerdict
from conformance.plan import Plan, make_plan
from conformance.result import Result
from conformance.spec import load_catalogue
from conformance.subjects import Subject, entries, served, workers

SHOWN = 3
"""Rows on a line of the matrix."""
LIKELY = 3
"""Cases that a mutant meets first."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a subject.

    ``rows`` are those that failed (for a mutant that breaks only a SHOULD: that warned), citing ones first;
    ``cited`` says whether one of them, or a finding, names what a mutant breaks; ``trouble`` why nothing was judged.
    """

    subject: Subject
    right: bool
    claim: str
    rows: tuple[str, ...] = ()
    requirements: Mapping[str, int] = field(default_factory=dict)
    """Those that were broken, and in how many cases."""
    cited: bool = False
    failed: int = 0
    of: int = 0
    seconds: float = 0.0
    trouble: str = ""


# ---------------------------------------------------------------- proving


def prove(chosen: Sequence[Subject], jobs: int | None = None, *, every_row: bool = False) -> Iterator[Proof]:
    """Judge every subject, ``jobs`` at a time (default: one a core, and one), in order.

    ``every_row``: a mutant meets all tables, so that its proof names each row that fails on it, not the first ones.
    """
    with workers(jobs) as pool:
        yield from pool.map(partial(_prove_one, every_row=every_row), chosen)


def _prove_one(subject: Subject, *, every_row: bool = False) -> Proof:
    """Start a subject and judge it: a mutant by rows that cite what it breaks first, the rest by the whole plan."""
    started = time.monotonic()
    try:
        with served(subject.id) as url:
            proof = _judge(subject, url, every_row=every_row)
    except ConformanceError as error:
        return Proof(subject, False, "none", seconds=_since(started), trouble=str(error))
    return proof(_since(started))


def _judge(subject: Subject, url: str, *, every_row: bool) -> _Timed:
    settings = Settings(url, default_provider_states(url), _plan("standard").depth)
    for plan, cases in _turns(subject, every_row=every_row):
        timed = _Timed(subject, certify(settings, plan, cases))
        if timed.cited:
            break
    return timed


def _turns(subject: Subject, *, every_row: bool) -> Iterator[tuple[Plan, Sequence[Case]]]:
    """What a subject meets until a kill: of a mutant's tables those few first that were its end before."""
    tables, everything = _plan("quick"), _plan("standard")
    if subject.breaks:
        citing = [case for case in tables.cases if every_row or set(case.verifies) & set(subject.breaks)]
        before = {row for kill in load_kills() if kill.mutant == subject.id for row in kill.rows}
        likely = sorted((each for each in citing if each.row in before), key=lambda each: len(each.steps))[:LIKELY]
        yield from ((tables, cases) for cases in ([] if every_row else likely, citing) if cases)
    yield everything, everything.cases


class _Timed:
    """A judged run, to become a proof when the target has ended."""

    def __init__(self, subject: Subject, result: Result) -> None:
        self.subject, self.claim = subject, result.judgement.claim
        broken, soft = set(subject.breaks), _only_should(subject.breaks)
        self.cases: dict[str, Case] = {case.id: case for case in result.selected}
        verdicts = result.judgement.cases.values()
        failed = [each for each in verdicts if each.outcome == "failed" or (soft and _warned(each, broken))]
        naming = [each for each in failed if self._names(each, broken)]
        self.cited, self.failed = bool(naming), len(failed)
        first = [*naming, *(each for each in failed if each not in naming)]
        self.rows = tuple(dict.fromkeys(self.cases[each.case].row for each in first))
        self.requirements = {
            each.requirement: len(each.failed) for each in result.judgement.requirements.values() if each.failed
        }
        self.right = (self.cited and (soft or self.claim == "not conformant")) if broken else self.claim == "conformant"
        self.trouble = "" if broken else "; ".join(result.judgement.reasons)

    def _names(self, verdict: CaseVerdict, broken: set[str]) -> bool:
        found = {each.requirement for each in verdict.findings if each.severity != "error"}
        return bool(broken & (found | set(self.cases[verdict.case].verifies)))

    def __call__(self, seconds: float) -> Proof:
        return Proof(
            self.subject, self.right, self.claim, self.rows, self.requirements, self.cited, self.failed,
            len(self.cases), seconds, self.trouble,
        )  # fmt: skip


def _only_should(requirements: Sequence[str]) -> bool:
    """Whether an advisory is all that these breaches can give."""
    known = load_catalogue().requirements
    return bool(requirements) and all(each in known and known[each].level == "SHOULD" for each in requirements)


def _warned(verdict: CaseVerdict, broken: set[str]) -> bool:
    return any(each.severity == "advisory" and each.requirement in broken for each in verdict.findings)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


@cache
def _plan(depth: Literal["quick", "standard"]) -> Plan:
    return make_plan(depth, 0)


# ---------------------------------------------------------------- the matrix


def proof_line(proof: Proof) -> str:
    """One line of the kill matrix: subject, what it breaks, what the suite says, seconds, which rows say so."""
    subject = proof.subject
    mark = "✓" if proof.right else "✗"
    what = ",".join(subject.breaks) or subject.kind
    rows = ", ".join(proof.rows[:SHOWN])
    if len(proof.rows) > SHOWN:
        rows += f" and {len(proof.rows) - SHOWN} more"
    note = "  (caught, but by no row that cites it)" if subject.breaks and proof.rows and not proof.cited else ""
    trouble = f"  {proof.trouble}" if proof.trouble else ""
    return f"{mark} {subject.id[:60]:36} {what:20} {proof.claim:15} {proof.seconds:5.1f} s  {rows}{note}{trouble}"


def summary(proofs: Sequence[Proof]) -> str:
    """How many of each kind were judged rightly, and which were not."""
    lines = []
    for kind, word in (
        ("reference", "accepted"),
        ("variant", "accepted"),
        ("combination", "accepted"),
        ("mutant", "caught"),
    ):
        these = [each for each in proofs if each.subject.kind == kind]
        if these:
            right = sum(each.right for each in these)
            lines.append(f"{kind}s {word}: {right} of {len(these)}")
    lines += [f"wrong: {each.subject.id}" for each in proofs if not each.right]
    return "\n".join(lines)


def record(proofs: Sequence[Proof]) -> None:
    """Keep which table rows fail on each mutant (``spec/kills.json``); mutants that were not met keep theirs."""
    tabled = {case.row for case in _plan("quick").cases}
    known = {each.mutant: each for each in load_kills()}
    for proof in proofs:
        subject = proof.subject
        if subject.breaks:
            rows = tuple(sorted(tabled.intersection(proof.rows)))
            known[subject.id] = Kill(subject.id, subject.note, subject.breaks, rows, proof.requirements)
    there = [each["id"] for each in entries("faulty")]
    write_kills([known[each] for each in there if each in known], load_catalogue().version)


def matrix(proofs: Sequence[Proof]) -> list[dict[str, Any]]:
    """The matrix as JSON."""
    return [asdict(each) for each in proofs]
