"""Every command that a page shows is run, against the reference and on a part of the scenarios."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bundled import bundled_reference
from conformance.site.build import site
from conformance.site.sources import load_sources
from tests.conformance.conftest import ROOT
from tests.site.html import pages

DEPLOYMENT = "https://host.example/api/v1"
SHOWN = dict.fromkeys(command for page in pages(site(load_sources())).values() for command in page.commands)
ELSEWHERE = ("scripts/certify", "conformance prove --only 'vis-first-*'")
"""Run as scripts/test's last line, and as one of the README's commands."""
COMMANDS = [command for command in SHOWN if not command.startswith("curl ") and command not in ELSEWHERE]


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    with bundled_reference() as url:
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands run, one after another."""
    return tmp_path_factory.mktemp("commands")


@pytest.mark.parametrize(
    "command", sorted(COMMANDS, key=lambda each: ("transcript" in each, "--expect" in each and "--update" not in each))
)
def test_a_command_of_a_page_works(command: str, reference: str, folder: Path) -> None:
    line = command.replace(DEPLOYMENT, reference).replace("scripts/", f"{ROOT}/scripts/")
    if "certify " in line and "-k" not in line:
        line += " --depth quick" + ("" if "--update-expect" in line else " -k vis-a7k")
    path = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, cwd=folder, env={**os.environ, "PATH": path}, timeout=300
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
