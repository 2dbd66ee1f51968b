"""What every command has: the application, printing, exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

from conformance import __version__
from conformance.errors import Exit


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s", help="Print the version.")
def app() -> None:
    """Does a deployment implement POST /data-collections? Certify it, or read the specification."""


def printed(lines: Callable[[], Iterator[str]]) -> None:
    for line in lines():
        print(line)


STATUS = {
    "conformant": Exit.CONFORMANT,
    "partial": Exit.CONFORMANT,
    "not conformant": Exit.NOT_CONFORMANT,
    "incomplete": Exit.INCOMPLETE,
}
