"""What CI systems read: JUnit with its outcomes and properties, the bounded summary, annotations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance import pytest_plugin
from conformance.certification import Settings, certify, default_provider_states
from conformance.model import CaseVerdict
from conformance.plan import make_plan
from conformance.report import github, markdown
from conformance.result import Result
from conformance.spec import load_catalogue
from tests.conformance.conftest import Command, serving


@pytest.fixture(scope="module")
def failing() -> Iterator[Result]:
    plan = make_plan("quick", 0)
    chosen = [case for case in plan.cases if case.family == "runs"]
    with serving("mutants", "run-one-each") as url:
        yield certify(Settings(url, default_provider_states(url), "quick"), plan, chosen)


def rerun(case: str) -> str:
    return f"conformance certify -k {case}"


def test_junit_has_a_case_a_row_with_its_outcome_and_its_rules(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every outcome that a verdict can have, as pytest writes it."""
    outcomes = ("passed", "failed", "flaky", "advisory", "not-applicable", "not-tested", "error")
    ids = [f"run-{each}" for each in ("a4k", "c2x", "d7q", "e1w", "f5t", "g9c", "h3d")]
    told = dict(zip(ids, outcomes, strict=True))

    def certified(*arguments: object) -> Result:
        result = certify(*arguments)  # type: ignore[arg-type]
        cases = {id: CaseVerdict(id, told[id], reason=f"because \x1b of {told[id]}") for id in ids}  # type: ignore[arg-type]
        return replace(result, judgement=replace(result.judgement, cases=cases))

    monkeypatch.setattr(pytest_plugin, "certify", certified)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    settings = Settings(reference, default_provider_states(reference), "quick")
    certification = pytest_plugin.Certification(settings)
    pytest_plugin.run_pytest(certification, ["-k", " or ".join(ids)], tmp_path / "junit.xml")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    found = {}
    for case in suite.iter("testcase"):
        kinds = [each.tag for each in case if each.tag != "properties"]
        found[case.get("name")] = kinds[0] if kinds else ""
        assert {("requirement", "RUN-1")} <= {(each.get("name"), each.get("value")) for each in case.iter("property")}
    expected = ("", "failure", "error", "", "skipped", "skipped", "error")
    assert found == dict(zip(ids, expected, strict=True))
    reasons = {str(each.get("message")) for each in suite.iter("skipped")}
    assert reasons == {f"{each}: because \\x1b of {each}" for each in ("not-applicable", "not-tested")}


def test_the_summary_tells_verdict_rules_failures_and_ledger(failing: Result) -> None:
    text = markdown.summary(failing, load_catalogue(), rerun)
    assert text.startswith("### Not conformant\n\n")
    for words in ("| RUN-1 | ✗ failed |", "<summary>✗ run-a4k: ", "curl -i -X POST", "-k run-a4k", "moved_runs: "):
        assert words in text, words


def test_a_summary_that_is_too_long_is_cut_between_two_failures(
    failing: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = markdown.summary(failing, load_catalogue(), rerun)
    for largest in (3000, 5000, len(whole.encode()) - 1):
        monkeypatch.setattr(markdown, "LARGEST", largest)
        text = markdown.summary(failing, load_catalogue(), rerun)
        assert len(text.encode()) <= largest
        assert text.endswith(markdown.CUT) and text.removesuffix(markdown.CUT) == whole[: len(text) - len(markdown.CUT)]
        assert text.count("<details>") == text.count("</details>") == text.count("<pre>") == text.count("</pre>")


def test_annotations_are_escaped_bounded_and_mild_where_a_failure_is_known(
    failing: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "MOST", 100)
    lines = list(github.annotate(failing, lambda case: case == "run-a4k"))
    assert lines[0].startswith("::error file=scenarios/runs.yaml,line=")
    assert "%0Aexpected [" in lines[0] and "title=run-b8m%3A runs of the last" in lines[0]
    assert [line.partition(" ")[0] for line in lines].count("::notice") == 1
    monkeypatch.setattr(github, "MOST", 3)
    short = list(github.annotate(failing, lambda case: False))
    assert len(short) == 4
    assert short[3] == f"::notice::{len(lines) - 3} more failures; the summary and the report directory have them"
    assert github._property("50%, a:b\r\n") == "50%25%2C a%3Ab%0D%0A"


def test_github_gets_summary_and_annotations_only_where_it_runs(conformance: Command, tmp_path: Path) -> None:
    with serving("mutants", "run-one-each") as url:
        target = ("certify", "--base-url", url, "--depth", "quick", "-k", "run-a4k")
        there = conformance(*target, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
        conformance(*target, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
        elsewhere = conformance(*target)
    assert there.returncode == elsewhere.returncode == 1
    assert there.stdout.startswith("::error file=scenarios/runs.yaml,line=")
    assert "::" not in elsewhere.stdout.replace("http://", "")
    assert (tmp_path / "summary.md").read_text().count("### Not conformant") == 2, "appended"
