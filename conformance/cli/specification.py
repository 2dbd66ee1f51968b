"""The commands that read the specification: ``list``, ``show``, ``check``, ``docs``."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.common import app, printed
from conformance.errors import UsageError


@app.command("list")
def list_() -> None:
    """Every requirement and the scenarios that verify it."""
    from conformance.listing import listing
    from conformance.spec import load_catalogue
    from conformance.tables import load_tables

    printed(lambda: listing(load_catalogue(), load_tables()))


@app.command()
@click.argument("identifier", metavar="ID", help="A requirement or a scenario.")
def show(identifier: str) -> None:
    """A rule with its rows and the mutants they kill, or a row."""
    from conformance.kills import load_kills
    from conformance.listing import shown
    from conformance.spec import load_catalogue
    from conformance.tables import load_tables

    printed(lambda: shown(identifier, load_catalogue(), load_tables(), load_kills()))


@app.command()
def check() -> None:
    """Lint specification, catalogue and tables. Schema, coverage, twins, wording."""
    from conformance.lint import lint
    from conformance.report.text import counted

    problems = list(lint())
    for problem in problems:
        print(problem)
    if problems:
        raise UsageError(counted(len(problems), "problem"))
    print("specification, catalogue and tables are in order")


@app.command()
@click.option("--out", type=Path, required=True, help="The folder of the site; it is made.")
def docs(out: Path) -> None:
    """The specification as a static site. It is made from the files that drive the tests."""
    from conformance.site.build import site, write
    from conformance.site.sources import load_sources

    write(site(load_sources()), out)
    print(out / "index.html")
