"""Faults in visibility, promotion and attachment."""

from __future__ import annotations

from typing import Any

from base import Plan, Refusal, Target, Wish
from registry import faulty
from store import Collection, Dataset, Run, User, now

Rows = list[Dataset]

# --- visibility -------------------------------------------------------------------------------


@faulty("vis-null-shares", "VIS-1", note="an explicit null is all([]): shared for members; absent is private")
class NullShares(Target):
    def effects(self, caller: User, wish: Wish, datasets: Rows) -> Plan:
        plan = super().effects(caller, wish, datasets)
        if "dataset_ids" in wish.body and wish.ids is None:
            plan.org_id = caller.org_id
        return plan


@faulty(
    "vis-remembered-per-user", "VIS-2", "PRO-5", note="after a mixed success an account's private selection is mixed"
)
class RememberedMix(Target):
    def setup(self) -> None:
        self.mixers: set[int] = set()

    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        return caller.org_id if datasets and caller.id in self.mixers else super().resulting_org(caller, datasets)

    def carry_out(self, plan: Plan) -> Collection:
        if plan.promoted:
            self.mixers.add(plan.caller.id)
        return super().carry_out(plan)


@faulty("vis-org-only-is-no-share", "VIS-4", note="only rows with a user count as shared, unless all are shared")
class OrgOnlyIsNoShare(Target):
    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        shares = [self.shared(caller, d) for d in datasets]
        owned = [self.shared(caller, d) and d.user_id is not None for d in datasets]
        return caller.org_id if any(owned) or (shares and all(shares)) else None


@faulty("vis-majority-of-many", "VIS-4", note="from four datasets on, the majority decides")
class Majority(Target):
    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        if len(datasets) < 4:
            return super().resulting_org(caller, datasets)
        shares = sum(self.shared(caller, d) for d in datasets)
        return caller.org_id if 2 * shares >= len(datasets) else None


@faulty(
    "vis-first-page", "VIS-4", note="looks at the first ten datasets only: a dozen with the shared one last is private"
)
class FirstPage(Target):
    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        return super().resulting_org(caller, datasets[:10])


@faulty("vis-former-members-private", "VIS-3", "VIS-4", note="shared is judged by the owner's present organization")
class FormerMembersPrivate(Target):
    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        return super().resulting_org(caller, [d for d in datasets if self.still_member(d)])

    def still_member(self, dataset: Dataset) -> bool:
        owner = self.store.owner(dataset)
        return owner is None or owner.org_id == dataset.org_id


@faulty("vis-no-org-mixed-passes", "VIS-5", note="without an organization all-visible is refused, a mix is private")
class NoOrgMixedPasses(Target):
    def check_dataset(self, caller: User, dataset: Dataset) -> None:
        if caller.org_id is not None or dataset.org_id is None or dataset.proprietary or dataset.collection_id:
            super().check_dataset(caller, dataset)

    def check_mix(self, caller: User, datasets: Rows) -> None:
        if caller.org_id is None and datasets and all(d.org_id is not None for d in datasets):
            raise Refusal(400, "You are not in an organization.")


@faulty(
    "vis-dataset-decides-org", "VIS-5", "VIS-3", note="an own dataset of a former organization shares with that one"
)
class DatasetDecidesOrg(Target):
    def check_dataset(self, caller: User, dataset: Dataset) -> None:
        if dataset.proprietary or dataset.collection_id is not None:
            super().check_dataset(caller, dataset)

    def resulting_org(self, caller: User, datasets: Rows) -> int | None:
        return next((d.org_id for d in datasets if d.org_id is not None), None)


@faulty("vis-colleagues-read-private", "VIS-6", note="reads go by the owner's organization: private collections show")
class ColleaguesReadPrivate(Target):
    def readable(self, reader: User, row: Any) -> bool:
        owner = self.store.owner(row)
        colleague = owner is not None and owner.org_id is not None and owner.org_id == reader.org_id
        return super().readable(reader, row) or (isinstance(row, Collection) and colleague)


@faulty("vis-strangers-read-shared", "VIS-6", note="any signed-in user reads a collection that is shared with anybody")
class StrangersReadShared(Target):
    def readable(self, reader: User, row: Any) -> bool:
        return super().readable(reader, row) or (isinstance(row, Collection) and row.org_id is not None)


@faulty("vis-third-shared-refused", "CRE-1", "VIS-3", note="a quota: the third shared collection of one account is 400")
class ThirdSharedRefused(Target):
    def check_name_free(self, plan: Plan) -> None:
        super().check_name_free(plan)
        own = self.store.collections.where("owner", plan.caller.id)
        if plan.org_id is not None and sum(c.org_id is not None for c in own) >= 2:
            raise Refusal(400, "Your plan has two shared collections.")


