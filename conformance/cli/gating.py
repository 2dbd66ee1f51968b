"""The end of a run that is held to the file of ``--expect``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from conformance.errors import Exit, UsageError

if TYPE_CHECKING:
    from conformance.gate import Expectation
    from conformance.result import Result


@dataclass(frozen=True)
class Gate:
    """The file of --expect, what stands in it, and whether it is to be written."""

    path: Path
    expected: Expectation | None
    update: bool

    def knows(self, case: str) -> bool:
        """Whether the file names a failure of the case; nothing is known while it is being written."""
        return self.expected is not None and not self.update and self.expected.names(case)

    def end(self, result: Result) -> NoReturn:
        """Exit as expected or not; what could not be tested stays *incomplete*."""
        from conformance.gate import gaps
        from conformance.report.text import safe

        missing = list(gaps(result))
        if missing or result.judgement.claim == "incomplete":
            print(
                f"not held to {self.path}: the run is incomplete" + "".join(f"\n  {safe(each)}" for each in missing[:3])
            )
            sys.exit(Exit.INCOMPLETE)
        sys.exit(self._write(result) if self.update else self._compare(result))

    def _write(self, result: Result) -> Exit:
        from conformance.gate import write_expectation

        if result.transcript.header.selection is not None:
            raise UsageError("--update-expect needs a whole run: a part was selected")
        write_expectation(self.path, result, self.expected)
        print(f"written: {self.path}")
        return Exit.CONFORMANT

    def _compare(self, result: Result) -> Exit:
        from conformance.gate import complaints
        from conformance.report.text import counted

        assert self.expected is not None
        found = list(complaints(self.expected, result, date.today()))
        for each in found:
            print(f"not as expected: {each}")
        if found:
            return Exit.NOT_CONFORMANT
        known = result.judgement.counts.get("failed", 0)
        failures = f", {counted(known, 'known failure')}" if known else ""
        print(f"as expected: {result.judgement.claim}{failures}")
        return Exit.CONFORMANT


def gate_of(expect: Path | None, update: bool) -> Gate | None:
    """The gate that the options ask for; a broken file is told before anything is sent."""
    from conformance.gate import load_expectation

    if expect is None:
        if update:
            raise UsageError("--update-expect needs --expect FILE")
        return None
    expected = None if update and not expect.exists() else load_expectation(expect)
    return Gate(expect, expected, update)
