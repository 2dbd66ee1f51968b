"""What a run comes to: the value that the report is written from."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge import Judgement
from conformance.model import Case, Record
from conformance.plan import Plan
from conformance.spec import Catalogue
from conformance.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Result:
    """A judged transcript, with the plan and the catalogue that it was judged by."""

    plan: Plan
    catalogue: Catalogue
    selected: tuple[Case, ...]
    transcript: Transcript
    judgement: Judgement

    def rerun(self, case: str) -> str:
        """The command that runs one case again."""
        return f"{self.transcript.header.command} -k {case}"

    def record_of(self, case: str) -> Record | None:
        """The record of a case."""
        return next((each for each in self.transcript.records if each.case == case), None)
