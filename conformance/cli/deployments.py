"""The other commands that meet a deployment: ``doctor``, ``clean``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli import arguments
from conformance.cli.common import app, printed
from conformance.depth import Depth
from conformance.errors import Exit, UsageError


@app.command()
@arguments.target()
@arguments.base_url()
@arguments.provider_states
@arguments.depth
@click.option("--write", type=Path, metavar="FILE", help="Where a filled-in target file goes.")
def doctor(
    target: Path | None, base_url: str | None, provider_states: str | None, depth: Depth, write: Path | None
) -> None:
    """What can be tested on a target, and why not the rest. Reads only, nothing is written there."""
    from conformance.doctor import examine, write_target
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    if write is not None and write.exists():
        raise UsageError(f"{write} is there already")
    file = load_target(target) if target else None
    settings = settings_of(Given(base_url, provider_states, depth), file)
    examination = examine(settings)
    printed(lambda: iter(examination.lines))
    if write is not None:
        write_target(settings, examination, write)
        print(f"written: {write}")
    sys.exit(Exit.CONFORMANT if examination.well else Exit.INCOMPLETE)


@app.command()
@arguments.target(required=True)
@arguments.write_to
def clean(target: Path, write_to: tuple[str, ...]) -> None:
    """Remove what aborted runs left on a target. It is found by the mark in its name."""
    from conformance.cleaning import clean as remove
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    settings = settings_of(Given(write_to=write_to), load_target(target))
    left = 0
    for line, gone in remove(settings):
        print(line)
        left += not gone
    sys.exit(Exit.INCOMPLETE if left else Exit.CONFORMANT)
