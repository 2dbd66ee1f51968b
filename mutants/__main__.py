"""``python -m mutants ID[+ID…] [--port N]`` serves a patched reference; ``--list`` names all of them."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from mutants.apply import PatchError, load, patched


def main() -> int:
    """The command; its status is the server's."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("id", nargs="?")
    parser.add_argument("--port", default="0")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    mutants = load()
    if options.list or options.id is None:
        for each in mutants.values():
            print(f"{each.id:32} {','.join(each.breaks) or 'correct':16} {each.note}")
        return 0
    wanted = options.id.split("+")
    if unknown := [each for each in wanted if each not in mutants]:
        print(f"mutants: there is no {unknown[0]}", file=sys.stderr)
        return 2
    try:
        with patched([mutants[each] for each in wanted]) as folder:
            return _serve(str(folder), options.port)
    except PatchError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


def _serve(folder: str, port: str) -> int:
    command = [sys.executable, "-m", "reference_impl", "--port", port]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": folder}) as process:

        def end(_number: int, _frame: FrameType | None) -> None:
            process.terminate()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
