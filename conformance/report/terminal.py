"""The terminal report: the verdict first and last, a line a requirement, failures, the interpretation ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conformance.diagnosis import diagnose
from conformance.judge import Judgement
from conformance.kills import Kill
from conformance.model import CaseVerdict
from conformance.readings import surviving
from conformance.report.failure import failure_text
from conformance.report.ledger import told_choices
from conformance.report.row import smallest_text
from conformance.report.text import counted, one_line
from conformance.result import Result
from conformance.spec import Catalogue

MOST_FAILURES = 20
MARKS = {
    "passed": "✓",
    "failed": "✗",
    "flaky": "~",
    "advisory": "!",
    "not-applicable": "–",
    "not-tested": "?",
    "not-observed": "·",
    "error": "?",
}


def terminal_report(result: Result, catalogue: Catalogue, rerun: Callable[[str], str], kills: Sequence[Kill]) -> str:
    """The whole report as text; ``rerun`` gives the command that runs one case again."""
    judgement = result.judgement
    headline = headline_of(result)
    lines = [headline, ""]
    lines += _requirements(judgement, catalogue)
    lines += _failures(result, catalogue, rerun)
    lines += _diagnosis(result, kills)
    lines += [
        "",
        "Interpretation ledger (what the page leaves open, and what this target does):",
        *_ledger(judgement, catalogue),
    ]
    if judgement.unserved:
        lines += ["", f"Not served, so not observed: {', '.join(_unserved(result))}"]
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(judgement.counts.items()))
    again = result.transcript.again
    lines += [
        "",
        f"{counted(len(result.selected), 'case')}: {counts}"
        + (f"; {again} answers were lost and asked for again" if again else ""),
    ]
    lines += [f"  {one_line(each)}" for each in judgement.reasons]
    lines += [f"  note: {one_line(each)}" for each in result.transcript.notes]
    lines += [headline]
    return "\n".join(lines)


def headline_of(result: Result) -> str:
    """The verdict in one line."""
    judgement, header = result.judgement, result.transcript.header
    claim = judgement.claim
    what = {"conformant": f"conformant, class {judgement.cls}", "partial": "partial, no claim"}.get(claim, claim)
    catalogue = header.catalogue + (f" held to {header.held_to}" if header.held_to else "")
    about = f"catalogue {catalogue}, depth {header.depth}, seed {header.seed}"
    return f"{header.base_url}: {what} ({about})"


def bad_cases(judgement: Judgement) -> list[CaseVerdict]:
    """The cases that failed, then those that are flaky or could not be carried out."""
    bad = [each for each in judgement.cases.values() if each.outcome in ("failed", "flaky", "error")]
    return sorted(bad, key=lambda verdict: verdict.outcome != "failed")


def _requirements(judgement: Judgement, catalogue: Catalogue) -> Iterator[str]:
    for each in judgement.requirements.values():
        if not each.cases and each.outcome == "not-tested":
            continue  # a rule of which no case was selected
        rule = catalogue.requirements[each.requirement]
        where = f" in {counted(len(each.failed), 'case')}" if each.failed else ""
        note = "" if each.outcome == "passed" else f"  [{each.outcome}{where}]"
        words = _first_words(rule.claim)
        yield f"{MARKS[each.outcome]} {rule.id:6} {rule.level:6} {each.cases:4} cases  {words}{note}"


def _first_words(claim: str) -> str:
    return claim if len(claim) <= 90 else claim[:89].rsplit(" ", 1)[0] + " …"


def _failures(result: Result, catalogue: Catalogue, rerun: Callable[[str], str]) -> Iterator[str]:
    bad = bad_cases(result.judgement)
    cases = {case.id: case for case in result.selected}
    for verdict in bad[:MOST_FAILURES]:
        record = result.record_of(verdict.case)
        base_url = result.transcript.header.base_url
        yield ""
        text = failure_text(cases[verdict.case], verdict, record, catalogue, base_url, rerun(verdict.case))
        yield text + smallest_text(result.smallest.get(verdict.case))
    if len(bad) > MOST_FAILURES:
        yield f"\n… and {len(bad) - MOST_FAILURES} more; the report directory has all of them"


def _diagnosis(result: Result, kills: Sequence[Kill]) -> Iterator[str]:
    found = diagnose(result.failing_rows, result.rows, result.blamed, kills)
    if not found.alike:
        return
    yield "\nIt behaves as if:"
    for each in found.alike:
        yield f"  {each.note}  ({each.likeness:.0%} like the mutant {each.mutant}, which breaks {each.requirement})"
    yield f"Look at {found.first} first."


def _unserved(result: Result) -> Iterator[str]:
    """Each operation that was never answered with 200, and what it was answered with."""
    answered: dict[str, set[str]] = {op: set() for op in result.judgement.unserved}
    for record in result.transcript.records:
        for each in record.exchanges:
            if each.op in answered and each.status:
                answered[each.op].add(str(each.status))
    for op, statuses in answered.items():
        yield f"{op} (answered {' and '.join(sorted(statuses))})" if statuses else op


def _ledger(judgement: Judgement, catalogue: Catalogue) -> Iterator[str]:
    if judgement.conflict:
        yield f"  no reading explains all of: {', '.join(judgement.conflict)}"
    else:
        for name, values in surviving(judgement.readings).items():
            every = len(values) == len(catalogue.dimensions[name].values)
            yield f"  {name}: " + ("not determined" if every else " or ".join(values))
    for point, choices in told_choices(judgement.choices).items():
        yield f"  {point}: " + ", ".join(f"{one_line(choice)} ×{number}" for choice, number in choices.items())