# --- promotion --------------------------------------------------------------------------------


@faulty("pro-first-only", "PRO-1", note="of several private datasets only the first is promoted")
class FirstOnly(Target):
    def to_promote(self, caller: User, datasets: Rows, org_id: int | None) -> Rows:
        return super().to_promote(caller, datasets, org_id)[:1]


@faulty("pro-after-shared-only", "PRO-1", note="one pass: private datasets before the first shared one stay private")
class AfterSharedOnly(Target):
    def to_promote(self, caller: User, datasets: Rows, org_id: int | None) -> Rows:
        first = next((i for i, d in enumerate(datasets) if self.shared(caller, d)), 0)
        return super().to_promote(caller, datasets[first:], org_id)


@faulty(
    "pro-runs-of-last-only", "PRO-2", note="a loop variable survives its loop: runs of the last promoted dataset only"
)
class RunsOfLastOnly(Target):
    def runs_to_promote(self, caller: User, datasets: Rows, promoted: Rows) -> list[Run]:
        return super().runs_to_promote(caller, datasets, promoted[-1:])


@faulty("pro-colleagues-runs", "PRO-6", note="runs of colleagues on my promoted dataset are promoted too")
class ColleaguesRuns(Target):
    def runs_to_promote(self, caller: User, datasets: Rows, promoted: Rows) -> list[Run]:
        return [run for run in self.runs_of(promoted) if self.by_member(caller, run)]

    def by_member(self, caller: User, run: Run) -> bool:
        owner = self.store.owner(run)
        return owner is not None and owner.org_id == caller.org_id


@faulty("pro-former-members-runs", "PRO-6", note="private runs of people outside the organization follow my dataset")
class FormerMembersRuns(ColleaguesRuns):
    def by_member(self, caller: User, run: Run) -> bool:
        owner = self.store.owner(run)
        return run.user_id == caller.id or (owner is not None and owner.org_id != caller.org_id)


@faulty("pro-between-ids", "PRO-5", note="BETWEEN min AND max: an unselected private dataset in the gap is promoted")
class BetweenIds(Target):
    def to_promote(self, caller: User, datasets: Rows, org_id: int | None) -> Rows:
        chosen = super().to_promote(caller, datasets, org_id)
        if not chosen:
            return []
        low, high = min(d.id for d in chosen), max(d.id for d in chosen)
        own = self.store.datasets.where("owner", caller.id)
        return [d for d in own if low <= d.id <= high and d.org_id is None]


@faulty(
    "pro-runs-without-dataset", "PRO-5", "RUN-2", note="an outer join: my runs with no dataset are promoted in a mix"
)
class RunsWithoutDataset(Target):
    def runs_to_promote(self, caller: User, datasets: Rows, promoted: Rows) -> list[Run]:
        wanted = {d.id for d in promoted} | {None}
        return [r for r in self.store.runs.where("owner", caller.id) if promoted and r.dataset_id in wanted]


@faulty("pro-runs-unmixed", "PRO-5", note="in an all-shared selection my private runs get the organization as well")
class RunsUnmixed(Target):
    def runs_to_promote(self, caller: User, datasets: Rows, promoted: Rows) -> list[Run]:
        if datasets and all(self.shared(caller, d) for d in datasets):
            return [run for run in self.runs_of(datasets) if run.user_id == caller.id]
        return super().runs_to_promote(caller, datasets, promoted)


@faulty("pro-private-selection-unshares-runs", "PRO-5", note="a moved run takes the collection's null org_id")
class UnsharesRuns(Target):
    def move_runs(self, plan: Plan, collection: Collection) -> None:
        super().move_runs(plan, collection)
        for run in plan.moved_runs:
            if run.user_id == plan.caller.id and collection.org_id is None:
                self.store.runs.change(run, org_id=None)


@faulty("pro-mix-takes-colleagues-private", "PRO-3", "ATT-5", note="in a mix a colleague's private dataset is attached")
class MixTakesColleaguesPrivate(Target):
    def find(self, caller: User, dataset_id: int) -> Dataset:
        dataset = self.store.datasets.get(dataset_id)
        owner = self.store.owner(dataset) if dataset else None
        if dataset and dataset.org_id is None and owner and owner.org_id and owner.org_id == caller.org_id:
            return dataset
        return super().find(caller, dataset_id)

    def check_mix(self, caller: User, datasets: Rows) -> None:
        foreign = [d for d in datasets if d.org_id is None and d.user_id != caller.id]
        if foreign and not any(self.shared(caller, d) for d in datasets):
            raise Refusal(404, "Dataset not found.")


