"""The bundled reference implementation as a subprocess on a free loopback port."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.errors import HarnessError


@contextmanager
def bundled_reference() -> Iterator[str]:
    """Its base URL while it runs; it is ended, by its process, on leaving."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_impl", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise HarnessError("the bundled reference implementation did not start")
        yield "http://" + line.split("http://", 1)[1].strip()
    finally:
        process.terminate()
        process.wait(10)
