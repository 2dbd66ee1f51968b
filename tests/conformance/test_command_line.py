"""The command line as a user meets it: verdicts, exit status, sentences."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance import __version__
from conformance.kills import Kill
from conformance.listing import shown
from conformance.spec import load_catalogue
from conformance.tables import load_tables
from tests.conformance.conftest import ROOT, Command, serving
from tests.conformance.test_report import SCHEMA

COMMANDS = ["certify", "check", "clean", "compare", "docs", "doctor", "judge", "list", "prove", "show", "verify"]


def test_the_bundled_reference_is_conformant(conformance: Command, tmp_path: Path) -> None:
    run = conformance("certify", "--depth", "quick", "--report-dir", "report")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "conformant, class full" in run.stdout.splitlines()[0]
    assert run.stdout.splitlines()[0] == run.stdout.splitlines()[-1]
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert report["verdict"] == "conformant"
    assert all(each["outcome"] == "passed" for each in report["requirements"] if each["level"] == "MUST")
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    header = json.loads((tmp_path / "report/transcript.jsonl").read_text().splitlines()[0])
    assert header["data"]["command"] == "conformance certify --depth quick", "its port is gone when the run has ended"
    again = conformance("judge", "report/transcript.jsonl", "--report-dir", "again")
    assert again.returncode == 0
    assert again.stdout == run.stdout
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (tmp_path / "report" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("mutant, requirement", [("pro-first-only", "PRO-1"), ("con-check-then-act", "CON-1")])
def test_a_faulty_target_is_not_conformant(conformance: Command, tmp_path: Path, mutant: str, requirement: str) -> None:
    part = ("--depth", "quick", "-k", requirement.lower()[:4])
    with serving("mutants", mutant) as url:
        run = conformance("certify", "--base-url", url, *part, "--report-dir", "report")
    assert run.returncode == 1, run.stderr
    assert "not conformant" in run.stdout.splitlines()[-1]
    asked = ", one of " if requirement == "CON-1" else "request   step 1 of 1, alice: answered 201\n"
    for words in (
        f"✗ {requirement}",
        "[failed in ",
        asked,
        "expected",
        "observed",
        "repeat    curl",
        "$API_KEY",
        "rerun     conformance",
    ):
        assert words in run.stdout
    suite = ElementTree.parse(tmp_path / "report/junit.xml").getroot()
    failures = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failures
    named = {each.get("value") for case in failures for each in case.iter("property")}
    assert requirement in named


@pytest.mark.parametrize("selection", [("-k", "pro-n7z"), ("-kpro-n7z",)])
def test_a_selected_case_is_no_claim(conformance: Command, reference: str, selection: tuple[str, ...]) -> None:
    run = conformance("certify", "--base-url", reference, *selection)
    assert run.returncode == 0
    assert "partial, no claim" in run.stdout.splitlines()[-1]
    assert "1 case: 1 passed" in run.stdout


def test_of_rules_that_were_not_selected_nothing_is_said(conformance: Command) -> None:
    with serving("mutants", "pro-none") as url:
        run = conformance("certify", "--base-url", url, "-k", "pro-a3k.1")
    assert run.returncode == 1 and "not conformant" in run.stdout
    assert "✗ PRO-1 " in run.stdout and "not-tested" not in run.stdout


def test_an_empty_selection_is_status_five(conformance: Command, reference: str) -> None:
    run = conformance("certify", "--base-url", reference, "-k", "nothing-has-this-name")
    assert (run.returncode, run.stderr.strip()) == (5, "conformance: no case matches the selection")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--base-url", ""),
        ("--depth", "deep"),
        ("--no-such-option",),
        ("-k", "((("),
        ("--base-url", "nonsense"),
        ("--base-url", "http://ann:secret@127.0.0.1:9/api/v1"),
        ("--base-url", "http://127.0.0.1:9/api/v1?page=1"),
        ("--header", "nonsense"),
        ("--report-dir", __file__),
        ("--report-dir", f"{__file__}/report"),
    ],
)
def test_a_wrong_option_is_status_two_and_sends_nothing(conformance: Command, arguments: tuple[str, ...]) -> None:
    run = conformance("certify", *arguments)
    assert run.returncode == 2
    assert run.stderr.startswith(("conformance: ", "Usage: conformance ")) and "secret" not in run.stderr
    assert not run.stdout.strip()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("certify", "--bas-url", "x"), "did not accept --bas-url x: unrecognized arguments: --bas-url"),
        (("certify", "--depth", "deep"), "'deep' is not one of 'quick', 'standard', 'exhaustive'."),
        (("certify", "--concurrency", "0"), "0 is not in the range 1<=x<=256."),
        (("certify", "--seed", "\x1b[31m"), "'\\x1b[31m' is not a valid integer."),
        (("certify", "--provider-states", "127.0.0.1:9/states"), "'127.0.0.1:9/states' is not an http or https URL"),
        (("clean",), "Missing option '--target' (env var: 'CONFORMANCE_TARGET')."),
        (("show",), "Missing argument 'ID'."),
        (("lisst",), "No such command 'lisst'. Did you mean 'list'?"),
    ],
)
def test_what_is_wrong_with_the_arguments_is_one_sentence(
    conformance: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    run = conformance(*arguments)
    (line,) = run.stderr.splitlines()
    assert (run.returncode, run.stdout) == (2, "")
    assert line.startswith("conformance: ") and line.endswith(sentence)


def test_help_tells_the_commands_and_what_an_option_is_in_the_environment(conformance: Command) -> None:
    nothing, asked = conformance(), conformance("-h")
    assert (nothing.returncode, nothing.stdout, asked.returncode, asked.stderr) == (2, "", 0, "")
    assert nothing.stderr == asked.stdout
    (commands,) = re.findall(r"^Commands:\n(.*)", asked.stdout, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^  (\w+) ", commands, re.MULTILINE) == COMMANDS
    assert "..." not in commands
    assert "CONFORMANCE_PROVIDER_STATES" in conformance("certify", "--help").stdout
    assert re.search(r"^  ID +A requirement or a scenario\.", conformance("show", "--help").stdout, re.MULTILINE)


def test_ctrl_c_is_one_sentence_and_status_three(tmp_path: Path) -> None:
    interrupted = """
