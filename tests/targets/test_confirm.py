"""``--confirm``: what failed is run again in fresh worlds; what does not repeat is *flaky*, and never *conformant*."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.conftest import Command, serving

ROW = ("--depth", "quick", "-k", "att-c7x or nam-b9m", "--report-dir", "report")


def test_a_failure_that_does_not_repeat_is_flaky(conformance: Command, tmp_path: Path) -> None:
    with serving("tests.targets.flaky") as url:
        run = conformance("certify", "--base-url", url, *ROW, "--confirm", "2")
    assert run.returncode == 3, run.stdout
    assert "incomplete" in run.stdout.splitlines()[-1]
    assert "att-c7x: " in run.stdout and "flaky: it failed 1 of 3 times, each in a fresh world" in run.stdout
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert report["counts"]["flaky"] == 1
    assert {"flaky"} == {each["outcome"] for each in report["requirements"] if each["id"] == "ATT-1"}
    again = conformance("judge", "report/transcript.jsonl")
    assert again.returncode == 3 and "it failed 1 of 3 times" in again.stdout
    assert again.stdout.splitlines()[-1] == run.stdout.splitlines()[-1]


def test_without_it_one_failure_is_enough(conformance: Command) -> None:
    with serving("tests.targets.flaky") as url:
        run = conformance("certify", "--base-url", url, *ROW)
    assert run.returncode == 1


def test_a_failure_that_repeats_stays_one(conformance: Command, tmp_path: Path) -> None:
    with serving("mutants", "pro-first-only") as url:
        run = conformance("certify", "--base-url", url, "--depth", "quick", "-k", "pro-a3k.1", "--report-dir", "report",
                          "--confirm", "2")  # fmt: skip
    assert run.returncode == 1, run.stdout
    assert "flaky" not in run.stdout
    records = [json.loads(line)["data"] for line in (tmp_path / "report/transcript.jsonl").read_text().splitlines()]
    assert [each.get("repeat", 0) for each in records if each.get("case") == "pro-a3k.1"] == [0, 1, 2]
