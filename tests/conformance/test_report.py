"""The report as JSON keeps its schema, whatever the verdict, and its commands send what was sent."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from conformance.model import CaseVerdict, Exchange, Finding, Record
from conformance.paths import SPEC
from conformance.plan import make_plan
from conformance.report.failure import curl, failure_text
from conformance.spec import load_catalogue
from tests.conformance.conftest import Command, serving

SCHEMA = json.loads((SPEC / "schemas" / "report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "target, arguments, verdict",
    [
        (["reference_impl"], ["-k", "vis-a7k"], "partial"),
        (["mutants", "pro-none"], ["-k", "pro-"], "not conformant"),
    ],
)
def test_report_json_keeps_its_schema(
    conformance: Command, tmp_path: Path, target: list[str], arguments: list[str], verdict: str
) -> None:
    with serving(*target) as url:
        conformance("certify", "--base-url", url, "--report-dir", "report", *arguments)
    document = json.loads((tmp_path / "report" / "report.json").read_text(encoding="ascii"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["verdict"] == verdict
    assert document["target"] == url
    failing = {each["id"] for each in document["cases"] if each["outcome"] == "failed"}
    assert failing <= {case for each in document["requirements"] for case in each["failed"]}
    assert bool(failing) == (verdict == "not conformant")


def test_of_many_differences_of_a_rule_six_are_told() -> None:
    (case,) = (each for each in make_plan("quick", 0).cases if each.id == "pro-n7z")
    many = [Finding(rule, f"{rule} of row-{at}", "1", "2") for at in range(9) for rule in ("PRO-1", "PRO-2")]
    text = failure_text(case, CaseVerdict(case.id, "failed", tuple(many)), None, load_catalogue(), "http://x", "again")
    assert [line.strip() for line in text.splitlines() if "of row-" in line] == [
        f"✗ {rule}: {rule} of row-{at}" for rule in ("PRO-1", "PRO-2") for at in range(6)
    ]
    assert text.count("… and 3 more of PRO-") == 2


def test_a_difference_in_a_read_alone_is_no_request_of_a_step() -> None:
    (case,) = (each for each in make_plan("quick", 0).cases if each.id == "pro-n7z")
    read = Exchange(-1, "collections", "bob", "", "GET", "/data-collections", {}, b"", 200, {}, b"{}")
    verdict = CaseVerdict(case.id, "failed", (Finding("CRE-3", "the list", "1", "2", 0),))
    record = Record(case.id, None, (read,))
    text = failure_text(case, verdict, record, load_catalogue(), "http://x", "again")
    assert "  repeat    curl -i -X GET http://x/data-collections" in text
    assert "  request " not in text


@pytest.mark.parametrize(
    "credentials", ['Bearer "${alice}"', "Bearer ${alice}", "Bearer `${alice}\\", "Bearer ' OR '1'='1"]
)
def test_a_command_sends_the_header_that_was_sent(credentials: str) -> None:
    sent = Exchange(
        stage=0, op="create", who="alice", about="0", method="POST", path="/data-collections?shared=true",
        request_headers={"authorization": credentials}, request_body=b"{}", status=201, response_headers={},
        response_body=b"",
    )  # fmt: skip
    script = "curl() { printf '%s\\n' \"$@\"; }; " + curl(sent, "http://127.0.0.1")
    run = subprocess.run(["sh", "-c", script], env={"API_KEY": "sk_1"}, capture_output=True, text=True, check=True)
    assert f"Authorization: {credentials.replace('${alice}', 'sk_1')}" in run.stdout.splitlines()
    assert "http://127.0.0.1/data-collections?shared=true" in run.stdout.splitlines()
