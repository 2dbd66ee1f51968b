"""The end of a run that is held to the file of ``--expect``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from conformance.errors import Exit, UsageError

if TYPE_CHECKING:
    from conformance.result import Result


@dataclass(frozen=True)
class Gate:
    """The file of --expect, and whether it is to be written; a broken file is told before anything is sent."""

    path: Path
    update: bool

    def __post_init__(self) -> None:
        from conformance.gate import load_expectation

        if not self.update or self.path.exists():
            load_expectation(self.path)

    def end(self, result: Result) -> NoReturn:
        """Exit as expected or not; what could not be tested stays *incomplete*."""
        from conformance.gate import complaints, load_expectation, write_expectation

        if result.judgement.claim == "incomplete":
            sys.exit(Exit.INCOMPLETE)
        if self.update:
            if result.transcript.header.selection is not None:
                raise UsageError("--update-expect needs a whole run: a part was selected")
            write_expectation(self.path, result, load_expectation(self.path) if self.path.exists() else None)
            print(f"written: {self.path}")
            sys.exit(Exit.CONFORMANT)
        found = list(complaints(load_expectation(self.path), result, date.today()))
        for each in found:
            print(f"not as expected: {each}")
        known = result.judgement.counts.get("failed", 0)
        if not found:
            print(f"as expected: {result.judgement.claim}" + (f", {known} known failures" if known else ""))
        sys.exit(Exit.NOT_CONFORMANT if found else Exit.CONFORMANT)


def gate_of(expect: Path | None, update: bool) -> Gate | None:
    """The gate that the options ask for."""
    if update and expect is None:
        raise UsageError("--update-expect needs --expect FILE")
    return Gate(expect, update) if expect else None
