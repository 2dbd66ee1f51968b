"""Faults in atomicity, isolation and concurrency."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from base import Plan, Refusal, Target, Wish
from registry import faulty
from store import Collection, Dataset, User

Rows = list[Dataset]

# --- atomicity ------------------------------------------------------------------------------------


@faulty("ato-promotion-stays", "ATO-1", note="promotes, then finds the name taken, and leaves the promotion")
class PromotionStays(Target):
    def check_name_free(self, plan: Plan) -> None:
        self.promote(plan)
        super().check_name_free(plan)


@faulty("ato-promotes-while-checking", "ATO-1", note="promotes in the checking loop: a later bad id leaves it done")
class PromotesWhileChecking(Target):
    def select(self, caller: User, ids: list[int]) -> Rows:
        good: Rows = []
        for dataset_id in ids:
            dataset = self.find(caller, dataset_id)
            self.check_dataset(caller, dataset)
            good.append(dataset)
            org_id = self.resulting_org(caller, good)
            mine = self.to_promote(caller, good, org_id)
            runs = self.runs_to_promote(caller, good, mine)
            self.promote(Plan(caller, Wish("", None, {}), good, org_id, mine, runs))
        return good


@faulty(
    "ato-frees-the-taken",
    "ATO-1",
    "ATT-3",
    note="the clean-up detaches every selected dataset of the caller, the taken ones too",
)
class FreesTheTaken(Target):
    def create(self, caller: User, wish: Wish) -> Any:
        try:
            return super().create(caller, wish)
        except Refusal:
            self.release(caller, wish.ids or [])
            raise

    def release(self, caller: User, ids: list[int]) -> None:
        with self.store.lock:
            for dataset in filter(None, map(self.store.datasets.get, ids)):
                if dataset.user_id == caller.id:
                    self.store.datasets.change(dataset, collection_id=None)


@faulty("ato-frees-runs", "ATO-1", note="the clean-up takes the selection's runs out of the collections they lie in")
class FreesRuns(FreesTheTaken):
    def release(self, caller: User, ids: list[int]) -> None:
        with self.store.lock:
            rows = [d for d in map(self.store.datasets.get, ids) if d and d.collection_id is None]
            for run in self.runs_of([d for d in rows if self.visible(caller, d)]):
                self.store.runs.change(run, collection_id=None)


@faulty(
    "ato-unshares-all", "ATO-1", note="a duplicate name rolls the whole selection back to private, not the promoted"
)
class UnsharesAll(Target):
    def check_name_free(self, plan: Plan) -> None:
        try:
            super().check_name_free(plan)
        except Refusal:
            for dataset in plan.datasets if plan.promoted else []:
                self.store.datasets.change(dataset, org_id=None)
            raise


@faulty("ato-empty-collection-left", "ATO-1", "CRE-1", note="an unknown id leaves an empty private collection behind")
class EmptyCollectionLeft(Target):
    def plan(self, caller: User, wish: Wish) -> Plan:
        try:
            return super().plan(caller, wish)
        except Refusal as refusal:
            if refusal.status == 404:
                self.carry_out(Plan(caller, wish, [], None))
            raise


@faulty(
    "ato-name-reserved",
    "ATO-2",
    "ATO-1",
    note="the name is reserved before the datasets are checked, and kept on failure",
)
class NameReserved(Target):
    def setup(self) -> None:
        self.reserved: set[tuple[int, str]] = set()

    def plan(self, caller: User, wish: Wish) -> Plan:
        with self.store.lock:
            if (caller.id, wish.name) in self.reserved:
                raise Refusal(400, "Name taken.")
            self.reserved.add((caller.id, wish.name))
            return super().plan(caller, wish)


@faulty("ato-lock-kept", "ATO-2", note="datasets are marked busy while checked; a name that is taken leaves the mark")
class LockKept(Target):
    def setup(self) -> None:
        self.busy: set[int] = set()

    def check_name_free(self, plan: Plan) -> None:
        if any(d.id in self.busy for d in plan.datasets):
            raise Refusal(409, "A dataset is busy.")
        marks = {d.id for d in plan.datasets}
        self.busy |= marks
        super().check_name_free(plan)
        self.busy -= marks


@faulty("ato-two-of-each", "CRE-1", note="a retry after the commit: a mixed success leaves a second, empty collection")
class TwoOfEach(Target):
    def carry_out(self, plan: Plan) -> Collection:
        if plan.promoted:
            self.store.collections.add(self.new_collection(plan))
        return super().carry_out(plan)


# --- isolation ------------------------------------------------------------------------------------


@faulty(
    "iso-hidden-namesake-dataset", "ISO-1", note="a private dataset of somebody else, named like mine, is a conflict"
)
class HiddenNamesake(Target):
    def check_dataset(self, caller: User, dataset: Dataset) -> None:
        super().check_dataset(caller, dataset)
        for other in self.store.datasets.where("name", dataset.name):
            owner = self.store.owner(other)
            colleague = owner is not None and owner is not caller and owner.org_id is not None
            if colleague and owner.org_id == caller.org_id and other.org_id is None:
                raise Refusal(400, "The dataset's name is ambiguous.")


@faulty("iso-colleagues-quota", "ISO-1", note="colleagues' private collections count to a limit of three")
class ColleaguesQuota(Target):
    def check_name_free(self, plan: Plan) -> None:
        super().check_name_free(plan)
        members = self.store.users.where("org", plan.caller.org_id) if plan.caller.org_id is not None else []
        others = [u for u in members if u.id != plan.caller.id]
        hidden = [c for u in others for c in self.store.collections.where("owner", u.id) if c.org_id is None]
        if len(hidden) > 2:
            raise Refusal(400, "Your organization has too many collections.")


# --- concurrency ----------------------------------------------------------------------------------

Locks = defaultdict[Any, threading.RLock]


class Gap(Target):
    """Check and act are each a transaction; a millisecond lies between them."""

    def setup(self) -> None:
        self.locks: Locks = defaultdict(threading.RLock)

    def gap(self) -> None:
        time.sleep(0.001)

    def exclusive(self, caller: User, wish: Wish) -> AbstractContextManager[Any]:
        return nullcontext()

    def lock_of(self, key: Any) -> threading.RLock:
        with self.store.lock:
            return self.locks[key]

    def create(self, caller: User, wish: Wish) -> Any:
        with self.exclusive(caller, wish):
            plan = self.plan(caller, wish)
            self.gap()
            with self.store.lock:
                return self.answer(plan, self.carry_out(plan))


@faulty("con-no-lock", "CON-1", "CON-2", note="nothing keeps two requests apart")
class NoLock(Gap):
    pass


@faulty("con-lock-per-user", "CON-1", "CON-2", note="one request per account: colleagues race for datasets and names")
class LockPerUser(Gap):
    def exclusive(self, caller: User, wish: Wish) -> AbstractContextManager[Any]:
        return self.lock_of(caller.id)


@faulty("con-lock-per-first-id", "CON-1", note="locks name and first dataset only: [a, c] and [b, c] race for c")
class LockPerFirstId(Gap):
    def exclusive(self, caller: User, wish: Wish) -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(self.lock_of(wish.name))
        if wish.ids:
            stack.enter_context(self.lock_of(wish.ids[0]))
        return stack


@faulty("con-name-unlocked", "CON-2", note="datasets are checked again when acting, the name is not")
class NameUnlocked(Gap):
    def carry_out(self, plan: Plan) -> Collection:
        self.select(plan.caller, plan.wish.ids or [])
        return super().carry_out(plan)


@faulty(
    "con-org-name-unlocked",
    "CON-2",
    note="the act checks datasets and the account's names again, not the organization's",
)
class OrgNameUnlocked(NameUnlocked):
    def carry_out(self, plan: Plan) -> Collection:
        if self.own_name_taken(plan.caller, plan.wish.name, plan.org_id):
            raise Refusal(400, "Name taken.")
        return super().carry_out(plan)


@faulty("con-datasets-unlocked", "CON-1", note="the name has a unique index, the datasets are not checked again")
class DatasetsUnlocked(Gap):
    def carry_out(self, plan: Plan) -> Collection:
        self.check_name_free(plan)
        return super().carry_out(plan)


@faulty("con-deadlock-500", "CON-3", note="rows are locked in the order of the request: [a, b] against [b, a] is a 500")
class Deadlock(Gap):
    def create(self, caller: User, wish: Wish) -> Any:
        with ExitStack() as stack:
            for key in [*(wish.ids or []), "names"]:
                lock = self.lock_of(key)
                if not lock.acquire(timeout=0.5):
                    raise TimeoutError("deadlock detected")
                stack.callback(lock.release)
                self.gap()
            return super().create(caller, wish)


@faulty(
    "con-singleton-caller",
    "CON-1",
    "OWN-1",
    note="the service keeps the caller in an attribute; another thread replaces it",
)
class SingletonCaller(Gap):
    def create(self, caller: User, wish: Wish) -> Any:
        self.caller = caller
        return super().create(caller, wish)

    def carry_out(self, plan: Plan) -> Collection:
        self.check_again(plan)
        return super().carry_out(plan)

    def check_again(self, plan: Plan) -> None:
        self.select(plan.caller, plan.wish.ids or [])
        self.check_name_free(plan)

    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        row.user_id, row.author_email = self.caller.id, self.caller.email
        return row


@faulty("con-disjoint-409", "CON-1", note="a version number per account: disjoint requests of one caller lose with 409")
class Disjoint409(Gap):
    def setup(self) -> None:
        super().setup()
        self.versions: defaultdict[int, int] = defaultdict(int)

    def create(self, caller: User, wish: Wish) -> Any:
        wish.body["\0version"] = self.versions[caller.id]
        return super().create(caller, wish)

    def carry_out(self, plan: Plan) -> Collection:
        if self.versions[plan.caller.id] != plan.wish.body["\0version"]:
            raise Refusal(409, "Somebody else was faster.")
        self.versions[plan.caller.id] += 1
        return super().carry_out(plan)


@faulty(
    "con-lost-promotion",
    "CON-1",
    "PRO-1",
    note="the last of an account's concurrent requests overwrites who is promoted",
)
class LostPromotion(Gap):
    def setup(self) -> None:
        super().setup()
        self.pending: dict[int, Rows] = {}

    def plan(self, caller: User, wish: Wish) -> Plan:
        plan = super().plan(caller, wish)
        self.pending[caller.id] = plan.promoted
        return plan

    def carry_out(self, plan: Plan) -> Collection:
        self.select(plan.caller, plan.wish.ids or [])
        self.check_name_free(plan)
        plan.promoted = [d for d in plan.promoted if d in self.pending[plan.caller.id]]
        return super().carry_out(plan)


@faulty("con-same-id", "CON-1", "CRE-1", note="max(id) + 1 is read before the act: two collections get one id")
class SameId(Gap):
    def create(self, caller: User, wish: Wish) -> Any:
        with self.exclusive(caller, wish):
            plan = self.plan(caller, wish)
            with self.store.lock:
                plan.wish.body["\0id"] = max(self.store.collections.rows, default=13) + 1
            self.gap()
            with self.store.lock:
                self.select(caller, wish.ids or [])
                self.check_name_free(plan)
                return self.answer(plan, self.carry_out(plan))

    def new_collection(self, plan: Plan) -> Collection:
        row = super().new_collection(plan)
        row.id = plan.wish.body["\0id"]
        return row
