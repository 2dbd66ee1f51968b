"""The documented operations with which a client arranges rows: datasets, runs, sharing, deleting.

Only as much as that takes: a dataset's file is not read, a run evaluates nothing. Choices made here, which the
sibling pages leave open: a dataset is linked only to a collection that its owner may read; linking moves its runs,
sharing it leaves them; deleting a collection leaves its datasets, deleting a dataset deletes its runs.
"""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference_impl import bodies, rules, store, views
from reference_impl.app import authenticate, read_id, readable
from reference_impl.tables import collections, datasets, runs


async def list_all_datasets(request: Request) -> Response:
    """Every dataset that the caller may read, the newest first, without records."""
    with request.app.state.database.reading() as connection:
        caller = authenticate(connection, request)
        rows = connection.execute(views.with_owner(datasets).order_by(datasets.c.id.desc()))
        return JSONResponse([views.show_nested_dataset(row) for row in rows if rules.is_visible(caller, row)])


async def create_dataset(request: Request) -> Response:
    """Upload a dataset: the caller's, private unless the collection that it is linked to is shared."""
    fields = read_form(request.headers.get("content-type", ""), await request.body())
    if not {"file", "selected_metrics"} <= set(fields):
        raise HTTPException(422, "file and selected_metrics are required.")
    bodies.parse_object(fields["selected_metrics"].encode())
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        name = fields.get("name", "Dataset")
        refuse_taken(connection, datasets, datasets.c.name, name, caller)
        home = find_home(connection, caller, fields.get("data_collection_id"))
        new = {
            "user_id": caller.id,
            "org_id": None if home is None else home.org_id,
            "name": name,
            "proprietary": False,
            "data_collection_id": None if home is None else home.id,
            "created_at": store.timestamp(),
        }
        (dataset_id,) = connection.execute(insert(datasets), new).inserted_primary_key or (0,)
        return JSONResponse(views.show_dataset(connection, views.find_dataset(connection, dataset_id)), 201)


async def change_dataset(request: Request) -> Response:
    """Rename, share, unshare, link or unlink one's own dataset."""
    fields = bodies.parse_object(await request.body())
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        row = owned(caller, views.find_dataset(connection, read_id(request)))
        changes = read_changes(caller, fields)
        if row.proprietary and set(changes) & {"org_id", "data_collection_id"}:
            raise HTTPException(400, "A proprietary dataset is neither shared nor attached.")
        if "data_collection_id" in fields:
            home = find_home(connection, caller, fields["data_collection_id"])
            changes["data_collection_id"] = None if home is None else home.id
            moved = {"data_collection_id": changes["data_collection_id"]}
            connection.execute(update(runs).where(runs.c.dataset_id == row.id).values(moved))
        change(connection, datasets, row.id, changes)
        return JSONResponse(views.show_dataset(connection, views.find_dataset(connection, row.id)))


async def delete_dataset(request: Request) -> Response:
    """Delete one's own dataset and its runs."""
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        row = owned(caller, views.find_dataset(connection, read_id(request)))
        connection.execute(delete(runs).where(runs.c.dataset_id == row.id))
        connection.execute(delete(datasets).where(datasets.c.id == row.id))
    return Response(status_code=204)


async def change_collection(request: Request) -> Response:
    """Rename, share or unshare one's own collection; its datasets stay as they are."""
    fields = bodies.parse_object(await request.body())
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        row = owned(caller, views.find_collection(connection, read_id(request)))
        change(connection, collections, row.id, read_changes(caller, fields))
        (shown,) = views.show_collections(connection, [views.find_collection(connection, row.id)])
        return JSONResponse(shown)


async def delete_collection(request: Request) -> Response:
    """Delete one's own collection; what is in it stays."""
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        row = owned(caller, views.find_collection(connection, read_id(request)))
        for table in (datasets, runs):
            inside = table.c.data_collection_id == row.id
            connection.execute(update(table).where(inside).values(data_collection_id=None))
        connection.execute(delete(collections).where(collections.c.id == row.id))
    return Response(status_code=204)