@faulty("pro-batch-of-fifty", "PRO-1", note="the UPDATE that promotes is limited to fifty rows")
class BatchOfFifty(Target):
    def to_promote(self, caller: User, datasets: Rows, org_id: int | None) -> Rows:
        return super().to_promote(caller, datasets, org_id)[:50]


# --- attachment -------------------------------------------------------------------------------


@faulty("att-proprietary-of-others", "ATT-2", note="only my own proprietary datasets are refused, shared ones are not")
class ProprietaryOfOthers(Target):
    def proprietary(self, caller: User, dataset: Dataset) -> bool:
        return dataset.proprietary and dataset.user_id == caller.id


@faulty(
    "att-taken-by-hidden", "ATT-3", note="taken is asked of the collections the caller can see: a hidden one loses it"
)
class TakenByHidden(Target):
    def taken(self, caller: User, dataset: Dataset) -> bool:
        holder = self.store.collections.get(dataset.collection_id)
        return holder is not None and self.visible(caller, holder)


@faulty("att-skips-taken-among-good", "ATT-7", "ATT-3", note="a taken id is skipped when another id is good")
class SkipsTaken(Target):
    def select(self, caller: User, ids: list[int]) -> Rows:
        free = [i for i in ids if not self.taken_id(i)]
        return super().select(caller, free or ids)

    def taken_id(self, dataset_id: int) -> bool:
        dataset = self.store.datasets.get(dataset_id)
        return dataset is not None and dataset.collection_id is not None


@faulty("att-skips-unknown-among-good", "ATT-4", "ATT-7", note="404 only when none of the ids is found")
class SkipsUnknown(Target):
    def select(self, caller: User, ids: list[int]) -> Rows:
        known = [i for i in ids if self.store.datasets.get(i) is not None]
        return super().select(caller, known or ids)


@faulty(
    "att-other-organizations", "ATT-5", note="visible is `org_id is not null`: another organization's dataset attaches"
)
class OtherOrganizations(Target):
    def visible(self, reader: User, row: Any) -> bool:
        return super().visible(reader, row) or (isinstance(row, Dataset) and row.org_id is not None)

    def stale(self, caller: User, dataset: Dataset) -> bool:
        return super().stale(caller, dataset) and dataset.user_id == caller.id


@faulty("att-null-is-null", "ATT-5", note="callers without an organization see each other's private datasets")
class NullIsNull(Target):
    def visible(self, reader: User, row: Any) -> bool:
        strangers = row.org_id is None and reader.org_id is None
        return strangers or super().visible(reader, row)


@faulty(
    "att-last-chunk-lost", "ATT-1", note="attached in chunks of 40, the unfinished chunk is dropped beyond the first"
)
class LastChunkLost(Target):
    def attach(self, plan: Plan, collection: Collection) -> None:
        whole = len(plan.datasets) // 40 * 40 or len(plan.datasets)
        for dataset in plan.datasets[:whole]:
            self.store.datasets.change(dataset, collection_id=collection.id)


@faulty("att-limit-64", "ATT-1", "CRE-1", note="more than 64 ids are refused")
class Limit64(Target):
    def unique(self, ids: list[int]) -> list[int]:
        if len(ids) > 64:
            raise Refusal(422, "At most 64 ids.")
        return super().unique(ids)


@faulty("att-stale-write-frees-promoted", "ATT-1", "ATT-6", "CRE-3", note="saving a stale object undoes the attachment")
class StaleWrite(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        for dataset in plan.promoted:
            self.store.datasets.change(dataset, collection_id=None, updated_at=now())
        return body


@faulty(
    "att-colleagues-alone-only", "VIS-4", "ATT-1", note="a colleague's shared dataset attaches alone, never in a mix"
)
class ColleaguesAloneOnly(Target):
    def check_mix(self, caller: User, datasets: Rows) -> None:
        if any(d.org_id is None for d in datasets) and any(d.user_id != caller.id for d in datasets):
            raise Refusal(400, "Some datasets cannot be promoted.")


@faulty("att-unknown-in-list-400", "ATT-4", note="counts what it found: an unknown id among others is 400, alone 404")
class UnknownInList400(Target):
    def select(self, caller: User, ids: list[int]) -> Rows:
        known = [i for i in ids if self.store.datasets.get(i) is not None]
        if known and len(known) != len(ids):
            raise Refusal(400, "dataset_ids are invalid.")
        return super().select(caller, ids)
