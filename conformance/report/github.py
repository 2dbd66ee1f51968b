"""Workflow commands of GitHub Actions: a failure at its row, and output in which a target gives no commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.model import Case, CaseVerdict
from conformance.report.terminal import bad_cases
from conformance.report.text import one_line
from conformance.result import Result

MOST = 10
"""Annotations that GitHub shows of one kind and step."""
SHORT = 400


def annotate(result: Result, known: Callable[[str], bool]) -> Iterator[str]:
    """An error a failing case, a notice where the failure is ``known``; the last line counts those left out."""
    cases = {case.id: case for case in result.selected}
    bad = sorted(bad_cases(result.judgement), key=lambda each: known(each.case))
    for verdict in bad[:MOST]:
        kind = "notice" if known(verdict.case) else "error"
        yield _command(kind, cases[verdict.case], _message(verdict))
    if len(bad) > MOST:
        yield f"::notice::{_data(f'{len(bad) - MOST} more failures; the summary and the report directory have them')}"


def quiet(text: str, token: str) -> str:
    """``text`` between lines that switch workflow commands off and on again."""
    return f"::stop-commands::{token}\n{text}\n::{token}::"


def _message(verdict: CaseVerdict) -> str:
    if not verdict.findings:
        return one_line(verdict.reason, SHORT)
    first = verdict.findings[0]
    said = (one_line(each, SHORT) for each in (first.message, first.expected, first.observed))
    return "{}: {}\nexpected {}\nobserved {}".format(first.requirement, *said)


def _command(kind: str, case: Case, message: str) -> str:
    title = _property(f"{case.id}: {case.title}")
    return f"::{kind} file={_property(case.source.file)},line={case.source.line},title={title}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
