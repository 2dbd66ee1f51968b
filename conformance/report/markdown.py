"""The summary for a CI's page, in GitHub's Markdown: what a target sent stands in it as text, never as markup."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence

from conformance.model import Case, CaseVerdict, Record
from conformance.readings import surviving
from conformance.report.failure import curl, distinct, evidence
from conformance.report.ledger import told_choices
from conformance.report.terminal import MARKS, bad_cases, headline_of
from conformance.report.text import counted, one_line
from conformance.result import Result
from conformance.spec import Catalogue

LARGEST = 64 * 1024
"""Bytes of UTF-8."""
CUT = "\n\nThe summary is cut off here; the report directory (`--report-dir`) has all of it.\n"
SHORT = 300


def summary(result: Result, catalogue: Catalogue, rerun: Callable[[str], str]) -> str:
    """Verdict, requirements that have not passed, failures, ledger; at most ``LARGEST`` bytes."""
    text = "\n\n".join(_blocks(result, catalogue, rerun)) + "\n"
    if len(text.encode()) <= LARGEST:
        return text
    kept = text.encode()[: LARGEST - len(CUT.encode())].decode("utf-8", "ignore")
    return kept[: kept.rfind("\n\n")] + CUT


def _blocks(result: Result, catalogue: Catalogue, rerun: Callable[[str], str]) -> Iterator[str]:
    judgement = result.judgement
    yield f"### {judgement.claim.capitalize()}"
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(judgement.counts.items()))
    yield f"{_inert(headline_of(result))}; {counted(len(result.selected), 'case')}: {counts}"
    yield from (f"- {_inert(each)}" for each in (*judgement.reasons, *result.transcript.notes))
    told = [each for each in judgement.requirements.values() if each.outcome != "passed" and each.cases]
    if told:
        lines = [
            f"| {each.requirement} | {MARKS[each.outcome]} {each.outcome} | {each.cases} "
            f"| {catalogue.requirements[each.requirement].claim} |"
            for each in told
        ]
        yield "\n".join(["| rule | outcome | cases | what it says |", "|---|---|---|---|", *lines])
    yield _folded("Interpretation ledger", list(_ledger(result)))
    cases = {case.id: case for case in result.selected}
    for verdict in bad_cases(judgement):
        case = cases[verdict.case]
        lines = list(_failure(verdict, result.record_of(case.id), result.transcript.header.base_url))
        yield _folded(_title(case, verdict), [*lines, f"rerun  {_code(rerun(case.id), 1000)}"])


def _title(case: Case, verdict: CaseVerdict) -> str:
    return f"{MARKS[verdict.outcome]} {case.id}: {_code(case.title)} ({case.source})"


def _failure(verdict: CaseVerdict, record: Record | None, base_url: str) -> Iterator[str]:
    if verdict.reason:
        yield f"{verdict.outcome}: {_code(verdict.reason)}"
    for each in distinct(verdict.findings):
        yield f"{each.requirement}: {_code(each.message)}"
        yield f"  expected {_code(each.expected)}"
        yield f"  observed {_code(each.observed)}"
    if sent := evidence(verdict, record):
        yield f"repeat {_code(curl(sent, base_url), 1000)}"


def _ledger(result: Result) -> Iterator[str]:
    if result.judgement.conflict:
        yield f"no reading explains all of: {', '.join(result.judgement.conflict)}"
    else:
        for name, values in surviving(result.judgement.readings).items():
            yield f"{name}: {' or '.join(values)}"
    for point, seen in told_choices(result.judgement.choices).items():
        yield f"{point}: " + ", ".join(f"{_code(choice, 60)} ×{number}" for choice, number in seen.items())


def _folded(title: str, lines: Sequence[str]) -> str:
    """One block of HTML: it ends with a blank line, which no line of ours is."""
    return "\n".join(["<details>", f"<summary>{title}</summary>", "<pre>", *lines, "</pre>", "</details>"])


def _code(text: str, limit: int = SHORT) -> str:
    """For a ``<pre>``, in which GitHub makes neither links nor mentions."""
    return html.escape(one_line(text, limit))


def _inert(text: str) -> str:
    """For a paragraph: whatever could be markup, a link or a mention is a character reference."""
    return "".join(char if char.isalnum() or char in " ,;()" else f"&#{ord(char)};" for char in one_line(text, SHORT))
