"""``prove``: the suite held to reference, variants and mutants."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from conformance.cli.common import app
from conformance.errors import Exit, writing


@app.command()
@click.option("--jobs", type=click.IntRange(min=1), help="Targets at a time; default: one a core, and one.")
@click.option("--only", default="*", show_default=True, help="Subjects whose id matches, e.g. 'vis-*'.")
@click.option("--record/--no-record", help="Keep which rows catch which mutants, in spec/kills.json.")
@click.option("--json", "json_file", type=Path, help="Where the matrix goes as JSON.")
def prove(jobs: int | None, only: str, record: bool, json_file: Path | None) -> None:
    """The kill matrix, from a checkout. Reference and variants are accepted, every mutant is caught."""
    import json

    from conformance.errors import NothingSelected
    from conformance.prove import matrix, proof_line, summary
    from conformance.prove import prove as proofs
    from conformance.prove import record as keep
    from conformance.subjects import not_here, subjects

    chosen = subjects(only)
    if not chosen:
        raise NothingSelected(f"no subject matches {only!r}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the targets are ended, as after Ctrl-C
    found = []
    for proof in proofs(chosen, jobs, every_row=record):
        found.append(proof)
        print(proof_line(proof), flush=True)
    if json_file:
        with writing(json_file):
            json_file.write_text(json.dumps(matrix(found), indent=1) + "\n", encoding="utf-8")
    if record:
        keep(found)
    print(summary(found))
    if missing := not_here():
        print(f"not proved here: {', '.join(missing)}")
    sys.exit(Exit.CONFORMANT if all(each.right for each in found) else Exit.NOT_CONFORMANT)
