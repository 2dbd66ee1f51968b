"""Drawn cases that failed are made smaller: parts of them are carried out like any case, each in a fresh world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from conformance.errors import ConformanceError
from conformance.execute import Execution, execute
from conformance.judge import judge_run
from conformance.model import Case, Record
from conformance.reduction import MARK
from conformance.smallest import is_drawn, ordinary, searches
from conformance.spec import Catalogue

MOST_REQUESTS = 2000
"""When so many were sent, no more parts are tried."""


def shrink(
    selected: Sequence[Case],
    records: list[Record],
    catalogue: Catalogue,
    on: Execution,
    keep: Callable[[Record], None],
) -> None:
    """Carry out parts of the drawn cases that failed; ``keep`` adds each record to ``records``.

    Whatever ends this early costs the run nothing: its own cases are over.
    """
    drawn = [case for case in selected if is_drawn(case)]
    judgement = judge_run(drawn, ordinary(records), catalogue, partial=True)
    with suppress(ConformanceError):
        while _sent(records) < MOST_REQUESTS:
            batch = [case for search in searches(drawn, judgement, records) for case in search.next()]
            if not batch:
                return
            execute(batch, on, keep)


def _sent(records: Sequence[Record]) -> int:
    return sum(len(record.exchanges) for record in records if MARK in record.case)
