"""Which requirement a difference breaks, from what had just happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.model import Effect, World


@dataclass(frozen=True, slots=True)
class Moment:
    """The state that must hold now, and the request that led here; ``effect`` is None after a refusal."""

    state: World
    caller: str
    selected: tuple[str, ...] = ()
    effect: Effect | None = None
    created: str | None = None

    @property
    def untouched(self) -> bool:
        """Whether no request of the case has succeeded yet."""
        return not any(symbol.startswith("new-") for symbol in self.state.collections)


Candidates = tuple[str, ...]


def choose(candidates: Candidates, verifies: Sequence[str]) -> str:
    """The candidate that the row is about, or else the first."""
    return next((each for each in candidates if each in verifies), candidates[0])


def collection_org(moment: Moment, symbol: str) -> Candidates:
    """A collection's ``org_id`` is wrong."""
    effect = moment.effect
    if effect is None:
        return ("ATO-1",)
    if symbol != moment.created:
        return ("PRO-5",)
    if not effect.attached:
        return ("VIS-1", "OWN-3")
    if effect.visibility is None:
        return ("VIS-2", "OWN-3", "VIS-5")
    return ("VIS-4", "OWN-3") if effect.promoted else ("VIS-3", "OWN-3")


def collection_user(moment: Moment, null: bool) -> Candidates:
    """A collection's ``user`` is wrong."""
    return ("OWN-2", "OWN-1") if null else ("OWN-1", "CON-1", "OWN-3")


def dataset_org(moment: Moment, symbol: str) -> Candidates:
    """A dataset's ``org_id`` is wrong."""
    effect, mine = moment.effect, moment.state.datasets[symbol].owner == moment.caller
    if effect is None:
        return ("ATO-1", "PRO-5") if mine else ("PRO-4", "ATO-1", "PRO-6")
    if symbol in effect.promoted:
        return ("PRO-1",)
    if symbol in effect.attached:
        return ("PRO-5", "VIS-2") if mine else ("PRO-6", "PRO-4", "PRO-5")
    return ("PRO-5", "PRO-6") if mine else ("PRO-6", "PRO-5")


def run_org(moment: Moment, symbol: str) -> Candidates:
    """A run's ``org_id`` is wrong."""
    effect, run = moment.effect, moment.state.runs[symbol]
    if effect is None:
        return ("ATO-1", "PRO-5")
    if symbol in effect.promoted_runs:
        return ("PRO-2",)
    if run.owner != moment.caller:
        return ("PRO-6", "PRO-5")
    return ("PRO-5", "PRO-2")


def attachment(moment: Moment, symbol: str) -> Candidates:
    """A dataset stands in the wrong collection, or in none."""
    if moment.effect is None:
        return ("ATO-1", "ATT-7")
    return ("ATT-1",) if symbol in moment.effect.attached else ("ATT-1", "ATT-3")


def run_place(moment: Moment, symbol: str, *, missing: bool) -> Candidates:
    """A run is listed where it is not, or not where it is."""
    if moment.effect is None:
        return ("ATO-1", "RUN-2")
    linked = moment.state.runs[symbol].dataset in moment.effect.attached if symbol in moment.state.runs else False
    return ("RUN-1", "RUN-2") if missing or linked else ("RUN-2", "RUN-1")
