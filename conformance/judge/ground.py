"""What the judge stands on, whatever the reading: a case, its binding, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.body import Meaning, interpret
from conformance.judge.compare import Lens
from conformance.judge.seen import Seen
from conformance.model import (
    Binding,
    Case,
    ReadOp,
    Request,
    World,
)
from conformance.readings import Reading
from conformance.render import FIRST_UNKNOWN


@dataclass(frozen=True, slots=True)
class Ground:
    """What the walk stands on, whatever the reading: the case, what was seen, and what is served."""

    case: Case
    binding: Binding
    seen: Sequence[Seen]
    served: frozenset[ReadOp]
    stored: Mapping[tuple[str, str], Mapping[str, Mapping[str, object]]]
    created: Mapping[str, int]
    known_before: frozenset[int]
    """Ids of collections that users had before the first request without our arranging them."""

    posted: Mapping[int, Sequence[Seen]]
    """The answers to each step's requests, in the order of the requests."""
    read: Mapping[int, Sequence[Seen]]
    """What was read back after each step; -1 is before the first."""
    ids: Mapping[int, str | None]
    """Dataset ids by number; the suite's unknown ones are None."""

    def posts(self, at: int) -> Sequence[Seen]:
        """The answers to a step's requests."""
        return self.posted.get(at, ())

    def reads(self, at: int) -> Sequence[Seen]:
        """What was read back after a step."""
        return self.read.get(at, ())

    def lens(self, reading: Reading) -> Lens:
        """The comparison's view of this ground."""
        return Lens(self.binding, self.created, self.case.verifies, reading, self.stored)


def ids_of(binding: Binding) -> dict[int, str | None]:
    """Dataset symbols by id; the suite's unknown ids are None."""
    numbers: dict[int, str | None] = {FIRST_UNKNOWN + n: None for n in range(100)}
    numbers.update({number: symbol for symbol, number in binding.datasets.items()})
    return numbers


def by_stage(seen: Iterable[Seen]) -> tuple[dict[int, list[Seen]], dict[int, list[Seen]]]:
    """The POSTs and the reads, each by the step that they belong to."""
    posted: dict[int, list[Seen]] = {}
    read: dict[int, list[Seen]] = {}
    for each in seen:
        (posted if each.exchange.op == "create" else read).setdefault(each.exchange.stage, []).append(each)
    for posts in posted.values():
        posts.sort(key=lambda each: int(each.exchange.about))
    return posted, read


def arranged(ground: Ground) -> World:
    """The case's world with the names that its collections were given."""
    world, binding, case = ground.case.world, ground.binding, ground.case
    named = {
        symbol: replace(row, name=row.name if case.exact_names else f"{row.name} {binding.token}")
        for symbol, row in world.collections.items()
    }
    return replace(world, collections=named)


def meaning_of(post: Seen) -> Meaning:
    exchange = post.exchange
    return interpret(
        exchange.request_body, exchange.request_headers.get("content-type"), exchange.path.partition("?")[2]
    )


def name_of(request: Request, post: Seen) -> tuple[str, bool]:
    """The created collection's name: as sent, or as answered where the page leaves open what becomes of it."""
    creations = meaning_of(post).creations
    sent = creations[0].name if creations else None
    if request.judge_name and sent is not None and creations[0].judge_name:
        return sent, True
    answered = post.object.get("name")
    return (answered if isinstance(answered, str) else sent or ""), False
