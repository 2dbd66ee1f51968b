"""Rows as the JSON of the page's example and of its sibling pages.

A collection lists all its datasets and runs to whoever may read the collection. Constants stand where a
sibling page has fields that data collections do not touch.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, or_, select

from reference_impl import rules
from reference_impl.store import fetch, selected_ids
from reference_impl.tables import collections, datasets, runs, users

Json = dict[str, Any]


def with_owner(table: Table) -> Select[Any]:
    """The table's rows, each with its owner's e-mail, or null when it is org-only."""
    return select(table, users.c.email).select_from(table.outerjoin(users, users.c.id == table.c.user_id))


COLLECTIONS = with_owner(collections).where(collections.c.id.in_(selected_ids))
DATASETS_IN = with_owner(datasets).where(datasets.c.data_collection_id.in_(selected_ids)).order_by(datasets.c.id)
RUNS_IN = with_owner(runs).where(runs.c.data_collection_id.in_(selected_ids)).order_by(runs.c.id)
RUNS_OF = with_owner(runs).where(runs.c.dataset_id.in_(selected_ids)).order_by(runs.c.id)
DATASET = with_owner(datasets).where(datasets.c.id == bindparam("id"))
RUN = (
    with_owner(runs)
    .outerjoin(datasets, datasets.c.id == runs.c.dataset_id)
    .outerjoin(collections, collections.c.id == runs.c.data_collection_id)
    .add_columns(datasets.c.name.label("dataset"), collections.c.name.label("data_collection"))
    .where(runs.c.id == bindparam("id"))
)

mine = collections.c.user_id == bindparam("user_id")
ours = collections.c.org_id == bindparam("org_id")
# By the value of `shared`: shared with you, your own, all that you may read.
ACCESSIBLE = {True: ours, False: mine, None: or_(mine, ours)}
COUNT = {shared: select(func.count()).select_from(collections).where(where) for shared, where in ACCESSIBLE.items()}
PAGE = {
    shared: select(collections.c.id)
    .where(where)
    .order_by(collections.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
    for shared, where in ACCESSIBLE.items()
}


def list_collections(
    connection: Connection, caller: rules.Caller, shared: bool | None, page: int, page_size: int
) -> Json:
    """One page of the collections that the caller may read, the newest first, with `meta`."""
    who = {"user_id": caller.id, "org_id": caller.org_id}
    total = connection.execute(COUNT[shared], who).scalar_one()
    # No offset is beyond the last row, so none is beyond the database's integers.
    window = {"limit": page_size, "offset": min((page - 1) * page_size, total)}
    ids = connection.execute(PAGE[shared], who | window).scalars().all()
    rows = fetch(connection, COLLECTIONS, ids)
    rows.sort(key=lambda row: -row.id)
    return {"items": show_collections(connection, rows), "meta": show_meta(total, len(ids), page, page_size)}


def show_meta(total: int, on_page: int, page: int, page_size: int) -> Json:
    """Where a page stands among all pages."""
    pages = -(-total // page_size)
    return {
        "current_page": page,
        "page_size": page_size,
        "total_items": total,
        "items_on_page": on_page,
        "total_pages": pages,
        "has_next": page < pages,
        "has_previous": page > 1,
        "next_page": page + 1 if page < pages else None,
        "previous_page": page - 1 if page > 1 else None,
    }


def find_collection(connection: Connection, collection_id: int) -> Any:
    """A collection's row, or None."""
    return next(iter(fetch(connection, COLLECTIONS, [collection_id])), None)


def find_dataset(connection: Connection, dataset_id: int) -> Any:
    """A dataset's row, or None."""
    return connection.execute(DATASET, {"id": dataset_id}).first()


def find_run(connection: Connection, run_id: int) -> Any:
    """A run's row with the names of its dataset and its collection, or None."""
    return connection.execute(RUN, {"id": run_id}).first()


def show_collections(connection: Connection, rows: Sequence[Any]) -> list[Json]:
    """Collections with what is in them, in one query for all datasets and one for all runs."""
    ids = [row.id for row in rows]
    datasets_in = group(fetch(connection, DATASETS_IN, ids))
    runs_in = group(fetch(connection, RUNS_IN, ids))
    return [
        {
            "id": row.id,
            "user": show_user(row),
            "name": row.name,
            "org_id": row.org_id,
            "author_email": row.email,
            "datasets": [show_nested_dataset(dataset) for dataset in datasets_in[row.id]],
            "runs": [show_nested_run(run) for run in runs_in[row.id]],
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
        for row in rows
    ]


def group(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    """Rows by the collection that they are in."""
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.data_collection_id].append(row)
    return groups


def show_user(row: Any) -> Json | None:
    """The individual owner; an org-only row has none."""
    return None if row.user_id is None else {"id": row.user_id, "email": row.email}


def show_nested_dataset(row: Any) -> Json:
    """A dataset as a collection lists it."""
    return {
        "id": row.id,
        "name": row.name,
        "user": show_user(row),
        "org_id": row.org_id,
        "author_email": row.email,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def show_nested_run(row: Any) -> Json:
    """A run as a collection lists it."""
    return {
        "id": row.id,
        "user": show_user(row),
        "run_type_id": 1,
        "run_source_id": 1,
        "api_key_id": None,
        "dataset_id": row.dataset_id,
        "data_collection_id": row.data_collection_id,
        "org_id": row.org_id,
        "author_email": row.email,
        "alias": row.alias,
    }


def show_dataset(connection: Connection, row: Any) -> Json:
    """A dataset on its own."""
    return {
        **show_nested_dataset(row),
        "dataset_type_id": 1,
        "dataset_type": {"id": 1, "name": "CUSTOM", "label": "Custom", "description": "Your own records."},
        "data_collection_id": row.data_collection_id,
        "selected_metrics": {},
        "structure": [],
        "records": [],
        "runs": [show_nested_run(run) for run in fetch(connection, RUNS_OF, [row.id])],
        "evaluations": [],
    }


def show_run(row: Any) -> Json:
    """A run on its own; here `user` is an e-mail, and dataset and collection are names."""
    return {
        "id": row.id,
        "user": row.email,
        "author_email": row.email,
        "run_type": "DATASET",
        "run_source": "API",
        "dataset": row.dataset,
        "data_collection": row.data_collection,
        "org_id": row.org_id,
        "number_of_metrics": 0,
        "result": None,
        "threshold": None,
        "model_slug": None,
        "alias": row.alias,
        "aggregate_results": [],
        "total_cost": 0.0,
        "started_at": row.created_at,
        "finished_at": row.created_at,
        "is_gte_threshold": None,
        "evaluations": [],
    }
