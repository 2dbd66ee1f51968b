"""Bodies are drawn by a process of their own, begun before a run needs anything else.

Into what it draws Hypothesis mixes constants of the modules that are loaded: here these are always the same, so that a
seed gives the same bodies. And schemathesis takes longer to import and to draw than all else at a run's start.
"""

from __future__ import annotations

import atexit
import base64
import gc
import json
import subprocess
import sys
from functools import cache

from conformance.errors import HarnessError


@cache
def begin(depth: str, seed: int) -> subprocess.Popen[bytes]:
    """Have the bodies of a depth drawn meanwhile; once for a depth and a seed."""
    command = [sys.executable, "-P", "-m", "conformance.ahead", depth, str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    atexit.register(process.kill)  # where the run ends before it is asked
    return process


@cache
def drawn_bodies(depth: str, seed: int) -> tuple[bytes, ...]:
    """What was drawn, when it is there; HarnessError where nothing could be."""
    process = begin(depth, seed)
    output, trouble = process.communicate()
    if process.returncode:
        raise HarnessError(f"no bodies were drawn: {trouble.decode(errors='replace').strip().rpartition(chr(10))[2]}")
    return tuple(map(base64.b64decode, json.loads(output)))


def main(depth: str, seed: str) -> None:
    """Print the bodies that a depth draws."""
    gc.disable()  # a second's work: nothing is worth a search for garbage
    # Imported here: who begins this has imported next to nothing yet.
    from conformance.bodies import draw_bodies
    from conformance.paths import GENERATED
    from conformance.yaml_source import load

    document, _ = load(GENERATED, "generated")
    bodies = draw_bodies(document["depths"][depth]["bodies"], int(seed))
    print(json.dumps([base64.b64encode(each).decode("ascii") for each in bodies]))


if __name__ == "__main__":
    main(*sys.argv[1:])
