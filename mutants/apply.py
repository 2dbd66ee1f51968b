"""Loads the patches, and applies them to a temporary copy of the reference implementation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent / "reference_impl"
KEYS = {"id", "breaks", "chooses", "note", "patches"}


class PatchError(ValueError):
    """A patch that does not match exactly once, or data that is not a patch."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One replacement in one file of the reference."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A reference with a difference: ``breaks`` names requirements when it is faulty, ``chooses`` what it chose."""

    id: str
    note: str
    patches: tuple[Patch, ...]
    breaks: tuple[str, ...] = ()
    chooses: str = ""


def load(folder: Path = HERE) -> dict[str, Mutant]:
    """Every mutant and variant by id; PatchError names the file of the first mistake."""
    found: dict[str, Mutant] = {}
    for path in sorted((*folder.glob("faulty/*.yaml"), *folder.glob("correct/*.yaml"))):
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            mutant = _mutant(raw, path)
            if mutant.id in found:
                raise PatchError(f"{path.name}: the id {mutant.id} stands twice")
            found[mutant.id] = mutant
    return found


def _mutant(raw: Mapping[str, Any], path: Path) -> Mutant:
    faulty = path.parent.name == "faulty"
    if unknown := set(raw) - KEYS:
        raise PatchError(f"{path.name}: {raw.get('id')}: unknown key {min(unknown)}")
    if faulty != ("breaks" in raw) or faulty == ("chooses" in raw):
        raise PatchError(
            f"{path.name}: {raw.get('id')}: faulty ones say what they break, correct ones what they choose"
        )
    patches = tuple(Patch(each["file"], each["find"], each["replace"]) for each in raw["patches"])
    return Mutant(raw["id"], raw["note"], patches, tuple(raw.get("breaks", ())), raw.get("chooses", ""))


@contextmanager
def patched(mutants: list[Mutant]) -> Iterator[Path]:
    """A folder that holds ``reference_impl`` with every patch applied; removed on leaving."""
    with TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder, "reference_impl")
        shutil.copytree(REFERENCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for mutant in mutants:
            for patch in mutant.patches:
                _apply(copy / patch.file, patch, mutant.id)
        yield Path(folder)


def _apply(path: Path, patch: Patch, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    if (times := text.count(patch.find)) != 1:
        raise PatchError(f"{name}: {patch.find!r} stands {times} times in {patch.file}")
    path.write_text(text.replace(patch.find, patch.replace), encoding="utf-8")
