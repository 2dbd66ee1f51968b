"""The page as one pure function: `decide` turns a request into a refusal or into changes.

Rows are plain values, and nothing here reads or writes. "The page" is *Create data collection*; its sharing
rules are cited by bullet, its error responses by status. Readings taken where the page has two:

- "your datasets" are those the caller may see: the caller's own, and whatever the organization shares.
- "duplicate name for your account or organization": the organization's names count only against a new
  collection that is shared; the account's always do.
- "linked runs move": all runs of the selected datasets, whoever owns them and wherever they lie.
- an own dataset that another organization still shares cannot be attached.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol


class Caller(NamedTuple):
    """Who asks: an account, and the organization it belongs to, if any."""

    id: int
    org_id: int | None


class Dataset(NamedTuple):
    """A selected dataset; `user_id` is null when it is org-only, `org_id` when it is private."""

    id: int
    user_id: int | None
    org_id: int | None
    proprietary: bool
    data_collection_id: int | None


class Run(NamedTuple):
    """A run linked to a selected dataset."""

    id: int
    user_id: int | None
    dataset_id: int


class Collection(NamedTuple):
    """An existing collection that has the requested name already."""

    user_id: int | None
    org_id: int | None


class Refusal(NamedTuple):
    """The request fails and changes nothing. `detail` names no row: the caller may not be allowed to see it."""

    status: int
    detail: str


class Changes(NamedTuple):
    """What a request that succeeds changes, besides creating the collection; everything is named by id."""

    org_id: int | None
    attached_datasets: list[int]
    promoted_datasets: list[int]
    moved_runs: list[int]
    promoted_runs: list[int]


class Owned(Protocol):
    """Any row that an account or an organization holds."""

    @property
    def user_id(self) -> int | None: ...

    @property
    def org_id(self) -> int | None: ...


def decide(
    caller: Caller,
    name: str,
    ids: AbstractSet[int],
    datasets: Sequence[Dataset],
    runs: Sequence[Run],
    namesakes: Sequence[Collection],
) -> Refusal | Changes:
    """Judge one well-formed request of an authenticated caller.

    `datasets` are the rows that exist among `ids`, `runs` all that are linked to them, and `namesakes` the
    collections called `name` that belong to the caller or to the caller's organization.
    """
    if name == "":
        return Refusal(400, "The name is empty.")
    refusal = refuse_selection(caller, ids, datasets)
    if refusal is not None:
        return refusal
    org_id = derive_visibility(caller, datasets)
    if is_duplicate(caller, org_id, namesakes):
        return Refusal(400, "A data collection with this name exists already.")
    promoted = promote(org_id, datasets)
    return Changes(
        org_id=org_id,
        attached_datasets=[dataset.id for dataset in datasets],
        promoted_datasets=promoted,
        moved_runs=[run.id for run in runs],
        promoted_runs=[run.id for run in runs if run.dataset_id in promoted and run.user_id == caller.id],
    )


def refuse_selection(caller: Caller, ids: AbstractSet[int], datasets: Sequence[Dataset]) -> Refusal | None:
    """The first reason why these datasets cannot be attached, or None. One bad dataset fails them all."""
    known = {dataset.id for dataset in datasets}
    if not ids <= known:
        return Refusal(404, "A dataset was not found.")
    # As if it did not exist, so that a refusal does not tell which ids do.
    if any(not is_visible(caller, dataset) for dataset in datasets):
        return Refusal(404, "A dataset was not found.")
    if any(dataset.proprietary for dataset in datasets):
        return Refusal(400, "A proprietary dataset cannot be attached.")
    if any(dataset.data_collection_id is not None for dataset in datasets):
        return Refusal(400, "A dataset is in a data collection already.")
    shared = [dataset for dataset in datasets if dataset.org_id is not None]
    private = [dataset for dataset in datasets if dataset.org_id is None]
    # Sharing rules, bullet 4.
    if caller.org_id is None and shared:
        return Refusal(400, "You belong to no organization, and a dataset is shared with one.")
    # No rule covers an own dataset that an organization the caller has left still shares.
    if any(dataset.org_id != caller.org_id for dataset in shared):
        return Refusal(400, "A dataset is shared with another organization.")
    # Sharing rules, bullet 3, last sentence. Visibility has refused such a dataset before, with 404.
    if shared and any(dataset.user_id != caller.id for dataset in private):
        return Refusal(400, "A private dataset of somebody else cannot be shared.")
    return None


def is_visible(caller: Caller, row: Owned) -> bool:
    """Whether the caller may see a row: its owner may, and the members of the organization that shares it."""
    if row.user_id == caller.id:
        return True
    # Two nulls are not one organization.
    if row.org_id is None:
        return False
    return row.org_id == caller.org_id


def derive_visibility(caller: Caller, datasets: Sequence[Dataset]) -> int | None:
    """The new collection's `org_id`, from datasets that may be attached (Sharing rules, bullets 1 to 3)."""
    # Bullet 1: no datasets at all, or none that the organization can see.
    if all(dataset.org_id is None for dataset in datasets):
        return None
    # Bullet 2, all of them shared, and bullet 3, some: one is enough.
    return caller.org_id


def is_duplicate(caller: Caller, org_id: int | None, namesakes: Sequence[Collection]) -> bool:
    """Whether the name is taken for a collection that will have this `org_id` (400, "duplicate name")."""
    if any(collection.user_id == caller.id for collection in namesakes):
        return True
    # A private collection's name meets only the names of its owner.
    if org_id is None:
        return False
    return any(collection.org_id == org_id for collection in namesakes)


def promote(org_id: int | None, datasets: Sequence[Dataset]) -> list[int]:
    """The private datasets that become the organization's (Sharing rules, bullet 3)."""
    # A private collection promotes nothing.
    if org_id is None:
        return []
    return [dataset.id for dataset in datasets if dataset.org_id is None]
