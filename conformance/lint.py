"""What ``check`` holds the specification and the tables against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from conformance.coverage import matrix
from conformance.model import Expectation
from conformance.paths import CHECKOUT, SPEC, shown
from conformance.readings import DIMENSIONS, fork
from conformance.spec import Catalogue, load_catalogue
from conformance.tables import Row, Table, load_tables
from conformance.yaml_source import load

WORDING = re.compile(r"\b(should|must|shall|correctly|properly)\b", re.IGNORECASE)
"""Titles are facts in the present tense."""


def lint() -> Iterator[str]:
    """Every problem as file:line and a sentence; a broken file raises SourceError."""
    catalogue, tables = load_catalogue(), load_tables()
    yield from _readings(catalogue)
    yield from _page(catalogue)
    yield from _version(catalogue)
    for table in tables:
        yield from _ids(table)
    rows = {row.id: row for table in tables for row in table.rows}
    for row in rows.values():
        yield from _row(row, rows, catalogue)
    yield from _coverage(catalogue, tables)


def _readings(catalogue: Catalogue) -> Iterator[str]:
    if {name: tuple(each.values) for name, each in catalogue.dimensions.items()} != dict(DIMENSIONS):
        yield "spec/readings.yaml:1: the readings are not those of conformance/readings.py"


def _page(catalogue: Catalogue) -> Iterator[str]:
    """In the project's workspace the page lies beside it: a changed page is noticed."""
    page = CHECKOUT.parent / "shared/page/create-data-collection.txt" if CHECKOUT else None
    if page is not None and page.is_file() and sha256(page.read_bytes()).hexdigest() != catalogue.page_digest:
        yield "spec/requirements.yaml:1: the page is not the one that the catalogue was written from"


def _version(catalogue: Catalogue) -> Iterator[str]:
    """A version is that of the rules that came with it: else a run could not be held to it later."""
    if all(each.since != catalogue.version for each in catalogue.requirements.values()) or catalogue.held_to("").later:
        yield "spec/requirements.yaml:1: the catalogue's version is not that of its newest rule"


def _ids(table: Table) -> Iterator[str]:
    """Whoever reads an id knows the table."""
    first = f"{table.family[:3]}-"
    for row in table.rows:
        if not row.id.startswith(first):
            yield f"{row.source}: {row.id}: an id of the family {table.family} begins with {first}"


def _row(row: Row, rows: dict[str, Row], catalogue: Catalogue) -> Iterator[str]:
    for name in row.verifies:
        if name not in catalogue.requirements:
            yield f"{row.source}: {row.id} verifies {name}, which the catalogue does not have"
    if WORDING.search(row.title) or row.title.endswith("."):
        yield f"{row.source}: {row.id}: the title is a fact in the present tense, without a full stop"
    if row.refuses and not row.has_twin and not _succeeds_too(row):
        yield f"{row.source}: {row.id} refuses and has no accepted twin"
    if (named := row.raw.get("twin_is")) is not None and (named not in rows or not _accepts(rows[named])):
        yield f"{row.source}: {row.id}: {named} is no row that is accepted"
    for case in row.cases:
        for at, step in enumerate(case.steps):
            if step.open_point is not None and step.open_point not in catalogue.open_points:
                yield f"{row.source}: {row.id}: there is no open point {step.open_point}"
            yield from (f"{row.source}: {case.id}, step {at}: {each}" for each in _alternatives(step.expect))
            if case.twin_of and at == len(case.steps) - 1 and all(201 not in each.statuses for each in step.expect):
                yield f"{row.source}: {case.id} is a twin and is not accepted"


def _succeeds_too(row: Row) -> bool:
    """Rows of several requests hold the accepted request beside the refused one."""
    return all(any(not step.only_refusals for step in case.steps) for case in row.cases)


def _accepts(row: Row) -> bool:
    return any(not step.only_refusals for case in row.cases for step in case.steps)


def _alternatives(expect: tuple[Expectation, ...]) -> Iterator[str]:
    """Under every reading exactly one alternative applies."""
    if not expect:
        return
    for decided, applying in fork(lambda reading: sum(reading.allows(each.when) for each in expect)):
        if applying != 1:
            yield f"{applying} alternatives apply under {dict(decided) or 'every reading'}"


def _coverage(catalogue: Catalogue, tables: tuple[Table, ...]) -> Iterator[str]:
    """The declared shapes of each requirement have a row each."""
    path = SPEC / "coverage.yaml"
    declared, lines = load(path, "coverage")
    found = matrix(tables)
    for name in catalogue.requirements:
        if name not in found:
            yield f"spec/requirements.yaml:1: no row verifies {name}"
        if name not in declared:
            yield f"{shown(path)}:1: no shapes are declared for {name}"
    for name, shapes in declared.items():
        for index, shape in enumerate(shapes):
            if not found.get(name, {}).get(shape):
                yield f"{shown(path)}:{lines.at((name, index))}: no row of {name} has the shape {shape}"
