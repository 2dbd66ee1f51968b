"""Cases beyond the tables: worlds of several people who create one after another, judged by the oracle.

Hypothesis draws a string of bytes for each, and every choice of its world and its requests takes the next byte.
Uniform sampling would test refusals only (88 of 19,320 cells can be accepted), so most selections are made
eligible, with at most one dataset that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import TypeVar

from conformance.model import Case, Collection, Dataset, Request, Run, Source, Step, User, World
from conformance.tables.build import request_body

PEOPLE = {
    "alice": User("acme"),
    "bob": User("acme"),
    "carol": User(None),
    "cody": User(None),
    "dave": User("globex"),
}
STEPS = 60
SIZE = 1600
"""Bytes of a drawing: 60 requests take about 900."""
LARGE = (13, 24, 37, 50, 51, 64, 99, 100)
VERIFIES = ("CRE-1", "ATT-1", "ATT-7", "PRO-5", "RUN-1", "RUN-2", "ISO-1", "ATO-1", "ATO-2", "VIS-4", "VIS-3", "VIS-2")
"""What a drawn sequence can show; a difference is charged to the rule that the oracle names."""

T = TypeVar("T")


def draw(count: int, seed: int) -> tuple[bytes, ...]:
    """``count`` drawings: the same for a seed on any machine, but not with any Hypothesis; a transcript holds them.

    Bytes, not strategies of numbers: into those Hypothesis mixes constants of whatever modules are loaded.
    """
    if not count:
        return ()
    # Imported here: a recorded run is judged without it.
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    drawn: list[bytes] = []

    @seeded(seed)
    @settings(
        database=None,
        max_examples=count + 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(st.binary(min_size=SIZE, max_size=SIZE))
    def collect(drawing: bytes) -> None:
        drawn.append(drawing)

    collect()
    return tuple(drawn[1 : count + 1])  # the first example is the simplest of all: zeros


def drawn_worlds(drawings: Iterable[bytes], source: Source) -> Iterator[Case]:
    """A sequence of requests for each drawing."""
    for number, drawing in enumerate(drawings, 1):
        yield _Drawing(_Choices(drawing)).case(f"seq-{number:03}", STEPS, source)


def large_selections(drawings: Iterable[bytes], source: Source) -> Iterator[Case]:
    """A single selection of dozens up to a hundred datasets for each drawing, some with one that is not eligible.

    One in five is that of a caller without an organization, for whom a shared one is not.
    """
    for number, drawing in enumerate(drawings, 1):
        made = _Drawing(_Choices(drawing))
        made.large("alice" if number % 5 else "carol")
        yield made.case(f"big-{number:03}", 0, source)


class _Choices:
    """Choices that a drawing makes: each takes its next byte, and the first again after the last."""

    def __init__(self, drawing: bytes) -> None:
        self._bytes = cycle(drawing)

    def below(self, number: int) -> int:
        return next(self._bytes) % number

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]


@dataclass
class _Drawing:
    """A world that grows while its requests are drawn."""

    choose: _Choices
    datasets: dict[str, Dataset] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def case(self, name: str, steps: int, source: Source) -> Case:
        self._decoys()
        for _ in range(steps):
            self._step()
        world = World(("acme", "globex"), dict(PEOPLE), self.collections, self.datasets, self.runs)
        return Case(
            id=name,
            row=name,
            family="generated",
            title=f"{len(self.steps)} drawn requests are answered as the outcome function permits",
            verifies=VERIFIES,
            world=world,
            steps=tuple(self.steps),
            source=source,
            sparing=True,
        )

    # ------------------------------------------------------------ rows

    def _dataset(self, **fields: object) -> str:
        symbol = f"d{len(self.datasets) + 1}"
        self.datasets[symbol] = Dataset(**fields)  # type: ignore[arg-type]
        if self.choose.chance(25):
            self._run(symbol)
        return symbol

    def _run(self, dataset: str | None) -> None:
        owner = self.choose.of(["alice", "bob", "carol", "dave"])
        if dataset is not None and self.choose.chance(60):
            owner = self.datasets[dataset].owner or owner
        home = self.datasets[dataset].collection if dataset else None
        organization = PEOPLE[owner].organization if self.choose.chance(30) else None
        self.runs[f"r{len(self.runs) + 1}"] = Run(owner, dataset, organization, home)

    def _collection(self, owner: str | None, organization: str | None) -> str:
        symbol = f"c{len(self.collections) + 1}"
        self.collections[symbol] = Collection(f"Shelf {symbol}", owner, organization)
        return symbol

    def _decoys(self) -> None:
        """Rows that no request names: they must not change, and must not change anything."""
        for owner in ("alice", "bob", "carol"):
            self._dataset(owner=owner)
        self._collection("bob", None)
        self._collection("dave", "globex")
        self._run(None)

    # ------------------------------------------------------------ requests

    def _step(self) -> None:
        caller = self.choose.of(["alice", "alice", "alice", "bob", "bob", "carol", "cody", "dave"])
        selection = self._eligible(caller)
        if self.choose.chance(30):
            selection.insert(self.choose.below(len(selection) + 1), self._ineligible(caller))
        if self.choose.chance(10) and self.steps:
            earlier = self.choose.of(self.steps).requests[0].selected
            selection += [each for each in earlier[:1] if each not in selection]
        self._request(caller, selection)

    def large(self, caller: str) -> None:
        """One request with many datasets, the shared one anywhere."""
        size = self.choose.of(LARGE)
        selection = [self._dataset(owner=caller) for _ in range(size)]
        if self.choose.chance(80):
            selection[self.choose.below(size)] = self._dataset(owner=caller, organization="acme")
        if self.choose.chance(40):
            selection[self.choose.below(size)] = self._ineligible(caller)
        self._request(caller, selection)

    def _request(self, caller: str, selection: list[str]) -> None:
        body = request_body(self._name(), tuple(selection), with_ids=bool(selection) or self.choose.chance(50))
        self.steps.append(Step((Request(caller, body, f"Bearer ${{{caller}}}", selected=tuple(selection)),)))

    def _name(self) -> str:
        if self.steps and self.choose.chance(15):
            known = self.names + [row.name for row in self.collections.values()]
            return self.choose.of(known)
        self.names.append(f"Draft {len(self.names) + 1}")
        return self.names[-1]

    def _eligible(self, caller: str) -> list[str]:
        """Datasets that the caller may attach under some reading, most of them under every one."""
        mine = PEOPLE[caller].organization
        colleague = {"alice": "bob", "bob": "alice"}.get(caller)
        selection = [self._dataset(owner=caller) for _ in range(self.choose.of([0, 1, 1, 2, 3]))]
        if mine is not None and self.choose.chance(60):
            owners: list[str | None] = [caller, caller, caller]
            owners += [None, colleague, "carol"] if colleague else []
            selection += [
                self._dataset(owner=self.choose.of(owners), organization=mine) for _ in range(self.choose.of([1, 1, 2]))
            ]
        return self.choose.shuffled(selection)

    def _ineligible(self, caller: str) -> str:
        mine = PEOPLE[caller].organization
        others = [each for each in ("bob", "carol", "dave", "alice") if each != caller]
        kind = self.choose.of(["unknown", "private", "foreign", "proprietary", "taken", "taken-by-other", "visible"])
        if kind == "unknown":
            return "unknown"
        if kind == "private":
            return self._dataset(owner=self.choose.of(others))
        if kind == "foreign":
            away = "globex" if mine == "acme" else "acme"
            return self._dataset(
                owner=next(each for each in others if PEOPLE[each].organization == away), organization=away
            )
        if kind == "proprietary":
            return self._dataset(owner=caller, proprietary=True)
        if kind == "visible" and mine is None:
            return self._dataset(owner=caller, organization="acme")
        shelf = self._collection(caller, None) if kind == "taken" else self._collection(others[0], mine)
        return self._dataset(owner=caller, organization=self.choose.of([None, mine]), collection=shelf)
