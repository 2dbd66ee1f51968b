"""What ``check`` holds the specification and the tables against."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.readings import DIMENSIONS
from conformance.spec import Catalogue, load_catalogue
from conformance.tables import Table, load_tables


def lint() -> Iterator[str]:
    """Every problem as file:line and a sentence; a broken file raises SourceError."""
    catalogue, tables = load_catalogue(), load_tables()
    yield from _readings(catalogue)
    yield from _references(catalogue, tables)


def _readings(catalogue: Catalogue) -> Iterator[str]:
    if {name: tuple(each.values) for name, each in catalogue.dimensions.items()} != dict(DIMENSIONS):
        yield "spec/readings.yaml: the readings are not those of conformance/readings.py"


def _references(catalogue: Catalogue, tables: tuple[Table, ...]) -> Iterator[str]:
    verified = set()
    for table in tables:
        for row in table.rows:
            for name in row.verifies:
                verified.add(name)
                if name not in catalogue.requirements:
                    yield f"{row.source}: {row.id} verifies {name}, which the catalogue does not have"
    for name in catalogue.requirements.keys() - verified:
        yield f"spec/requirements.yaml:1: no row verifies {name}"
