"""The registry of all behaviours: name -> kind, requirements broken, note and the class that does it.

`python behaviours.py` prints it as a table, `--json` as JSON.
"""

from __future__ import annotations

import json
import sys

import choices
import faults_names
import faults_requests
import faults_runs
import faults_selection
import faults_shape
import faults_state
from registry import REGISTRY, Behaviour

MODULES = (faults_selection, faults_runs, faults_names, faults_requests, faults_shape, faults_state, choices)
__all__ = ["MODULES", "REGISTRY", "Behaviour"]


def main() -> None:
    if "--json" in sys.argv:
        rows = [{"name": b.name, "kind": b.kind, "breaks": b.breaks, "note": b.note} for b in REGISTRY.values()]
        print(json.dumps(rows, indent=1))
        return
    for behaviour in REGISTRY.values():
        print(f"{behaviour.kind:8} {behaviour.name:34} {','.join(behaviour.breaks):20} {behaviour.note}")


if __name__ == "__main__":
    main()
