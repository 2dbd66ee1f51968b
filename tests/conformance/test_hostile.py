"""Whatever a target answers is text in every report: no markup, no command, no control character, and bounded."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.report.markdown import LARGEST
from tests.browser import opened
from tests.conformance.conftest import ROOT, conformance_in, serving

ARTEFACTS = ("report.html", "junit.xml", "report.json", "summary.md", "stdout", "stderr")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every artefact of a run against the hostile target, by name."""
    folder = tmp_path_factory.mktemp("hostile")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "report/summary.md")}
    with serving("tests.conformance.hostile") as url:
        run = conformance_in(folder)(
            "certify", "--base-url", url, "--depth", "quick", "-k", "pro- or att-s or nam-a", "--report-dir", "report",
            **environment,
        )  # fmt: skip
    assert run.returncode == 1, run.stdout[-2000:] + run.stderr
    files = {name: (folder / "report" / name).read_text() for name in ARTEFACTS if "std" not in name}
    return {**files, "stdout": run.stdout, "stderr": run.stderr}


@pytest.mark.parametrize("name", ARTEFACTS)
def test_nothing_hidden_reaches_a_report_and_its_size_is_bounded(told: dict[str, str], name: str) -> None:
    text = told[name]
    hidden = {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl")}
    assert not hidden
    assert len(text) < 8_000_000
    assert name == "stderr" or "document.title" in text, "the attack is told"


def test_nothing_in_the_page_is_the_targets(told: dict[str, str]) -> None:
    page = told["report.html"]
    assert page.count("<script") == page.count("</title") == 1
    assert "<img" not in page and "&lt;script&gt;document.title" in page
    assert "\\u202e" in page and "\\u001b" in page


def test_junit_is_xml_with_the_failures(told: dict[str, str]) -> None:
    suite = ElementTree.fromstring(told["junit.xml"])
    assert any("document.title" in str(each.text) for each in suite.iter("failure"))


def test_the_summary_has_no_markup_of_the_targets(told: dict[str, str]) -> None:
    summary = told["summary.md"]
    assert len(summary.encode()) <= LARGEST
    assert set(re.findall(r"</?[a-z][^>]*>", summary)) == {
        *("<details>", "</details>", "<summary>", "</summary>", "<pre>", "</pre>")
    }
    outside = re.sub(r"<pre>.*?</pre>", "", summary, flags=re.DOTALL)
    assert "@" not in outside and "http:" not in outside


def test_the_target_gives_no_workflow_command(told: dict[str, str]) -> None:
    lines = told["stdout"].splitlines()
    token = next(line for line in lines if line.startswith("::stop-commands::")).removeprefix("::stop-commands::")
    assert len(token) == 32 and lines[-1] == f"::{token}::"
    commands = [line for line in lines if line.lstrip().startswith("::")]
    own = r"::error file=scenarios/\w+\.yaml,line=\d+,title=[^:,\n]+::|::notice::|::stop-commands::"
    assert all(re.match(own, line) for line in commands[:-1])
    assert lines.index(f"::stop-commands::{token}") == len(commands) - 2, "annotations come first"
    assert not [line for line in lines if line.lstrip().startswith("##[")]


def test_the_page_is_inert_in_a_browser(told: dict[str, str], browser: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(told["report.html"])
    with opened(browser, (tmp_path / "report.html").as_uri(), 360) as found:
        found.page.on("dialog", lambda dialog: found.troubles.append(dialog.message))
        for width in (360, 1280):
            found.page.set_viewport_size({"width": width, "height": 900})
            assert found.overflow <= 0, f"{width} px"
        found.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert found.overflow <= 0
        assert found.page.title().startswith("not conformant: http://127.0.0.1:")
        assert not found.troubles
        assert not found.violations()


def test_a_summary_that_cannot_be_written_leaves_the_verdict(reference: str, tmp_path: Path) -> None:
    run: subprocess.CompletedProcess[str] = conformance_in(tmp_path)(
        "certify", "--base-url", reference, "--depth", "quick", "-k", "vis-a7k", GITHUB_STEP_SUMMARY=str(ROOT)
    )
    assert run.returncode == 0
    assert re.fullmatch(r"conformance: GITHUB_STEP_SUMMARY: .*: cannot be written: .*", run.stderr.splitlines()[-1])
