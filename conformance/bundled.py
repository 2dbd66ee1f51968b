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
    command = [sys.executable, "-m", "reference_impl", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                raise HarnessError("the bundled reference implementation did not start")
            yield "http://" + line.split("http://", 1)[1].strip()
        finally:
            process.terminate()
