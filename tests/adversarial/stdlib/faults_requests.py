"""Faults in authentication, the body's validation and ownership."""

from __future__ import annotations

import json
from typing import Any

from base import Plan, Refusal, Target, Wish
from registry import faulty
from store import Collection, User

# --- authentication ---------------------------------------------------------------------------


@faulty(
    "aut-revoked-cached", "AUT-2", note="the first use of a revoked key is refused, and fills the cache for the next"
)
class RevokedCached(Target):
    def setup(self) -> None:
        self.cache: dict[str, int] = {}

    def user_of_key(self, key: str) -> User | None:
        if key in self.store.revoked and key not in self.cache:
            self.cache[key] = self.store.revoked[key]
            return None
        return self.store.users.get(self.cache.get(key)) or super().user_of_key(key)


@faulty("aut-revoked-creates", "AUT-2", "ATO-1", note="401, but the work is done before the key's state is asked")
class RevokedCreates(Target):
    def authenticate(self, header: str | None) -> User:
        key = (header or "").partition(" ")[2]
        user = self.store.users.get(self.store.revoked.get(key))
        return user or super().authenticate(header)

    def create(self, caller: User, wish: Wish) -> Any:
        body = super().create(caller, wish)
        with self.store.lock:
            revoked = caller.id in self.store.revoked.values()
        if revoked:
            raise Refusal(401, "Authentication failed.")
        return body


@faulty("aut-case-insensitive-key", "AUT-1", note="keys are compared with a case-insensitive collation")
class CaseInsensitiveKey(Target):
    def user_of_key(self, key: str) -> User | None:
        return super().user_of_key(key.lower())


@faulty("aut-key-prefix", "AUT-1", note="only a key's first 24 characters are compared")
class KeyPrefix(Target):
    def setup(self) -> None:
        self.prefixes: dict[str, int] = {}
        self.seen = 0

    def user_of_key(self, key: str) -> User | None:
        with self.store.lock:
            if self.seen != len(self.store.keys):
                self.prefixes = {k[:24]: user for k, user in self.store.keys.items()}
                self.seen = len(self.store.keys)
        return self.store.users.get(self.prefixes.get(key[:24])) if len(key) >= 24 else None


@faulty("aut-any-scheme", "AUT-1", note="the last word of the header is the key, whatever the scheme")
class AnyScheme(Target):
    def authenticate(self, header: str | None) -> User:
        return super().authenticate("Bearer " + (header or "").split(" ")[-1])


@faulty("aut-trailing-words", "AUT-1", note="only the second word is looked at: `Bearer KEY nonsense` passes")
class TrailingWords(Target):
    def user_of_key(self, key: str) -> User | None:
        return super().user_of_key(key.split(" ")[0])


@faulty("aut-missing-403", "AUT-1", note="a framework's default: no header at all is 403")
class Missing403(Target):
    def authenticate(self, header: str | None) -> User:
        if header is None:
            raise Refusal(403, "Not authenticated")
        return super().authenticate(header)


# --- the body -----------------------------------------------------------------------------------


@faulty("nam-empty-422", "NAM-1", note="minLength 1 in the schema: an empty name is 422")
class Empty422(Target):
    def check_name_form(self, name: str) -> str:
        if name == "":
            raise Refusal(422, "name: at least one character.")
        return name


@faulty("bod-null-name-400", "BOD-1", note="`not body.get(name)`: a null name is an empty one, 400")
class NullName400(Target):
    def read_name(self, body: dict[str, Any]) -> str:
        if "name" in body and body["name"] is None:
            raise Refusal(400, "Name is empty.")
        return super().read_name(body)


@faulty("bod-number-name", "BOD-1", note="a number is made a string: name 42 answers 201")
class NumberName(Target):
    def read_name(self, body: dict[str, Any]) -> str:
        if isinstance(body.get("name"), int | float):
            return str(body["name"])
        return super().read_name(body)


@faulty("bod-not-json-400", "BOD-1", note="what does not parse is 400 instead of 422")
class NotJson400(Target):
    def parse(self, raw: bytes) -> Any:
        try:
            return super().parse(raw)
        except Refusal:
            raise Refusal(400, "Bad Request") from None


@faulty("bod-first-of-array", "BOD-1", note="an array with one object is taken for the object")
class FirstOfArray(Target):
    def parse(self, raw: bytes) -> Any:
        body = super().parse(raw)
        return body[0] if isinstance(body, list) and len(body) == 1 else body


@faulty("bod-falsy-ids", "BOD-2", note="`dataset_ids or []`: {}, empty string, 0 and false pass as nothing")
class FalsyIds(Target):
    def read_ids(self, body: dict[str, Any]) -> list[int] | None:
        return super().read_ids(body) if body.get("dataset_ids") else None


@faulty("bod-single-id", "BOD-2", note="a lone integer is wrapped in an array")
class SingleId(Target):
    def read_ids(self, body: dict[str, Any]) -> list[int] | None:
        ids = body.get("dataset_ids")
        return super().read_ids(body | {"dataset_ids": [ids]} if isinstance(ids, int) else body)


@faulty("bod-null-elements", "BOD-2", note="null elements are filtered away")
class NullElements(Target):
    def read_ids(self, body: dict[str, Any]) -> list[int] | None:
        ids = body.get("dataset_ids")
        kept = [i for i in ids if i is not None] if isinstance(ids, list) else ids
        return super().read_ids(body | {"dataset_ids": kept})


