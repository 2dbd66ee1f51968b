"""What is left on the accounts: after Ctrl-C, after SIGTERM, after a kill, and after ``conformance clean``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.marks import is_marked
from tests.conformance.conftest import ROOT, Command
from tests.targets.conftest import Deployment


def heard() -> None:
    """In the background of a shell Ctrl-C is ignored, and a process that is started inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(deployment: Deployment, folder: Path, number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """A run that gets a signal while rows of its own are on the accounts."""
    command = [
        sys.executable,
        "-m",
        "conformance",
        "certify",
        "--target",
        deployment.file(folder, limits={"per_second": 100}),
        "--depth",
        "quick",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **deployment.environment}
    run = subprocess.Popen(
        [*command, "--report-dir", "report"], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heard,
    )  # fmt: skip
    try:
        transcript = folder / "report/transcript.jsonl"
        while not (transcript.is_file() and transcript.read_text().count('"op":"create"') > 5) or not left(deployment):
            assert run.poll() is None, run.communicate()
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    return subprocess.CompletedProcess(command, run.returncode, out, err)


def left(deployment: Deployment) -> list[str]:
    return sorted({name for names in deployment.names().values() for name in names if is_marked(name)})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_and_keeps_what_it_judged(
    deployment: Deployment, tmp_path: Path, number: signal.Signals
) -> None:
    before = deployment.names()
    run = interrupted(deployment, tmp_path, number)
    assert run.returncode == 3, run.stderr
    assert "the run was interrupted" in run.stdout and "Traceback" not in run.stderr
    assert " passed" in run.stdout
    assert deployment.names() == before


def test_what_a_killed_run_left_is_found_and_removed(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    before = deployment.names()
    interrupted(deployment, tmp_path, signal.SIGKILL)
    assert left(deployment)
    run = conformance("clean", "--target", str(tmp_path / "target.yaml"), **deployment.environment)
    assert run.returncode == 0, run.stderr
    assert "removed: /datasets/" in run.stdout and run.stdout.splitlines()[-1].endswith(" rows removed")
    assert deployment.names() == before


def test_clean_says_what_it_could_not_remove(deployment: Deployment, tmp_path: Path, conformance: Command) -> None:
    file = deployment.file(tmp_path)
    wrong = {**deployment.environment, "BEN_KEY": "sk_nobodys"}
    run = conformance("clean", "--target", file, **wrong)
    assert run.returncode == 3
    assert "target.yaml:" in run.stderr and "the key of ben does not work" in run.stderr
    assert "sk_" not in run.stdout + run.stderr
