"""Rows and tables of the target: plain dicts with indexes, guarded by one re-entrant lock."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class Organization:
    id: int
    name: str


@dataclass(eq=False)
class User:
    id: int
    email: str
    org_id: int | None


@dataclass(eq=False)
class Collection:
    id: int
    name: str
    user_id: int | None
    org_id: int | None
    author_email: str | None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime | None = None


@dataclass(eq=False)
class Dataset:
    id: int
    name: str
    user_id: int | None
    org_id: int | None
    author_email: str | None
    collection_id: int | None = None
    proprietary: bool = False
    created_at: datetime = field(default_factory=now)
    updated_at: datetime | None = None


@dataclass(eq=False)
class Run:
    id: int
    user_id: int | None
    org_id: int | None
    author_email: str | None
    dataset_id: int | None = None
    collection_id: int | None = None
    created_at: datetime = field(default_factory=now)


Row = TypeVar("Row")
Keys = dict[str, Callable[[Any], Hashable]]


class Table(Generic[Row]):
    """Rows by id, plus named indexes that `change` keeps up to date."""

    def __init__(self, first_id: int, keys: Keys | None = None) -> None:
        self.rows: dict[int, Row] = {}
        self.keys = keys or {}
        self.indexes: dict[str, dict[Hashable, dict[int, Row]]] = {name: defaultdict(dict) for name in self.keys}
        self.start_at(first_id)

    def start_at(self, first_id: int) -> None:
        self._last_id = first_id - 1

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add(self, row: Row) -> Row:
        self.rows[row.id] = row
        for name, key in self.keys.items():
            self.indexes[name][key(row)][row.id] = row
        return row

    def remove(self, row: Row) -> None:
        self.rows.pop(row.id, None)
        for name, key in self.keys.items():
            self.indexes[name][key(row)].pop(row.id, None)

    def change(self, row: Row, **values: Any) -> None:
        self.remove(row)
        for name, value in values.items():
            setattr(row, name, value)
        self.add(row)

    def get(self, row_id: int | None) -> Row | None:
        return None if row_id is None else self.rows.get(row_id)

    def where(self, index: str, key: Hashable) -> list[Row]:
        found = self.indexes[index].get(key)
        return list(found.values()) if found else []


class Store:
    def __init__(self, name_key: Callable[[str], Hashable]) -> None:
        self.lock = threading.RLock()
        self.keys: dict[str, int] = {}
        self.revoked: dict[str, int] = {}
        self.organizations: Table[Organization] = Table(3)
        self.users: Table[User] = Table(7, {"org": lambda u: u.org_id})
        owned: Keys = {"owner": lambda row: row.user_id, "org": lambda row: row.org_id}
        named: Keys = {
            "owner_name": lambda c: (c.user_id, name_key(c.name)),
            "org_name": lambda c: (c.org_id, name_key(c.name)),
            "name": lambda c: name_key(c.name),
        }
        self.collections: Table[Collection] = Table(14, owned | named)
        self.datasets: Table[Dataset] = Table(
            101, owned | {"collection": lambda d: d.collection_id, "name": lambda d: d.name}
        )
        self.runs: Table[Run] = Table(
            501, owned | {"collection": lambda r: r.collection_id, "dataset": lambda r: r.dataset_id}
        )

    def owner(self, row: Collection | Dataset | Run) -> User | None:
        return self.users.get(row.user_id)
