"""Cases beyond the tables: worlds of several people who create one after another, judged by the oracle.

Hypothesis draws a string of bytes for each, and every choice of its world and its requests takes the next byte.
Uniform sampling would test refusals only (88 of 19,320 cells can be accepted), so most selections are made
eligible, with at most one dataset that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, product
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
COLLEAGUE = {"alice": "bob", "bob": "alice"}
STEPS = 60
SIZE = 1600
"""Bytes of a drawing: 60 requests take about 1,450."""
LARGE = (13, 24, 37, 50, 51, 64, 99, 100)
SIZES = (*(1,) * 8, *(2,) * 6, *(3,) * 4, 4, 5, 12)
"""Datasets of one kind in a drawn selection."""
CALLERS = ("alice", "alice", "alice", "bob", "bob", "carol", "cody", "dave")
WHOSE = ("own", "colleague's", "former", "nobody's")
"""Whose a dataset of the caller's organization is: carol has left it."""
SHAPES = ((False, ""), (True, ""), *product((False, True, True), ("own", "own", *WHOSE, "any")))
"""What a member selects: whether own private datasets, and whose shared ones."""
WRONGS = (
    *(("unknown", ""), ("private", ""), ("private", "colleague's"), ("foreign", ""), ("foreign", "nobody's")),
    *(("visible", ""), *product(("proprietary", "taken"), ("private", *WHOSE))),
)
"""What is not eligible, and whose it is."""
STEMS = (
    "Draft",
    "Draft",
    "Draft",
    'Bob\'s "best"',
    "100% _draft_ \\",
    "Entwürfe für Zoë",
    "下書き",
    "🗂 drafts",
    "<i>drafts</i> & more",
    "d" * 74,
)
"""What a name begins with, so that each kind of selection meets quotes, wildcards, scripts and long names."""
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
        yield _Drawing(_Choices(drawing), odd_rows=number % 2 == 0).case(f"seq-{number:03}", STEPS, source)


def large_selections(drawings: Iterable[bytes], source: Source) -> Iterator[Case]:
    """A single selection of dozens up to a hundred datasets for each drawing, some with one that is not eligible.

    Of five, two have one shared dataset, one has some, one has no other, and one is that of a caller without an
    organization, for whom a shared one is not eligible.
    """
    for number, drawing in enumerate(drawings, 1):
        made = _Drawing(_Choices(drawing))
        if number % 5 in (3, 4):
            made.large_shared(50 * (number % 5 - 2))
        else:
            made.large("alice" if number % 5 else "carol")
        yield made.case(f"big-{number:03}", 0, source)


class _Choices:
    """Choices that a drawing makes: each takes its next byte, and the first again after the last."""

    def __init__(self, drawing: bytes) -> None:
        self._bytes = cycle(drawing)
        self._decks: dict[str, list[object]] = {}

    def below(self, number: int) -> int:
        return next(self._bytes) % number

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]

    def dealt(self, deck: str, options: Sequence[T]) -> T:
        """The next of a shuffled deck, which is shuffled again when it is used up: each comes as often as another."""
        left = self._decks.setdefault(deck, [])
        if not left:
            left.extend(self.shuffled(options))
        return left.pop()  # type: ignore[return-value]


