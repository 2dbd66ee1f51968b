"""The kill matrix: reference and variants must be accepted, every mutant caught by rows that cite what it breaks.

From a checkout only. Targets are started as ``python -m mutants ID``; the suite never imports them.
"""

from __future__ import annotations

import fnmatch
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.certification import Settings, certify, default_provider_states
from conformance.errors import UsageError
from conformance.model import Case
from conformance.paths import CHECKOUT
from conformance.plan import Plan, make_plan
from conformance.result import Result

COMBINATIONS = 8
PER_COMBINATION = 6


@dataclass(frozen=True, slots=True)
class Subject:
    """What is started: the reference ("reference"), a mutant, a variant, or variants joined by ``+``."""

    id: str
    breaks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a subject: whether it was judged rightly, what failed, in how many seconds."""

    subject: Subject
    right: bool
    claim: str
    rows: tuple[str, ...]
    cited: bool
    seconds: float
    requirements: tuple[str, ...]


def subjects(pattern: str = "*") -> list[Subject]:
    """Reference, variants, combinations of variants (seeded) and mutants; UsageError outside a checkout."""
    root = _root()
    variants = [Subject(each["id"], note=each["note"]) for each in _entries(root / "mutants/correct")]
    mutants = [Subject(each["id"], tuple(each["breaks"]), each["note"]) for each in _entries(root / "mutants/faulty")]
    found = [Subject("reference"), *variants, *_combinations([each.id for each in variants]), *mutants]
    return [each for each in found if fnmatch.fnmatch(each.id, pattern)]


def _root() -> Path:
    if CHECKOUT is None or not (CHECKOUT / "mutants").is_dir():
        raise UsageError("prove needs a checkout: mutants are not packaged")
    return CHECKOUT


def _entries(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))


def _combinations(variants: list[str]) -> Iterator[Subject]:
    """Variants that can be applied together, at random but always the same; patches of one spot exclude each other."""
    drawn = random.Random(0)
    for _ in range(COMBINATIONS):
        chosen: list[str] = []
        for each in drawn.sample(variants, len(variants)):
            if len(chosen) < PER_COMBINATION and _applies([*chosen, each]):
                chosen.append(each)
        yield Subject("+".join(sorted(chosen)), note="a combination")


@cache
def _sources() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (_root() / "reference_impl").glob("*.py")}


def _applies(chosen: list[str]) -> bool:
    texts = dict(_sources())
    patches = {each["id"]: each["patches"] for each in _entries(_root() / "mutants/correct")}
    if {"no-reads", "no-run-reads"} <= set(chosen):
        return False
    for patch in (patch for each in chosen for patch in patches[each]):
        if texts[patch["file"]].count(patch["find"]) != 1:
            return False
        texts[patch["file"]] = texts[patch["file"]].replace(patch["find"], patch["replace"])
    return True


def prove(chosen: list[Subject], jobs: int | None = None) -> Iterator[Proof]:
    """Judge every subject, ``jobs`` at a time (default: one a core), in order."""
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        yield from pool.map(prove_one, chosen)


def prove_one(subject: Subject) -> Proof:
    """Start a subject and judge it: a mutant by the rows that cite what it breaks first, the rest by the whole plan."""
    plan = _plan()
    started = time.monotonic()
    with _serving(subject.id) as url:
        settings = Settings(url, default_provider_states(url), plan.depth)
        citing = [case for case in plan.cases if set(case.verifies) & set(subject.breaks)]
        result = certify(settings, plan, citing, _silent) if citing else None
        if result is None or result.judgement.claim != "not conformant":
            result = certify(settings, plan, plan.cases, _silent)
    return _proof(subject, result, time.monotonic() - started)


def _silent(_done: int, _of: int) -> None:
    return None


@cache
def _plan() -> Plan:
    return make_plan("standard", 0)


@contextmanager
def _serving(name: str) -> Iterator[str]:
    module = ["reference_impl"] if name == "reference" else ["mutants", name]
    command = [sys.executable, "-m", *module, "--port", "0"]
    with subprocess.Popen(
        command, cwd=_root(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                raise UsageError(f"{name} does not start")
            yield line.split()[-1]
        finally:
            process.terminate()


def _proof(subject: Subject, result: Result, seconds: float) -> Proof:
    judgement = result.judgement
    cases: dict[str, Case] = {case.id: case for case in result.selected}
    failed = [verdict for verdict in judgement.cases.values() if verdict.outcome == "failed"]
    broken = set(subject.breaks)
    cited = any(set(cases[each.case].verifies) & broken for each in failed)
    right = (judgement.claim == "not conformant" and cited) if broken else judgement.claim == "conformant"
    rows = tuple(dict.fromkeys(cases[each.case].row for each in failed))
    named = tuple(each.requirement for each in judgement.requirements.values() if each.outcome == "failed")
    return Proof(subject, right, judgement.claim, rows, cited, round(seconds, 1), named)


def proof_line(proof: Proof) -> str:
    """One line of the kill matrix."""
    mark = "✓" if proof.right else "✗"
    subject = proof.subject
    what = ",".join(subject.breaks) or "correct"
    note = "" if proof.right or not subject.breaks or not proof.rows else "  (caught, but by no row that cites it)"
    rows = ", ".join(proof.rows[:3]) + (f" and {len(proof.rows) - 3} more" if len(proof.rows) > 3 else "")
    return f"{mark} {subject.id[:60]:34} {what:14} {proof.claim:15} {proof.seconds:5.1f} s  {rows}{note}"
