"""Specification, tables and selection → the plan: every case that a depth has, in a fixed order. No I/O but the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.draw import drawn_cases
from conformance.errors import NothingSelected
from conformance.model import Case
from conformance.tables import load_tables

Depth = Literal["quick", "standard", "exhaustive"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)


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
    return Plan(depth, seed, (*tabled, *drawn_cases(depth, seed)))
