"""A comparison as a table on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.report.comparison import Comparison, Line
from conformance.report.text import counted, one_line

MOST_CASES = 40
MOST_NAMES = 20
WIDEST = 60


def comparison_text(comparison: Comparison) -> Iterator[str]:
    """Line by line: which report is which, requirements, cases that differ, ledger, what was lost."""
    for number, (file, report) in enumerate(zip(comparison.files, comparison.reports, strict=True), 1):
        about = f"catalogue {report['catalogue']}, depth {report['depth']}, seed {report['seed']}, {report['started']}"
        yield one_line(f"{number}  {file}: {report['target']}: {report['verdict']} ({about})")
    yield from _table("requirement", comparison.requirements, len(comparison.files))
    if comparison.cases:
        yield from _table("case that differs", comparison.cases[:MOST_CASES], len(comparison.files))
    if len(comparison.cases) > MOST_CASES:
        yield f"… and {len(comparison.cases) - MOST_CASES} more cases that differ (--json has them)"
    yield from _table("reading", comparison.readings, len(comparison.files))
    yield from _table("open point", comparison.choices, len(comparison.files))
    yield ""
    if comparison.gone:
        yield f"{len(comparison.gone)} cases that passed before are not in the last report: {_some(comparison.gone)}"
    yield lost_sentence(comparison)


def lost_sentence(comparison: Comparison) -> str:
    """What the last one lost."""
    parts = [
        f"{counted(len(names), kind)} ({_some(names)})"
        for kind, lines in (("requirement", comparison.requirements), ("case", comparison.cases))
        if (names := [each.name for each in lines if each.lost])
    ]
    return f"The last report lost {' and '.join(parts) or 'nothing'}."


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return one_line(", ".join(names[:MOST_NAMES])) + (f" and {more} more" if more > 0 else "")


def _table(title: str, lines: Sequence[Line], columns: int) -> Iterator[str]:
    """A line each; in front stands what changed: ``-`` lost, ``*`` otherwise different."""
    if not lines:
        return
    cells = [[one_line(each.name, WIDEST), *(one_line(seen, WIDEST) for seen in each.seen)] for each in lines]
    head = [title, *map(str, range(1, columns + 1))]
    widths = [max(len(row[at]) for row in [head, *cells]) for at in range(columns + 1)]
    yield ""
    for mark, row in [(" ", head), *((_mark(each), row) for each, row in zip(lines, cells, strict=True))]:
        yield f"{mark} {'  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))}".rstrip()


def _mark(line: Line) -> str:
    return "-" if line.lost else "*" if line.changed else " "
