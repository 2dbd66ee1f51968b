"""Exchanges with their JSON parsed once, and the few ways in which the judge looks at them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.answers import TooDeep, json_of
from conformance.model import Exchange, ReadOp, Record

READ_OPS: tuple[ReadOp, ...] = ("collection", "collections", "dataset", "run")


@dataclass(frozen=True, slots=True)
class Seen:
    """An exchange, its place in the record, and its body: ``json`` is None where there is none."""

    index: int
    exchange: Exchange
    json: Any

    @property
    def object(self) -> Mapping[str, Any]:
        """The body where it is a JSON object, else an empty one."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def usable(self) -> bool:
        """Whether this read shows something: 200 with an uncut JSON object."""
        return self.exchange.status == 200 and isinstance(self.json, dict) and not self.exchange.truncated

    @property
    def unusable(self) -> int | str | None:
        """What there is instead: another status, or 200 with something else."""
        return self.exchange.status if self.exchange.status != 200 else "200 without a JSON object"


def parse(record: Record) -> tuple[Seen, ...]:
    """The record's exchanges with their JSON; TooDeep where one is nested beyond what we look at."""
    return tuple(Seen(index, each, _json(each.response_body)) for index, each in enumerate(record.exchanges))


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json_of(body)
    except TooDeep:
        raise
    except ValueError:
        return None


def served(seen: Sequence[Seen]) -> frozenset[ReadOp]:
    """The read operations that ever showed a row: a later refusal of such a one is no gap but a failure."""
    return frozenset(each.exchange.op for each in seen if each.exchange.op != "create" and each.usable)


def items_of(pages: Sequence[Seen]) -> dict[int, Mapping[str, Any]]:
    """The collections in a list's pages, by id."""
    return {item["id"]: item for page in pages for item in elements(page) if type(item.get("id")) is int}


def elements(page: Seen) -> list[dict[str, Any]]:
    """The objects in a page of the list, each as often as it stands there."""
    items = page.object.get("items")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def short(value: Any, limit: int = 200) -> str:
    """A value from the target, bounded, for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[:limit] + "…"
