"""The kill matrix: which requirement's rows fail on which mutants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.kills import Kill
from conformance.site.sources import Sources


@dataclass(frozen=True, slots=True)
class Part:
    """The mutants that break one family first: the requirements whose rows catch some, and a count for each pair."""

    family: str
    requirements: tuple[str, ...]
    lines: tuple[tuple[Kill, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Caught:
    """A requirement's evidence: the mutants made to break it, those its rows catch, and all that its rows catch."""

    made: tuple[Kill, ...]
    by_its_rows: tuple[Kill, ...]
    altogether: int


def caught(sources: Sources) -> dict[str, Caught]:
    """The evidence of every requirement."""
    found = {}
    for name in sources.catalogue.requirements:
        rows = {row.id for row in sources.rows_of[name]}
        made = tuple(kill for kill in sources.kills if name in kill.breaks)
        found[name] = Caught(
            made=made,
            by_its_rows=tuple(kill for kill in made if rows & set(kill.rows)),
            altogether=sum(1 for kill in sources.kills if rows & set(kill.rows)),
        )
    return found


def parts(sources: Sources) -> tuple[Part, ...]:
    """The matrix, a part a family."""
    catalogue = sources.catalogue.requirements
    return tuple(
        _part(family, [kill for kill in sources.kills if catalogue[kill.breaks[0]].family == family], sources)
        for family in sources.families
        if any(catalogue[kill.breaks[0]].family == family for kill in sources.kills)
    )


def _part(family: str, kills: Iterable[Kill], sources: Sources) -> Part:
    verified = {row.id: row.verifies for row in sources.rows.values()}
    counted = []
    for kill in kills:
        counts: dict[str, int] = {}
        for row in kill.rows:
            for name in verified.get(row, ()):
                counts[name] = counts.get(name, 0) + 1
        counted.append((kill, counts))
    shown = tuple(name for name in sources.catalogue.requirements if any(name in counts for _, counts in counted))
    lines = tuple((kill, tuple(counts.get(name, 0) for name in shown)) for kill, counts in counted)
    return Part(family, shown, lines)
