"""The commands that meet a deployment: ``certify``, ``doctor``, ``clean``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.cli.common import STATUS, app, option, printed
from conformance.cli.gating import Gate
from conformance.errors import Exit, UsageError

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


_BaseUrl = Annotated[
    str | None, option("The deployment, https://host/api/v1; none: the bundled reference.", "BASE_URL")
]
_ProviderStates = Annotated[str | None, option("Where worlds are arranged, if not at the origin.", "PROVIDER_STATES")]
_Depth = Annotated[str, option("quick, standard or exhaustive.", "DEPTH")]
_Seed = Annotated[int, option("Seed of what is drawn beyond the tables.", "SEED")]
_Header = Annotated[list[str] | None, option("'Name: value' sent with every request.")]
_StateHeader = Annotated[list[str] | None, option("'Name: value' sent to the provider-state URL.")]
_Concurrency = Annotated[int | None, option("Requests at a time.", "CONCURRENCY", min=1, max=256)]
_Timeout = Annotated[float | None, option("Seconds that an answer may take.", "TIMEOUT", min=0.1)]
_Expect = Annotated[Path | None, option("Known failures and ledger that the run is held to.", "EXPECT", metavar="FILE")]
_UpdateExpect = Annotated[bool, option("Write what this run did to the file of --expect.")]
_ReportDir = Annotated[Path | None, option("Where report.json, transcript.jsonl and junit.xml go.", "REPORT_DIR")]
_Target = Annotated[Path | None, option("A target file (docs/targets.md).", "TARGET")]
_WriteTo = Annotated[list[str] | None, option("This host, beside this machine, may be written to.", metavar="HOST")]
_Catalogue = Annotated[
    str, option("Held to this version: what came later is advisory.", "CATALOGUE", metavar="VERSION")
]
_Confirm = Annotated[int, option("Times that failures are run again; what does not repeat is flaky.", min=0, max=20)]
_DryRun = Annotated[bool, option("Print the requests, with keys as $NAME, and send nothing.")]


@app.command(context_settings=_PASSED_ON)
def certify(
    context: typer.Context,
    base_url: _BaseUrl = None,
    provider_states: _ProviderStates = None,
    depth: _Depth = "standard",
    seed: _Seed = 0,
    header: _Header = None,
    provider_states_header: _StateHeader = None,
    concurrency: _Concurrency = None,
    timeout: _Timeout = None,
    report_dir: _ReportDir = None,
    target: _Target = None,
    yes_write_to: _WriteTo = None,
    catalogue: _Catalogue = "",
    confirm: _Confirm = 0,
    dry_run: _DryRun = False,
    expect: _Expect = None,
    update_expect: _UpdateExpect = False,
) -> None:
    """Certify a deployment. What is not listed here goes to pytest: -k, -x, --lf, --junitxml."""
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    if update_expect and expect is None:
        raise UsageError("--update-expect needs --expect FILE")
    given = Given(
        base_url=base_url,
        provider_states=provider_states,
        depth=depth,
        seed=seed,
        headers=_headers(header),
        state_headers=_headers(provider_states_header),
        concurrency=concurrency,
        timeout=timeout,
        report_dir=report_dir,
        write_to=tuple(yes_write_to or ()),
        catalogue=catalogue,
        confirm=confirm,
    )
    file = load_target(target) if target else None
    with nullcontext() if base_url or file else _reference() as reference:
        settings = settings_of(replace(given, base_url=reference or base_url), file)
        gate = Gate(expect, update_expect) if expect else None
        _certify(settings, context.args, gate, dry_run=dry_run)


def _reference() -> AbstractContextManager[str]:
    from conformance.bundled import bundled_reference

    return bundled_reference()


def _headers(given: list[str] | None) -> dict[str, str]:
    headers = {}
    for each in given or []:
        name, colon, value = each.partition(":")
        if not colon or not name.strip():
            raise UsageError("a header is written 'Name: value'")
        headers[name.strip().lower()] = value.strip()
    return headers


def _certify(settings: object, arguments: list[str], gate: Gate | None, *, dry_run: bool) -> NoReturn:
    from conformance.certification import Settings
    from conformance.errors import HarnessError, NothingSelected
    from conformance.progress import Progress
    from conformance.pytest_plugin import Certification, run_pytest
    from conformance.rehearsal import rehearse
    from conformance.report.document import write_json
    from conformance.report.terminal import terminal_report

    assert isinstance(settings, Settings)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    certification = Certification(settings, Progress(sys.stderr), dry_run=dry_run)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was made is removed, as after Ctrl-C
    junit = settings.report_dir / "junit.xml" if settings.report_dir else None
    status = run_pytest(certification, arguments, junit)
    if certification.problem is not None:
        raise certification.problem
    if certification.planned:
        printed(lambda: rehearse(settings, certification.planned))
        raise typer.Exit(0)
    if certification.result is None:
        if status == 0:
            raise typer.Exit(0)
        if status == 3:
            raise HarnessError("pytest met an internal error; see above")
        if status == 5 or (certification.selected == 0 and status not in (3, 4)):
            raise NothingSelected("no case matches the selection")
        raise UsageError("pytest did not accept the arguments " + " ".join(arguments))
    result = certification.result
    if settings.report_dir:
        write_json(result, result.catalogue, settings.report_dir)
    print(terminal_report(result, result.catalogue, result.rerun))
    if gate is not None:
        gate.end(result)
    sys.exit(STATUS[result.judgement.claim])


@app.command()
def doctor(
    target: _Target = None,
    base_url: _BaseUrl = None,
    depth: _Depth = "standard",
    write: Annotated[Path | None, option("Where a filled-in target file goes.", metavar="FILE")] = None,
) -> None:
    """What can be tested on a target, and why not the rest: reads only, nothing is written there."""
    from conformance.doctor import examine, write_target
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    if write is not None and write.exists():
        raise UsageError(f"{write} is there already")
    file = load_target(target) if target else None
    settings = settings_of(Given(base_url=base_url, depth=depth), file)
    examination = examine(settings)
    printed(lambda: iter(examination.lines))
    if write is not None:
        write_target(settings, examination, write)
        print(f"written: {write}")
    sys.exit(Exit.CONFORMANT if examination.well else Exit.INCOMPLETE)


@app.command()
def clean(
    target: Annotated[Path, option("A target file (docs/targets.md).", "TARGET")],
    yes_write_to: _WriteTo = None,
) -> None:
    """Remove what aborted runs left on a target, found by the mark in its name."""
    from conformance.cleaning import clean as remove
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    settings = settings_of(Given(write_to=tuple(yes_write_to or ())), load_target(target))
    left = 0
    for line, gone in remove(settings):
        print(line)
        left += not gone
    sys.exit(Exit.INCOMPLETE if left else Exit.CONFORMANT)
