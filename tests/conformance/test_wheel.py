"""The built wheel, installed elsewhere, certifies without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_an_installed_wheel_certifies_outside_the_checkout(tmp_path: Path) -> None:
    """Dependencies come from this venv by a path file; the suite itself only from the wheel."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], check=True, timeout=240)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = str(tmp_path / "venv" / "bin" / "python")
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    install = [*pip, "install", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, timeout=240)
    landed = {each.name for each in site.iterdir()}
    assert {"conformance", "reference_impl"} <= landed
    assert not landed & {"mutants", "tests", "spec", "scenarios", "docs", "scripts"}
    ours = next(Path(each) for each in sys.path if each.endswith("site-packages"))
    (site / "dependencies.pth").write_text(str(ours) + "\n")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("CONFORMANCE_", "PYTHONPATH"))
    }
    done = subprocess.run(
        [python, "-m", "conformance", "certify", "-k", "vis-"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ": partial, no claim" in done.stdout.splitlines()[-1]
    where = subprocess.run(
        [python, "-c", "import conformance, reference_impl; print(conformance.__file__, reference_impl.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.count(str(site)) == 2
