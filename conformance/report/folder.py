"""The files of a report directory that are written once a run is judged."""

from __future__ import annotations

from pathlib import Path

from conformance.errors import writing
from conformance.kills import load_kills
from conformance.report.document import write_json
from conformance.report.page.render import report_page
from conformance.result import Result


def write_reports(result: Result, folder: Path) -> None:
    """``report.json`` and ``report.html``; UsageError where they cannot be written."""
    page = report_page(result, result.catalogue, load_kills(), result.rerun)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(result, result.catalogue, folder)
        (folder / "report.html").write_text(page, encoding="utf-8")
