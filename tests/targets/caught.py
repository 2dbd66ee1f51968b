"""Which mutants are caught through the documented API: ``python -m tests.targets.caught ID…`` (ten seconds each)."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.certification import certify
from conformance.options import Given, settings_of
from conformance.plan import make_plan
from conformance.targets.target_file import load_target
from mutants.apply import load
from tests.conformance.conftest import serving
from tests.targets.conftest import deployed, known


def main() -> None:
    """A line each: what it breaks, the verdict, the broken requirements, and whether the accounts are as before."""
    plan = make_plan("quick", 0)
    mutants = load()
    for name in sys.argv[1:]:
        with serving("mutants", name) as url, TemporaryDirectory() as folder:
            deployment = deployed(url)
            before = deployment.names()
            target = load_target(Path(deployment.file(Path(folder), known=known(deployment))), deployment.environment)
            judgement = certify(settings_of(Given(depth="quick"), target), plan, plan.cases).judgement
            broken = [each for each, verdict in judgement.requirements.items() if verdict.outcome == "failed"]
            clean = "clean" if deployment.names() == before else "ROWS LEFT"
            print(name, *mutants[name].breaks, "|", judgement.claim, *broken, "|", clean, flush=True)


if __name__ == "__main__":
    main()
