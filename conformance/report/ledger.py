"""The interpretation ledger as it is shown: choices by open point, one point for all statuses that rows leave open."""

from __future__ import annotations

from collections.abc import Mapping

STATUS = "refusals where the page names two statuses"


def told_choices(choices: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """How often each choice was seen, by the open point's id (``STATUS`` for those of table rows)."""
    merged: dict[str, dict[str, int]] = {}
    for point, seen in choices.items():
        name = point.split("/")[0]
        total = merged.setdefault(STATUS if name == "status" else name, {})
        for choice, number in seen.items():
            total[choice] = total.get(choice, 0) + number
    return merged
