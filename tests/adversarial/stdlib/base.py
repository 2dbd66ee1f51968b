"""The honest implementation of POST /data-collections: one method per decision of the page."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from store import Collection, Dataset, Run, Store, User, now
from views import Views

LARGEST_ID = 2**31 - 1


class Refusal(Exception):
    """A request that fails, with the status it answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Wish:
    """What a valid body asks for; `body` keeps the rest for behaviours that look at too much."""

    name: str
    ids: list[int] | None
    body: dict[str, Any]


@dataclass
class Plan:
    """Everything a create will do, decided before anything is written."""

    caller: User
    wish: Wish
    datasets: list[Dataset]
    org_id: int | None
    promoted: list[Dataset] = field(default_factory=list)
    promoted_runs: list[Run] = field(default_factory=list)
    moved_runs: list[Run] = field(default_factory=list)


class Target(Views):
    """Reading: attach visible, duplicate by-visibility, all runs move from wherever they are, all is listed."""

    auth_first = True

    def __init__(self) -> None:
        self.store = Store(self.name_key)
        self.setup()

    def setup(self) -> None:
        """For behaviours that keep state of their own."""

    # --- authentication -------------------------------------------------------------------

    def authenticate(self, header: str | None) -> User:
        scheme, _, key = (header or "").partition(" ")
        if not self.scheme_accepted(scheme):
            raise Refusal(401, "Authentication failed.")
        user = self.user_of_key(key)
        if user is None:
            raise Refusal(401, "Authentication failed.")
        return user

    def scheme_accepted(self, scheme: str) -> bool:
        return scheme.lower() == "bearer"

    def user_of_key(self, key: str) -> User | None:
        return self.store.users.get(self.store.keys.get(key))

    # --- the body -------------------------------------------------------------------------

    def check_content_type(self, content_type: str | None) -> None:
        """Whatever it is called, the body is read as JSON."""

    def parse(self, raw: bytes) -> Any:
        try:
            return json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Refusal(422, "The body is not JSON.") from None

    def read_wish(self, raw: bytes) -> Wish:
        body = self.parse(raw)
        if not isinstance(body, dict):
            raise Refusal(422, "The body is not an object.")
        name = self.read_name(body)
        ids = self.read_ids(body)
        return Wish(self.check_name_form(name), ids, body)

    def read_name(self, body: dict[str, Any]) -> str:
        name = body.get("name")
        if not isinstance(name, str):
            raise Refusal(422, "name: a string is required.")
        return name

    def check_name_form(self, name: str) -> str:
        if name == "":
            raise Refusal(400, "Name is empty.")
        return name

    def read_ids(self, body: dict[str, Any]) -> list[int] | None:
        ids = body.get("dataset_ids")
        if ids is None:
            return None
        if not isinstance(ids, list):
            raise Refusal(422, "dataset_ids: an array is required.")
        return self.unique([self.to_id(value) for value in ids])

    def to_id(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal(422, "dataset_ids: integers are required.")
        return value

    def unique(self, ids: list[int]) -> list[int]:
        return list(dict.fromkeys(ids))

    # --- which datasets -------------------------------------------------------------------

    def select(self, caller: User, ids: list[int]) -> list[Dataset]:
        datasets = [self.find(caller, dataset_id) for dataset_id in ids]
        for dataset in datasets:
            self.check_dataset(caller, dataset)
        self.check_mix(caller, datasets)
        return datasets

    def find(self, caller: User, dataset_id: int) -> Dataset:
        dataset = self.store.datasets.get(dataset_id)
        if dataset is None or not self.attachable(caller, dataset):
            raise Refusal(404, f"Dataset {dataset_id} not found.")
        return dataset

    def attachable(self, caller: User, dataset: Dataset) -> bool:
        return self.visible(caller, dataset)

    def check_dataset(self, caller: User, dataset: Dataset) -> None:
        if self.proprietary(caller, dataset):
            raise Refusal(400, f"Dataset {dataset.id} is proprietary.")
        if self.taken(caller, dataset):
            raise Refusal(400, f"Dataset {dataset.id} is already in a collection.")
        if dataset.org_id is not None and caller.org_id is None:
            raise Refusal(400, "You are not in an organization.")
        if self.stale(caller, dataset):
            self.check_stale(dataset)

    def proprietary(self, caller: User, dataset: Dataset) -> bool:
        return dataset.proprietary

    def taken(self, caller: User, dataset: Dataset) -> bool:
        return dataset.collection_id is not None

    def stale(self, caller: User, dataset: Dataset) -> bool:
        return dataset.org_id is not None and dataset.org_id != caller.org_id

    def check_stale(self, dataset: Dataset) -> None:
        raise Refusal(400, f"Dataset {dataset.id} belongs to another organization.")

    def check_mix(self, caller: User, datasets: list[Dataset]) -> None:
        """Private datasets of others are never visible, so `find` refused them; this is the page's own rule."""
        foreign = any(d.org_id is None and d.user_id != caller.id for d in datasets)
        if foreign and any(self.shared(caller, d) for d in datasets):
            raise Refusal(400, "Some datasets cannot be promoted.")

    # --- visibility, promotion, runs ------------------------------------------------------

    def shared(self, caller: User, dataset: Dataset) -> bool:
        return dataset.org_id is not None and dataset.org_id == caller.org_id

    def resulting_org(self, caller: User, datasets: list[Dataset]) -> int | None:
        return caller.org_id if any(self.shared(caller, d) for d in datasets) else None

    def to_promote(self, caller: User, datasets: list[Dataset], org_id: int | None) -> list[Dataset]:
        if org_id is None:
            return []
        return [d for d in datasets if d.org_id is None and d.user_id == caller.id]

    def runs_to_promote(self, caller: User, datasets: list[Dataset], promoted: list[Dataset]) -> list[Run]:
        return [run for run in self.runs_of(promoted) if run.user_id == caller.id]

    def runs_to_move(self, caller: User, datasets: list[Dataset], org_id: int | None) -> list[Run]:
        return self.runs_of(datasets)

    def runs_of(self, datasets: list[Dataset]) -> list[Run]:
        return [run for dataset in datasets for run in self.store.runs.where("dataset", dataset.id)]

    # --- names ----------------------------------------------------------------------------

    def name_key(self, name: str) -> Any:
        return name

    def check_name_free(self, plan: Plan) -> None:
        if self.own_name_taken(plan.caller, plan.wish.name, plan.org_id):
            raise Refusal(400, "You have a collection of that name.")
        if self.org_name_taken(plan.caller, plan.wish.name, plan.org_id):
            raise Refusal(400, "Your organization has a collection of that name.")

    def own_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        return bool(self.store.collections.where("owner_name", (caller.id, self.name_key(name))))

    def org_name_taken(self, caller: User, name: str, org_id: int | None) -> bool:
        return org_id is not None and bool(self.store.collections.where("org_name", (org_id, self.name_key(name))))

    # --- check, then act ------------------------------------------------------------------

    def create(self, caller: User, wish: Wish) -> dict[str, Any]:
        with self.exclusive(caller, wish):
            plan = self.plan(caller, wish)
            self.gap()
            collection = self.carry_out(plan)
            return self.answer(plan, collection)

    def exclusive(self, caller: User, wish: Wish) -> AbstractContextManager[Any]:
        """What keeps two creates apart; one transaction at a time."""
        return self.store.lock

    def gap(self) -> None:
        """Where careless code lets another request in between its check and its act."""

    def plan(self, caller: User, wish: Wish) -> Plan:
        with self.store.lock:
            datasets = self.select(caller, wish.ids or [])
            plan = self.effects(caller, wish, datasets)
            self.check_name_free(plan)
            return plan

    def effects(self, caller: User, wish: Wish, datasets: list[Dataset]) -> Plan:
        org_id = self.resulting_org(caller, datasets)
        promoted = self.to_promote(caller, datasets, org_id)
        promoted_runs = self.runs_to_promote(caller, datasets, promoted)
        moved_runs = self.runs_to_move(caller, datasets, org_id)
        return Plan(caller, wish, datasets, org_id, promoted, promoted_runs, moved_runs)

    def carry_out(self, plan: Plan) -> Collection:
        with self.store.lock:
            collection = self.store.collections.add(self.new_collection(plan))
            self.attach(plan, collection)
            self.promote(plan)
            self.move_runs(plan, collection)
            return collection

    def new_collection(self, plan: Plan) -> Collection:
        caller = plan.caller
        row = Collection(self.new_id(), plan.wish.name, caller.id, plan.org_id, caller.email)
        row.updated_at = row.created_at
        return row

    def new_id(self) -> int:
        return self.store.collections.next_id()

    def attach(self, plan: Plan, collection: Collection) -> None:
        for dataset in plan.datasets:
            self.store.datasets.change(dataset, collection_id=collection.id)

    def promote(self, plan: Plan) -> None:
        for dataset in plan.promoted:
            self.store.datasets.change(dataset, org_id=plan.org_id, updated_at=now())
        for run in plan.promoted_runs:
            self.store.runs.change(run, org_id=plan.org_id)

    def move_runs(self, plan: Plan, collection: Collection) -> None:
        for run in plan.moved_runs:
            self.store.runs.change(run, collection_id=collection.id)
