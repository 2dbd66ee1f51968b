"""The options that several commands have, or that make a long list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from conformance.depth import DEPTHS
from conformance.errors import UsageError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def setting(name: str, text: str, **more: Any) -> Decorator:
    """An option that the environment gives too: --base-url, CONFORMANCE_BASE_URL."""
    variable = "CONFORMANCE_" + name.partition("/")[0].removeprefix("--").replace("-", "_").upper()
    return click.option(name, help=text, envvar=variable, show_envvar=True, **more)


def _together(*options: Decorator) -> Decorator:
    """Several options as one, in this order."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for each in reversed(options):
            command = each(command)
        return command

    return decorated


def _headers(context: click.Context, option: click.Parameter, lines: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for each in lines:
        name, colon, value = each.partition(":")
        if not colon or not name.strip():
            raise UsageError("a header is written 'Name: value'")
        headers[name.strip().lower()] = value.strip()
    return headers


def _header(name: str, field: str, text: str) -> Decorator:
    return click.option(name, field, help=text, multiple=True, callback=_headers)


def target(*, required: bool = False) -> Decorator:
    """--target, for a command that may be given one, or that needs one."""
    return setting("--target", "A target file (docs/targets.md).", type=Path, required=required)


def base_url(otherwise: str = "") -> Decorator:
    """--base-url, and what is taken where there is none."""
    return setting("--base-url", f"The deployment, https://host/api/v1{otherwise}.")


provider_states = setting("--provider-states", "Where worlds are arranged, if not at the origin.")
depth = setting("--depth", "How much is sent.", type=click.Choice(DEPTHS), default="standard", show_default=True)
write_to = click.option(
    "--yes-write-to",
    "write_to",
    multiple=True,
    metavar="HOST",
    help="This host, beside this machine, may be written to.",
)

run = _together(
    base_url("; none: the bundled reference"),
    provider_states,
    depth,
    setting("--seed", "Seed of what is drawn beyond the tables.", type=int, default=0, show_default=True),
    _header("--header", "headers", "'Name: value' sent with every request."),
    _header("--provider-states-header", "state_headers", "'Name: value' sent to the provider-state URL."),
    setting("--concurrency", "Requests at a time.", type=click.IntRange(1, 256)),
    setting("--timeout", "Seconds that an answer may take.", type=click.FloatRange(min=0.1)),
    setting("--report-dir", "Where report.html, report.json, junit.xml … go.", type=Path),
    write_to,
    setting("--catalogue", "Held to this version: what came later is advisory.", metavar="VERSION", default=""),
    setting(
        "--confirm",
        "Times that failures are run again; what does not repeat is flaky.",
        type=click.IntRange(0, 20),
        default=0,
        show_default=True,
    ),
)
"""What a run is to be: the fields of ``options.Given``."""

dry_run = setting("--dry-run/--no-dry-run", "Print the requests, with keys as $NAME, and send nothing.")
gate = _together(
    setting("--expect", "Known failures and ledger that the run is held to.", type=Path, metavar="FILE"),
    setting("--update-expect/--no-update-expect", "Write what this run did to the file of --expect."),
)
certificate = _together(
    setting("--certificate", "Where a conformant run's certificate goes.", type=Path, metavar="FILE"),
    setting("--sign-key", "The ed25519 key that signs it.", type=Path, metavar="PEM"),
    setting("--subject", "The build that it certifies: sha256:… or a version.", default=""),
)
workers = _together(
    click.option("-n", "--numprocesses", help="Workers that share the cases (pytest-xdist), or auto."),
    click.option(
        "--tx", multiple=True, metavar="SPEC", help="A worker elsewhere (pytest-xdist): ssh=HOST//python=PATH."
    ),
)
