"""The commands that work on what a run left: ``judge``, ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli import arguments
from conformance.cli.common import STATUS, app, printed
from conformance.errors import Exit


@app.command()
@click.argument("transcript", type=Path, help="A transcript.jsonl of a report directory.")
@arguments.setting("--report-dir", "Where report.html and report.json go.", type=Path)
def judge(transcript: Path, report_dir: Path | None) -> None:
    """Judge a recorded run again, off line. The same record gives the same report."""
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
@click.argument("certificate", type=Path, help="A certificate that `certify --certificate` wrote.")
@click.option("--public-key", type=Path, metavar="PEM", help="The ed25519 key that it is to be signed with.")
@click.option("--transcript", type=Path, help="The transcript that the verdict is recomputed from.")
def verify(certificate: Path, public_key: Path | None, transcript: Path | None) -> None:
    """Check a certificate. Its signature, its digests and, with the transcript, its verdict."""
    from conformance.report.text import safe
    from conformance.verification import verify

    found = verify(certificate, public_key, transcript)
    printed(lambda: map(safe, found.lines))
    printed(lambda: (f"not verified: {safe(each)}" for each in found.problems))
    if found.problems:
        sys.exit(Exit.NOT_CONFORMANT)
    sys.exit(Exit.CONFORMANT if public_key or transcript else Exit.INCOMPLETE)
