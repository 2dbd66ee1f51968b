"""The commands that work on what a run left: ``judge``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from conformance.cli.common import STATUS, app


@app.command()
def judge(transcript: Annotated[Path, typer.Argument(help="A transcript.jsonl of a report directory.")]) -> None:
    """Judge a recorded run again, off line."""
    from conformance.certification import judge_transcript
    from conformance.report.terminal import terminal_report
    from conformance.spec import load_catalogue

    result = judge_transcript(transcript)
    base_url = result.transcript.header.base_url
    print(
        terminal_report(result, load_catalogue(), lambda case: f"conformance certify --base-url {base_url} -k {case}")
    )
    sys.exit(STATUS[result.judgement.claim])
