"""``certify``: a deployment is met, judged and reported; then its gate and its certificate."""

from __future__ import annotations

import re
import signal
import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conformance.cli import arguments
from conformance.cli.common import STATUS, app, printed
from conformance.cli.gating import Gate, gate_of
from conformance.cli.issuing import Issue, issue_of
from conformance.errors import Exit, UsageError, writing

if TYPE_CHECKING:
    from conformance.certification import Settings
    from conformance.pytest_plugin import Certification

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_REFUSED = 4
"""pytest's status where it did not accept its arguments; what it says then begins with its usage."""
_REASON = re.compile(r"(?:^ERROR: (?!usage:)|: error: )(.*)", re.MULTILINE)


class _PassingOn(click.Command):
    """A command that hands what it does not know to pytest, a glued ``-kpro-n7z`` whole: its n is not our ``-n``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        glued = [each for each in args if each[:1] == "-" and each[1:2] not in "-n" and len(each) > 2]
        rest = super().parse_args(ctx, [each for each in args if each not in glued])
        ctx.args[:0] = glued
        return rest


@app.command(cls=_PassingOn, context_settings=_PASSED_ON)
@arguments.target()
@arguments.run
@arguments.dry_run
@arguments.gate
@arguments.certificate
@arguments.workers
@click.pass_context
def certify(
    context: click.Context,
    /,
    target: Path | None,
    dry_run: bool,
    expect: Path | None,
    update_expect: bool,
    certificate: Path | None,
    sign_key: Path | None,
    subject: str,
    numprocesses: str | None,
    tx: tuple[str, ...],
    **run: Any,
) -> None:
    """Certify a deployment. What is not listed here goes to pytest: -k, -x, --lf, --junitxml."""
    from conformance.ahead import begin

    if run["depth"] != "quick":
        begin(run["depth"], run["seed"])  # before anything else is imported
    from conformance.options import Given, settings_of
    from conformance.targets.target_file import load_target

    given = Given(**run)
    file = load_target(target) if target else None
    with _reference() if given.base_url is None and file is None else nullcontext() as reference:
        settings = settings_of(replace(given, base_url=reference or given.base_url), file)
        settings = replace(settings, bundled=reference is not None)
        gate, issue = gate_of(expect, update_expect), issue_of(certificate, sign_key, subject)
        if dry_run:
            _rehearse(settings, context.args)
        else:
            _certify(settings, context.args, _workers(numprocesses, tx), gate, issue)


def _reference() -> AbstractContextManager[str]:
    from conformance.bundled import bundled_reference

    return bundled_reference()


def _workers(number: str | None, elsewhere: tuple[str, ...]) -> list[str]:
    """The options that are pytest-xdist's."""
    if number is not None and number != "auto" and not number.isdecimal():
        raise UsageError(f"-n is a number of workers or auto, not {number!r}")
    return [*(["-n", number] if number and number != "0" else []), *(f"--tx={each}" for each in elsewhere)]


def _certify(
    settings: Settings, passed_on: list[str], workers: list[str], gate: Gate | None, issue: Issue | None
) -> NoReturn:
    if issue is not None:
        issue.begin()
    if settings.depth != "quick" and settings.report_dir:
        _meanwhile()
    certification = _run(_certification(settings, only_select=bool(workers)), passed_on)
    if workers:
        _share(certification, workers)
        _run(certification, passed_on)
    result = certification.result
    assert result is not None
    from conformance.cli.telling import tell

    tell(result, settings.report_dir, gate.knows if gate else lambda case: False)
    if issue is not None:
        issue.end(result)
    if gate is not None:
        gate.end(result)
    sys.exit(STATUS[result.judgement.claim])


def _meanwhile() -> None:
    """The pages' templates take a while; where bodies are being drawn, the run waits for these."""
    from conformance.report.page.render import prepare

    prepare()


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
    certification.result = certify(settings, plan, certification.planned, carry_out=carry_out)


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
    if folder is not None:
        with writing(folder):  # told before anything is sent
            folder.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=folder).close()
    status, said = None, StringIO()
    try:
        with redirect_stderr(said):
            status = run_pytest(certification, passed_on, folder / "junit.xml" if folder else None)
    finally:
        if status != _REFUSED:
            sys.stderr.write(said.getvalue())
    if certification.problem is not None:
        raise certification.problem
    if certification.planned or certification.result is not None:
        return certification
    if status == 0:
        sys.exit(Exit.CONFORMANT)
    if status == 3:
        raise HarnessError("pytest met an internal error; see above")
    if status == 5 or (certification.selected == 0 and status != _REFUSED):
        raise NothingSelected("no case matches the selection")
    found = _REASON.search(said.getvalue())
    raise UsageError(f"pytest did not accept {' '.join(passed_on)}" + (f": {found[1]}" if found else ""))
