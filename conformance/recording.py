"""A run while it goes on: its transcript grows, its cases are judged as they come, and no record is kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from conformance.judge import Judgement, Judging
from conformance.model import Case, Record
from conformance.records import Records
from conformance.smallest import is_part
from conformance.spec import Catalogue
from conformance.transcript import Header, Transcript, Writer


class Recording:
    """Writes and judges; the verdict is that of the code which judges off line, on what is written."""

    def __init__(
        self,
        path: Path,
        stream: IO[str],
        header: Header,
        selected: Sequence[Case],
        catalogue: Catalogue,
        progress: Callable[[int, int], None],
    ) -> None:
        self._header, self._selected, self._progress = header, selected, progress
        self._writer = Writer(stream, header)
        self._judging = Judging(selected, catalogue)
        self._defect: Exception | None = None
        self.records = Records(path, self._writer.places)

    def keep(self, record: Record) -> None:
        """Take one case's record."""
        self._writer.add(record)
        if not is_part(record.case) and self._defect is None:
            try:
                self._judging.add(record)
            except Exception as defect:  # the run goes on: what it records can be judged when this is mended
                self._defect = defect
        if len(self.records) <= len(self._selected):
            self._progress(len(self.records), len(self._selected))

    def judgement(self, aborted: str = "") -> Judgement:
        """The verdict on what was kept so far."""
        if self._defect is not None:
            raise self._defect
        partial = self._header.selection is not None
        return self._judging.judgement(self.records, partial=partial, aborted=aborted)

    def failed(self) -> Sequence[Case]:
        """Cases that failed by themselves: what conflicts with others only, no repetition settles."""
        judgement = self.judgement()
        verdicts, conflict = judgement.cases, judgement.conflict
        return [case for case in self._selected if verdicts[case.id].outcome == "failed" and case.id not in conflict]

    def close(self, seconds: float, aborted: str, left: tuple[str, ...]) -> Transcript:
        """The run is over: the whole transcript."""
        footer = self._writer.close(seconds, aborted, left)
        return Transcript(self._header, self.records, footer, self._writer.chain)
