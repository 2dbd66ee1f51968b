"""Peers: the same rows with what a user would pick instead. Seconds a case, and mutants caught.

    .venv/bin/python -m benchmarks.peers

Our single-request rows, with the same set-ups, requests and reads (``benchmarks/export.py``), for plain pytest + httpx,
Tavern and Newman; and ``schemathesis run`` on the OpenAPI document, whose cases are its own. Each is a command that is
started, ended and measured, against a fresh reference: on loopback, and behind a proxy that delays each request by
20 ms. Rows repeat, each time in a fresh world. Tavern and Newman are installed by this benchmark into a temporary
folder; the rest is in .venv.

A mutant is caught where the command ends otherwise than on the reference (schemathesis: with other failures, since it
accuses the reference, too): every MUTANTS-th one, and every row once. For us that is depth quick.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.common import ROOT, Limits, Run, conformance, end, measured, table, target
from benchmarks.export import Row, for_newman, for_pytest, for_tavern, is_single, repeated, row_of
from benchmarks.latency import delaying
from conformance.certification import Settings, certify, default_provider_states
from conformance.plan import Plan, make_plan
from conformance.subjects import subjects

GOAL = 5.0
MUTANTS = 40
SIZES = (20, 200, 2000)
DELAY, DELAYED = 0.02, 200
ANY = tuple(range(-64, 256))


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: what runs so many cases on a target, at a base URL."""

    name: str
    run: Callable[[str, int], Run]
    cases: Callable[[Run, int], int] = lambda run, number: number
    outcome: Callable[[Run], object] = lambda run: run.status


def rows_of_the_reference() -> tuple[list[Row], Plan]:
    """The rows, as the reference answers them, and our cases."""
    plan = make_plan("quick", 0)
    cases = tuple(case for case in plan.cases if is_single(case))
    plan = replace(plan, cases=cases)
    with tempfile.TemporaryDirectory() as folder, target() as url:
        settings = Settings(url, default_provider_states(url), "quick", report_dir=Path(folder))
        result = certify(settings, plan, cases)
        records = {record.case: record for record in result.transcript.records}
        rows = [row_of(case, records[case.id]) for case in cases]
    return rows, plan


def ours(url: str, number: int) -> None:
    """Run in a process of its own: as many of our cases, each in a fresh world."""
    plan = make_plan("quick", 0)
    cases = [case for case in plan.cases if is_single(case)]
    many = tuple(replace(cases[at % len(cases)], id=f"{cases[at % len(cases)].id}.{at}") for at in range(number))
    result = certify(Settings(url, default_provider_states(url), "quick"), replace(plan, cases=many), many)
    assert result.judgement.counts["passed"] == number, result.judgement.counts


def peers(rows: Sequence[Row], folder: Path, *, installed: bool) -> Iterator[Peer]:
    """Each tool, ready to run."""
    module = [sys.executable, "-m", "benchmarks.peers", "--ours"]
    yield Peer("conformance", lambda url, number: measured([*module, url, str(number)]))
    yield Peer("pytest + httpx", lambda url, number: _pytest(rows, folder, url, number))
    if not installed:
        return
    yield Peer("Tavern", lambda url, number: _tavern(rows, folder, url, number))
    yield Peer("Newman", lambda url, number: _newman(rows, folder, url, number))
    yield Peer("schemathesis run", _schemathesis, _generated, lambda run: set(re.findall(r"ST\d+", run.output)))


def _pytest(rows: Sequence[Row], folder: Path, url: str, number: int) -> Run:
    for_pytest(repeated(rows, number), folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "test_rows.py"]
    given = [f"API={url}", f"STATES={default_provider_states(url)}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"]
    return measured(["env", *given, *command], folder, ANY)


def _tavern(rows: Sequence[Row], folder: Path, url: str, number: int) -> Run:
    for_tavern(repeated(rows, number), folder, url, default_provider_states(url))
    python = str(folder / "venv/bin/python")
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:logging", "-c", "/dev/null"]
    return measured([*command, "test_rows.tavern.yaml"], folder, ANY)


