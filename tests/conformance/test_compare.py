"""compare: what differs between reports, what the last one lost, and one sentence for what is no report."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.paths import SPEC
from tests.browser import opened
from tests.conformance.conftest import Command, conformance_in, serving

SCHEMA = json.loads((SPEC / "schemas/comparison.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reports(reference: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The documents of a run that passes and of one that does not."""
    folder = tmp_path_factory.mktemp("reports")
    part = ("--depth", "quick", "-k", "run-")
    conformance_in(folder)("certify", "--base-url", reference, *part, "--report-dir", "good")
    with serving("mutants", "run-one-each") as url:
        conformance_in(folder)("certify", "--base-url", url, *part, "--report-dir", "bad")
    yield {name: json.loads((folder / name / "report.json").read_text()) for name in ("good", "bad")}


@pytest.fixture
def files(reports: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The same on disk, as copies that a test may change."""
    for name, document in reports.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return copy.deepcopy(reports)


def test_what_was_lost_is_status_one_and_named(conformance: Command, files: dict[str, Any], tmp_path: Path) -> None:
    run = conformance("compare", "good.json", "bad.json", "--json", "c.json", "--html", "c.html")
    assert run.returncode == 1, run.stderr
    assert "- RUN-1" in run.stdout and "- run-a4k" in run.stdout
    assert run.stdout.splitlines()[-1].startswith("The last report lost 1 requirement (RUN-1) and ")
    document = json.loads((tmp_path / "c.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert [each["verdict"] for each in document["reports"]] == ["partial", "not conformant"]
    assert document["lost"][0] == "RUN-1" and "run-a4k" in document["lost"]
    assert {each["id"] for each in document["requirements"] if each["changed"]} == {"RUN-1"}
    assert not document["gone"]


def test_what_was_gained_is_no_loss_and_three_are_held_to_any_earlier(
    conformance: Command, files: dict[str, Any]
) -> None:
    gained = conformance("compare", "bad.json", "good.json")
    assert gained.returncode == 0
    assert "* RUN-1" in gained.stdout and gained.stdout.endswith("The last report lost nothing.\n")
    assert conformance("compare", "good.json", "good.json").returncode == 0
    assert conformance("compare", "good.json", "bad.json", "bad.json").returncode == 1


def test_what_counts_as_lost(conformance: Command, files: dict[str, Any], tmp_path: Path) -> None:
    def against_good(**changes: str) -> tuple[int, str]:
        document = copy.deepcopy(files["good"])
        for each in (*document["requirements"], *document["cases"]):
            each["outcome"] = changes.get(each["id"].replace("-", "_"), each["outcome"])
        document["cases"] = [each for each in document["cases"] if each["outcome"] != "gone"]
        (tmp_path / "now.json").write_text(json.dumps(document))
        run = conformance("compare", "good.json", "now.json")
        return run.returncode, run.stdout

    for outcome in ("not-tested", "not-applicable", "flaky", "error"):
        assert against_good(run_a4k=outcome)[0] == 1, outcome
    assert against_good(RUN_1="not-observed")[0] == 1
    assert against_good(run_a4k="advisory", RUN_1="advisory")[0] == 0
    status, told = against_good(run_a4k="gone")
    assert status == 0 and "1 cases that passed before are not in the last report: run-a4k" in told


def test_the_ledger_tells_what_changed_and_not_how_often(
    conformance: Command, files: dict[str, Any], tmp_path: Path
) -> None:
    now = files["good"]
    now["readings"]["moved_runs"] = ["mine"]
    now["choices"]["updated-at"] = {"null": 3}
    now["choices"]["time-format"] = {"Z": 1}
    (tmp_path / "now.json").write_text(json.dumps(now))
    run = conformance("compare", "good.json", "now.json")
    assert run.returncode == 0
    changed = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("*")]
    assert changed == ["moved_runs", "updated-at"]


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "other.json: cannot be read: No such file"),
        ("<html>", "other.json: this is not JSON"),
        ("[" * 100_000, "other.json: this is not JSON: it is nested"),
        ('{"version": 1}', "other.json:1: 'target' is a required property"),
        ("[]", "other.json:1: [] is not of type 'object'"),
    ],
)
def test_what_is_no_report_is_one_sentence_that_names_the_file(
    conformance: Command, files: dict[str, Any], tmp_path: Path, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "other.json").write_text(content)
    run = conformance("compare", "good.json", "other.json")
    assert run.returncode == 2 and not run.stdout
    assert run.stderr.startswith(f"conformance: {words}") and len(run.stderr.splitlines()) == 1


def test_another_version_one_report_and_a_folder_are_refused(
    conformance: Command, files: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "now.json").write_text(json.dumps({**files["good"], "version": 2}))
    assert "now.json:1: 1 was expected (at version)" in conformance("compare", "good.json", "now.json").stderr
    assert conformance("compare", "good.json").returncode == 2
    there = conformance("compare", "good.json", "bad.json", "--json", ".")
    assert (there.returncode, there.stderr) == (2, "conformance: .: cannot be written: Is a directory\n")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_page_fits_is_accessible_and_shows_a_hostile_report_as_text(
    scheme: str, conformance: Command, files: dict[str, Any], tmp_path: Path, browser: Any
) -> None:
    attack = "<script>document.title='hit'</script>\x1b[31m\u202e" + "x" * 300
    bad = files["bad"]
    bad["target"] = "http://" + attack
    bad["cases"][0]["title"] = bad["started"] = attack
    bad["choices"]["updated-at"] = {attack: 1}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    run = conformance("compare", "good.json", "bad.json", "good.json", "bad.json", "--html", "c.html")
    assert "\x1b" not in run.stdout and "\u202e" not in run.stdout
    with opened(browser, (tmp_path / "c.html").as_uri(), 360, scheme) as found:
        assert found.page.title() == "Comparison of 4 reports"
        for width in (360, 768, 1280):
            found.page.set_viewport_size({"width": width, "height": 900})
            assert found.overflow <= 0, f"{width} px"
        assert not found.violations()
        found.page.select_option("#outcome", "lost")
        rows = [each for each in found.page.query_selector_all("#requirements tbody tr") if each.is_visible()]
        assert [each.inner_text().split()[0] for each in rows] == ["RUN-1"]
        assert not found.troubles
