"""Scenario tables read and checked: every mistake is reported as file:line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import SourceError, UsageError
from conformance.model import Case, Source, User
from conformance.paths import SCENARIOS, shown
from conformance.tables.build import RowError, build_case
from conformance.tables.expand import TwinError, expansions
from conformance.yaml_source import Lines, load

CAST = "cast.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """A table row as written, with the cases that it expands to."""

    id: str
    title: str
    verifies: tuple[str, ...]
    raw: Mapping[str, Any]
    cases: tuple[Case, ...]
    source: Source

    @property
    def refuses(self) -> bool:
        """Whether the row's last request must be refused under every reading."""
        return any(case.twin_of is None and case.steps[-1].only_refusals for case in self.cases)

    @property
    def has_twin(self) -> bool:
        """Whether an accepted twin stands in the row or is named by it."""
        return "twin" in self.raw or "twin_is" in self.raw


@dataclass(frozen=True, slots=True)
class Table:
    """One family's table."""

    family: str
    about: str
    path: Path
    rows: tuple[Row, ...]


def load_cast(folder: Path = SCENARIOS) -> dict[str, User]:
    """The people of every world, by symbol."""
    document, _ = load(folder / CAST, "cast")
    return {
        symbol: User(organization=each.get("organization"), api_key=each.get("api_key", "active"))
        for symbol, each in document["users"].items()
    }


def load_tables(folder: Path = SCENARIOS) -> tuple[Table, ...]:
    """Every table of the folder; SourceError names the first mistake."""
    cast = load_cast(folder)
    paths = sorted(path for path in folder.glob("*.yaml") if path.name not in (CAST, "generated.yaml"))
    if not paths:
        raise UsageError(f"{folder}: there is no scenario table")
    seen: dict[str, Source] = {}
    return tuple(_load_table(path, cast, seen) for path in paths)


def _load_table(path: Path, cast: Mapping[str, User], seen: dict[str, Source]) -> Table:
    document, lines = load(path, "scenarios")
    file = shown(path)
    rows = []
    for index, raw in enumerate(document["rows"]):
        source = Source(file, lines.at(("rows", index)))
        if raw["id"] in seen:
            raise SourceError(source.file, source.line, f"the id {raw['id']} stands at {seen[raw['id']]}, too")
        seen[raw["id"]] = source
        rows.append(_load_row(raw, document["family"], cast, lines, index, source))
    return Table(document["family"], document["about"], path, tuple(rows))


def _load_row(
    raw: Mapping[str, Any], family: str, cast: Mapping[str, User], lines: Lines, index: int, source: Source
) -> Row:
    try:
        cases = tuple(build_case(each, family, cast, source) for each in expansions(raw))
    except RowError as error:
        raise SourceError(source.file, lines.at(("rows", index, *error.path)), f"{raw['id']}: {error}") from None
    except TwinError as error:
        raise SourceError(source.file, lines.at(("rows", index, "twin")), f"{raw['id']}: {error}") from None
    return Row(raw["id"], raw["title"], tuple(raw["verifies"]), raw, cases, source)
