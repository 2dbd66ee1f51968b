"""The summary for a CI's page as GitHub-flavoured Markdown; what a target sent stands in it as code, never as markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.readings import surviving
from conformance.report.failure import curl, evidence
from conformance.report.ledger import told_choices
from conformance.report.terminal import MARKS, bad_cases, headline_of
from conformance.report.text import one_line
from conformance.result import Result
from conformance.spec import Catalogue

LARGEST = 64 * 1024
"""Bytes of UTF-8."""
CUT = "\n\nThe summary is cut off here; the report directory (`--report-dir`) has all of it.\n"
SHORT = 300


def summary(result: Result, catalogue: Catalogue, rerun: Callable[[str], str]) -> str:
    """Verdict, requirements that have not passed, failures, ledger; at most ``LARGEST`` bytes."""
    return _bounded("\n\n".join(_blocks(result, catalogue, rerun)) + "\n")


def _bounded(text: str) -> str:
    if len(text.encode()) <= LARGEST:
        return text
    kept = text.encode()[: LARGEST - len(CUT.encode())].decode("utf-8", "ignore")
    return kept[: kept.rfind("\n\n")] + CUT


def _blocks(result: Result, catalogue: Catalogue, rerun: Callable[[str], str]) -> Iterator[str]:
    judgement = result.judgement
    yield f"### {MARKS.get(judgement.claim, '')} {_inert(headline_of(result))}".replace("###  ", "### ")
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(judgement.counts.items()))
    yield f"{len(result.selected)} cases: {counts}"
    yield from (f"- {_inert(each)}" for each in (*judgement.reasons, *result.transcript.notes))
    told = [each for each in judgement.requirements.values() if each.outcome != "passed" and each.cases]
    if told:
        lines = [
            f"| {each.requirement} | {MARKS[each.outcome]} {each.outcome} | {each.cases} "
            f"| {_inert(catalogue.requirements[each.requirement].claim)} |"
            for each in told
        ]
        yield "\n".join(["| rule | outcome | cases | what it says |", "|---|---|---|---|", *lines])
    yield _ledger(result)
    yield from _failures(result, rerun)


def _failures(result: Result, rerun: Callable[[str], str]) -> Iterator[str]:
    cases = {case.id: case for case in result.selected}
    records = {record.case: record for record in result.transcript.records if not record.repeat}
    for verdict in bad_cases(result.judgement):
        case = cases[verdict.case]
        lines = [f"<summary>{MARKS[verdict.outcome]} {case.id}: {_inert(case.title)}</summary>", "<pre>"]
        lines += [_inert(verdict.reason)] if verdict.reason else []
        for each in verdict.findings:
            lines += [f"{each.requirement}: {_inert(each.message)}"]
            lines += [f"  expected {_inert(each.expected)}", f"  observed {_inert(each.observed)}"]
        sent = evidence(verdict, records.get(verdict.case))
        lines += [f"repeat {_inert(curl(sent, result.transcript.header.base_url), 2000)}"] if sent else []
        lines += [f"rerun  {_inert(rerun(verdict.case))}", "</pre>"]
        yield "\n".join(["<details>", *lines, "</details>"])


def _ledger(result: Result) -> str:
    if result.judgement.conflict:
        lines = [f"no reading explains all of: {', '.join(result.judgement.conflict)}"]
    else:
        lines = [f"{name}: {' or '.join(values)}" for name, values in surviving(result.judgement.readings).items()]
    for point, seen in told_choices(result.judgement.choices).items():
        lines.append(f"{point}: " + ", ".join(f"{_inert(choice, 60)} ×{number}" for choice, number in seen.items()))
    return "\n".join(["<details>", "<summary>Interpretation ledger</summary>", "<pre>", *lines, "</pre>", "</details>"])


def _inert(text: str, limit: int = SHORT) -> str:
    """For a ``<pre>``: one line, in which nothing is markup, a link or a mention."""
    return "".join(char if char.isalnum() or char in " ,;()" else f"&#{ord(char)};" for char in one_line(text, limit))
