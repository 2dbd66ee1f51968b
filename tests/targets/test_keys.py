"""No key and no secret header in any artefact: of runs that pass, fail and crash, and where the target tells them."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from tests.conformance.conftest import ROOT, Command, serving
from tests.targets.conftest import Deployment, deployed, known

ROWS = "aut-a7k or aut-b2m or aut-g3c or pro-a3k.1 or con-a2k.1"
HEADER = "stage-secret 0123456789"


def certified(
    conformance: Command, deployment: Deployment, folder: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    file = deployment.file(folder, known=known(deployment), headers={"X-Stage": "env:STAGE"})
    return conformance(
        "certify", "--target", file, "--depth", "quick", "-k", ROWS, "--report-dir", "report",
        *more, **deployment.environment, STAGE=HEADER,
    )  # fmt: skip


def assert_silent(folder: Path, run: subprocess.CompletedProcess[str], deployment: Deployment) -> None:
    """Every text that the run left, against every secret, plain and as it is written in JSON, URLs and base64."""
    artefacts = (
        {path.name: path.read_text() for path in (folder / "report").glob("*")} if (folder / "report").is_dir() else {}
    )
    artefacts |= {"stdout": run.stdout, "stderr": run.stderr}
    secrets = [user["api_key"] for user in deployment.users.values()] + [HEADER, HEADER.split()[0]]
    for secret in secrets:
        nearly = [secret[:-1], secret[1:], secret[::-1], secret.swapcase()]
        forms = [
            secret,
            json.dumps(secret)[1:-1],
            urllib.parse.quote(secret),
            base64.b64encode(secret.encode()).decode(),
            *nearly,
        ]
        for name, text in artefacts.items():
            assert not any(form in text for form in forms), f"{name} holds a secret"


def test_a_run_that_passes(deployment: Deployment, tmp_path: Path, conformance: Command) -> None:
    run = certified(conformance, deployment, tmp_path)
    assert run.returncode == 0, run.stdout[-1500:]
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {"junit.xml", "report.json", "transcript.jsonl"}
    assert_silent(tmp_path, run, deployment)


@pytest.mark.parametrize("target", [("mutants", "pro-first-only"), ("tests.targets.talkative",)])
def test_a_run_that_fails(target: tuple[str, ...], tmp_path: Path, conformance: Command) -> None:
    """The talkative target repeats what it was sent, keys and all, in every answer."""
    with serving(*target) as url:
        deployment = deployed(url)
        run = certified(conformance, deployment, tmp_path)
    assert run.returncode == 1, run.stdout[-1500:] + run.stderr
    assert_silent(tmp_path, run, deployment)
    if "talkative" in target[0]:
        told = (tmp_path / "report/transcript.jsonl").read_text()
        assert "you sent Bearer $" in told and "near-$ANN_KEY" in told


def test_a_run_whose_target_dies(tmp_path: Path, conformance: Command) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.targets.talkative", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        deployment = deployed(process.stdout.readline().split()[-1])
        process.send_signal(signal.SIGKILL)
    run = certified(conformance, deployment, tmp_path)
    assert run.returncode == 3 and "does not answer" in run.stderr
    assert_silent(tmp_path, run, deployment)


@pytest.mark.parametrize("place", ["conformance.execute.execute", "conformance.report.terminal.terminal_report"])
def test_a_run_that_crashes(place: str, deployment: Deployment, tmp_path: Path) -> None:
    """A defect of ours whose exception holds every key."""
    module, _, name = place.rpartition(".")
    (tmp_path / "crash.py").write_text(
        f"import os, sys, {module}, conformance.certification\n"
        "def crash(*arguments, **more):\n"
        "    raise RuntimeError(repr(dict(os.environ)))\n"
        f"{module}.{name} = crash\n"
        "conformance.certification.execute = crash if 'execute' in sys.argv[1] else conformance.certification.execute\n"
        "del sys.argv[1]\n"
        "from conformance.cli import main\n"
        "main()\n"
    )
    deployment.file(tmp_path, headers={"X-Stage": "env:STAGE"})
    arguments = ["certify", "--target", "target.yaml", "--depth", "quick", "-k", "pro-a3k.1", "--report-dir", "report"]
    run = subprocess.run(
        [sys.executable, "crash.py", name, *arguments], capture_output=True, text=True, cwd=tmp_path,
        env={**deployment.environment, "STAGE": HEADER, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert run.returncode == 4, run.stdout + run.stderr
    assert_silent(tmp_path, run, deployment)
