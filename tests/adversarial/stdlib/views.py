"""What the target shows: who may read a row, and how rows look in JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import Collection, Dataset, Run, Store, User

if TYPE_CHECKING:
    from base import Plan

Json = dict[str, Any]
Owned = Collection | Dataset | Run


class Views:
    store: Store
    operations = frozenset({"list", "collection", "dataset", "run"})
    max_body = 16 * 1024 * 1024
    protocol = "HTTP/1.1"
    delay = 0.0
    one_at_a_time = False

    # --- who may read ---------------------------------------------------------------------

    def visible(self, reader: User, row: Owned) -> bool:
        return row.user_id == reader.id or (row.org_id is not None and row.org_id == reader.org_id)

    def readable(self, reader: User, row: Owned) -> bool:
        """Reads only; behaviours may differ here from what may be attached."""
        return row.user_id == reader.id or (row.org_id is not None and row.org_id == reader.org_id)

    def listed_collections(self, reader: User, shared: bool | None) -> list[Collection]:
        own = self.store.collections.where("owner", reader.id)
        of_org = self.store.collections.where("org", reader.org_id) if reader.org_id is not None else []
        others = [c for c in of_org if c.user_id != reader.id]
        chosen = own + others if shared is None else others if shared else own
        return sorted(chosen, key=lambda c: -c.id)

    # --- how rows look --------------------------------------------------------------------

    def time(self, moment: datetime | None) -> Any:
        return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def user(self, row: Owned) -> Any:
        owner = self.store.owner(row)
        return None if owner is None else {"id": owner.id, "email": owner.email}

    def nested_dataset(self, row: Dataset) -> Json:
        return {
            "id": row.id,
            "name": row.name,
            "user": self.user(row),
            "org_id": row.org_id,
            "author_email": row.author_email,
            "created_at": self.time(row.created_at),
            "updated_at": self.time(row.updated_at),
        }

    def nested_run(self, row: Run) -> Json:
        return {
            "id": row.id,
            "user": self.user(row),
            "run_type_id": 1,
            "run_source_id": 1,
            "api_key_id": None,
            "org_id": row.org_id,
            "author_email": row.author_email,
            "dataset_id": row.dataset_id,
            "data_collection_id": row.collection_id,
        }

    def datasets_of(self, reader: User, row: Collection) -> list[Dataset]:
        return self.store.datasets.where("collection", row.id)

    def runs_in(self, reader: User, row: Collection) -> list[Run]:
        return self.store.runs.where("collection", row.id)

    def collection(self, reader: User, row: Collection) -> Json:
        return {
            "id": row.id,
            "user": self.user(row),
            "name": row.name,
            "org_id": row.org_id,
            "author_email": row.author_email,
            "datasets": [self.nested_dataset(d) for d in self.datasets_of(reader, row)],
            "runs": [self.nested_run(r) for r in self.runs_in(reader, row)],
            "created_at": self.time(row.created_at),
            "updated_at": self.time(row.updated_at),
        }

    def answer(self, plan: Plan, row: Collection) -> Any:
        """The 201's body."""
        return self.collection(plan.caller, row)

    def element(self, reader: User, row: Collection) -> Json:
        """One element of the list's items."""
        return self.collection(reader, row)

    def stored(self, reader: User, row: Collection) -> Json:
        """GET /data-collections/{id}."""
        return self.collection(reader, row)

    def dataset(self, reader: User, row: Dataset) -> Json:
        return self.nested_dataset(row) | {
            "dataset_type_id": 1,
            "data_collection_id": row.collection_id,
            "selected_metrics": {},
            "records": [],
            "runs": [run.id for run in self.store.runs.where("dataset", row.id) if self.readable(reader, run)],
            "evaluations": [],
        }

    def run(self, reader: User, row: Run) -> Json:
        owner = self.store.owner(row)
        dataset = self.store.datasets.get(row.dataset_id)
        collection = self.store.collections.get(row.collection_id)
        return {
            "id": row.id,
            "user": owner.email if owner else None,
            "author_email": row.author_email,
            "run_type": "standard",
            "run_source": "api",
            "dataset": dataset.name if dataset else None,
            "data_collection": collection.name if collection else None,
            "org_id": row.org_id,
            "number_of_metrics": 1,
            "started_at": self.time(row.created_at),
            "finished_at": None,
            "evaluations": [],
        }

    def created(self, payload: Any) -> tuple[int, Any]:
        return 201, payload

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        return "application/json", self.encode({"detail": message})

    def encode(self, payload: Any) -> bytes:
        return json.dumps(payload).encode("ascii")

    # --- what the provider states can arrange -----------------------------------------------

    def unsupported(self, params: Json) -> list[str]:
        return []

    def org_author(self, org_id: int) -> str | None:
        return f"admin.{org_id}@example.test"