async def create_run(request: Request) -> Response:
    """Run a dataset that the caller may read; the run inherits where the dataset is and who sees it."""
    fields = bodies.parse_object(await request.body())
    alias, dataset_id = fields.get("alias"), fields.get("dataset_id")
    if not isinstance(alias, str) or not bodies.is_storable(alias) or type(dataset_id) is not int:
        raise HTTPException(422, "dataset_id and alias are required.")
    with request.app.state.database.writing() as connection:
        caller = authenticate(connection, request)
        dataset = readable(caller, views.find_dataset(connection, dataset_id))
        refuse_taken(connection, runs, runs.c.alias, alias, caller)
        new = {
            "user_id": caller.id,
            "org_id": dataset.org_id,
            "alias": alias,
            "dataset_id": dataset.id,
            "data_collection_id": dataset.data_collection_id,
            "created_at": store.timestamp(),
        }
        (run_id,) = connection.execute(insert(runs), new).inserted_primary_key or (0,)
        return JSONResponse(views.show_run(views.find_run(connection, run_id)), 201)


ROUTES = (
    Route("/data-collections/{id}", change_collection, methods=["PUT"]),
    Route("/data-collections/{id}", delete_collection, methods=["DELETE"]),
    Route("/datasets", create_dataset, methods=["POST"]),
    Route("/datasets/all-partial", list_all_datasets, methods=["GET"]),
    Route("/datasets/{id}", change_dataset, methods=["PUT"]),
    Route("/datasets/{id}", delete_dataset, methods=["DELETE"]),
    Route("/runs/dataset", create_run, methods=["POST"]),
)


def read_form(content_type: str, body: bytes) -> dict[str, str]:
    """The parts of a multipart form, by name; none where it is no such form."""
    head = f"content-type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = message.iter_parts() if message.is_multipart() else ()
    named = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}
    return {
        name: payload.decode("utf-8", "replace")
        for name, payload in named.items()
        if isinstance(name, str) and isinstance(payload, bytes)
    }


def read_changes(caller: rules.Caller, fields: dict[str, Any]) -> dict[str, Any]:
    """Name and organization as asked for; 400 where that is not the caller's organization."""
    changes: dict[str, Any] = {field: fields[field] for field in ("name", "org_id") if field in fields}
    if not isinstance(changes.get("name", ""), str):
        raise HTTPException(422, "name: a string is required.")
    if changes.get("org_id") not in (None, caller.org_id):
        raise HTTPException(400, "This is not your organization.")
    return changes


def find_home(connection: Connection, caller: rules.Caller, wanted: Any) -> Any:
    """The collection that a dataset is to be linked to: 404 where the caller may not read it, None for none."""
    if wanted is None:
        return None
    if not str(wanted).isdigit():
        raise HTTPException(422, "data_collection_id: an integer is required.")
    return readable(caller, views.find_collection(connection, int(wanted)))


def owned(caller: rules.Caller, row: Any) -> Any:
    """The row; 404 where the caller may not read it, 403 where it is somebody else's."""
    if readable(caller, row).user_id != caller.id:
        raise HTTPException(403, "Only the owner may do this.")
    return row


def refuse_taken(connection: Connection, table: Table, column: Any, name: str, caller: rules.Caller) -> None:
    """400 where the account has a row of this name."""
    taken = select(table.c.id).where(column == name, table.c.user_id == caller.id)
    if connection.execute(taken).first() is not None:
        raise HTTPException(400, f"{column.name}: taken.")


def change(connection: Connection, table: Table, row_id: int, changes: dict[str, Any]) -> None:
    """Change a row, and note when."""
    values = {**changes, "updated_at": store.timestamp()}
    connection.execute(update(table).where(table.c.id == row_id).values(values))
