"""The report as JSON keeps its schema, whatever the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conformance.paths import SPEC
from tests.conformance.conftest import Command, serving

SCHEMA = json.loads((SPEC / "schemas" / "report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "target, arguments, verdict",
    [
        (["reference_impl"], ["--depth", "quick"], "conformant"),
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