@dataclass
class _Drawing:
    """A world that grows while its requests are drawn."""

    choose: _Choices
    odd_rows: bool = False
    """Whether rows are drawn that not every target can arrange: runs elsewhere or of nobody, foreign rows."""
    caller: str = "alice"
    """For whom rows are drawn: runs on others' datasets are often the caller's."""
    datasets: dict[str, Dataset] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    """Who sent a name, and the name."""
    spoilt: list[tuple[str, list[str], str]] = field(default_factory=list)
    """What would have been eligible and was sent with something wrong: the caller, the selection, the name or none."""

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
        for _ in range(self.choose.of((0, 0, 0, 1, 1, 2))):
            self._run(symbol)
        return symbol

    def _run(self, dataset: str | None) -> None:
        owner = self.choose.of([self.caller, self.caller, "alice", "bob", "carol", "dave"])
        if dataset is not None and self.choose.chance(40):
            owner = self.datasets[dataset].owner or owner
        home = self.datasets[dataset].collection if dataset else None
        run = Run(owner, dataset, PEOPLE[owner].organization if self.choose.chance(30) else None, home)
        self.runs[f"r{len(self.runs) + 1}"] = self._made_odd(run) if self.odd_rows else run

    def _made_odd(self, run: Run) -> Run:
        """Some runs lie in another collection than their dataset, are nobody's, or another organization's."""
        if self.choose.chance(20) and self.collections:
            run = replace(run, collection=self.choose.of(list(self.collections)))
        if self.choose.chance(20):
            owner = run.owner if self.choose.chance(40) else None
            run = replace(run, owner=owner, organization=self.choose.of(("acme", "acme", "globex")))
        return run

    def _collection(self, owner: str | None, organization: str | None) -> str:
        symbol = f"c{len(self.collections) + 1}"
        self.collections[symbol] = Collection(f"{self.choose.of(STEMS)} shelf {symbol}", owner, organization)
        return symbol

    def _decoys(self) -> None:
        """Rows that no request names: they must not change, and must not change anything."""
        for owner in ("alice", "bob", "carol"):
            self._dataset(owner=owner)
        self._collection("bob", None)
        self._collection("dave", "globex")
        self._collection("alice", "acme")
        for _ in range(4):
            self._run(None)

    # ------------------------------------------------------------ requests

    def _step(self) -> None:
        if self.spoilt and self.choose.chance(40):
            caller, selection, name = self.spoilt.pop()
            self._request(caller, selection, name or self._fresh_name())
            return
        caller = self.caller = self.choose.dealt("callers", CALLERS)
        selection = self._eligible(caller)
        name = fresh = self._fresh_name()
        if self.names and self.choose.chance(20):
            name = self._known_name(caller)
        sender, sent = caller, list(selection)
        if self.choose.chance(40):
            for _ in range(self.choose.of((1,) * 9 + (2,))):
                sent.insert(self.choose.below(len(sent) + 1), self._ineligible(caller))
        elif self.choose.chance(10):
            sender = self.choose.of([each for each in PEOPLE if each != caller])
        if self.choose.chance(10) and self.steps:
            earlier = self.choose.of(self.steps).requests[0].selected
            sent += [each for each in earlier[:1] if each not in sent]
        if (sender, sent, name) != (caller, selection, fresh):
            self.spoilt.append((caller, selection, name if name == fresh and self.choose.chance(50) else ""))
        elif sent and self.choose.chance(5):
            sent.append(sent[0])
        self._request(sender, sent, name)

    def large(self, caller: str) -> None:
        """One request with many datasets, the shared one anywhere."""
        size = self.choose.of(LARGE)
        selection = [self._dataset(owner=caller) for _ in range(size)]
        if self.choose.chance(80 if caller == "alice" else 40):
            selection[self.choose.below(size)] = self._dataset(owner=caller, organization="acme")
        if self.choose.chance(40):
            selection[self.choose.below(size)] = self._ineligible(caller)
        self._request(caller, selection, self._fresh_name())

    def large_shared(self, percent: int) -> None:
        """One request with many datasets, so many of them shared."""
        shared = (self.choose.chance(percent) for _ in range(self.choose.of(LARGE[4:])))
        selection = [self._dataset(owner="alice", organization="acme" if each else None) for each in shared]
        self._request("alice", selection, self._fresh_name())

    def _request(self, caller: str, selection: list[str], name: str) -> None:
        self.names.append((caller, name))
        listed = tuple(selection) if selection or self.choose.chance(50) else None
        body = request_body(name, listed, with_ids=bool(selection) or self.choose.chance(66))
        self.steps.append(Step((Request(caller, body, f"Bearer ${{{caller}}}", selected=tuple(selection)),)))

    def _fresh_name(self) -> str:
        return f"{self.choose.dealt('stems', STEMS)} {len(self.datasets)}-{len(self.steps)}"

    def _known_name(self, caller: str) -> str:
        """A name that was sent before, half of the time by one of the caller's own; or a shelf's."""
        home = PEOPLE[caller].organization
        near = [name for who, name in self.names if who == caller or (home and PEOPLE[who].organization == home)]
        if near and self.choose.chance(50):
            return self.choose.of(near)
        return self.choose.of([*(name for _, name in self.names), *(row.name for row in self.collections.values())])

    def _eligible(self, caller: str) -> list[str]:
        """Datasets that the caller may attach under some reading, a good part of the selections under every one."""
        member = PEOPLE[caller].organization is not None
        private, whose = self.choose.dealt("shapes", SHAPES) if member else (self.choose.chance(60), "")
        rows = ["private"] * (self._size() if private else 0) + [whose] * (self._size() if whose else 0)
        # Shuffled twice: neither the order of the ids nor that of the request tells a kind.
        made = [self._visible(caller, each) for each in self.choose.shuffled(rows)]
        return self.choose.shuffled(made)

    def _size(self) -> int:
        return self.choose.dealt("sizes", SIZES)

    def _visible(self, caller: str, whose: str, **fields: object) -> str:
        """An own private dataset, or one of the caller's organization."""
        if whose == "private":
            return self._dataset(owner=caller, **fields)
        if whose == "any":
            whose = self.choose.of(WHOSE)
        owner = {"own": caller, "colleague's": COLLEAGUE.get(caller), "former": "carol"}.get(whose)
        return self._dataset(owner=owner, organization=PEOPLE[caller].organization, **fields)

    def _ineligible(self, caller: str) -> str:
        home = PEOPLE[caller].organization
        away = "globex" if home == "acme" else "acme"
        others = [each for each in ("bob", "carol", "dave", "alice") if each != caller]
        kind, whose = self.choose.dealt("wrongs", WRONGS)
        if kind == "unknown":
            return "unknown"
        if kind == "foreign":
            owner = None if whose else next(each for each in others if PEOPLE[each].organization == away)
            return self._dataset(owner=owner, organization=away)
        if kind == "visible" and (home is None or self.odd_rows):
            return self._dataset(owner=caller, organization=away)
        if kind in ("visible", "private"):
            return self._dataset(owner=COLLEAGUE.get(caller) if whose and home == "acme" else self.choose.of(others))
        fields = {"proprietary": True} if kind == "proprietary" else {"collection": self._shelf(caller)}
        return self._visible(caller, whose if home else "private", **fields)

    def _shelf(self, caller: str) -> str:
        """A collection in which the caller's dataset, or one that they see, may lie."""
        mine = PEOPLE[caller].organization
        nobody = None if mine and self.odd_rows else caller
        owner = self.choose.of([caller, caller, COLLEAGUE.get(caller, "bob"), nobody])
        return self._collection(owner, mine if owner is None else self.choose.of((None, mine)))
