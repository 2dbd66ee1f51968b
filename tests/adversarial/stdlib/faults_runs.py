"""Faults in what happens to runs."""

from __future__ import annotations

from base import Plan, Target
from registry import faulty
from store import Collection, Dataset, Run, User

Rows = list[Dataset]


@faulty("run-first-page", "RUN-1", note="of each dataset only the first ten runs move")
class FirstTenRuns(Target):
    def runs_of(self, datasets: Rows) -> list[Run]:
        return [run for dataset in datasets for run in self.store.runs.where("dataset", dataset.id)[:10]]


@faulty("run-one-per-dataset", "RUN-1", note="a dict keyed by dataset: only the latest run of each moves")
class OnePerDataset(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return list({run.dataset_id: run for run in self.runs_of(datasets)}.values())


@faulty(
    "run-same-visibility-only", "RUN-1", note="my private runs on my shared datasets do not move to a shared collection"
)
class SameVisibilityOnly(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return [run for d in datasets for run in self.runs_of([d]) if run.org_id == d.org_id]


@faulty("run-scope-flips", "RUN-1", note="private collections take everybody's runs, shared ones only the caller's")
class ScopeFlips(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        runs = self.runs_of(datasets)
        return runs if org_id is None else [run for run in runs if run.user_id == caller.id]


@faulty("run-null-equals-null", "RUN-2", note="nothing selected: my runs whose dataset is null move (None == None)")
class NullDataset(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        if datasets:
            return super().runs_to_move(caller, datasets, org_id)
        return [run for run in self.store.runs.where("owner", caller.id) if run.dataset_id is None]


@faulty(
    "run-null-dataset-private-only", "RUN-2", note="an outer join: runs with no dataset move with a private selection"
)
class NullDatasetPrivateOnly(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        runs = super().runs_to_move(caller, datasets, org_id)
        if org_id is None and datasets:
            runs += [run for run in self.store.runs.where("owner", caller.id) if run.dataset_id is None]
        return runs


@faulty("run-joined-by-name", "RUN-2", note="joined on the dataset's name: my runs on a namesake move too")
class JoinedByName(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        names = {d.name for d in datasets}
        own = [run for run in self.store.runs.where("owner", caller.id) if self.dataset_name(run) in names]
        return list(dict.fromkeys(super().runs_to_move(caller, datasets, org_id) + own))

    def dataset_name(self, run: Run) -> str | None:
        dataset = self.store.datasets.get(run.dataset_id)
        return dataset.name if dataset else None


@faulty("run-colleagues-dataset-forgotten", "RUN-1", note="my runs on a colleague's shared dataset do not move")
class ColleaguesDatasetForgotten(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        return super().runs_to_move(caller, [d for d in datasets if d.user_id in (caller.id, None)], org_id)


@faulty("run-promoted-stay", "RUN-1", note="either promoted or moved: the runs that are promoted do not move")
class PromotedStay(Target):
    def move_runs(self, plan: Plan, collection: Collection) -> None:
        plan.moved_runs = [run for run in plan.moved_runs if run not in plan.promoted_runs]
        super().move_runs(plan, collection)


@faulty("run-third-success-forgets", "RUN-1", note="from an account's third collection on, no run moves")
class ThirdForgets(Target):
    def move_runs(self, plan: Plan, collection: Collection) -> None:
        if len(self.store.collections.where("owner", plan.caller.id)) < 3:
            super().move_runs(plan, collection)


@faulty("run-steals-collection-mates", "RUN-2", note="all runs of the collection that a moved run leaves move with it")
class StealsMates(Target):
    def runs_to_move(self, caller: User, datasets: Rows, org_id: int | None) -> list[Run]:
        runs = super().runs_to_move(caller, datasets, org_id)
        left = {run.collection_id for run in runs} - {None}
        mates = [mate for holder in left for mate in self.store.runs.where("collection", holder)]
        return list(dict.fromkeys(runs + mates))
