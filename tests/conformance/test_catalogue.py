"""``--catalogue VERSION``: a rule that came later is graded as advisory, so that it breaks no gate of yesterday."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from conformance.certification import judge_transcript
from conformance.errors import UsageError
from conformance.judge import judge_run
from conformance.result import Result
from conformance.spec import Catalogue, load_catalogue
from tests.conformance.conftest import ROOT, Command, command_line, serving

LATER = "9.0.0"


def grown(*later: str) -> Catalogue:
    """The catalogue as if these requirements had come with its next version."""
    known = load_catalogue()
    requirements = {
        name: replace(each, since=LATER) if name in later else each for name, each in known.requirements.items()
    }
    return replace(known, version=LATER, requirements=requirements)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run against a mutant that breaks AUT-1 and nothing else."""
    folder = tmp_path_factory.mktemp("recorded")
    with serving("mutants", "aut-case") as url:
        run = command_line(folder, "certify", "--base-url", url, "--depth", "quick", "--report-dir", ".")
    assert run.returncode == 1
    return judge_transcript(folder / "transcript.jsonl")


def test_a_later_rule_that_is_broken_is_an_advisory(recorded: Result) -> None:
    catalogue = grown("AUT-1")
    records = recorded.transcript.records
    now = judge_run(recorded.selected, records, catalogue, partial=False)
    then = judge_run(recorded.selected, records, catalogue.held_to("1.0.0"), partial=False)
    assert (now.claim, now.requirements["AUT-1"].outcome) == ("not conformant", "failed")
    assert (then.claim, then.requirements["AUT-1"].outcome) == ("conformant", "advisory")
    assert then.counts["advisory"] and not then.counts["failed"]


def test_a_later_rule_that_was_not_tested_leaves_no_gap(recorded: Result) -> None:
    catalogue = grown("AUT-1")
    about = {case.id for case in recorded.selected if case.verifies == ("AUT-1",)}
    records = [each for each in recorded.transcript.records if each.case not in about]
    assert about
    assert judge_run(recorded.selected, records, catalogue, partial=False).claim == "not conformant"
    assert judge_run(recorded.selected, records, catalogue.held_to("1.0.0"), partial=False).claim == "conformant"
    assert judge_run(recorded.selected, records, grown("BOD-3").held_to("1.0.0"), partial=False).claim != "conformant"


def test_a_later_case_has_no_part_in_the_ledger(recorded: Result) -> None:
    """All cases of the open point `scheme-case` are about AUT-1."""
    whole = judge_run(recorded.selected, recorded.transcript.records, load_catalogue(), partial=False)
    about = {case.id for case in recorded.selected if case.verifies == ("AUT-1",)}
    points = {point for each in about for point, _choice in whole.cases[each].choices}
    others = {point for each in set(whole.cases) - about for point, _choice in whole.cases[each].choices}
    held = judge_run(
        recorded.selected, recorded.transcript.records, grown("AUT-1").held_to("1.0.0"), partial=False
    ).choices
    assert points - others
    assert points - others <= set(whole.choices)
    assert not (points - others) & set(held)


@pytest.mark.parametrize("version", ["1.0.1", "0.9.0", "latest", "1.0", "1"])
def test_a_version_that_never_was(version: str) -> None:
    with pytest.raises(UsageError, match=r"there never was a catalogue .* the versions are 1\.0\.0, 9\.0\.0"):
        grown("AUT-1").held_to(version)


def test_a_version_that_never_was_is_status_two_before_anything_is_sent(conformance: Command) -> None:
    run = conformance("certify", "--base-url", "http://127.0.0.1:9/api/v1", "--catalogue", "0.1.0")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("conformance: there never was a catalogue '0.1.0'")


def test_the_pin_is_recorded_and_holds_off_line(tmp_path: Path) -> None:
    """In a suite whose AUT-1 came later, a target that breaks it passes yesterday's gate, with a word about it."""
    for name in ("conformance", "spec", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "spec/requirements.yaml"
    before, rule, after = path.read_text().partition("- id: AUT-1\n")
    path.write_text(
        before.replace('catalogue: "1.0.0"', f'catalogue: "{LATER}"')
        + rule
        + after.replace('since: "1.0.0"', f'since: "{LATER}"', 1)
    )

    run = partial(command_line, tmp_path, root=tmp_path)
    with serving("mutants", "aut-case") as url:
        target = ("certify", "--base-url", url, "--depth", "quick", "-k", "aut-")
        done = run(*target, "--catalogue", "1.0.0", "--report-dir", "report")
        assert run(*target).returncode == 1
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stdout.splitlines()[-1].endswith(
        f": partial, no claim (catalogue {LATER} held to 1.0.0, depth quick, seed 0)"
    )
    assert "! AUT-1" in done.stdout
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert (report["catalogue"], report["held_to"]) == (LATER, "1.0.0")
    again = run("judge", "report/transcript.jsonl")
    assert (again.returncode, again.stdout) == (0, done.stdout)


def test_check_wants_the_version_of_the_newest_rule(tmp_path: Path) -> None:
    for name in ("conformance", "spec", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "spec/requirements.yaml"
    path.write_text(path.read_text().replace('catalogue: "1.0.0"', f'catalogue: "{LATER}"'))
    run = command_line(tmp_path, "check", root=tmp_path)
    assert run.returncode == 2
    assert "the catalogue's version is not that of its newest rule" in run.stdout
