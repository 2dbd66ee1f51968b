"""A POST that stays without an answer: the network's doing, or the target's?

The target's where every attempt ended at the same request in the same way, and the other answers of the run show that
the network does not lose so many: by chance it would happen in one run of a hundred at most.
"""

from __future__ import annotations

from conformance.model import Record

BY_CHANCE = 0.01
"""Runs in which a loss that is the network's may be charged to the target."""
PREFLIGHT = 3
"""Answers that came before the first case, or there would be no run."""


class Silence:
    """Counts what was answered and what was lost, record by record."""

    def __init__(self) -> None:
        self._records = self._answered = self._lost = 0
        self._suspects: dict[str, tuple[int, int]] = {}
        """By case how many requests were sent together, and how often."""

    def add(self, record: Record) -> None:
        """Count one case's record."""
        self._records += 1
        self._answered += sum(each.status is not None for each in record.exchanges)
        self._lost += record.lost
        if racing := _unanswered(record):
            self._suspects[record.case] = (racing, record.attempts)
            self._lost -= record.attempts

    def cases(self) -> frozenset[str]:
        """Ids of the cases whose POST the target itself left without an answer."""
        rate = (self._lost + 1) / (PREFLIGHT + self._answered + self._lost + 1)
        return frozenset(
            case
            for case, (racing, attempts) in self._suspects.items()
            if self._records * (1 - (1 - rate) ** racing) ** attempts <= BY_CHANCE
        )


def _unanswered(record: Record) -> int:
    """How many requests were sent together where every attempt ended in the same silence; 0 where it is none.

    One request: the connection was closed. Several that raced: also no answer in time, or an error of a server.
    """
    if not record.steady or not record.exchanges or record.exchanges[-1].op != "create":
        return 0
    together = [each for each in record.exchanges if each.op == "create" and each.stage == record.exchanges[-1].stage]
    if any(each.trouble.startswith(("refused", "unconnected")) for each in together):
        return 0
    closed = any(each.trouble.startswith("closed") for each in together)
    stuck = len(together) > 1 and any(
        each.trouble.startswith("timeout") or (each.status or 0) >= 500 for each in together
    )
    return len(together) if closed or stuck else 0
