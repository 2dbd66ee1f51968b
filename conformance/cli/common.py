"""What every command has: the application, options, printing, exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from conformance import __version__
from conformance.errors import Exit

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Does a deployment implement POST /data-collections? Certify it, or read the specification.",
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Does a deployment implement POST /data-collections? Certify it, or read the specification."""


def option(text: str, variable: str = "", **more: Any) -> Any:
    """An option, with its environment variable where it has one."""
    return typer.Option(help=text, envvar=f"CONFORMANCE_{variable}" if variable else None, **more)


def printed(lines: Callable[[], Iterator[str]]) -> None:
    for line in lines():
        print(line)


STATUS = {
    "conformant": Exit.CONFORMANT,
    "partial": Exit.CONFORMANT,
    "not conformant": Exit.NOT_CONFORMANT,
    "incomplete": Exit.INCOMPLETE,
}
