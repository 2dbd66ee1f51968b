"""Data flows one way: which module may import what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.conftest import ROOT
from tests.conformance.picture import DOCUMENT, document, imported, layers, rooms

NETWORK = {
    "httpx",
    "h11",
    "socket",
    "requests",
    "urllib3",
    "conformance.transport",
    "conformance.race",
    "conformance.execute",
}
PURE = ["judge", "report", "oracle.py", "plan.py", "body.py", "readings.py", "model.py", "result.py", "tables", "site"]


def files(place: str) -> list[Path]:
    path = ROOT / place
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize("place", PURE)
def test_what_is_pure_imports_no_network(place: str) -> None:
    for path in files(f"conformance/{place}"):
        assert not imported(path) & NETWORK, path


def test_the_harness_imports_neither_the_reference_nor_the_mutants() -> None:
    for path in files("conformance"):
        assert not {each.split(".")[0] for each in imported(path)} & {"reference_impl", "mutants", "tests"}, path


def test_the_reference_imports_nothing_of_the_harness() -> None:
    for path in files("reference_impl"):
        assert not {each.split(".")[0] for each in imported(path)} & {"conformance", "mutants", "tests"}, path


def test_no_file_is_a_drawer() -> None:
    for folder in ("conformance", "reference_impl", "mutants"):
        for path in files(folder):
            assert len(path.read_text().splitlines()) <= 400, path


def test_rooms_import_only_what_lies_further_in() -> None:
    depth = {room: at for at, layer in enumerate(layers()) for room in layer}
    assert all(depth[room] < depth[needed] for room, needs in rooms().items() for needed in needs)
    assert depth["cli/"] == 0 and depth["oracle"] > depth["judge/"] > depth["report/"]


def test_the_picture_of_the_architecture_is_made_from_the_imports() -> None:
    made = document()
    assert DOCUMENT.read_text(encoding="utf-8") == made, "write it anew: python -m tests.conformance.picture"
