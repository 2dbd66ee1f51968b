"""The adapter of ``docs/provider-states.md``, run as it is printed there."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from tests.conformance.conftest import ROOT, Command


def test_the_adapter_in_the_documentation_certifies_the_reference(tmp_path: Path, conformance: Command) -> None:
    text = (ROOT / "docs/provider-states.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 50
    (tmp_path / "adapter.py").write_text(code)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = str(tmp_path / "reference.sqlite")
    reference = [sys.executable, "-m", "reference_impl", "--database", database]
    with subprocess.Popen(reference, stdout=subprocess.PIPE, text=True, cwd=ROOT) as target:
        assert target.stdout is not None
        url = target.stdout.readline().split()[-1]
        adapter = [sys.executable, str(tmp_path / "adapter.py"), database, str(port)]
        with subprocess.Popen(adapter, stderr=subprocess.DEVNULL) as beside:
            try:
                while not listens(port):
                    assert beside.poll() is None
                states = ("--base-url", url, "--provider-states", f"http://127.0.0.1:{port}/")
                doctor = conformance("doctor", *states)
                run = conformance(
                    "certify", *states, "--depth", "quick",
                    "-k", "pro-a3k or att-b or aut-f9t or run-a or nam-j9r or own-e",
                )  # fmt: skip
            finally:
                beside.terminate()
                target.terminate()
    assert doctor.returncode == 0 and "is there (GET: 501)" in doctor.stdout, doctor.stdout
    assert run.returncode == 0, run.stdout[-1500:] + run.stderr
    assert "partial, no claim" in run.stdout


def listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
