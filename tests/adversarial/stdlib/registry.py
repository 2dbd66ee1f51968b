"""The registry's entry and the two decorators that fill it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from base import Target


@dataclass(frozen=True)
class Behaviour:
    name: str
    kind: str
    breaks: tuple[str, ...]
    note: str
    target: type[Target]


REGISTRY: dict[str, Behaviour] = {"base": Behaviour("base", "correct", (), "the honest implementation", Target)}
AnyTarget = TypeVar("AnyTarget", bound=type[Target])


def register(behaviour: Behaviour) -> None:
    if behaviour.name in REGISTRY:
        raise ValueError(f"two behaviours are called {behaviour.name}")
    REGISTRY[behaviour.name] = behaviour


def faulty(name: str, *breaks: str, note: str) -> Callable[[AnyTarget], AnyTarget]:
    """`breaks`: requirement ids, the most specific first."""

    def enter(target: AnyTarget) -> AnyTarget:
        register(Behaviour(name, "faulty", breaks, note, target))
        return target

    return enter


def correct(name: str, note: str) -> Callable[[AnyTarget], AnyTarget]:
    def enter(target: AnyTarget) -> AnyTarget:
        register(Behaviour(name, "correct", (), note, target))
        return target

    return enter
