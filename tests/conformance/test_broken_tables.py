"""A mistake in a table is one sentence with file and line, and says what is wanted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance import lint
from conformance.errors import SourceError
from conformance.paths import SCENARIOS
from conformance.tables import load_tables

ROW = """\
family: names
about: A table of one row, which is right.
rows:
- id: nam-a5k
  title: an empty name is a bad request
  verifies: [NAM-1]
  world: {datasets: {mine: {owner: alice}}}
  steps:
  - {caller: alice, name: "", datasets: [mine], expect: {status: 400}}
  twin: {set: {steps.0.name: Filled}}
"""


def table(folder: Path, text: str) -> Path:
    """A folder with the cast, and the text as its only table."""
    shutil.copy(SCENARIOS / "cast.yaml", folder)
    (folder / "names.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "right, wrong, line, message",
    [
        (", expect: {status: 400}", "", 9, "a step says what it expects, unless a race comes before it"),
        ("status: 400", "status: '400'", 9, "'400' is not of type 'integer'"),
        ("status: 400", "status: [400, x]", 9, "'4xx' was expected (at rows/0/steps/0/expect/status/1)"),
        ("status: 400", "state: 400", 9, "'state' was unexpected"),
        ("caller: alice", "caller: 5", 9, "5 is not of type 'string'"),
        ("caller: alice", "caller: zoe", 9, "zoe"),
        ("datasets: [mine],", "datasets: [yours],", 9, "yours"),
        ("owner: alice", "owner: zoe", 7, "zoe"),
        (
            "{owner: alice}",
            "{owner: alice, organization: acme}",
            9,
            "a collection of mine, which is the organization's, is not private; a twin says so in twin.expect",
        ),
        ("an empty name is a bad request", "x", 5, "'x' is too short (minLength: 10)"),
        ("  title:", "  titel:", 5, "'titel' was unexpected"),
        ("steps.0.name", "steps.7.name", 10, "steps.7"),
        ("  verifies: [NAM-1]", "  verifies: [NAM-1", 7, "not YAML"),
        ("  verifies:", "  title: again and again\n  verifies:", 6, "stands twice"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, right: str, wrong: str, line: int, message: str) -> None:
    assert ROW.count(right) == 1
    assert load_tables(table(tmp_path, ROW))
    with pytest.raises(SourceError) as refused:
        load_tables(table(tmp_path, ROW.replace(right, wrong)))
    assert f"names.yaml:{line}: " in str(refused.value) and message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "right, wrong, message",
    [
        ("nam-a5k", "vis-a5k", "begins with nam-"),
        ("[NAM-1]", "[NAM-99]", "verifies NAM-99, which the catalogue does not have"),
        ("is a bad request", "must be refused", "a fact in the present tense"),
        ("  twin: {set: {steps.0.name: Filled}}\n", "", "has no accepted twin"),
    ],
)
def test_the_lint_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, message: str
) -> None:
    assert ROW.count(right) == 1
    tables = load_tables(table(tmp_path, ROW.replace(right, wrong)))
    monkeypatch.setattr(lint, "load_tables", lambda: tables)
    found = [each for each in lint.lint() if "names.yaml:4: " in each]
    assert len(found) == 1 and message in found[0]
