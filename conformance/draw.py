"""Cases beyond the tables, drawn from the specification; the oracle judges them."""

from __future__ import annotations

from conformance.model import Case


def drawn_cases(depth: str, seed: int) -> tuple[Case, ...]:
    """Nothing yet."""
    return ()
