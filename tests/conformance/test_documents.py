"""Every command of the README and of the guides is run; the page's own example has the documented shape."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from conformance.judge.shape import problems
from tests.conformance.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = dict.fromkeys(
    line
    for document in DOCUMENTS
    for block in re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.strip().splitlines()
    if line not in ("scripts/certify", "scripts/test")  # the whole run is scripts/test's last line
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_documents_works(command: str) -> None:
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


def test_the_example_of_the_document_has_the_documented_shape() -> None:
    document = yaml.safe_load((ROOT / "spec/openapi.yaml").read_text())
    content = document["paths"]["/data-collections"]["post"]["responses"]["201"]["content"]["application/json"]
    for example in content["examples"].values():
        assert not list(problems(example["value"]))


def test_the_pages_example_validates_against_the_document() -> None:
    from jsonschema import Draft202012Validator

    document = yaml.safe_load((ROOT / "spec/openapi.yaml").read_text())
    page = ROOT.parent / "shared/page/create-data-collection.txt"
    if not Path(page).is_file():
        pytest.skip("the page lies beside the project in its workspace only")
    text = page.read_text().split("Example response (201)")[1].split("curl")[0]
    schema = {"$ref": "#/components/schemas/Collection", "components": document["components"]}
    Draft202012Validator(schema).validate(json.loads(text))
    assert not list(problems(json.loads(text)))