def _newman(rows: Sequence[Row], folder: Path, url: str, number: int) -> Run:
    for_newman(repeated(rows, number), folder, url, default_provider_states(url))
    return measured(
        [str(folder / "node_modules/.bin/newman"), "run", "rows.json", "--reporters", "progress"], folder, ANY
    )


def _schemathesis(url: str, number: int) -> Run:
    import httpx

    world = {"organizations": {"acme": {}}, "users": {"alice": {"organization": "acme"}}}
    message = {"consumer": "benchmark", "action": "setup", "state": "world", "params": world}
    key = httpx.post(default_provider_states(url), json=message).json()["users"]["alice"]["api_key"]
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(ROOT / "spec/openapi.yaml")]
    command += ["--url", url, "--header", f"Authorization: Bearer {key}", "--include-method", "POST"]
    command += ["--max-examples", str(number), "--seed", "1", "--no-color", "--continue-on-failure"]
    with tempfile.TemporaryDirectory() as folder:  # it keeps what it found in the folder that it is started in
        return measured(command, Path(folder), ANY)


def _generated(run: Run, number: int) -> int:
    found = re.search(r"([\d,]+) generated", run.output)
    return int(found[1].replace(",", "")) if found else number


@contextmanager
def tools(*, install: bool) -> Iterator[Path]:
    """A folder in which Tavern and Newman are installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if install:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
            subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], **quiet)  # type: ignore[call-overload]
            pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "tavern>=3.7,<4", "pytest<9"]
            subprocess.run(pip, **quiet)  # type: ignore[call-overload]
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", name, "newman@6"]
            subprocess.run(npm, **quiet)  # type: ignore[call-overload]
        yield folder


def caught(peer: Peer, sample: Sequence[str], number: int) -> str:
    """On how many mutants the command ends otherwise than on the reference."""

    def ends(*module: str) -> object:
        with target(*module) as url:
            if peer.name == "conformance":
                return conformance("certify", "--base-url", url, "--depth", "quick", accepts=ANY).status
            return peer.outcome(peer.run(url, number))

    right = ends()
    return f"{sum(ends('mutants', each) != right for each in sample)} of {len(sample)}"


def milliseconds(peer: Peer, number: int, delay: float = 0.0) -> float:
    """Milliseconds a case, start-up and end included."""
    with target() as url, delaying(url, delay) if delay else nullcontext(url) as seen:
        run = peer.run(seen, number)
    return 1000 * run.seconds / peer.cases(run, number)


def main() -> None:
    """Measure, print, and say what is far off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="pytest + httpx alone, 100 cases, no mutants; for CI")
    parser.add_argument("--ours", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        ours(given.ours[0], int(given.ours[1]))
        return
    sizes = (100,) if given.short else SIZES
    rows, _ = rows_of_the_reference()
    mutants = [each.id for each in subjects() if each.kind == "mutant"][::MUTANTS]
    lines: list[list[object]] = []
    with tools(install=not given.short) as folder:
        every = list(peers(rows, folder, installed=not given.short))
        for peer in every:
            lines.append([peer.name, *(milliseconds(peer, size) for size in sizes)])
            if not given.short:
                lines[-1].append(milliseconds(peer, DELAYED, DELAY))
            print(*lines[-1], file=sys.stderr, flush=True)
        if not given.short:
            for peer, line in zip(every, lines, strict=True):  # no longer timed
                line.append(caught(peer, mutants, len(rows)))
                print(peer.name, line[-1], file=sys.stderr, flush=True)
    print(f"{len(rows)} rows, {sum(len(row.calls) + 1 for row in rows) / len(rows):.1f} requests each; ms a case:")
    more = () if given.short else (f"{DELAYED} at {DELAY * 1000:.0f} ms", "mutants caught")
    print(table(("tool", *(f"{size} cases" for size in sizes), *more), lines))
    limits = Limits([])
    for line in lines[1:]:
        ratio = float(str(line[len(sizes)])) / float(str(lines[0][len(sizes)]))
        limits.at_least(f"{line[0]} over ours", ratio, 1.0 if given.short else GOAL)
    end(limits)


if __name__ == "__main__":
    main()
