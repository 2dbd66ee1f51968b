"""``certify``: a deployment is met, judged and reported; then its gate and its certificate."""

from __future__ import annotations

import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import typer

from conformance.cli import arguments
from conformance.cli.common import STATUS, app, printed
from conformance.cli.gating import Gate, gate_of
from conformance.cli.issuing import Issue, issue_of
from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.certification import Settings
    from conformance.pytest_plugin import Certification

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=_PASSED_ON)
def certify(
    context: typer.Context,
    base_url: arguments.BaseUrl = None,
    provider_states: arguments.ProviderStates = None,
    depth: arguments.Depth = "standard",
    seed: arguments.Seed = 0,
    header: arguments.Header = None,
    provider_states_header: arguments.StateHeader = None,
    concurrency: arguments.Concurrency = None,
    timeout: arguments.Timeout = None,
    report_dir: arguments.ReportDir = None,
    target: arguments.Target = None,
    yes_write_to: arguments.WriteTo = None,
    catalogue: arguments.Catalogue = "",
    confirm: arguments.Confirm = 0,
    dry_run: arguments.DryRun = False,
    expect: arguments.Expect = None,
    update_expect: arguments.UpdateExpect = False,
    certificate: arguments.Certificate = None,
    sign_key: arguments.SignKey = None,
    subject: arguments.Subject = "",
    numprocesses: arguments.Workers = None,
    tx: arguments.Tx = None,
) -> None:
    """Certify a deployment. What is not listed here goes to pytest: -k, -x, --lf, --junitxml."""
    from conformance.ahead import begin

    if depth != "quick":
        begin(depth, seed)  # before anything else is imported
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

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
    with _reference() if base_url is None and file is None else nullcontext() as reference:
        settings = settings_of(replace(given, base_url=reference or base_url), file)
        gate, issue = gate_of(expect, update_expect), issue_of(certificate, sign_key, subject)
        if dry_run:
            _rehearse(settings, context.args)
        else:
            _certify(settings, context.args, _workers(numprocesses, tx), gate, issue)


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


def _workers(number: str | None, elsewhere: list[str] | None) -> list[str]:
    """The options that are pytest-xdist's."""
    if number is not None and number != "auto" and not number.isdecimal():
        raise UsageError(f"-n is a number of workers or auto, not {number!r}")
    return [*(["-n", number] if number and number != "0" else []), *(f"--tx={each}" for each in elsewhere or ())]


def _certify(
    settings: Settings, passed_on: list[str], workers: list[str], gate: Gate | None, issue: Issue | None
) -> NoReturn:
    if issue is not None:
        issue.begin()
    certification = _run(_certification(settings, only_select=bool(workers)), passed_on)
    if workers:
        _share(certification, workers)
        _run(certification, passed_on)
    result = certification.result
    assert result is not None
    from conformance.cli.telling import tell  # the pages' templates take a while: not before the first request

    tell(result, settings.report_dir, gate.knows if gate else lambda case: False)
    if issue is not None:
        issue.end(result)
    if gate is not None:
        gate.end(result)
    sys.exit(STATUS[result.judgement.claim])


def _rehearse(settings: Settings, passed_on: list[str]) -> None:
    from conformance.rehearsal import rehearse

    certification = _run(_certification(settings, only_select=True), passed_on)
    printed(lambda: rehearse(settings, certification.planned))


def _share(certification: Certification, workers: list[str]) -> None:
    """Have what was selected carried out by workers; the items then look at its result."""
    from conformance.certification import certify
    from conformance.workers import by_workers

    settings, plan = certification.settings, certification.plan
    carry_out = by_workers(settings, plan, workers, certification.progress)
    certification.result = certify(settings, plan, certification.planned, lambda done, of: None, carry_out)


def _certification(settings: Settings, *, only_select: bool) -> Certification:
    from conformance.progress import Progress
    from conformance.pytest_plugin import Certification

    return Certification(settings, Progress(sys.stderr), only_select=only_select)


def _run(certification: Certification, passed_on: list[str]) -> Certification:
    """Select, execute and judge in a run of pytest; what ended it otherwise is raised."""
    from conformance.errors import HarnessError, NothingSelected
    from conformance.pytest_plugin import run_pytest

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was made is removed, as after Ctrl-C
    folder = certification.settings.report_dir
    status = run_pytest(certification, passed_on, folder / "junit.xml" if folder else None)
    if certification.problem is not None:
        raise certification.problem
    if certification.planned or certification.result is not None:
        return certification
    if status == 0:
        raise typer.Exit(0)
    if status == 3:
        raise HarnessError("pytest met an internal error; see above")
    if status == 5 or (certification.selected == 0 and status != 4):
        raise NothingSelected("no case matches the selection")
    raise UsageError("pytest did not accept the arguments " + " ".join(passed_on))
