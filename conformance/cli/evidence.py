"""The commands that work on what a run left: ``judge``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from conformance.cli.common import STATUS, app, option


@app.command()
def judge(
    transcript: Annotated[Path, typer.Argument(help="A transcript.jsonl of a report directory.")],
    report_dir: Annotated[Path | None, option("Where report.json goes.", "REPORT_DIR")] = None,
) -> None:
    """Judge a recorded run again, off line: the same report from the same record."""
    from conformance.certification import judge_transcript
    from conformance.report.document import write_json
    from conformance.report.terminal import terminal_report

    result = judge_transcript(transcript)
    if report_dir is not None:
        report_dir.mkdir(parents=True, exist_ok=True)
        write_json(result, result.catalogue, report_dir)
    print(terminal_report(result, result.catalogue, result.rerun))
    sys.exit(STATUS[result.judgement.claim])
