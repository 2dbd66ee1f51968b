"""The files of a report directory that are written once a run is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conformance.errors import UsageError
from conformance.kills import load_kills
from conformance.report.document import write_json
from conformance.report.page.render import report_page
from conformance.result import Result
from conformance.spec import Catalogue


def write_reports(result: Result, catalogue: Catalogue, rerun: Callable[[str], str], folder: Path) -> None:
    """``report.json`` and ``report.html``; UsageError where they cannot be written."""
    try:
        write_json(result, catalogue, folder)
        (folder / "report.html").write_text(report_page(result, catalogue, load_kills(), rerun), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None
