"""How a test arranges a world: the provider-state protocol, with its one state `world`.

Any world can be arranged here, so nothing is ever answered as unsupported. Teardown does nothing: worlds
share no rows, and a temporary database goes with its server.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference_impl import bodies, store
from reference_impl.tables import collections, datasets, organizations, runs, users

PATH = "/_conformance/provider-states"
SYMBOL = re.compile(r"[A-Za-z0-9_-]+")

Rows = dict[str, dict[str, Any]]
Ids = dict[str, int]


class Contradiction(Exception):
    """The world cannot be: it is malformed, or refers to a symbol that it does not have."""


async def handle(request: Request) -> Response:
    """Set a world up or tear it down; 400 when it contradicts itself."""
    body = await request.body()
    try:
        call = bodies.parse_object(body)
        if call.get("state") != "world":
            raise Contradiction("state: only world is known.")
        if call.get("action") == "teardown":
            return JSONResponse({})
        if call.get("action") != "setup":
            raise Contradiction("action: setup or teardown is required.")
        with request.app.state.database.writing() as connection:
            return JSONResponse(arrange(connection, call.get("params", {})))
    except (bodies.InvalidBody, Contradiction) as error:
        raise HTTPException(400, str(error)) from None


def arrange(connection: Connection, world: Any) -> dict[str, Any]:
    """Insert a world's rows, each kind after what it refers to, and return what the suite needs to know of them."""
    if not isinstance(world, dict):
        raise Contradiction("params: an object is required.")
    new_organizations = {symbol: {"name": symbol} for symbol in section(world, "organizations")}
    organization_ids = insert_rows(connection, organizations, new_organizations)

    new_users = {symbol: new_user(symbol, row, organization_ids) for symbol, row in section(world, "users").items()}
    user_ids = insert_rows(connection, users, new_users)

    new_collections = {
        symbol: {
            **ownership(row, user_ids, organization_ids),
            "name": text(row, "name"),
            "updated_at": store.timestamp(),
        }
        for symbol, row in section(world, "collections").items()
    }
    collection_ids = insert_rows(connection, collections, new_collections)

    new_datasets = {
        symbol: {
            **ownership(row, user_ids, organization_ids),
            "name": text({"name": symbol, **row}, "name"),
            "proprietary": flag(row, "proprietary"),
            "data_collection_id": reference(row, "collection", collection_ids),
        }
        for symbol, row in section(world, "datasets").items()
    }
    dataset_ids = insert_rows(connection, datasets, new_datasets)

    new_runs = {
        symbol: {
            **ownership(row, user_ids, organization_ids),
            "alias": symbol,
            "dataset_id": reference(row, "dataset", dataset_ids),
            "data_collection_id": reference(row, "collection", collection_ids),
        }
        for symbol, row in section(world, "runs").items()
    }
    run_ids = insert_rows(connection, runs, new_runs)

    return {
        "organizations": show_ids(organization_ids),
        "users": {
            symbol: {"id": user_id, "email": new_users[symbol]["email"], "api_key": new_users[symbol]["api_key"]}
            for symbol, user_id in user_ids.items()
        },
        "collections": show_ids(collection_ids),
        "datasets": show_ids(dataset_ids),
        "runs": show_ids(run_ids),
    }


def section(world: Mapping[str, Any], name: str) -> Rows:
    """One of the world's maps of symbols to rows."""
    rows = world.get(name, {})
    if not isinstance(rows, dict):
        raise Contradiction(f"{name}: an object is required.")
    for symbol, row in rows.items():
        if not SYMBOL.fullmatch(symbol):
            raise Contradiction(f"{name}: a symbol has letters, digits, - and _ only.")
        if not isinstance(row, dict):
            raise Contradiction(f"{name}.{symbol}: an object is required.")
    return rows


def new_user(symbol: str, row: Mapping[str, Any], organization_ids: Ids) -> dict[str, Any]:
    """An account with an e-mail and a key that nobody else has."""
    state = row.get("api_key", "active")
    if state not in ("active", "revoked"):
        raise Contradiction(f"users.{symbol}.api_key: active or revoked is required.")
    return {
        "email": f"{symbol}.{secrets.token_hex(4)}@example.test",
        "api_key": f"sk_{secrets.token_hex(16)}",
        "revoked": state == "revoked",
        "org_id": reference(row, "organization", organization_ids),
    }


def ownership(row: Mapping[str, Any], user_ids: Ids, organization_ids: Ids) -> dict[str, Any]:
    """What all arranged rows have: an owner or none, an organization or none, and a time."""
    if "owner" not in row:
        raise Contradiction("owner: it is always given; null means org-only.")
    return {
        "user_id": reference(row, "owner", user_ids),
        "org_id": reference(row, "organization", organization_ids),
        "created_at": store.timestamp(),
    }


def reference(row: Mapping[str, Any], field: str, ids: Ids) -> int | None:
    """The id behind a symbol; null, which is also the default, stays null."""
    symbol = row.get(field)
    if symbol is None:
        return None
    if not isinstance(symbol, str) or symbol not in ids:
        raise Contradiction(f"{field}: the world has no such symbol.")
    return ids[symbol]


def text(row: Mapping[str, Any], field: str) -> str:
    """A text that a database can hold."""
    value = row.get(field)
    if not isinstance(value, str) or not bodies.is_storable(value):
        raise Contradiction(f"{field}: a text is required.")
    return value


def flag(row: Mapping[str, Any], field: str) -> bool:
    """A boolean, false by default."""
    value = row.get(field, False)
    if not isinstance(value, bool):
        raise Contradiction(f"{field}: true or false is required.")
    return value


def insert_rows(connection: Connection, table: Table, rows: Rows) -> Ids:
    """Insert the rows, thousands in a few statements, and return their ids by symbol."""
    if not rows:
        return {}
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return dict(zip(rows, connection.execute(statement, list(rows.values())).scalars(), strict=True))


def show_ids(ids: Ids) -> dict[str, dict[str, int]]:
    """Ids as the answer gives them."""
    return {symbol: {"id": row_id} for symbol, row_id in ids.items()}
