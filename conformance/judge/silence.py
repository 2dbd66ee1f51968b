"""A POST that stays without an answer: the network's doing, or the target's?

The target's where every attempt ended at the same request in the same way, and the other answers of the run show that
the network does not lose so many: by chance it would happen in one run of a hundred at most.
"""

from __future__ import annotations

from collections.abc import Iterable

from conformance.model import Record

BY_CHANCE = 0.01
"""Runs in which a loss that is the network's may be charged to the target."""
PREFLIGHT = 3
"""Answers that came before the first case, or there would be no run."""


def silent_cases(records: Iterable[Record]) -> frozenset[str]:
    """Ids of the cases whose POST the target itself left without an answer."""
    every = list(records)
    suspects = {record.case: racing for record in every if (racing := _unanswered(record))}
    if not suspects:
        return frozenset()
    answered = sum(each.status is not None for record in every for each in record.exchanges)
    lost = sum(record.lost - (record.attempts if record.case in suspects else 0) for record in every)
    rate = (lost + 1) / (PREFLIGHT + answered + lost + 1)
    return frozenset(
        record.case
        for record in every
        if record.case in suspects
        and len(every) * (1 - (1 - rate) ** suspects[record.case]) ** record.attempts <= BY_CHANCE
    )


def _unanswered(record: Record) -> int:
    """How many requests were sent together where every attempt ended in the same silence; 0 where it is none.

    One request: the connection was closed. Several that raced: also no answer in time, or an error of a server.
    """
    if not record.steady or not record.exchanges or record.exchanges[-1].op != "create":
        return 0
    together = [each for each in record.exchanges if each.op == "create" and each.stage == record.exchanges[-1].stage]
    if any(each.trouble.startswith("refused") for each in together):
        return 0
    closed = any(each.trouble.startswith("closed") for each in together)
    stuck = len(together) > 1 and any(
        each.trouble.startswith("timeout") or (each.status or 0) >= 500 for each in together
    )
    return len(together) if closed or stuck else 0
