"""The commands that work on what a run left: ``judge``, ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from conformance.cli.common import STATUS, app, option, printed
from conformance.errors import Exit


@app.command()
def judge(
    transcript: Annotated[Path, typer.Argument(help="A transcript.jsonl of a report directory.")],
    report_dir: Annotated[Path | None, option("Where report.html and report.json go.", "REPORT_DIR")] = None,
) -> None:
    """Judge a recorded run again, off line: the same report from the same record."""
    from conformance.certification import judge_transcript
    from conformance.kills import load_kills
    from conformance.report.folder import write_reports
    from conformance.report.terminal import terminal_report

    result = judge_transcript(transcript)
    if report_dir is not None:
        write_reports(result, report_dir)
    print(terminal_report(result, result.catalogue, result.rerun, load_kills()))
    sys.exit(STATUS[result.judgement.claim])


@app.command()
def verify(
    certificate: Annotated[Path, typer.Argument(help="A certificate that `certify --certificate` wrote.")],
    public_key: Annotated[Path | None, option("The ed25519 key that it is to be signed with.", metavar="PEM")] = None,
    transcript: Annotated[Path | None, option("The transcript that the verdict is recomputed from.")] = None,
) -> None:
    """Check a certificate: its signature, its digests and, with the transcript, its verdict."""
    from conformance.report.text import safe
    from conformance.verification import verify

    found = verify(certificate, public_key, transcript)
    printed(lambda: map(safe, found.lines))
    printed(lambda: (f"not verified: {safe(each)}" for each in found.problems))
    sys.exit(Exit.NOT_CONFORMANT if found.problems else Exit.CONFORMANT)