@faulty("bod-fractions-cut", "BOD-2", note="int(): 101.5 becomes 101")
class FractionsCut(Target):
    def to_id(self, value: Any) -> int:
        return super().to_id(int(value) if isinstance(value, float) and abs(value) < 1e15 else value)


@faulty("bod-bad-element-404", "BOD-2", note='ids are looked up as they come: "x" is simply not found, 404')
class BadElement404(Target):
    def to_id(self, value: Any) -> int:
        if isinstance(value, str) and not value.isdigit():
            raise Refusal(404, "Dataset not found.")
        return super().to_id(value)


@faulty("bod-huge-id-500", "BOD-3", note="an id beyond 64 bits overflows the database driver")
class HugeId500(Target):
    def to_id(self, value: Any) -> int:
        super().to_id(value).to_bytes(8, "big", signed=True)
        return value


@faulty("bod-surrogate-500", "BOD-3", note="a lone surrogate cannot be written as UTF-8, after the commit")
class Surrogate500(Target):
    def encode(self, payload: Any) -> bytes:
        return json.dumps(payload, ensure_ascii=False).encode("utf-8")


@faulty("bod-nul-500", "BOD-3", note="a NUL in a name is refused by the database with an exception")
class Nul500(Target):
    def new_collection(self, plan: Plan) -> Collection:
        if "\0" in plan.wish.name:
            raise ValueError("a string literal cannot contain NUL characters")
        return super().new_collection(plan)


@faulty("bod-nesting-500", "BOD-3", note="only JSON errors are caught: deep nesting is a RecursionError")
class Nesting500(Target):
    def parse(self, raw: bytes) -> Any:
        try:
            return json.loads(raw.decode("utf-8-sig"))
        except ValueError:
            raise Refusal(422, "The body is not JSON.") from None


@faulty("bod-invalid-utf8-500", "BOD-3", note="the body is decoded before the try block")
class InvalidUtf8(Target):
    def parse(self, raw: bytes) -> Any:
        raw.decode("utf-8")
        return super().parse(raw)


# --- ownership ------------------------------------------------------------------------------------


@faulty("own-first-datasets-user", "OWN-1", note="the owner is copied from the first dataset, when it has one")
class FirstDatasetsUser(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        if plan.datasets and plan.datasets[0].user_id is not None:
            row.user_id = plan.datasets[0].user_id
        return row


@faulty("own-org-only-bundle", "OWN-2", "OWN-1", note="a collection of nothing but org-only datasets becomes org-only")
class OrgOnlyBundle(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        if plan.datasets and all(d.user_id is None for d in plan.datasets):
            row.user_id = None
        return row


@faulty("own-author-of-shared", "OWN-1", note="shared collections name the first shared dataset's author")
class AuthorOfShared(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        shared = [d for d in plan.datasets if self.shared(plan.caller, d)]
        row.author_email = shared[0].author_email if shared else row.author_email
        return row


class BodyOrg(Target):
    def effects(self, caller: User, wish: Wish, datasets: list[Any]) -> Plan:
        plan = super().effects(caller, wish, datasets)
        plan.org_id = self.body_org(plan, wish.body)
        return plan

    def body_org(self, plan: Plan, body: dict[str, Any]) -> int | None:
        raise NotImplementedError


@faulty("own-body-shares", "OWN-3", "VIS-1", note="org_id in the body shares, when it is the caller's own organization")
class BodyShares(BodyOrg):
    def body_org(self, plan: Plan, body: dict[str, Any]) -> int | None:
        own = plan.caller.org_id is not None and body.get("org_id") == plan.caller.org_id
        return plan.caller.org_id if own else plan.org_id


@faulty("own-body-unshares", "OWN-3", "VIS-3", note="an explicit org_id null keeps a collection private")
class BodyUnshares(BodyOrg):
    def body_org(self, plan: Plan, body: dict[str, Any]) -> int | None:
        return None if "org_id" in body and body["org_id"] is None else plan.org_id


@faulty("own-body-user", "OWN-3", "OWN-1", note="user_id in the body becomes the owner, when it is a colleague")
class BodyUser(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        wanted = plan.wish.body.get("user_id")
        owner = self.store.users.get(wanted) if isinstance(wanted, int) else None
        if owner and plan.caller.org_id and owner.org_id == plan.caller.org_id:
            row.user_id = owner.id
        return row


@faulty("own-body-overwrites", "OWN-3", note="mass assignment: author_email and id of the body are taken over")
class BodyOverwrites(Target):
    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        email = plan.wish.body.get("author_email")
        row.author_email = email if isinstance(email, str) else row.author_email
        wanted = plan.wish.body.get("id")
        free = type(wanted) is int and wanted > 0 and self.store.collections.get(wanted) is None
        row.id = wanted if free else row.id
        return row


@faulty("own-body-runs", "OWN-3", "RUN-2", note="runs in the body: the caller's runs with those ids move as well")
class BodyRuns(Target):
    def effects(self, caller: User, wish: Wish, datasets: list[Any]) -> Plan:
        plan = super().effects(caller, wish, datasets)
        ids = wish.body.get("runs")
        named = [self.store.runs.get(i) for i in ids if type(i) is int] if isinstance(ids, list) else []
        plan.moved_runs += [run for run in named if run and run.user_id == caller.id and run not in plan.moved_runs]
        return plan
