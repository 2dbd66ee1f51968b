"""``judge``: the same report from the record alone, whenever the run ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import ROOT, Command, serving
from tests.conformance.test_record import chained


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    with serving("mutants", "pro-none") as url:
        yield url


@pytest.mark.parametrize("selection", [("-k", "pro-"), ("--seed", "3", "-k", "run- or nam-")])
def test_the_report_off_line_is_the_live_one(
    conformance: Command, tmp_path: Path, faulty: str, selection: tuple[str, ...]
) -> None:
    run = conformance("certify", "--base-url", faulty, "--depth", "quick", "--report-dir", "live", *selection)
    assert run.returncode == 1, run.stderr
    again = conformance("judge", "live/transcript.jsonl", "--report-dir", "deep/again")
    assert again.returncode == 1
    assert again.stdout == run.stdout
    for path in (tmp_path / "deep/again").iterdir():
        assert path.read_bytes() == (tmp_path / "live" / path.name).read_bytes(), path.name


def test_a_failure_is_told_as_the_readings_see_it_that_the_whole_run_has_left(conformance: Command) -> None:
    # Everybody's runs are promoted, and move. That they may is told by rows that come after the one that fails.
    with serving("mutants", "pro-runs-of-all") as url:
        run = conformance("certify", "--base-url", url, "--depth", "quick", "-k", "pro-c2x or run-")
    assert run.returncode == 1, run.stderr
    assert "moved_runs: all\n" in run.stdout
    assert "broken: VIS-6, PRO-6\n" in run.stdout
    assert "✗ PRO-6: runs: theirs's org_id" in run.stdout
    assert "the ids of the collection's runs" not in run.stdout


def test_a_refusal_that_does_not_come_breaks_the_rule_that_asks_for_it_whatever_the_row_is_about(
    conformance: Command,
) -> None:
    with serving("mutants", "pro-foreign-attached") as url:
        run = conformance("certify", "--base-url", url, "--depth", "quick", "-k", "aut- or ato-")
    assert run.returncode == 1, run.stderr
    assert "broken: PRO-3\n" in run.stdout


def test_an_accepted_twin_that_is_refused_breaks_no_rule_that_its_row_is_about(conformance: Command) -> None:
    with serving("mutants", "cre-dataset-ids-required") as url:
        run = conformance("certify", "--base-url", url, "--depth", "quick", "-k", "nam-e2w.twin")
    assert run.returncode == 1, run.stderr
    assert "broken: CRE-1\n" in run.stdout


def test_what_is_not_served_is_told_with_its_answer(conformance: Command) -> None:
    with serving("mutants", "no-list") as url:
        run = conformance("certify", "--base-url", url, "--depth", "quick", "-k", "vis-3cd")
    assert run.returncode == 0, run.stderr
    assert "Not served, so not observed: collections (answered 405)\n" in run.stdout


def test_a_run_that_was_killed_is_judged_as_incomplete(conformance: Command, tmp_path: Path, reference: str) -> None:
    transcript = killed(reference, tmp_path)
    done = conformance("judge", str(transcript), "--report-dir", "report")
    assert done.returncode == 3, done.stdout + done.stderr
    assert ": incomplete (" in done.stdout.splitlines()[-1]
    assert "the transcript has no footer: the run was cut off" in done.stdout
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert report["seconds"] is None
    assert report["counts"]["passed"] > 5
    assert report["counts"]["not-tested"] > 5


def killed(base_url: str, folder: Path) -> Path:
    """The transcript of a run that got SIGKILL once twenty lines of it were there."""
    command = [sys.executable, "-m", "conformance", "certify", "--base-url", base_url, "--depth", "quick"]
    command += ["--report-dir", "killed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CONFORMANCE_CONCURRENCY": "2"}
    transcript = folder / "killed/transcript.jsonl"
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for _line in process.stderr:  # a line of progress, and the record lies behind it
            if transcript.is_file() and transcript.read_bytes().count(b"\n") > 20:
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return transcript


def test_a_touched_line_is_refused_with_its_number(conformance: Command, tmp_path: Path, reference: str) -> None:
    conformance("certify", "--base-url", reference, "-k", "pro-n7z or vis-a7k", "--report-dir", "report")
    path = tmp_path / "report/transcript.jsonl"
    path.write_text(path.read_text().replace('"status":201', '"status":400', 1))
    done = conformance("judge", "report/transcript.jsonl")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "transcript.jsonl:2: the line was edited, or one before it dropped or swapped" in done.stderr


def test_a_record_that_no_run_makes_is_refused_though_its_chain_holds(
    conformance: Command, tmp_path: Path, reference: str
) -> None:
    conformance("certify", "--base-url", reference, "-k", "pro-n7z", "--report-dir", "report")
    path = tmp_path / "report/transcript.jsonl"
    payloads = [json.dumps(json.loads(line)["data"]) for line in path.read_text().splitlines()]
    path.write_text(chained(*(text.replace('"alice"', '"nobody"') for text in payloads)))
    done = conformance("judge", "report/transcript.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "transcript.jsonl: no run records what stands there" in done.stderr
