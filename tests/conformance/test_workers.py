"""Workers of pytest-xdist: the same report as one process; one that dies; keys that one shows of another's worlds."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.attempt import Execution
from conformance.certification import Settings
from conformance.errors import Interrupted, UsageError
from conformance.model import Binding, Exchange, Record
from conformance.plan import Plan
from conformance.redact import Redactor
from conformance.targets import ProviderStates
from conformance.transport import Transport
from conformance.workers import Controller, _packed, by_workers
from tests.conformance.conftest import ROOT, Command, serving

CHANGES = {"target", "started", "seconds", "transcript"}
"""What two runs never have in common."""


def report(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / "report.json").read_text())
    text = json.dumps({name: value for name, value in document.items() if name not in CHANGES})
    header = json.loads((folder / "transcript.jsonl").read_text().splitlines()[0])
    return json.loads(text.replace(header["data"]["run_id"], "RUN"))


@pytest.mark.parametrize("mutant", ["reference", "pro-first-only"])
def test_two_workers_give_the_report_of_one_process(conformance: Command, tmp_path: Path, mutant: str) -> None:
    module = ["reference_impl"] if mutant == "reference" else ["mutants", mutant]
    with serving(*module) as url:
        given = ("certify", "--base-url", url, "--depth", "quick", "-k", "pro- or con-a or con-b")
        one = conformance(*given, "--report-dir", "one")
        two = conformance(*given, "--report-dir", "two", "-n", "2", "--header", "X-Mine: secret-of-the-caller")
    assert one.returncode == two.returncode == (0 if mutant == "reference" else 1), two.stderr[-2000:]
    assert ids_left_out(report(tmp_path / "one")) == ids_left_out(report(tmp_path / "two"))
    texts = [two.stdout, two.stderr, *(path.read_text() for path in (tmp_path / "two").iterdir())]
    assert not any("secret-of-the-caller" in text or "sk_" in text for text in texts)


def ids_left_out(document: dict[str, Any]) -> Any:
    """The report without what findings show of ids, which no two runs share."""
    for case in document["cases"]:
        case["findings"] = [(each["requirement"], each["message"]) for each in case["findings"]]
    return document


def test_a_worker_that_is_killed_leaves_what_was_recorded(reference: str, tmp_path: Path) -> None:
    worker = tmp_path / "worker"
    worker.write_text(f'#!/bin/sh\necho $$ >> "{tmp_path}/pids"\nexec "{sys.executable}" "$@"\n')
    worker.chmod(0o755)
    command = [sys.executable, "-m", "conformance", "certify", "--base-url", reference, "--depth", "quick"]
    command += ["--tx", f"2*popen//python={worker}", "--report-dir", str(tmp_path / "report")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        next(line for line in run.stderr if "cases carried out" in line and not line.startswith("1/"))
        os.kill(int((tmp_path / "pids").read_text().split()[0]), signal.SIGKILL)
        printed, _ = run.communicate(timeout=240)
    assert run.returncode == 3, printed[-2000:]
    assert "ended before its share was done" in printed
    counts = json.loads((tmp_path / "report/report.json").read_text())["counts"]
    assert counts["passed"] > counts["not-tested"] > 0, counts


def controller() -> Controller:
    redactor = Redactor()
    transport = Transport()
    settings = Settings("http://127.0.0.1:9/api/v1", "http://127.0.0.1:9/states")
    arranger = ProviderStates(transport, settings.provider_states, {}, redactor)
    on = Execution(settings.base_url, transport, arranger, redactor, "run")
    return Controller(settings, Plan("quick", 0, ()), [SimpleNamespace(id="a-b1c")], on, lambda *_: None)  # type: ignore[list-item]


def test_a_key_of_another_workers_world_is_replaced_although_it_is_told_later() -> None:
    leak = Exchange(
        0, "run", "alice", "night", "GET", "/runs/1", {}, b"", 200, {"server": "sk_of_bob"}, b'"\nsk_of_bob"'
    )
    ours = controller()
    record = Record("a-b1c", Binding("token"), (leak,), trouble="lost after sk_of_bob")
    ours.pytest_runtest_logreport(SimpleNamespace(case="a-b1c", record=_packed(record)))
    ours.pytest_runtest_logreport(SimpleNamespace(keys={"bob": "sk_of_bob"}))
    (kept,) = ours.records()
    assert "sk_of_bob" not in repr(kept)
    assert kept.exchanges[0].response_body == b'"\n$key-of-bob"'


def test_a_worker_that_ends_with_a_sentence_is_an_end_with_that_sentence() -> None:
    ours = controller()
    ours.pytest_testnodedown(SimpleNamespace(workeroutput={"conformance": "nothing answers"}), None)
    assert isinstance(ours.problem, Interrupted)
    assert str(ours.problem) == "nothing answers"


def test_more_workers_than_cases(conformance: Command, reference: str) -> None:
    run = conformance("certify", "--base-url", reference, "--depth", "quick", "-k", "pro-n7z", "-n", "2")
    assert run.returncode == 0, run.stdout[-500:]
    assert "1 case: 1 passed" in run.stdout


def test_without_pytest_xdist_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    settings = Settings("http://127.0.0.1:9/api/v1", "http://127.0.0.1:9/states")
    with pytest.raises(UsageError, match=r"pip install 'data-collections-conformance\[distributed\]'"):
        by_workers(settings, Plan("quick", 0, ()), ["-n", "2"], lambda *_: None)


def test_a_wrong_number_of_workers_is_status_two(conformance: Command, reference: str) -> None:
    run = conformance("certify", "--base-url", reference, "--depth", "quick", "-k", "pro-n7z", "-n", "many")
    assert run.returncode == 2
    assert run.stderr == "conformance: -n is a number of workers or auto, not 'many'\n"
