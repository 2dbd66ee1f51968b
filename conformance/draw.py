"""Cases beyond the tables: worlds of several people who create one after another, judged by the oracle.

Uniform sampling would test refusals only (88 of 19,320 cells can be accepted), so most selections are drawn
eligible, with at most one dataset that is not. Deterministic for a seed, on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from conformance.model import Case, Collection, Dataset, Request, Run, Source, Step, User, World
from conformance.tables.build import request_body

PEOPLE = {
    "alice": User("acme"),
    "bob": User("acme"),
    "carol": User(None),
    "cody": User(None),
    "dave": User("globex"),
}
STEPS = 33
VERIFIES = ("CRE-1", "ATT-1", "ATT-7", "PRO-5", "RUN-1", "RUN-2", "ISO-1", "ATO-1", "ATO-2", "VIS-4", "VIS-3", "VIS-2")
"""What a drawn sequence can show; a difference is charged to the rule that the oracle names."""


def drawn_worlds(count: int, seed: int, source: Source) -> Iterator[Case]:
    """``count`` sequences of requests."""
    for number in range(1, count + 1):
        random = Random(f"{seed}/worlds/{number}")
        yield _Drawing(random).case(f"seq-{number:03}", STEPS, source)


def large_selections(count: int, seed: int, source: Source) -> Iterator[Case]:
    """``count`` single selections of dozens up to a hundred datasets, some with one that is not eligible."""
    for number in range(1, count + 1):
        random = Random(f"{seed}/large/{number}")
        drawing = _Drawing(random)
        drawing.large(random.choice([13, 24, 37, 50, 51, 64, 99, 100]))
        yield drawing.case(f"big-{number:03}", 0, source)


@dataclass
class _Drawing:
    """A world that grows while its requests are drawn."""

    random: Random
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
        if self.random.random() < 0.25:
            self._run(symbol)
        return symbol

    def _run(self, dataset: str | None) -> None:
        owner = self.random.choice(["alice", "bob", "carol", "dave"])
        if dataset is not None and self.random.random() < 0.6:
            owner = self.datasets[dataset].owner or owner
        home = self.datasets[dataset].collection if dataset else None
        organization = PEOPLE[owner].organization if self.random.random() < 0.3 else None
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
        caller = self.random.choice(["alice", "alice", "alice", "bob", "bob", "carol", "cody", "dave"])
        selection = self._eligible(caller)
        if self.random.random() < 0.3:
            selection.insert(self.random.randint(0, len(selection)), self._ineligible(caller))
        if self.random.random() < 0.1 and self.steps:
            earlier = self.random.choice(self.steps).requests[0].selected
            selection += [each for each in earlier[:1] if each not in selection]
        self._request(caller, selection)

    def large(self, size: int) -> None:
        """One request with ``size`` datasets, the shared one anywhere."""
        selection = [self._dataset(owner="alice") for _ in range(size)]
        if self.random.random() < 0.8:
            selection[self.random.randrange(size)] = self._dataset(owner="alice", organization="acme")
        if self.random.random() < 0.4:
            selection[self.random.randrange(size)] = self._ineligible("alice")
        self._request("alice", selection)

    def _request(self, caller: str, selection: list[str]) -> None:
        body = request_body(self._name(), tuple(selection), with_ids=bool(selection) or self.random.random() < 0.5)
        self.steps.append(Step((Request(caller, body, f"Bearer ${{{caller}}}", selected=tuple(selection)),)))

    def _name(self) -> str:
        if self.steps and self.random.random() < 0.15:
            known = self.names + [row.name for row in self.collections.values()]
            return self.random.choice(known)
        self.names.append(f"Draft {len(self.names) + 1}")
        return self.names[-1]

    def _eligible(self, caller: str) -> list[str]:
        """Datasets that the caller may attach under some reading, most of them under every one."""
        mine = PEOPLE[caller].organization
        colleague = {"alice": "bob", "bob": "alice"}.get(caller)
        selection = [self._dataset(owner=caller) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        if mine is not None and self.random.random() < 0.6:
            owners: list[str | None] = [caller, caller, caller]
            owners += [None, colleague, "carol"] if colleague else []
            selection += [
                self._dataset(owner=self.random.choice(owners), organization=mine)
                for _ in range(self.random.choice([1, 1, 2]))
            ]
        self.random.shuffle(selection)
        return selection

    def _ineligible(self, caller: str) -> str:
        mine = PEOPLE[caller].organization
        others = [each for each in ("bob", "carol", "dave", "alice") if each != caller]
        kind = self.random.choice(
            ["unknown", "private", "foreign", "proprietary", "taken", "taken-by-other", "visible"]
        )
        if kind == "unknown":
            return "unknown"
        if kind == "private":
            return self._dataset(owner=self.random.choice(others))
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
        return self._dataset(owner=caller, collection=shelf)
