"""The action and the gates of docs/ci.md, run as a runner would: their own shell steps, in a clean environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.conftest import ROOT, serving

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, CERTIFY = ACTION["runs"]["steps"]
GUIDE = (ROOT / "docs/ci.md").read_text()
GITHUB, GITLAB = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))
(SHELL,) = re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL)
PART = {"PYTEST_ADDOPTS": "-k pro-"}
"""Of a run whose verdict is not looked at."""
DEPLOYMENT = "http://127.0.0.1:8000/api/v1"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A runner's environment in which the first step was run: nothing of this checkout's .venv is in reach."""
    folder = tmp_path_factory.mktemp("runner")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HOME", "LANG", "SSL_"))}
    path = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin"
    environment = {**kept, "PATH": path, "RUNNER_TEMP": str(folder), "GITHUB_ACTION_PATH": str(ROOT)}
    environment["PIP_NO_COMPILE"] = "1"  # what is never imported here
    done = run(INSTALL["run"], environment, folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return environment


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    with serving("mutants", "pro-none") as url:
        yield url


def run(script: str, environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """As ``shell: bash`` of a runner."""
    file = folder / "step.sh"
    file.write_text(script)
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)


def certified(runner: Mapping[str, str], folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The second step with these inputs; an input that is not given has its default, or is empty."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() <= ACTION["inputs"].keys()
    whole = {name: given.get(name, each.get("default", "")) for name, each in ACTION["inputs"].items()}

    def filled(value: str) -> str:
        return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: whole[found[1]], value)

    environment = {name: filled(value) for name, value in CERTIFY["env"].items()}
    assert "${{" not in "".join(environment.values())
    return run(CERTIFY["run"], {**runner, **environment}, folder)


def test_no_input_is_pasted_into_a_shell_line() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
    assert {found for value in CERTIFY["env"].values() for found in re.findall(r"inputs\.([a-z-]+)", value)} == set(
        ACTION["inputs"]
    )


def test_the_github_gate_of_the_guide_passes_what_is_conformant_and_stops_what_is_not(
    runner: dict[str, str], reference: str, faulty: str, tmp_path: Path
) -> None:
    step: dict[str, Any] = next(
        each for each in GITHUB["jobs"]["conformance"]["steps"] if "conformance@" in each["uses"]
    )
    inputs = {name.replace("-", "_"): value for name, value in step["with"].items()}
    inputs |= {"base_url": reference, "subject": inputs["subject"].replace("${{ github.sha }}", "d20ace79")}
    good = certified(runner, tmp_path, **inputs)
    assert good.returncode == 0, good.stdout[-1000:] + good.stderr[-2000:]
    assert good.stdout.splitlines()[-1] == f"certificate: {inputs['certificate']}, not signed (--sign-key)"
    assert {"report.json", "transcript.jsonl", "junit.xml", "certificate.json"} <= {
        each.name for each in (tmp_path / "conformance-report").iterdir()
    }
    bad = certified(runner | PART, tmp_path, base_url=faulty, depth="quick", report_dir="bad")
    assert bad.returncode == 1, bad.stderr[-2000:]
    assert "not conformant" in bad.stdout.splitlines()[-1]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "inputs, words",
    [
        ({}, "::error::base-url or target is needed"),
        ({"base_url": '"; touch pwned; echo "'}, "conformance: "),
        ({"base_url": "$(touch pwned)"}, "conformance: "),
        ({"base_url": "http://203.0.113.1/api/v1"}, "203.0.113.1 is not this machine"),
        (
            {"base_url": "http://203.0.113.1/api/v1", "write_to": "`touch pwned` other"},
            "203.0.113.1 is not this machine",
        ),
        ({"base_url": DEPLOYMENT, "catalogue": "0.0.1"}, "there never was a catalogue"),
        ({"base_url": DEPLOYMENT, "seed": "x"}, "Invalid value for '--seed'"),
    ],
)
def test_an_input_that_is_wrong_is_status_two(
    runner: dict[str, str], tmp_path: Path, inputs: dict[str, str], words: str
) -> None:
    done = certified(runner, tmp_path, **inputs)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert not (tmp_path / "pwned").exists()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the suite as a submodule."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "conformance-suite").symlink_to(ROOT)
    return folder


@pytest.fixture(scope="module")
def image(runner: dict[str, str]) -> dict[str, str]:
    """A runner whose image has the suite's dependencies, which the action's test downloaded; a part is run."""
    (site,) = Path(runner["RUNNER_TEMP"], "conformance", "lib").glob("python*/site-packages")
    return {**runner, "PYTHONPATH": str(site), **PART}


def test_the_gitlab_gate_of_the_guide(image: dict[str, str], faulty: str, workspace: Path) -> None:
    job = GITLAB["conformance"]
    variables = {**job["variables"], "CONFORMANCE_BASE_URL": faulty}
    done = run("\n".join(job["script"]), {**image, **variables}, workspace)
    assert done.returncode == 1, done.stderr[-2000:]
    assert (workspace / job["artifacts"]["reports"]["junit"]).is_file()


def test_the_shell_gate_of_the_guide(image: dict[str, str], reference: str, workspace: Path) -> None:
    assert DEPLOYMENT in SHELL
    done = run(SHELL.replace(DEPLOYMENT, reference), image, workspace)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (workspace / "conformance-report/report.json").is_file()
