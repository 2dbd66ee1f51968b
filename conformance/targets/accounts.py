"""Accounts of a deployment that the suite did not make, and rows that it cannot make there."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Persona:
    """An account with its key: ``shown`` stands for the key wherever it would be printed."""

    name: str
    key: str = field(repr=False)
    shown: str
    place: str = ""
    """Where the target file declares it, as file:line."""
    organization: int | None = None
    known: bool = False
    """Whether ``organization`` was declared or discovered; None is then *in no organization*."""
    id: int | None = None
    email: str | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A dataset that stands on the target already: org-only (no owner), proprietary, or a revoked user's."""

    id: int
    owner: str | None = None
    """A persona's name."""
    organization: int | None = None
    proprietary: bool = False


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who plays the people of the worlds, and with what that cannot be arranged."""

    personas: tuple[Persona, ...]
    datasets: tuple[KnownDataset, ...] = ()
    runs: bool = False
    """Whether runs may be made (they cost credit)."""
