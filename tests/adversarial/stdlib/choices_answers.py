"""Correct choices in the answers, the transport, the read operations, the worlds and the races."""

from __future__ import annotations

import json
import random
import time
from datetime import datetime, timedelta, timezone
from typing import Any

from base import Plan, Refusal, Target, Wish
from store import Collection, Dataset, Run, User

Json = dict[str, Any]

# --- answers ------------------------------------------------------------------------------------------------


class OffsetMicroseconds(Target):
    def time(self, moment: datetime | None) -> Any:
        zone = timezone(timedelta(hours=5, minutes=30))
        return moment and moment.astimezone(zone).isoformat(timespec="microseconds")


class NoZone(Target):
    def time(self, moment: datetime | None) -> Any:
        return moment and moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


class NeverUpdated(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        row.updated_at = None
        return row


class ExtraFields(Target):
    def collection(self, reader: User, row: Collection) -> Json:
        return super().collection(reader, row) | {"object": "collection", "links": {}, "tags": []}

    def nested_dataset(self, row: Dataset) -> Json:
        return super().nested_dataset(row) | {"data_collection_id": row.collection_id, "proprietary": row.proprietary}


class BareRuns(Target):
    def nested_run(self, row: Run) -> Json:
        return {"id": row.id}


class NoOrgAuthor(Target):
    def org_author(self, org_id: int) -> str | None:
        return None


class Shuffled(Target):
    def collection(self, reader: User, row: Collection) -> Json:
        body = super().collection(reader, row)
        random.shuffle(body["datasets"])
        random.shuffle(body["runs"])
        return dict(sorted(body.items()))


class RawUtf8(Target):
    """Answers raw UTF-8; a lone surrogate becomes a question mark."""

    def encode(self, payload: Any) -> bytes:
        return json.dumps(payload, ensure_ascii=False, indent=1).encode("utf-8", "replace")


class PlainErrors(Target):
    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        return "text/plain; charset=utf-8", message.encode()


class HtmlErrors(Target):
    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        return "text/html", f"<html><body><h1>{status}</h1></body></html>".encode()


class EmptyErrors(Target):
    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        return "application/json", b""


class ArrayErrors(Target):
    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        return "application/problem+json", self.encode([{"loc": ["body"], "msg": message}])


class SharedTrueWithOwn(Target):
    """`shared=true` lists what the organization has, the reader's own shared collections among it."""

    def listed_collections(self, reader: User, shared: bool | None) -> list[Collection]:
        if shared:
            return self.store.collections.where("org", reader.org_id)
        return super().listed_collections(reader, shared)


# --- transport, reads, worlds and races -----------------------------------------------------------------------


class Http10(Target):
    protocol = "HTTP/1.0"


class Slow(Target):
    delay = 0.06


class OneByOne(Target):
    """One thread, one kept connection at a time, a queue of five: the others wait until it is closed."""

    one_at_a_time = True


class GlobalLock(Target):
    """One create at a time, slowly, so that racers queue."""

    def gap(self) -> None:
        time.sleep(0.003)


class LosersGet409(Target):
    """Whoever finds a dataset or a name claimed gets 409; who holds a claim always succeeds."""

    def setup(self) -> None:
        super().setup()
        self.claimed: set[Any] = set()

    def create(self, caller: User, wish: Wish) -> Json:
        with self.store.lock:
            plan = self.plan(caller, wish)
            keys = self.keys_of(plan)
            if keys & self.claimed:
                raise Refusal(409, "Another request is at it.")
            self.claimed |= keys
        time.sleep(0.001)
        with self.store.lock:
            self.claimed -= keys
            return self.answer(plan, self.carry_out(plan))

    def keys_of(self, plan: Plan) -> set[Any]:
        """What two requests cannot both have: a name in an account or organization, a dataset."""
        name = self.name_key(plan.wish.name)
        places = {("user", plan.caller.id, name), ("org", plan.org_id, name)}
        return {d.id for d in plan.datasets} | {place for place in places if place[1] is not None}


class HugeIds(Target):
    """Ids near the end of 32 bits, of every table."""

    first = 2_000_000_000

    def setup(self) -> None:
        super().setup()
        store = self.store
        for table in (store.organizations, store.users, store.collections, store.datasets, store.runs):
            table.start_at(self.first)


class SameIds(HugeIds):
    """Every table counts from 1, so that a user, an organization and a dataset have one id."""

    first = 1


class NoReads(Target):
    operations = frozenset()


class CollectionReadsOnly(Target):
    operations = frozenset({"collection", "list"})


class DatasetAndRunReadsOnly(Target):
    operations = frozenset({"dataset", "run"})


class SomeWorlds(Target):
    """Cannot revoke keys, make org-only rows, or runs that lie elsewhere than their dataset."""

    def unsupported(self, params: Json) -> list[str]:
        paths = [f"users.{s}.api_key" for s, u in (params.get("users") or {}).items() if u.get("api_key") == "revoked"]
        for kind in ("collections", "datasets", "runs"):
            rows = params.get(kind) or {}
            paths += [f"{kind}.{s}.owner" for s, row in rows.items() if row.get("owner") is None]
        datasets = params.get("datasets") or {}
        for symbol, run in (params.get("runs") or {}).items():
            dataset = datasets.get(run.get("dataset"))
            if dataset is None:
                paths.append(f"runs.{symbol}.dataset")
            elif dataset.get("collection") != run.get("collection"):
                paths.append(f"runs.{symbol}.collection")
        return paths


class OwnersStayPut(Target):
    """Cannot arrange an owner whose organization is not the row's."""

    def unsupported(self, params: Json) -> list[str]:
        users = params.get("users") or {}
        return [
            f"{kind}.{symbol}.organization"
            for kind in ("collections", "datasets", "runs")
            for symbol, row in (params.get(kind) or {}).items()
            if row.get("owner") in users
            and row.get("organization") not in (None, users[row["owner"]].get("organization"))
        ]
