"""What a run comes to: the value that the report is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.judge import Judgement
from conformance.model import Case, Record
from conformance.plan import Plan
from conformance.readings import surviving
from conformance.records import records_of
from conformance.smallest import Part
from conformance.spec import Catalogue
from conformance.transcript import Transcript

Values = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Result:
    """A judged transcript, with the plan and the catalogue that it was judged by."""

    plan: Plan
    catalogue: Catalogue
    selected: tuple[Case, ...]
    transcript: Transcript
    judgement: Judgement
    smallest: Mapping[str, Part]
    """For each drawn case that was made smaller, the smallest part that fails."""

    @property
    def readings(self) -> Values:
        """The readings that survive, by dimension; none where they conflict."""
        return {name: tuple(values) for name, values in surviving(self.judgement.readings).items()}

    @property
    def choices(self) -> Values:
        """What was chosen at each open point, without how often: numbers change with the order of races."""
        merged: dict[str, set[str]] = {}
        for point, choices in self.judgement.choices.items():
            merged.setdefault(point.split("/")[0], set()).update(choices)
        return {name: tuple(sorted(values)) for name, values in sorted(merged.items())}

    @property
    def rows(self) -> frozenset[str]:
        """The table rows of which a case was selected."""
        return frozenset(case.row for case in self.selected)

    @property
    def failing_rows(self) -> frozenset[str]:
        """The table rows whose cases failed: a target's signature."""
        verdicts = self.judgement.cases
        return frozenset(case.row for case in self.selected if verdicts[case.id].outcome == "failed")

    @property
    def blamed(self) -> Mapping[str, int]:
        """The requirements that were broken, and in how many cases."""
        return {each.requirement: len(each.failed) for each in self.judgement.requirements.values() if each.failed}

    def rerun(self, case: str) -> str:
        """The command that runs one case again."""
        return f"{self.transcript.header.command} -k {case}"

    def record_of(self, case: str) -> Record | None:
        """The record of a case."""
        return next(records_of(self.transcript.records, case.__eq__), None)
