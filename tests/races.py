"""How often each race check finds its positive control, a mutant with a gap between check and act as real code has.

    python -m tests.races [--runs 100] [--all]

Prints a row a check: of how many runs the control was caught. One run is the check as `certify` does it, all its
rounds. ``--all`` meets each check with every mutant of concurrency, which is how the controls were chosen.
Exit status 1 where a control was caught in fewer than 99 of 100 runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import cache

from conformance.certification import Settings, certify, default_provider_states
from conformance.plan import Plan, make_plan
from conformance.subjects import serving
from mutants.apply import load

CONTROLS = {
    "con-a2k": "con-datasets-before",
    "con-b6m": "con-datasets-before",
    "con-c1x": "con-lock-by-first-id",
    "con-d5q": "con-lock-by-account",
    "con-d9q": "con-org-only-unlocked",
    "con-e9w": "con-lock-by-selection",
    "con-q7n": "con-datasets-before",
    "con-r3k": "con-lock-by-account",
    "con-s9f": "con-attach-checked-promotion-not",
    "con-t4j": "con-lock-by-selection",
    "con-u6d": "con-lock-by-first-id",
    "con-v2g": "con-lock-by-name",
    "con-f3t": "con-selection-of-the-moment",
    "con-f8t": "con-answer-of-the-newest",
    "con-g7c": "con-owner-of-the-moment",
    "con-h2d": "con-names-before",
    "con-j6r": "con-lock-when-selected",
    "con-k1h": "con-lock-by-account",
    "con-m5b": "con-names-before",
    "con-m9b": "con-names-by-kind",
    "con-n9z": "con-owner-of-the-moment",
    "con-n6k": "con-name-of-two-organizations",
    "con-w4k": "ato-loser-keeps-name",
    "con-w7m": "ato-loser-keeps-datasets",
    "con-p2v": "con-name-register",
    "con-p3v": "con-snapshot-written-back",
    "con-p5v": "con-organization-register",
    "con-p6v": "con-dataset-register",
    "con-f9t": "con-shelf-written-back",
    "con-p4v": "con-both-lose",
}
"""A mutant for each race check, by the row's id: some gap between check and act, or a value that requests share."""


@cache
def plan() -> Plan:
    """The tables, races among them."""
    return make_plan("quick", 0)


def race_rows() -> list[str]:
    """The rows whose requests are released together."""
    return list(dict.fromkeys(case.row for case in plan().cases if any(step.races for step in case.steps)))


def caught(url: str, row: str, runs: int) -> int:
    """In how many runs the check of this row finds the target at ``url`` wrong."""
    settings = Settings(url, default_provider_states(url), "quick")
    cases = [case for case in plan().cases if case.row == row]
    results = (certify(settings, plan(), cases) for _ in range(runs))
    return sum(each.judgement.claim == "not conformant" for each in results)


def measured(pairs: Sequence[tuple[str, str]], runs: int) -> Iterator[tuple[str, str, int]]:
    """(row, mutant, runs in which it was caught) for each pair; a mutant is started once."""
    for mutant in dict.fromkeys(mutant for _, mutant in pairs):
        with serving(mutant) as url:
            for row in (row for row, each in pairs if each == mutant):
                yield row, mutant, caught(url, row, runs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    racy = [each.id for each in load().values() if each.id.startswith("con-")]
    pairs = [(row, each) for row in race_rows() for each in racy] if options.all else list(CONTROLS.items())
    low = 0
    for row, mutant, times in measured(pairs, options.runs):
        print(f"{row:10} {mutant:36} {times:4} of {options.runs}", flush=True)
        low += times < 0.99 * options.runs
    return int(bool(low) and not options.all)


if __name__ == "__main__":
    sys.exit(main())
