"""``python -m mutants ID[+ID…] [--port N] [--database FILE]`` serves a patched reference; ``--list`` names them."""

from __future__ import annotations

import argparse
import runpy
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mutants.apply import Mutant, PatchError, chosen, load, patched
from mutants.nest import nest


def main() -> None:
    """The command; it prints, and ends, as ``python -m reference_impl`` does."""
    # From here on a signal leaves through the clean-up below; the reference puts its own handler in place.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("id", nargs="?", help="a mutant, a variant, or several joined by +")
    parser.add_argument("--port", default="0", help="port on 127.0.0.1; 0, the default, takes a free one")
    parser.add_argument("--database", type=Path, help="SQLite file; a temporary one when not given")
    parser.add_argument("--nest", action="store_true", help="serve the ids that stdin names, a blank line ends one")
    parser.add_argument("--list", action="store_true", help="every mutant with what it breaks, every variant")
    options = parser.parse_args()
    try:
        mutants = load()
        if options.nest:
            nest(mutants, lambda each: _serve(each, options.port, options.database))
            return
        if options.list or options.id is None:
            for each in mutants.values():
                print(f"{each.id:32} {','.join(each.breaks) or each.chooses:28} {each.note}")
            return
        _serve(chosen(mutants, options.id), options.port, options.database)
    except PatchError as error:
        parser.error(str(error))


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _serve(wanted: Sequence[Mutant], port: str, database: Path | None) -> None:
    """Run the patched package in this process: one signal ends it, and nothing is left behind."""
    with patched(wanted) as folder:
        sys.path.insert(0, str(folder))
        sys.argv = ["reference_impl", "--port", port, *(["--database", str(database)] if database else [])]
        runpy.run_module("reference_impl", run_name="__main__")


if __name__ == "__main__":
    main()
