"""Whole runs through faults: what a user meets, what the machine pays, and what is left of a run that ended early."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.plan import Plan, make_plan
from tests.conformance.conftest import ROOT, Command
from tests.conformance.conftest import conformance as conformance  # the command line as a fixture
from tests.faults.conftest import run
from tests.faults.faults import FAULTS, Fault, reset
from tests.faults.proxy import Message, Proxy, Share, address_of

MEGABYTES = 500
"""What the suite may take with 32 answers of any size at a time; 200 MB each would be six times as much."""


def test_a_slow_line_that_loses_one_answer_in_a_hundred_changes_no_verdict(reference: str, tmp_path: Path) -> None:
    whole = make_plan("quick", 0)
    plan = replace(whole, cases=whole.cases[::2])
    clean = run(reference, plan, "late", 0, tmp_path / "clean")
    poor = run(reference, plan, "reset-after", 1, tmp_path / "poor", latency=0.08, concurrency=48)
    assert clean.judgement and poor.judgement
    assert poor.lost >= poor.spoiled // 2 > 10
    assert (poor.verdict, clean.verdict) == ("conformant", "conformant"), poor.sentences
    outcomes = [{case: verdict.outcome for case, verdict in each.judgement.cases.items()} for each in (clean, poor)]
    assert outcomes[0] == outcomes[1]
    assert poor.judgement.readings == clean.judgement.readings


def test_a_gateway_that_goes_down_ends_the_run_and_what_was_judged_is_kept(reference: str, tmp_path: Path) -> None:
    plan = make_plan("quick", 0)
    outcome = run(reference, plan, "503", 100, tmp_path, first=600)
    assert (outcome.verdict, outcome.exit) == ("incomplete", 3)
    assert re.search(r"^25 cases in a row could not be carried out: .*http://127.0.0.1:\d+/", outcome.sentences[0])
    assert outcome.judgement and outcome.judgement.counts["passed"] > 10
    assert outcome.judgement.counts["not-tested"] > 100, "the run went on through every case"


def test_a_target_that_closes_on_one_kind_of_request_is_not_conformant(
    reference: str, small_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(proxy: Proxy, client: socket.socket, message: Message) -> bool:
        if re.search(rb'"dataset_ids": *\[ *\d+ *,', proxy.requests[client].body):
            reset(client)
            return False
        client.sendall(message.head + message.body)
        return True

    monkeypatch.setitem(FAULTS, "closes", Fault("closes", "after", act, any_status=True))
    outcome = run(reference, small_plan, "closes", 100, tmp_path)
    assert (outcome.verdict, outcome.exit) == ("not conformant", 1)
    assert outcome.judgement
    failed = [each for each in outcome.judgement.cases.values() if each.outcome == "failed"]
    assert failed
    assert all("no" in each.findings[0].observed for each in failed)


@pytest.mark.parametrize("fault", ["200-megabytes", "gzip-bomb"])
def test_memory_is_bounded_whatever_comes(fault: str, reference: str, tmp_path: Path) -> None:
    measured = """
import sys
from conformance.cli import main
try:
    main()
finally:
    print([line for line in open("/proc/self/status") if line.startswith("VmHWM")], file=sys.stderr)
"""
    with Proxy(address_of(reference), FAULTS[fault], Share(100)) as proxy:
        arguments = ["certify", "--base-url", proxy.base_url, "--depth", "quick", "-k", "pro-", "--timeout", "10"]
        command = [sys.executable, "-c", measured, *arguments, "--report-dir", "report"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 3, done.stderr
    assert proxy.spoiled > 50
    peak = re.search(r"VmHWM:\\t\s*(\d+) kB", done.stderr)
    assert peak, done.stderr
    assert int(peak[1]) < MEGABYTES * 1024
    assert (tmp_path / "report/transcript.jsonl").stat().st_size < 20_000_000


@pytest.mark.parametrize(
    "fault, status, words",
    [
        ("not-http", 3, "does not answer: the connection was lost: illegal status line"),
        ("redirect-elsewhere", 3, "is redirected (308) to 'http://localhost:"),
        ("endless-redirect", 3, "is redirected (307) to 'http://127.0.0.1:"),
        ("states-in-html", 3, "gave an answer that cannot be: it is not a JSON object"),
        ("states-unsupported", 3, "cannot arrange one user in one organization, nor in none: users"),
        ("502", 3, "does not answer: answered 502"),
    ],
)
def test_a_target_that_cannot_be_certified_is_one_sentence(
    conformance: Command, reference: str, fault: str, status: int, words: str
) -> None:
    with Proxy(address_of(reference), FAULTS[fault], Share(100)) as proxy:
        done = conformance("certify", "--base-url", proxy.base_url, "--depth", "quick")
    (sentence,) = done.stderr.strip().splitlines()
    assert done.returncode == status
    assert sentence.startswith("conformance: ") and words in sentence
    assert f"http://127.0.0.1:{proxy.port}/" in sentence
    assert not done.stdout


def test_a_killed_run_leaves_a_transcript_that_is_incomplete(
    conformance: Command, reference: str, tmp_path: Path
) -> None:
    transcript = tmp_path / "report/transcript.jsonl"
    with Proxy(address_of(reference), FAULTS["late"], Share(100)) as proxy:
        command = [sys.executable, "-m", "conformance", "certify", "--base-url", proxy.base_url, "--depth", "quick"]
        process = subprocess.Popen(
            [*command, "--report-dir", "report"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() == f"1/{len(make_plan('quick', 0).cases)} cases carried out\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
    assert process.returncode == -signal.SIGKILL
    judged = conformance("judge", str(transcript))
    assert judged.returncode == 3, judged.stdout + judged.stderr
    assert "incomplete" in judged.stdout.splitlines()[-1]
    assert "the transcript has no footer: the run was cut off" in judged.stdout
