"""What ``prove`` judges, and how it is started: reference, variants, combinations of variants, mutants.

From a checkout only. A subject is a process of its own; the suite never imports one.
"""

from __future__ import annotations

import fnmatch
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from conformance.errors import UsageError
from conformance.paths import CHECKOUT
from conformance.yaml_source import load

COMBINATIONS = 8
PER_COMBINATION = 8

Kind = Literal["reference", "variant", "combination", "mutant"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is started: the reference, a variant, several variants joined by ``+``, or a mutant with what it breaks."""

    id: str
    kind: Kind
    breaks: tuple[str, ...] = ()
    note: str = ""


def subjects(pattern: str = "*") -> list[Subject]:
    """Reference, variants, combinations of variants (seeded) and mutants; UsageError outside a checkout."""
    variants = [Subject(each["id"], "variant", note=each["note"]) for each in entries("correct")]
    others = [
        Subject(each["id"], "variant", note=each["note"]) for each in _elsewhere() if shutil.which(each["program"])
    ]
    mutants = [Subject(each["id"], "mutant", tuple(each["breaks"]), each["note"]) for each in entries("faulty")]
    mixed = _combinations([each.id for each in variants])
    found = [Subject("reference", "reference"), *variants, *others, *mixed, *mutants]
    return [each for each in found if fnmatch.fnmatch(each.id, pattern)]


def _root() -> Path:
    if CHECKOUT is None or not (CHECKOUT / "mutants").is_dir():
        raise UsageError("prove needs a checkout: mutants are not packaged")
    return CHECKOUT


def entries(folder: Literal["correct", "faulty"]) -> list[dict[str, Any]]:
    """The variants, or the mutants, as their files have them."""
    return [each for path in sorted((_root() / "mutants" / folder).glob("*.yaml")) for each in load(path)[0]]


def _elsewhere() -> list[dict[str, Any]]:
    """Correct implementations that are no patch of the reference: a program and its arguments."""
    found, _ = load(_root() / "mutants" / "elsewhere.yaml")
    return [{**each, "program": sys.executable if each["program"] == "python" else each["program"]} for each in found]


def not_here() -> list[str]:
    """Variants that this machine has no program for, so that they are not proved."""
    return [f"{each['id']} (no {each['program']})" for each in _elsewhere() if not shutil.which(each["program"])]


def _combinations(variants: Sequence[str]) -> Iterator[Subject]:
    """Variants at random but always the same, as many as fit together: patches of one spot exclude each other."""
    patches = {each["id"]: each["patches"] for each in entries("correct")}
    sources = {path.name: path.read_text(encoding="utf-8") for path in (_root() / "reference_impl").glob("*.py")}

    def fit(chosen: Sequence[str]) -> bool:
        texts = dict(sources)
        for patch in (patch for each in chosen for patch in patches[each]):
            if texts[patch["file"]].count(patch["find"]) != 1:
                return False
            texts[patch["file"]] = texts[patch["file"]].replace(patch["find"], patch["replace"])
        return True

    drawn = random.Random(0)
    for _ in range(COMBINATIONS):
        chosen: list[str] = []
        for each in drawn.sample(variants, len(variants)):
            if len(chosen) < PER_COMBINATION and fit(sorted([*chosen, each])):
                chosen = sorted([*chosen, each])
        yield Subject("+".join(chosen), "combination", note="a combination")


def _own_command(name: str) -> list[str] | None:
    """Of what is no patch of the reference."""
    if name == "reference":
        return [sys.executable, "-m", "reference_impl"]
    return next(([each["program"], *each["arguments"]] for each in _elsewhere() if each["id"] == name), None)


@contextmanager
def serving(name: str) -> Iterator[str]:
    """A subject's base URL while it runs; UsageError when it does not start."""
    command = [*(_own_command(name) or [sys.executable, "-m", "mutants", name]), "--port", "0"]
    with subprocess.Popen(
        command, cwd=_root(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield _address(name, process)
        finally:
            process.terminate()


class Nest:
    """Patched references one after another, from one process that has imported what they share.

    It ends, and what it serves with it, when this process does.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "mutants", "--nest"]
        self._process = subprocess.Popen(
            command, cwd=_root(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    @contextmanager
    def serving(self, name: str) -> Iterator[str]:
        """As ``serving``, in half a second less."""
        if _own_command(name):
            with serving(name) as url:
                yield url
            return
        self._say(name)
        try:
            yield _address(name, self._process)
        finally:
            self._say("")
            assert self._process.stdout and self._process.stdout.readline() == "ended\n"

    def _say(self, line: str) -> None:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)


def _address(name: str, process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if "http://" not in line:
        raise UsageError(f"{name} does not start")
    return line.split()[-1]


_nest = cache(Nest)
"""A process has one."""


def served(name: str) -> AbstractContextManager[str]:
    """As ``serving``, from this process' nest."""
    return _nest().serving(name)


def workers(jobs: int | None = None) -> ProcessPoolExecutor:
    """Processes that judge subjects; by default one a core, and one.

    Where suite and target of a job wait for each other, another goes on.
    """
    # A process that was forked must not talk to its parent's nest.
    return ProcessPoolExecutor(jobs or (os.cpu_count() or 1) + 1, initializer=_nest.cache_clear)
