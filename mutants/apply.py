"""Loads the patches, and applies them to a temporary copy of the reference implementation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent / "reference_impl"
SAYS = {"faulty": "breaks", "correct": "chooses"}
"""What an entry of each folder says of itself, besides what all of them say."""
COMMON = {"id", "note", "patches"}
PATCH = {"file", "find", "replace"}


class PatchError(ValueError):
    """A patch that does not match exactly once, or data that is not a patch; the text begins with its place."""


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
    place: str
    """File and line of the entry."""
    breaks: tuple[str, ...] = ()
    chooses: str = ""


def load(folder: Path = HERE) -> dict[str, Mutant]:
    """Every mutant and variant by id; PatchError gives file and line of the first mistake."""
    found: dict[str, Mutant] = {}
    for path in sorted((*folder.glob("faulty/*.yaml"), *folder.glob("correct/*.yaml"))):
        for raw, line in _entries(path):
            mutant = _mutant(raw, path.parent.name, f"{path.name}:{line}")
            if mutant.id in found:
                raise PatchError(f"{mutant.place}: the id {mutant.id} stands in {found[mutant.id].place}, too")
            found[mutant.id] = mutant
    return found


def _entries(path: Path) -> Iterator[tuple[Any, int]]:
    """The file's entries, each with its line."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.SequenceNode):
            raise PatchError(f"{path.name}:1: a list of entries is required")
        for each in node.value:
            yield loader.construct_document(each), each.start_mark.line + 1
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PatchError(f"{path.name}:{line}: not YAML: {error.problem}") from None
    finally:
        loader.dispose()


def _mutant(raw: Any, kind: str, place: str) -> Mutant:
    _keys(raw, COMMON | {SAYS[kind]}, place)
    texts = [raw["id"], raw["note"], *(raw["breaks"] if kind == "faulty" else [raw["chooses"]])]
    if not all(isinstance(each, str) and each for each in texts):
        raise PatchError(f"{place}: id, note and {SAYS[kind]} are texts, and not empty")
    if not raw["patches"] or "+" in raw["id"]:
        raise PatchError(f"{place}: an entry has patches, and no + in its id")
    for each in raw["patches"]:
        _keys(each, PATCH, place)
    patches = tuple(Patch(**each) for each in raw["patches"])
    return Mutant(raw["id"], raw["note"], patches, place, tuple(raw.get("breaks", ())), raw.get("chooses", ""))


def _keys(raw: Any, wanted: set[str], place: str) -> None:
    if not isinstance(raw, Mapping) or set(raw) != wanted:
        odd = sorted(set(raw) ^ wanted) if isinstance(raw, Mapping) else ["no object"]
        raise PatchError(f"{place}: unknown or missing: {', '.join(map(str, odd))}")


def chosen(mutants: Mapping[str, Mutant], name: str) -> list[Mutant]:
    """Those that the name joins by ``+``; PatchError where one is unknown."""
    wanted = name.split("+")
    if unknown := [each for each in wanted if each not in mutants]:
        raise PatchError(f"there is no {unknown[0]}; --list names them all")
    return [mutants[each] for each in wanted]


def patched_texts(mutants: Sequence[Mutant]) -> dict[str, str]:
    """The reference's modules by file name, every patch applied in turn; PatchError where one does not fit."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.py")}
    for mutant in mutants:
        for patch in mutant.patches:
            if (times := texts.get(patch.file, "").count(patch.find)) != 1:
                where = f"{mutant.place}: {mutant.id}"
                raise PatchError(f"{where}: {patch.find!r} stands {times} times in {patch.file}, not once")
            texts[patch.file] = texts[patch.file].replace(patch.find, patch.replace)
    return texts


@contextmanager
def patched(mutants: Sequence[Mutant]) -> Iterator[Path]:
    """A folder that holds ``reference_impl`` with every patch applied; removed on leaving."""
    texts = patched_texts(mutants)
    with TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder, "reference_impl")
        shutil.copytree(REFERENCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in texts.items():
            (copy / name).write_text(text, encoding="utf-8")
        yield Path(folder)
