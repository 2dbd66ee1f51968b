"""Faults in the answer's shape, and between the answer, the stored collection and the list."""

from __future__ import annotations

import threading
import time
from typing import Any

from base import Plan, Target
from registry import faulty
from store import Collection, Dataset, Run, User

Json = dict[str, Any]

# --- shape --------------------------------------------------------------------------------------


@faulty("sha-200", "CRE-1", note="200 instead of 201")
class Status200(Target):
    def created(self, payload: Any) -> tuple[int, Any]:
        return 200, payload


@faulty("sha-wrapped", "CRE-2", note='the collection is wrapped in {"data": ...}')
class Wrapped(Target):
    def created(self, payload: Any) -> tuple[int, Any]:
        return 201, {"data": payload}


@faulty("sha-empty-omitted", "CRE-2", note="empty lists and nulls are left out of the 201")
class EmptyOmitted(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        return {k: v for k, v in super().answer(plan, row).items() if v not in (None, [])}


@faulty("sha-run-user-is-email", "CRE-2", note="nested runs are written like GET /runs/{id}: the user is an e-mail")
class RunUserIsEmail(Target):
    def nested_run(self, row: Run) -> Json:
        owner = self.store.owner(row)
        return super().nested_run(row) | {"user": owner.email if owner else None}


@faulty("sha-runs-are-ids", "CRE-2", note="runs is an array of integers")
class RunsAreIds(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        return body | {"runs": [run["id"] for run in body["runs"]]}


@faulty("sha-org-only-user-missing", "CRE-2", note="nested org-only datasets have no `user` at all")
class OrgOnlyUserMissing(Target):
    def nested_dataset(self, row: Dataset) -> Json:
        body = super().nested_dataset(row)
        return body if row.user_id is not None else {k: v for k, v in body.items() if k != "user"}


@faulty("sha-colleagues-anonymous", "CRE-2", note="nested datasets of colleagues show user null, though they have one")
class ColleaguesAnonymous(Target):
    def collection(self, reader: User, row: Collection) -> Json:
        body = super().collection(reader, row)
        for dataset in body["datasets"]:
            if dataset["user"] and dataset["user"]["id"] != reader.id:
                dataset["user"] = None
        return body


@faulty("sha-epoch-after-promotion", "CRE-2", note="a promoted dataset's updated_at is a number")
class EpochAfterPromotion(Target):
    def nested_dataset(self, row: Dataset) -> Json:
        updated = row.updated_at.timestamp() if row.updated_at else None
        return super().nested_dataset(row) | {"updated_at": updated}


@faulty("sha-org-id-string", "CRE-2", note="org_id is a string when it is not null")
class OrgIdString(Target):
    def collection(self, reader: User, row: Collection) -> Json:
        org_id = None if row.org_id is None else str(row.org_id)
        return super().collection(reader, row) | {"org_id": org_id}


@faulty("sha-local-dates", "CRE-2", note="times as 24/11/2026 10:00")
class LocalDates(Target):
    def time(self, moment: Any) -> Any:
        return moment and moment.strftime("%d/%m/%Y %H:%M")


# --- the answer against the store -----------------------------------------------------------------


@faulty("ans-before-promotion", "CRE-3", "PRO-1", note="the 201 is serialised before its datasets are promoted")
class BeforePromotion(Target):
    def carry_out(self, plan: Plan) -> Collection:
        kept, kept_runs, plan.promoted, plan.promoted_runs = plan.promoted, plan.promoted_runs, [], []
        collection = super().carry_out(plan)
        plan.promoted, plan.promoted_runs = kept, kept_runs
        return collection

    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        self.promote(plan)
        return body


@faulty("ans-stale-nested-runs", "CRE-2", "CRE-3", note="nested runs show what they were before the request")
class StaleNestedRuns(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        for run in body["runs"]:
            run["data_collection_id"] = None
            run["org_id"] = None if run["id"] in {r.id for r in plan.promoted_runs} else run["org_id"]
        return body


@faulty(
    "ans-shared-not-stored", "VIS-4", "CRE-3", note="after a promotion the answer is shared, the stored row private"
)
class SharedNotStored(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        if plan.promoted:
            self.store.collections.change(row, org_id=None)
        return body


@faulty("ans-runs-missing", "RUN-1", "CRE-3", note="the answer's runs are always [], the store is right")
class RunsMissing(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        return super().answer(plan, row) | {"runs": []}


@faulty("ans-runs-never-stored", "RUN-1", "CRE-3", note="the answer lists the runs, the store never moves them")
class RunsNeverStored(Target):
    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        for run in plan.moved_runs:
            self.store.runs.change(run, collection_id=None)
        return body


@faulty("ans-runs-promoted-later", "CRE-3", "PRO-2", note="a job queue promotes the runs three seconds after the 201")
class RunsPromotedLater(Target):
    def promote(self, plan: Plan) -> None:
        later, plan.promoted_runs = plan.promoted_runs, []
        super().promote(plan)
        plan.promoted_runs = later
        if later:
            threading.Thread(target=self.work, args=(plan, later), daemon=True).start()

    def work(self, plan: Plan, runs: list[Run]) -> None:
        time.sleep(3)
        with self.store.lock:
            for run in runs:
                self.store.runs.change(run, org_id=plan.org_id)

    def answer(self, plan: Plan, row: Collection) -> Any:
        body = super().answer(plan, row)
        promoted = {run.id for run in plan.promoted_runs}
        for run in body["runs"]:
            run["org_id"] = plan.org_id if run["id"] in promoted else run["org_id"]
        return body


@faulty("ans-list-without-datasets", "CRE-3", note="the list's elements have empty datasets and runs")
class ListWithoutDatasets(Target):
    def element(self, reader: User, row: Collection) -> Json:
        return super().element(reader, row) | {"datasets": [], "runs": []}


@faulty("ans-detail-cached", "PRO-1", "ATT-1", note="GET /datasets/{id} is cached at first sight and never invalidated")
class DetailCached(Target):
    def setup(self) -> None:
        self.cache: dict[int, Json] = {}

    def dataset(self, reader: User, row: Dataset) -> Json:
        if row.id not in self.cache:
            self.cache[row.id] = super().dataset(reader, row)
        return self.cache[row.id]


@faulty("ans-cut-at-25", "ATT-1", "CRE-3", note="answers show the first 25 nested datasets only, everywhere")
class CutAt25(Target):
    def datasets_of(self, reader: User, row: Collection) -> list[Dataset]:
        return super().datasets_of(reader, row)[:25]


@faulty("ans-twice-with-two-runs", "ATT-1", note="a join: a dataset is listed once for each of its runs")
class TwiceWithTwoRuns(Target):
    def datasets_of(self, reader: User, row: Collection) -> list[Dataset]:
        rows = super().datasets_of(reader, row)
        return [d for d in rows for _ in range(max(1, len(self.store.runs.where("dataset", d.id))))]


@faulty("ans-runless-hidden", "ATT-1", note="an inner join: from two datasets on, those without runs are not listed")
class RunlessHidden(Target):
    def datasets_of(self, reader: User, row: Collection) -> list[Dataset]:
        rows = super().datasets_of(reader, row)
        with_runs = [d for d in rows if self.store.runs.where("dataset", d.id)]
        return with_runs or rows
