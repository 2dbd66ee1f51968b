"""What the executor asks of whatever arranges worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from conformance.model import Binding, Case


@dataclass(frozen=True, slots=True)
class Arranged:
    """A world that stands on the target; ``keys`` are secret."""

    binding: Binding
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unarranged:
    """A world that does not: ``unsupported`` paths (symbols as in the case), a reason not to try, or the trouble."""

    unsupported: tuple[str, ...] = ()
    untested: str = ""
    trouble: str = ""


class Arranger(Protocol):
    """Arranges worlds on one target and removes them; safe to share between threads."""

    @property
    def place(self) -> str:
        """What arranges, in words: *the provider-state URL http://…*."""

    @property
    def batch(self) -> int:
        """How many worlds to arrange, and to remove, at a time."""

    def prepare(self) -> None:
        """What must be so before the first world is arranged; SetupRefused where it is not."""

    def arrange(self, cases: Sequence[tuple[Case, str]]) -> dict[str, Arranged | Unarranged]:
        """Arrange each case's world, given with its token; the result has one entry a case."""

    def created(self, arranged: Arranged, who: str, collection: int) -> None:
        """A request of ``who`` in this world was answered with a new collection."""

    def remove(self, arranged: Sequence[Arranged]) -> None:
        """These worlds are not needed any more."""

    def close(self) -> tuple[str, ...]:
        """The run is over: remove what is left. Sentences about what could not be removed."""


def named(name: str, case: Case, token: str) -> str:
    """A name as it is sent: with the case's token, unless the row is about exact names."""
    return name if case.exact_names else f"{name} {token}"
