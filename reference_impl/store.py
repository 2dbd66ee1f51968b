"""Transactions on embedded SQLite, and the look-ups and changes of one request."""

import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, create_engine, event, false, func, insert, or_, select, update

from reference_impl import rules
from reference_impl.tables import collections, datasets, metadata, runs, users

# The ids travel as one JSON parameter: any number of them, and of any size, is one cached statement.
selected_ids = select(func.json_each(bindparam("ids")).table_valued("value").c.value)

CALLER = select(users.c.id, users.c.org_id).where(users.c.api_key == bindparam("key"), users.c.revoked == false())

SELECTED_DATASETS = select(
    datasets.c.id,
    datasets.c.user_id,
    datasets.c.org_id,
    datasets.c.proprietary,
    datasets.c.data_collection_id,
).where(datasets.c.id.in_(selected_ids))

LINKED_RUNS = select(runs.c.id, runs.c.user_id, runs.c.dataset_id).where(runs.c.dataset_id.in_(selected_ids))

NAMESAKES = select(collections.c.user_id, collections.c.org_id).where(
    collections.c.name == bindparam("name"),
    or_(collections.c.user_id == bindparam("user_id"), collections.c.org_id == bindparam("org_id")),
)

INSERT_COLLECTION = insert(collections)
ATTACH_DATASETS = (
    update(datasets).where(datasets.c.id.in_(selected_ids)).values(data_collection_id=bindparam("collection_id"))
)
PROMOTE_DATASETS = update(datasets).where(datasets.c.id.in_(selected_ids)).values(org_id=bindparam("new_org_id"))
MOVE_RUNS = update(runs).where(runs.c.id.in_(selected_ids)).values(data_collection_id=bindparam("collection_id"))
PROMOTE_RUNS = update(runs).where(runs.c.id.in_(selected_ids)).values(org_id=bindparam("new_org_id"))


class Store:
    """One database file, which any number of processes may share."""

    def __init__(self, file: Path) -> None:
        """Open the file and create what is missing in it."""
        # AUTOCOMMIT: the driver begins nothing by itself, so that the transactions are the ones written here.
        self.engine = create_engine(
            f"sqlite+pysqlite:///{file}",
            isolation_level="AUTOCOMMIT",
            pool_size=0,
            pool_reset_on_return=None,
        )
        event.listen(self.engine, "connect", configure)
        with self.writing() as connection:
            metadata.create_all(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout."""
        with self.transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer overlaps: what it reads is still true when it writes."""
        with self.transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def transaction(self, begin: str) -> Iterator[Connection]:
        """Commit at the end, or undo everything when anything is raised."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        self.engine.dispose()


def configure(connection: Any, _record: Any) -> None:
    """Prepare a new connection: wait for other processes' locks, and do not wait for the disk (it is test data)."""
    connection.execute("PRAGMA busy_timeout = 60000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = ON")


def find_caller(connection: Connection, key: str) -> rules.Caller | None:
    """Whose API key this is, if it is one and not revoked."""
    row = connection.execute(CALLER, {"key": key}).first()
    return None if row is None else rules.Caller(*row)


def find_datasets(connection: Connection, ids: Collection[int]) -> list[rules.Dataset]:
    """The datasets that exist among the ids."""
    return [rules.Dataset(*row) for row in fetch(connection, SELECTED_DATASETS, ids)]


def find_linked_runs(connection: Connection, ids: Collection[int]) -> list[rules.Run]:
    """All runs of the datasets with these ids."""
    return [rules.Run(*row) for row in fetch(connection, LINKED_RUNS, ids)]


def fetch(connection: Connection, statement: Select[Any], ids: Collection[int]) -> list[Any]:
    """The rows that a statement over `selected_ids` finds."""
    if not ids:
        return []
    return list(connection.execute(statement, {"ids": json.dumps(list(ids))}))


def find_namesakes(connection: Connection, caller: rules.Caller, name: str) -> list[rules.Collection]:
    """The collections of this name that are the caller's or the caller's organization's."""
    # A caller without an organization compares with NULL, which equals nothing.
    wanted = {"name": name, "user_id": caller.id, "org_id": caller.org_id}
    return [rules.Collection(*row) for row in connection.execute(NAMESAKES, wanted)]


def create_collection(connection: Connection, caller: rules.Caller, name: str, changes: rules.Changes) -> int:
    """Create the collection with all that comes with it, and return its id."""
    now = timestamp()
    new = {"user_id": caller.id, "org_id": changes.org_id, "name": name, "created_at": now, "updated_at": now}
    (collection_id,) = connection.execute(INSERT_COLLECTION, new).inserted_primary_key or (0,)
    change(connection, ATTACH_DATASETS, changes.attached_datasets, collection_id=collection_id)
    change(connection, PROMOTE_DATASETS, changes.promoted_datasets, new_org_id=changes.org_id)
    change(connection, MOVE_RUNS, changes.moved_runs, collection_id=collection_id)
    change(connection, PROMOTE_RUNS, changes.promoted_runs, new_org_id=changes.org_id)
    return int(collection_id)


def change(connection: Connection, statement: Any, ids: Collection[int], **values: Any) -> None:
    """Change the rows with these ids."""
    if ids:
        connection.execute(statement, {"ids": json.dumps(list(ids)), **values})


def timestamp() -> str:
    """Now, as the page writes it: `2026-04-01T09:20:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
