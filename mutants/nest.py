"""``python -m mutants --nest``: patched references one after another, without the imports that they share.

A line with an id starts a server, which says where it is, or why it does not start, in one line; a blank line, or the
end of the input, ends it, and ``ended`` is answered.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mutants.apply import Mutant, chosen

Serve = Callable[[Sequence[Mutant]], None]


def nest(mutants: Mapping[str, Mutant], serve: Serve) -> None:
    """Serve until the input ends; ``serve`` returns, or raises SystemExit, when a signal comes."""
    _hatch()
    for line in iter(sys.stdin.readline, ""):
        if name := line.strip():
            child = os.fork() or _child(mutants, name, serve)
            sys.stdin.readline()
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            print("ended", flush=True)


def _hatch() -> None:
    """Import what a server needs, and forget the reference itself: each child imports its own, patched."""
    import uvicorn

    from reference_impl.app import create_app
    from reference_impl.store import Store
    from reference_impl.writes import ROUTES

    with TemporaryDirectory() as folder:
        store = Store(Path(folder, "any.sqlite"))
        uvicorn.Config(create_app(store, ROUTES), lifespan="off").load()
        store.close()
    for each in [each for each in sys.modules if each.split(".")[0] == "reference_impl"]:
        del sys.modules[each]
    gc.freeze()  # as its documentation advises before a fork: no child searches what all share


def _child(mutants: Mapping[str, Mutant], name: str, serve: Serve) -> int:
    try:
        serve(chosen(mutants, name))
    except SystemExit as left:
        if left.code:
            print(f"{name} left with {left.code}", flush=True)
    except Exception as error:
        print(error, flush=True)
    finally:
        os._exit(0)
