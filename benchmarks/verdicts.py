"""Verdicts: whether speed work changed any. Reference, variants, fifty mutants at each depth, beside what is recorded.

    .venv/bin/python -m benchmarks.verdicts [--record] [--depth DEPTH]

A verdict is the claim and the requirements that are broken, of a whole run: no mutant ends at its first failure, as it
does for ``prove``. Recorded verdicts are in ``benchmarks/verdicts.json``; ``--record`` replaces those of the
depth that is named, or of all. Exit 1 where one differs. All depths take an hour.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from benchmarks.common import ROOT
from conformance.certification import Settings, certify, default_provider_states
from conformance.depth import DEPTHS, Depth
from conformance.plan import make_plan
from conformance.subjects import served, subjects, workers

RECORDED = ROOT / "benchmarks" / "verdicts.json"
VARIANTS, MUTANTS = 4, 50
"""Every which variant, and how many mutants."""


def judged(subject: str, depth: Depth) -> str:
    """The claim, and what is broken: ``not conformant: AUT-1 VIS-2``."""
    plan = make_plan(depth, 0)
    with served(subject) as url:
        settings = Settings(url, default_provider_states(url), depth)
        judgement = certify(settings, plan, plan.cases).judgement
    broken = sorted(each.requirement for each in judgement.requirements.values() if each.failed)
    return judgement.claim + (f": {' '.join(broken)}" if broken else "")


def chosen() -> list[str]:
    """The reference, every fourth variant, and mutants evenly spread over their files."""
    every = subjects()
    correct = [each.id for each in every if each.kind in ("reference", "variant")][::VARIANTS]
    mutants = [each.id for each in every if each.kind == "mutant"]
    return [*correct, *(mutants[at * len(mutants) // MUTANTS] for at in range(MUTANTS))]


def matrix(depth: Depth, these: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each subject's verdict."""
    with workers() as pool:
        yield from zip(these, pool.map(partial(judged, depth=depth), these), strict=True)


def main() -> None:
    """Judge, compare or record, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="replace what is recorded")
    parser.add_argument("--depth", choices=DEPTHS, help="one depth; all by default")
    given = parser.parse_args()
    recorded: dict[str, dict[str, str]] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    different = 0
    for depth in [given.depth] if given.depth else DEPTHS:
        known = recorded.get(depth, {})
        if not known and not given.record:
            raise SystemExit(f"{RECORDED}: nothing is recorded for depth {depth}")
        found = {}
        for subject, verdict in matrix(depth, chosen() if given.record else list(known)):
            found[subject] = verdict
            print(f"{len(found):4} {depth} {subject}: {verdict}", file=sys.stderr, flush=True)
            if not given.record and known[subject] != verdict:
                different += 1
                print(f"{depth}: {subject}: {verdict}; recorded: {known[subject]}")
        print(f"{depth}: {len(found)} subjects")
        if given.record:
            recorded[depth] = found
            RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")
    if different:
        raise SystemExit(f"{different} verdicts differ")


if __name__ == "__main__":
    main()
