"""What the benchmarks share: a target that runs, a run of the command line that is measured, a table, a limit."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAR_OFF = 2.0
"""CI fails where a ratio is so many times off its goal: a busy machine is not."""


@dataclass(frozen=True, slots=True)
class Run:
    """A process that has ended: seconds by the clock, and the most memory that it held, in megabytes."""

    seconds: float
    peak: float
    status: int
    output: str


def conformance(*arguments: str, accepts: tuple[int, ...] = (0,)) -> Run:
    """``conformance ARGUMENTS``, measured; SystemExit where its status is none of ``accepts``."""
    return measured([sys.executable, "-m", "conformance", *arguments], accepts=accepts)


def measured(command: Sequence[str], folder: Path = ROOT, accepts: tuple[int, ...] = (0,)) -> Run:
    """Run a command to its end and measure it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFORMANCE_")}
    environment["PYTHONPATH"] = str(ROOT)
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)  # of this process alone, not of all that have ended
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if accepts and process.returncode not in accepts:
        raise SystemExit(f"{' '.join(command[:6])} … ended with {process.returncode}:\n{output[-2000:]}")
    return Run(seconds, used.ru_maxrss / 1024, process.returncode, output)


@contextmanager
def target(*module: str) -> Iterator[str]:
    """A fresh target's base URL: the reference, or ``mutants ID``."""
    command = [sys.executable, "-m", *(module or ("reference_impl",)), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers are rounded to what they can tell."""
    lines = [head, ["---"] * len(head), *([shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(cell: object) -> str:
    """A cell's text."""
    return (
        f"{cell:.3g}"
        if isinstance(cell, float) and abs(cell) < 100
        else f"{cell:.0f}"
        if isinstance(cell, float)
        else str(cell)
    )


@dataclass(slots=True)
class Limits:
    """Ratios that are far off their goals."""

    broken: list[str]

    def at_most(self, what: str, value: float, goal: float) -> None:
        """The ratio ought not to be above its goal."""
        if value > FAR_OFF * goal:
            self.broken.append(f"{what} is {value:.2f}; the goal is at most {goal:g}")

    def at_least(self, what: str, value: float, goal: float) -> None:
        """The ratio ought not to be below its goal."""
        if value * FAR_OFF < goal:
            self.broken.append(f"{what} is {value:.2f}; the goal is at least {goal:g}")


def arguments(about: str) -> argparse.Namespace:
    """``--short`` is the form that CI runs."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes; for CI")
    return parser.parse_args()


def end(limits: Limits) -> None:
    """Exit 1 where a ratio is far off."""
    if limits.broken:
        raise SystemExit("far off: " + "; ".join(limits.broken))
