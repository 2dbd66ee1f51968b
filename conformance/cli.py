"""The command line: arguments and exit status only."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from conformance import __version__
from conformance.errors import ConformanceError, Exit, UsageError, defect

if TYPE_CHECKING:
    from conformance.result import Result

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Does a deployment implement POST /data-collections? Certify it, or read the specification.",
)  # fmt: skip


def main() -> None:
    """Entry point: every deliberate error is one sentence on stderr and its exit status."""
    try:
        app(standalone_mode=False)
    except ConformanceError as error:
        _end(str(error), error.exit)
    except (typer.Exit, SystemExit) as leaving:
        code = getattr(leaving, "exit_code", getattr(leaving, "code", 0))
        sys.exit(code)
    except Exception as error:
        if hasattr(error, "format_message"):
            _end(error.format_message(), Exit.USAGE)
        _end(str(defect(error)), Exit.HARNESS)


def _end(message: str, status: Exit) -> NoReturn:
    from conformance.report.text import safe

    print(f"conformance: {safe(message)}", file=sys.stderr)
    sys.exit(status)


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


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def _option(text: str, variable: str = "", **more: Any) -> Any:
    """An option, with its environment variable where it has one."""
    return typer.Option(help=text, envvar=f"CONFORMANCE_{variable}" if variable else None, **more)


_BaseUrl = Annotated[
    str | None, _option("The deployment, https://host/api/v1; none: the bundled reference.", "BASE_URL")
]
_ProviderStates = Annotated[str | None, _option("Where worlds are arranged, if not at the origin.", "PROVIDER_STATES")]
_Depth = Annotated[str, _option("quick, standard or exhaustive.", "DEPTH")]
_Seed = Annotated[int, _option("Seed of what is drawn beyond the tables.", "SEED")]
_Header = Annotated[list[str] | None, _option("'Name: value' sent with every request.")]
_StateHeader = Annotated[list[str] | None, _option("'Name: value' sent to the provider-state URL.")]
_Concurrency = Annotated[int | None, _option("Requests at a time.", "CONCURRENCY", min=1, max=256)]
_Timeout = Annotated[float | None, _option("Seconds that an answer may take.", "TIMEOUT", min=0.1)]
_Expect = Annotated[
    Path | None, _option("Known failures and ledger that the run is held to.", "EXPECT", metavar="FILE")
]
_UpdateExpect = Annotated[bool, _option("Write what this run did to the file of --expect.")]
_ReportDir = Annotated[Path | None, _option("Where report.json, transcript.jsonl and junit.xml go.", "REPORT_DIR")]
_Target = Annotated[Path | None, _option("A target file (docs/targets.md).", "TARGET")]
_WriteTo = Annotated[list[str] | None, _option("This host, beside this machine, may be written to.", metavar="HOST")]
_Confirm = Annotated[int, _option("Times that failures are run again; what does not repeat is flaky.", min=0, max=20)]
_DryRun = Annotated[bool, _option("Print the requests, with keys as $NAME, and send nothing.")]


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
        confirm=confirm,
    )
    file = load_target(target) if target else None
    with nullcontext() if base_url or file else _reference() as reference:
        settings = settings_of(replace(given, base_url=reference or base_url), file)
        gate = _Gate(expect, update_expect) if expect else None
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


@dataclass(frozen=True)
class _Gate:
    """The file of --expect, and whether it is to be written; a broken file is told before anything is sent."""

    path: Path
    update: bool

    def __post_init__(self) -> None:
        from conformance.gate import load_expectation

        if not self.update or self.path.exists():
            load_expectation(self.path)

    def end(self, result: Result) -> NoReturn:
        """Exit as expected or not; what could not be tested stays *incomplete*."""
        from conformance.gate import complaints, load_expectation, write_expectation

        if result.judgement.claim == "incomplete":
            sys.exit(Exit.INCOMPLETE)
        if self.update:
            if result.transcript.header.selection is not None:
                raise UsageError("--update-expect needs a whole run: a part was selected")
            write_expectation(self.path, result, load_expectation(self.path) if self.path.exists() else None)
            print(f"written: {self.path}")
            sys.exit(Exit.CONFORMANT)
        found = list(complaints(load_expectation(self.path), result, date.today()))
        for each in found:
            print(f"not as expected: {each}")
        known = result.judgement.counts.get("failed", 0)
        if not found:
            print(f"as expected: {result.judgement.claim}" + (f", {known} known failures" if known else ""))
        sys.exit(Exit.NOT_CONFORMANT if found else Exit.CONFORMANT)


def _certify(settings: object, arguments: list[str], gate: _Gate | None, *, dry_run: bool) -> NoReturn:
    from conformance.certification import Settings
    from conformance.errors import HarnessError, NothingSelected
    from conformance.progress import Progress
    from conformance.pytest_plugin import Certification, run_pytest
    from conformance.rehearsal import rehearse
    from conformance.report.document import write_json
    from conformance.report.terminal import terminal_report
    from conformance.spec import load_catalogue

    assert isinstance(settings, Settings)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    certification = Certification(settings, Progress(sys.stderr), dry_run=dry_run)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was made is removed, as after Ctrl-C
    junit = settings.report_dir / "junit.xml" if settings.report_dir else None
    status = run_pytest(certification, arguments, junit)
    if certification.problem is not None:
        raise certification.problem
    if certification.planned:
        _print(lambda: rehearse(settings, certification.planned))
        raise typer.Exit(0)
    if certification.result is None:
        if status == 0:
            raise typer.Exit(0)
        if status == 3:
            raise HarnessError("pytest met an internal error; see above")
        if status == 5 or (certification.selected == 0 and status not in (3, 4)):
            raise NothingSelected("no case matches the selection")
        raise UsageError("pytest did not accept the arguments " + " ".join(arguments))
    catalogue = load_catalogue()
    if settings.report_dir:
        write_json(certification.result, catalogue, settings.report_dir)
    print(terminal_report(certification.result, catalogue, certification.rerun))
    if gate is not None:
        gate.end(certification.result)
    sys.exit(_STATUS[certification.result.judgement.claim])


_STATUS = {
    "conformant": Exit.CONFORMANT,
    "partial": Exit.CONFORMANT,
    "not conformant": Exit.NOT_CONFORMANT,
    "incomplete": Exit.INCOMPLETE,
}


@app.command()
def doctor(
    target: _Target = None,
    base_url: _BaseUrl = None,
    depth: _Depth = "standard",
    write: Annotated[Path | None, _option("Where a filled-in target file goes.", metavar="FILE")] = None,
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
    _print(lambda: iter(examination.lines))
    if write is not None:
        write_target(settings, examination, write)
        print(f"written: {write}")
    sys.exit(Exit.CONFORMANT if examination.well else Exit.INCOMPLETE)


@app.command()
def clean(
    target: Annotated[Path, _option("A target file (docs/targets.md).", "TARGET")],
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


@app.command("list")
def list_() -> None:
    """Every requirement and the scenarios that verify it."""
    from conformance.listing import listing
    from conformance.spec import load_catalogue
    from conformance.tables import load_tables

    _print(lambda: listing(load_catalogue(), load_tables()))


@app.command()
def show(identifier: Annotated[str, typer.Argument(metavar="ID", help="A requirement or a scenario.")]) -> None:
    """What a rule says and which rows verify it, or what a row does."""
    from conformance.listing import shown
    from conformance.spec import load_catalogue
    from conformance.tables import load_tables

    _print(lambda: shown(identifier, load_catalogue(), load_tables()))


def _print(lines: Callable[[], Iterator[str]]) -> None:
    for line in lines():
        print(line)


@app.command()
def check() -> None:
    """Lint specification, catalogue and tables: schema, coverage, twins, wording."""
    from conformance.lint import lint

    problems = list(lint())
    for problem in problems:
        print(problem)
    if problems:
        raise UsageError(f"{len(problems)} problems")
    print("specification, catalogue and tables are in order")


@app.command()
def docs(out: Annotated[Path, typer.Option(help="The folder of the site; it is made.")]) -> None:
    """The specification as a static site, from the files that drive the tests."""
    from conformance.site.build import site, write
    from conformance.site.sources import load_sources

    write(site(load_sources()), out)
    print(out / "index.html")


@app.command()
def judge(transcript: Annotated[Path, typer.Argument(help="A transcript.jsonl of a report directory.")]) -> None:
    """Judge a recorded run again, off line."""
    from conformance.certification import judge_transcript
    from conformance.report.terminal import terminal_report
    from conformance.spec import load_catalogue

    result = judge_transcript(transcript)
    base_url = result.transcript.header.base_url
    print(
        terminal_report(result, load_catalogue(), lambda case: f"conformance certify --base-url {base_url} -k {case}")
    )
    sys.exit(_STATUS[result.judgement.claim])


@app.command()
def prove(
    jobs: Annotated[int | None, typer.Option(min=1, help="Targets at a time; default: one a core.")] = None,
    only: Annotated[str, typer.Option(help="Subjects whose id matches, e.g. 'vis-*'.")] = "*",
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the matrix goes as JSON.")] = None,
) -> None:
    """The kill matrix: reference and variants accepted, every mutant caught (from a checkout)."""
    import json

    from conformance.errors import NothingSelected
    from conformance.prove import matrix, proof_line, subjects, summary
    from conformance.prove import prove as proofs

    chosen = subjects(only)
    if not chosen:
        raise NothingSelected(f"no subject matches {only!r}")
    found = []
    for proof in proofs(chosen, jobs):
        found.append(proof)
        print(proof_line(proof), flush=True)
    if json_file:
        json_file.write_text(json.dumps(matrix(found), indent=1) + "\n", encoding="utf-8")
    print(summary(found))
    sys.exit(Exit.CONFORMANT if all(each.right for each in found) else Exit.NOT_CONFORMANT)
