"""What ``list`` and ``show`` print: requirements, rows, and which verifies which."""

from __future__ import annotations

import json
from collections.abc import Iterator

import yaml

from conformance.errors import UsageError
from conformance.kills import Kill
from conformance.report.failure import world_lines
from conformance.spec import Catalogue, Requirement
from conformance.tables import Row, Table


def listing(catalogue: Catalogue, tables: tuple[Table, ...]) -> Iterator[str]:
    """Every requirement with its rows."""
    for rule in catalogue.requirements.values():
        yield f"{rule.id:6} {rule.level:6} {rule.claim}"
        for row in _rows_of(rule, tables):
            yield f"         {row.id}  {row.title}"


def shown(identifier: str, catalogue: Catalogue, tables: tuple[Table, ...], kills: tuple[Kill, ...]) -> Iterator[str]:
    """One requirement or one row in full; UsageError where there is none of that name."""
    if rule := catalogue.requirements.get(identifier.upper()):
        yield from _requirement(rule, tables, kills)
        return
    rows = {row.id: row for table in tables for row in table.rows}
    row = rows.get(identifier.split(".")[0])
    if row is None:
        raise UsageError(f"there is no requirement and no scenario {identifier!r}; `conformance list` has them all")
    yield f"{row.id}: {row.title}  ({row.source})"
    for name in row.verifies:
        yield f"  verifies {name}: {catalogue.requirements[name].claim}"
    yield from (f"  {line}" for line in world_lines(row.cases[0].world))
    fields = {key: row.raw[key] for key in ("each", "steps", "twin") if key in row.raw}
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    yield from (f"  {line}" for line in text.splitlines())
    yield f"  cases: {', '.join(case.id for case in row.cases)}"
    yield from (f"  kills {each.mutant}: {each.note}" for each in kills if row.id in each.rows)


def _requirement(rule: Requirement, tables: tuple[Table, ...], kills: tuple[Kill, ...]) -> Iterator[str]:
    yield f"{rule.id} ({rule.level}, class {rule.cls}, since {rule.since})"
    yield f"  {rule.claim}"
    yield f"  page: {rule.place}" + (f": “{rule.quote}”" if rule.quote else "")
    if rule.basis == "derived":
        yield f"  derived: {rule.reason}"
    for row in _rows_of(rule, tables):
        yield f"  {row.id}  {row.title}  {row.source}"
        yield from (f"           accepted twin: {each}" for each in _twins(row))
        caught = [each.mutant for each in kills if row.id in each.rows and rule.id in each.breaks]
        if caught:
            yield f"           kills {', '.join(caught)}"
    made = [each for each in kills if rule.id in each.breaks]
    yield f"  mutants that break it: {len(made)}" if made else "  mutants that break it: none is recorded"
    yield from (f"    {each.mutant}: {each.note}" + ("" if each.rows else " (no row kills it)") for each in made)


def _twins(row: Row) -> Iterator[str]:
    """The case that differs in one fact and is accepted, with the fact: in the row, or a row of its own."""
    changed = row.raw.get("twin", {}).get("set", {})
    facts = ", ".join(f"{path} is {json.dumps(value, ensure_ascii=False)}" for path, value in changed.items())
    yield from (f"{case.id}, where {facts}" for case in row.cases if case.twin_of is not None)
    if "twin_is" in row.raw:
        yield row.raw["twin_is"]


def _rows_of(rule: Requirement, tables: tuple[Table, ...]) -> list[Row]:
    return [row for table in tables for row in table.rows if rule.id in row.verifies]
