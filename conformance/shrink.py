"""Drawn cases that failed are made smaller: parts of them are carried out like any case, each in a fresh world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from conformance.attempt import Execution
from conformance.errors import ConformanceError
from conformance.execute import execute
from conformance.judge import Judgement
from conformance.model import Case, Record
from conformance.records import records_of
from conformance.smallest import is_drawn, is_part, searches

MOST_REQUESTS = 2000
"""When so many were sent, no more parts are tried."""


def shrink(
    selected: Sequence[Case],
    judgement: Judgement,
    records: Sequence[Record],
    on: Execution,
    keep: Callable[[Record], None],
) -> None:
    """Carry out parts of the drawn cases that failed; ``keep`` adds each record to ``records``.

    Whatever ends this early costs the run nothing: its own cases are over.
    """
    drawn = [case for case in selected if is_drawn(case)]
    with suppress(ConformanceError):
        while _sent(records) < MOST_REQUESTS:
            batch = [case for search in searches(drawn, judgement, records) for case in search.next()]
            if not batch:
                return
            execute(batch, on, keep)


def _sent(records: Sequence[Record]) -> int:
    return sum(len(record.exchanges) for record in records_of(records, is_part))