import signal, sys
from conformance import listing
from conformance.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs this in the background
listing.listing = lambda *arguments: signal.raise_signal(signal.SIGINT)
sys.argv = ["conformance", "list"]
main()
"""
    command, environment = [sys.executable, "-c", interrupted], {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert (run.returncode, run.stderr.strip()) == (3, "conformance: interrupted")


def test_a_wrong_port_is_one_sentence_and_status_three(conformance: Command) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = conformance("certify", "--base-url", f"http://127.0.0.1:{port}/api/v1")
    assert run.returncode == 3
    assert len(run.stderr.strip().splitlines()) == 1
    assert "does not answer" in run.stderr


@pytest.mark.parametrize("threads", [True, False])
def test_a_target_that_answers_html_is_one_sentence_and_status_three(conformance: Command, threads: bool) -> None:
    with answering(b"<html>", threads=threads) as origin:
        run = conformance("certify", "--base-url", f"{origin}/api/v1")
    assert run.returncode == 3
    assert "it is not a JSON object" in run.stderr


def test_a_target_that_refuses_every_key_is_one_sentence_and_status_three(conformance: Command, reference: str) -> None:
    with answering(b"{}", status=401) as origin:
        states = reference.replace("/api/v1", "/_conformance/provider-states")
        run = conformance("certify", "--base-url", f"{origin}/api/v1", "--provider-states", states)
    assert run.returncode == 3
    assert "refuses the key" in run.stderr


def test_a_target_that_dies_during_the_run_leaves_what_was_recorded(conformance: Command, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_impl", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    transcript = tmp_path / "report/transcript.jsonl"

    def kill_when_records_are_there() -> None:
        while not transcript.is_file() or transcript.read_text().count("\n") < 20:
            if ended.wait(0.02):
                return
        process.kill()

    ended = threading.Event()
    killer = threading.Thread(target=kill_when_records_are_there)
    killer.start()
    run = conformance("certify", "--base-url", url, "--report-dir", "report", "--depth", "quick")
    ended.set()
    killer.join()
    process.wait()
    process.stdout.close()
    assert run.returncode == 3, run.stdout[-500:]
    assert "incomplete" in run.stdout.splitlines()[-1]
    assert json.loads((tmp_path / "report/report.json").read_text())["counts"].get("passed", 0) > 5


def test_a_table_with_a_typo_is_named_with_its_line(tmp_path: Path) -> None:
    for name in ("conformance", "spec", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "scenarios/visibility.yaml"
    lines = table.read_text().splitlines()
    wrong = next(number for number, line in enumerate(lines, 1) if "title:" in line)
    lines[wrong - 1] = lines[wrong - 1].replace("title:", "titel:")
    table.write_text("\n".join(lines))
    command = [sys.executable, "-m", "conformance", "check"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 2
    assert "scenarios/visibility.yaml:" in run.stderr
    assert "titel" in run.stderr


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "cannot be read: No such file or directory"),
        (b"base_url: http://127.0.0.1:9\n# \xff", "2: this is not UTF-8"),
    ],
)
def test_a_file_that_is_no_text_is_named(
    conformance: Command, tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "target.yaml").write_bytes(content)
    run = conformance("doctor", "--target", "target.yaml")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("conformance: target.yaml:") and run.stderr.endswith(words + "\n")


def test_list_show_check_and_version_answer(conformance: Command) -> None:
    assert conformance("--version").stdout.strip() == __version__
    assert "PRO-3" in conformance("list").stdout
    text = conformance("show", "pro-3").stdout
    assert "Sharing rules, bullet 3" in text and "pro-j8r" in text
    assert "accepted twin: pro-j8r.twin, where " in text
    assert "own private datasets of a mixed selection" in conformance("show", "pro-a3k").stdout
    assert conformance("show", "nothing").returncode == 2
    assert conformance("check").returncode == 0


def test_show_tells_which_mutants_a_row_kills() -> None:
    catalogue, tables = load_catalogue(), load_tables()
    kills = (
        Kill("pro-pretend", "nobody looks whose they are", ("PRO-3", "PRO-4"), ("pro-j8r", "ato-x1x")),
        Kill("pro-survivor", "nobody notices", ("PRO-3",), ()),
        Kill("vis-other", "something else", ("VIS-4",), ("pro-j8r",)),
    )
    rule = list(shown("PRO-3", catalogue, tables, kills))
    at = next(number for number, line in enumerate(rule) if "pro-j8r  " in line)
    assert rule[at + 2].strip() == "kills pro-pretend"
    assert rule[-3:] == [
        "  mutants that break it: 2",
        "    pro-pretend: nobody looks whose they are",
        "    pro-survivor: nobody notices (no row kills it)",
    ]
    row = list(shown("pro-j8r", catalogue, tables, kills))
    assert row[-2:] == ["  kills pro-pretend: nobody looks whose they are", "  kills vis-other: something else"]


def test_an_option_wins_over_the_environment(conformance: Command, reference: str) -> None:
    run = conformance(
        "certify", "--depth", "quick", "-k", "pro-n7z", CONFORMANCE_DEPTH="x", CONFORMANCE_BASE_URL=reference
    )
    assert run.returncode == 0, run.stderr
    assert reference in run.stdout
    assert conformance("certify", CONFORMANCE_DEPTH="x").returncode == 2
    assert conformance("certify", CONFORMANCE_CONFIRM="99").returncode == 2
    nobody = "http://127.0.0.1:9/api/v1"
    rehearsed = conformance("certify", "-k", "pro-n7z", CONFORMANCE_DRY_RUN="1", CONFORMANCE_BASE_URL=nobody)
    assert rehearsed.stdout.startswith("# nothing is sent")


def test_no_key_reaches_any_artefact(conformance: Command, tmp_path: Path) -> None:
    with serving("mutants", "aut-case") as url:
        part = ("--depth", "standard", "-k", "aut- or iso- or gen-")
        run = conformance("certify", "--base-url", url, *part, "--report-dir", "report")
    texts = [run.stdout, run.stderr, *(path.read_text() for path in (tmp_path / "report").iterdir())]
    assert run.returncode == 1
    for text in texts:
        assert "sk_" not in text.replace("sk_00000000000000000000000000000000", "")


@contextmanager
def answering(body: bytes, status: int = 200, threads: bool = True) -> Iterator[str]:
    """A server that answers everything alike; without threads it serves one connection at a time."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return

        def log_message(self, format: str, *args: object) -> None:
            return

    kind = http.server.ThreadingHTTPServer if threads else http.server.HTTPServer
    with kind(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
