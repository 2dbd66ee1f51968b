"""Growth: time and memory a case, from 200 cases to all of the exhaustive depth.

    .venv/bin/python -m benchmarks.growth

Every n-th case of the exhaustive plan, so that each size is the same mixture, is certified against a fresh reference by
a process of its own (``--cases``, which this module runs itself with). The plan is made before the clock starts. The
memory is the most that the process held, above what it held when the plan was made; a case is one world with up to 120
requests.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import Limits, end, measured, table, target

GOAL = 1.1


def certified(url: str, number: int, depth: str) -> dict[str, float]:
    """Certify so many cases in this process."""
    from conformance.certification import Settings, certify, default_provider_states
    from conformance.depth import DEPTHS
    from conformance.plan import make_plan

    plan = make_plan(next(each for each in DEPTHS if each == depth), 0)
    number = min(number, len(plan.cases))
    cases = [plan.cases[at * len(plan.cases) // number] for at in range(number)]
    before, half = _peak(), 0.0

    def look(done: int, of: int) -> None:
        nonlocal half
        if done == of // 2:
            half = _peak()

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(url, default_provider_states(url), plan.depth, report_dir=Path(folder))
        result = certify(settings, plan, cases, look)
        seconds = time.perf_counter() - started
    failed = sum(each.outcome == "failed" for each in result.judgement.cases.values())
    found = {"cases": len(cases), "seconds": seconds, "before": before, "half": half, "peak": _peak()}
    return found | {"failed": failed}


def _peak() -> float:
    """Most memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, print, and say what is far off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes; for CI")
    parser.add_argument("--cases", nargs=3, metavar=("URL", "NUMBER", "DEPTH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.cases:
        url, number, depth = given.cases
        print(json.dumps(certified(url, int(number), depth)))
        return
    sizes, depth = ((60, 180), "quick") if given.short else ((200, 400, 100_000), "exhaustive")
    found = []
    for size in sizes:
        with target() as url:
            run = measured([sys.executable, "-m", "benchmarks.growth", "--cases", url, str(size), depth])
        found.append(json.loads(run.output.splitlines()[-1]))
    rows = [
        (
            each["cases"],
            each["seconds"],
            1000 * each["seconds"] / each["cases"],
            each["before"],
            each["half"],
            each["peak"],
        )
        for each in found
    ]
    print(table(("cases", "seconds", "ms a case", "plan made, MB", "half done, MB", "peak, MB"), rows))
    limits = Limits([])
    limits.at_most("time a case, largest over smallest size", rows[-1][2] / rows[0][2], GOAL)
    limits.at_most("peak memory of the largest size, all done over half done", rows[-1][5] / rows[-1][4], GOAL)
    if any(each["failed"] for each in found):
        limits.broken.append("the reference failed")
    end(limits)


if __name__ == "__main__":
    main()
