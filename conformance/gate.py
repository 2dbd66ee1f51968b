"""The gate: a run held to what its build is known to do (``certify --expect FILE``); only that file is touched.

The file names known failures, each with a reason, and the interpretation ledger. A known failure may fail; whatever
else changed is a complaint with the line of the entry. A known failure of a race may pass, since a lost race shows only
now and then. The verdict of the run is not touched.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from conformance.errors import SourceError, writing
from conformance.result import Result, Values
from conformance.yaml_source import Lines, load

TO_EXPLAIN = "known since this file was written"


@dataclass(frozen=True, slots=True)
class Known:
    """A failure that is known: a case's id or a glob, why, until which day (ISO 8601; empty: no end), and its line."""

    case: str
    reason: str
    until: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a build is known to do: failures, surviving readings by dimension, choices seen by open point."""

    path: Path
    depth: str
    seed: int
    known: tuple[Known, ...]
    readings: Values
    choices: Values
    lines: Lines

    def names(self, case: str) -> bool:
        """Whether a failure of the case is known."""
        return any(fnmatchcase(case, known.case) for known in self.known)


def load_expectation(path: Path) -> Expectation:
    """The file of ``--expect``; SourceError or UsageError names its first mistake."""
    document, lines = load(path, "expectations")
    known = []
    for at, each in enumerate(document["known_failures"]):
        line = lines.at(("known_failures", at))
        try:
            until = each.get("until", "")
            datetime.date.fromisoformat(until or "2000-01-01")
        except ValueError:
            raise SourceError(
                str(path), lines.at(("known_failures", at, "until")), f"there is no day {until}"
            ) from None
        known.append(Known(each["case"], each["reason"], until, line))

    def values(key: str) -> Values:
        return {name: tuple(each) for name, each in document[key].items()}

    return Expectation(
        path, document["depth"], document["seed"], tuple(known), values("readings"), values("choices"), lines
    )


def complaints(expected: Expectation, result: Result, today: datetime.date) -> Iterator[str]:
    """What is not as expected, each with file:line. Of a partial run only what was selected is held to the file."""
    header = result.transcript.header
    if (header.depth, header.seed) != (expected.depth, expected.seed):
        where, run = f"{expected.path}:{expected.lines.at(('depth',))}", f"{header.depth} and {header.seed}"
        yield f"{where}: written for depth {expected.depth} and seed {expected.seed}, not for {run}"
        return
    yield from _failures(expected, result, today)
    partial, races = header.selection is not None, {each.split(".")[0] for each in _races(result)}
    for name, before, after in _changes(expected.readings, result.readings):
        if not (partial and before & after):
            yield _changed(expected, "readings", name, before, after)
    for name, before, after in _changes(expected.choices, _choices(result)):
        wavers = name == "losing-racers" or name.partition("/")[2].split(".")[0] in races
        if not (after <= before and (partial or wavers)):
            yield _changed(expected, "choices", name, before, after)


def _changes(then: Values, now: Values) -> Iterator[tuple[str, set[str], set[str]]]:
    for name in dict.fromkeys([*then, *now]):
        before, after = set(then.get(name, ())), set(now.get(name, ()))
        if before != after:
            yield name, before, after


def _changed(expected: Expectation, kind: str, name: str, before: set[str], after: set[str]) -> str:
    where = f"{expected.path}:{expected.lines.at((kind, name))}"
    return f"{where}: {name} was {_words(before)} and is {_words(after)}"


def gaps(result: Result) -> Iterator[str]:
    """Cases that decide and came to nothing: neither the expected failure nor a pass."""
    for case in result.selected:
        verdict = result.judgement.cases[case.id]
        if verdict.outcome in ("error", "not-tested", "flaky") and result.catalogue.decides(case.verifies):
            yield f"{case.id}: {verdict.outcome}: {verdict.reason}"


def _failures(expected: Expectation, result: Result, today: datetime.date) -> Iterator[str]:
    cases = {case.id: case for case in result.plan.cases}
    failing, passing = _with(result, "failed"), _with(result, "passed", "advisory")
    for known in expected.known:
        where = f"{expected.path}:{known.line}"
        if not _matches(known, cases):
            yield f"{where}: {known.case} matches no case"
        elif known.until and today.isoformat() > known.until:
            yield f"{where}: {known.case} was to be mended by {known.until} ({known.reason})"
        elif fixed := sorted(_matches(known, passing - _races(result))):
            yield f"{where}: no failure any more, to be taken off: {', '.join(fixed)}"
    where = f"{expected.path}:{expected.lines.at(('known_failures',))}"
    for name in sorted(failing):
        if not expected.names(name):
            yield f"{where}: {name} fails, and is no known failure ({cases[name].source})"


def _with(result: Result, *outcomes: str) -> set[str]:
    return {each.case for each in result.judgement.cases.values() if each.outcome in outcomes}


def _choices(result: Result) -> Values:
    """What was chosen at each point of each row, without how often: numbers change with the order of races."""
    return {point: tuple(sorted(choices)) for point, choices in result.judgement.choices.items()}


def _matches(known: Known, cases: Collection[str]) -> list[str]:
    return [each for each in cases if fnmatchcase(each, known.case)]


def _races(result: Result) -> set[str]:
    return {case.id for case in result.plan.cases if any(step.races for step in case.steps)}


def _words(values: Collection[str]) -> str:
    return " or ".join(sorted(values)) or "not seen"


def write_expectation(path: Path, result: Result, before: Expectation | None) -> None:
    """Write what this run did; an entry that still matches a failure, or a race, keeps its words."""
    failing = sorted(_with(result, "failed"))
    kept = [known for known in (before.known if before else ()) if _matches(known, {*failing, *_races(result)})]
    new = [each for each in failing if not any(fnmatchcase(each, known.case) for known in kept)]
    known: list[dict[str, Any]] = [
        {"case": each.case, "reason": each.reason, **({"until": each.until} if each.until else {})} for each in kept
    ]
    known += [{"case": each, "reason": TO_EXPLAIN} for each in new]
    header = result.transcript.header
    document = {
        "depth": header.depth,
        "seed": header.seed,
        "known_failures": known,
        "readings": {name: list(values) for name, values in result.readings.items()},
        "choices": {name: list(values) for name, values in _choices(result).items()},
    }
    with writing(path):
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=110), encoding="utf-8")
