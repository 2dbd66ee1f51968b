"""What the site is made from: the values that drive the tests, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.kills import Kill, load_kills
from conformance.model import Case
from conformance.paths import SPEC
from conformance.spec import Catalogue, Requirement, digests, load_catalogue
from conformance.tables import Row, Table, load_tables
from conformance.yaml_source import load


@dataclass(frozen=True)
class Sources:
    """Catalogue, tables, kills and the OpenAPI document, with the look-ups that several pages need."""

    catalogue: Catalogue
    tables: tuple[Table, ...]
    kills: tuple[Kill, ...]
    openapi: Mapping[str, Any]
    digests: Mapping[str, str]

    @cached_property
    def families(self) -> dict[str, tuple[Requirement, ...]]:
        """The requirements of each family, in the catalogue's order."""
        found: dict[str, tuple[Requirement, ...]] = {}
        for each in self.catalogue.requirements.values():
            found[each.family] = (*found.get(each.family, ()), each)
        return found

    @cached_property
    def about(self) -> dict[str, str]:
        """What each family's table is about."""
        return {table.family: table.about for table in self.tables}

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Every row by its id."""
        return {row.id: row for table in self.tables for row in table.rows}

    @cached_property
    def rows_of(self) -> dict[str, tuple[Row, ...]]:
        """The rows that verify each requirement; those that name it first stand first."""
        found: dict[str, tuple[Row, ...]] = {}
        for name in self.catalogue.requirements:
            rows = [row for row in self.rows.values() if name in row.verifies]
            found[name] = tuple(sorted(rows, key=lambda row: row.verifies[0] != name))
        return found

    def family_of(self, row: Row) -> str:
        """The family whose page shows the row: that of the requirement that it names first."""
        return self.catalogue.requirements[row.verifies[0]].family


def load_sources() -> Sources:
    """Everything as it lies in ``spec/`` and ``scenarios/``."""
    openapi, _ = load(SPEC / "openapi.yaml")
    return Sources(load_catalogue(), load_tables(), load_kills(), openapi, digests())


def own_cases(row: Row) -> tuple[Case, ...]:
    """The cases of a row without its twin, a race's rounds counted once."""
    cases = tuple(case for case in row.cases if case.twin_of is None)
    return cases[:1] if "rounds" in row.raw else cases


def twin_of(row: Row) -> Case | None:
    """The accepted twin that stands in the row."""
    return next((case for case in row.cases if case.twin_of is not None), None)
