"""Overhead: the time of ``conformance certify`` over the time that its requests take a bare client.

    .venv/bin/python -m benchmarks.overhead

At each depth: a run against a fresh reference, recorded; then the same requests, in the same order, on as many
connections, against another fresh reference (``benchmarks/replay.py`` says what is replaced). Both on loopback, in one
go. The numerator is all that a user waits for: start-up, plan, requests, verdict, report.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.common import Limits, arguments, conformance, end, table, target
from benchmarks.replay import replay
from conformance.depth import DEPTHS, Depth
from conformance.options import CONCURRENCY
from conformance.plan import make_plan
from conformance.transcript import read

GOAL = 1.5
SHORT = ("-k", "vis or pro or run")


def measure(depth: Depth, *selection: str) -> tuple[float, float, int, int]:
    """Seconds of the run, seconds of the bare client, requests, and how many of these were answered otherwise."""
    with tempfile.TemporaryDirectory() as folder, target() as url:
        run = conformance("certify", "--base-url", url, "--depth", depth, "--report-dir", folder, *selection)
        transcript = read(Path(folder) / "transcript.jsonl")
        records = list(transcript.records)
    header = transcript.header
    plan = make_plan(depth, header.seed, header.bodies, header.drawings)
    with target() as url:
        seconds, requests, others = replay(url, plan.cases, records, CONCURRENCY)
    return run.seconds, seconds, requests, others


def main() -> None:
    """Measure, print, and say what is far off."""
    short = arguments(__doc__ or "").short
    limits = Limits([])
    rows = []
    for depth in ("quick",) if short else DEPTHS:
        ours, bare, requests, others = measure(depth, *(SHORT if short else ()))
        rows.append((depth, requests, ours, bare, ours / bare))
        if others > requests / 50:
            limits.broken.append(f"{others} of {requests} replayed requests were answered otherwise")
        limits.at_most(f"overhead at depth {depth}", ours / bare, 2 * GOAL if short else GOAL)  # start-up weighs more
    print(table(("depth", "requests", "certify, s", "bare client, s", "ratio"), rows))
    end(limits)


if __name__ == "__main__":
    main()
