"""Specification, tables and selection → the plan: every case of a depth, in a fixed order. No I/O but the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.ahead import drawn_bodies
from conformance.bodies import body_cases
from conformance.cells import cell_cases
from conformance.depth import Depth
from conformance.draw import SIZE, draw, drawn_worlds, large_selections
from conformance.errors import NothingSelected, TranscriptRefused
from conformance.model import Case, Source
from conformance.paths import GENERATED, shown
from conformance.tables import load_tables
from conformance.yaml_source import load


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of; the same depth and seed give the same plan."""

    depth: Depth
    seed: int
    cases: tuple[Case, ...]
    bodies: tuple[bytes, ...] = ()
    """What schemathesis drew."""
    drawings: tuple[bytes, ...] = ()
    """What Hypothesis drew: a world each, the large selections last."""

    def only(self, ids: Iterable[str]) -> tuple[Case, ...]:
        """The cases with these ids, in the plan's order; NothingSelected when there are none."""
        wanted = set(ids)
        chosen = tuple(case for case in self.cases if case.id in wanted)
        if not chosen:
            raise NothingSelected("no case matches the selection")
        return chosen


def make_plan(
    depth: Depth, seed: int, bodies: tuple[bytes, ...] | None = None, drawings: tuple[bytes, ...] | None = None
) -> Plan:
    """Every row of the tables, then what the depth draws beyond them, or what a recorded run drew."""
    tabled = [case for table in load_tables() for row in table.rows for case in row.cases]
    document, lines = load(GENERATED, "generated")
    amounts = document["depths"][depth]
    source = Source(shown(GENERATED), lines.at(("depths", depth)))
    number = amounts["worlds"] + amounts["large"]
    if drawings is None:
        drawings = draw(number, seed)
    if [len(each) for each in drawings] != [SIZE] * number:
        raise TranscriptRefused(f"what is recorded as drawn is not what {depth} depth draws: {number} worlds")
    cells = tuple(cell_cases(source)) if amounts["cells"] == "all" else ()
    if bodies is None:  # last: another process draws them meanwhile
        bodies = drawn_bodies(depth, seed) if amounts["bodies"] else ()
    drawn = [
        *drawn_worlds(drawings[: amounts["worlds"]], source),
        *large_selections(drawings[amounts["worlds"] :], source),
        *body_cases(bodies, source),
        *cells,
    ]
    return Plan(depth, seed, (*tabled, *drawn), bodies, drawings)
