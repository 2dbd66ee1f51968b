"""What the page says beside failures: scope, requirements by family, ledger, what was not tested, timing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.judge import Judgement
from conformance.judge.run import RequirementVerdict
from conformance.model import Finding, Record
from conformance.readings import surviving
from conformance.records import again, elapsed_of
from conformance.report.ledger import STATUS, told_choices
from conformance.result import Result
from conformance.spec import Catalogue, Dimension, Requirement

NAMED = 20
"""Cases that are named where many have the same to say."""
SLOWEST = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that the page of the API leaves open, and what the target's behaviour says of it."""

    dimension: Dimension
    values: tuple[str, ...]

    @property
    def decided(self) -> bool:
        """Whether some answer is ruled out."""
        return len(self.values) < len(self.dimension.values)


@dataclass(frozen=True, slots=True)
class Choice:
    """An open point, and how often the target chose what."""

    point: str
    about: str
    seen: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of which the same is said."""

    what: str
    why: str
    cases: tuple[str, ...]

    @property
    def named(self) -> str:
        """The first ids."""
        more = len(self.cases) - NAMED
        return ", ".join(self.cases[:NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long answers took, in milliseconds, and which cases took longest."""

    requests: int
    median: float
    most: float
    """Nineteen of twenty answers came sooner."""
    longest: float
    slowest: tuple[tuple[str, float], ...]
    again: int
    """Answers that were lost and asked for again."""


def families(
    judgement: Judgement, catalogue: Catalogue
) -> dict[str, list[tuple[Requirement, RequirementVerdict, tuple[str, ...]]]]:
    """Requirements with their verdicts by family, in the catalogue's order."""
    found: dict[str, list[tuple[Requirement, RequirementVerdict, tuple[str, ...]]]] = {}
    for rule in catalogue.requirements.values():
        verdict = judgement.requirements[rule.id]
        found.setdefault(rule.family, []).append((rule, verdict, verdict.failed[:NAMED]))
    return found


def answers(judgement: Judgement, catalogue: Catalogue) -> list[Answer]:
    """The readings that survive; none where they conflict."""
    if judgement.conflict:
        return []
    return [Answer(catalogue.dimensions[name], values) for name, values in surviving(judgement.readings).items()]


def choices(judgement: Judgement, catalogue: Catalogue) -> list[Choice]:
    """What the target chose where the page leaves the choice."""

    def about(point: str) -> str:
        known = catalogue.open_points.get(point)
        return known.about if known else "400, 401, 404 or 422" if point == STATUS else ""

    return [Choice(point, about(point), seen) for point, seen in told_choices(judgement.choices).items()]


def untested(judgement: Judgement) -> list[Group]:
    """Cases without a verdict by outcome and reason, those that are nobody's choice first."""
    order = ("error", "not-tested", "not-applicable")
    groups: dict[tuple[str, str], list[str]] = {}
    for each in judgement.cases.values():
        if each.outcome in order:
            groups.setdefault((each.outcome, each.reason), []).append(each.case)
    found = [Group(outcome, reason, tuple(cases)) for (outcome, reason), cases in groups.items()]
    return sorted(found, key=lambda each: (order.index(each.what), -len(each.cases)))


def advisories(judgement: Judgement) -> list[tuple[Finding, Group]]:
    """What is no breach and worth knowing, each once."""
    groups: dict[tuple[str, str, str], tuple[Finding, list[str]]] = {}
    for verdict in judgement.cases.values():
        for finding in verdict.findings:
            if finding.severity == "advisory":
                key = (finding.requirement, finding.message, finding.expected)
                groups.setdefault(key, (finding, []))[1].append(verdict.case)
    return [
        (finding, Group(finding.requirement, finding.message, tuple(dict.fromkeys(cases))))
        for finding, cases in groups.values()
    ]


def timing(records: Sequence[Record]) -> Timing | None:
    """The answers' times; None where nothing was sent."""
    took: list[float] = []
    cases: list[tuple[str, float]] = []
    for case, repeat, elapsed in elapsed_of(records):
        times = [1000 * each for each in elapsed]
        took += times
        if times and not repeat:
            cases.append((case, sum(times)))
    if not took:
        return None
    took.sort()
    slow = sorted(cases, key=lambda each: -each[1])[:SLOWEST]
    return Timing(len(took), took[len(took) // 2], took[len(took) * 19 // 20], took[-1], tuple(slow), again(records))


def scope(result: Result) -> str:
    """What was run, in words."""
    planned, chosen = len(result.plan.cases), len(result.selected)
    part = "all" if chosen == planned else f"{chosen} of"
    return f"{part} {planned} cases of depth {result.transcript.header.depth}, seed {result.transcript.header.seed}"
