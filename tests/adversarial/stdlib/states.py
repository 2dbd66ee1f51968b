"""Provider states: arranges a world of symbols and answers with its ids, e-mails and keys."""

from __future__ import annotations

import secrets
from typing import Any

from base import Target
from store import Collection, Dataset, Organization, Run, User, now

Json = dict[str, Any]
REFERENCES = {"organization": "organizations", "owner": "users", "collection": "collections", "dataset": "datasets"}


class BadWorld(Exception):
    """The world contradicts itself."""


def provider_state(target: Target, request: Any) -> tuple[int, Json]:
    if not isinstance(request, dict) or request.get("state") != "world":
        return 400, {"error": "unknown state"}
    if request.get("action") == "teardown":
        return 200, {}
    if request.get("action") != "setup":
        return 400, {"error": "unknown action"}
    params = request.get("params") or {}
    try:
        check_world(params)
        unsupported = target.unsupported(params)
    except (BadWorld, AttributeError, TypeError) as error:
        return 400, {"error": str(error)}
    if unsupported:
        return 422, {"unsupported": unsupported}
    with target.store.lock:
        return 200, World(target, params).arrange()


def check_world(params: Json) -> None:
    for kind in ("users", "collections", "datasets", "runs"):
        for symbol, row in (params.get(kind) or {}).items():
            for field, table in REFERENCES.items():
                wanted = row.get(field)
                if wanted is not None and wanted not in (params.get(table) or {}):
                    raise BadWorld(f"{kind}.{symbol}.{field}: no such {table[:-1]}")
            if kind != "users":
                check_owner(f"{kind}.{symbol}", row)


def check_owner(path: str, row: Json) -> None:
    if "owner" not in row:
        raise BadWorld(f"{path}: owner is missing")
    if row["owner"] is None and row.get("organization") is None:
        raise BadWorld(f"{path}: an org-only row needs an organization")


class World:
    """One setup; every row of it is fresh."""

    def __init__(self, target: Target, params: Json) -> None:
        self.target = target
        self.store = target.store
        self.params = params
        self.organizations: dict[str, Organization] = {}
        self.users: dict[str, User] = {}
        self.collections: dict[str, Collection] = {}
        self.datasets: dict[str, Dataset] = {}
        self.runs: dict[str, Run] = {}

    def arrange(self) -> Json:
        answer = {
            "organizations": {s: self.add_organization(s) for s in self.part("organizations")},
            "users": {s: self.add_user(s, row) for s, row in self.part("users").items()},
            "collections": {s: self.add_collection(s, row) for s, row in self.part("collections").items()},
            "datasets": {s: self.add_dataset(s, row) for s, row in self.part("datasets").items()},
            "runs": {s: self.add_run(s, row) for s, row in self.part("runs").items()},
        }
        return answer

    def part(self, kind: str) -> Json:
        return self.params.get(kind) or {}

    def add_organization(self, symbol: str) -> Json:
        row = Organization(self.store.organizations.next_id(), symbol)
        self.organizations[symbol] = self.store.organizations.add(row)
        return {"id": row.id}

    def add_user(self, symbol: str, row: Json) -> Json:
        user_id = self.store.users.next_id()
        user = User(user_id, f"{symbol}.{user_id}@example.test", self.org_id(row))
        self.users[symbol] = self.store.users.add(user)
        key = "sk_" + secrets.token_hex(16)
        keys = self.store.revoked if row.get("api_key") == "revoked" else self.store.keys
        keys[key] = user.id
        return {"id": user.id, "email": user.email, "api_key": key}

    def add_collection(self, symbol: str, row: Json) -> Json:
        collection_id = self.store.collections.next_id()
        collection = Collection(collection_id, row.get("name", symbol), *self.ownership(row), updated_at=now())
        self.collections[symbol] = self.store.collections.add(collection)
        return {"id": collection_id}

    def add_dataset(self, symbol: str, row: Json) -> Json:
        dataset_id = self.store.datasets.next_id()
        dataset = Dataset(
            dataset_id,
            row.get("name") or symbol,
            *self.ownership(row),
            collection_id=self.collection_id(row),
            proprietary=bool(row.get("proprietary")),
        )
        self.datasets[symbol] = self.store.datasets.add(dataset)
        return {"id": dataset_id}

    def add_run(self, symbol: str, row: Json) -> Json:
        run_id = self.store.runs.next_id()
        dataset = row.get("dataset")
        run = Run(
            run_id,
            *self.ownership(row),
            dataset_id=None if dataset is None else self.datasets[dataset].id,
            collection_id=self.collection_id(row),
        )
        self.runs[symbol] = self.store.runs.add(run)
        return {"id": run_id}

    def ownership(self, row: Json) -> tuple[int | None, int | None, str | None]:
        """The owner's id, the organization's id and the author of a row."""
        org_id = self.org_id(row)
        if row["owner"] is None:
            return None, org_id, self.target.org_author(org_id or 0)
        owner = self.users[row["owner"]]
        return owner.id, org_id, owner.email

    def org_id(self, row: Json) -> int | None:
        symbol = row.get("organization")
        return None if symbol is None else self.organizations[symbol].id

    def collection_id(self, row: Json) -> int | None:
        symbol = row.get("collection")
        return None if symbol is None else self.collections[symbol].id
