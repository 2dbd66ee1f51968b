"""``compare``: reports beside one another."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli.common import app, printed
from conformance.errors import Exit, UsageError, writing


@app.command()
@click.argument(
    "reports", type=Path, nargs=-1, required=True, metavar="REPORT…", help="report.json files, the newest last."
)
@click.option("--json", "json_file", type=Path, help="Where the comparison goes as JSON.")
@click.option("--html", "html_file", type=Path, help="Where it goes as a page.")
def compare(reports: tuple[Path, ...], json_file: Path | None, html_file: Path | None) -> None:
    """What changed between runs. Status 1 where the last one lost a requirement or a case that passed before."""
    from conformance.report.compared import comparison_text
    from conformance.report.comparison import compare as comparison_of
    from conformance.report.comparison import comparison_json, load_report
    from conformance.report.page.compare import comparison_page

    if len(reports) < 2:
        raise UsageError("two reports or more are compared: conformance compare BEFORE/report.json NOW/report.json")
    found = comparison_of([str(each) for each in reports], [load_report(each) for each in reports])
    for path, text in ((json_file, comparison_json), (html_file, comparison_page)):
        if path is not None:
            with writing(path):
                path.write_text(text(found), encoding="utf-8")
    printed(lambda: comparison_text(found))
    sys.exit(Exit.NOT_CONFORMANT if found.lost else Exit.CONFORMANT)
