"""The end of a run: the files of the report directory, the report on stdout, what a CI on GitHub is told."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from conformance.kills import load_kills
from conformance.report.folder import write_reports
from conformance.report.github import annotate, quiet
from conformance.report.markdown import summary
from conformance.report.terminal import terminal_report
from conformance.result import Result


def tell(result: Result, folder: Path | None, known: Callable[[str], bool]) -> None:
    """Write and print everything; ``known`` says of a case whether its failure is."""
    if folder:
        write_reports(result, folder)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(path), summary(result, result.catalogue, result.rerun))
    text = terminal_report(result, result.catalogue, result.rerun, load_kills())
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotate(result, known):
            print(line)
        text = quiet(text, secrets.token_hex(16))
    print(text)


def _append(path: Path, text: str) -> None:
    """The verdict stands, whether or not its summary can be written."""
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        print(f"conformance: GITHUB_STEP_SUMMARY: {path}: cannot be written: {error.strerror}", file=sys.stderr)
