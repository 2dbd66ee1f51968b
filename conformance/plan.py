"""Specification, tables and selection → the plan: every case that a depth has, in a fixed order. No I/O but the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.bodies import drawn_bodies
from conformance.cells import cell_cases
from conformance.draw import drawn_worlds, large_selections
from conformance.errors import NothingSelected
from conformance.model import Case, Source
from conformance.paths import SCENARIOS, shown
from conformance.tables import load_tables
from conformance.yaml_source import load

Depth = Literal["quick", "standard", "exhaustive"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
GENERATED = SCENARIOS / "generated.yaml"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of; the same depth and seed give the same plan."""

    depth: Depth
    seed: int
    cases: tuple[Case, ...]

    def only(self, ids: Iterable[str]) -> tuple[Case, ...]:
        """The cases with these ids, in the plan's order; NothingSelected when there are none."""
        wanted = set(ids)
        chosen = tuple(case for case in self.cases if case.id in wanted)
        if not chosen:
            raise NothingSelected("no case matches the selection")
        return chosen


def make_plan(depth: Depth, seed: int) -> Plan:
    """Every row of the tables, then what the depth draws beyond them."""
    tabled = [case for table in load_tables() for row in table.rows for case in row.cases]
    return Plan(depth, seed, (*tabled, *_drawn(depth, seed)))


def _drawn(depth: Depth, seed: int) -> Iterator[Case]:
    document, lines = load(GENERATED, "generated")
    amounts = document["depths"][depth]
    source = Source(shown(GENERATED), lines.at(("depths", depth)))
    yield from drawn_worlds(amounts["worlds"], seed, source)
    yield from large_selections(amounts["large"], seed, source)
    yield from drawn_bodies(amounts["bodies"], seed, source)
    if amounts["cells"] == "all":
        yield from cell_cases(source)
