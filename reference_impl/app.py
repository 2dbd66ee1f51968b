"""The HTTP side: who asks, what for, and which answer that is.

Handlers call the database directly, on the event loop: a request takes a millisecond, less than a thread
would add to it. Every error is `{"detail": "..."}` and says nothing about a row that the caller cannot see.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from reference_impl import bodies, provider_states, rules, store, views

PREFIX = "/api/v1"
LARGEST_PAGE = 10_000


def create_app(database: store.Store, more_routes: Sequence[Route] = ()) -> Starlette:
    """The application on one database; ``more_routes`` are served beside the page's endpoint and the reads."""
    api = [
        *more_routes,
        Route("/data-collections", create_data_collection, methods=["POST"]),
        Route("/data-collections", list_data_collections, methods=["GET"]),
        Route("/data-collections/{id}", get_data_collection, methods=["GET"]),
        Route("/datasets/{id}", get_dataset, methods=["GET"]),
        Route("/runs/{id}", get_run, methods=["GET"]),
    ]
    app = Starlette(
        routes=[Mount(PREFIX, routes=api), Route(provider_states.PATH, provider_states.handle, methods=["POST"])],
        exception_handlers={
            HTTPException: answer_refusal,
            bodies.InvalidBody: answer_invalid_body,
            Exception: answer_unexpected,
        },
    )
    app.state.database = database
    return app


async def create_data_collection(request: Request) -> Response:
    """Create a data collection: authentication, then the body, then the page's rules in one transaction."""
    body = await request.body()
    database: store.Store = request.app.state.database
    with database.reading() as connection:
        caller = authenticate(connection, request)
    name, ids = bodies.parse_new_collection(body)
    with database.writing() as connection:
        datasets = store.find_datasets(connection, ids)
        runs = store.find_linked_runs(connection, ids)
        namesakes = store.find_namesakes(connection, caller, name)
        decision = rules.decide(caller, name, ids, datasets, runs, namesakes)
        if isinstance(decision, rules.Refusal):
            raise HTTPException(decision.status, decision.detail)
        collection_id = store.create_collection(connection, caller, name, decision)
        row = views.find_collection(connection, collection_id)
        (created,) = views.show_collections(connection, [row])
    return JSONResponse(created, 201)


async def list_data_collections(request: Request) -> Response:
    """List the collections that the caller may read, page by page."""
    with request.app.state.database.reading() as connection:
        caller = authenticate(connection, request)
        page = read_number(request, "page", default=1)
        page_size = read_number(request, "page_size", default=10)
        shared = read_flag(request, "shared")
        if page_size > LARGEST_PAGE:
            raise HTTPException(422, f"page_size: at most {LARGEST_PAGE}.")
        if shared and caller.org_id is None:
            raise HTTPException(404, "You belong to no organization.")
        return JSONResponse(views.list_collections(connection, caller, shared, page, page_size))


async def get_data_collection(request: Request) -> Response:
    """Show one collection."""
    with request.app.state.database.reading() as connection:
        caller = authenticate(connection, request)
        row = views.find_collection(connection, read_id(request))
        (collection,) = views.show_collections(connection, [readable(caller, row)])
        return JSONResponse(collection)


async def get_dataset(request: Request) -> Response:
    """Show one dataset."""
    with request.app.state.database.reading() as connection:
        caller = authenticate(connection, request)
        row = views.find_dataset(connection, read_id(request))
        return JSONResponse(views.show_dataset(connection, readable(caller, row)))


async def get_run(request: Request) -> Response:
    """Show one run."""
    with request.app.state.database.reading() as connection:
        caller = authenticate(connection, request)
        row = views.find_run(connection, read_id(request))
        return JSONResponse(views.show_run(readable(caller, row)))


def authenticate(connection: Connection, request: Request) -> rules.Caller:
    """The account behind `Authorization: Bearer KEY`, or 401."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "Authentication failed.")
    caller = store.find_caller(connection, key)
    if caller is None:
        raise HTTPException(401, "Authentication failed.")
    return caller


def readable(caller: rules.Caller, row: Any) -> Any:
    """The row, or 404: what the caller may not see does not exist."""
    if row is None:
        raise HTTPException(404, "Not found.")
    if not rules.is_visible(caller, row):
        raise HTTPException(404, "Not found.")
    return row


def read_id(request: Request) -> int:
    """The path's id, or 404 when it cannot be one (SQLite's integers have 18 digits to spare)."""
    text: str = request.path_params["id"]
    if not is_number(text):
        raise HTTPException(404, "Not found.")
    return int(text)


def read_number(request: Request, name: str, default: int) -> int:
    """A query parameter that is a number from 1, or 422."""
    text = request.query_params.get(name, str(default))
    if not is_number(text) or int(text) < 1:
        raise HTTPException(422, f"{name}: a number from 1 is required.")
    return int(text)


def read_flag(request: Request, name: str) -> bool | None:
    """A query parameter that is `true`, `false` or absent, or 422."""
    text = request.query_params.get(name)
    if text not in ("true", "false", None):
        raise HTTPException(422, f"{name}: true or false is required.")
    return None if text is None else text == "true"


def is_number(text: str) -> bool:
    """Whether this is a plain decimal number that a database can hold."""
    return text.isascii() and text.isdigit() and len(text) <= 18


async def answer_refusal(_request: Request, refusal: Exception) -> Response:
    """An expected error, as JSON."""
    assert isinstance(refusal, HTTPException)
    return JSONResponse({"detail": refusal.detail}, refusal.status_code, headers=refusal.headers)


async def answer_invalid_body(_request: Request, invalid: Exception) -> Response:
    """422, and what is wrong with the body."""
    return JSONResponse({"detail": str(invalid)}, 422)


async def answer_unexpected(_request: Request, _error: Exception) -> Response:
    """500, without the reason: it goes to the log."""
    return JSONResponse({"detail": "Server error."}, 500)
