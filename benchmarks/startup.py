"""Start-up: seconds until ``conformance --version`` and ``list`` have answered, and until the first request is sent.

    .venv/bin/python -m benchmarks.startup

The best of several runs each, beside what Python alone takes to start: a busy machine is slower at both. The first
request is ``certify``'s, at depth quick and standard, on a port of the benchmark's own.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time

from benchmarks.common import ROOT, Limits, arguments, conformance, end, measured, table

GOAL = 0.3
"""Seconds; on a machine on which Python starts in ORDINARY."""
ORDINARY = 0.02


def first_request(depth: str) -> float:
    """Seconds from the start of ``certify`` to its first byte."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        command = [sys.executable, "-m", "conformance", "certify", "--base-url", url, "--depth", depth]
        started = time.perf_counter()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                seconds = time.perf_counter() - started
            process.terminate()
    return seconds


def main() -> None:
    """Measure, print, and say what is far off."""
    short = arguments(__doc__ or "").short
    times = 3 if short else 9
    python = min(measured([sys.executable, "-c", "pass"]).seconds for _ in range(times))
    rows = [
        ("python -c pass", python),
        ("conformance --version", min(conformance("--version").seconds for _ in range(times))),
        ("conformance list", min(conformance("list").seconds for _ in range(times))),
        ("first request, depth quick", min(first_request("quick") for _ in range(times))),
        ("first request, depth standard", min(first_request("standard") for _ in range(min(times, 3)))),
    ]
    print(table(("what", "seconds", "times a bare Python"), [(*row, row[1] / python) for row in rows]))
    limits = Limits([])
    for what, seconds in rows[1:3]:
        limits.at_most(f"{what}, in seconds", seconds, (2 if short else 1) * GOAL * max(1.0, python / ORDINARY))
    end(limits)


if __name__ == "__main__":
    main()
