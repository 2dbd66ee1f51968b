"""Several reports beside one another: what each says of every requirement, and what the last one lost.

A requirement or a case is *lost* when it passed (an advisory is a pass) in an earlier report and does not in the last:
what was not tested has not passed. A case that the last report does not have is told and is no loss: other tables,
another depth or a selection plan other cases, and requirements are what is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.answers import json_of
from conformance.errors import UsageError
from conformance.readings import DIMENSIONS
from conformance.report.ledger import told_choices
from conformance.yaml_source import Lines, validate

VERSION = 1
PASSING = ("passed", "advisory")
ABSENT = "–"
"""What is shown where a report says nothing."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of which reports say something, in their order."""

    name: str
    words: str
    seen: tuple[str, ...]
    lost: bool = False

    @property
    def changed(self) -> bool:
        """Whether they differ."""
        return len(set(self.seen)) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """All reports: requirements, the cases that differ, the ledger."""

    files: tuple[str, ...]
    reports: tuple[Document, ...]
    requirements: tuple[Line, ...]
    cases: tuple[Line, ...]
    readings: tuple[Line, ...]
    choices: tuple[Line, ...]
    gone: tuple[str, ...]
    """Cases that passed before and that the last report does not have."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Requirements, then cases."""
        return tuple(each.name for each in (*self.requirements, *self.cases) if each.lost)


def load_report(path: Path) -> Document:
    """A ``report.json``; UsageError names the file and what is wrong with it."""
    try:
        document = json_of(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: this is not JSON: {error}") from None
    validate(path, document, Lines(), "report")
    found: Document = document
    return found


def compare(files: Sequence[str], reports: Sequence[Document]) -> Comparison:
    """The reports beside one another, in the order given."""
    cases = _lines(reports, "cases", lambda each: str(each["title"]))
    return Comparison(
        files=tuple(files),
        reports=tuple(reports),
        requirements=_lines(reports, "requirements", lambda each: str(each["level"])),
        cases=tuple(each for each in cases if each.changed and each.seen[-1] != ABSENT),
        readings=_ledger([_readings(each) for each in reports]),
        choices=_ledger([_choices(each) for each in reports]),
        gone=tuple(each.name for each in cases if each.seen[-1] == ABSENT and set(each.seen) & set(PASSING)),
    )


def _lines(reports: Sequence[Document], kind: str, words: Callable[[Mapping[str, Any]], str]) -> tuple[Line, ...]:
    by_id = [{each["id"]: each for each in report[kind]} for report in reports]
    found = []
    for name in _all(by_id):
        seen = tuple(str(each[name]["outcome"]) if name in each else ABSENT for each in by_id)
        last = next(each[name] for each in reversed(by_id) if name in each)
        tested = kind == "requirements" or seen[-1] != ABSENT
        lost = tested and seen[-1] not in PASSING and any(each in PASSING for each in seen[:-1])
        found.append(Line(name, words(last), seen, lost))
    return tuple(found)


def _ledger(told: Sequence[Mapping[str, str]]) -> tuple[Line, ...]:
    return tuple(Line(name, "", tuple(each.get(name, ABSENT) for each in told)) for name in _all(told))


def _readings(report: Document) -> dict[str, str]:
    def words(name: str, values: Sequence[str]) -> str:
        if not values:
            return "conflict"
        return "not determined" if set(values) == set(DIMENSIONS.get(name, ())) else " or ".join(values)

    return {name: words(name, values) for name, values in report["readings"].items()}


def _choices(report: Document) -> dict[str, str]:
    """Without how often: numbers change with the order of races."""
    return {point: ", ".join(sorted(seen)) for point, seen in told_choices(report["choices"]).items()}


def _all(maps: Iterable[Mapping[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(name for each in maps for name in each)


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """As plain JSON values (``spec/schemas/comparison.schema.json``)."""
    kept = ("target", "verdict", "class", "suite", "catalogue", "depth", "seed", "started", "transcript")
    lines = {
        kind: [
            {"id": each.name, "seen": list(each.seen), "changed": each.changed, "lost": each.lost}
            for each in getattr(comparison, kind)
        ]
        for kind in ("requirements", "cases", "readings", "choices")
    }
    reports = zip(comparison.files, comparison.reports, strict=True)
    return {
        "version": VERSION,
        "reports": [{"file": file, **{key: report[key] for key in kept}} for file, report in reports],
        **lines,
        "gone": list(comparison.gone),
        "lost": list(comparison.lost),
    }


def comparison_json(comparison: Comparison) -> str:
    """The same as text, in ASCII."""
    return json.dumps(comparison_document(comparison), indent=1, ensure_ascii=True) + "\n"
