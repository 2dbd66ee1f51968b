"""One reference server for the whole session, and a way to run the command line as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from conformance.bundled import bundled_reference

Command = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def reference() -> Iterator[str]:
    with bundled_reference() as url:
        yield url


@pytest.fixture
def conformance(tmp_path: Path) -> Command:
    """``conformance ARGUMENTS`` in an empty folder."""
    return conformance_in(tmp_path)


def conformance_in(folder: Path) -> Command:
    """``conformance ARGUMENTS`` in a folder, as if no CI ran it."""

    return partial(command_line, folder)


def command_line(
    folder: Path, *arguments: str, root: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """``conformance ARGUMENTS`` of the checkout in ``root``, run in ``folder``.

    At depth quick where no other is named: to draw bodies takes longer than most of what is tested so.
    """
    command = [sys.executable, "-m", "conformance", *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE_", "GITHUB_"))}
    env |= {"PYTHONPATH": str(root), "CONFORMANCE_DEPTH": "quick", **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=folder, env=env)


@contextmanager
def serving(*module: str) -> Iterator[str]:
    """A target's base URL while ``python -m MODULE`` runs."""
    with subprocess.Popen(
        [sys.executable, "-m", *module, "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
